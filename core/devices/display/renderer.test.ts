import { describe, expect, it } from 'vitest';
import { cp437, font8x16, vgaModes } from './index.ts';
import { rgb6, VgaFixture } from './vga.fixture.ts';

const BLACK = 0;
const GREY = rgb6(0x2a, 0x2a, 0x2a);
const WHITE = rgb6(0x3f, 0x3f, 0x3f);
const BLUE = rgb6(0, 0, 0x2a);
const YELLOW = rgb6(0x3f, 0x3f, 0x15);

function inMode(mode: number): VgaFixture {
  const fixture = new VgaFixture();
  fixture.setMode(mode);
  fixture.vga.refresh();
  return fixture;
}

const area = (fixture: VgaFixture): number =>
  fixture.vga.refresh().reduce((sum, rect) => sum + rect.width * rect.height, 0);

describe('code page 437', () => {
  it('names 256 characters', () => {
    expect(cp437).toHaveLength(256);
    expect([cp437[0x41], cp437[0x9b], cp437[0xb3], cp437[0xdb], cp437[0xe1], cp437[0xfe], cp437[0xff]].join('')).toBe(
      'A¢│█ß■ ',
    );
  });
});

describe('text modes', () => {
  it('show 80 by 25 characters of nine dots as text and as pixels of the font', () => {
    const fixture = inMode(3);
    fixture.write(2, 1, 'Ab', 0x1e);
    fixture.vga.refresh();
    expect(fixture.vga.text()).toHaveLength(25);
    expect(fixture.vga.text()![1]).toBe('  Ab'.padEnd(80));
    expect([fixture.vga.frame.width, fixture.vga.frame.height]).toEqual([720, 400]);
    for (let row = 0; row < 16; row++)
      for (let dot = 0; dot < 9; dot++) {
        const lit = dot < 8 && (font8x16[0x41 * 16 + row] >> (7 - dot)) & 1;
        expect(fixture.pixel(18 + dot, 16 + row)).toBe(lit ? YELLOW : BLUE);
      }
  });

  it('show 40 columns twice as wide', () => {
    const fixture = inMode(1);
    fixture.write(39, 24, '\xdb', 0x0f, 40);
    fixture.vga.refresh();
    expect(fixture.vga.text()![24]).toBe('█'.padStart(40));
    expect([fixture.vga.frame.width, fixture.vga.frame.height]).toEqual([720, 400]);
    // Box characters C0h-DFh continue into the ninth dot.
    expect([fixture.pixel(701, 399), fixture.pixel(702, 399), fixture.pixel(719, 399)]).toEqual([BLACK, WHITE, WHITE]);
  });

  it('leave the ninth dot dark when line graphics is off', () => {
    const fixture = inMode(3);
    fixture.write(0, 1, '\xdb', 0x0f);
    fixture.ac(0x10, 0x08);
    fixture.vga.refresh();
    expect([fixture.pixel(7, 16), fixture.pixel(8, 16)]).toEqual([WHITE, BLACK]);
  });

  it('show monochrome text at B0000h, with underlining and intensity', () => {
    const fixture = inMode(7);
    fixture.crtc(0x14, 0x0c);
    fixture.write(0, 1, ' ', 0x01, 80, 0xb0000);
    fixture.write(1, 1, '\xdb', 0x0f, 80, 0xb0000);
    fixture.vga.refresh();
    expect([fixture.pixel(0, 16 + 11), fixture.pixel(0, 16 + 12), fixture.pixel(8, 16 + 12)]).toEqual([
      BLACK,
      GREY,
      GREY,
    ]);
    expect(fixture.pixel(9, 16)).toBe(WHITE);
  });

  it('show 50 lines of 8 dots and 43 lines in 350 scan lines', () => {
    const fixture = inMode(3);
    fixture.crtc(0x09, 0x47);
    fixture.write(0, 49, 'last');
    expect(fixture.vga.text()).toHaveLength(50);
    expect(fixture.vga.text()![49].trimEnd()).toBe('last');
    fixture.crtc(0x12, 0x5d);
    fixture.vga.refresh();
    expect(fixture.vga.frame.height).toBe(350);
    expect(fixture.vga.text()!.length).toBe(44); // 43 whole rows and six scan lines of the next
  });

  it('take bright characters from the second font when the sets differ', () => {
    const fixture = inMode(3);
    for (let row = 0; row < 32; row++) fixture.vga.state.vram[(0x4000 + 0x41 * 32 + row) * 4 + 2] = 0x80;
    fixture.seq(3, 0x04);
    fixture.write(0, 1, 'A', 0x0f);
    fixture.write(1, 1, 'A', 0x07);
    fixture.vga.refresh();
    expect([fixture.pixel(0, 16), fixture.pixel(0, 31), fixture.pixel(1, 16)]).toEqual([WHITE, WHITE, BLACK]);
    expect(fixture.pixel(9, 31)).toBe(BLACK);
  });

  it('draw again what a changed font alters', () => {
    const fixture = inMode(3);
    fixture.write(0, 1, 'A');
    fixture.vga.refresh();
    fixture.seq(2, 4);
    fixture.seq(4, 6);
    fixture.gc(5, 0);
    fixture.gc(6, 4);
    fixture.poke(0xa0000 + 0x41 * 32, 0xff);
    expect(fixture.vga.refresh().length).toBeGreaterThan(0);
    expect(fixture.pixel(0, 16)).toBe(GREY);
  });

  it('blink characters whose attribute says so, in virtual time, or use 16 backgrounds', () => {
    const fixture = inMode(3);
    fixture.crtc(0x0a, 0x20);
    fixture.write(0, 1, '\xdb', 0x97);
    fixture.vga.refresh();
    expect(fixture.pixel(0, 16)).toBe(GREY);
    fixture.clock.nowNs = 0.5e9;
    const rects = fixture.vga.refresh();
    expect(rects).toEqual([{ x: 0, y: 16, width: 9, height: 16 }]);
    expect(fixture.pixel(0, 16)).toBe(BLUE);
    fixture.ac(0x10, 0x04);
    fixture.write(1, 1, ' ', 0x97);
    fixture.vga.refresh();
    expect([fixture.pixel(0, 16), fixture.pixel(9, 16)]).toEqual([GREY, rgb6(0x15, 0x15, 0x3f)]);
  });

  it('show the cursor between its start and end lines, blinking, and not at all when start is past end', () => {
    const fixture = inMode(3);
    fixture.crtc(0x0e, 0);
    fixture.crtc(0x0f, 81);
    fixture.vga.refresh();
    const column = (): number[] => [12, 13, 14, 15].map((row) => fixture.pixel(9, 16 + row));
    expect(column()).toEqual([BLACK, GREY, GREY, BLACK]);
    fixture.clock.nowNs = 0.25e9;
    expect(area(fixture)).toBe(9 * 16);
    expect(column()).toEqual([BLACK, BLACK, BLACK, BLACK]);
    fixture.clock.nowNs = 0;
    fixture.crtc(0x0a, 0x0c);
    fixture.vga.refresh();
    expect(column()).toEqual([GREY, GREY, GREY, BLACK]);
    fixture.crtc(0x0b, 0x0b);
    fixture.vga.refresh();
    expect(column()).toEqual([BLACK, BLACK, BLACK, BLACK]);
  });

  it('scroll by the start address, smoothly by row scan and panning', () => {
    const fixture = inMode(3);
    fixture.crtc(0x0a, 0x20);
    fixture.write(1, 1, '\xdb', 0x0f);
    fixture.crtc(0x0d, 80);
    fixture.vga.refresh();
    expect(fixture.vga.text()![0][1]).toBe('█');
    expect([fixture.pixel(9, 0), fixture.pixel(9, 16)]).toEqual([WHITE, BLACK]);
    fixture.crtc(8, 4);
    fixture.ac(0x13, 2); // nine-dot characters: three to the left
    fixture.vga.refresh();
    expect([
      fixture.pixel(5, 0),
      fixture.pixel(6, 0),
      fixture.pixel(14, 11),
      fixture.pixel(15, 0),
      fixture.pixel(6, 12),
    ]).toEqual([BLACK, WHITE, WHITE, BLACK, BLACK]);
  });

  it('split the screen at the line compare value, the lower part from address 0', () => {
    const fixture = inMode(3);
    fixture.write(0, 0, 'status');
    fixture.crtc(0x0c, 0x08);
    fixture.crtc(0x07, 0x0f);
    fixture.crtc(0x09, 0x0f);
    fixture.crtc(0x18, 191);
    expect(fixture.vga.text()![0].trim()).toBe('');
    expect(fixture.vga.text()![12].trimEnd()).toBe('status');
  });

  it('redraw only the cell that was written', () => {
    const fixture = inMode(3);
    fixture.vga.refresh();
    expect(fixture.vga.refresh()).toEqual([]);
    fixture.write(10, 5, 'x');
    expect(fixture.vga.refresh()).toEqual([{ x: 90, y: 80, width: 9, height: 16 }]);
    fixture.write(10, 5, 'x');
    expect(fixture.vga.refresh()).toEqual([]);
  });

  it('is black and has no characters while the screen is off, and comes back whole', () => {
    const fixture = inMode(3);
    fixture.write(0, 1, '\xdb', 0x0f);
    fixture.vga.refresh();
    fixture.seq(1, 0x20);
    fixture.vga.refresh();
    expect([fixture.pixel(0, 16), fixture.vga.frame.width]).toEqual([BLACK, 720]);
    expect(fixture.vga.text()).toEqual([]);
    fixture.seq(1, 0x00);
    fixture.vga.refresh();
    expect(fixture.pixel(0, 16)).toBe(WHITE);
  });

  it('shows the overscan colour while the palette is disconnected', () => {
    const fixture = inMode(3);
    fixture.ac(0x11, 1);
    fixture.in(0x3da);
    fixture.out(0x3c0, 0);
    fixture.vga.refresh();
    expect(fixture.pixel(300, 200)).toBe(BLUE);
  });
});

