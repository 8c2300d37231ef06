import { expect, test } from 'vitest';
import { ProbeLine } from './irq.ts';

test('a probe counts rising edges, not levels', () => {
  const line = new ProbeLine();

  for (const level of [true, true, false, true]) line.set(level);

  expect(line.risingEdges).toBe(2);
  expect(line.level).toBe(true);
});
