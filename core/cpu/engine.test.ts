import { describe, expect, test } from 'vitest';
import type { IoWidth } from '../bus/index.ts';
import { SEG } from '../isa/index.ts';
import { CODE, REG, STACK, STACK0, TestCpu, handlerOf, w16, w32 } from './cpu.fixture.ts';
import { FLAG } from './insn/flags.ts';
import { CONTROL } from './layout.ts';

const INC_AX = 0x40, INC_CX = 0x41, INC_DX = 0x42, INC_BX = 0x43; // prettier-ignore
const NOP = 0x90, HLT = 0xf4, IRET = 0xcf, CLI = 0xfa, STI = 0xfb; // prettier-ignore
const OUT_80_AL = [0xe6, 0x80];
/** JMP to itself. */
const SPIN = [0xeb, 0xfe];
const HANDLER = 0x9000;
const UD = 6, DF = 8, NP = 11, GP = 13, DB = 1; // prettier-ignore

/** Calls back on every write to port 80h. */
function onPort80(t: TestCpu, written: (value: number) => void): void {
  t.io.map({
    base: 0x80,
    size: 1,
    device: { ioRead: () => 0, ioWrite: (_range, _offset, _width, value) => written(value) },
  });
}

describe('a budget is met exactly', () => {
  /** A block of four instructions that jumps to itself. */
  const LOOP = [INC_AX, INC_BX, INC_CX, 0xeb, 0xfb];

  test('run(n) retires n instructions, whatever n is to the length of blocks', () => {
    const t = new TestCpu().program(...LOOP);
    let total = 0;

    for (let count = 1; count <= 70; count++) {
      const before = t.cpu.retired;
      expect(t.cpu.run(count)).toBe('budget');
      expect(t.cpu.retired - before).toBe(count);
      total += count;
    }

    expect([REG.AX, REG.BX, REG.CX].map((r) => t.reg16(r))).toEqual([3, 2, 1].map((i) => Math.floor((total + i) / 4)));
    expect(t.cpu.state.rip).toBe(CODE + (total % 4));
  });

  test('a budget that ends inside a long block stops there', () => {
    const t = new TestCpu().program(...new Array<number>(100).fill(INC_AX), ...SPIN);

    const stops = [5, 30, 33, 31].map((count) => {
      t.cpu.run(count);
      return t.reg16(REG.AX);
    });

    expect(stops).toEqual([5, 35, 68, 99]);
  });

  test('a run that is cut into single instructions ends where an uncut one does', () => {
    const program = [...LOOP.slice(0, 3), 0x75, 0xfb, ...SPIN]; // INC x3; JNZ
    const uncut = new TestCpu().program(...program);
    const cut = new TestCpu().program(...program);

    uncut.cpu.run(777);
    for (let i = 0; i < 777; i++) cut.cpu.run(1);

    expect(cut.cpu.state.rip).toBe(uncut.cpu.state.rip);
    expect(cut.reg(REG.AX)).toBe(uncut.reg(REG.AX));
    expect(cut.cpu.retired).toBe(uncut.cpu.retired);
  });

  test('a repeated string instruction longer than a slice completes', () => {
    const t = new TestCpu();
    t.cpu.state.setRealSegment(SEG.ES, 0x2000);
    t.cpu.state.setGpr(REG.CX, 20000);
    t.cpu.state.setGpr(REG.AX, 0x5a);
    t.program(0xf3, 0xaa, HLT); // REP STOSB

    const stop = t.cpu.run(100);

    expect(stop).toBe('halted');
    expect([t.reg16(REG.CX), t.reg16(REG.DI)]).toEqual([0, 20000]);
    expect([t.memory.read(0x20000 + 19999, 1), t.memory.read(0x20000 + 20000, 1)]).toEqual([0x5a, 0]);
  });

  test('a guest that faults on its way into every handler does not keep the host', () => {
    const t = new TestCpu().realVector(UD, HANDLER).program(0x0f, 0x0b).load(HANDLER, 0x0f, 0x0b); // UD2
    t.cpu.state.setRealSegment(SEG.SS, 0x3000);

    const stop = t.cpu.run(100_000);

    expect(stop).toBe('budget');
    expect([t.delivered.length, t.cpu.retired]).toEqual([100_000, 100_000]);
    expect(t.delivered.at(-1)).toEqual({ vector: UD, errorCode: undefined, rip: HANDLER });
  });
});

