/**
 * What the registers make of VRAM: the size of the picture and which address each scan line starts at. IBM VGA
 * technical reference, "CRT Controller"; FreeVGA "VGA/SVGA CRT scan line counting", "Split screen".
 *
 * The picture is what the monitor shows: dots across (a dot clock halved by SR1 bit 3 gives pixels two dots wide) and
 * scan lines down (double-scanned lines appear twice), so mode 13h is 640x400 and 40-column text 720x400.
 */
import {
  DISPI_BPP,
  DISPI_X_OFFSET,
  DISPI_XRES,
  DISPI_Y_OFFSET,
  DISPI_YRES,
  dispiIsOn,
  dispiPitch,
} from './vga-dispi.ts';
import type { VgaState } from './vga-state.ts';
import { verticalDisplayEnd } from './vga-timing.ts';

/** Consecutive scan lines of one row of characters (in graphics modes: of one or a few lines of pixels). */
export interface Band {
  readonly y: number;
  readonly lines: number;
  /** Row scan counter at the first of them. */
  readonly scan: number;
  /** Address counter at the left edge, in characters. */
  readonly address: number;
  /** Dots cut off at the left. */
  readonly pan: number;
}

/** How the address counter becomes a plane address. */
export interface Addressing {
  readonly unit: 'byte' | 'word' | 'dword';
  /** Word mode: which counter bit comes in at the bottom. */
  readonly wrapBit: number;
  /** Row scan counter bits that replace address bits, as the CGA's and Hercules' interleaved lines need. */
  readonly scanBits: number;
}

interface CrtcLayout {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly bands: readonly Band[];
  readonly addressing: Addressing;
  /** Scan lines shown for each step of the row scan counter. */
  readonly repeat: number;
  /** Dots a pixel is wide. */
  readonly dotWidth: number;
}

export interface BlankLayout {
  readonly kind: 'blank';
  /** Display memory is off and the overscan colour fills the screen; otherwise it is black. */
  readonly overscan: boolean;
  /** Text is merely hidden. */
  readonly textMode: boolean;
}

export interface TextLayout extends CrtcLayout {
  readonly kind: 'text';
  /** 8 or 9. */
  readonly charDots: number;
  readonly lineGraphics: boolean;
  readonly blinkEnabled: boolean;
  readonly underline: number;
  /** Plane 2 offsets of the character sets for attribute bit 3 clear and set. */
  readonly fonts: readonly [number, number];
}

export interface GraphicsLayout extends CrtcLayout {
  readonly kind: 'planar' | 'interleaved' | 'packed256';
}

export interface DispiLayout {
  readonly kind: 'dispi';
  readonly width: number;
  readonly height: number;
  readonly bpp: number;
  readonly startBytes: number;
  readonly pitchBytes: number;
  /** 4 bpp: dots cut off at the left. */
  readonly pan: number;
}

export type Layout = BlankLayout | TextLayout | GraphicsLayout | DispiLayout;

export function readLayout(state: VgaState): Layout {
  const { seq, gc, acIndex } = state;
  const textMode = (gc[6] & 1) === 0 && !dispiIsOn(state.dispi);
  if (seq[1] & 0x20) return { kind: 'blank', overscan: false, textMode };
  if (!(acIndex & 0x20)) return { kind: 'blank', overscan: true, textMode };
  if (dispiIsOn(state.dispi)) return dispiLayout(state.dispi);
  return textMode ? textLayout(state) : graphicsLayout(state);
}

function dispiLayout(dispi: Uint16Array): DispiLayout {
  const bpp = dispi[DISPI_BPP];
  const pitchBytes = dispiPitch(dispi);
  const x = dispi[DISPI_X_OFFSET];
  const xBytes = bpp === 4 ? (x >> 3) * 4 : x * ((bpp + 7) >> 3);
  return {
    kind: 'dispi',
    width: dispi[DISPI_XRES],
    height: dispi[DISPI_YRES],
    bpp,
    startBytes: dispi[DISPI_Y_OFFSET] * pitchBytes + xBytes,
    pitchBytes,
    pan: bpp === 4 ? x & 7 : 0,
  };
}

