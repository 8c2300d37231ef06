import { describe, expect, it } from 'vitest';
import { FakePc } from './fake-pc.fixture.ts';

/** Scan codes in, key words out. */
function press(pc: FakePc, ...codes: number[]): void {
  for (const code of codes) {
    pc.scanCodes.push(code);
    pc.call(0x09);
  }
}
function keys(pc: FakePc, enhanced = true): number[] {
  const found: number[] = [];
  for (;;) {
    pc.cpu.eax = enhanced ? 0x1100 : 0x0100;
    pc.service(0x16);
    if (pc.zero) return found;
    pc.cpu.eax = enhanced ? 0x1000 : 0x0000;
    pc.service(0x16);
    found.push(pc.cpu.eax & 0xffff);
  }
}
const fresh = (): FakePc => new FakePc().post();
const up = (code: number): number => code | 0x80;

describe('INT 09h and 16h', () => {
  it.each([
    ['a letter', [0x1e, up(0x1e)], [0x1e61]],
    ['a letter with Shift', [0x2a, 0x1e, up(0x1e), up(0x2a)], [0x1e41]],
    ['a letter with CapsLock', [0x3a, up(0x3a), 0x1e], [0x1e41]],
    ['a letter with CapsLock and Shift', [0x3a, up(0x3a), 0x36, 0x1e], [0x1e61]],
    ['Ctrl-C', [0x1d, 0x2e], [0x2e03]],
    ['right Ctrl-C', [0xe0, 0x1d, 0x2e], [0x2e03]],
    ['Alt-X', [0x38, 0x2d], [0x2d00]],
    ['F1, Shift-F1, Alt-F4', [0x3b, 0x2a, 0x3b, up(0x2a), 0x38, 0x3e], [0x3b00, 0x5400, 0x6b00]],
    ['the keypad without NumLock', [0x47, 0x48], [0x4700, 0x4800]],
    ['the keypad with NumLock', [0x45, up(0x45), 0x47, 0x53], [0x4737, 0x532e]],
    ['arrow keys', [0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0x4d], [0x48e0, 0x4de0]],
    ['arrow keys inside fake shifts', [0xe0, 0x2a, 0xe0, 0x48, 0xe0, 0xc8, 0xe0, 0xaa], [0x48e0]],
    ['keypad Enter and /', [0xe0, 0x1c, 0xe0, 0x35], [0xe00d, 0xe02f]],
    ['F11 and Alt-F12', [0x57, 0x38, 0x58], [0x8500, 0x8c00]],
    ['Alt and keypad digits', [0x38, 0x4f, 0x4c, up(0x38)], [0x000f]],
  ])('translates %s', (_what, codes, expected) => {
    const pc = fresh();
    press(pc, ...codes);
    expect(keys(pc)).toEqual(expected);
  });

  it('gives 83-key software the words it knows and drops the others', () => {
    const pc = fresh();
    press(pc, 0xe0, 0x48, 0xe0, 0x1c, 0x57, 0x1e);
    expect(keys(pc, false)).toEqual([0x4800, 0x1c0d, 0x1e61]);
  });

  it('keeps fifteen keys and loses the sixteenth', () => {
    const pc = fresh();
    press(pc, ...Array.from({ length: 16 }, () => 0x1e));
    expect(keys(pc)).toHaveLength(15);
  });

  it('shows held and locked keys in the flags', () => {
    const pc = fresh();
    press(pc, 0x2a, 0x1d, 0xe0, 0x38, 0x3a);
    pc.cpu.eax = 0x1200;
    pc.service(0x16);
    expect(pc.cpu.eax & 0xffff).toBe(0x494e);
    pc.cpu.eax = 0x0200;
    pc.service(0x16);
    expect(pc.cpu.eax & 0xff).toBe(0x4e);
  });

  it('lights the lamps of the locks', () => {
    const pc = fresh();
    press(pc, 0x3a);
    expect(pc.portWrites.filter(([port]) => port === 0x60).map(([, value]) => value)).toEqual([0xed, 0x04]);
  });

  it('resets on Ctrl-Alt-Del with the warm boot flag', () => {
    const pc = fresh();
    press(pc, 0x1d, 0x38, 0xe0, 0x53);
    expect(pc.resets).toBe(1);
    expect(pc.memory.read16(0x472)).toBe(0x1234);
  });

  it('empties the buffer and calls INT 1Bh on Ctrl-Break', () => {
    const pc = fresh();
    pc.memory.write32(0x1b * 4, 0x0600);
    pc.memory.ram.set([0xf4, 0xcf], 0x600);
    let breaks = 0;
    pc.onHalt = () => breaks++;
    press(pc, 0x1e, 0x1d, 0xe0, 0x46);
    expect(breaks).toBe(1);
    expect(pc.memory.read8(0x471)).toBe(0x80);
    expect(keys(pc)).toEqual([0]);
  });

  it('calls INT 05h on PrtSc', () => {
    const pc = fresh();
    pc.memory.write32(0x05 * 4, 0x0600);
    pc.memory.ram.set([0xf4, 0xcf], 0x600);
    let prints = 0;
    pc.onHalt = () => prints++;
    press(pc, 0xe0, 0x2a, 0xe0, 0x37);
    expect(prints).toBe(1);
  });

  it('lets an INT 15h hook see scan codes and SysRq, pressed and released', () => {
    const pc = fresh();
    const [offset, segment] = [pc.memory.read16(0x15 * 4), pc.memory.read16(0x15 * 4 + 2)];
    pc.memory.write32(0x15 * 4, 0x0600);
    pc.memory.ram.set([0xf4, 0xea, offset & 0xff, offset >> 8, segment & 0xff, segment >> 8], 0x600); // HLT, JMP FAR old
    const calls: number[] = [];
    pc.onHalt = () => calls.push(pc.cpu.eax & 0xffff);
    press(pc, 0x54, 0xd4);
    expect(calls).toEqual([0x4f54, 0x8500, 0x4fd4, 0x8501]);
  });

  it('stores a word that a program pushes', () => {
    const pc = fresh();
    pc.cpu.eax = 0x0500;
    pc.cpu.ecx = 0x3062;
    pc.service(0x16);
    expect(pc.cpu.eax & 0xff).toBe(0);
    expect(keys(pc)).toEqual([0x3062]);
  });

  it('ignores acknowledgements of the keyboard', () => {
    const pc = fresh();
    press(pc, 0xfa);
    expect(keys(pc)).toEqual([]);
    expect(pc.portWrites).toContainEqual([0x20, 0x20]);
  });
});