describe('a kick comes back before the next instruction', () => {
  test('from port output at any place in a block, and the block is whole afterwards', () => {
    const t = new TestCpu();
    onPort80(t, () => t.cpu.kick());

    for (let before = 0; before < 40; before++) {
      const program = [...new Array<number>(before).fill(INC_AX), ...OUT_80_AL, INC_BX, INC_BX, 0xeb, 0xfe];
      t.program(...program);
      t.cpu.state.rip = CODE;
      t.cpu.state.setGpr(REG.BX, 0);
      const retired = t.cpu.retired;

      expect(t.cpu.run(1000), `OUT after ${before}`).toBe('kicked');
      expect([t.cpu.state.rip, t.cpu.retired - retired, t.reg(REG.BX)]).toEqual([CODE + before + 2, before + 1, 0]);

      expect(t.cpu.run(2)).toBe('budget');
      t.cpu.state.rip = CODE;
      expect(t.cpu.run(1000)).toBe('kicked');
      expect(t.reg(REG.BX)).toBe(2);
    }
  });

  test('from memory-mapped input and output in the middle of a block', () => {
    const t = new TestCpu();
    t.cpu.state.setRealSegment(SEG.DS, 0xa000);
    const seen: string[] = [];
    t.memory.mapMmio({
      base: 0xa0000,
      size: 0x1000,
      device: {
        mmioRead: (_range, offset, width) => {
          seen.push(`read ${offset} ${width} after ${t.cpu.retired}`);
          t.cpu.kick();
          return 0x1234;
        },
        mmioWrite: (_range, offset, width, value) => {
          seen.push(`write ${offset} ${width} ${value} after ${t.cpu.retired}`);
          t.cpu.kick();
        },
      },
    });
    // INC BX; MOV AX,[10h]; INC BX; MOV [20h],AX; INC BX
    t.program(INC_BX, 0xa1, 0x10, 0x00, INC_BX, 0xa3, 0x20, 0x00, INC_BX, ...SPIN);

    const stops = [t.cpu.run(100), t.reg(REG.BX), t.cpu.run(100), t.reg(REG.BX), t.cpu.run(10), t.reg(REG.BX)];

    expect(stops).toEqual(['kicked', 1, 'kicked', 2, 'budget', 3]);
    expect(seen).toEqual(['read 16 2 after 1', 'write 32 2 4660 after 3']);
  });

  test('the count of retired instructions is exact while a device is called, kicked or not', () => {
    const t = new TestCpu();
    const seen: number[] = [];
    onPort80(t, (value) => {
      seen.push(t.cpu.retired);
      if (value === 1) t.cpu.kick();
      seen.push(t.cpu.retired);
    });
    t.program(NOP, ...OUT_80_AL, INC_AX, ...OUT_80_AL, NOP, NOP, ...OUT_80_AL, ...SPIN);

    t.step(20);

    expect(seen).toEqual([1, 1, 3, 3, 6, 6]);
  });

  test('an interrupt raised by a port write is taken before the next instruction', () => {
    const t = new TestCpu().realVector(0x20, HANDLER).load(HANDLER, INC_DX, IRET);
    onPort80(t, () => t.cpu.setInterrupt(true));
    t.cpu.state.eflags = FLAG.IF;
    t.program(INC_AX, ...OUT_80_AL, INC_BX, ...SPIN);

    t.step(4); // INC, OUT, the interrupt, INC

    expect(t.delivered).toEqual([{ vector: 0x20, errorCode: undefined, rip: CODE + 3 }]);
    expect([t.reg(REG.BX), t.reg(REG.DX)]).toEqual([0, 1]);
  });
});

