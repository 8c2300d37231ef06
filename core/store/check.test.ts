import { cpSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { checkLibrary, repairLibrary, type CheckReport } from './check.ts';
import { collect } from './collect.ts';
import { StoreDisk, foldMedium } from './disk.ts';
import { logNumbers, logPath } from './log-files.ts';
import { createMedium, removeMedium, withWriter } from './media.ts';
import { openLibrary, packPath, type Library } from './library.ts';
import { PACK_HEADER_BYTES } from './pack.ts';
import { FaultyIo } from './testing/faulty-io.ts';
import { randomBytes, testFolder, testLibrary } from './testing/library.ts';

const MIB = 1 << 20;
/** Many syncs; the disk may be busy. */
vi.setConfig({ testTimeout: 120_000 });

function finish(work: Generator<unknown, CheckReport>): CheckReport {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
const check = (library: Library): CheckReport => finish(checkLibrary(library));

function diskWith(library: Library, seed: number, name = `disk${seed}`, sizeBytes = MIB): string {
  const { id } = createMedium(library, { name, kind: 'disk', sizeBytes: 16 * MIB });
  const disk = StoreDisk.open(library, id, { mode: 'normal' });
  disk.write(0, randomBytes(seed, sizeBytes));
  disk.dispose();
  foldMedium(library, id);
  return id;
}

function read(library: Library, id: string, length: number): Buffer {
  const disk = StoreDisk.open(library, id, { mode: 'read-only' });
  try {
    const data = Buffer.alloc(length);
    disk.read(0, data);
    return data;
  } finally {
    disk.dispose();
  }
}

test('a library in use is clean, and its check counts every chunk', () => {
  const library = testLibrary();
  diskWith(library, 1);

  const report = check(library);

  expect(report.problems).toEqual([]);
  expect(report.chunks).toBe(64 + 2); // MiB of data, two nodes
});

test('a flipped byte anywhere in a pack is found by the check, and reading it is an error', () => {
  const library = testLibrary();
  const id = diskWith(library, 1, 'd', 128 * 1024);
  const data = randomBytes(1, 128 * 1024);
  const path = packPath(library, 1);
  const whole = readFileSync(path);
  for (let i = 0; i < 60; i++) {
    const at = Math.floor((i * 7919.7 * 53) % whole.length);
    const bytes = Buffer.from(whole);
    bytes[at] ^= 1 << (i % 8);
    writeFileSync(path, bytes);

    expect(check(library).problems.length, `byte ${at}`).toBeGreaterThan(0);

    try {
      expect(read(library, id, data.length).equals(data)).toBe(true);
    } catch (error) {
      expect(String(error)).toMatch(/chunk|pack/);
    }
  }
});

test('rows that say something else than was written are found', () => {
  const library = testLibrary();
  const id = diskWith(library, 1);
  const { database } = library;
  database.prepare('UPDATE medium SET size_bytes = size_bytes + 512 WHERE id = ?').run(id);
  expect(check(library).problems[0].where).toContain('table medium');
  database.prepare('UPDATE medium SET size_bytes = size_bytes - 512 WHERE id = ?').run(id);
  expect(check(library).problems).toEqual([]);

  database.prepare('UPDATE chunk SET offset = offset + 1 WHERE name IN (SELECT name FROM chunk LIMIT 1)').run();

  expect(check(library).problems.length).toBeGreaterThan(0);
});

test('a lost index is made again from the packs, and damaged chunks are taken from where they are whole', () => {
  const library = testLibrary();
  const id = diskWith(library, 1);
  library.database.prepare('DELETE FROM chunk').run();
  expect(check(library).problems.length).toBeGreaterThan(0);
  expect(() => read(library, id, 4096)).toThrow('not in the library');

  const report = finish(repairLibrary(library));

  expect(report.problems).toEqual([]);
  expect(report.repaired.length).toBe(66);
  expect(read(library, id, MIB).equals(randomBytes(1, MIB))).toBe(true);
});

test('repair drops nothing: what is beyond help stays named, everything else is served', () => {
  const library = testLibrary();
  const id = diskWith(library, 1);
  const path = packPath(library, 1);
  const bytes = readFileSync(path);
  bytes[100] ^= 1; // in the first chunk's data
  writeFileSync(path, bytes);

  const report = finish(repairLibrary(library));

  expect(report.problems.length).toBe(2); // the chunk, and the disk that needs it
  expect(report.problems.some(({ where }) => where.includes('medium "disk1"'))).toBe(true);
  const disk = StoreDisk.open(library, id, { mode: 'read-only' });
  const rest = Buffer.alloc(MIB - 16384);
  disk.read(16384, rest);
  expect(rest.equals(randomBytes(1, MIB).subarray(16384))).toBe(true);
  disk.dispose();
});

test('a log that is gone or cut off is named, nothing older is served in its place, and repair goes on with the rest', () => {
  const library = testLibrary();
  const id = diskWith(library, 1);
  for (const seed of [2, 3]) {
    const disk = StoreDisk.open(library, id, { mode: 'normal' });
    disk.write((seed - 1) * MIB, randomBytes(seed, MIB));
    disk.dispose();
  }
  const [, gone, cut] = logNumbers(library, id).map((number) => logPath(library, id, number));
  expect(check(library).problems).toEqual([]);
  rmSync(gone);
  truncateSync(cut, 100_000);

  const lost = check(library).problems;

  expect(lost.map(({ where }) => where)).toEqual([gone, `${cut} at 100000`]);
  expect(lost.every(({ what }) => what.includes('"disk1"'))).toBe(true);
  expect(() => read(library, id, 4096)).toThrow(gone);
  const report = finish(repairLibrary(library));
  expect(report.problems).toEqual([]);
  expect(report.repaired.length).toBe(2);
  expect(read(library, id, MIB).equals(randomBytes(1, MIB))).toBe(true);
  truncateSync(cut, 0);
  expect(check(library).problems.length).toBe(1);
});

test('the collector keeps what is needed, gives back the rest, and writes sparse packs again', () => {
  const library = testLibrary();
  const disks = [1, 2, 3, 4].map((seed) => diskWith(library, seed));
  // All four in one pack: as a larger write would have it.
  const { id: all } = createMedium(library, { name: 'all', kind: 'disk', sizeBytes: 16 * MIB });
  const disk = StoreDisk.open(library, all, { mode: 'normal' });
  for (const seed of [5, 6, 7, 8]) disk.write((seed - 5) * MIB, randomBytes(seed, MIB));
  disk.dispose();
  foldMedium(library, all);
  const shrinking = StoreDisk.open(library, all, { mode: 'normal' });
  shrinking.discard(MIB, 3 * MIB);
  shrinking.dispose();
  foldMedium(library, all);
  for (const id of disks.slice(0, 2)) removeMedium(library, id);

  const collected = collect(library)!;

  expect(collected.chunks).toBeGreaterThanOrEqual(2 * 65 + 3 * 64);
  expect(check(library).problems).toEqual([]);
  expect(read(library, all, MIB).equals(randomBytes(5, MIB))).toBe(true);
  expect(read(library, disks[3], MIB).equals(randomBytes(4, MIB))).toBe(true);
  const bytes = readdirSync(join(library.folder, 'packs'))
    .map((file) => readFileSync(join(library.folder, 'packs', file)).length)
    .reduce((a, b) => a + b, 0);
  expect(bytes).toBeLessThan(3.2 * MIB);
});

test('an error of the host at any call leaves the library as it was before', () => {
  const made = testLibrary();
  const id = diskWith(made, 1, 'd', 64 * 1024);
  made.database.pragma('wal_checkpoint(TRUNCATE)');
  for (const code of ['EIO', 'ENOSPC']) {
    for (let failAt = 0, done = false; !done; failAt++) {
      const io = new FaultyIo();
      const folder = testFolder();
      cpSync(made.folder, folder, { recursive: true });
      const opened = openLibrary(folder, io);
      if (!opened.ok) throw new Error(opened.error.message);
      const library = opened.value;
      const disk = StoreDisk.open(library, id, { mode: 'normal' });
      disk.write(0, randomBytes(2, 16 * 1024));
      disk.flush();
      io.code = code;
      io.failAt = io.calls + failAt;
      try {
        const last = disk.seal();
        foldMedium(library, id, last);
        disk.folded(last);
        done = true;
      } catch (error) {
        expect(String(error)).toMatch(/injected/);
      }
      io.failAt = Infinity;
      const expected = Buffer.concat([randomBytes(2, 16 * 1024), randomBytes(1, 64 * 1024).subarray(16 * 1024)]);
      disk.dispose();
      expect(read(library, id, 64 * 1024).equals(expected)).toBe(true);
      expect(check(library).problems).toEqual([]);
      library.dispose();
    }
  }
});

test('what was written and not committed gives its space back at once', () => {
  const library = testLibrary();

  const cancelled = (): void =>
    withWriter(library, (_, writer) => {
      for (let i = 0; i < 64; i++) writer.put(randomBytes(i, 16 * 1024));
      throw new Error('cancelled');
    });

  expect(cancelled).toThrow('cancelled');
  const [pack] = readdirSync(join(library.folder, 'packs'));
  expect(readFileSync(join(library.folder, 'packs', pack)).length).toBe(PACK_HEADER_BYTES);
});
