/** Conversions, parents, snapshots and sizes beside QEMU, and images that other programs wrote. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { copyImage, type CreateOptions, type DiskImage, type ImageFormat } from '../../core/formats/index.ts';
import { imageFixture } from '../fixtures/disk-images.ts';
import {
  Dice,
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

const SIZE = 8 * MIB;
/** Of the first 4 MiB, by qemu-img convert. */
const EXT2_SHA256 = 'a6c2f0e39afe6c6ab432ca5465349fcefe8dc944398e97b2d957d3f89dbb5d80';
const folder = scratchFolder();
afterAll(() => folder.dispose());
let made = 0;
const fresh = (suffix: string): string => folder.file(`image-${made++}.${suffix}`);

/** Random data, text and zeros, as a disk has them. */
function diskContents(seed: number): Uint8Array {
  const chance = new Dice(seed);
  const bytes = new Uint8Array(SIZE);
  for (const { at, data } of guestWrites(chance, SIZE, 60)) bytes.set(data, at);
  const text = new TextEncoder().encode('All that is gold does not glitter. ');
  for (let at = 3 * MIB; at < 5 * MIB; at += text.length) bytes.set(text.subarray(0, 5 * MIB - at), at);
  return bytes;
}

function copy(source: DiskImage, target: DiskImage): void {
  for (const step of copyImage(source, target)) expect(step.doneBytes).toBeLessThanOrEqual(step.totalBytes);
  must(target.close());
}

const TARGETS: readonly { format: ImageFormat; options: Partial<CreateOptions> }[] = [
  { format: 'raw', options: {} },
  { format: 'qcow2', options: { compression: 'zlib' } },
  { format: 'qcow2', options: { compression: 'zstd' } },
  { format: 'qcow2', options: { compression: 'zlib', variant: 'v2', clusterBytes: 4096 } },
  { format: 'vdi', options: {} },
  { format: 'vhd', options: {} },
  { format: 'vmdk', options: { variant: 'twoGbMaxExtentSparse' } },
  { format: 'vmdk', options: { variant: 'streamOptimized' } },
];

describe('a copy', () => {
  test.each(TARGETS)('into $format $options is what qemu-img and we read', ({ format, options }) => {
    const model = diskContents(made);
    const raw = fresh('raw');
    writeFileSync(raw, model);
    const path = fresh(format);

    const source = open(raw, 'read', { format: 'raw' });
    copy(source, create(path, format, { sizeBytes: SIZE, ...options }));
    source.dispose();

    qemuImg('compare', '-f', 'raw', '-F', qemuName(format), raw, path);
    const image = open(path, 'read');
    expect(image.format).toBe(format);
    expect(Buffer.compare(readAll(image), model)).toBe(0);
    expect(image.check()).toMatchObject({ errorCount: 0, leakedBytes: 0 });
    image.dispose();
  });

  test.each([
    ['qcow2', ['-c']],
    ['qcow2', ['-c', '-o', 'compression_type=zstd']],
    ['vmdk', ['-o', 'subformat=streamOptimized']],
    ['vdi', []],
  ] as const)('by qemu-img convert -O %s %j is read here, packed clusters written over too', (format, options) => {
    const model = diskContents(made);
    const raw = fresh('raw');
    writeFileSync(raw, model);
    const path = fresh(format);
    qemuImg('convert', '-f', 'raw', '-O', format, ...options, raw, path);

    const image = open(path, format === 'vmdk' ? 'read' : 'write');
    expect(Buffer.compare(readAll(image), model)).toBe(0);
    if (format !== 'vmdk') {
      const chance = new Dice(made);
      applyWrites(image, model, guestWrites(chance, SIZE, 40), chance);
    }
    must(image.close());

    writeFileSync(raw, model);
    qemuImg('compare', '-f', 'raw', '-F', format, raw, path);
    if (format === 'qcow2') qemuImg('check', path);
  });

  test('into raw leaves holes where the disk is zero', () => {
    const source = create(fresh('qcow2'), 'qcow2', { sizeBytes: 64 * MIB });
    source.write(32 * MIB, new Uint8Array(4096).fill(7));
    const path = fresh('raw');

    copy(source, create(path, 'raw', { sizeBytes: 64 * MIB }));
    source.dispose();

    const { size, blocks } = statSync(path);
    expect(size).toBe(64 * MIB);
    expect(blocks * 512).toBeLessThan(MIB);
  });
});

