import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Task } from '../../core/contract/index.ts';
import { openDiskFile } from '../vm-host/disk-file.ts';
import { lockImage } from '../vm-host/image-lock.ts';
import {
  checkImageFile,
  compactImageFile,
  convertImageFile,
  createImageFile,
  describeImage,
  resizeImageFile,
} from './images.ts';
import { TaskRegistry } from './tasks.ts';

const MIB = 1024 * 1024;
// Other programs start, while others keep the cores busy.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'terrarium-images-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);
const locks = (): string => join(folder, 'locks');

function filled(name: string): string {
  createImageFile({ path: file(name), format: 'qcow2', sizeBytes: 32 * MIB });
  const disk = openDiskFile({ path: file(name), writable: true });
  if (!disk.ok) throw new Error(disk.error.message);
  for (let at = 0; at < 32 * MIB; at += MIB) disk.value.image.write(at, new Uint8Array(MIB).fill(1 + at / MIB));
  disk.value.image.close();
  return file(name);
}

const idle = { signal: new AbortController().signal, onProgress: () => {} };

describe('compacting', () => {
  test.each(['qcow2', 'vdi', 'vmdk', 'vhd', 'raw'] as const)(
    'a %s image keeps its contents and gives space back',
    async (format) => {
      const path = file(`a.${format}`);
      createImageFile({ path, format, sizeBytes: 16 * MIB });
      const disk = openDiskFile({ path, format, writable: true });
      if (!disk.ok) throw new Error(disk.error.message);
      for (let at = 0; at < 16 * MIB; at += MIB) disk.value.image.write(at, new Uint8Array(MIB).fill(7));
      for (let at = 0; at < 12 * MIB; at += MIB) disk.value.image.write(at, new Uint8Array(MIB));
      disk.value.image.close();
      execFileSync('cp', [path, file('before')]);
      const blocks = statSync(path).blocks;

      const compacted = await compactImageFile({ path, format }, { ...idle, lockFolder: locks() });

      expect(compacted).toMatchObject({ ok: true, value: { format, path, sizeBytes: 16 * MIB } });
      expect(statSync(path).blocks).toBeLessThan(blocks / 2);
      const other = { vhd: 'vpc' }[format as string] ?? format;
      execFileSync('qemu-img', ['compare', '-f', other, '-F', other, file('before'), path]);
      expect(readdirSync(folder).filter((name) => name.startsWith('.compact'))).toEqual([]);
    },
  );

  test('an image with a parent is refused, and stays', async () => {
    createImageFile({ path: file('b.qcow2'), format: 'qcow2', parent: { path: filled('a.qcow2') } });

    const refused = await compactImageFile({ path: file('b.qcow2') }, { ...idle, lockFolder: locks() });

    expect(refused).toMatchObject({ ok: false, error: { code: 'image.unsupported' } });
    expect(describeImage({ path: file('b.qcow2') })).toMatchObject({ value: { parent: { reference: 'a.qcow2' } } });
  });
});

describe('a conversion', () => {
  test('tells how far it is, and makes what qemu-img reads', async () => {
    const from = filled('a.qcow2');
    const seen: number[] = [];

    const converted = await convertImageFile(
      { from: { path: from }, to: file('b.vmdk'), format: 'vmdk', variant: 'twoGbMaxExtentFlat' },
      { ...idle, onProgress: (done) => seen.push(done), lockFolder: locks() },
    );

    expect(converted).toMatchObject({ value: { format: 'vmdk', sizeBytes: 32 * MIB } });
    expect(seen.length).toBeGreaterThan(10);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    execFileSync('qemu-img', ['compare', from, file('b.vmdk')]);
  });

  test('leaves nothing when it is cancelled', async () => {
    const from = filled('a.qcow2');
    const before = readdirSync(folder);
    const tasks = new TaskRegistry(() => {});
    const { promise: begun, resolve } = Promise.withResolvers<void>();

    const task = tasks.start('convert', 'b', ({ signal, onProgress }) =>
      convertImageFile(
        { from: { path: from }, to: file('b.vmdk'), format: 'vmdk', variant: 'twoGbMaxExtentSparse' },
        {
          signal,
          onProgress: (done, total) => {
            onProgress(done, total);
            resolve();
          },
          lockFolder: locks(),
        },
      ),
    );
    await begun;
    const cancelled = await tasks.cancel(task.id);

    expect(cancelled).toMatchObject({ value: { state: 'cancelled' } });
    expect(readdirSync(folder).filter((name) => name !== 'locks')).toEqual(before);
  });

  test('is refused while a machine writes the image, onto an existing file, and with an unknown variant', async () => {
    const from = filled('a.qcow2');
    const opened = openDiskFile({ path: from, writable: false });
    if (!opened.ok) throw new Error(opened.error.message);
    const lock = await lockImage(opened.value.identity, from, locks());
    opened.value.image.dispose();
    const convert = (to: string, variant?: string) =>
      convertImageFile(
        { from: { path: from }, to, format: 'qcow2', ...(variant === undefined ? {} : { variant }) },
        { ...idle, lockFolder: locks() },
      );

    expect(await convert(file('b.qcow2'))).toMatchObject({ error: { code: 'image.locked' } });
    if (lock.ok) lock.value.dispose();
    expect(await convert(from)).toMatchObject({ error: { code: 'file.exists' } });
    expect(await convert(file('b.qcow2'), 'v9')).toMatchObject({ error: { code: 'image.unsupported' } });
    expect(existsSync(file('b.qcow2'))).toBe(false);
  });
});

describe('an image of a folder', () => {
  test('is created with a parent, described, resized and checked', async () => {
    filled('a.qcow2');
    const child = file('child.qcow2');

    expect(createImageFile({ path: child, format: 'qcow2', parent: { path: file('a.qcow2') } })).toMatchObject({
      value: { sizeBytes: 32 * MIB, parent: { reference: 'a.qcow2', format: 'qcow2' } },
    });
    expect(await resizeImageFile({ path: child }, 64 * MIB, locks())).toMatchObject({ value: { sizeBytes: 64 * MIB } });
    expect(await checkImageFile({ path: child }, false, locks())).toMatchObject({ value: { errorCount: 0 } });
    expect(describeImage({ path: child })).toMatchObject({ value: { sizeBytes: 64 * MIB, variant: 'v3' } });
    execFileSync('qemu-img', ['check', child]);
  });

  test('is not made when it cannot be', () => {
    expect(createImageFile({ path: file('x.qcow2'), format: 'qcow2' })).toMatchObject({
      error: { code: 'image.size' },
    });
    expect(createImageFile({ path: file('x.vhd'), format: 'vhd', sizeBytes: 2 ** 42 })).toMatchObject({
      error: { code: 'image.size' },
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a task', () => {
  test('that fails says why, and an unknown one cannot be cancelled', async () => {
    const told: Task[] = [];
    const tasks = new TaskRegistry((task) => told.push(task));
    const { promise: ended, resolve } = Promise.withResolvers<void>();

    tasks.start('convert', 'x', async () => {
      setImmediate(resolve);
      throw new Error('broken');
    });
    await ended;

    expect(told.map(({ state }) => state)).toEqual(['running', 'failed']);
    expect(tasks.list()[0].error?.message).toContain('broken');
    expect(await tasks.cancel('none')).toMatchObject({ error: { code: 'task.unknown' } });
  });
});
