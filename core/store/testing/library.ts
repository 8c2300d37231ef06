import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openLibrary, type Library } from '../library.ts';
import type { StoreIo } from '../io.ts';

/** A library in a folder of its own, gone after the test. */
export function testLibrary(io?: StoreIo): Library {
  const folder = testFolder();
  const library = openLibrary(folder, io);
  if (!library.ok) throw new Error(library.error.message);
  onTestFinished(() => library.value.dispose());
  return library.value;
}

export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'terrarium-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Random bytes that are the same in every run. */
export function randomBytes(seed: number, length: number): Uint8Array {
  const out = new Uint32Array(Math.ceil(length / 4));
  let x = (seed * 0x9e3779b1 + 1) >>> 0 || 1;
  for (let i = 0; i < out.length; i++) {
    x ^= x << 13;
    x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    out[i] = x;
  }
  return new Uint8Array(out.buffer, 0, length);
}