function textLayout(state: VgaState): TextLayout {
  const { crtc, seq, ac } = state;
  const charDots = seq[1] & 1 ? 8 : 9;
  // With nine dots 8 is the neutral value, and 0 to 7 shift by one to eight.
  const pan = charDots === 9 ? ((ac[0x13] & 15) + 1) % 9 : ac[0x13] & 7;
  const fontOffset = (select: number): number => (select & 3) * 0x4000 + (select >> 2) * 0x2000;
  const map = seq[3];
  return {
    kind: 'text',
    ...crtcLayout(state, charDots, pan),
    charDots,
    lineGraphics: (ac[0x10] & 4) !== 0,
    blinkEnabled: (ac[0x10] & 8) !== 0,
    underline: crtc[0x14] & 0x1f,
    fonts: [fontOffset((map & 3) | ((map & 0x10) >> 2)), fontOffset(((map >> 2) & 3) | ((map & 0x20) >> 3))],
  };
}

function graphicsLayout(state: VgaState): GraphicsLayout {
  const { gc, ac } = state;
  const kind = gc[5] & 0x40 ? 'packed256' : gc[5] & 0x20 ? 'interleaved' : 'planar';
  // A pixel of 256 colours is two dots wide, so only even values make sense.
  const pan = ac[0x13] & (kind === 'packed256' ? 6 : 7);
  return { kind, ...crtcLayout(state, 8, pan) };
}

function crtcLayout(state: VgaState, charDots: number, pan: number): CrtcLayout {
  const { crtc, seq } = state;
  const columns = crtc[1] + 1;
  const dotWidth = seq[1] & 8 ? 2 : 1;
  const lineScale = crtc[0x17] & 4 ? 2 : 1;
  const repeat = (crtc[9] & 0x80 ? 2 : 1) * lineScale;
  const height = verticalDisplayEnd(crtc) * lineScale;
  const unit = crtc[0x14] & 0x40 ? 'dword' : crtc[0x17] & 0x40 ? 'byte' : 'word';
  return {
    width: columns * charDots * dotWidth,
    height,
    columns,
    bands: bands(state, height, repeat, lineScale, pan * dotWidth),
    addressing: { unit, wrapBit: crtc[0x17] & 0x20 ? 15 : 13, scanBits: ~crtc[0x17] & 3 },
    repeat,
    dotWidth,
  };
}

function bands(state: VgaState, height: number, repeat: number, lineScale: number, topPan: number): Band[] {
  const { crtc, ac } = state;
  const rowHeight = (crtc[9] & 0x1f) + 1;
  const pitch = crtc[0x13] * 2;
  const lineCompare = crtc[0x18] | ((crtc[7] & 0x10) << 4) | ((crtc[9] & 0x40) << 3);
  const split = (lineCompare + 1) * lineScale;
  const result: Band[] = [];
  let address = ((crtc[0x0c] << 8) | crtc[0x0d]) + ((crtc[8] >> 5) & 3);
  let scan = (crtc[8] & 0x1f) % rowHeight;
  let pan = topPan;
  let y = 0;
  while (y < height) {
    const limit = y < split ? Math.min(split, height) : height;
    const lines = Math.min((rowHeight - scan) * repeat, limit - y);
    result.push({ y, lines, scan, address: address & 0xffff, pan });
    y += lines;
    scan = 0;
    address += pitch;
    if (y === split) {
      // Below the split the picture starts at address 0; AR10 bit 5 keeps it from panning with the upper part.
      address = 0;
      if (ac[0x10] & 0x20) pan = 0;
    }
  }
  return result;
}

/** Plane address of an address counter value on a row scan. Doublewords are packed, see vga-state.ts. */
export function planeAddress(addressing: Addressing, counter: number, scan: number): number {
  const c = counter & 0xffff;
  const { unit, scanBits } = addressing;
  let address = c;
  if (unit === 'word') address = ((c << 1) | ((c >> addressing.wrapBit) & 1)) & 0xffff;
  if (scanBits === 0) return address;
  const low = unit === 'dword' ? 11 : 13;
  return (address & ~(scanBits << low)) | ((scan & scanBits) << low);
}