describe('external interrupts', () => {
  test('one is acknowledged once for each time it is taken', () => {
    const t = new TestCpu().realVector(0x20, HANDLER).load(HANDLER, INC_DX, IRET);
    t.cpu.state.eflags = FLAG.IF;
    t.program(INC_AX, INC_AX, INC_AX, ...SPIN);
    t.cpu.setInterrupt(true);

    t.step(5);
    t.cpu.setInterrupt(false);
    t.step(50);

    expect(t.acknowledged).toBe(t.delivered.length);
    expect(t.reg16(REG.DX)).toBe(t.delivered.length);
    expect(t.delivered.length).toBeGreaterThan(0);
  });

  test('one waits while the interrupt flag is clear', () => {
    const t = new TestCpu().program(CLI, INC_AX, INC_AX, ...SPIN);
    t.cpu.setInterrupt(true);

    t.step(10);

    expect(t.acknowledged).toBe(0);
    expect(t.reg16(REG.AX)).toBe(2);
  });

  test('one that is pending at STI is taken after the instruction that follows', () => {
    const t = new TestCpu().realVector(0x20, HANDLER).load(HANDLER, ...SPIN);
    t.program(STI, INC_AX, INC_BX, ...SPIN);
    t.cpu.setInterrupt(true);

    t.step(4);

    expect(t.delivered).toEqual([{ vector: 0x20, errorCode: undefined, rip: CODE + 2 }]);
    expect([t.reg16(REG.AX), t.reg16(REG.BX)]).toEqual([1, 0]);
  });

  test('STI and CLI in a row leave no gap', () => {
    const t = new TestCpu().program(STI, CLI, STI, CLI, INC_AX, ...SPIN);
    t.cpu.setInterrupt(true);

    t.step(10);

    expect(t.acknowledged).toBe(0);
    expect(t.reg16(REG.AX)).toBe(1);
  });

  test.each([
    ['MOV SS', [0x8e, 0xd0]],
    ['POP SS', [0x17]],
  ])('one that arrives behind %s is taken after the instruction that follows', (_name, load) => {
    const t = new TestCpu().realVector(0x20, HANDLER).load(HANDLER, ...SPIN);
    t.program(...load, 0xbc, ...w16(0x6000), INC_BX, ...SPIN); // MOV SP,6000h
    t.cpu.state.eflags = FLAG.IF;
    t.cpu.run(1);
    t.cpu.setInterrupt(true);

    t.step(2);

    expect(t.delivered.map((d) => d.rip)).toEqual([CODE + load.length + 3]);
    expect(t.reg16(REG.SP)).toBe(0x6000 - 6);
  });

  test('a halted processor retires nothing and wakes behind HLT', () => {
    const t = new TestCpu().realVector(0x20, HANDLER).load(HANDLER, INC_DX, IRET);
    t.cpu.state.eflags = FLAG.IF;
    t.program(HLT, INC_AX, ...SPIN);

    const first = t.cpu.run(100);
    const retired = t.cpu.retired;
    const second = t.cpu.run(100);
    const retiredWhileHalted = t.cpu.retired - retired;
    t.cpu.setInterrupt(true);
    t.cpu.run(1);
    t.cpu.setInterrupt(false);
    t.step(5);

    expect([first, second, retired, retiredWhileHalted]).toEqual(['halted', 'halted', 1, 0]);
    expect(t.delivered).toEqual([{ vector: 0x20, errorCode: undefined, rip: CODE + 1 }]);
    expect([t.reg16(REG.AX), t.reg16(REG.DX), t.cpu.halted]).toEqual([1, 1, false]);
  });

  test('an interrupt that may not be taken wakes nobody', () => {
    const t = new TestCpu().program(CLI, HLT, INC_AX);
    t.cpu.run(10);

    t.cpu.setInterrupt(true);
    const stop = t.cpu.run(10);

    expect(stop).toBe('halted');
    expect(t.reg16(REG.AX)).toBe(0);
  });

  test('one that is pending at STI and HLT wakes the processor at once', () => {
    const t = new TestCpu()
      .realVector(0x20, HANDLER)
      .load(HANDLER, INC_DX, ...SPIN)
      .program(STI, HLT, INC_AX);
    t.cpu.setInterrupt(true);

    const stop = t.step(4);

    expect(stop).toBe('budget');
    expect(t.delivered.map((d) => d.rip)).toEqual([CODE + 2]);
    expect(t.reg16(REG.DX)).toBe(1);
  });

  test('a long repeated string instruction is interrupted between iterations and goes on afterwards', () => {
    const t = new TestCpu().realVector(0x20, HANDLER);
    const cx: number[] = [];
    onPort80(t, () => {
      cx.push(t.reg16(REG.CX));
      t.cpu.setInterrupt(false);
    });
    t.load(HANDLER, ...OUT_80_AL, IRET);
    t.cpu.state.setRealSegment(SEG.ES, 0x2000);
    t.cpu.state.setGpr(REG.CX, 20000);
    t.cpu.state.eflags = FLAG.IF;
    t.program(0xf3, 0xaa, ...SPIN); // REP STOSB
    t.cpu.run(1);
    t.cpu.setInterrupt(true);

    t.step(20);

    expect(t.delivered.map((d) => d.rip)).toEqual([CODE]);
    expect(cx[0]).toBeGreaterThan(0);
    expect(cx[0]).toBeLessThan(20000);
    expect([t.reg16(REG.CX), t.reg16(REG.DI)]).toEqual([0, 20000]);
  });
});

test('interrupts that the program asks for are counted by their vectors', () => {
  const t = new TestCpu().program(0xcd, 0x21, 0xcd, 0x10, 0xcd, 0x21, 0xcc, ...SPIN); // INT 21h, 10h, 21h; INT3
  for (const vector of [0x21, 0x10, 3]) t.realVector(vector, HANDLER);
  t.load(HANDLER, IRET);

  t.cpu.run(10);

  expect(t.cpu.stats().softwareInterrupts).toEqual({ '21h': 2, '3h': 1, '10h': 1 });
});

