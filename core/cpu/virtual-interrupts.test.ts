import { describe, expect, test } from 'vitest';
import { CODE, REG, STACK, TSS_ESP0, TestCpu, handlerOf } from './cpu.fixture.ts';
import { FLAG } from './insn/flags.ts';
import { CONTROL, SEG_TR } from './layout.ts';
import { CR4 } from './state.ts';

const GP = 13;
const CLI = 0xfa, STI = 0xfb, PUSHF = 0x9c, POPF = 0x9d, IRET = 0xcf, NOP = 0x90, HLT = 0xf4; // prettier-ignore
const TSS = TSS_ESP0 - 4;
/** Behind the fixed part, and the I/O permission map behind it. */
const REDIRECTION = 0x68, IO_MAP = REDIRECTION + 32; // prettier-ignore
const USER_SEGMENT = 0xf3;
const IOPL3 = FLAG.IOPL;
const HANDLER = 0x9000;

/** Virtual-8086 mode at CODE, all selectors 0, INT n not intercepted. */
function v86(flags = 0, cr4: number = CR4.VME): TestCpu {
  const t = new TestCpu().enterProtected(3);
  const { state } = t.cpu;
  state.set(CONTROL.cr4, cr4);
  state.setSegment(SEG_TR, state.selector(SEG_TR), TSS, IO_MAP, state.attributes(SEG_TR));
  t.store32(TSS + 0x64, IO_MAP << 16);
  for (let i = 0; i < 32; i += 4) t.store32(TSS + REDIRECTION + i, 0);
  for (let index = 0; index < 6; index++) state.setSegment(index, 0, 0, 0xffff, USER_SEGMENT);
  state.eflags = FLAG.VM | 2 | flags;
  t.cpu.afterFirmware();
  return t;
}

const flags = (t: TestCpu): number => t.cpu.state.eflags & (FLAG.IF | FLAG.VIF | FLAG.VIP | FLAG.IOPL | FLAG.TF);
const vectors = (t: TestCpu): number[] => t.delivered.map(({ vector }) => vector);
const word = (t: TestCpu, address: number): number => t.memory.read(address, 2);

describe('virtual-8086 mode with CR4.VME and IOPL below 3', () => {
  test('CLI and STI clear and set VIF', () => {
    const t = v86(FLAG.IF).program(STI, NOP, CLI, NOP);

    t.step(2);
    const after = flags(t);
    t.step(2);

    expect(after).toBe(FLAG.IF | FLAG.VIF);
    expect(flags(t)).toBe(FLAG.IF);
  });

  test('STI with an interrupt pending goes to the monitor', () => {
    const t = v86(FLAG.VIP).program(STI);

    t.step(1);

    expect(vectors(t)).toEqual([GP]);
  });

  test('PUSHF stores VIF as IF, and IOPL 3', () => {
    const t = v86(FLAG.VIF).program(PUSHF);

    t.step(1);

    expect(word(t, STACK - 2)).toBe(FLAG.IF | IOPL3 | 2);
  });

  test('POPF takes IF into VIF and leaves IF and IOPL', () => {
    const t = v86(FLAG.IF).load(STACK, 0x01, 0x32).program(POPF);

    t.step(1);

    expect(flags(t)).toBe(FLAG.IF | FLAG.VIF);
    expect(t.cpu.state.eflags & FLAG.CF).toBe(FLAG.CF);
  });

  test.each([
    ['POPF that sets TF', [POPF], 0x0102, 0],
    ['POPF that sets IF with an interrupt pending', [POPF], 0x0202, FLAG.VIP],
    ['PUSHF of 32 bits', [0x66, PUSHF], 0, 0],
    ['POPF of 32 bits', [0x66, POPF], 2, 0],
    ['IRET of 32 bits', [0x66, IRET], 2, 0],
  ])('%s goes to the monitor', (_name, code, image, initial) => {
    const t = v86(initial)
      .load(STACK, image & 0xff, image >> 8)
      .program(...code);

    t.step(1);

    expect(vectors(t)).toEqual([GP]);
  });

  test("INT n goes to the program's own handler, and IRET comes back", () => {
    const t = v86(FLAG.VIF | FLAG.IF)
      .realVector(0x21, HANDLER)
      .load(HANDLER, NOP, IRET)
      .program(0xcd, 0x21, NOP);

    t.step(1);
    const inside = { rip: t.cpu.state.rip, flags: flags(t), image: word(t, STACK - 2) };
    t.step(2);

    expect(inside).toEqual({ rip: HANDLER, flags: FLAG.IF, image: FLAG.IF | IOPL3 | 2 });
    expect(t.cpu.state.rip).toBe(CODE + 2);
    expect(flags(t)).toBe(FLAG.IF | FLAG.VIF);
    expect(t.delivered).toEqual([]);
  });

  test('INT n whose bit is set goes to the monitor as #GP', () => {
    const t = v86().load(TSS + REDIRECTION + (0x21 >> 3), 1 << (0x21 & 7)).program(0xcd, 0x21); // prettier-ignore

    t.step(1);

    expect(t.delivered).toEqual([{ vector: GP, errorCode: 0, rip: CODE }]);
  });

  test('without CR4.VME they all are refused', () => {
    for (const code of [[CLI], [STI], [PUSHF], [POPF], [IRET], [0xcd, 0x21]]) {
      const t = v86(0, 0).program(...code);

      t.step(1);

      expect(vectors(t), String(code)).toEqual([GP]);
    }
  });
});

