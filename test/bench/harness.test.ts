import { describe, expect, it } from 'vitest';
import { median, runBench, table } from './harness.ts';
import type { Bench } from './harness.ts';

const quiet = { only: ['terrarium', 'qemu', 'v86'] as const, workDir: '/nowhere', log: () => {} };

function benchOf(run: Record<string, () => Promise<number>>): Bench {
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

describe('a benchmark', () => {
  it('takes the contenders in turn, round by round', async () => {
    const order: string[] = [];
    const note = (name: string, value: number) => () => Promise.resolve(order.push(name) && value);
    const bench = benchOf({ terrarium: note('t', 10), qemu: note('q', 20) });

    const { rows } = await runBench(bench, { ...quiet, rounds: 2 });

    expect(order).toEqual(['t', 'q', 't', 'q']);
    expect(rows).toEqual([{ bench: 'demo', case: 'one', unit: 'ms', terrarium: 10, qemu: 20, v86: null }]);
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
});

describe('the table', () => {
  it.each([
    ['lower', '2.00x'],
    ['higher', '0.50x'],
  ] as const)('says how many times better Terrarium is when %s is better', (better, expected) => {
    const rows = [{ bench: 'demo', case: 'one', unit: 'ms', terrarium: 100, qemu: 200, v86: null }];

    expect(table({ ...benchOf({}), better }, rows)).toContain(expected);
  });
});
