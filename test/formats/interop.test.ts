/**
 * Every format both ways through qemu-img: what we write it reads, what it writes we read, byte for byte; its own check
 * finds nothing. TERRARIUM_INTEROP_ROUNDS says how often, TERRARIUM_FUZZ_SEED with what (all of it: `npm run torture`).
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { CreateOptions, ImageFormat } from '../../core/formats/index.ts';
import { MEMORY_FOLDER } from '../fixtures/memory-folder.ts';
import { Shell } from './shell.ts';
import {
  Dice,
  KIB,
  MIB,
  SECTOR,
  applyWrites,
  create,
  guestWrites,
  must,
  open,
  qemuName,
  readAll,
  scratchFolder,
} from './support.ts';

const ROUNDS = Number(process.env.TERRARIUM_INTEROP_ROUNDS ?? 1);
const SEED = Number(process.env.TERRARIUM_FUZZ_SEED ?? 1);
const SIZE = 9 * MIB + 3 * SECTOR;
const folder = scratchFolder(MEMORY_FOLDER);
const shell = new Shell(folder.path);
afterAll(() => {
  shell.dispose();
  folder.dispose();
});

interface Case {
  readonly name: string;
  readonly format: ImageFormat;
  readonly options: Partial<CreateOptions>;
  /** How qemu-img makes one like it. */
  readonly qemu: readonly string[];
}

const CASES: readonly Case[] = [
  { name: 'raw', format: 'raw', options: {}, qemu: [] },
  { name: 'qcow2', format: 'qcow2', options: {}, qemu: [] },
  { name: 'qcow2 v2', format: 'qcow2', options: { variant: 'v2' }, qemu: ['-o', 'compat=0.10'] },
  {
    name: 'qcow2, clusters of 512 bytes',
    format: 'qcow2',
    options: { clusterBytes: 512 },
    qemu: ['-o', 'cluster_size=512,refcount_bits=1'],
  },
  {
    name: 'qcow2, clusters of 2 MiB',
    format: 'qcow2',
    options: { clusterBytes: 2 * MIB },
    qemu: ['-o', 'cluster_size=2M,refcount_bits=64'],
  },
  { name: 'qcow2, zlib', format: 'qcow2', options: { compression: 'zlib' }, qemu: ['-o', 'lazy_refcounts=on'] },
  {
    name: 'qcow2, zstd',
    format: 'qcow2',
    options: { compression: 'zstd' },
    qemu: ['-o', 'compression_type=zstd,preallocation=metadata'],
  },
  { name: 'VDI', format: 'vdi', options: {}, qemu: [] },
  { name: 'fixed VDI', format: 'vdi', options: { variant: 'fixed' }, qemu: ['-o', 'static=on'] },
  { name: 'VHD', format: 'vhd', options: {}, qemu: ['-o', 'force_size=on'] },
  {
    name: 'fixed VHD',
    format: 'vhd',
    options: { variant: 'fixed' },
    qemu: ['-o', 'subformat=fixed,force_size=on'],
  },
  ...(['monolithicSparse', 'monolithicFlat', 'twoGbMaxExtentSparse', 'twoGbMaxExtentFlat'] as const).map(
    (variant): Case => ({
      name: `VMDK ${variant}`,
      format: 'vmdk',
      options: { variant },
      qemu: ['-o', `subformat=${variant}`],
    }),
  ),
];

/** VDI and VHD know no finer unit than QEMU lets them have. */
const sizeFor = ({ format }: Case): number => (format === 'vdi' ? 9 * MIB : SIZE);
/** `qemu-img check` has nothing to say about these. */
const canCheck = ({ format }: Case): boolean => ['qcow2', 'vdi', 'vmdk'].includes(format);

/** As a raw image whose zeros are holes: neither of us writes or reads those. */
function writeModel(path: string, model: Uint8Array): void {
  const zeros = Buffer.alloc(64 * KIB);
  const fd = openSync(path, 'w');
  ftruncateSync(fd, model.length);
  for (let at = 0; at < model.length; at += zeros.length) {
    const piece = Buffer.from(model.buffer, at, Math.min(zeros.length, model.length - at));
    if (!piece.equals(zeros.subarray(0, piece.length))) writeSync(fd, piece, 0, piece.length, at);
  }
  closeSync(fd);
}

