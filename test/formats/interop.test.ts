/**
 * Every format both ways through qemu-img: what we write it reads, what it writes we read, byte for byte; its own check
 * finds nothing. TERRARIUM_INTEROP_ROUNDS says how often, TERRARIUM_FUZZ_SEED with what (all of it: `npm run torture`).
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import type { CreateOptions, ImageFormat } from '../../core/formats/index.ts';
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
  qemuImg,
  qemuName,
  readAll,
  scratchFolder,
} from './support.ts';

const ROUNDS = Number(process.env.TERRARIUM_INTEROP_ROUNDS ?? 1);
const SEED = Number(process.env.TERRARIUM_FUZZ_SEED ?? 1);
const SIZE = 9 * MIB + 3 * SECTOR;
const folder = scratchFolder();
afterAll(() => folder.dispose());

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

describe.each(CASES)('$name', (testCase) => {
  const { format, options, qemu, name } = testCase;
  const size = sizeFor(testCase);
  const file = (what: string): string => folder.file(`${name.replaceAll(/[^a-zA-Z0-9]/g, '-')}-${what}`);

  test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'what we write, qemu-img reads and finds sound (round %i)',
    (round) => {
      const chance = new Dice(SEED * 100_003 + round * 100 + name.length);
      const path = file(`ours-${round}.img`);
      const model = new Uint8Array(size);
      const image = create(path, format, { sizeBytes: size, ...options });

      applyWrites(image, model, guestWrites(chance, size, 60), chance);
      must(image.close());
      // A second session on the same image.
      const again = open(path, 'write', { format });
      applyWrites(again, model, guestWrites(chance, size, 20), chance);
      expect(again.check()).toMatchObject({ errorCount: 0, leakedBytes: 0 });
      must(again.close());

      writeFileSync(file('model.raw'), model);
      qemuImg('compare', '-f', qemuName(format), '-F', 'raw', path, file('model.raw'));
      if (canCheck(testCase)) qemuImg('check', '-f', qemuName(format), path);
    },
  );

  test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'what qemu writes, we read and go on with (round %i)',
    (round) => {
      const chance = new Dice(SEED * 100_003 + round * 100 + name.length + 50);
      const path = file(`theirs-${round}.img`);
      const model = new Uint8Array(size);
      qemuImg('create', '-q', '-f', qemuName(format), ...qemu, path, String(size));
      qemuWrites(path, format, model, chance);
      const image = open(path, 'write', { format });

      expect(image.sizeBytes).toBe(size);
      expect(Buffer.compare(readAll(image), model)).toBe(0);
      expect(image.check()).toMatchObject({ errorCount: 0 });
      applyWrites(image, model, guestWrites(chance, size, 30), chance);
      must(image.close());

      writeFileSync(file('model.raw'), model);
      qemuImg('compare', '-f', qemuName(format), '-F', 'raw', path, file('model.raw'));
      if (canCheck(testCase)) qemuImg('check', '-f', qemuName(format), path);
    },
  );
});

/** Random patterns, zeros and discards through qemu-io, and the same into `model`. */
function qemuWrites(path: string, format: ImageFormat, model: Uint8Array, chance: Dice): void {
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
  execFileSync('qemu-io', ['-f', qemuName(format), ...commands, path], { stdio: ['ignore', 'pipe', 'pipe'] });
}
