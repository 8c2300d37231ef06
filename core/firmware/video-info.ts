/** INT 10h AH=12h (alternate select), 1Ah, 1Bh (functionality) and 1Ch (save and restore). PS/2 BIOS Interface Reference. */
import { BDA } from './bda.ts';
import { linear, type Guest } from './guest.ts';
import { VIDEO_ROM_SEGMENT } from './layout.ts';
import { PORT, VIDEO_FLAG, type VideoMode } from './video-mode.ts';
import { VIDEO_ROM } from './video-rom.ts';

const VGA_COLOUR = 0x08;
const VGA_MONO = 0x07;
const SCREEN_OFF = 0x20;
const CURSOR_EMULATION_OFF = 0x01;
const SAVE_BLOCK_BYTES = 64;
const REGISTERS_BYTES = 0x60;
const BDA_SAVED_BYTES = 0x60;
const DAC_BYTES = 4 + 768;

export class VideoInfo {
  readonly #guest: Guest;
  readonly #mode: VideoMode;

  constructor(guest: Guest, mode: VideoMode) {
    this.#guest = guest;
    this.#mode = mode;
  }

  alternateSelect(): void {
    const g = this.#guest;
    const flags = g.bda8(BDA.VIDEO_FLAGS);
    const choose = (bit: number, on: boolean): void => {
      g.setBda8(BDA.VIDEO_FLAGS, on ? flags | bit : flags & ~bit);
      g.al = 0x12;
    };
    switch (g.bl) {
      case 0x10:
        g.bh = this.#mode.crtcPort === 0x3b4 ? 1 : 0;
        g.bl = 3; // 256 KiB and more
        g.cx = g.bda8(BDA.VIDEO_SWITCHES) & 0x0f;
        break;
      case 0x20:
        g.al = 0x12; // print screen handles any number of rows already
        break;
      case 0x30: {
        const lines = [VIDEO_FLAG.LINES_200, 0, VIDEO_FLAG.LINES_400][g.al];
        if (lines === undefined) break;
        g.setBda8(BDA.VIDEO_FLAGS, (flags & ~(VIDEO_FLAG.LINES_200 | VIDEO_FLAG.LINES_400)) | lines);
        g.al = 0x12;
        break;
      }
      case 0x31:
        choose(VIDEO_FLAG.NO_PALETTE, (g.al & 1) === 1);
        break;
      case 0x32: {
        const misc = g.in8(PORT.MISC_READ);
        g.out8(PORT.MISC_WRITE, g.al & 1 ? misc & ~2 : misc | 2);
        g.al = 0x12;
        break;
      }
      case 0x33:
        choose(VIDEO_FLAG.GREY, (g.al & 1) === 0);
        break;
      case 0x34: {
        const control = g.bda8(BDA.VIDEO_CONTROL);
        g.setBda8(BDA.VIDEO_CONTROL, g.al & 1 ? control | CURSOR_EMULATION_OFF : control & ~CURSOR_EMULATION_OFF);
        g.al = 0x12;
        break;
      }
      case 0x35:
        g.al = 0x12; // one adapter: switching to it is all there is
        break;
      case 0x36: {
        const clocking = this.#mode.readSequencer(1);
        this.#mode.sequencer(1, g.al & 1 ? clocking | SCREEN_OFF : clocking & ~SCREEN_OFF);
        g.al = 0x12;
        break;
      }
      default:
    }
  }

  displayCombination(): void {
    const g = this.#guest;
    if (g.al === 0) g.bx = this.#mode.crtcPort === 0x3b4 ? VGA_MONO : VGA_COLOUR;
    else if (g.al !== 1) return;
    g.al = 0x1a;
  }

