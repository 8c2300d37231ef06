import { describe, expect, it } from 'vitest';
import { FakePc } from './fake-pc.fixture.ts';

/** INT 10h with AX and whatever else is given. */
function int10(
  pc: FakePc,
  ax: number,
  regs: Partial<Record<'ebx' | 'ecx' | 'edx' | 'es' | 'edi' | 'ebp' | 'ds', number>> = {},
): void {
  Object.assign(pc.cpu, { eax: ax, ...regs });
  pc.service(0x10);
}
const fresh = (mode = 3): FakePc => {
  const pc = new FakePc().post();
  int10(pc, mode);
  return pc;
};
const type = (pc: FakePc, text: string): void => {
  for (const c of text) int10(pc, 0x0e00 | c.charCodeAt(0), { ebx: 7 });
};

describe('INT 10h in text modes', () => {
  it('teletypes, wraps lines and scrolls at the bottom', () => {
    const pc = fresh();
    type(pc, 'first\r\n' + 'x'.repeat(81));
    expect(pc.screen.slice(0, 3)).toEqual(['first', 'x'.repeat(80), 'x']);
    type(pc, '\r\n'.repeat(22) + 'last\n');
    expect(pc.screen[0]).toBe('x'.repeat(80));
    expect(pc.screen[23]).toBe('last');
  });

  it('shows through the adapter what was typed', () => {
    const pc = fresh();
    type(pc, 'Hello');
    pc.vga.refresh();
    expect(pc.vga.text()?.[0].trimEnd()).toBe('Hello');
  });

  it('keeps the attribute of the cell it types into', () => {
    const pc = fresh();
    pc.memory.write8(0xb8001, 0x4e);
    type(pc, 'A');
    expect(pc.memory.read16(0xb8000)).toBe(0x4e41);
  });

  it('moves the cursor and reports it with its shape', () => {
    const pc = fresh();
    int10(pc, 0x0200, { ebx: 0, edx: 0x0510 });
    int10(pc, 0x0300, { ebx: 0 });
    expect(pc.cpu.edx).toBe(0x0510);
    expect(pc.cpu.ecx).toBe(0x0607);
    pc.io.write(0x3d4, 1, 0x0f);
    expect(pc.io.read(0x3d5, 1)).toBe((5 * 80 + 16) & 0xff);
  });

  it('scales 8-line cursor shapes to 16-line characters', () => {
    const pc = fresh();
    int10(pc, 0x0100, { ecx: 0x0607 });
    pc.io.write(0x3d4, 1, 0x0a);
    expect(pc.io.read(0x3d5, 1)).toBe(14);
    pc.io.write(0x3d4, 1, 0x0b);
    expect(pc.io.read(0x3d5, 1)).toBe(15);
  });

  it('scrolls a window only', () => {
    const pc = fresh();
    type(pc, 'aaaa\r\nbbbb\r\ncccc');
    int10(pc, 0x0601, { ebx: 0x1700, ecx: 0x0001, edx: 0x0202 });
    expect(pc.screen.slice(0, 3)).toEqual(['abba', 'bccb', 'c  c']);
    expect(pc.memory.read16(0xb8000 + 2 * 160 + 2)).toBe(0x1720);
  });

  it('reads and writes characters with attributes at the cursor', () => {
    const pc = fresh();
    int10(pc, 0x0941, { ebx: 0x001f, ecx: 3 });
    expect(pc.screen[0]).toBe('AAA');
    int10(pc, 0x0800, { ebx: 0 });
    expect(pc.cpu.eax & 0xffff).toBe(0x1f41);
  });

  it('writes strings with their own attributes', () => {
    const pc = fresh();
    pc.memory.ram.set([0x58, 0x21, 0x59, 0x22], 0x5000);
    int10(pc, 0x1303, { ebx: 0, ecx: 2, edx: 0x0102, es: 0x0500, ebp: 0 });
    expect(pc.memory.read32(0xb8000 + 160 + 4)).toBe(0x22592158);
    expect(pc.memory.read16(0x450)).toBe(0x0104);
  });

  it('shows another page', () => {
    const pc = fresh();
    int10(pc, 0x0501);
    type(pc, 'Z');
    expect(pc.memory.read8(0xb8000 + 0x1000)).toBe(0x5a);
    pc.io.write(0x3d4, 1, 0x0c);
    expect(pc.io.read(0x3d5, 1)).toBe(0x08);
  });

  it('has 50 lines with the 8x8 font and 25 after another mode set', () => {
    const pc = fresh();
    int10(pc, 0x1112, { ebx: 0 });
    expect(pc.memory.read8(0x484)).toBe(49);
    expect(pc.memory.read16(0x485)).toBe(8);
    type(pc, '\n'.repeat(49) + 'q');
    expect(pc.screen[49]).toBe('q');
    int10(pc, 3);
    expect(pc.memory.read8(0x484)).toBe(24);
  });

  it('points at the 8x16 font in the video ROM', () => {
    const pc = fresh();
    int10(pc, 0x1130, { ebx: 0x0600 });
    const font = pc.cpu.es * 16 + pc.cpu.ebp;
    expect([...pc.memory.ram.subarray(font + 16, font + 32)]).toEqual([
      0, 0, 0x7e, 0x81, 0xa5, 0x81, 0x81, 0xbd, 0x99, 0x81, 0x81, 0x7e, 0, 0, 0, 0,
    ]);
    expect(pc.cpu.edx & 0xff).toBe(24);
  });

  it('reports mode, columns and page', () => {
    const pc = fresh(1);
    int10(pc, 0x0f00);
    expect(pc.cpu.eax & 0xffff).toBe(0x2801);
  });
});

