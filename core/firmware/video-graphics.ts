/**
 * Pixels, glyphs and scrolling in the graphics modes, by memory model. IBM PS/2 Hardware Interface Technical
 * Reference, video subsystem: write modes, CGA interleave, chain 4.
 */
import type { VgaMode } from '../devices/display/vga-modes.ts';
import { BDA } from './bda.ts';
import { linear, type Guest } from './guest.ts';
import { VECTOR_43, type VideoMode } from './video-mode.ts';

const VECTOR_1F = 0x1f * 4;
const CGA_ODD_LINES = 0x2000;
const CGA_LINE_BYTES = 80;
const XOR = 0x80;
const GC = { SET_RESET: 0, ENABLE_SET_RESET: 1, FUNCTION: 3, READ_MAP: 4, MODE: 5, BIT_MASK: 8 } as const;
const FUNCTION_XOR = 0x18;

/** Rectangle of character cells, edges included. */
export interface Cells {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export class VideoGraphics {
  readonly #guest: Guest;
  readonly #mode: VideoMode;
  readonly #glyph = new Uint8Array(32);
  readonly #line = new Uint8Array(2048);

  constructor(guest: Guest, mode: VideoMode) {
    this.#guest = guest;
    this.#mode = mode;
  }

  /** Height of a cell as the data area says, within what a glyph buffer holds. */
  get #height(): number {
    const height = this.#guest.bda8(BDA.CHARACTER_HEIGHT);
    return height >= 1 && height <= 32 ? height : 8;
  }

