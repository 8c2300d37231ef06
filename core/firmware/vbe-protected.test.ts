import { describe, expect, test } from 'vitest';
import { CODE, REG, TestCpu } from '../cpu/cpu.fixture.ts';
import { FakePc } from './fake-pc.fixture.ts';
import { VBE_PROTECTED_TABLE } from './vbe-protected.ts';

const HLT = 0xf4;
const VIRT_WIDTH = 6;
const BPP = 3;
const [SET_WINDOW, SET_DISPLAY_START, SET_PALETTE] = [0, 2, 4];
/** Not where the ROM has it: programs copy it. */
const COPY = 0x20_0010;
const DATA = 0x30_0000;

/** A processor that calls one of the functions, with a display interface behind its ports. */
function calling(table: number, registers: Partial<Record<keyof typeof REG, number>>) {
  const t = new TestCpu();
  const dispi = new Map([
    [VIRT_WIDTH, 800],
    [BPP, 24],
  ]);
  let index = 0;
  t.io.map({
    base: 0x1ce,
    size: 3,
    maxWidth: 2,
    device: {
      ioRead: (_range, offset) => (offset === 0 ? index : (dispi.get(index) ?? 0)),
      ioWrite(_range, offset, _width, value) {
        if (offset === 0) index = value;
        else dispi.set(index, value);
      },
    },
  });
  const dac: [port: number, value: number][] = [];
  t.io.map({
    base: 0x3c8,
    size: 2,
    device: { ioRead: () => 0, ioWrite: (_range, offset, _width, value) => void dac.push([0x3c8 + offset, value]) },
  });
  const entry = VBE_PROTECTED_TABLE[table]! | (VBE_PROTECTED_TABLE[table + 1]! << 8);
  t.enterProtected().load(COPY, ...VBE_PROTECTED_TABLE);
  const distance = COPY + entry - (CODE + 5);
  t.program(0xe8, distance & 0xff, (distance >> 8) & 0xff, (distance >> 16) & 0xff, 0, HLT);
  t.load(DATA, 1, 2, 3, 0, 4, 5, 6, 0);
  for (const [name, value] of Object.entries(registers)) t.cpu.state.setGpr(REG[name as keyof typeof REG], value);
  const before = Object.values(REG).map((register) => t.reg(register));
  t.step(200);
  return { t, dispi, dac, before, after: Object.values(REG).map((register) => t.reg(register)) };
}

describe('the protected-mode interface of VBE', () => {
  test('is found by INT 10h AX=4F0Ah', () => {
    const pc = new FakePc().post();

    Object.assign(pc.cpu, { eax: 0x4f0a, ebx: 0 });
    pc.service(0x10);

    expect(pc.cpu.eax & 0xffff).toBe(0x004f);
    expect(pc.cpu.ecx & 0xffff).toBe(VBE_PROTECTED_TABLE.length);
    const at = pc.cpu.es * 16 + (pc.cpu.edi & 0xffff);
    expect(VBE_PROTECTED_TABLE.map((_, i) => pc.memory.read8(at + i))).toEqual(VBE_PROTECTED_TABLE);
  });

  test('moves the window', () => {
    const { dispi, t } = calling(SET_WINDOW, { AX: 0x4f05, BX: 0, DX: 7 });

    expect([dispi.get(5), t.cpu.halted]).toEqual([7, true]);
  });

  test('moves the picture to a pixel of a line that is wider than the screen', () => {
    const start = (3 * 800 * 3 + 8 * 3) / 4;

    const { dispi, before, after } = calling(SET_DISPLAY_START, { AX: 0x4f07, BX: 0, CX: start, DX: 0 });

    expect([dispi.get(8), dispi.get(9)]).toEqual([8, 3]);
    expect(after).toEqual(before);
  });

  test('sets colours, red first to the DAC', () => {
    const { dac } = calling(SET_PALETTE, { AX: 0x4f09, BX: 0, CX: 2, DX: 0x10, DI: DATA });

    expect(dac).toEqual([[0x3c8, 0x10], ...[3, 2, 1, 6, 5, 4].map((value) => [0x3c9, value])]);
  });
});
