import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, openLibrary } from '../../core/store/index.ts';
import { MEMORY_FOLDER } from '../fixtures/memory-folder.ts';
import { copyOfBase, holdings, makeLibrary, openOrThrow, problemsOf } from './operations.ts';
import { Random } from './stamps.ts';

/** Places in each structure; `npm run torture` has 1,000. */
const FLIPS = Number(process.env.TERRARIUM_STORE_FLIPS ?? 12);
const SEED = Number(process.env.TERRARIUM_TORTURE_SEED ?? 1);

let folder: string;
let before: string[];
const copyOf = (name: string): string => copyOfBase(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(MEMORY_FOLDER, 'terrarium-flips-'));
  makeLibrary(join(folder, 'base'));
  const base = openOrThrow(join(folder, 'base'));
  collect(base); // logs that are in their tree, too, go with it
  base.dispose();
  const library = openOrThrow(copyOf('clean'));
  before = holdings(library);
  expect(problemsOf(library)).toEqual([]);
  library.dispose();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Files below the library, of which one byte is altered. */
const STRUCTURES: Readonly<Record<string, (library: string) => string[]>> = {
  database: () => ['library.db'],
  packs: (library) => readdirSync(join(library, 'packs')).map((file) => join('packs', file)),
  logs: (library) =>
    readdirSync(join(library, 'media'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.log'))
      .map((file) => join('media', file)),
};

test.each(Object.keys(STRUCTURES))('%s: a flipped byte is found by the check, and never served silently', (name) => {
  const random = new Random(SEED);
  let found = 0;
  for (let flip = 0; flip < FLIPS; flip++) {
    const copy = copyOf('flipped');
    const path = join(copy, random.pick(STRUCTURES[name](copy)));
    const bytes = readFileSync(path);
    let at = random.below(bytes.length);
    // Much of a small database is zeros that hold nothing: every other place is one that holds something.
    while (flip % 2 === 0 && bytes[at] === 0) at = random.below(bytes.length);
    bytes[at] ^= 1 << random.below(8);
    writeFileSync(path, bytes);

    const opened = openLibrary(copy);
    if (!opened.ok) {
      found++;
      continue;
    }
    const problems = problemsOf(opened.value);
    if (problems.length > 0) found++;
    // Bytes that hold nothing (free space of the database, the end of a log) may be altered without notice.
    else expect(holdings(opened.value), `${path} at ${at} of seed ${SEED}`).toEqual(before);
    opened.value.dispose();
  }
  console.log(`${name}: ${found} of ${FLIPS} flipped bytes found, the others held nothing`);
  expect(found).toBeGreaterThan(0);
});
