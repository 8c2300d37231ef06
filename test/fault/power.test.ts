import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PowerCutIo } from '../../core/store/testing/power-cut-io.ts';
import type { Library } from '../../core/store/index.ts';
import { MEMORY_FOLDER } from '../fixtures/memory-folder.ts';
import { defectsAfter, outcomesOf, type Outcomes } from './expectations.ts';
import { OPERATIONS, makeLibrary, openOrThrow } from './operations.ts';
import { Random } from './stamps.ts';

/** Of all operations together; `npm run torture` has 10,000. */
const STATES = Number(process.env.TERRARIUM_STORE_POWER_CUTS ?? 200);
const SEED = Number(process.env.TERRARIUM_TORTURE_SEED ?? 1);
const NAMES = Object.keys(OPERATIONS);
/** Those that change several rows at once. */
const TRANSACTIONS = NAMES.filter((name) => name !== 'write' && name !== 'remove');
const PER_TEST = Math.ceil(STATES / (NAMES.length + TRANSACTIONS.length));

/** Of `PRAGMA synchronous`. */
const SYNCHRONOUS_FULL = 2;

let folder: string;
const random = new Random(SEED);
const below = (limit: number): number => random.below(limit);

const copy = (from: string, to: string): string => {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
  // The memory of processes that are gone.
  rmSync(join(to, 'library.db-shm'), { force: true });
  return to;
};

beforeAll(() => {
  folder = mkdtempSync(join(MEMORY_FOLDER, 'terrarium-power-'));
  makeLibrary(join(folder, 'base'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const outcomes = new Map<string, Outcomes>();
function expected(name: string): Outcomes {
  let known = outcomes.get(name);
  if (!known) outcomes.set(name, (known = outcomesOf(name, copy(join(folder, 'base'), join(folder, 'clean')))));
  return known;
}

/** An operation up to call `cutAt`, on files that a power cut can be played on. */
function perform(
  name: string,
  cutAt: number,
  observe?: (library: Library, io: PowerCutIo) => void,
): { io: PowerCutIo; calls: number } {
  const io = new PowerCutIo();
  const library = openOrThrow(copy(join(folder, 'base'), join(folder, 'work')), io);
  observe?.(library, io);
  const opened = io.calls;
  io.cutAt = opened + cutAt;
  try {
    OPERATIONS[name](library);
  } catch (error) {
    expect(String(error)).toMatch(/power is off/);
  }
  // Not closed: a closing database would put its log in order. Its files are copied as they are.
  const image = copy(join(folder, 'work'), join(folder, 'image'));
  io.cutAt = Infinity;
  library.dispose();
  expect(image).toBeDefined();
  return { io, calls: io.calls - opened };
}

test.each(NAMES)('%s: a power cut at any call, with any loss since the last syncs, leaves before or after', (name) => {
  const { calls } = perform(name, Infinity);
  for (let state = 0; state < PER_TEST; state++) {
    const cutAt = below(calls + 2);
    const { io } = perform(name, cutAt);
    const lost = copy(join(folder, 'image'), join(folder, 'lost'));
    io.lose(join(folder, 'work'), lost, below);

    const defects = defectsAfter(name, lost, expected(name), cutAt > calls);

    expect(defects, `${name}, cut at call ${cutAt}, state ${state} of seed ${SEED}`).toEqual([]);
  }
});

test.each(TRANSACTIONS)("%s: a torn end of the database's log opens as before the commit or after it", (name) => {
  // `isTold`: it is on the disk when it is over; else with the next one that is, at the latest.
  const commits: { readonly image: string; readonly walBytes: number; readonly isTold: boolean }[] = [];
  perform(name, Infinity, (library) => {
    const { database } = library;
    const transaction = database.transaction.bind(database);
    // What the files hold when a commit begins.
    const observed = ((action: (...args: unknown[]) => unknown) =>
      transaction((...args: unknown[]) => {
        const result = action(...args);
        const image = copy(join(folder, 'work'), join(folder, `commit${commits.length}`));
        const isTold = database.pragma('synchronous', { simple: true }) === SYNCHRONOUS_FULL;
        commits.push({ image, walBytes: walBytes(image), isTold });
        return result;
      })) as typeof database.transaction;
    database.transaction = observed;
  });
  const wal = readFileSync(join(folder, 'image', 'library.db-wal'));
  expect(commits.length).toBeGreaterThan(0);
  for (let state = 0; state < PER_TEST; state++) {
    const commit = below(commits.length);
    const { image } = commits[commit];
    // What came before it is on the disk, but for the last ones that nobody was told of.
    const lastTold = commits.findLastIndex(({ isTold }, i) => i < commit && isTold);
    const { walBytes: before } = commits[lastTold + 1];
    // What came later was not begun before this commit was over.
    const after = commits[commit + 1]?.walBytes ?? wal.length;
    const torn = copy(image, join(folder, 'torn'));
    const grown = Buffer.from(wal.subarray(0, before + below(after - before + 1)));
    // The last page may have come in part.
    if (grown.length > before && below(2) === 0) grown.fill(0, Math.max(before, grown.length - below(4096)));
    writeFileSync(join(torn, 'library.db-wal'), grown);

    const defects = defectsAfter(name, torn, expected(name), false);

    expect(defects, `${name}, log cut at ${grown.length} of ${wal.length}, state ${state} of seed ${SEED}`).toEqual([]);
  }
});

const walBytes = (library: string): number =>
  statSync(join(library, 'library.db-wal'), { throwIfNoEntry: false })?.size ?? 0;