describe('INT 10h in graphics modes', () => {
  it.each([
    [0x04, 3],
    [0x06, 1],
    [0x0d, 9],
    [0x0e, 12],
    [0x10, 5],
    [0x11, 1],
    [0x12, 15],
    [0x13, 200],
  ])('writes and reads a pixel in mode %i', (mode, colour) => {
    const pc = fresh(mode);
    int10(pc, 0x0c00 | colour, { ebx: 0, ecx: 133, edx: 77 });
    int10(pc, 0x0d00, { ebx: 0, ecx: 133, edx: 77 });
    expect(pc.cpu.eax & 0xff).toBe(colour);
    int10(pc, 0x0d00, { ebx: 0, ecx: 134, edx: 77 });
    expect(pc.cpu.eax & 0xff).toBe(0);
  });

  it.each([0x04, 0x06, 0x0d, 0x0e, 0x10, 0x12, 0x13])('draws a character in mode %i that it can read back', (mode) => {
    const pc = fresh(mode);
    int10(pc, 0x0200, { ebx: 0, edx: 0x0203 });
    int10(pc, 0x0e52, { ebx: 1 });
    int10(pc, 0x0200, { ebx: 0, edx: 0x0203 });
    int10(pc, 0x0800, { ebx: 0 });
    expect(pc.cpu.eax & 0xff).toBe(0x52);
  });

  it.each([0x04, 0x06, 0x0d, 0x12, 0x13])('scrolls characters up in mode %i', (mode) => {
    const pc = fresh(mode);
    int10(pc, 0x0200, { ebx: 0, edx: 0x0500 });
    int10(pc, 0x0e4b, { ebx: 1 });
    int10(pc, 0x0602, { ebx: 0, ecx: 0, edx: 0x1827 });
    int10(pc, 0x0200, { ebx: 0, edx: 0x0300 });
    int10(pc, 0x0800, { ebx: 0 });
    expect(pc.cpu.eax & 0xff).toBe(0x4b);
  });

  it('draws by exclusive or when bit 7 of the colour is set', () => {
    const pc = fresh(0x12);
    int10(pc, 0x09db, { ebx: 0x05, ecx: 1 });
    int10(pc, 0x09db, { ebx: 0x86, ecx: 1 });
    int10(pc, 0x0d00, { ebx: 0, ecx: 0, edx: 0 });
    expect(pc.cpu.eax & 0xff).toBe(3);
  });
});