describe('single-stepping', () => {
  test('traps behind every instruction, and DR6 says why', () => {
    const t = new TestCpu().realVector(DB, HANDLER).load(HANDLER, INC_CX, IRET);
    t.program(INC_AX, INC_BX, ...SPIN);
    t.cpu.state.eflags = FLAG.TF;

    t.step(9);

    expect(t.delivered.slice(0, 3).map((d) => [d.vector, d.rip])).toEqual([[DB, CODE + 1], [DB, CODE + 2], [DB, CODE + 2]]); // prettier-ignore
    expect(t.reg16(REG.CX)).toBe(3);
    expect(t.cpu.state.get(CONTROL.dr + 6 * 8) & 0x4000).toBe(0x4000);
  });

  test('begins behind the instruction after the POPF that sets TF', () => {
    const t = new TestCpu().realVector(DB, HANDLER).load(HANDLER, ...SPIN);
    t.program(INC_AX, 0x68, ...w16(FLAG.TF), 0x9d, INC_BX, INC_CX, ...SPIN); // PUSH 100h; POPF

    t.step(8);

    expect(t.delivered.map((d) => [d.vector, d.rip])).toEqual([[DB, CODE + 6]]);
    expect([t.reg16(REG.BX), t.reg16(REG.CX)]).toEqual([1, 0]);
  });

  test('does not trap behind an instruction that loads SS', () => {
    const t = new TestCpu().realVector(DB, HANDLER).load(HANDLER, ...SPIN);
    t.program(0x8e, 0xd0, INC_BX, INC_CX, ...SPIN); // MOV SS,AX
    t.cpu.state.eflags = FLAG.TF;

    t.step(4);

    expect(t.delivered.map((d) => [d.vector, d.rip])).toEqual([[DB, CODE + 3]]);
  });

  test('goes one iteration of a repeated string instruction at a time', () => {
    const t = new TestCpu()
      .realVector(DB, HANDLER)
      .load(HANDLER, IRET)
      .program(0xf3, 0xaa, ...SPIN); // REP STOSB
    t.cpu.state.setGpr(REG.CX, 3);
    t.cpu.state.setGpr(REG.DI, 0xa000);
    t.cpu.state.eflags = FLAG.TF;

    t.step(6);

    expect(t.delivered.slice(0, 3).map((d) => d.rip)).toEqual([CODE, CODE, CODE + 2]);
    expect(t.reg16(REG.CX)).toBe(0);
  });
});

test('a return to the last byte of the address space is no jump to a block that is none', () => {
  const t = new TestCpu().enterProtected().program(0x6a, 0xff, 0xc3); // PUSH -1; RET
  const handler = handlerOf(GP);
  t.load(handler, 0xe9, ...w32(CODE - handler - 5)); // JMP: from the second time on the code TLB has the page

  t.cpu.run(20);

  expect(t.delivered.length).toBeGreaterThan(2);
  expect(t.delivered.every(({ vector, rip }) => vector === GP && rip === 0xffff_ffff)).toBe(true);
});