describe('graphics modes of the table', () => {
  it('are as large as the monitor shows them and have no characters', () => {
    for (const mode of vgaModes.values()) {
      if (mode.kind === 'text') continue;
      const fixture = inMode(mode.mode);
      const width = mode.width === 320 ? 640 : mode.width;
      const height = mode.height === 200 ? 400 : mode.height;
      expect([fixture.vga.frame.width, fixture.vga.frame.height, fixture.vga.text()]).toEqual([
        width,
        height,
        undefined,
      ]);
    }
  });

  it('show four CGA colours from two interleaved banks', () => {
    const fixture = inMode(4);
    fixture.poke(0xb8000, 0b00011011);
    fixture.poke(0xb8000 + 0x2000 + 79, 0b00000010);
    fixture.poke(0xb8000 + 80, 0b11000000);
    fixture.vga.refresh();
    const cyan = rgb6(0x15, 0x3f, 0x3f);
    const magenta = rgb6(0x3f, 0x15, 0x3f);
    expect([0, 2, 4, 6].map((x) => fixture.pixel(x, 0))).toEqual([BLACK, cyan, magenta, WHITE]);
    expect([fixture.pixel(638, 2), fixture.pixel(639, 3), fixture.pixel(637, 2)]).toEqual([magenta, magenta, BLACK]);
    expect([fixture.pixel(0, 4), fixture.pixel(1, 5), fixture.pixel(0, 6)]).toEqual([WHITE, WHITE, BLACK]);
  });

  it('show two CGA colours', () => {
    const fixture = inMode(6);
    fixture.poke(0xb8000, 0x81);
    fixture.poke(0xb8000 + 0x2000, 0x40);
    fixture.vga.refresh();
    expect([0, 1, 7].map((x) => fixture.pixel(x, 1))).toEqual([WHITE, BLACK, WHITE]);
    expect([0, 1, 7].map((x) => fixture.pixel(x, 3))).toEqual([BLACK, WHITE, BLACK]);
  });

  it('show sixteen colours in planes: modes Dh, Eh, 10h, 12h', () => {
    for (const [number, dot, line] of [
      [0xd, 2, 2],
      [0xe, 1, 2],
      [0x10, 1, 1],
      [0x12, 1, 1],
    ] as const) {
      const fixture = inMode(number);
      const { columns } = vgaModes.get(number)!;
      fixture.seq(2, 0b1110);
      fixture.poke(0xa0000 + columns * 3 + 1, 0x40);
      fixture.vga.refresh();
      // Colour 14, second row byte, second pixel.
      expect(fixture.pixel(9 * dot, 3 * line), `mode ${number}`).toBe(YELLOW);
      expect(fixture.pixel(9 * dot + dot - 1, 3 * line + line - 1)).toBe(YELLOW);
      expect([fixture.pixel(9 * dot + dot, 3 * line), fixture.pixel(9 * dot, 3 * line + line)]).toEqual([BLACK, BLACK]);
    }
  });

  it('show mode 11h white on black and mode Fh in shades', () => {
    const two = inMode(0x11);
    two.poke(0xa0000 + 80 * 479 + 79, 0x01);
    two.vga.refresh();
    expect([two.pixel(639, 479), two.pixel(638, 479)]).toEqual([WHITE, BLACK]);
    const mono = inMode(0xf);
    mono.seq(2, 1);
    mono.poke(0xa0000, 0xc0);
    mono.seq(2, 4);
    mono.poke(0xa0000, 0x60);
    mono.vga.refresh();
    expect([0, 1, 2, 3].map((x) => mono.pixel(x, 0))).toEqual([GREY, WHITE, WHITE, BLACK]);
  });

  it('show mode 13h, two dots and two lines a pixel', () => {
    const fixture = inMode(0x13);
    fixture.poke(0xa0000 + 320 * 199 + 319, 40);
    fixture.poke(0xa0000, 0x0f0e, 2);
    fixture.vga.refresh();
    const red = rgb6(0x3f, 0, 0);
    expect([fixture.pixel(638, 398), fixture.pixel(639, 399), fixture.pixel(637, 399)]).toEqual([red, red, BLACK]);
    expect([0, 1, 2, 3, 4].map((x) => fixture.pixel(x, 1))).toEqual([YELLOW, YELLOW, WHITE, WHITE, BLACK]);
  });

  it('honour the PEL mask and palette changes without memory being written', () => {
    const fixture = inMode(0x13);
    fixture.poke(0xa0000, 0x4f);
    fixture.out(0x3c6, 0x0f);
    fixture.vga.refresh();
    expect(fixture.pixel(0, 0)).toBe(WHITE);
    fixture.dac(15, [0, 0, 0x2a]);
    expect(fixture.vga.refresh()).toEqual([{ x: 0, y: 0, width: 2, height: 2 }]);
    expect(fixture.pixel(0, 0)).toBe(BLUE);
  });

  it('pick palette pages by Color Select', () => {
    const fixture = inMode(0x12);
    fixture.poke(0xa0000, 0x80);
    fixture.dac(0x9f, [0, 0, 0x2a]);
    fixture.ac(0x14, 0x09);
    fixture.ac(0x10, 0x81);
    fixture.vga.refresh();
    expect(fixture.pixel(0, 0)).toBe(BLUE);
  });
});

