import { expect, test } from 'vitest';
import { Guest, guestFloppy } from './guest.ts';

const BEAK = 'ff4100';

/** Where the bird's beak is, in pixels of the frame; mode 13h is shown at twice its size. */
const beak = (guest: Guest): { x: number; y: number } | undefined => guest.picture().middleOf(BEAK);

/** The guest polls the time at the host's pace, and the test looks at each picture: on a busy machine both take long. */
const LIMIT_MS = 30_000;

test('Floppy Bird animates in mode 13h, and its bird flies on Space and falls', () => {
  const guest = new Guest(guestFloppy('floppybird.img'), { clock: 'host' });
  guest.runUntil(() => beak(guest) !== undefined, LIMIT_MS);

  // Waiting for the player: the wings beat (three pictures), the bird keeps its place in the middle.
  const waiting = new Set<string>();
  guest.runUntil(() => waiting.add(guest.picture().hash).size === 3, LIMIT_MS);
  expect(guest.picture().size).toBe('640x400');
  const sky = guest.picture().of(320, 200);
  expect([sky(5, 5), sky(5, 195)]).toEqual(['00aaaa', 'ffbe7d']);
  expect(guest.picture().colours().size).toBeGreaterThan(10);
  expect(beak(guest)!.x).toBeGreaterThan(300);

  guest.press('Space');
  guest.runUntil(() => (beak(guest)?.x ?? 640) < 220, LIMIT_MS);
  const flying = new Set<string>();
  guest.runUntil(() => flying.add(guest.picture().hash).size >= 8, LIMIT_MS); // the pipes come
  const start = beak(guest)?.y ?? 0;
  guest.runUntil(() => (beak(guest)?.y ?? 0) > start + 20, LIMIT_MS);
  const low = beak(guest)!.y;
  guest.press('Space');
  guest.runUntil(() => (beak(guest)?.y ?? 400) < low - 10, LIMIT_MS);
  expect(guest.log).toEqual([]);
});
