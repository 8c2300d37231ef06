/** The linear pictures of the Bochs VBE extension, and its 16-colour planar one. QEMU docs/specs/standard-vga. */
import type { FrameBuffer } from './frame-buffer.ts';
import { planarNibbles } from './render-graphics.ts';
import type { VgaColours } from './vga-colours.ts';
import type { VgaChanges } from './vga-dirty.ts';
import type { DispiLayout } from './vga-layout.ts';

/** VRAM in the widths that the depths need. */
export interface VramViews {
  readonly bytes: Uint8Array;
  readonly words: Uint16Array;
  readonly planes: Uint32Array;
}

const OPAQUE = 0xff000000;

/** 15 and 16 bpp: every value's colour, made once each when first needed. */
const highColour = (greenBits: 5 | 6): Uint32Array => {
  const widen = (value: number, bits: number): number => (value << (8 - bits)) | (value >> (2 * bits - 8));
  return Uint32Array.from({ length: 0x10000 }, (_, pixel) => {
    const blue = widen(pixel & 31, 5);
    const green = widen((pixel >> 5) & (greenBits === 5 ? 31 : 63), greenBits);
    const red = widen((pixel >> (5 + greenBits)) & 31, 5);
    return (OPAQUE | (blue << 16) | (green << 8) | red) >>> 0;
  });
};
let rgb555: Uint32Array | undefined;
let rgb565: Uint32Array | undefined;

function composeLine(
  layout: DispiLayout,
  vram: VramViews,
  colours: VgaColours,
  line: Uint32Array,
  start: number,
): void {
  const { width } = layout;
  switch (layout.bpp) {
    case 4: {
      const { sixteen } = colours;
      let x = 0;
      for (let at = start >> 2; x < width + layout.pan; at++) {
        const nibbles = planarNibbles(vram.planes[at]);
        for (let shift = 0; shift < 32; shift += 4) line[x++] = sixteen[(nibbles >>> shift) & 15];
      }
      return;
    }
    case 8: {
      const { all } = colours;
      const { bytes } = vram;
      for (let x = 0; x < width; x++) line[x] = all[bytes[start + x]];
      return;
    }
    case 15:
    case 16: {
      const table = layout.bpp === 15 ? (rgb555 ??= highColour(5)) : (rgb565 ??= highColour(6));
      const { words } = vram;
      for (let x = 0, at = start >> 1; x < width; x++, at++) line[x] = table[words[at]];
      return;
    }
    case 24: {
      const { bytes } = vram;
      for (let x = 0, at = start; x < width; x++, at += 3)
        line[x] = OPAQUE | (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
      return;
    }
    default: {
      const { planes } = vram;
      for (let x = 0, at = start >> 2; x < width; x++, at++) {
        const pixel = planes[at];
        line[x] = OPAQUE | ((pixel & 0xff) << 16) | (pixel & 0xff00) | ((pixel >> 16) & 0xff);
      }
    }
  }
}

/** Draws the lines whose VRAM changed, or all. */
export function drawDispi(
  layout: DispiLayout,
  target: FrameBuffer,
  changes: VgaChanges,
  vram: VramViews,
  colours: VgaColours,
  everything: boolean,
): void {
  const lineBytes =
    layout.bpp === 4 ? ((layout.width + layout.pan + 7) >> 3) * 4 : layout.width * ((layout.bpp + 7) >> 3);
  for (let y = 0; y < layout.height; y++) {
    const start = layout.startBytes + y * layout.pitchBytes;
    if (!everything && !changes.isRangeDirty(start, start + lineBytes)) continue;
    composeLine(layout, vram, colours, target.line, start);
    target.commitLine(y, layout.pan);
  }
}
