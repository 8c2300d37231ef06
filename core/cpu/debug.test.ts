import { describe, expect, test } from 'vitest';
import { CODE, STACK0, TestCpu, handlerOf, w32 } from './cpu.fixture.ts';
import { FLAG } from './insn/flags.ts';
import { CONTROL } from './layout.ts';
import { CR0 } from './state.ts';

const DB = 1, AC = 17; // prettier-ignore
const NOP = 0x90, HLT = 0xf4; // prettier-ignore
const CELL = 0x5000;
/** DR7 fields of breakpoint 0: kind and length, enabled. */
const EXECUTE = 0x2, WRITE4 = 0xd0002, ACCESS4 = 0xf0002; // prettier-ignore
/** MOV [CELL], EAX and MOV EAX, [CELL]. */
const STORE = [0xa3, ...w32(CELL)], LOAD = [0xa1, ...w32(CELL)]; // prettier-ignore

const engines = ['off', 'force'] as const;

/** Protected mode with breakpoint 0 armed before the program runs. */
function armed(jit: 'off' | 'force', dr7: number, address: number, cpl: 0 | 3 = 0): TestCpu {
  const t = new TestCpu({ jit }).enterProtected(cpl);
  t.cpu.debug.write(0, address);
  t.cpu.debug.write(7, dr7);
  return t;
}

const dr6 = (t: TestCpu): number => t.cpu.debug.read(6) & 0xf00f;

describe.each(engines)('breakpoints with the compiler %s', (jit) => {
  test('a write traps after its instruction, also in the middle of a block', () => {
    const t = armed(jit, WRITE4, CELL).program(NOP, ...STORE, NOP, NOP, HLT);

    t.step(20);

    expect(t.delivered).toEqual([{ vector: DB, errorCode: undefined, rip: CODE + 6 }]);
    expect(dr6(t)).toBe(1);
  });

  test('pages without a breakpoint stay fast', () => {
    const t = armed(jit, WRITE4, CELL + 0x1000).program(...STORE, ...LOAD, 0xeb, 0xf4);
    t.step(20);
    const before = t.cpu.mmu.counts.tlbFills;

    t.step(3000);

    expect(t.cpu.mmu.counts.tlbFills).toBe(before);
    expect(t.delivered).toEqual([]);
  });

  test('what was met in an instruction that then faults is forgotten', () => {
    // DIV [CELL] by zero after the operand was read
    const t = armed(jit, ACCESS4, CELL).program(0xf7, 0x35, ...w32(CELL), HLT);

    t.step(4);

    expect(t.delivered.map(({ vector }) => vector)).toEqual([0]);
    expect(t.cpu.debug.pending).toBe(0);
  });

  test('an instruction that is reached by a loop which ran before it was armed is met', () => {
    const t = new TestCpu({ jit }).enterProtected().program(0x40, NOP, 0xeb, 0xfc);
    t.step(300);

    t.cpu.debug.write(0, CODE + 1);
    t.cpu.debug.write(7, EXECUTE);
    t.step(3);

    expect(t.delivered).toEqual([{ vector: DB, errorCode: undefined, rip: CODE + 1 }]);
  });

  test('one in another page is met when code gets there', () => {
    const far = CODE + 0x1000;
    const t = armed(jit, EXECUTE, far + 1)
      .program(0xe9, ...w32(0x1000 - 5))
      .load(far, NOP, NOP, HLT);

    t.step(10);

    expect(t.delivered).toEqual([{ vector: DB, errorCode: undefined, rip: far + 1 }]);
  });

  test('interrupts push their frame onto a watched stack: the trap comes before the handler begins', () => {
    const t = armed(jit, WRITE4, STACK0 - 4, 3).program(0xcd, 0x30);

    t.step(1);
    t.step(1);

    expect(t.delivered).toEqual([{ vector: DB, errorCode: undefined, rip: handlerOf(0x30) }]);
  });

  test('a trap that waits is saved with the processor', () => {
    const t = armed(jit, WRITE4, CELL).program(...STORE, NOP, HLT);

    t.cpu.run(1);

    expect(t.cpu.debug.pending).toBe(1);
    t.cpu.afterLoad();
    t.step(1);
    expect(t.delivered).toEqual([{ vector: DB, errorCode: undefined, rip: CODE + 5 }]);
  });
});

