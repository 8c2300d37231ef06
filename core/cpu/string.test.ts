/** REP MOVS and REP STOS, which move many elements at once, against one element after the other. */
import { describe, expect, test } from 'vitest';
import { SEG } from '../isa/index.ts';
import { CODE, REG, TestCpu } from './cpu.fixture.ts';
import { FLAG } from './insn/flags.ts';

const HLT = 0xf4, MOVS = 0xa4, STOS = 0xaa; // prettier-ignore
const GP = 13;
/** Three pages of memory that the operands lie in. */
const AREA = 0x20000;
const AREA_BYTES = 0x3000;
const ROUNDS = 400;

/** The same numbers in every run. */
class Numbers {
  #state = 0x2545_f491;
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
}

interface Case {
  readonly move: boolean;
  readonly size: 1 | 2 | 4;
  readonly wide: boolean;
  readonly si: number;
  readonly di: number;
  readonly count: number;
  readonly down: boolean;
}

function someCase(numbers: Numbers): Case {
  const size = ([1, 2, 4] as const)[numbers.below(3)];
  const count = 1 + numbers.below(numbers.below(2) ? 40 : 1200);
  const down = numbers.below(4) === 0;
  const place = (): number => numbers.below(AREA_BYTES - count * size) + (down ? (count - 1) * size : 0);
  const si = place();
  const near = si + numbers.below(40) - 20;
  const fits = near >= (down ? (count - 1) * size : 0) && near + (down ? size : count * size) <= AREA_BYTES;
  const di = fits && numbers.below(2) ? near : place();
  return { move: numbers.below(3) > 0, size, wide: numbers.below(2) === 1, si, di, count, down };
}

/** What the manual says: an element at a time. */
function model({ move, size, si, di, count, down }: Case, before: Uint8Array, accumulator: number): Uint8Array {
  const bytes = before.slice();
  const step = down ? -size : size;
  for (let i = 0; i < count; i++)
    for (const [at, value] of Array.from({ length: size }, (_, k) => [
      di + i * step + k,
      move ? bytes[si + i * step + k] : (accumulator >>> (8 * k)) & 0xff,
    ]))
      bytes[at] = value;
  return bytes;
}

describe.each([
  { name: 'in real mode', flat: false },
  { name: 'in flat protected mode', flat: true },
])('$name', ({ flat }) => {
  test('elements of every size, upwards and downwards, overlapping or not, come out as one by one', () => {
    const numbers = new Numbers();
    const t = new TestCpu({ jit: 'auto' });
    if (flat) t.enterProtected();
    const before = Uint8Array.from({ length: AREA_BYTES }, () => numbers.below(256));
    for (let round = 0; round < ROUNDS; round++) {
      const one = someCase(numbers);
      const { move, size, wide, si, di, count, down } = one;
      const accumulator = numbers.below(2 ** 32);
      t.memory.dmaWrite(AREA, before);
      const base = flat ? AREA : 0;
      for (const segment of [SEG.DS, SEG.ES]) if (!flat) t.cpu.state.setRealSegment(segment, AREA >> 4);
      const { state } = t.cpu;
      for (const [reg, value] of [
        [REG.AX, accumulator],
        [REG.CX, count],
        [REG.SI, base + si],
        [REG.DI, base + di],
      ])
        // prettier-ignore
        state.setGpr(reg, value);
      state.eflags = down ? FLAG.DF : 0;
      state.rip = CODE;
      t.wake();
      // Address and operand size prefixes count from the code segment's size.
      const addressSize = flat === wide ? [] : [0x67];
      const operandSize = size === 1 || flat === (size === 4) ? [] : [0x66];
      if (flat && !wide) continue; // 16-bit addresses do not reach the area
      t.program(...addressSize, ...operandSize, 0xf3, (move ? MOVS : STOS) + (size > 1 ? 1 : 0), HLT);

      expect(t.cpu.run(50)).toBe('halted');

      const after = t.memory.bytes.slice(t.memory.hostPage[AREA >>> 12], t.memory.hostPage[AREA >>> 12] + AREA_BYTES);
      const differs = model(one, before, accumulator).findIndex((byte, i) => byte !== after[i]);
      const end = (start: number): number => start + (down ? -size : size) * count;
      expect({ one, differs }).toEqual({ one, differs: -1 });
      expect([t.reg(REG.CX), t.reg(REG.DI), t.reg(REG.SI)]).toEqual([0, base + end(di), base + (move ? end(si) : si)]);
    }
  });
});

describe('where a segment ends', () => {
  test('the elements before its end are done, and the next one faults', () => {
    const t = new TestCpu().realVector(GP, 0x9000).load(0x9000, HLT);
    t.cpu.state.setSegment(SEG.ES, AREA >> 4, AREA, 0x123, t.cpu.state.attributes(SEG.ES));
    t.cpu.state.setGpr(REG.CX, 0x1000);
    t.cpu.state.setGpr(REG.AX, 0x5a5a);
    t.program(0xf3, STOS + 1, HLT);

    t.cpu.run(50);

    expect(t.delivered.map(({ vector }) => vector)).toEqual([GP]);
    expect([t.reg16(REG.DI), t.reg16(REG.CX)]).toEqual([0x124, 0x1000 - 0x92]);
    expect([t.memory.read(AREA + 0x123, 1), t.memory.read(AREA + 0x124, 1)]).toEqual([0x5a, 0]);
  });

  test('a 16-bit index goes on at 0', () => {
    const t = new TestCpu();
    t.cpu.state.setRealSegment(SEG.ES, AREA >> 4);
    t.cpu.state.setGpr(REG.DI, 0xffe0);
    t.cpu.state.setGpr(REG.CX, 0x40);
    t.cpu.state.setGpr(REG.AX, 0x5a);
    t.program(0xf3, STOS, HLT);

    t.cpu.run(50);

    expect(t.reg16(REG.DI)).toBe(0x20);
    const at = [0xffdf, 0xffe0, 0xffff, 0x10000, 0, 0x1f, 0x20].map((offset) => t.memory.read(AREA + offset, 1));
    expect(at).toEqual([0, 0x5a, 0x5a, 0, 0x5a, 0x5a, 0]);
  });
});
