import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KernelCache } from './kernel-cache.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kernels-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const packed = (n: number): Uint8Array => Uint8Array.of(n, 1, 2);
const UNPACKED = Uint8Array.from({ length: 10_000 }, (_, i) => i);

test('a kernel is found by what it was unpacked from, of its size only', async () => {
  const cache = new KernelCache(join(folder, 'new'));
  await cache.write(packed(1), UNPACKED);
  expect(await cache.read(packed(1), UNPACKED.length)).toEqual(UNPACKED);
  expect(await cache.read(packed(2), UNPACKED.length)).toBeUndefined();
  expect(await cache.read(packed(1), UNPACKED.length - 1)).toBeUndefined();
});

test('one with a flipped byte is as if it were not there', async () => {
  const cache = new KernelCache(folder);
  await cache.write(packed(1), UNPACKED);
  const [name] = readdirSync(folder);
  const path = join(folder, name);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.with(5000, bytes[5000] ^ 1));
  expect(await cache.read(packed(1), UNPACKED.length)).toBeUndefined();
});

test('eight are kept, and a folder that cannot be written is no error', async () => {
  const cache = new KernelCache(folder);
  for (let n = 0; n < 10; n++) await cache.write(packed(n), UNPACKED);
  expect(readdirSync(folder)).toHaveLength(8);

  const file = join(folder, 'file');
  writeFileSync(file, '');
  await new KernelCache(join(file, 'kernels')).write(packed(1), UNPACKED);
});
