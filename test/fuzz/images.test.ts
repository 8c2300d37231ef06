/**
 * Mutants of valid images of every format: whatever their headers and tables say, the answer is a clear error or an
 * image that can be used, within a second, and a file that was opened read-only is untouched. TERRARIUM_FUZZ_MUTANTS
 * says how many per image (all of them: `npm run torture`), TERRARIUM_FUZZ_SEED which.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { BlockIoError } from '../../core/backends/index.ts';
import { failure, ok } from '../../core/base/index.ts';
import { CODES } from '../../core/contract/codes.ts';
import { nodeCodecs } from '../../core/formats/file-codecs.ts';
import { MemoryFile, openImage, type DiskImage, type RelatedFiles } from '../../core/formats/index.ts';
import { imageFixture } from '../fixtures/disk-images.ts';
import { Dice, MIB, create, must, qemuImg, scratchFolder, testEntropy } from '../formats/support.ts';
import { BoundedFile } from './bounded-file.ts';
import { LIMIT_MS, NUMBERS, SEED, mutants, seedOf } from './mutants.ts';

const MUTANTS = mutants(100);
const SIZE = 3 * MIB;

const folder = scratchFolder();
afterAll(() => folder.dispose());

interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Its other files by name. */
  readonly others: ReadonlyMap<string, Uint8Array>;
}

const only = (name: string, bytes: Uint8Array): Subject => ({ name, bytes, others: new Map() });

/** One of our own making, with something in it. */
function ours(
  name: string,
  ...[format, options]: Parameters<typeof create> extends [string, ...infer R] ? R : never
): Subject {
  const path = folder.file(name);
  const image = create(path, format, options);
  if (options.variant === 'streamOptimized') image.write(0, new Uint8Array(65536 * 3).fill(1));
  else for (const at of [0, 70_000, 2 * MIB + 512]) image.write(at, new Uint8Array(9000).fill(at % 250));
  must(image.close());
  return only(name, readFileSync(path));
}

function theirs(name: string, format: string, ...options: string[]): Subject {
  const path = folder.file(name);
  qemuImg('create', '-q', '-f', format, ...options, path, String(SIZE));
  execFileSync('qemu-io', ['-f', format, '-c', 'write -P 5 0 9000', '-c', 'write -P 6 2M 70000', path]);
  if (format === 'qcow2') qemuImg('snapshot', '-c', 'one', path);
  return only(name, readFileSync(path));
}

const packed = (): Subject => {
  const path = folder.file('packed.qcow2');
  const raw = folder.file('packed.raw');
  create(raw, 'raw', { sizeBytes: SIZE }).write(0, new Uint8Array(MIB).fill(3));
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', '-c', raw, path);
  return only('packed.qcow2', readFileSync(path));
};

function split(): Subject {
  const path = folder.file('split.vmdk');
  const image = create(path, 'vmdk', { sizeBytes: SIZE, variant: 'twoGbMaxExtentSparse' });
  image.write(0, new Uint8Array(9000).fill(1));
  must(image.close());
  const extent = 'split-s001.vmdk';
  return {
    name: 'split.vmdk',
    bytes: readFileSync(path),
    others: new Map([[extent, readFileSync(folder.file(extent))]]),
  };
}

function child(): Subject {
  const parent = ours('parent.qcow2', 'qcow2', { sizeBytes: SIZE });
  const path = folder.file('child.qcow2');
  const image = create(path, 'qcow2', {
    sizeBytes: SIZE,
    parent: {
      image: must(openImage(new MemoryFile('parent.qcow2', parent.bytes), { codecs: nodeCodecs })),
      reference: 'parent.qcow2',
    },
  });
  image.write(512, new Uint8Array(512).fill(4));
  must(image.close());
  return { name: 'child.qcow2', bytes: readFileSync(path), others: new Map([['parent.qcow2', parent.bytes]]) };
}

const SUBJECTS: readonly (readonly [string, () => Subject])[] = [
  ['qcow2', () => ours('a.qcow2', 'qcow2', { sizeBytes: SIZE })],
  [
    'qcow2 with small clusters and zstd',
    () => ours('b.qcow2', 'qcow2', { sizeBytes: SIZE, clusterBytes: 512, compression: 'zstd' }),
  ],
  ["QEMU's qcow2 with a snapshot", () => theirs('c.qcow2', 'qcow2')],
  ["QEMU's qcow2 of version 2", () => theirs('e.qcow2', 'qcow2', '-o', 'compat=0.10')],
  ["QEMU's packed qcow2", packed],
  ['qcow2 with a parent', child],
  ['VDI', () => ours('a.vdi', 'vdi', { sizeBytes: SIZE })],
  ['VHD', () => ours('a.vhd', 'vhd', { sizeBytes: SIZE })],
  ['fixed VHD', () => ours('b.vhd', 'vhd', { sizeBytes: SIZE, variant: 'fixed' })],
  ['differencing VHD', () => only('d.vhd', imageFixture('fat-differential.vhd'))],
  ['VMDK', () => ours('a.vmdk', 'vmdk', { sizeBytes: SIZE })],
  ['stream-optimized VMDK', () => ours('b.vmdk', 'vmdk', { sizeBytes: SIZE, variant: 'streamOptimized' })],
  ['split VMDK', split],
];

