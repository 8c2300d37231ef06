import { follow, newWorld, verify } from './kill-world.ts';
import { Random } from './stamps.ts';
import { FAVOURS, type StormOrders } from './storm-protocol.ts';
import type { Storms } from './storms.ts';

/** Of each kind of process in the midst of each kind of work; `npm run torture` has 500. */
export const KILLS = Number(process.env.TERRARIUM_STORE_KILLS ?? 1);
export const SEED = Number(process.env.TERRARIUM_TORTURE_SEED ?? 1);
/** About how long each kind of work takes, so that kills meet all of it. */
const LENGTH_MS = { write: 300, take: 60, restore: 12, delete: 12, clone: 12, import: 30 };

/** Each kill is followed by a look at all that was acknowledged; says now and then what the kills met. */
export async function killAgainAndAgain(mode: StormOrders['mode'], storms: Storms): Promise<void> {
  const world = newWorld(storms.newFolder());
  const random = new Random(SEED);
  const interrupted = new Map<string, number>();
  const count = KILLS * FAVOURS[mode].length;
  for (let kill = 1; kill <= count; kill++) {
    const { folder, machine, medium, version } = world;
    const favours = FAVOURS[mode][kill % FAVOURS[mode].length];
    const orders = { mode, folder, machine, medium, version, favours, seed: SEED * 1000 + kill };
    const events = await storms.untilKilled(orders, random.below(LENGTH_MS[favours]));

    const { states, begun } = follow(world, events);

    verify(world, states, begun);
    const met = begun?.kind ?? 'write';
    interrupted.set(met, (interrupted.get(met) ?? 0) + 1);
    if (kill % 100 === 0 || kill === count)
      console.log(`${kill} kills of the ${mode}, in the middle of: ${[...interrupted].flat().join(' ')}`);
  }
}
