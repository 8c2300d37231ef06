import { describe, expect, it } from 'vitest';
import { VGA_LFB } from './vga.ts';
import { Chance, VgaFixture } from './vga.fixture.ts';

/** Four separate planes and one bit at a time, after the data flow diagram of the Graphics Controller. */
class ReferenceVga {
  readonly planes = [0, 1, 2, 3].map(() => new Uint8Array(0x10000));
  readonly latch = [0, 0, 0, 0];
  readonly seq = [0, 0, 0, 0, 0];
  readonly gc = [0, 0, 0, 0, 0, 0, 0, 0, 0];

  #place(offset: number): { at: number; low: number } | undefined {
    const map = (this.gc[6] >> 2) & 3;
    const [base, size] = [
      [0, 0x20000],
      [0, 0x10000],
      [0x10000, 0x8000],
      [0x18000, 0x8000],
    ][map];
    if (offset < base || offset >= base + size) return undefined;
    const a = offset - base;
    let at = a & 0xffff;
    if (this.seq[4] & 8) at = Math.floor(a / 4);
    else if (this.gc[6] & 2) at = ((a - (a % 2)) & 0xffff) + (a >= 0x10000 ? 1 : 0);
    return { at, low: a % 4 };
  }

  write(offset: number, value: number): void {
    const place = this.#place(offset);
    if (!place) return;
    for (let plane = 0; plane < 4; plane++) {
      if (!((this.seq[2] >> plane) & 1)) continue;
      if (this.seq[4] & 8) {
        if (plane !== place.low) continue;
      } else if (!(this.seq[4] & 4) && plane % 2 !== place.low % 2) continue;
      let byte = 0;
      for (let bit = 0; bit < 8; bit++) byte |= this.#bit(plane, bit, value) << bit;
      this.planes[plane][place.at] = byte;
    }
  }

  #bit(plane: number, bit: number, value: number): number {
    const mode = this.gc[5] & 3;
    const old = (this.latch[plane] >> bit) & 1;
    if (mode === 1) return old;
    const rotated = (value >> ((bit + (this.gc[3] & 7)) % 8)) & 1;
    const setReset = (this.gc[0] >> plane) & 1;
    let source: number;
    let enabled = (this.gc[8] >> bit) & 1;
    if (mode === 0) source = (this.gc[1] >> plane) & 1 ? setReset : rotated;
    else if (mode === 2) source = (value >> plane) & 1;
    else {
      source = setReset;
      enabled &= rotated;
    }
    const combined = [source, source & old, source | old, source ^ old][(this.gc[3] >> 3) & 3];
    return enabled ? combined : old;
  }

  read(offset: number): number {
    const place = this.#place(offset);
    if (!place) return 0xff;
    for (let plane = 0; plane < 4; plane++) this.latch[plane] = this.planes[plane][place.at];
    if (this.gc[5] & 8) {
      let result = 0;
      for (let bit = 0; bit < 8; bit++) {
        let same = true;
        for (let plane = 0; plane < 4; plane++)
          if ((this.gc[7] >> plane) & 1 && ((this.latch[plane] >> bit) & 1) !== ((this.gc[2] >> plane) & 1))
            same = false;
        if (same) result |= 1 << bit;
      }
      return result;
    }
    let plane = this.gc[4] & 3;
    if (this.seq[4] & 8) plane = place.low;
    else if (this.gc[5] & 0x10) plane = (plane & 2) + (place.low % 2);
    return this.latch[plane];
  }
}

const planesOf = (vram: Uint8Array): Uint8Array[] =>
  [0, 1, 2, 3].map((plane) => Uint8Array.from({ length: 0x10000 }, (_, at) => vram[at * 4 + plane]));