describe('the CRTC in graphics modes', () => {
  it('starts up to three characters further with byte panning', () => {
    const fixture = inMode(0x12);
    fixture.poke(0xa0003, 0x80);
    fixture.crtc(8, 0x60);
    fixture.vga.refresh();
    expect(fixture.pixel(0, 0)).toBe(WHITE);
  });

  it('wraps around the end of a plane, within a line too, and sees what is written there', () => {
    const fixture = inMode(0x12);
    fixture.crtc(0x0c, 0xff);
    fixture.crtc(0x0d, 0xfe);
    fixture.vga.refresh();
    fixture.poke(0xa0000, 0x80);
    fixture.vga.refresh();
    expect([fixture.pixel(15, 0), fixture.pixel(16, 0), fixture.pixel(17, 0)]).toEqual([BLACK, WHITE, BLACK]);
  });

  it('brings address bit 15 in at the bottom in word mode', () => {
    const fixture = inMode(3);
    fixture.crtc(0x0c, 0x80);
    fixture.vga.state.vram[4] = 0x41; // plane 0, byte 1: what counter 8000h addresses
    fixture.vga.markDirty(0, 8);
    expect(fixture.vga.text()![0][0]).toBe('A');
    fixture.crtc(0x17, 0x83); // bit 13 instead
    expect(fixture.vga.text()![0][0]).toBe(' ');
  });

  it('leaves out planes that Color Plane Enable masks', () => {
    const fixture = inMode(0x12);
    fixture.poke(0xa0000, 0x80);
    fixture.ac(0x12, 0x07);
    fixture.vga.refresh();
    expect(fixture.pixel(0, 0)).toBe(GREY);
  });

  it('doubles every line, and the time of a frame, when CR17 halves the line counter', () => {
    const fixture = inMode(0x12);
    fixture.poke(0xa0000 + 80, 0x80);
    fixture.crtc(0x17, 0xe7);
    fixture.vga.refresh();
    expect(fixture.vga.frame.height).toBe(960);
    expect([1, 2, 3, 4].map((y) => fixture.pixel(0, y))).toEqual([BLACK, WHITE, WHITE, BLACK]);
    const retraceAtNs = (490.5 * 800 * 1e9) / 25_175_000;
    fixture.clock.nowNs = retraceAtNs;
    expect(fixture.in(0x3da) & 8).toBe(0);
    fixture.clock.nowNs = 2 * retraceAtNs;
    expect(fixture.in(0x3da) & 8).toBe(8);
  });

  it('takes another shift mode or a switch to graphics at once', () => {
    const fixture = inMode(0x12);
    fixture.poke(0xa0000, 0x80);
    fixture.vga.refresh();
    fixture.gc(5, 0x40);
    fixture.vga.refresh();
    expect(fixture.pixel(7, 0)).toBe(fixture.pixel(0, 0));
    fixture.gc(6, 0x04);
    fixture.vga.refresh();
    expect(fixture.vga.text()).toHaveLength(480);
  });

  it('looks only at memory that was written or reported', () => {
    const fixture = inMode(0x12);
    fixture.vga.state.vram.fill(0xff, 0, 4);
    expect(fixture.vga.refresh()).toEqual([]);
    fixture.vga.markDirty(0, 4);
    expect(fixture.vga.refresh()).toEqual([{ x: 0, y: 0, width: 8, height: 1 }]);
  });

  it('gives areas that do not overlap rectangles of their own', () => {
    const fixture = inMode(0x12);
    fixture.poke(0xa0000, 0x80);
    fixture.poke(0xa0000 + 80 + 79, 0x01);
    fixture.poke(0xa0000 + 320, 0x80);
    expect(fixture.vga.refresh()).toEqual([
      { x: 0, y: 0, width: 1, height: 1 },
      { x: 639, y: 1, width: 1, height: 1 },
      { x: 0, y: 4, width: 1, height: 1 },
    ]);
  });
});

