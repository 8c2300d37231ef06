/** INT 10h AH=10h, palette and DAC functions, and AH=0Bh for CGA. IBM PS/2 and PC BIOS Interface Reference, INT 10h. */
import { BDA } from './bda.ts';
import { linear, type Guest } from './guest.ts';
import { PORT, greyLevel, type VideoMode } from './video-mode.ts';

const OVERSCAN = 0x11;
const MODE_CONTROL = 0x10;
const COLOUR_SELECT = 0x14;
const BLINK = 0x08;
const PAGE_SIZE_16 = 0x80;

export class VideoPalette {
  readonly #guest: Guest;
  readonly #mode: VideoMode;

  constructor(guest: Guest, mode: VideoMode) {
    this.#guest = guest;
    this.#mode = mode;
  }

  /** AH=0Bh: BH=0 border and background colour, BH=1 choice of the 320x200 palette. */
  cga(select: number, value: number): void {
    const g = this.#guest;
    const vga = this.#mode;
    let register = g.bda8(BDA.CGA_PALETTE);
    if (select === 0) {
      const colour = (value & 0x0f) | ((value & 0x08) << 1);
      register = (register & ~0x1f) | (value & 0x1f);
      vga.attribute(OVERSCAN, colour & 0x17);
      if (vga.current?.kind === 'graphics') vga.attribute(0, colour & 0x17);
      for (let i = 1; i < 4; i++) vga.attribute(i, (vga.readAttribute(i) & ~0x10) | (value & 0x10));
    } else if (select === 1) {
      register = (register & ~0x20) | ((value & 1) << 5);
      if (vga.current?.model === 'cga4')
        for (let i = 1; i < 4; i++) vga.attribute(i, (vga.readAttribute(i) & ~1) | (value & 1));
    }
    g.setBda8(BDA.CGA_PALETTE, register);
  }

  /** AH=10h. */
  call(): void {
    const g = this.#guest;
    const vga = this.#mode;
    switch (g.al) {
      case 0x00:
        if (g.bl <= COLOUR_SELECT) vga.attribute(g.bl, g.bh);
        break;
      case 0x01:
        vga.attribute(OVERSCAN, g.bh);
        break;
      case 0x02:
        for (let i = 0; i < 17; i++) vga.attribute(i === 16 ? OVERSCAN : i, g.read8(linear(g.cpu.es, g.dx + i)));
        break;
      case 0x03:
        vga.attribute(MODE_CONTROL, (vga.readAttribute(MODE_CONTROL) & ~BLINK) | (g.bl & 1 ? BLINK : 0));
        break;
      case 0x07:
        if (g.bl <= COLOUR_SELECT) g.bh = vga.readAttribute(g.bl);
        break;
      case 0x08:
        g.bh = vga.readAttribute(OVERSCAN);
        break;
      case 0x09:
        for (let i = 0; i < 17; i++) g.write8(linear(g.cpu.es, g.dx + i), vga.readAttribute(i === 16 ? OVERSCAN : i));
        break;
      case 0x10:
        g.out8(PORT.DAC_WRITE_INDEX, g.bl);
        g.out8(PORT.DAC_DATA, g.dh);
        g.out8(PORT.DAC_DATA, g.ch);
        g.out8(PORT.DAC_DATA, g.cl);
        break;
      case 0x12: {
        g.out8(PORT.DAC_WRITE_INDEX, g.bl);
        const count = Math.min(g.cx, 256);
        for (let i = 0; i < count * 3; i++) g.out8(PORT.DAC_DATA, g.read8(linear(g.cpu.es, g.dx + i)));
        break;
      }
      case 0x13:
        this.#selectDacPage(g.bl, g.bh);
        break;
      case 0x15:
        g.out8(PORT.DAC_READ_INDEX, g.bl);
        g.dh = g.in8(PORT.DAC_DATA);
        g.ch = g.in8(PORT.DAC_DATA);
        g.cl = g.in8(PORT.DAC_DATA);
        break;
      case 0x17: {
        g.out8(PORT.DAC_READ_INDEX, g.bl);
        const count = Math.min(g.cx, 256);
        for (let i = 0; i < count * 3; i++) g.write8(linear(g.cpu.es, g.dx + i), g.in8(PORT.DAC_DATA));
        break;
      }
      case 0x18:
        g.out8(PORT.PEL_MASK, g.bl);
        break;
      case 0x19:
        g.bl = g.in8(PORT.PEL_MASK);
        break;
      case 0x1a: {
        const sixteen = (vga.readAttribute(MODE_CONTROL) & PAGE_SIZE_16) !== 0;
        const select = vga.readAttribute(COLOUR_SELECT);
        g.bl = sixteen ? 1 : 0;
        g.bh = sixteen ? select & 0x0f : (select >> 2) & 3;
        break;
      }
      case 0x1b:
        this.greyScale(g.bl, g.cx);
        break;
      default:
    }
  }

  #selectDacPage(what: number, value: number): void {
    const vga = this.#mode;
    const control = vga.readAttribute(MODE_CONTROL);
    if (what === 0) vga.attribute(MODE_CONTROL, (control & ~PAGE_SIZE_16) | (value & 1 ? PAGE_SIZE_16 : 0));
    else if (what === 1) vga.attribute(COLOUR_SELECT, control & PAGE_SIZE_16 ? value & 0x0f : (value & 3) << 2);
  }

  greyScale(first: number, count: number): void {
    const g = this.#guest;
    for (let i = first; i < Math.min(first + count, 256); i++) {
      g.out8(PORT.DAC_READ_INDEX, i);
      const level = greyLevel(g.in8(PORT.DAC_DATA) & 0x3f, g.in8(PORT.DAC_DATA) & 0x3f, g.in8(PORT.DAC_DATA) & 0x3f);
      g.out8(PORT.DAC_WRITE_INDEX, i);
      for (let gun = 0; gun < 3; gun++) g.out8(PORT.DAC_DATA, level);
    }
  }
}