describe('the memory window', () => {
  it('does what a bit-by-bit model of the planes does, whatever the registers say', () => {
    const random = new Chance(0x5647_4131);
    for (let round = 0; round < 60; round++) {
      const fixture = new VgaFixture();
      const model = new ReferenceVga();
      fixture.out(0x3c2, 0x67);
      for (let step = 0; step < 60; step++) {
        // Often the settings that have a fast path of their own.
        const kind = random.below(4);
        const seq4 = [0x02, 0x0e, 0x06, random.below(4) * 4 + 2][kind];
        const plain = random.below(2) === 0;
        const gc = plain
          ? [0, 0, 0, 0, random.below(4), kind === 0 ? 0x10 : 0, kind === 0 ? 0x0e : 0x05, 0x0f, 0xff]
          : [0, 1, 2, 3, 4, 5, 6, 7, 8].map(() => random.below(256));
        const mapMask = plain ? [3, 15, 15, 15][kind] : random.below(16);
        const set = (array: number[], index: number, value: number, mask: number): void => {
          array[index] = value & mask;
        };
        set(model.seq, 2, mapMask, 0x0f);
        set(model.seq, 4, seq4, 0x0e);
        [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff].forEach((mask, index) =>
          set(model.gc, index, gc[index], mask),
        );
        fixture.seq(2, mapMask);
        fixture.seq(4, seq4);
        gc.forEach((value, index) => fixture.gc(index, value));
        for (let access = 0; access < 12; access++) {
          const width = random.pick([1, 2, 4] as const);
          const offset = random.pick([0, 0x8000, 0xfff0, 0x10000, 0x18000, 0x1fff0]) + random.below(16);
          if (random.below(2)) {
            const value = random.u32();
            fixture.poke(0xa0000 + offset, width === 4 ? value : value & ((1 << (width * 8)) - 1), width);
            for (let i = 0; i < width; i++) model.write(offset + i, (value >>> (i * 8)) & 0xff);
          } else {
            const direct = fixture.vga.directWindow();
            let expected = 0;
            for (let i = 0; i < width; i++) expected += model.read(offset + i) * 2 ** (i * 8);
            expect(fixture.peek(0xa0000 + offset, width), `round ${round} step ${step} ${JSON.stringify(direct)}`).toBe(
              expected,
            );
          }
        }
      }
      planesOf(fixture.vga.state.vram).forEach((plane, index) =>
        expect(Buffer.from(plane).equals(model.planes[index])).toBe(true),
      );
    }
  });

  it('is closed while Miscellaneous Output bit 1 is clear', () => {
    const fixture = new VgaFixture();
    fixture.setMode(0x13);
    fixture.out(0x3c2, 0x61);
    fixture.poke(0xa0000, 0x55);
    expect(fixture.peek(0xa0000)).toBe(0xff);
    expect(fixture.vga.state.vram[0]).toBe(0);
  });

  it('lays mode 13h out byte for byte', () => {
    const fixture = new VgaFixture();
    fixture.setMode(0x13);
    fixture.poke(0xa0000 + 319, 0x0201, 2);
    fixture.poke(0xafffc, 0x44332211, 4);
    expect(Array.from(fixture.vga.state.vram.subarray(319, 321))).toEqual([1, 2]);
    expect(Array.from(fixture.vga.state.vram.subarray(0xfffc, 0x10000))).toEqual([0x11, 0x22, 0x33, 0x44]);
    expect(fixture.peek(0xa0000 + 319, 2)).toBe(0x0201);
  });
});

describe('the direct window', () => {
  it('is offered in mode 13h and withdrawn when a write would not be plain', () => {
    const fixture = new VgaFixture();
    let changes = 0;
    fixture.vga.onDirectWindowChange(() => changes++);
    fixture.setMode(0x13);
    expect(fixture.vga.directWindow()).toEqual({ offset: 0, vramOffset: 0, length: 0x10000 });
    const before = changes;
    fixture.gc(8, 0x0f);
    expect(fixture.vga.directWindow()).toBeUndefined();
    fixture.gc(8, 0xff);
    fixture.seq(4, 0x06);
    expect(fixture.vga.directWindow()).toBeUndefined();
    expect(changes - before).toBe(3);
  });

  it('follows the bank of a VBE mode', () => {
    const fixture = new VgaFixture();
    fixture.setMode(0x13);
    fixture.dispi(1, 640);
    fixture.dispi(2, 480);
    fixture.dispi(3, 8);
    fixture.dispi(4, 1);
    fixture.dispi(5, 3);
    fixture.poke(0xa0005, 0x77);
    expect(fixture.vga.directWindow()).toEqual({ offset: 0, vramOffset: 0x30000, length: 0x10000 });
    expect(fixture.vga.state.vram[0x30005]).toBe(0x77);
    expect(fixture.peek(0xa0005)).toBe(0x77);
  });

  it('is not offered in text modes', () => {
    const fixture = new VgaFixture();
    fixture.setMode(3);
    expect(fixture.vga.directWindow()).toBeUndefined();
  });
});

describe('the linear framebuffer', () => {
  it('reads ones and swallows writes beyond VRAM', () => {
    const { vga } = new VgaFixture(0x40000);
    vga.mmioWrite(VGA_LFB, 0x3fffe, 4, 0x12345678);
    vga.mmioWrite(VGA_LFB, 0x40000, 1, 0x12);
    vga.mmioWrite(VGA_LFB, 0x3fffc, 4, 0x89abcdef);
    expect(vga.mmioRead(VGA_LFB, 0x3fffe, 4)).toBe(0xffffffff);
    expect(vga.mmioRead(VGA_LFB, 0x40000, 1)).toBe(0xff);
    expect(vga.mmioRead(VGA_LFB, 0x3fffc, 4)).toBe(0x89abcdef);
    expect(vga.mmioRead(VGA_LFB, 0x3fffd, 2)).toBe(0xabcd);
  });
});
