import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { compress, decompressAlone, decompressInto } from './zstd.ts';

const chunk = (text: string): Buffer => Buffer.alloc(16384, text);
const unpacked = (frame: Uint8Array, bytes = 16384): Buffer | undefined => {
  const target = Buffer.alloc(bytes);
  return decompressInto(frame, target) ? target : undefined;
};

test('frames of the kept compressor are what any decompressor takes, one after the other', () => {
  for (const raw of [chunk('first'), chunk('second'), Buffer.alloc(1, 1), Buffer.alloc(65536, 'node')])
    expect(zstdDecompressSync(compress(raw)).equals(raw)).toBe(true);
});

test('this Node has a decompressor to keep', () => {
  expect(unpacked(zstdCompressSync(chunk('a')))).toEqual(chunk('a'));
});

test('after a frame that is damaged, cut short or holds more than it should, the next one is whole', () => {
  const good = zstdCompressSync(chunk('good'));
  const flipped = Buffer.from(good);
  flipped[5]! ^= 0xff;
  for (const bad of [
    flipped,
    Buffer.from('no frame'),
    good.subarray(0, good.length - 3),
    zstdCompressSync(Buffer.alloc(40000, 'long')),
  ]) {
    unpacked(bad);
    const next = unpacked(good);
    expect((next?.equals(chunk('good')) ? next : decompressAlone(good, 16384)).equals(chunk('good'))).toBe(true);
    expect(unpacked(good)).toEqual(chunk('good'));
  }
});