describe('faults on the way to a handler', () => {
  /** MOV DS,AX with a selector beyond the GDT: #GP(selector). */
  const GENERAL_PROTECTION = [0x8e, 0xd8];

  test('an undefined opcode reaches its handler with nothing changed', () => {
    const t = new TestCpu().enterProtected().program(INC_AX, 0x0f, 0x0b, INC_BX); // UD2

    const stop = t.cpu.run(10);

    expect(stop).toBe('halted');
    expect(t.delivered).toEqual([{ vector: UD, errorCode: undefined, rip: CODE + 1 }]);
    expect(t.cpu.state.rip).toBe(handlerOf(UD) + 1);
    expect(t.stack(2)).toEqual([CODE + 1, 0x08]);
    expect([t.reg(REG.AX), t.reg(REG.BX)]).toEqual([1, 0]);
  });

  test('an error code is pushed, and level 3 gets the stack of level 0', () => {
    const t = new TestCpu().enterProtected(3).program(...GENERAL_PROTECTION);
    t.cpu.state.setGpr(REG.AX, 0x1234);

    t.cpu.run(10);

    expect(t.delivered).toEqual([{ vector: GP, errorCode: 0x1234, rip: CODE }]);
    expect(t.stack(6)).toEqual([0x1234, CODE, 0x1b, expect.any(Number), STACK, 0x23]);
    expect(t.reg(REG.SP)).toBe(STACK0 - 24);
  });

  test('a contributory fault during the delivery of another is a double fault with error code 0', () => {
    const t = new TestCpu()
      .enterProtected()
      .gate(GP, 0, false)
      .program(...GENERAL_PROTECTION);
    t.cpu.state.setGpr(REG.AX, 0x1234);

    const stop = t.cpu.run(10);

    expect(stop).toBe('halted');
    expect(t.delivered.map((d) => [d.vector, d.errorCode])).toEqual([[GP, 0x1234], [DF, 0]]); // prettier-ignore
    expect(t.cpu.state.rip).toBe(handlerOf(DF) + 1);
  });

  test('a fault during the delivery of a benign exception is delivered in its place', () => {
    const t = new TestCpu().enterProtected().gate(UD, 0, false).program(0x0f, 0x0b); // UD2

    t.cpu.run(10);

    // The gate's index, in the IDT, on the way to an exception.
    expect(t.delivered.map((d) => [d.vector, d.errorCode])).toEqual([[UD, undefined], [NP, UD * 8 + 3]]); // prettier-ignore
    expect(t.cpu.state.rip).toBe(handlerOf(NP) + 1);
  });

  test('a fault during the delivery of a double fault shuts the processor down until reset', () => {
    const t = new TestCpu()
      .enterProtected()
      .gate(GP, 0, false)
      .gate(DF, 0, false)
      .program(...GENERAL_PROTECTION);
    t.cpu.state.setGpr(REG.AX, 0x1234);

    const stops = [t.cpu.run(10), t.cpu.run(10)];
    const shutdown = t.cpu.isShutdown;
    t.cpu.reset();

    expect(stops).toEqual(['shutdown', 'shutdown']);
    expect(shutdown).toBe(true);
    expect(t.log).toEqual([expect.stringContaining('shutdown')]);
    expect([t.cpu.isShutdown, t.cpu.state.rip, t.cpu.state.base(SEG.CS)]).toEqual([false, 0xfff0, 0xffff0000]);
  });

  test('an interrupt does not wake a processor that shut down', () => {
    const t = new TestCpu().enterProtected().program(...GENERAL_PROTECTION);
    t.cpu.state.setGpr(REG.AX, 0x1234);
    t.cpu.state.set(CONTROL.idtrLimit, 0);
    t.cpu.state.eflags = FLAG.IF;
    t.cpu.run(10);

    t.cpu.setInterrupt(true);

    expect(t.cpu.run(10)).toBe('shutdown');
    expect(t.acknowledged).toBe(0);
  });
});

describe('identification', () => {
  /** CPUID for a leaf, the registers as text in the order given. */
  function cpuid(leaf: number, ...order: number[]): string {
    const t = new TestCpu().program(0x0f, 0xa2);
    t.cpu.state.setGpr(REG.AX, leaf);
    t.cpu.run(1);
    const bytes = order.flatMap((r) => [0, 8, 16, 24].map((shift) => (t.reg(r) >>> shift) & 0xff));
    return String.fromCharCode(...bytes.filter((byte) => byte !== 0));
  }

  test('CPUID names a vendor that guests know', () => {
    expect(cpuid(0, REG.BX, REG.DX, REG.CX)).toBe('GenuineIntel');
  });

  test('CPUID spells the brand over three leaves', () => {
    const parts = [0x80000002, 0x80000003, 0x80000004].map((leaf) => cpuid(leaf, REG.AX, REG.BX, REG.CX, REG.DX));

    expect(parts.join('')).toBe('Terrarium Virtual CPU');
  });

  test('RDTSC reads the time of the board', () => {
    const t = new TestCpu().program(0x0f, 0x31);
    t.timeStamp = 0x1_2345_6789;

    t.cpu.run(1);

    expect([t.reg(REG.DX), t.reg(REG.AX)]).toEqual([1, 0x23456789]);
  });
});

test('a port access of every width reaches the bus with its width', () => {
  const t = new TestCpu();
  const seen: [width: IoWidth, value: number][] = [];
  t.io.map({
    base: 0x80,
    size: 4,
    maxWidth: 4,
    device: { ioRead: () => 0xfedcba98, ioWrite: (_range, _offset, width, value) => seen.push([width, value]) },
  });
  // IN EAX,80h; OUT 80h,AL; OUT 80h,AX; OUT 80h,EAX
  t.program(0x66, 0xe5, 0x80, 0xe6, 0x80, 0xe7, 0x80, 0x66, 0xe7, 0x80);

  t.cpu.run(4);

  expect(seen).toEqual([[1, 0x98], [2, 0xba98], [4, 0xfedcba98]]); // prettier-ignore
});
