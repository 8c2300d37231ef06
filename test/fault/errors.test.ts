import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ioFailure } from '../../core/store/index.ts';
import { FaultyIo } from '../../core/store/testing/faulty-io.ts';
import { MEMORY_FOLDER } from '../fixtures/memory-folder.ts';
import { defectsAfter, outcomesOf, type Outcomes } from './expectations.ts';
import { OPERATIONS, copyOfBase, holdings, makeLibrary, openOrThrow } from './operations.ts';

/** `npm run torture`: every error at every call; else they take turns at every other one. */
const ALL = process.env.TERRARIUM_STORE_FAULTS === 'all';
const CODES = ['EIO', 'ENOSPC', 'EMFILE'] as const;
const NAMES = Object.keys(OPERATIONS);

let folder: string;
const outcomes = new Map<string, Outcomes>();

const copyOf = (name: string): string => copyOfBase(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(MEMORY_FOLDER, 'terrarium-errors-'));
  makeLibrary(join(folder, 'base'));
  for (const name of NAMES) outcomes.set(name, outcomesOf(name, copyOf('clean')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(NAMES)('%s: an error of the host at any call is told, and the library is as before or after', (name) => {
  for (let failAt = 0, done = false; !done; failAt += ALL ? 1 : 2)
    for (const code of ALL ? CODES : [CODES[(failAt >> 1) % CODES.length]]) {
      const copy = copyOf('faulty');
      const io = new FaultyIo();
      const library = openOrThrow(copy, io);
      io.code = code;
      io.failAt = io.calls + failAt;
      let failed: unknown;
      try {
        OPERATIONS[name](library);
      } catch (error) {
        failed = error;
      }
      const hit = io.calls > io.failAt;
      io.failAt = Infinity;
      done ||= !hit;
      if (failed) {
        expect(String(failed)).toMatch(/injected/);
        if (code === 'ENOSPC' && /ENOSPC/.test(String(failed)))
          expect(ioFailure(failed, name).code).toMatch(/^store\.(full|io)$/);
      }
      // The same process goes on with the library, as the app does.
      const again = holdings(library);
      library.dispose();

      const defects = defectsAfter(name, copy, outcomes.get(name)!);

      expect(defects, `${name}, ${code} at call ${failAt}`).toEqual([]);
      expect(again).toEqual(holdingsOf(copy));
    }
});

function holdingsOf(copy: string): string[] {
  const library = openOrThrow(copy);
  try {
    return holdings(library);
  } finally {
    library.dispose();
  }
}

test.each(NAMES)('%s: a database that may not grow by one more page leaves the library whole', (name) => {
  for (let pages = 0, done = false; !done && pages < 12; pages++) {
    const copy = copyOf('full');
    const library = openOrThrow(copy);
    const now = library.database.pragma('page_count', { simple: true }) as number;
    library.database.pragma(`max_page_count = ${now + pages}`);
    try {
      OPERATIONS[name](library);
      done = true;
    } catch (error) {
      expect(ioFailure(error, name).code).toBe('store.full');
    }
    library.dispose();

    expect(defectsAfter(name, copy, outcomes.get(name)!), `${name} with ${pages} pages more`).toEqual([]);
  }
});

/** A file system of its own that is really full: needs the right to mount one, in a name space at least. */
const canMount =
  spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' }).status === 0;

test('a file system that is full at any page of an operation, SQLite and its files included', () => {
  if (!canMount) {
    console.log('no file system can be mounted here: the tests above, with injected errors, stand for this one');
    return;
  }
  const step = ALL ? 1 : 13;
  const script = join(import.meta.dirname, 'full-disk.ts');
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['-rm', process.execPath, script, join(folder, 'base'), String(step)],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  );

  expect(`${stderr}${status}`).toBe('0');
  expect(JSON.parse(stdout)).toMatchObject({ defects: [] });
  const { full } = JSON.parse(stdout) as { full: number };
  expect(full).toBeGreaterThan(NAMES.length);
});