describe('INT 10h palette and information', () => {
  it('sets and reads back a DAC register and an attribute register', () => {
    const pc = fresh();
    int10(pc, 0x1010, { ebx: 0x20, ecx: 0x1122, edx: 0x3300 });
    int10(pc, 0x1015, { ebx: 0x20, ecx: 0, edx: 0 });
    expect([pc.cpu.edx >> 8, pc.cpu.ecx]).toEqual([0x33, 0x1122]);
    int10(pc, 0x1000, { ebx: 0x3a05 });
    int10(pc, 0x1007, { ebx: 0x0005 });
    expect(pc.cpu.ebx).toBe(0x3a05);
  });

  it('reports a VGA with a colour display', () => {
    const pc = fresh();
    int10(pc, 0x1a00);
    expect(pc.cpu.eax & 0xff).toBe(0x1a);
    expect(pc.cpu.ebx & 0xffff).toBe(0x0008);
    int10(pc, 0x1200, { ebx: 0x10 });
    expect(pc.cpu.ebx & 0xffff).toBe(0x0003);
  });

  it('restores the DAC from a saved state', () => {
    const pc = fresh();
    int10(pc, 0x1c01, { ecx: 7, es: 0x2000, ebx: 0 });
    int10(pc, 0x1010, { ebx: 7, ecx: 0, edx: 0 });
    int10(pc, 0x1c02, { ecx: 7, es: 0x2000, ebx: 0 });
    int10(pc, 0x1015, { ebx: 7 });
    expect(pc.cpu.ecx).toBe(0x2a2a);
  });
});

describe('VBE', () => {
  it('lists modes that it then describes and sets', () => {
    const pc = fresh();
    pc.memory.write32(0x20000, 0x32454256);
    int10(pc, 0x4f00, { es: 0x2000, edi: 0 });
    expect(pc.cpu.eax & 0xffff).toBe(0x004f);
    expect(pc.memory.read32(0x20000)).toBe(0x41534556);
    const modes: number[] = [];
    for (let at = 0x20022; pc.memory.read16(at) !== 0xffff; at += 2) modes.push(pc.memory.read16(at));
    expect(modes).toContain(0x144);
    for (const mode of modes) {
      int10(pc, 0x4f01, { ecx: mode, es: 0x3000, edi: 0 });
      expect(pc.cpu.eax & 0xffff).toBe(0x004f);
      int10(pc, 0x4f02, { ebx: 0x4000 | mode });
      expect(pc.cpu.eax & 0xffff).toBe(0x004f);
      int10(pc, 0x4f03);
      expect(pc.cpu.ebx & 0xffff).toBe(0x4000 | mode);
    }
  });

  it('describes 1024x768 with 32 bits whole', () => {
    const pc = fresh();
    int10(pc, 0x4f01, { ecx: 0x144, es: 0x3000, edi: 0 });
    const at = 0x30000;
    expect([
      pc.memory.read16(at + 0x10),
      pc.memory.read16(at + 0x12),
      pc.memory.read16(at + 0x14),
      pc.memory.read8(at + 0x19),
    ]).toEqual([4096, 1024, 768, 32]);
    expect([...pc.memory.ram.subarray(at + 0x1f, at + 0x27)]).toEqual([8, 16, 8, 8, 8, 0, 8, 24]);
    expect(pc.memory.read32(at + 0x28)).toBe(0xe0000000);
  });

  it('moves the window and the start of the display', () => {
    const pc = fresh();
    int10(pc, 0x4f02, { ebx: 0x101 });
    int10(pc, 0x4f05, { ebx: 0, edx: 2 });
    pc.memory.write8(0xa0010, 0x77);
    expect(pc.vga.mmioRead(1, 0x20010, 1)).toBe(0x77);
    int10(pc, 0x4f07, { ebx: 0, ecx: 0, edx: 100 });
    int10(pc, 0x4f07, { ebx: 1 });
    expect(pc.cpu.edx).toBe(100);
  });

  it('refuses a mode that does not exist, and goes back to text', () => {
    const pc = fresh();
    int10(pc, 0x4f02, { ebx: 0x1ff });
    expect(pc.cpu.eax & 0xffff).toBe(0x014f);
    int10(pc, 0x4f02, { ebx: 0x4144 });
    int10(pc, 3);
    type(pc, 'ok');
    expect(pc.screen[0]).toBe('ok');
  });

  it('gives an EDID whose bytes sum to zero', () => {
    const pc = fresh();
    int10(pc, 0x4f15, { ebx: 1, edx: 0, es: 0x2000, edi: 0 });
    expect(pc.cpu.eax & 0xffff).toBe(0x004f);
    expect(pc.memory.ram.subarray(0x20000, 0x20080).reduce((total, byte) => (total + byte) & 0xff, 0)).toBe(0);
  });
});