describe('mode X', () => {
  /** Mode 13h unchained, as in "Graphics Programming Black Book" ch. 47: 320x240 with square pixels. */
  function modeX(): VgaFixture {
    const fixture = new VgaFixture();
    fixture.setMode(0x13);
    fixture.seq(4, 0x06);
    fixture.out(0x3c2, 0xe3);
    const timing: [number, number][] = [
      [0x06, 0x0d],
      [0x07, 0x3e],
      [0x09, 0x41],
      [0x10, 0xea],
      [0x11, 0x2c],
      [0x12, 0xdf],
      [0x14, 0x00],
      [0x15, 0xe7],
      [0x16, 0x06],
      [0x17, 0xe3],
    ];
    for (const [index, value] of timing) fixture.crtc(index, value);
    fixture.vga.refresh();
    return fixture;
  }
  const set = (fixture: VgaFixture, x: number, y: number, colour: number, page = 0): void => {
    fixture.seq(2, 1 << (x & 3));
    fixture.poke(0xa0000 + page + y * 80 + (x >> 2), colour);
  };

  it('shows 240 lines whose pixels lie in turn in the four planes', () => {
    const fixture = modeX();
    set(fixture, 0, 0, 15);
    set(fixture, 1, 0, 14);
    set(fixture, 319, 239, 1);
    fixture.vga.refresh();
    expect([fixture.vga.frame.width, fixture.vga.frame.height]).toEqual([640, 480]);
    expect([0, 2, 4].map((x) => fixture.pixel(x, 0))).toEqual([WHITE, YELLOW, BLACK]);
    expect([fixture.pixel(639, 479), fixture.pixel(638, 478), fixture.pixel(637, 479)]).toEqual([BLUE, BLUE, BLACK]);
  });

  it('flips pages by the start address and pans by pixels', () => {
    const fixture = modeX();
    set(fixture, 4, 0, 15, 0x4b00);
    fixture.crtc(0x0c, 0x4b);
    fixture.vga.refresh();
    expect([fixture.pixel(7, 0), fixture.pixel(8, 0), fixture.pixel(10, 0)]).toEqual([BLACK, WHITE, BLACK]);
    fixture.ac(0x13, 4);
    fixture.vga.refresh();
    expect([fixture.pixel(4, 0), fixture.pixel(5, 1), fixture.pixel(6, 0)]).toEqual([WHITE, WHITE, BLACK]);
  });

  it('splits the screen, the lower part from address 0 and unpanned when AR10 bit 5 is set', () => {
    const fixture = modeX();
    set(fixture, 0, 0, 15);
    fixture.crtc(0x0c, 0x4b);
    fixture.ac(0x13, 2);
    fixture.ac(0x10, 0x61);
    fixture.crtc(0x07, 0x2e);
    fixture.crtc(0x09, 0x01);
    fixture.crtc(0x18, 99);
    fixture.vga.refresh();
    expect([fixture.pixel(0, 99), fixture.pixel(0, 100), fixture.pixel(1, 101), fixture.pixel(0, 102)]).toEqual([
      BLACK,
      WHITE,
      WHITE,
      BLACK,
    ]);
  });
});