  /** Vector 43h names the glyphs; modes 4 to 6 take the upper half from vector 1Fh. */
  #loadGlyph(mode: VgaMode, character: number): Uint8Array {
    const g = this.#guest;
    const height = this.#height;
    const upper = character >= 128 && mode.model.startsWith('cga');
    const vector = upper ? VECTOR_1F : VECTOR_43;
    const at = linear(g.read16(vector + 2), g.read16(vector)) + (upper ? character - 128 : character) * height;
    for (let i = 0; i < height; i++) this.#glyph[i] = g.read8(at + i);
    return this.#glyph;
  }

  #cgaLine(y: number): number {
    return 0xb8000 + (y >> 1) * CGA_LINE_BYTES + (y & 1 ? CGA_ODD_LINES : 0);
  }
  /** Linear address of a planar or 256-colour line on `page`, kept inside the 64 KiB window by `#at`. */
  #lineOffset(mode: VgaMode, page: number, y: number): number {
    const bytes = mode.model === 'planar' ? mode.width / 8 : mode.width;
    return page * mode.pageSizeBytes + y * bytes;
  }
  #at(offset: number): number {
    return 0xa0000 + (offset & 0xffff);
  }

  /** `attribute` bit 7 combines with what is there by exclusive or, except with 256 colours. */
  drawGlyph(
    mode: VgaMode,
    page: number,
    row: number,
    column: number,
    character: number,
    attribute: number,
    background: number,
  ): void {
    if (row * this.#height >= mode.height || column * 8 >= mode.width) return;
    const glyph = this.#loadGlyph(mode, character);
    const top = row * this.#height;
    if (mode.model === 'planar') this.#drawPlanar(mode, page, top, column, glyph, attribute);
    else if (mode.model === 'linear256') {
      for (let y = 0; y < this.#height; y++)
        for (let x = 0; x < 8; x++)
          this.#guest.write8(
            this.#at(this.#lineOffset(mode, page, top + y) + column * 8 + x),
            glyph[y] & (0x80 >> x) ? attribute : background,
          );
    } else this.#drawCga(mode, top, column, glyph, attribute);
  }

  #drawPlanar(mode: VgaMode, page: number, top: number, column: number, glyph: Uint8Array, attribute: number): void {
    const g = this.#guest;
    const vga = this.#mode;
    const xor = (attribute & XOR) !== 0;
    vga.graphics(GC.ENABLE_SET_RESET, 0);
    vga.graphics(GC.FUNCTION, xor ? FUNCTION_XOR : 0);
    vga.graphics(GC.MODE, 0);
    vga.graphics(GC.BIT_MASK, 0xff);
    for (let plane = 0; plane < 4; plane++) {
      vga.sequencer(2, 1 << plane);
      const on = (attribute & (1 << plane)) !== 0;
      for (let y = 0; y < this.#height; y++) {
        const at = this.#at(this.#lineOffset(mode, page, top + y) + column);
        if (xor) g.read8(at); // fills the latches that the exclusive or works on
        g.write8(at, on ? glyph[y] : 0);
      }
    }
    vga.graphics(GC.FUNCTION, 0);
    vga.sequencer(2, 0x0f);
  }

  #drawCga(mode: VgaMode, top: number, column: number, glyph: Uint8Array, attribute: number): void {
    const g = this.#guest;
    const xor = (attribute & XOR) !== 0;
    for (let y = 0; y < this.#height; y++) {
      const bits = glyph[y];
      if (mode.model === 'cga2') {
        const at = this.#cgaLine(top + y) + column;
        const value = attribute & 1 ? bits : 0;
        g.write8(at, xor ? g.read8(at) ^ value : value);
        continue;
      }
      let doubled = 0;
      for (let x = 0; x < 8; x++) if (bits & (0x80 >> x)) doubled |= (attribute & 3) << (14 - 2 * x);
      const at = this.#cgaLine(top + y) + column * 2;
      g.write8(at, xor ? g.read8(at) ^ (doubled >> 8) : doubled >> 8);
      g.write8(at + 1, xor ? g.read8(at + 1) ^ (doubled & 0xff) : doubled & 0xff);
    }
  }

  /** INT 10h AH=08h: the character whose glyph stands in the cell, 0 if none does. */
  readGlyph(mode: VgaMode, page: number, row: number, column: number): number {
    const height = this.#height;
    const shape = new Uint8Array(height);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < 8; x++)
        if (this.getPixel(mode, page, column * 8 + x, row * height + y) !== 0) shape[y] |= 0x80 >> x;
    for (let character = 0; character < 256; character++) {
      const glyph = this.#loadGlyph(mode, character);
      if (shape.every((byte, y) => byte === glyph[y])) return character;
    }
    return 0;
  }

  getPixel(mode: VgaMode, page: number, x: number, y: number): number {
    if (x >= mode.width || y >= mode.height) return 0;
    const g = this.#guest;
    const offset = this.#lineOffset(mode, page, y);
    switch (mode.model) {
      case 'linear256':
        return g.read8(this.#at(offset + x));
      case 'cga2':
        return (g.read8(this.#cgaLine(y) + (x >> 3)) >> (7 - (x & 7))) & 1;
      case 'cga4':
        return (g.read8(this.#cgaLine(y) + (x >> 2)) >> (6 - 2 * (x & 3))) & 3;
      default: {
        let colour = 0;
        for (let plane = 0; plane < 4; plane++) {
          this.#mode.graphics(GC.READ_MAP, plane);
          if (g.read8(this.#at(offset + (x >> 3))) & (0x80 >> (x & 7))) colour |= 1 << plane;
        }
        this.#mode.graphics(GC.READ_MAP, 0);
        return colour;
      }
    }
  }

  putPixel(mode: VgaMode, page: number, x: number, y: number, colour: number): void {
    if (x >= mode.width || y >= mode.height) return;
    const g = this.#guest;
    const offset = this.#lineOffset(mode, page, y);
    if (mode.model === 'linear256') {
      g.write8(this.#at(offset + x), colour);
      return;
    }
    if (mode.model === 'planar') {
      const vga = this.#mode;
      const at = this.#at(offset + (x >> 3));
      vga.graphics(GC.MODE, 2);
      vga.graphics(GC.FUNCTION, colour & XOR ? FUNCTION_XOR : 0);
      vga.graphics(GC.BIT_MASK, 0x80 >> (x & 7));
      vga.sequencer(2, 0x0f);
      g.read8(at);
      g.write8(at, colour & 0x0f);
      vga.graphics(GC.BIT_MASK, 0xff);
      vga.graphics(GC.FUNCTION, 0);
      vga.graphics(GC.MODE, 0);
      return;
    }
    const two = mode.model === 'cga4';
    const at = this.#cgaLine(y) + (two ? x >> 2 : x >> 3);
    const shift = two ? 6 - 2 * (x & 3) : 7 - (x & 7);
    const mask = (two ? 3 : 1) << shift;
    const old = g.read8(at);
    const value = (colour << shift) & mask;
    g.write8(at, colour & XOR ? old ^ value : (old & ~mask) | value);
  }

  /** Moves `lines` character rows (positive: up) inside the window and fills what comes free. */
  scroll(mode: VgaMode, page: number, cells: Cells, lines: number, fill: number): void {
    const height = this.#height;
    const firstLine = cells.top * height;
    const endLine = Math.min((cells.bottom + 1) * height, mode.height);
    const count = endLine - firstLine;
    const shift = Math.min(Math.abs(lines) * height, count);
    const right = Math.min(cells.right, mode.columns - 1);
    if (count <= 0 || right < cells.left) return;
    const copyFrom = (to: number, from: number): void => this.#copyLine(mode, page, to, from, cells.left, right);
    if (lines > 0) for (let y = firstLine; y < endLine - shift; y++) copyFrom(y, y + shift);
    else for (let y = endLine - 1; y >= firstLine + shift; y--) copyFrom(y, y - shift);
    const fillStart = lines > 0 ? endLine - shift : firstLine;
    for (let y = fillStart; y < fillStart + shift; y++) this.#fillLine(mode, page, y, cells.left, right, fill);
    if (mode.model === 'planar') this.#endPlanar();
  }

  #endPlanar(): void {
    this.#mode.graphics(GC.MODE, 0);
    this.#mode.graphics(GC.ENABLE_SET_RESET, 0);
  }

  /** Bytes per character column and the address of a line's first byte in the window. */
  #span(mode: VgaMode, page: number, y: number, left: number, right: number): { at: number; length: number } {
    const width = mode.model === 'linear256' ? 8 : mode.model === 'cga4' ? 2 : 1;
    const line = mode.model.startsWith('cga') ? this.#cgaLine(y) : this.#at(this.#lineOffset(mode, page, y));
    return { at: line + left * width, length: (right - left + 1) * width };
  }

  #copyLine(mode: VgaMode, page: number, to: number, from: number, left: number, right: number): void {
    const g = this.#guest;
    const source = this.#span(mode, page, from, left, right);
    const target = this.#span(mode, page, to, left, right);
    if (mode.model !== 'planar') {
      const line = this.#line.subarray(0, source.length);
      g.readBytes(source.at, line);
      g.writeBytes(target.at, line);
      return;
    }
    this.#mode.sequencer(2, 0x0f);
    this.#mode.graphics(GC.MODE, 1); // write mode 1 copies the four latches
    for (let i = 0; i < source.length; i++) {
      g.read8(source.at + i);
      g.write8(target.at + i, 0);
    }
  }

  #fillLine(mode: VgaMode, page: number, y: number, left: number, right: number, colour: number): void {
    const { at, length } = this.#span(mode, page, y, left, right);
    const line = this.#line.subarray(0, length);
    if (mode.model === 'planar') {
      this.#mode.graphics(GC.MODE, 0);
      this.#mode.graphics(GC.SET_RESET, colour & 0x0f);
      this.#mode.graphics(GC.ENABLE_SET_RESET, 0x0f);
    }
    line.fill(mode.model === 'cga4' ? (colour & 3) * 0x55 : mode.model === 'cga2' ? (colour & 1) * 0xff : colour);
    this.#guest.writeBytes(at, line);
  }
}
