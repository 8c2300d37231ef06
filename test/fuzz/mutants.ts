import type { Dice } from '../formats/support.ts';

/** Numbers that readers stumble over. */
export const NUMBERS = [0, 1, 2, 0x1ff, 0x200, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** How many of each type; all of them: `npm run torture`. `usual`: in the normal run. */
export const mutants = (usual: number): number => Number(process.env.TERRARIUM_FUZZ_MUTANTS ?? usual);
export const SEED = Number(process.env.TERRARIUM_FUZZ_SEED ?? 1);
/** Promised is a second; a busy machine is given more. */
export const LIMIT_MS = 5000;

/** Another dice for each mutant of each seed, so that a mutant can be made again alone. */
export const seedOf = (number: number): number => SEED * 1_000_003 + number;

/** JSON that was altered: a character, a piece, or a value that is of another kind or far away. */
export function mutateJson(text: string, chance: Dice): string {
  const at = chance.below(text.length);
  switch (chance.below(8)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + String.fromCharCode(chance.below(0x180)) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + text.slice(chance.below(text.length));
    default:
      return JSON.stringify(alterValue(JSON.parse(text), chance));
  }
}

const VALUES = [
  null,
  true,
  -1,
  0.5,
  1e300,
  2 ** 53,
  '',
  'x'.repeat(70_000),
  '\0',
  '../../etc/passwd',
  [],
  {},
  [[[[]]]],
];

/** A value somewhere inside becomes another, or a key goes or comes. */
function alterValue(value: unknown, chance: Dice): unknown {
  if (typeof value !== 'object' || value === null || chance.below(8) === 0) return chance.pick(VALUES);
  const entries: [string, unknown][] = Object.entries(value);
  if (entries.length === 0) return chance.pick(VALUES);
  const index = chance.below(entries.length);
  const kind = chance.below(10);
  if (kind === 0) entries.splice(index, 1);
  else if (kind === 1) entries.push([chance.pick(['__proto__', 'constructor', 'more', '0']), chance.pick(VALUES)]);
  else entries[index] = [entries[index][0], alterValue(entries[index][1], chance)];
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}
