import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  linkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hardwareSchema, type Hardware } from '../../core/contract/index.ts';
import { ActivityMeter } from './activity.ts';
import { FileBlock, looksBootable, mediumBytes, openHostFile } from './image-file.ts';
import { openMedia } from './media.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'terrarium-image-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, bytes: number | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof bytes === 'number' ? new Uint8Array(bytes) : bytes);
  return path;
};

const codeOf = (path: string, kind: 'floppy' | 'disk' = 'floppy', writable = false): string => {
  const opened = openHostFile(path, kind, writable);
  if (!opened.ok) return opened.error.code;
  opened.value.dispose();
  return 'ok';
};

describe('opening an image', () => {
  test('what cannot be an image is refused with a code of its own', () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const sparse = file('sparse', 1);
    truncateSync(sparse, 2880 * 1024 + 1);

    expect(codeOf(join(folder, 'nowhere'))).toBe('file.missing');
    expect(codeOf(join(file('plain', 1), 'below'))).toBe('file.missing');
    expect(codeOf(folder)).toBe('file.directory');
    expect(codeOf(fifo)).toBe('file.special');
    expect(codeOf('/dev/zero')).toBe('file.special');
    expect(codeOf(file('empty', 0))).toBe('image.empty');
    expect(codeOf(sparse)).toBe('image.oversized');
    expect(codeOf(sparse, 'disk')).toBe('ok');
  });

  test.skipIf(process.getuid?.() === 0)('a file without permission is unreadable, or unwritable', () => {
    const path = file('secret', 512);
    chmodSync(path, 0o400);
    expect(codeOf(path, 'floppy', true)).toBe('file.unwritable');
    chmodSync(path, 0);
    expect(codeOf(path)).toBe('file.unreadable');
  });

  test('a short floppy image is padded with zeros to the next format', () => {
    const opened = openHostFile(file('boot', new Uint8Array(700).fill(7)), 'floppy');
    if (!opened.ok) throw new Error(opened.error.message);
    const block = new FileBlock(opened.value, mediumBytes('floppy', opened.value.sizeBytes), true);
    const data = new Uint8Array(512);

    block.read(512, data);

    expect(block.sizeBytes).toBe(160 * 1024);
    expect([data[187], data[188], data[511]]).toEqual([7, 0, 0]);
    expect(() => block.write(0, data)).toThrow('opened read-only');
    opened.value.dispose();
  });

  test('an image is bootable by its signature or by code at its start', () => {
    const signed = new Uint8Array(1024);
    signed.set([0x55, 0xaa], 510);
    const jump = new Uint8Array(1024);
    jump.set([0xeb, 0x3c]);
    const bootable = (path: string, kind: 'floppy' | 'disk'): boolean => {
      const opened = openHostFile(path, kind);
      return opened.ok && looksBootable(new FileBlock(opened.value, opened.value.sizeBytes, true), kind);
    };

    expect(bootable(file('signed', signed), 'disk')).toBe(true);
    expect(bootable(file('jump', jump), 'floppy')).toBe(true);
    expect(bootable(file('jump2', jump), 'disk')).toBe(false);
    expect(bootable(file('text', new TextEncoder().encode('hello, world')), 'floppy')).toBe(false);
    expect(bootable(file('blank', 1474560), 'floppy')).toBe(false);
  });
});

describe('the media of a machine', () => {
  const open = (parts: Parameters<typeof hardwareSchema.parse>[0], mustBoot = false) =>
    openMedia(hardwareSchema.parse(parts) as Hardware, {
      meter: new ActivityMeter(),
      mustBoot,
      lockFolder: join(folder, 'locks'),
    });

  test('without writing, what the guest writes is read back and the file stays as it was', async () => {
    const path = file('disk', 1024);
    const media = await open({ disks: [{ path }] });
    if (!media.ok) throw new Error(media.error.message);
    const back = new Uint8Array(4);

    media.value.disks[0].write(510, new Uint8Array([1, 2, 3, 4]));
    media.value.disks[0].read(510, back);

    expect([...back]).toEqual([1, 2, 3, 4]);
    expect(readFileSync(path).every((byte) => byte === 0)).toBe(true);
    media.value.dispose();
  });

  test('with writing, it is in the file', async () => {
    const path = file('disk', 1024);
    const media = await open({ disks: [{ path, writable: true }] });
    if (!media.ok) throw new Error(media.error.message);

    media.value.disks[0].write(510, new Uint8Array([1, 2, 3, 4]));
    media.value.disks[0].flush();
    media.value.dispose();

    expect([...readFileSync(path).subarray(510, 514)]).toEqual([1, 2, 3, 4]);
  });

  test('one file under two names is refused if it is to be written, and shared if not', async () => {
    const path = file('disk', 1024);
    const symbolic = join(folder, 'symbolic');
    const hard = join(folder, 'hard');
    symlinkSync(path, symbolic);
    linkSync(path, hard);

    expect(await open({ disks: [{ path, writable: true }, { path: symbolic }] })).toMatchObject({
      error: { code: 'image.duplicate' },
    });
    expect(await open({ disks: [{ path }, { path: hard, writable: true }] })).toMatchObject({
      error: { code: 'image.duplicate' },
    });
    expect(await open({ disks: [{ path }, { path: hard }] })).toMatchObject({ ok: true });
  });

  test('a failure frees the locks that were taken before it', async () => {
    const path = file('disk', 1024);
    const bad = { disks: [{ path, writable: true }, { path: join(folder, 'nowhere') }] };
    expect(await open(bad)).toMatchObject({ error: { code: 'file.missing' } });
    expect(await open({ disks: [{ path, writable: true }] })).toMatchObject({ ok: true });
  });

  test('media of which none boots are refused only where one must', async () => {
    const floppies = [{ path: file('data', 1474560) }];
    expect(await open({ floppies }, true)).toMatchObject({ error: { code: 'image.not-bootable' } });
    expect(await open({ floppies }, false)).toMatchObject({ ok: true });
    expect(await open({}, true)).toMatchObject({ ok: true });
  });
});