  functionality(): void {
    const g = this.#guest;
    if (g.bx !== 0) return;
    const at = linear(g.cpu.es, g.di);
    const mode = this.#mode.current;
    for (let i = 0; i < 64; i++) g.write8(at + i, 0);
    g.write16(at, VIDEO_ROM.FUNCTIONALITY);
    g.write16(at + 2, VIDEO_ROM_SEGMENT);
    for (let i = 0; i < 0x1e; i++) g.write8(at + 4 + i, g.bda8(BDA.VIDEO_MODE + i));
    g.write8(at + 0x22, g.bda8(BDA.VIDEO_ROWS) + 1);
    g.write16(at + 0x23, g.bda16(BDA.CHARACTER_HEIGHT));
    g.write8(at + 0x25, this.#mode.crtcPort === 0x3b4 ? VGA_MONO : VGA_COLOUR);
    g.write16(at + 0x27, mode?.kind === 'graphics' ? mode.colours & 0xffff : mode?.mode === 7 ? 0 : 16);
    g.write8(at + 0x29, mode?.pages ?? 1);
    const lines =
      mode?.kind === 'graphics' ? mode.height : (g.bda8(BDA.VIDEO_ROWS) + 1) * g.bda16(BDA.CHARACTER_HEIGHT);
    g.write8(at + 0x2a, lines >= 480 ? 3 : lines >= 400 ? 2 : lines >= 350 ? 1 : 0);
    g.write8(at + 0x2d, 0x01 | (g.bda8(BDA.VIDEO_FLAGS) & VIDEO_FLAG.GREY ? 0x02 : 0));
    g.write8(at + 0x31, 3);
    g.al = 0x1b;
  }

  /** AH=1Ch. CX: bit 0 registers, bit 1 data area, bit 2 DAC. */
  saveRestore(): void {
    const g = this.#guest;
    const states = g.cx & 7;
    if (g.al > 2 || states === 0) return;
    if (g.al === 0) g.bx = stateBlocks(states);
    else this.transferState(g.al === 1, states, linear(g.cpu.es, g.bx));
    g.al = 0x1c;
  }

  /** Saves to or restores from guest memory at `at`; also what VBE function 04h does for the standard part. */
  transferState(save: boolean, states: number, at: number): void {
    let next = at;
    if (states & 1) next = this.#registers(save, next);
    if (states & 2) next = this.#dataArea(save, next);
    if (states & 4) this.#dac(save, next);
  }

  #registers(save: boolean, at: number): number {
    const g = this.#guest;
    const vga = this.#mode;
    if (save) {
      g.write16(at, vga.crtcPort);
      g.write8(at + 2, g.in8(PORT.MISC_READ));
      for (let i = 0; i < 5; i++) g.write8(at + 3 + i, vga.readSequencer(i));
      for (let i = 0; i < 25; i++) g.write8(at + 8 + i, vga.readCrtc(i));
      for (let i = 0; i < 21; i++) g.write8(at + 33 + i, vga.readAttribute(i));
      for (let i = 0; i < 9; i++) g.write8(at + 54 + i, vga.readGraphics(i));
      return at + REGISTERS_BYTES;
    }
    g.setBda16(BDA.CRTC_PORT, g.read16(at) === 0x3b4 ? 0x3b4 : 0x3d4);
    g.out8(PORT.MISC_WRITE, g.read8(at + 2));
    for (let i = 1; i < 5; i++) vga.sequencer(i, g.read8(at + 3 + i));
    vga.crtc(0x11, g.read8(at + 8 + 0x11) & 0x7f);
    for (let i = 0; i < 25; i++) vga.crtc(i, g.read8(at + 8 + i));
    for (let i = 0; i < 21; i++) vga.attribute(i, g.read8(at + 33 + i));
    for (let i = 0; i < 9; i++) vga.graphics(i, g.read8(at + 54 + i));
    return at + REGISTERS_BYTES;
  }

  #dataArea(save: boolean, at: number): number {
    const g = this.#guest;
    const areas: readonly (readonly [number, number])[] = [
      [BDA.VIDEO_MODE, 0x1e],
      [BDA.VIDEO_ROWS, 7],
      [BDA.VIDEO_SAVE_POINTER, 4],
    ];
    let next = at;
    for (const [offset, count] of areas)
      for (let i = 0; i < count; i++, next++) {
        if (save) g.write8(next, g.bda8(offset + i));
        else g.setBda8(offset + i, g.read8(next));
      }
    for (const vector of [0x1f, 0x43]) {
      if (save) g.write32(next, g.read32(vector * 4));
      else g.write32(vector * 4, g.read32(next));
      next += 4;
    }
    return at + BDA_SAVED_BYTES;
  }

  #dac(save: boolean, at: number): void {
    const g = this.#guest;
    if (save) {
      g.write8(at, g.in8(PORT.PEL_MASK));
      g.out8(PORT.DAC_READ_INDEX, 0);
      for (let i = 0; i < 768; i++) g.write8(at + 4 + i, g.in8(PORT.DAC_DATA));
      return;
    }
    g.out8(PORT.PEL_MASK, g.read8(at));
    g.out8(PORT.DAC_WRITE_INDEX, 0);
    for (let i = 0; i < 768; i++) g.out8(PORT.DAC_DATA, g.read8(at + 4 + i));
  }
}

/** Size of a save area in blocks of 64 bytes. */
export function stateBlocks(states: number): number {
  let bytes = 0;
  if (states & 1) bytes += REGISTERS_BYTES;
  if (states & 2) bytes += BDA_SAVED_BYTES;
  if (states & 4) bytes += DAC_BYTES;
  return Math.ceil(bytes / SAVE_BLOCK_BYTES);
}
