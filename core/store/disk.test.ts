import { expect, test, vi } from 'vitest';
import { collect } from './collect.ts';
import { StoreDisk, foldMedium } from './disk.ts';
import { createMedium, findMedium, resizeMedium } from './media.ts';
import type { Library } from './library.ts';
import { ZERO_NAME } from './name.ts';
import { getMedium } from './rows.ts';
import { foldThrowAway } from './take-snapshot.ts';
import { randomBytes, testLibrary } from './testing/library.ts';

/** Many syncs; the disk may be busy. */
vi.setConfig({ testTimeout: 120_000 });

const MIB = 1 << 20;

const newDisk = (library: Library, sizeBytes = 64 * MIB): string =>
  createMedium(library, { name: 'disk', kind: 'disk', sizeBytes }).id;

const open = (library: Library, id: string): StoreDisk => StoreDisk.open(library, id, { mode: 'normal' });

function contents(disk: StoreDisk): Buffer {
  const all = Buffer.alloc(disk.sizeBytes);
  disk.read(0, all);
  return all;
}

const chunkRows = (library: Library): number =>
  library.database.prepare('SELECT COUNT(*) FROM chunk').pluck().get() as number;

test('a disk of the store holds what was written, at any offset and length, as a plain array does', () => {
  const library = testLibrary();
  const id = newDisk(library, 3 * MIB);
  const model = Buffer.alloc(3 * MIB);
  let disk = open(library, id);
  const random = randomBytes(1, 4096);
  const next = (i: number, below: number): number => (random[i] * 65536 + random[i + 1] * 256 + random[i + 2]) % below;
  for (let i = 0; i + 8 < random.length; i += 8) {
    const at = next(i, model.length - 70000);
    const length = 1 + next(i + 3, 70000);
    const data = random[i + 6] < 60 ? new Uint8Array(length) : randomBytes(i, length);
    if (random[i + 6] > 240) {
      disk.discard(Math.floor(at / 4096) * 4096, 8192);
      model.fill(0, Math.floor(at / 4096) * 4096, Math.floor(at / 4096) * 4096 + 8192);
    } else {
      disk.write(at, data);
      model.set(data, at);
    }
    if (random[i + 7] < 16) {
      const last = disk.seal();
      foldMedium(library, id, last);
      disk.folded(last);
    } else if (random[i + 7] < 24) {
      disk.dispose();
      disk = open(library, id);
      if (random[i + 7] < 18) expect(contents(disk).equals(model)).toBe(true);
    }
  }
  expect(contents(disk).equals(model)).toBe(true);
  disk.dispose();
  foldMedium(library, id);
  disk = open(library, id);
  expect(contents(disk).equals(model)).toBe(true);
  disk.dispose();
});

test('chunks of equal contents are stored once, whichever disk they are on', () => {
  const library = testLibrary();
  const data = randomBytes(7, MIB);
  const first = newDisk(library);
  const disk = open(library, first);
  disk.write(0, data);
  disk.write(16 * MIB, data);
  disk.dispose();
  foldMedium(library, first);
  const before = chunkRows(library);
  const second = createMedium(library, { name: 'second', kind: 'disk', sizeBytes: 64 * MIB }).id;
  const other = open(library, second);
  other.write(0, data);
  other.write(16 * MIB, data);
  other.dispose();

  foldMedium(library, second);

  expect(chunkRows(library)).toBe(before);
  expect(before).toBeLessThan(64 + 8);
});

test('zeros cost nothing, and zeros written over data give its space back', () => {
  const library = testLibrary();
  const id = newDisk(library);
  let disk = open(library, id);
  disk.write(0, randomBytes(3, 4 * MIB));
  disk.dispose();
  foldMedium(library, id);
  expect(chunkRows(library)).toBeGreaterThan(256);

  disk = open(library, id);
  disk.write(0, new Uint8Array(2 * MIB));
  disk.discard(2 * MIB, 2 * MIB);
  disk.write(8 * MIB, randomBytes(4, 4096));
  expect(disk.zerosAt(4 * MIB + 100, 20 * MIB)).toBe(4 * MIB - 100);
  expect(disk.zerosAt(16 * MIB + 1, MIB)).toBe(MIB);
  expect(disk.zerosAt(8 * MIB, MIB)).toBe(0);
  disk.discard(8 * MIB, 4096);
  disk.dispose();
  foldMedium(library, id);
  const collected = collect(library)!;

  expect(getMedium(library, id).root).toBe(ZERO_NAME);
  expect(chunkRows(library)).toBe(0);
  expect(collected.bytes).toBeGreaterThan(4 * MIB);
  expect(collected.packs).toBe(1);
});

test('a disk is opened for writing once', () => {
  const library = testLibrary();
  const id = newDisk(library);
  const disk = open(library, id);

  expect(() => open(library, id)).toThrow('open for writing in another machine');

  disk.dispose();
  open(library, id).dispose();
});

test('what a throw-away session wrote is gone, also when the session was killed', () => {
  const library = testLibrary();
  const id = newDisk(library);
  const data = randomBytes(1, 8192);
  const kept = open(library, id);
  kept.write(0, data);
  kept.dispose();

  const session = StoreDisk.open(library, id, { mode: 'throw-away' });
  session.write(0, new Uint8Array(8192).fill(1));
  const read = new Uint8Array(8192);
  session.read(0, read);
  expect(read[0]).toBe(1);
  session.dispose();

  const after = open(library, id);
  after.read(0, read);
  expect(Buffer.from(read).equals(data)).toBe(true);
  after.dispose();
});