describe('a child', () => {
  test.each(['qcow2', 'vmdk', 'vdi', 'vhd'] as const)('of our %s reads through to its parent', (format) => {
    const chance = new Dice(format.length);
    const model = diskContents(40);
    const parentPath = fresh(format);
    const parent = create(parentPath, format, { sizeBytes: SIZE });
    parent.write(0, model);
    must(parent.close());
    const path = fresh(format);
    const child = create(path, format, {
      sizeBytes: SIZE,
      parent: { image: open(parentPath, 'read'), reference: parentPath.slice(parentPath.lastIndexOf('/') + 1) },
    });

    applyWrites(child, model, guestWrites(chance, SIZE, 50), chance);
    expect(Buffer.compare(readAll(child), model)).toBe(0);
    must(child.close());

    const again = open(path, 'write');
    applyWrites(again, model, guestWrites(chance, SIZE, 20), chance);
    expect(Buffer.compare(readAll(again), model)).toBe(0);
    must(again.close());
    if (format === 'qcow2' || format === 'vmdk') {
      const raw = fresh('raw');
      writeFileSync(raw, model);
      qemuImg('compare', '-f', 'raw', '-F', format, raw, path);
    }
  });

  test.each(['qcow2', 'vmdk'] as const)('by qemu-img of a %s is read and written here', (format) => {
    const chance = new Dice(format.length + 1);
    const model = diskContents(41);
    const raw = fresh('raw');
    writeFileSync(raw, model);
    const parentPath = fresh(format);
    qemuImg('convert', '-f', 'raw', '-O', format, raw, parentPath);
    const path = fresh(format);
    qemuImg('create', '-q', '-f', format, '-b', parentPath, '-F', format, path);
    execFileSync('qemu-io', ['-c', 'write -P 9 65536 131072', path]);
    model.fill(9, 65536, 65536 + 131072);

    const image = open(path, 'write');
    expect(Buffer.compare(readAll(image), model)).toBe(0);
    applyWrites(image, model, guestWrites(chance, SIZE, 50), chance);
    image.discard(MIB, MIB);
    if (format === 'qcow2') model.fill(0, MIB, 2 * MIB);
    must(image.close());

    writeFileSync(raw, model);
    qemuImg('compare', '-f', 'raw', '-F', format, raw, path);
    if (format === 'qcow2') qemuImg('check', path);
  });

  test.each(['vmdk', 'vdi'] as const)('of a %s is refused when its parent was written to since', (format) => {
    const parentPath = fresh(format);
    create(parentPath, format, { sizeBytes: SIZE }).dispose();
    const path = fresh(format);
    must(
      create(path, format, {
        sizeBytes: SIZE,
        parent: { image: open(parentPath, 'read'), reference: parentPath },
      }).close(),
    );
    const before = readFileSync(parentPath);
    const parent = open(parentPath, 'write');
    parent.write(0, new Uint8Array(SECTOR).fill(1));
    must(parent.close());

    expect(() => open(path, 'read')).toThrow('image.parent');

    if (format !== 'vdi') return;
    // A VDI names no file: a copy of the parent that is as it was is found beside the one that is not.
    writeFileSync(fresh(format), before);
    expect(readAll(open(path, 'read'))[0]).toBe(0);
  });
});

describe('internal snapshots', () => {
  test('are listed, and survive what is written and discarded above them', () => {
    const path = fresh('qcow2');
    const chance = new Dice(77);
    qemuImg('create', '-q', '-f', 'qcow2', path, String(SIZE));
    execFileSync('qemu-io', ['-c', 'write -P 1 0 3M', path]);
    qemuImg('snapshot', '-c', 'before', path);
    execFileSync('qemu-io', ['-c', 'write -P 2 1M 1M', path]);
    const model = new Uint8Array(SIZE);
    model.fill(1, 0, 3 * MIB);
    model.fill(2, MIB, 2 * MIB);

    const image = open(path, 'write');
    expect(image.info().snapshots).toMatchObject([{ id: '1', name: 'before', sizeBytes: SIZE, stateBytes: 0 }]);
    expect(Buffer.compare(readAll(image), model)).toBe(0);
    applyWrites(image, model, guestWrites(chance, SIZE, 60), chance);
    image.discard(2 * MIB, MIB);
    model.fill(0, 2 * MIB, 3 * MIB);
    expect(Buffer.compare(readAll(image), model)).toBe(0);
    must(image.close());

    qemuImg('check', path);
    qemuImg('snapshot', '-a', 'before', path);
    const old = new Uint8Array(SIZE).fill(1, 0, 3 * MIB);
    expect(Buffer.compare(readAll(open(path, 'read')), old)).toBe(0);
  });
});

