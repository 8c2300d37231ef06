import { expect, test } from 'vitest';
import { Patience } from './patience.ts';

/** Watched for `ms` with a slice of `busyMs` each `everyMs`. */
function watch(patience: Patience, ms: number, everyMs: number, busyMs: number): boolean {
  for (let at = 0; at <= ms; at += everyMs) patience.note(at, busyMs);
  return patience.granted;
}

test.each([
  ['a clock tick of 250 Hz', 4, 0.2, true],
  ['a timer of 1 kHz', 1, 0.05, false],
  ['work in each tick', 10, 1.5, false],
  ['a blinking cursor', 250, 1, true],
  ['work in one go', 500, 4, false],
])('%s', (_name, everyMs, busyMs, expected) => {
  expect(watch(new Patience(), 1500, everyMs, busyMs)).toBe(expected);
});

test('what the guest has to do ends it at once', () => {
  const patience = new Patience();
  watch(patience, 1500, 4, 0.2);
  patience.note(1600, 5);
  expect(patience.granted).toBe(false);
});
