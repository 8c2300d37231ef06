/**
 * The adapter's registers and INT 10h AH=00h: setting a mode by port writes, as a VGA BIOS does.
 * IBM PS/2 and PC BIOS Interface Technical Reference, INT 10h; VGA register numbers from the PS/2 Hardware Reference.
 */
import { DISPI_DATA, DISPI_INDEX } from './dispi.ts';
import { vgaModes, type VgaMode } from '../devices/display/vga-modes.ts';
import { palettes } from '../devices/display/vga-palettes.ts';
import { BDA } from './bda.ts';
import type { Guest } from './guest.ts';
import { ROM, ROM_SEGMENT, VIDEO_ROM_SEGMENT } from './layout.ts';
import { VIDEO_ROM } from './video-rom.ts';

export const PORT = {
  ATTRIBUTE: 0x3c0,
  ATTRIBUTE_READ: 0x3c1,
  MISC_WRITE: 0x3c2,
  SEQUENCER: 0x3c4,
  PEL_MASK: 0x3c6,
  DAC_READ_INDEX: 0x3c7,
  DAC_WRITE_INDEX: 0x3c8,
  DAC_DATA: 0x3c9,
  MISC_READ: 0x3cc,
  GRAPHICS: 0x3ce,
  DISPI_INDEX,
  DISPI_DATA,
} as const;

const ATTRIBUTE_VIDEO_ENABLE = 0x20;
/** Video flags, 40:89. */
export const VIDEO_FLAG = {
  LINES_400: 0x10,
  LINES_200: 0x80,
  NO_PALETTE: 0x08,
  MONO: 0x04,
  GREY: 0x02,
  VGA: 0x01,
} as const;
const MODE_HAS_NO_NUMBER = 0xff;
const VECTOR_1F = 0x1f * 4;
export const VECTOR_43 = 0x43 * 4;

const zeroes = new Uint8Array(0x8000);
const blanks = Uint8Array.from({ length: 0x8000 }, (_, i) => (i & 1 ? 0x07 : 0x20));

export class VideoMode {
  readonly #guest: Guest;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  /** The mode that the BIOS set last; undefined while a VBE mode is on or the data area holds nonsense. */
  get current(): VgaMode | undefined {
    return vgaModes.get(this.#guest.bda8(BDA.VIDEO_MODE) & 0x7f);
  }
  get crtcPort(): number {
    return this.#guest.bda16(BDA.CRTC_PORT) === 0x3b4 ? 0x3b4 : 0x3d4;
  }

  crtc(index: number, value: number): void {
    this.#guest.out8(this.crtcPort, index);
    this.#guest.out8(this.crtcPort + 1, value);
  }
  readCrtc(index: number): number {
    this.#guest.out8(this.crtcPort, index);
    return this.#guest.in8(this.crtcPort + 1);
  }
  sequencer(index: number, value: number): void {
    this.#guest.out8(PORT.SEQUENCER, index);
    this.#guest.out8(PORT.SEQUENCER + 1, value);
  }
  readSequencer(index: number): number {
    this.#guest.out8(PORT.SEQUENCER, index);
    return this.#guest.in8(PORT.SEQUENCER + 1);
  }
  graphics(index: number, value: number): void {
    this.#guest.out8(PORT.GRAPHICS, index);
    this.#guest.out8(PORT.GRAPHICS + 1, value);
  }
  readGraphics(index: number): number {
    this.#guest.out8(PORT.GRAPHICS, index);
    return this.#guest.in8(PORT.GRAPHICS + 1);
  }
  #resetFlipFlop(): void {
    this.#guest.in8(this.crtcPort + 6);
  }
  /** Writes without blanking the screen, whatever the index. */
  attribute(index: number, value: number): void {
    this.#resetFlipFlop();
    this.#guest.out8(PORT.ATTRIBUTE, index);
    this.#guest.out8(PORT.ATTRIBUTE, value);
    this.#guest.out8(PORT.ATTRIBUTE, ATTRIBUTE_VIDEO_ENABLE);
    this.#resetFlipFlop();
  }
  readAttribute(index: number): number {
    this.#resetFlipFlop();
    this.#guest.out8(PORT.ATTRIBUTE, index);
    const value = this.#guest.in8(PORT.ATTRIBUTE_READ);
    this.#resetFlipFlop();
    this.#guest.out8(PORT.ATTRIBUTE, ATTRIBUTE_VIDEO_ENABLE);
    this.#resetFlipFlop();
    return value;
  }
  dispi(index: number, value: number): void {
    this.#guest.out16(PORT.DISPI_INDEX, index);
    this.#guest.out16(PORT.DISPI_DATA, value);
  }
  readDispi(index: number): number {
    this.#guest.out16(PORT.DISPI_INDEX, index);
    return this.#guest.in16(PORT.DISPI_DATA);
  }