describe('virtual-8086 mode with CR4.VME and IOPL 3', () => {
  test('INT n not intercepted clears IF itself', () => {
    const t = v86(FLAG.IF | IOPL3)
      .realVector(0x21, HANDLER)
      .load(HANDLER, NOP)
      .program(0xcd, 0x21);

    t.step(1);

    expect(t.cpu.state.rip).toBe(HANDLER);
    expect(flags(t)).toBe(IOPL3);
    expect(word(t, STACK - 2)).toBe(FLAG.IF | IOPL3 | 2);
  });

  test('INT n intercepted goes through the gate', () => {
    const t = v86(IOPL3)
      .load(TSS + REDIRECTION + (0x21 >> 3), 1 << (0x21 & 7))
      .program(0xcd, 0x21);

    t.step(1);

    expect(t.cpu.state.rip).toBe(handlerOf(0x21));
  });

  test('CLI clears IF', () => {
    const t = v86(FLAG.IF | FLAG.VIF | IOPL3).program(CLI);

    t.step(1);

    expect(flags(t)).toBe(FLAG.VIF | IOPL3);
  });
});

describe('protected mode with CR4.PVI at level 3', () => {
  const user = (initial: number, cr4: number = CR4.PVI): TestCpu => {
    const t = new TestCpu().enterProtected(3);
    t.cpu.state.set(CONTROL.cr4, cr4);
    t.cpu.state.eflags |= initial;
    return t;
  };

  test('CLI and STI work on VIF', () => {
    const t = user(FLAG.IF).program(STI, CLI, HLT);

    t.step(1);
    const after = flags(t);
    t.step(1);

    expect([after, flags(t)]).toEqual([FLAG.IF | FLAG.VIF, FLAG.IF]);
  });

  test('STI with an interrupt pending is refused', () => {
    const t = user(FLAG.VIP).program(STI);

    t.step(1);

    expect(vectors(t)).toEqual([GP]);
  });

  test('PUSHF shows IF as it is', () => {
    const t = user(FLAG.VIF).program(PUSHF);

    t.step(1);

    expect(t.memory.read(STACK - 4, 4)).toBe(FLAG.VIF | 2);
    expect(t.reg(REG.SP)).toBe(STACK - 4);
  });

  test('without it CLI is refused', () => {
    const t = user(0, 0).program(CLI);

    t.step(1);

    expect(vectors(t)).toEqual([GP]);
  });
});
