import { describe, expect, it } from 'vitest';
import { geometricMean, median, runBench, table } from './harness.ts';
import type { Bench, Measurement } from './harness.ts';

const quiet = { only: ['terrarium', 'qemu', 'v86'] as const, workDir: '/nowhere', log: () => {} };

function benchOf(run: Record<string, () => Promise<Measurement>>): Bench {
  return { name: 'demo', unit: 'ms', better: 'lower', cases: () => Promise.resolve([{ name: 'one', run }]) };
}

describe('median', () => {
  it('is the middle of an odd number of values, whatever their order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });
  it('is the mean of the middle two of an even number', () => {
    expect(median([10, 1, 3, 2])).toBe(2.5);
  });
});

describe('the geometric mean', () => {
  it('takes a doubling and a halving for no change', () => {
    expect(geometricMean([2, 0.5])).toBeCloseTo(1);
  });
});

describe('a benchmark', () => {
  it('takes the contenders in turn, round by round', async () => {
    const order: string[] = [];
    const note = (name: string, value: number) => () => Promise.resolve(order.push(name) && value);
    const bench = benchOf({ terrarium: note('t', 10), qemu: note('q', 20) });

    const { rows } = await runBench(bench, { ...quiet, rounds: 2 });

    expect(order).toEqual(['t', 'q', 't', 'q']);
    const figures = { terrarium: 10, qemu: 20, v86: null, toQemu: 2, toV86: null };
    expect(rows).toEqual([{ bench: 'demo', case: 'one', unit: 'ms', ...figures }]);
  });

  it('goes on without a contender that fails, and says why', async () => {
    const bench = benchOf({
      terrarium: () => Promise.resolve(7),
      qemu: () => Promise.reject(new Error('not installed')),
    });

    const { rows, failures } = await runBench(bench, { ...quiet, rounds: 3 });

    expect(rows[0]).toMatchObject({ terrarium: 7, qemu: null });
    expect(failures).toEqual([{ case: 'one', contender: 'qemu', reason: 'not installed' }]);
  });

  it('makes a row of every figure that a run yields', async () => {
    const values = [30, 10, 20];
    const bench = benchOf({ terrarium: () => Promise.resolve({ crc: values.pop()!, fib: 5 }) });

    const { rows } = await runBench(bench, { ...quiet, rounds: 3 });

    expect(rows.map((row) => [row.case, row.terrarium])).toEqual([
      ['crc', 20],
      ['fib', 5],
    ]);
  });

  it('sums the ratios up in a geometric mean where asked', async () => {
    const bench: Bench = {
      ...benchOf({ terrarium: async () => ({ a: 10, b: 10 }), qemu: async () => ({ a: 20, b: 80 }) }),
      geometricMean: true,
    };

    const { rows } = await runBench(bench, { ...quiet, rounds: 1 });

    expect(rows.at(-1)).toMatchObject({ case: 'geometric mean', toQemu: 4, toV86: null });
  });
});

describe('the table', () => {
  it.each([
    ['lower', '2.00x'],
    ['higher', '0.50x'],
  ] as const)('says how many times better Terrarium is when %s is better', async (better, expected) => {
    const bench = { ...benchOf({ terrarium: async () => 100, qemu: async () => 200 }), better };

    const { rows } = await runBench(bench, { ...quiet, rounds: 1 });

    expect(table(bench, rows)).toContain(expected);
  });
});