// While QEMU looks at one image, the next is made.
describe.concurrent.each(CASES)('$name', (testCase) => {
  const { format, options, qemu, name } = testCase;
  const size = sizeFor(testCase);
  /** For an image, in a folder of its own with all files that it consists of. */
  function newImage(what: string): string {
    const own = folder.file(`${name.replaceAll(/[^a-zA-Z0-9]/g, '-')}-${what}`);
    mkdirSync(own);
    return join(own, 'disk.img');
  }

  /** By QEMU: holds the model's contents, and is sound. Nothing is left of it. */
  async function expectSound(path: string, model: Uint8Array): Promise<void> {
    const modelPath = join(dirname(path), 'model.raw');
    writeModel(modelPath, model);
    await shell.run(
      ['qemu-img', 'compare', '-f', qemuName(format), '-F', 'raw', path, modelPath],
      ...(canCheck(testCase) ? [['qemu-img', 'check', '-f', qemuName(format), path]] : []),
    );
    rmSync(dirname(path), { recursive: true });
  }

  test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'what we write, qemu-img reads and finds sound (round %i)',
    async (round) => {
      const chance = new Dice(SEED * 100_003 + round * 100 + name.length);
      const path = newImage(`ours-${round}`);
      const model = new Uint8Array(size);
      const image = create(path, format, { sizeBytes: size, ...options });

      applyWrites(image, model, guestWrites(chance, size, 60), chance);
      must(image.close());
      // A second session on the same image.
      const again = open(path, 'write', { format });
      applyWrites(again, model, guestWrites(chance, size, 20), chance);
      expect(again.check()).toMatchObject({ errorCount: 0, leakedBytes: 0 });
      must(again.close());

      await expectSound(path, model);
    },
  );

  test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'what qemu writes, we read and go on with (round %i)',
    async (round) => {
      const chance = new Dice(SEED * 100_003 + round * 100 + name.length + 50);
      const path = newImage(`theirs-${round}`);
      const model = new Uint8Array(size);
      await shell.run(
        ['qemu-img', 'create', '-q', '-f', qemuName(format), ...qemu, path, String(size)],
        ['qemu-io', '-f', qemuName(format), ...qemuWrites(format, model, chance), path],
      );
      const image = open(path, 'write', { format });

      expect(image.sizeBytes).toBe(size);
      expect(Buffer.compare(readAll(image), model)).toBe(0);
      expect(image.check()).toMatchObject({ errorCount: 0 });
      applyWrites(image, model, guestWrites(chance, size, 30), chance);
      must(image.close());

      await expectSound(path, model);
    },
  );
});

/** Random patterns, zeros and discards as arguments of qemu-io, and the same into `model`. */
function qemuWrites(format: ImageFormat, model: Uint8Array, chance: Dice): string[] {
  const commands: string[] = [];
  for (let i = 0; i < 40; i++) {
    const length = (1 + chance.below(chance.below(4) === 0 ? 300 : 16)) * SECTOR;
    const at = Math.min(chance.below(model.length / SECTOR) * SECTOR, model.length - length);
    const pattern = chance.below(256);
    const zero = chance.below(6) === 0;
    commands.push('-c', zero ? `write -z ${at} ${length}` : `write -P ${pattern} ${at} ${length}`);
    model.fill(zero ? 0 : pattern, at, at + length);
    if (format === 'qcow2' && chance.below(8) === 0) {
      const from = Math.ceil(at / (64 * KIB)) * 64 * KIB;
      if (from + 64 * KIB > model.length) continue;
      commands.push('-c', `discard ${from} ${64 * KIB}`);
      // Clusters of 2 MiB are too large for it; the others read as zeros afterwards.
      commands.push('-c', `write -z ${from} ${64 * KIB}`);
      model.fill(0, from, from + 64 * KIB);
    }
  }
  return commands;
}
