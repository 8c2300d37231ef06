/**
 * When regions become one. A loop that is longer than a region is entered wherever a region of it ends, each time by a
 * region of its own, until every block is in a dozen of them: Linux' decompressor, of 1,200 instructions, was compiled
 * 14 times over. So a plan that repeats what others have is made one with the region that it repeats most.
 */
import { REGION_INSTRUCTIONS, type RegionPlan, type RegionSeed } from './plan.ts';

/** Below it repeating costs less than compiling the other region anew. */
const MIN_INSTRUCTIONS = 100;
/** In how many regions the instructions of a plan are on average. What is called from everywhere is in two or three. */
const REPEATED = 3;
/** WebAssembly of more is optimized too late. */
const MAX_INSTRUCTIONS = 4 * REGION_INSTRUCTIONS;
/** Ways in, each of which may keep a loop from having one head. */
const MAX_SEEDS = 16;

export interface Mergeable {
  readonly seeds: readonly RegionSeed[];
  readonly mode: number;
  readonly instructions: number;
  readonly headers: readonly number[];
}

type RegionsOf<R> = (header: number) => Iterable<R>;

export const planInstructions = ({ blocks }: RegionPlan): number =>
  blocks.reduce((sum, { forms }) => sum + forms.length, 0);

/** The region that the plan has more than half of its instructions in common with, if it is worth making them one. */
export function mostRepeated<R extends Mergeable>(plan: RegionPlan, regionsOf: RegionsOf<R>): R | undefined {
  const size = planInstructions(plan);
  if (size < MIN_INSTRUCTIONS) return undefined;
  const common = new Map<R, number>();
  let covered = 0;
  for (const { header, forms } of plan.blocks)
    for (const region of regionsOf(header)) {
      covered += forms.length;
      common.set(region, (common.get(region) ?? 0) + forms.length);
    }
  if (covered < REPEATED * size) return undefined;
  let most: R | undefined;
  let instructions = size / 2;
  for (const [region, shared] of common) {
    if (shared <= instructions || region.mode !== plan.mode) continue;
    if (region.seeds.length >= MAX_SEEDS || region.instructions >= MAX_INSTRUCTIONS) continue;
    most = region;
    instructions = shared;
  }
  return most;
}

/** Whether nearly all of the plan is in the region: what is missing is a way in. */
export function addsLittle({ blocks }: RegionPlan, region: Mergeable): boolean {
  const known = new Set(region.headers);
  const added = blocks.reduce((sum, { header, forms }) => sum + (known.has(header) ? 0 : forms.length), 0);
  return added < region.instructions / 8;
}

/** How much a region may have that takes the place of another. */
export const grown = ({ instructions }: Mergeable): number =>
  Math.min(MAX_INSTRUCTIONS, 2 * Math.max(REGION_INSTRUCTIONS, instructions));

/** Regions that the plan contains: it can take their places too. */
export function contained<R extends Mergeable>(plan: RegionPlan, regionsOf: RegionsOf<R>): Set<R> {
  const own = new Set(plan.blocks.map(({ header }) => header));
  const found = new Set<R>();
  for (const header of own)
    for (const region of regionsOf(header))
      if (region.mode === plan.mode && region.headers.every((other) => own.has(other))) found.add(region);
  return found;
}

/** The seeds of all of them, each once; of the later ones as many as there may be. Tells which regions are in it. */
export function joined<R extends Mergeable>(
  regions: Iterable<R>,
  seed: RegionSeed,
): { readonly seeds: readonly RegionSeed[]; readonly regions: readonly R[] } {
  const seeds: RegionSeed[] = [];
  const taken: R[] = [];
  for (const region of regions) {
    const others = region.seeds.filter(({ header }) => !seeds.some((known) => known.header === header));
    if (seeds.length + others.length >= MAX_SEEDS) continue;
    seeds.push(...others);
    taken.push(region);
  }
  if (!seeds.some(({ header }) => header === seed.header)) seeds.push(seed);
  return { seeds, regions: taken };
}