describe('the VBE modes', () => {
  function vbe(width: number, height: number, bpp: number): VgaFixture {
    const fixture = inMode(0x12);
    fixture.dispi(1, width);
    fixture.dispi(2, height);
    fixture.dispi(3, bpp);
    fixture.dispi(4, 0x41);
    fixture.vga.refresh();
    return fixture;
  }
  const lfb = (fixture: VgaFixture, at: number, ...bytes: number[]): void =>
    bytes.forEach((byte, i) => fixture.vga.mmioWrite(1, at + i, 1, byte));

  it('show every linear depth', () => {
    const cases: [number, number[], number][] = [
      [8, [0x3f], WHITE],
      [15, [0x00, 0x7c], 0xff0000],
      [16, [0xe0, 0x07], 0x00ff00],
      [24, [0x11, 0x22, 0x33], 0x332211],
      [32, [0x11, 0x22, 0x33, 0x99], 0x332211],
    ];
    for (const [bpp, bytes, colour] of cases) {
      const fixture = vbe(400, 300, bpp);
      const size = bytes.length;
      lfb(fixture, (400 * 299 + 399) * size, ...bytes);
      const rects = fixture.vga.refresh();
      expect(rects, `${bpp} bpp`).toEqual([{ x: 399, y: 299, width: 1, height: 1 }]);
      expect(fixture.pixel(399, 299)).toBe(colour);
      expect([fixture.vga.frame.width, fixture.vga.frame.height, fixture.vga.text()]).toEqual([400, 300, undefined]);
    }
  });

  it('show 16 planar colours through the window, the bank choosing 64 KiB of each plane', () => {
    const fixture = vbe(1024, 768, 4);
    fixture.dispi(5, 1);
    fixture.seq(2, 0x0e);
    fixture.poke(0xa0000 + 128 * 767 - 0x10000 + 127, 0x01);
    fixture.vga.refresh();
    expect([fixture.pixel(1023, 767), fixture.pixel(1022, 767)]).toEqual([YELLOW, BLACK]);
  });

  it('scroll in a virtual screen wider than the picture', () => {
    const fixture = vbe(320, 200, 32);
    fixture.dispi(6, 512);
    lfb(fixture, (10 * 512 + 20) * 4, 0xff, 0, 0);
    fixture.dispi(8, 20);
    fixture.dispi(9, 10);
    fixture.vga.refresh();
    expect([fixture.pixel(0, 0), fixture.pixel(1, 0)]).toEqual([0x0000ff, BLACK]);
    expect(fixture.dispiIn(7)).toBe(0x100000 / (512 * 4));
  });

  it('use eight bits of the DAC when asked to', () => {
    const fixture = vbe(320, 200, 8);
    fixture.dispi(4, 0x61);
    fixture.dac(1, [0x81, 0x82, 0x83]);
    lfb(fixture, 0, 1);
    fixture.vga.refresh();
    expect(fixture.pixel(0, 0)).toBe(0x818283);
  });

  it('give way to the VGA mode underneath when switched off', () => {
    const fixture = inMode(3);
    fixture.dispi(1, 640);
    fixture.dispi(2, 400);
    fixture.dispi(3, 8);
    fixture.dispi(4, 0xc1);
    fixture.vga.refresh();
    fixture.dispi(4, 0);
    fixture.write(0, 0, 'back');
    fixture.vga.refresh();
    expect([fixture.vga.frame.width, fixture.vga.text()![0].trimEnd()]).toEqual([720, 'back']);
    expect(fixture.pixel(0, 100)).toBe(BLACK);
  });
});