  /** False for a mode that the adapter does not have. `keepMemory` is bit 7 of AL. */
  set(number: number, keepMemory: boolean): boolean {
    const mode = vgaModes.get(number);
    if (!mode) return false;
    const g = this.#guest;
    const flags = g.bda8(BDA.VIDEO_FLAGS);
    this.dispi(4, 0);
    g.setBda16(BDA.CRTC_PORT, mode.misc & 1 ? 0x3d4 : 0x3b4);
    if (!(flags & VIDEO_FLAG.NO_PALETTE)) this.#loadPalette(mode, (flags & VIDEO_FLAG.GREY) !== 0);
    const height = this.#writeRegisters(mode, flags);
    if (!keepMemory) this.#clear(mode);
    if (mode.kind === 'text') this.loadRomFont(height, 0);
    this.#updateDataArea(mode, keepMemory, height);
    this.#resetFlipFlop();
    g.out8(PORT.ATTRIBUTE, ATTRIBUTE_VIDEO_ENABLE);
    return true;
  }

  #loadPalette(mode: VgaMode, grey: boolean): void {
    const g = this.#guest;
    const colours = palettes[mode.palette];
    g.out8(PORT.PEL_MASK, 0xff);
    g.out8(PORT.DAC_WRITE_INDEX, 0);
    for (let i = 0; i < 256 * 3; i += 3) {
      if (i >= colours.length) {
        for (let gun = 0; gun < 3; gun++) g.out8(PORT.DAC_DATA, 0);
      } else if (grey) {
        const level = greyLevel(colours[i], colours[i + 1], colours[i + 2]);
        for (let gun = 0; gun < 3; gun++) g.out8(PORT.DAC_DATA, level);
      } else for (let gun = 0; gun < 3; gun++) g.out8(PORT.DAC_DATA, colours[i + gun]);
    }
  }

  /** Returns the height of a character cell, which the chosen number of lines decides in text modes. */
  #writeRegisters(mode: VgaMode, flags: number): number {
    const g = this.#guest;
    const lines = flags & VIDEO_FLAG.LINES_200 ? 200 : flags & VIDEO_FLAG.LINES_400 ? 400 : 350;
    const height = mode.kind !== 'text' ? mode.charHeight : lines === 200 ? 8 : lines === 350 ? 14 : 16;
    this.#resetFlipFlop();
    mode.attribute.forEach((value, index) => {
      g.out8(PORT.ATTRIBUTE, index);
      g.out8(PORT.ATTRIBUTE, value);
    });
    this.sequencer(0, 1);
    g.out8(PORT.MISC_WRITE, height === 14 && mode.kind === 'text' ? (mode.misc & 0x3f) | 0x80 : mode.misc);
    mode.sequencer.forEach((value, index) => {
      if (index > 0) this.sequencer(index, value);
    });
    this.sequencer(0, 3);
    mode.graphics.forEach((value, index) => this.graphics(index, value));
    this.crtc(0x11, mode.crtc[0x11] & 0x7f); // lifts the write protection of registers 0-7
    mode.crtc.forEach((value, index) => this.crtc(index, value));
    if (mode.kind === 'text' && height !== 16) this.#textLines(height);
    return height;
  }

  #textLines(height: number): void {
    if (height === 8) {
      this.crtc(0x09, 0xc7);
      this.crtc(0x0a, 0x06);
      this.crtc(0x0b, 0x07);
      return;
    }
    const timing = vgaModes.get(0x10)?.crtc ?? [];
    this.crtc(0x11, timing[0x11] & 0x7f);
    for (const index of [0x06, 0x07, 0x10, 0x11, 0x12, 0x15, 0x16]) this.crtc(index, timing[index]);
    this.crtc(0x09, 0x4d);
    this.crtc(0x0a, 0x0b);
    this.crtc(0x0b, 0x0c);
    this.crtc(0x14, 0x0d);
  }

  #clear(mode: VgaMode): void {
    const fill = mode.kind === 'text' ? blanks : zeroes;
    this.#guest.writeBytes(mode.windowBase, fill);
    if (mode.windowBase === 0xa0000) this.#guest.writeBytes(mode.windowBase + fill.length, fill);
  }

  #updateDataArea(mode: VgaMode, keepMemory: boolean, height: number): void {
    const g = this.#guest;
    g.setBda8(BDA.VIDEO_MODE, mode.mode);
    g.setBda16(BDA.VIDEO_COLUMNS, mode.columns);
    g.setBda16(BDA.VIDEO_PAGE_SIZE, mode.pageSizeBytes & 0xffff);
    g.setBda16(BDA.VIDEO_PAGE_START, 0);
    for (let page = 0; page < 8; page++) g.setBda16(BDA.CURSOR_POSITIONS + 2 * page, 0);
    g.setBda16(BDA.CURSOR_SHAPE, height === 14 ? 0x0b0c : 0x0607);
    g.setBda8(BDA.ACTIVE_PAGE, 0);
    g.setBda8(BDA.VIDEO_ROWS, mode.rows - 1);
    g.setBda16(BDA.CHARACTER_HEIGHT, height);
    g.setBda8(BDA.VIDEO_CONTROL, 0x60 | (keepMemory ? 0x80 : 0));
    g.setBda8(BDA.VIDEO_SWITCHES, 0xf9);
    g.setBda8(
      BDA.VIDEO_FLAGS,
      (g.bda8(BDA.VIDEO_FLAGS) & ~VIDEO_FLAG.MONO) | VIDEO_FLAG.VGA | (mode.misc & 1 ? 0 : VIDEO_FLAG.MONO),
    );
    g.setBda8(BDA.CGA_MODE_CONTROL, [0x2c, 0x28, 0x2d, 0x29, 0x2a, 0x2e, 0x1e, 0x29][mode.mode] ?? 0x29);
    g.setBda8(BDA.CGA_PALETTE, mode.mode === 6 ? 0x3f : 0x30);
    g.setBda16(BDA.VIDEO_SAVE_POINTER, VIDEO_ROM.SAVE_POINTERS);
    g.setBda16(BDA.VIDEO_SAVE_POINTER + 2, VIDEO_ROM_SEGMENT);
    g.write16(VECTOR_1F, VIDEO_ROM.FONT_8X8 + 0x400);
    g.write16(VECTOR_1F + 2, VIDEO_ROM_SEGMENT);
    const low = height === 8 && mode.kind === 'graphics' && mode.model.startsWith('cga');
    g.write16(VECTOR_43, low ? ROM.FONT_8X8 : romFontOffset(height));
    g.write16(VECTOR_43 + 2, low ? ROM_SEGMENT : VIDEO_ROM_SEGMENT);
  }

  /** The data area while a mode without a BIOS number (VBE) is shown. */
  markVbe(columns: number, rows: number, height: number): void {
    const g = this.#guest;
    g.setBda8(BDA.VIDEO_MODE, MODE_HAS_NO_NUMBER);
    g.setBda16(BDA.VIDEO_COLUMNS, columns);
    g.setBda8(BDA.VIDEO_ROWS, rows - 1);
    g.setBda16(BDA.CHARACTER_HEIGHT, height);
    g.setBda8(BDA.ACTIVE_PAGE, 0);
    for (let page = 0; page < 8; page++) g.setBda16(BDA.CURSOR_POSITIONS + 2 * page, 0);
  }

  loadRomFont(height: number, block: number): void {
    const at = (VIDEO_ROM_SEGMENT << 4) + romFontOffset(height);
    this.loadFont(at, height, 0, 256, block);
  }

  /** Copies glyphs from guest memory to plane 2, 32 bytes apart, and restores the text mode's plane layout. */
  loadFont(source: number, height: number, first: number, count: number, block: number): void {
    const g = this.#guest;
    const glyph = new Uint8Array(Math.min(height, 32));
    const base = 0xa0000 + ((block & 3) << 14) + ((block & 4) << 11);
    this.sequencer(0, 1);
    this.sequencer(2, 4);
    this.sequencer(4, 7);
    this.sequencer(0, 3);
    this.graphics(4, 2);
    this.graphics(5, 0);
    this.graphics(6, 4);
    for (let i = 0; i < count && first + i < 256; i++) {
      g.readBytes(source + i * height, glyph);
      g.writeBytes(base + (first + i) * 32, glyph);
    }
    this.sequencer(0, 1);
    this.sequencer(2, 3);
    this.sequencer(4, 2);
    this.sequencer(0, 3);
    this.graphics(4, 0);
    this.graphics(5, 0x10);
    this.graphics(6, this.crtcPort === 0x3d4 ? 0x0e : 0x0a);
  }
}

export function romFontOffset(height: number): number {
  if (height === 8) return VIDEO_ROM.FONT_8X8;
  return height === 14 ? VIDEO_ROM.FONT_8X14 : VIDEO_ROM.FONT_8X16;
}

/** NTSC weights, as INT 10h AX=101Bh specifies: 30 % red, 59 % green, 11 % blue. */
export function greyLevel(red: number, green: number, blue: number): number {
  return Math.min(0x3f, (red * 77 + green * 151 + blue * 28 + 0x80) >> 8);
}
