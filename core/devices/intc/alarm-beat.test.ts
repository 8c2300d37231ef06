import { expect, test } from 'vitest';
import { AlarmBeat } from './alarm-beat.ts';

const TICK_NS = 4e6;

/** A beat that has been going on for a while, and when its last alarm was. */
function steady(): { beat: AlarmBeat; lastNs: number } {
  const beat = new AlarmBeat();
  let lastNs = 0;
  for (let i = 0; i < 40; i++) beat.follow((lastNs += TICK_NS));
  return { beat, lastNs };
}

test('a tick is known after a while, also one that comes a little late or after some that were slept through', () => {
  const { beat, lastNs } = steady();
  expect(beat.follow(lastNs + TICK_NS + 20e3)).toBe(true);
  expect(beat.follow(lastNs + 5 * TICK_NS)).toBe(true);
  expect(new AlarmBeat().follow(TICK_NS)).toBe(false);
});

test('a sleep between ticks is none, nor what follows it at once', () => {
  const { beat, lastNs } = steady();
  expect(beat.follow(lastNs + 2.5e6)).toBe(false);
  expect(beat.follow(lastNs + TICK_NS)).toBe(false);
  expect(beat.follow(lastNs + 2 * TICK_NS)).toBe(false);
});