describe.each(['qcow2', 'vdi', 'vmdk', 'vhd'] as const)('a discard in %s', (format) => {
  const isChecked = format !== 'vhd';

  test('gives space back that the next writes use', () => {
    const path = fresh(format);
    const image = create(path, format, { sizeBytes: SIZE });
    image.write(0, new Uint8Array(4 * MIB).fill(5));
    image.flush();
    const before = statSync(path).size;

    image.discard(0, 4 * MIB);
    image.flush();
    image.write(4 * MIB, new Uint8Array(4 * MIB).fill(6));
    must(image.close());

    expect(statSync(path).size).toBe(before);
    if (isChecked) qemuImg('check', '-f', qemuName(format), path);
  });

  test('and writes between discards leave what they say, to other programs too', () => {
    const path = fresh(format);
    const raw = fresh('raw');
    let image = create(path, format, { sizeBytes: SIZE });
    const model = new Uint8Array(SIZE);
    const chance = new Dice(11);
    for (let step = 0; step < 150; step++) {
      // Units of allocation have at most 2 MiB.
      const at = chance.below(SIZE / (2 * MIB)) * 2 * MIB;
      const kind = chance.below(8);
      if (kind < 3) {
        image.discard(at, 2 * MIB);
        model.fill(0, at, at + 2 * MIB);
      } else if (kind === 3) image.flush();
      else if (kind === 4 && step % 5 === 0) {
        must(image.close());
        image = open(path, 'write');
      } else {
        const from = at + chance.below(2 * MIB - 70_000);
        const length = 1 + chance.below(70_000);
        image.write(from, model.subarray(from, from + length).fill(1 + chance.below(255)));
      }
    }
    expect(Buffer.compare(readAll(image), model)).toBe(0);
    must(image.close());

    expect(open(path, 'read').check()).toMatchObject({ errorCount: 0, leakedBytes: 0 });
    if (isChecked) qemuImg('check', '-f', qemuName(format), path);
    writeFileSync(raw, model);
    qemuImg('compare', '-f', qemuName(format), '-F', 'raw', path, raw);
  });
});

test('a discard in a VDI with a parent hides what that has', () => {
  const parentPath = fresh('vdi');
  const parent = create(parentPath, 'vdi', { sizeBytes: SIZE });
  parent.write(0, new Uint8Array(4 * MIB).fill(7));
  must(parent.close());
  const child = create(fresh('vdi'), 'vdi', {
    sizeBytes: SIZE,
    parent: { image: open(parentPath, 'read'), reference: parentPath },
  });
  child.write(MIB, new Uint8Array(MIB).fill(8));

  child.discard(0, 2 * MIB);

  const model = new Uint8Array(SIZE).fill(7, 2 * MIB, 4 * MIB);
  expect(Buffer.compare(readAll(child), model)).toBe(0);
  must(child.close());
});

test('a discard in a VHD with a parent frees what the parent does not have', () => {
  const parentPath = fresh('vhd');
  const parent = create(parentPath, 'vhd', { sizeBytes: SIZE });
  parent.write(0, new Uint8Array(2 * MIB).fill(7));
  must(parent.close());
  const path = fresh('vhd');
  const reference = { image: open(parentPath, 'read'), reference: parentPath };
  const child = create(path, 'vhd', { sizeBytes: SIZE, parent: reference });
  child.write(0, new Uint8Array(4 * MIB).fill(8));
  child.flush();
  const before = statSync(path).size;

  child.discard(0, 4 * MIB);
  child.flush();
  child.write(4 * MIB, new Uint8Array(4096).fill(9));

  const model = new Uint8Array(SIZE).fill(8, 0, 2 * MIB).fill(9, 4 * MIB, 4 * MIB + 4096);
  expect(Buffer.compare(readAll(child), model)).toBe(0);
  expect(statSync(path).size).toBe(before);
  must(child.close());
});

