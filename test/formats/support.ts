/** Images and their peers: qemu-img and qemu-io, random media, and results that must be good. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entropy, WallClock } from '../../core/backends/index.ts';
import type { Result } from '../../core/base/index.ts';
import { nodeCodecs } from '../../core/formats/file-codecs.ts';
import { openByteFile, relatedFiles } from '../../core/formats/file-source.ts';
import {
  createImage,
  openImage,
  type CreateOptions,
  type DiskImage,
  type ImageFormat,
  type OpenOptions,
} from '../../core/formats/index.ts';

export const SECTOR = 512;
export const KIB = 1024;
export const MIB = 1024 * KIB;

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

/** A generator of numbers that is the same in every run with the same seed (xorshift32). */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0 || 1;
  }
  /** An integer below `limit`. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return Math.floor(((this.#state >>> 0) / 2 ** 32) * limit);
  }
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
}

const dice = new Dice(7);
export const testEntropy: Entropy = {
  fill: (target) => target.forEach((_, i) => (target[i] = dice.below(256))),
};
export const testClock: WallClock = { nowMs: Date.UTC(2026, 0, 2) };
export const host = { codecs: nodeCodecs, related: relatedFiles(), entropy: testEntropy };

/** A folder that is removed by `dispose`. */
export function scratchFolder(root = tmpdir()): { path: string; file(name: string): string; dispose(): void } {
  const path = mkdtempSync(join(root, 'terrarium-formats-'));
  return { path, file: (name) => join(path, name), dispose: () => rmSync(path, { recursive: true, force: true }) };
}

export const open = (path: string, access: 'read' | 'write', options: Partial<OpenOptions> = {}): DiskImage =>
  must(openImage(must(openByteFile(path, access)), { ...host, ...options }));

export const create = (
  path: string,
  format: ImageFormat,
  options: Partial<CreateOptions> & { readonly sizeBytes: number },
): DiskImage =>
  must(createImage(must(openByteFile(path, 'create')), format, { ...host, wallClock: testClock, ...options }));

/** What QEMU calls our formats. */
export const qemuName = (format: ImageFormat): string => (format === 'vhd' ? 'vpc' : format);

export const qemuImg = (...args: string[]): string =>
  execFileSync('qemu-img', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

export function readAll(image: Pick<DiskImage, 'sizeBytes' | 'read'>): Uint8Array {
  const all = new Uint8Array(image.sizeBytes);
  image.read(0, all);
  return all;
}

export interface GuestWrite {
  readonly at: number;
  readonly data: Uint8Array;
}

/** Writes as guests make them: mostly small, some large, some of zeros, whole sectors. */
export function guestWrites(chance: Dice, sizeBytes: number, count: number): GuestWrite[] {
  return Array.from({ length: count }, () => {
    const sectors = chance.below(4) === 0 ? 1 + chance.below(400) : 1 + chance.below(16);
    const length = Math.min(sectors * SECTOR, sizeBytes);
    const at = Math.min(chance.below(sizeBytes / SECTOR) * SECTOR, sizeBytes - length);
    const data = new Uint8Array(length);
    const kind = chance.below(4);
    if (kind === 1) for (let i = 0; i < length; i++) data[i] = chance.below(256);
    else if (kind > 1) data.fill(1 + chance.below(255));
    return { at, data };
  });
}

export function applyWrites(image: DiskImage, model: Uint8Array, writes: readonly GuestWrite[], chance: Dice): void {
  for (const { at, data } of writes) {
    image.write(at, data);
    model.set(data, at);
    if (chance.below(12) === 0) image.flush();
  }
}
