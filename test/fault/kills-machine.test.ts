import { afterAll, beforeAll, test } from 'vitest';
import { follow, newWorld, verify, type World } from './kill-world.ts';
import { KILLS, SEED, killAgainAndAgain } from './kills.ts';
import type { StormEvent } from './storm-protocol.ts';
import { Storms } from './storms.ts';

let storms: Storms;
beforeAll(async () => {
  storms = await Storms.create();
});
afterAll(() => storms.dispose());

test(
  "kill -9 of a machine's process at any moment loses nothing that was acknowledged",
  () => killAgainAndAgain('machine', storms),
  60_000 + KILLS * 120_000,
);

test(
  'two processes work on one library at once, both are killed, and each finds all of its own',
  async () => {
    const left = newWorld(storms.newFolder(), 'left');
    const right = newWorld(left.folder, 'right');
    left.others.add(right.machine);
    right.others.add(left.machine);
    const storm = ({ folder, machine, medium, version }: World, seed: number): Promise<StormEvent[]> =>
      storms.untilKilled({ mode: 'machine', favours: 'write', folder, machine, medium, version, seed }, 600);
    for (let round = 0; round < Math.max(2, KILLS / 10); round++) {
      const told = await Promise.all([storm(left, SEED * 1000 + round), storm(right, SEED * 2000 + round)]);

      [left, right].forEach((world, i) => {
        const { states, begun } = follow(world, told[i]);
        verify(world, states, begun);
      });
    }
  },
  60_000 + KILLS * 12_000,
);
