/** Graphical systems are recognised by the same pixels whoever runs them. */

export interface PictureCondition {
  readonly width: number;
  readonly height: number;
  /** Colours as RRGGBB. */
  readonly pixels: readonly { readonly x: number; readonly y: number; readonly colour: string }[];
}

/** A floppy whose boot menu is answered with Enter, and what shows that its desktop is there. */
export interface DesktopRun {
  readonly image: string;
  readonly memoryMiB: number;
  /** Pattern for the text screen. */
  readonly menu: string;
  readonly until: PictureCondition;
}

/** Between two looks; a picture of QEMU's screen costs it some milliseconds. */
export const PICTURE_POLL_MS = 100;

/** Pixels of `bytesPerPixel`, red first. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly bytesPerPixel: number;
  readonly bytes: Uint8Array | Uint8ClampedArray;
}

export function shows(picture: Pixels, { width, height, pixels }: PictureCondition): boolean {
  if (picture.width !== width || picture.height !== height) return false;
  return pixels.every(({ x, y, colour }) => {
    const at = (y * width + x) * picture.bytesPerPixel;
    return Buffer.from(picture.bytes.subarray(at, at + 3)).toString('hex') === colour;
  });
}

/** A binary PPM of 8 bits a channel, as QEMU writes it. */
export function parsePpm(file: Uint8Array): Pixels {
  const header = /^P6\s(\d+)\s(\d+)\s255\s/.exec(Buffer.from(file.subarray(0, 64)).toString('latin1'));
  if (!header) throw new Error('not a PPM of 8 bits a channel');
  const [text, width, height] = header;
  return { width: Number(width), height: Number(height), bytesPerPixel: 3, bytes: file.subarray(text.length) };
}
