import { expect, test } from 'vitest';
import { Guest, guestFloppy } from './guest.ts';

const BEAK = 'ff4100';

/** Where the bird's beak is, in pixels of the frame; mode 13h is shown at twice its size. */
const beak = (guest: Guest): { x: number; y: number } | undefined => guest.picture().middleOf(BEAK);

const LIMIT_MS = 30_000;
/** Between two looks: to go through all pixels takes longer than a millisecond of the game. */
const STEP_MS = 20;

test('Floppy Bird animates in mode 13h, and its bird flies on Space', () => {
  const guest = new Guest(guestFloppy('floppybird.img'));
  guest.runUntil(() => beak(guest) !== undefined, LIMIT_MS, STEP_MS);

  // Waiting for the player: the wings beat (three pictures), the bird keeps its place in the middle.
  const waiting = new Set<string>();
  guest.runUntil(() => waiting.add(guest.picture().hash).size === 3, LIMIT_MS, STEP_MS);
  expect(guest.picture().size).toBe('640x400');
  const sky = guest.picture().of(320, 200);
  expect([sky(5, 5), sky(5, 195)]).toEqual(['00aaaa', 'ffbe7d']);
  expect(guest.picture().colours().size).toBeGreaterThan(10);
  expect(beak(guest)!.x).toBeGreaterThan(300);

  // It may be down again before the test looks.
  const flies = (): boolean => {
    guest.press('Space');
    const endNs = guest.machine.nowNs + 4e9;
    while (guest.machine.nowNs < endNs) {
      guest.runFor(STEP_MS);
      if ((beak(guest)?.x ?? 640) < 220) return true;
    }
    return false;
  };
  let presses = 1;
  while (!flies()) expect(++presses).toBeLessThanOrEqual(15);
  const flying = new Set<string>();
  guest.runUntil(() => flying.add(guest.picture().hash).size >= 3, LIMIT_MS, STEP_MS);
  expect(guest.log).toEqual([]);
});
