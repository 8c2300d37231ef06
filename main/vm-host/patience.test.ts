import { expect, test } from 'vitest';
import { Patience } from './patience.ts';

/** Watched for `ms` with so many instructions each `everyMs`. */
function watch(patience: Patience, ms: number, everyMs: number, instructions: number): boolean {
  for (let at = 0; at <= ms; at += everyMs) patience.note(at, instructions);
  return patience.granted;
}

test.each([
  ['a clock tick of 250 Hz', 4, 10_000, true],
  ['a timer of 1 kHz', 1, 3000, false],
  ['work in each tick', 10, 150_000, false],
  ['a blinking cursor', 250, 100_000, true],
  ['work in one go', 500, 400_000, false],
])('%s', (_name, everyMs, instructions, expected) => {
  expect(watch(new Patience(), 1500, everyMs, instructions)).toBe(expected);
});

test('what the guest has to do ends it at once', () => {
  const patience = new Patience();
  watch(patience, 1500, 4, 10_000);
  patience.note(1600, 500_000);
  expect(patience.granted).toBe(false);
});
