import { describe, expect, it } from 'vitest';
import { BlockIoError } from '../backends/index.ts';
import { MemoryBlock } from './memory-block.ts';
import { OVERLAY_PAGE_BYTES, OverlayBlock } from './memory-overlay.ts';

const numbered = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i * 7);
const readAll = (block: { sizeBytes: number; read(at: number, to: Uint8Array): void }): Uint8Array => {
  const all = new Uint8Array(block.sizeBytes);
  block.read(0, all);
  return all;
};

describe('OverlayBlock', () => {
  it('reads what was written across page borders and the base elsewhere', () => {
    const image = numbered(3 * OVERLAY_PAGE_BYTES + 100);
    const overlay = new OverlayBlock(new MemoryBlock(image, { readOnly: true }));
    const expected = image.slice();
    const patch = new Uint8Array(OVERLAY_PAGE_BYTES + 20).fill(0xee);
    expected.set(patch, OVERLAY_PAGE_BYTES - 10);

    overlay.write(OVERLAY_PAGE_BYTES - 10, patch);

    expect(readAll(overlay)).toEqual(expected);
    expect(overlay.overlaidBytes).toBe(3 * OVERLAY_PAGE_BYTES);
  });

  it('leaves the base as it was', () => {
    const image = numbered(5000);
    const overlay = new OverlayBlock(new MemoryBlock(image));

    overlay.write(4990, new Uint8Array(10).fill(1));

    expect(image).toEqual(numbered(5000));
    expect(readAll(overlay).subarray(4990)).toEqual(new Uint8Array(10).fill(1));
  });

  it('refuses ranges that leave the medium, and writes under a write-protect tab', () => {
    const overlay = new OverlayBlock(new MemoryBlock(new Uint8Array(512)), { readOnly: true });

    expect(() => overlay.read(511, new Uint8Array(2))).toThrow(BlockIoError);
    expect(() => overlay.read(-1, new Uint8Array(1))).toThrow(BlockIoError);
    expect(() => overlay.write(0, new Uint8Array(1))).toThrow(BlockIoError);
  });
});

describe('MemoryBlock', () => {
  it('writes in place and refuses what does not fit', () => {
    const bytes = new Uint8Array(16);
    const block = new MemoryBlock(bytes);

    block.write(14, Uint8Array.of(1, 2));

    expect(Array.from(bytes.subarray(14))).toEqual([1, 2]);
    expect(() => block.write(15, Uint8Array.of(1, 2))).toThrow(BlockIoError);
    expect(() => new MemoryBlock(bytes, { readOnly: true }).write(0, Uint8Array.of(1))).toThrow(BlockIoError);
  });
});
