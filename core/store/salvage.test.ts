import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkLibrary, type Problem } from './check.ts';
import { collect } from './collect.ts';
import { createMedium } from './media.ts';
import { StoreDisk } from './disk.ts';
import { databasePath, keptDatabases, openLibrary, type Library } from './library.ts';
import { databaseIsDamaged, salvageDatabase } from './salvage.ts';
import { randomBytes, testFolder } from './testing/library.ts';

const PAGE_BYTES = 4096;
const CONTENTS = randomBytes(1, 128 << 10);

function open(folder: string): Library {
  const opened = openLibrary(folder);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

/** A closed library with a machine and a disk, of which half is in its tree and half in a log. */
function madeLibrary(): { folder: string; disk: string } {
  const folder = testFolder();
  const library = open(folder);
  library.database.prepare(`INSERT INTO machine (id, name, config) VALUES ('1', 'DOS', '{}')`).run();
  const { id } = createMedium(library, { name: 'disk', kind: 'disk', sizeBytes: 1 << 20 });
  const disk = StoreDisk.open(library, id, { mode: 'normal' });
  disk.write(0, CONTENTS);
  disk.dispose();
  library.dispose();
  return { folder, disk: id };
}

function contents(library: Library, id: string): Buffer {
  const disk = StoreDisk.open(library, id, { mode: 'read-only' });
  const data = Buffer.alloc(CONTENTS.length);
  disk.read(0, data);
  disk.dispose();
  return data;
}

function problemsOf(library: Library): readonly Problem[] {
  const work = checkLibrary(library);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value.problems;
  }
}

function garble(folder: string, from: number, to: number): void {
  const bytes = readFileSync(databasePath(folder));
  bytes.set(randomBytes(7, to - from), from);
  writeFileSync(databasePath(folder), bytes);
}

test.each([
  ['header', 0, 100],
  ['first page', 0, PAGE_BYTES],
])('a database whose %s is lost is made again with all that it held', (_, from, to) => {
  const { folder, disk } = madeLibrary();
  expect(databaseIsDamaged(folder)).toBe(false);
  garble(folder, from, to);
  expect(openLibrary(folder)).toMatchObject({ error: { code: 'store.damaged' } });
  expect(databaseIsDamaged(folder)).toBe(true);

  const [line] = salvageDatabase(folder);

  expect(line).toContain('1 machines, 1 media');
  const library = open(folder);
  expect(problemsOf(library)).toEqual([]);
  expect(contents(library, disk).equals(CONTENTS)).toBe(true);
  library.dispose();
});

test('what a page held that is lost is not thrown away: nothing is collected until the damaged database is removed', () => {
  const { folder } = madeLibrary();
  const pages = readFileSync(databasePath(folder)).length / PAGE_BYTES;
  const intact = readFileSync(databasePath(folder));
  let rows = 0;
  for (let page = 1; page < pages; page++) {
    writeFileSync(databasePath(folder), intact);
    garble(folder, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
    if (databaseIsDamaged(folder)) salvageDatabase(folder);
    const library = open(folder);
    rows += library.database.prepare('SELECT COUNT(*) FROM machine').pluck().get() as number;
    const kept = keptDatabases(folder);
    if (kept.length > 0) expect(() => collect(library)).toThrow('nothing is given back');
    library.dispose();
    for (const name of kept) rmSync(join(folder, name));
    for (const name of ['-wal', '-shm']) rmSync(`${databasePath(folder)}${name}`, { force: true });
  }
  expect(rows).toBe(pages - 2); // each page but the first and the machine's own
});

test('a database of which nothing can be read is kept under its day, and the check says what lies there without a name', () => {
  const { folder } = madeLibrary();
  const lost = randomBytes(3, 1 << 16);
  writeFileSync(databasePath(folder), lost);

  const [line] = salvageDatabase(folder);

  expect(line).toContain('0 machines, 0 media');
  const [kept] = keptDatabases(folder);
  expect(kept).toMatch(/^library\.db\.damaged-\d{4}-\d\d-\d\d$/);
  expect(readFileSync(join(folder, kept)).equals(lost)).toBe(true);
  const library = open(folder);
  expect(problemsOf(library)).toEqual([
    { where: kept, what: expect.stringContaining('the last writes to 1 disks in media') as string },
  ]);
  library.dispose();
  rmSync(join(folder, kept));
});

test('a library without its database is refused and left as it is', () => {
  const { folder } = madeLibrary();
  for (const lose of [() => truncateSync(databasePath(folder)), () => rmSync(databasePath(folder))]) {
    lose();

    expect(openLibrary(folder)).toMatchObject({ error: { code: 'store.damaged' } });
  }
});

test('a database is not made again under a process that uses the library', () => {
  const { folder, disk } = madeLibrary();
  const library = open(folder);
  const attached = StoreDisk.open(library, disk, { mode: 'normal' });

  expect(() => salvageDatabase(folder)).toThrow('something uses the library');

  attached.dispose();
  library.dispose();
});
