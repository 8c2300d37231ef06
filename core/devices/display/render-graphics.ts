/**
 * Graphics modes that the CRTC addresses: sixteen colours in planes, the CGA's interleaved pairs of bits, 256 colours
 * (mode 13h and its unchained relatives). IBM VGA technical reference, "Graphics Controller", shift register modes.
 */
import type { FrameBuffer } from './frame-buffer.ts';
import type { VgaColours } from './vga-colours.ts';
import type { VgaChanges } from './vga-dirty.ts';
import { planeAddress, type GraphicsLayout } from './vga-layout.ts';

/** A plane's byte as eight nibbles, the leftmost dot in the lowest: four planes are combined by shifts and ORs. */
const SPREAD = Uint32Array.from({ length: 256 }, (_, byte) => {
  let nibbles = 0;
  for (let dot = 0; dot < 8; dot++) if (byte & (0x80 >> dot)) nibbles |= 1 << (dot * 4);
  return nibbles >>> 0;
});

/** Two bits a pixel, four pixels a byte, as nibbles, the leftmost pixel in the lowest. */
const PAIRS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let nibbles = 0;
  for (let pixel = 0; pixel < 4; pixel++) nibbles |= ((byte >> (6 - pixel * 2)) & 3) << (pixel * 4);
  return nibbles;
});

/** The eight dots that a word of four planes stands for, as nibbles, leftmost lowest. */
export const planarNibbles = (word: number): number =>
  SPREAD[word & 0xff] |
  (SPREAD[(word >> 8) & 0xff] << 1) |
  (SPREAD[(word >> 16) & 0xff] << 2) |
  (SPREAD[word >>> 24] << 3);

/** Planes 0 and 2 give the first four pixels, 1 and 3 the next: 0 and 1 the low two bits, 2 and 3 the high two. */
const interleavedNibbles = (word: number): number => {
  const first = PAIRS[word & 0xff] | (PAIRS[(word >> 16) & 0xff] << 2);
  const second = PAIRS[(word >> 8) & 0xff] | (PAIRS[word >>> 24] << 2);
  return first | (second << 16);
};

function composeLine(
  layout: GraphicsLayout,
  planes: Uint32Array,
  colours: VgaColours,
  line: Uint32Array,
  address: number,
  scan: number,
  columns: number,
): void {
  const { addressing, dotWidth, kind } = layout;
  const { sixteen, all } = colours;
  let x = 0;
  for (let column = 0; column < columns; column++) {
    const word = planes[planeAddress(addressing, address + column, scan)];
    if (kind === 'packed256') {
      // Four pixels of two dots each, or of four when the dot clock is halved.
      for (let shift = 0; shift < 32; shift += 8) {
        const colour = all[(word >>> shift) & 0xff];
        line[x++] = colour;
        line[x++] = colour;
        if (dotWidth === 2) {
          line[x++] = colour;
          line[x++] = colour;
        }
      }
      continue;
    }
    const nibbles = kind === 'planar' ? planarNibbles(word) : interleavedNibbles(word);
    if (dotWidth === 1) {
      for (let shift = 0; shift < 32; shift += 4) line[x++] = sixteen[(nibbles >>> shift) & 15];
    } else {
      for (let shift = 0; shift < 32; shift += 4) {
        const colour = sixteen[(nibbles >>> shift) & 15];
        line[x++] = colour;
        line[x++] = colour;
      }
    }
  }
}

/** Draws the lines whose VRAM changed, or all. */
export function drawGraphics(
  layout: GraphicsLayout,
  target: FrameBuffer,
  changes: VgaChanges,
  planes: Uint32Array,
  colours: VgaColours,
  everything: boolean,
): void {
  const { addressing, repeat } = layout;
  for (const band of layout.bands) {
    const columns = layout.columns + (band.pan > 0 ? 1 : 0);
    let composed = -1;
    for (let k = 0; k < band.lines; k++) {
      const scan = band.scan + Math.floor(k / repeat);
      const variant = scan & addressing.scanBits; // lines of a band differ in nothing else
      if (variant !== composed) {
        const first = planeAddress(addressing, band.address, scan);
        const last = planeAddress(addressing, band.address + columns - 1, scan);
        // A line that wraps around the end of memory is not one range: it is always drawn.
        const draw = everything || last < first || changes.isRangeDirty(first * 4, last * 4 + 4);
        if (!draw) continue;
        composeLine(layout, planes, colours, target.line, band.address, scan, columns);
        composed = variant;
      }
      target.commitLine(band.y + k, band.pan);
    }
  }
}