/** Mostly in the first sectors and tables, where the structures are. */
function mutate(original: Uint8Array, chance: Dice): Uint8Array {
  let bytes = original.slice();
  const view = new DataView(bytes.buffer);
  const place = (): number => {
    const span = chance.pick([128, 1024, 4096, bytes.length, bytes.length]);
    const at = chance.below(Math.min(span, bytes.length));
    return chance.below(5) === 0 ? Math.max(bytes.length - 1 - at, 0) : at;
  };
  for (let i = 1 + chance.below(4); i > 0; i--) {
    const at = place();
    const kind = chance.below(8);
    if (kind === 0) bytes[at] ^= 1 << chance.below(8);
    else if (kind === 1) bytes[at] = chance.below(256);
    else if (kind < 5 && at + 4 <= bytes.length) view.setUint32(at & ~3, chance.pick(NUMBERS), chance.below(2) === 0);
    else if (kind === 5 && at + 8 <= bytes.length)
      view.setBigUint64(at & ~7, BigInt(chance.pick(NUMBERS)) << BigInt(chance.below(32)), chance.below(2) === 0);
    else if (kind === 6) bytes.copyWithin(at, chance.below(bytes.length), chance.below(bytes.length));
    else if (kind === 7 && chance.below(4) === 0) bytes = bytes.slice(0, at);
  }
  return bytes;
}

const relatedOf = ({ others }: Subject): RelatedFiles => ({
  open: ({ reference }) => {
    const bytes = others.get(reference ?? '');
    return bytes
      ? ok(new BoundedFile(reference ?? '', bytes.slice()))
      : { ok: false, error: failure('image.parent', `${reference} is not allowed`) };
  },
  create: () => ({ ok: false, error: failure('file.io', 'no') }),
});

/** Everything that a host does with an image, over a part of it; only BlockIoError comes out. */
function exercise(image: DiskImage, chance: Dice): void {
  const attempt = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      if (!(error instanceof BlockIoError)) throw error;
    }
  };
  const buffer = new Uint8Array(128 * 1024);
  const places = [0, 65536, Math.floor(image.sizeBytes / 2), image.sizeBytes - buffer.length];
  for (let i = 0; i < 4; i++) places.push(Math.floor(image.sizeBytes * (chance.below(1000) / 1000)));
  for (const place of places) {
    const at = Math.max(Math.min(place, image.sizeBytes - buffer.length), 0);
    const part = buffer.subarray(0, Math.min(buffer.length, image.sizeBytes));
    attempt(() => image.read(at, part));
    attempt(() => expect(image.extentAt(at, image.sizeBytes - at).lengthBytes).toBeGreaterThan(0));
    if (image.readOnly) continue;
    attempt(() => image.write(at, part.fill(at % 256)));
    attempt(() => image.discard(at, part.length));
    attempt(() => image.flush());
  }
  attempt(() => image.info());
  attempt(() => image.check());
  if (!image.readOnly) {
    image.resize(Math.ceil(image.sizeBytes / 512) * 512 + 512);
    attempt(() => image.check({ repair: true }));
  }
}

describe.each(SUBJECTS)('mutants of a %s', (_name, make) => {
  test(`are refused clearly or can be used (${MUTANTS}, seed ${SEED})`, { timeout: 60_000 + MUTANTS * 500 }, () => {
    const subject = make();
    let opened = 0;
    for (let number = 0; number < MUTANTS; number++) {
      const chance = new Dice(seedOf(number));
      const bytes = mutate(subject.bytes, chance);
      const what = `${subject.name} mutant ${number}`;
      for (const readOnly of [true, false]) {
        const file = new BoundedFile(subject.name, bytes.slice(), { readOnly });
        const startedMs = performance.now();
        const result = openImage(file, {
          codecs: nodeCodecs,
          related: relatedOf(subject),
          entropy: testEntropy,
          readOnly,
        });
        if (result.ok) {
          opened++;
          try {
            exercise(result.value, chance);
          } catch (error) {
            throw new Error(`${what}: ${(error as Error).stack}`, { cause: error });
          }
          result.value.close();
        } else {
          expect(Object.keys(CODES), what).toContain(result.error.code);
          expect(result.error.message, what).toContain(subject.name.split('.')[0]);
        }
        expect(performance.now() - startedMs, what).toBeLessThan(LIMIT_MS);
        if (readOnly || !result.ok) expect(Buffer.compare(file.bytes, bytes), what).toBe(0);
      }
    }
    // Mutants that all fail at the first field would show nothing; a few may do so by chance.
    if (!subject.name.startsWith('d.') && MUTANTS >= 100) expect(opened).toBeGreaterThan(MUTANTS / 20);
  });
});