test('who reads a disk that another writes finds it as it was, though the rest is folded and collected', () => {
  const library = testLibrary();
  const id = newDisk(library, MIB);
  const machine = open(library, id);
  machine.write(0, randomBytes(1, MIB));
  foldMedium(library, id, machine.seal());
  machine.write(0, randomBytes(2, 64 << 10));
  const reader = StoreDisk.open(library, id, { mode: 'read-only' });

  machine.write(0, randomBytes(3, MIB));
  const last = machine.seal();
  foldMedium(library, id, last);
  machine.folded(last);
  collect(library);

  const expected = randomBytes(1, MIB);
  expected.set(randomBytes(2, 64 << 10));
  expect(contents(reader).equals(expected)).toBe(true);
  reader.dispose();
  expect(collect(library)!.chunks).toBeGreaterThan(0);
  machine.dispose();
});

test('the log of a throw-away session that wrote much is bounded, and all of it goes with the session', () => {
  const library = testLibrary();
  const { id } = createMedium(library, { name: 'disk', kind: 'disk', sizeBytes: MIB });
  const before = StoreDisk.open(library, id, { mode: 'normal' });
  before.write(0, randomBytes(1, 64 << 10));
  before.dispose();
  const session = StoreDisk.open(library, id, { mode: 'throw-away' });
  for (const [at, seed] of [
    [16 << 10, 2],
    [32 << 10, 3],
  ]) {
    session.write(at, randomBytes(seed, 16 << 10));
    const undo = session.sealUndo();
    expect(undo.logs.map((log) => log.sizeBytes < 20 << 10)).toEqual([true]); // what was written since the last tree

    session.undoFolded(undo, foldThrowAway(library, id, MIB, undo));
    collect(library); // the session pins what it goes on from
  }
  const data = Buffer.alloc(64 << 10);
  session.read(0, data);
  expect(data.subarray(0, 16 << 10).equals(randomBytes(1, 16 << 10))).toBe(true);
  expect(data.subarray(16 << 10, 32 << 10).equals(randomBytes(2, 16 << 10))).toBe(true);
  expect(data.subarray(32 << 10, 48 << 10).equals(randomBytes(3, 16 << 10))).toBe(true);
  session.dispose();

  const after = StoreDisk.open(library, id, { mode: 'read-only' });
  after.read(0, data);
  after.dispose();
  expect(data.equals(randomBytes(1, 64 << 10))).toBe(true);
  expect(collect(library)!.chunks).toBeGreaterThan(0);
});

test('a disk grows, shrinks when nothing is cut off, and can be kept as it was', () => {
  const library = testLibrary();
  const id = newDisk(library, 4 * MIB);
  const data = randomBytes(1, MIB);
  const disk = open(library, id);
  disk.write(0, data);
  disk.write(3 * MIB, data);
  disk.dispose();

  resizeMedium(library, id, 5000 * MIB, false);
  const grown = open(library, id);
  const read = new Uint8Array(MIB);
  grown.read(3 * MIB, read);
  expect(Buffer.from(read).equals(data)).toBe(true);
  grown.read(4999 * MIB, read);
  expect(read.every((byte) => byte === 0)).toBe(true);
  grown.write(4000 * MIB, data);
  grown.dispose();

  // What lies in a log only is looked at, too, and may be cut off with whole levels of the tree.
  expect(() => resizeMedium(library, id, 1000 * MIB, false)).toThrow('behind the new end');
  expect(resizeMedium(library, id, 100 * MIB, true).sizeBytes).toBe(100 * MIB);
  expect(() => resizeMedium(library, id, 3 * MIB, false)).toThrow('behind the new end');
  expect(resizeMedium(library, id, 4 * MIB, false).sizeBytes).toBe(4 * MIB);
  const { name } = getMedium(library, id);
  resizeMedium(library, id, 3 * MIB + 512, true, name);
  const shrunk = open(library, id);
  expect(shrunk.sizeBytes).toBe(3 * MIB + 512);
  const last = new Uint8Array(512);
  shrunk.read(3 * MIB, last);
  expect(Buffer.from(last).equals(data.subarray(0, 512))).toBe(true);
  shrunk.dispose();
  const kept = open(library, findMedium(library, `${name} (2)`).id);
  expect(kept.sizeBytes).toBe(4 * MIB);
  kept.read(3 * MIB, read);
  expect(Buffer.from(read).equals(data)).toBe(true);
  kept.dispose();
});

test('a disk that is read in order holds the same while a thread reads ahead, with logs over its tree and another tree under it', () => {
  const library = testLibrary();
  const id = newDisk(library, 18 * MIB);
  const model = Buffer.alloc(18 * MIB, randomBytes(3, 16384));
  for (let at = 0; at < model.length; at += 16384) model.writeUInt32LE(at, at);
  model.fill(0, 5 * MIB, 6 * MIB);
  const before = open(library, id);
  before.write(0, model);
  before.dispose();
  foldMedium(library, id);
  const disk = StoreDisk.open(library, id, { mode: 'normal', readsAhead: true });
  const write = (at: number, length: number): void => {
    const data = randomBytes(at, length);
    disk.write(at, data);
    model.set(data, at);
  };
  // More than is kept, so that each round reads all of it.
  for (let round = 0; round < 4; round++) {
    for (let at = 0; at < model.length; at += 65536) {
      const target = Buffer.alloc(65536);
      disk.read(at, target);
      expect(target.equals(model.subarray(at, at + 65536))).toBe(true);
      if (at === 9 * MIB) for (let i = 0; i < 8; i++) write(at + MIB + i * 40960, 4096 + i * 8192);
    }
    if (round !== 1) continue;
    const last = disk.seal();
    foldMedium(library, id, last);
    disk.folded(last);
  }
  disk.dispose();
});