describe('an image that was not closed', () => {
  test('with lazy refcounts is put right before the first write', () => {
    const path = fresh('qcow2');
    qemuImg('create', '-q', '-f', 'qcow2', '-o', 'lazy_refcounts=on', path, String(SIZE));
    // It dies with its counts in memory.
    const { signal } = spawnSync('qemu-io', ['-c', 'write -P 3 0 2M', '-c', 'flush', '-c', 'sigraise 9', path]);
    expect(signal).toBe('SIGKILL');
    const image = open(path, 'write');
    expect(image.info().details.dirty).toBe(true);

    image.write(4 * MIB, new Uint8Array(MIB).fill(4));
    must(image.close());

    expect(open(path, 'read').info().details.dirty).toBe(false);
    qemuImg('check', path);
    const model = new Uint8Array(SIZE).fill(3, 0, 2 * MIB).fill(4, 4 * MIB, 5 * MIB);
    expect(Buffer.compare(readAll(open(path, 'read')), model)).toBe(0);
  });

  test('keeps every flushed byte when the process ends without a word, and has no errors', () => {
    const path = fresh('qcow2');
    const image = create(path, 'qcow2', { sizeBytes: SIZE });
    image.write(0, new Uint8Array(MIB).fill(1));
    image.flush();
    image.write(MIB, new Uint8Array(MIB).fill(2));
    image.dispose();

    const again = open(path, 'read');
    expect(again.check().errorCount).toBe(0);
    expect(
      readAll(again)
        .subarray(0, MIB)
        .every((byte) => byte === 1),
    ).toBe(true);
    const { status } = spawnSync('qemu-img', ['check', path]);
    expect([0, 3]).toContain(status); // 3: leaks, no errors
    const repaired = open(path, 'write');
    repaired.check({ repair: true });
    must(repaired.close());
    qemuImg('check', path);
  });
});

describe('images of other programs', () => {
  test.each(['ext2.qcow2', 'ext2.vmdk', 'ext2.vhd'] as const)('%s holds the ext2 volume that it should', (name) => {
    const path = folder.file(name);
    writeFileSync(path, imageFixture(name));
    const bytes = readAll(open(path, 'read'));

    expect(new DataView(bytes.buffer).getUint16(1024 + 56, true)).toBe(0xef53);
    expect(
      createHash('sha256')
        .update(bytes.subarray(0, 4 * MIB))
        .digest('hex'),
    ).toBe(EXT2_SHA256);
    expect(qemuImg('compare', path, rawCopy(bytes))).toContain('identical');
  });

  test('windows_volume.qcow2 is what qemu-img reads', () => {
    const path = folder.file('windows_volume.qcow2');
    writeFileSync(path, imageFixture('windows_volume.qcow2'));
    expect(qemuImg('compare', path, rawCopy(readAll(open(path, 'read'))))).toContain('identical');
  });

  test('fat-differential.vhd says which parent it lacks', () => {
    const path = folder.file('fat-differential.vhd');
    writeFileSync(path, imageFixture('fat-differential.vhd'));
    expect(() => open(path, 'read')).toThrow(/file\.missing: .*fat-parent\.vhd/);
    expect(open(path, 'read', { ignoreParent: true }).info().variant).toBe('differencing');
  });
});

function rawCopy(bytes: Uint8Array): string {
  const path = fresh('raw');
  writeFileSync(path, bytes);
  return path;
}

describe('a resize', () => {
  test.each([
    ['raw', {}],
    ['qcow2', {}],
    ['qcow2', { clusterBytes: 512 }],
    ['vdi', {}],
    ['vhd', {}],
    ['vhd', { variant: 'fixed' }],
    ['vmdk', { variant: 'monolithicFlat' }],
  ] as const)(
    'of %s %j grows with zeros, shrinks when nothing is lost, and refuses to lose data',
    (format, options) => {
      const path = fresh(format);
      const image = create(path, format, { sizeBytes: SIZE, ...options });
      const chance = new Dice(made);
      const model = new Uint8Array(24 * MIB);
      applyWrites(image, model.subarray(0, SIZE), guestWrites(chance, SIZE, 40), chance);

      must(image.resize(24 * MIB));
      expect(Buffer.compare(readAll(image), model)).toBe(0);
      image.write(23 * MIB, new Uint8Array(SECTOR).fill(8));
      expect(image.resize(23 * MIB)).toMatchObject({ error: { code: 'image.shrink' } });
      must(image.resize(23 * MIB + SECTOR));
      image.write(23 * MIB, new Uint8Array(SECTOR));
      must(image.resize(16 * MIB));
      must(image.close());

      const again = open(path, 'read', { format });
      expect(again.sizeBytes).toBe(16 * MIB);
      expect(Buffer.compare(readAll(again), model.subarray(0, 16 * MIB))).toBe(0);
      expect(again.check()).toMatchObject({ errorCount: 0 });
      const raw = fresh('raw');
      writeFileSync(raw, model.subarray(0, 16 * MIB));
      qemuImg('compare', '-f', 'raw', '-F', qemuName(format), raw, path);
      if (format === 'qcow2') qemuImg('check', path);
    },
  );
});
