/** Disks of every format in place: a guest boots from one, reads and writes it; qemu-img sees what it wrote. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { MIB, qemuImg, scratchFolder } from '../formats/support.ts';
import { report } from './terrarium.ts';

const folder = scratchFolder();
afterAll(() => folder.dispose());

const PATTERN = Uint8Array.from({ length: 512 }, (_, i) => i * 7);
const WRITTEN_AT = 6000 * 512;

function rawDisk(): string {
  const boot = folder.file('boot.bin');
  execFileSync('nasm', [
    ...['-w+error', '-f', 'bin', '-o', boot],
    path.join(import.meta.dirname, 'programs/disk-sector.asm'),
  ]);
  const bytes = new Uint8Array(8 * MIB);
  bytes.set(readFileSync(boot));
  bytes.set(PATTERN, 100 * 512);
  const raw = folder.file('disk.raw');
  writeFileSync(raw, bytes);
  return raw;
}

const FORMATS: readonly (readonly [string, readonly string[]])[] = [
  ['raw', []],
  ['qcow2', []],
  ['qcow2', ['-c', '-o', 'compression_type=zstd']],
  ['vdi', []],
  ['vmdk', []],
  ['vmdk', ['-o', 'subformat=twoGbMaxExtentFlat']],
  ['vpc', ['-o', 'force_size=on']],
];

describe('a disk image in place', () => {
  test.each(FORMATS)('of %s %j boots, and has what the guest wrote', async (format, options) => {
    const image = folder.file(`${format}${options.length}.img`);
    qemuImg('convert', '-f', 'raw', '-O', format, ...options, rawDisk(), image);

    const { matches } = await report('--disk', image, '--write', '--until', 'DISK-OK');
    const back = folder.file('back.raw');
    qemuImg('convert', '-f', format, '-O', 'raw', image, back);

    expect(matches).toHaveLength(1);
    const written = readFileSync(back).subarray(WRITTEN_AT, WRITTEN_AT + 512);
    expect([...written]).toEqual([...PATTERN].map((byte) => byte ^ 0xff));
  });

  test('is not written without --write, and its parent never', async () => {
    const parent = folder.file('parent.qcow2');
    qemuImg('convert', '-f', 'raw', '-O', 'qcow2', rawDisk(), parent);
    const child = folder.file('child.qcow2');
    qemuImg('create', '-q', '-f', 'qcow2', '-b', 'parent.qcow2', '-F', 'qcow2', child);
    const before = [readFileSync(parent), readFileSync(child)];

    await report('--disk', child, '--until', 'DISK-OK');
    expect([readFileSync(parent), readFileSync(child)]).toEqual(before);

    await report('--disk', child, '--write', '--until', 'DISK-OK');
    expect(readFileSync(parent).equals(before[0])).toBe(true);
    expect(readFileSync(child).equals(before[1])).toBe(false);
    qemuImg('check', child);
  });
});
