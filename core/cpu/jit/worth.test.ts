import { expect, test } from 'vitest';
import { CompilingWorth } from './worth.ts';

/** How many of the asked-for regions are worth it, in a guest that runs so many instructions in each of so many seconds. */
function compiled({ perSecond, seconds, asked }: { perSecond: number; seconds: number; asked: number }): number[] {
  const guest = { retired: 0 };
  let nowNs = 0;
  const worth = new CompilingWorth(guest, () => nowNs);
  return Array.from({ length: seconds }, () => {
    nowNs += 1e9;
    guest.retired += perSecond;
    return Array.from({ length: asked }, () => worth.spend()).filter(Boolean).length;
  });
}

test('a guest that works is compiled, as much as gets hot', () => {
  expect(compiled({ perSecond: 150e6, seconds: 3, asked: 150 })).toEqual([150, 150, 150]);
});

test('a guest that only ticks is compiled for a moment, and no more', () => {
  const bySecond = compiled({ perSecond: 1e6, seconds: 60, asked: 5 });

  expect(bySecond[0]).toBe(5);
  expect(bySecond.slice(5)).toEqual(bySecond.slice(5).fill(0));
});

test('without a clock everything is worth it, so that runs repeat', () => {
  const worth = new CompilingWorth({ retired: 0 }, undefined);

  expect(Array.from({ length: 1000 }, () => worth.spend()).every(Boolean)).toBe(true);
});
