import { describe, expect, test } from 'vitest';
import { ProbeLine } from '../bus/index.ts';
import { SharedWire } from './wires.ts';

describe('a shared wire', () => {
  test('is asserted while one of its drivers asserts it', () => {
    const end = new ProbeLine();
    const wire = new SharedWire(end);
    const [a, b] = [wire.driver(), wire.driver()];

    const levels = [
      () => a.set(true),
      () => b.set(true),
      () => a.set(false),
      () => a.set(false),
      () => b.set(false),
    ].map((change) => (change(), end.level));

    expect(levels).toEqual([true, true, true, true, false]);
    expect(end.risingEdges).toBe(1);
  });

  test('makes no edge when a load asserts by another driver what was asserted before', () => {
    const end = new ProbeLine();
    const wire = new SharedWire(end);
    const [a, b] = [wire.driver(), wire.driver()];
    a.set(true);

    wire.forget();
    a.set(false);
    b.set(true);

    expect([end.level, end.risingEdges]).toEqual([true, 1]);
  });
});
