import { writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { BLOCK_BYTES, DiskLog } from './disk-log.ts';
import { hostIo, type StoreIo } from './io.ts';
import { FaultyIo, RecordingIo } from './testing/faulty-io.ts';
import { randomBytes, testFolder } from './testing/library.ts';

/** Many syncs; the disk may be busy. */
vi.setConfig({ testTimeout: 120_000 });

const MEDIUM = '01234567-89ab-cdef-0123-456789abcdef';

function newLog(io: StoreIo = hostIo): { path: string; log: DiskLog } {
  const folder = testFolder();
  const path = join(folder, '3.log');
  return { path, log: DiskLog.create(io, path, folder, MEDIUM, 3) };
}

const reopen = (path: string): DiskLog => DiskLog.open(hostIo, path, MEDIUM, 3);

function block(log: DiskLog, index: number): Buffer | undefined {
  const entry = log.blocks.get(index);
  if (!entry) return undefined;
  const data = Buffer.alloc(BLOCK_BYTES);
  log.read(index, data);
  return data;
}

test('a log that is opened again holds what was appended, the last version of each block', () => {
  const { path, log } = newLog();
  const data = randomBytes(1, 3 * BLOCK_BYTES);
  log.append(10, data);
  log.append(11, data.subarray(0, BLOCK_BYTES));
  log.zero(12, 1);

  const again = reopen(path);

  expect([...again.blocks.keys()]).toEqual([10, 11, 12]);
  expect(block(again, 11)!.equals(data.subarray(0, BLOCK_BYTES))).toBe(true);
  expect(block(again, 12)!.every((byte) => byte === 0)).toBe(true);
  again.dispose();
  log.dispose();
});

test('any prefix and any subset of the writes since the last sync opens, with all that was synced', () => {
  const io = new RecordingIo();
  const folder = testFolder();
  const path = join(folder, '3.log');
  const log = DiskLog.create(io, path, folder, MEDIUM, 3);
  const safe = randomBytes(1, 4 * BLOCK_BYTES);
  log.append(0, safe);
  log.sync();
  for (let i = 0; i < 5; i++) log.append(2 + i, randomBytes(2 + i, BLOCK_BYTES));
  log.dispose();
  const { synced, unsynced } = io;
  expect(unsynced.length).toBe(6); // the note of the sync, and five blocks

  for (let lost = 0; lost < 1 << unsynced.length; lost++)
    for (const torn of [false, true]) {
      const image = Buffer.alloc(200_000);
      let end = 0;
      const put = (write: (typeof synced)[number], length: number): void => {
        write.data.copy(image, write.position, 0, length);
        end = Math.max(end, write.position + length);
      };
      for (const write of synced) put(write, write.data.length);
      // A lost write may leave its first half, and zeros where later ones made the file longer.
      unsynced.forEach((write, i) => {
        if (!((lost >> i) & 1)) put(write, write.data.length);
        else if (torn) put(write, write.data.length >> 1);
      });
      writeFileSync(path, image.subarray(0, end));

      const after = reopen(path);

      expect(block(after, 0)!.equals(safe.subarray(0, BLOCK_BYTES))).toBe(true);
      expect(block(after, 1)!.equals(safe.subarray(BLOCK_BYTES, 2 * BLOCK_BYTES))).toBe(true);
      for (let i = 2; i < 7; i++) {
        // Old or new, nothing between.
        const now = block(after, i);
        const old = i < 4 ? safe.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES) : undefined;
        const fresh = randomBytes(i, BLOCK_BYTES);
        const isOld = old === undefined ? now === undefined : now?.equals(old);
        expect(isOld || now?.equals(fresh)).toBe(true);
      }
      after.dispose();
    }
});

test('a flipped byte in what was synced is an error of its block or of the log, never other data', () => {
  const { path, log } = newLog();
  const data = randomBytes(5, 2 * BLOCK_BYTES);
  log.append(0, data);
  log.sync();
  log.append(2, data);
  log.sync();
  log.dispose();
  const whole = readFileSync(path);
  let found = 0;
  let places = 0;
  for (let at = 0; at < whole.length - 40; at += 97) {
    places++;
    const bytes = Buffer.from(whole);
    bytes[at] ^= 0x10;
    writeFileSync(path, bytes);
    try {
      const damagedLog = reopen(path);
      if (damagedLog.damagedBlocks.length > 0) found++;
      for (const [index] of damagedLog.blocks) {
        if (damagedLog.damagedBlocks.includes(index)) continue;
        const expected = data.subarray((index % 2) * BLOCK_BYTES, (index % 2) * BLOCK_BYTES + BLOCK_BYTES);
        expect(block(damagedLog, index)!.equals(expected)).toBe(true);
      }
      // Nothing may be missing without a word, except behind the last record.
      if (damagedLog.damagedBlocks.length === 0) expect(damagedLog.blocks.size).toBe(4);
      damagedLog.dispose();
    } catch (error) {
      expect(String(error)).toContain('3.log at');
      found++;
    }
  }
  expect(found).toBeGreaterThanOrEqual(places - 1); // the note between the two syncs proves nothing that the next does not
});

test('a sync that failed is not retried into a success', () => {
  const io = new FaultyIo();
  const folder = testFolder();
  const log = DiskLog.create(io, join(folder, '3.log'), folder, MEDIUM, 3);
  log.append(0, randomBytes(1, BLOCK_BYTES));
  io.failAt = io.calls;

  expect(() => log.sync()).toThrow('EIO');

  expect(() => log.sync()).toThrow('EIO');
  expect(() => log.append(1, randomBytes(2, BLOCK_BYTES))).toThrow('EIO');
  log.dispose();
});

test('a write that failed leaves the log as it was, and the next one takes its place', () => {
  const io = new FaultyIo();
  io.code = 'ENOSPC';
  const folder = testFolder();
  const path = join(folder, '3.log');
  const log = DiskLog.create(io, path, folder, MEDIUM, 3);
  const [first, second, third] = [1, 2, 3].map((seed) => randomBytes(seed, BLOCK_BYTES));
  log.append(0, first);
  io.failAt = io.calls;

  expect(() => log.append(0, second)).toThrow('ENOSPC');
  expect(block(log, 0)!.equals(first)).toBe(true);
  log.append(1, third);
  log.sync();
  log.dispose();

  const again = reopen(path);
  expect(block(again, 0)!.equals(first)).toBe(true);
  expect(block(again, 1)!.equals(third)).toBe(true);
  again.dispose();
});