describe.each(engines)('alignment checks with the compiler %s', (jit) => {
  const checking = (): TestCpu => {
    const t = new TestCpu({ jit }).enterProtected(3);
    t.cpu.state.set(CONTROL.cr0, t.cpu.state.cr0 | CR0.AM);
    t.cpu.state.eflags |= FLAG.AC;
    t.cpu.afterFirmware();
    return t;
  };
  const at = (...code: number[]): number[] => {
    const t = checking().program(...code, 0xeb, 0xfe);
    t.step(3);
    return t.delivered.map(({ vector }) => vector);
  };

  test.each([
    ['a word at an odd address', [0x66, 0xa1, ...w32(CELL + 1)], [AC]],
    ['a word at an even address', [0x66, 0xa1, ...w32(CELL + 2)], []],
    ['a doubleword at a multiple of 2', [0xa1, ...w32(CELL + 2)], [AC]],
    ['a doubleword written at a multiple of 4', [0xa3, ...w32(CELL + 4)], []],
    ['a doubleword modified', [0xff, 0x05, ...w32(CELL + 1)], [AC]],
    ['a quadword at a multiple of 4', [0x0f, 0xc7, 0x0d, ...w32(CELL + 4)], [AC]],
    ['a byte', [0xa0, ...w32(CELL + 1)], []],
    ['a push', [0x83, 0xec, 0x01, 0x50], [AC]],
  ])('%s', (_name, code, expected) => {
    expect(at(...code)).toEqual(expected);
  });

  test('the error code is 0 and nothing was written', () => {
    const t = checking()
      .program(0xc7, 0x05, ...w32(CELL + 1), ...w32(-1))
      .store32(CELL, 0);

    t.step(1);

    expect(t.delivered).toEqual([{ vector: AC, errorCode: 0, rip: CODE }]);
    expect(t.memory.read(CELL, 4)).toBe(0);
  });

  test('POPF begins and ends them', () => {
    // PUSHF; OR [ESP], AC; POPF; MOV EAX, [CELL + 1], before which nothing was checked
    const t = new TestCpu({ jit }).enterProtected(3);
    t.cpu.state.set(CONTROL.cr0, t.cpu.state.cr0 | CR0.AM);
    t.cpu.afterFirmware();
    const load = [0xa1, ...w32(CELL + 1)];
    t.program(...load, 0x9c, 0x81, 0x0c, 0x24, ...w32(FLAG.AC), 0x9d, ...load, ...load);

    t.step(5);

    expect(t.delivered).toEqual([{ vector: AC, errorCode: 0, rip: CODE + 14 }]);
  });

  test('level 0 is not checked', () => {
    const t = new TestCpu({ jit }).enterProtected(0).program(0xa1, ...w32(CELL + 1), HLT);
    t.cpu.state.set(CONTROL.cr0, t.cpu.state.cr0 | CR0.AM);
    t.cpu.state.eflags |= FLAG.AC;
    t.cpu.afterFirmware();

    t.step(3);

    expect(t.delivered).toEqual([]);
  });

  test('comes before the page fault of the same access, as on the processors that the truth tests met', () => {
    const t = checking().program(0xa1, ...w32(0x5000_0001));
    t.store32(0x10_0000, 0x10_1007);
    for (let page = 0; page < 0x20; page++) t.store32(0x10_1000 + page * 4, (page << 12) | 7);
    t.cpu.state.set(CONTROL.cr3, 0x10_0000);
    t.cpu.state.set(CONTROL.cr0, t.cpu.state.cr0 | CR0.PG);
    t.cpu.mmu.flush();

    t.step(1);

    expect(t.delivered.map(({ vector }) => vector)).toEqual([AC]);
  });
});
