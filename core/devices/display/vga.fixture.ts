/** For tests: an adapter with a clock that is moved by hand, and what a BIOS does at a mode set. */
import { ManualClock } from '../../bus/index.ts';
import { font8x16, palettes, Vga, VGA_PORTS, VGA_PORTS_DISPI, VGA_PORTS_MONO, VGA_WINDOW, vgaModes } from './index.ts';

/** Repeatable chance: unsigned 32-bit numbers from a linear congruence, the weak low bits left out. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }
  u32(): number {
    const half = (): number => {
      this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
      return this.#state >>> 16;
    };
    return ((half() << 16) | half()) >>> 0;
  }
  below(bound: number): number {
    return this.u32() % bound;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

export class VgaFixture {
  readonly clock = new ManualClock();
  readonly vga: Vga;

  constructor(vramSize = 0x100000) {
    this.vga = new Vga('vga', new Uint8Array(new SharedArrayBuffer(vramSize)), this.clock);
  }

  out(port: number, value: number, width: 1 | 2 = 1): void {
    if (port >= 0x3c0) this.vga.ioWrite(VGA_PORTS, port - 0x3c0, width, value);
    else if (port >= 0x3b0) this.vga.ioWrite(VGA_PORTS_MONO, port - 0x3b0, width, value);
    else this.vga.ioWrite(VGA_PORTS_DISPI, port - 0x1ce, width, value);
  }

  in(port: number, width: 1 | 2 = 1): number {
    if (port >= 0x3c0) return this.vga.ioRead(VGA_PORTS, port - 0x3c0, width);
    if (port >= 0x3b0) return this.vga.ioRead(VGA_PORTS_MONO, port - 0x3b0, width);
    return this.vga.ioRead(VGA_PORTS_DISPI, port - 0x1ce, width);
  }

  get crtcPort(): number {
    return this.in(0x3cc) & 1 ? 0x3d4 : 0x3b4;
  }
  seq(index: number, value: number): void {
    this.out(0x3c4, index | (value << 8), 2);
  }
  gc(index: number, value: number): void {
    this.out(0x3ce, index | (value << 8), 2);
  }
  crtc(index: number, value: number): void {
    this.out(this.crtcPort, index | (value << 8), 2);
  }
  ac(index: number, value: number): void {
    this.in(this.crtcPort + 6);
    this.out(0x3c0, index);
    this.out(0x3c0, value);
    this.out(0x3c0, 0x20);
  }
  dac(first: number, triples: ArrayLike<number>): void {
    this.out(0x3c8, first);
    for (let i = 0; i < triples.length; i++) this.out(0x3c9, triples[i]);
  }
  dispi(index: number, value: number): void {
    this.out(0x1ce, index, 2);
    this.out(0x1cf, value, 2);
  }
  dispiIn(index: number): number {
    this.out(0x1ce, index, 2);
    return this.in(0x1cf, 2);
  }

  /** Physical address in A0000h-BFFFFh. */
  poke(address: number, value: number, width: 1 | 2 | 4 = 1): void {
    this.vga.mmioWrite(VGA_WINDOW, address - 0xa0000, width, value);
  }
  peek(address: number, width: 1 | 2 | 4 = 1): number {
    return this.vga.mmioRead(VGA_WINDOW, address - 0xa0000, width);
  }

  /** Loads the table's registers, palette and font, and clears memory. */
  setMode(number: number): void {
    const mode = vgaModes.get(number);
    if (!mode) throw new Error(`no mode ${number}`);
    this.out(0x3c2, mode.misc);
    this.crtc(0x11, 0);
    mode.sequencer.forEach((value, index) => this.seq(index, value));
    mode.crtc.forEach((value, index) => this.crtc(index, value));
    mode.graphics.forEach((value, index) => this.gc(index, value));
    mode.attribute.forEach((value, index) => this.ac(index, value));
    this.out(0x3c6, 0xff);
    this.dac(0, palettes[mode.palette]);
    this.vga.state.vram.fill(0);
    if (mode.kind === 'text') {
      for (let code = 0; code < 256; code++)
        for (let row = 0; row < 16; row++) this.vga.state.vram[(code * 32 + row) * 4 + 2] = font8x16[code * 16 + row];
      for (let i = 0; i < mode.columns * mode.rows; i++) this.poke(mode.windowBase + i * 2, 0x0720, 2);
    }
    this.vga.markDirty(0, this.vga.state.vram.length);
  }

  write(column: number, row: number, text: string, attribute = 0x07, columns = 80, base = 0xb8000): void {
    for (let i = 0; i < text.length; i++)
      this.poke(base + (row * columns + column + i) * 2, text.charCodeAt(i) | (attribute << 8), 2);
  }

  /** 0xRRGGBB. */
  pixel(x: number, y: number): number {
    const { pixels, width } = this.vga.frame;
    const at = (y * width + x) * 4;
    return (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
  }
}

/** A 6-bit DAC triple as 0xRRGGBB. */
export function rgb6(red: number, green: number, blue: number): number {
  const widen = (value: number): number => (value << 2) | (value >> 4);
  return (widen(red) << 16) | (widen(green) << 8) | widen(blue);
}