describe('what is drawn piece by piece', () => {
  it('equals what a fresh adapter draws from the same state', () => {
    for (const mode of [0x03, 0x04, 0x0d, 0x12, 0x13]) {
      const fixture = inMode(mode);
      for (let i = 0; i < 200; i++) {
        fixture.poke(vgaModes.get(mode)!.windowBase + ((i * 7919) % 0x4000), i * 37);
        if (i % 10 === 0) fixture.vga.refresh();
      }
      fixture.vga.refresh();
      const whole = new VgaFixture();
      whole.setMode(mode);
      whole.vga.state.vram.set(fixture.vga.state.vram);
      whole.vga.markDirty(0, 0x100000);
      whole.vga.refresh();
      expect(Buffer.from(fixture.vga.frame.pixels).equals(Buffer.from(whole.vga.frame.pixels)), `mode ${mode}`).toBe(
        true,
      );
    }
  });

  it('is told by the rectangles, which cover every pixel that changed', () => {
    const fixture = inMode(0x12);
    const { width } = fixture.vga.frame;
    for (let round = 0; round < 20; round++) {
      const before = fixture.vga.frame.pixels.slice();
      for (let i = 0; i < 5; i++) fixture.poke(0xa0000 + ((round * 7919 + i * 1237) % 0x9600), 0xff);
      const rects = fixture.vga.refresh();
      const after = fixture.vga.frame.pixels;
      for (let at = 0; at < after.length; at += 4) {
        if (before[at] === after[at] && before[at + 1] === after[at + 1] && before[at + 2] === after[at + 2]) continue;
        const x = (at / 4) % width;
        const y = Math.floor(at / 4 / width);
        expect(rects.some((r) => x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height)).toBe(true);
      }
      expect(rects.reduce((sum, r) => sum + r.width * r.height, 0)).toBeLessThan(5 * 16 * 4);
    }
  });
});
