import { describe, expect, test } from 'vitest';
import { CODE, REG, TestCpu, w16 } from './cpu.fixture.ts';
import { FLAG } from './insn/flags.ts';

const INC_AX = 0x40, INC_BX = 0x43, INC_DX = 0x42; // prettier-ignore
const HLT = 0xf4, IRET = 0xcf, CLI = 0xfa; // prettier-ignore
const SPIN = [0xeb, 0xfe];
const HANDLER = 0x9000;
const NMI = 2;

const withHandler = (...handler: number[]): TestCpu => new TestCpu().realVector(NMI, HANDLER).load(HANDLER, ...handler);

describe('non-maskable interrupts', () => {
  test('one is taken with interrupts off, without the board being asked for a vector', () => {
    const t = withHandler(INC_DX, IRET).program(CLI, INC_AX, ...SPIN);
    t.cpu.run(2);

    t.cpu.nmi();
    t.step(5);

    expect(t.delivered).toEqual([{ vector: NMI, errorCode: undefined, rip: CODE + 2 }]);
    expect([t.reg16(REG.DX), t.acknowledged]).toEqual([1, 0]);
  });

  test('one goes before an interrupt that waits as well', () => {
    const t = withHandler(IRET)
      .realVector(0x20, HANDLER)
      .program(INC_AX, ...SPIN);
    t.cpu.state.eflags = FLAG.IF;
    t.cpu.setInterrupt(true);

    t.cpu.nmi();
    t.step(1);

    expect(t.delivered.map(({ vector }) => vector)).toEqual([NMI]);
  });

  test('those that come while one is handled are one, taken behind its IRET', () => {
    const t = withHandler(INC_DX, INC_DX, IRET).program(INC_AX, ...SPIN);
    t.cpu.nmi();
    t.step(2);

    t.cpu.nmi();
    t.cpu.nmi();
    t.step(1);
    const during = t.delivered.length;
    t.step(20);

    expect([during, t.delivered.length, t.reg16(REG.DX)]).toEqual([1, 2, 4]);
  });

  test('one wakes a halted processor', () => {
    const t = withHandler(IRET).program(CLI, HLT, INC_AX, HLT);
    t.cpu.run(10);

    t.cpu.nmi();
    t.step(5);

    expect([t.reg16(REG.AX), t.cpu.halted]).toEqual([1, true]);
  });

  test('one that arrives behind a load of SS waits for the next instruction', () => {
    const t = withHandler(...SPIN).program(0x8e, 0xd0, 0xbc, ...w16(0x6000), INC_BX, ...SPIN); // MOV SS,AX; MOV SP,6000h
    t.cpu.run(1);

    t.cpu.nmi();
    t.step(3);

    expect(t.delivered.map(({ rip }) => rip)).toEqual([CODE + 5]);
    expect(t.reg16(REG.SP)).toBe(0x6000 - 6);
  });
});
