/** Debian's i386 kernel with a busybox session: one boot, shared by all tests, which build on each other in order. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Disposable } from '../../core/base/index.ts';
import { MemoryBlock } from '../../core/formats/index.ts';
import { FileBlock, openHostFile } from '../../main/vm-host/image-file.ts';
import { hostResults, type Arithmetic } from '../fixtures/linux-guests.ts';
import { Linux } from './linux.ts';

const TIMEOUT_MS = 600_000;
const MIB = 1 << 20;
const SECTOR = 512;
const DISK_BYTES = 80 * MIB;
/** More than 28 bits of sector number reach. */
const LARGE_BYTES = 300 * 1024 * MIB;
const BALLOON_MIB = 16;

const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-linux-'));
const image = path.join(folder, 'disk.img');
const largeImage = path.join(folder, 'large.img');
const disks: Disposable[] = [];
let linux: Linux;

const md5 = (data: Uint8Array | string): string => createHash('md5').update(data).digest('hex');

/** Bytes that no pattern explains, the same every time. */
function pseudoRandom(sizeBytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(sizeBytes / 32) }, (_, i) =>
    createHash('sha256').update(`${i}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, sizeBytes);
}
const onDisc = pseudoRandom(300_001);

function discWith(files: Record<string, Uint8Array>): Uint8Array {
  const tree = mkdtempSync(path.join(folder, 'tree-'));
  const iso = `${tree}.iso`;
  for (const [name, data] of Object.entries(files)) writeFileSync(path.join(tree, name), data);
  execFileSync('xorriso', ['-as', 'mkisofs', '-quiet', '-R', '-J', '-V', 'TERRARIUM', '-o', iso, tree]);
  return new Uint8Array(readFileSync(iso));
}

/** An empty disk in a file that takes no room before it is written. */
function emptyDisk(file: string, sizeBytes: number): FileBlock {
  writeFileSync(file, '');
  truncateSync(file, sizeBytes);
  const opened = openHostFile(file, 'disk', true);
  if (!opened.ok) throw new Error(opened.error.message);
  disks.push(opened.value);
  return new FileBlock(opened.value, sizeBytes, false);
}

beforeAll(async () => {
  linux = await Linux.create(
    { balloonMiB: BALLOON_MIB },
    {
      disks: [emptyDisk(image, DISK_BYTES), emptyDisk(largeImage, LARGE_BYTES)],
      cdrom: discWith({ 'data.bin': onDisc }),
    },
  );
  linux.boot();
}, TIMEOUT_MS);

afterAll(() => {
  for (const disk of disks) disk.dispose();
  rmSync(folder, { recursive: true });
});

test('the kernel starts to a shell on the serial console', () => {
  expect(linux.serial).toMatch(/Linux version 6\.\d+\.\d+-\d+-686 /);
  expect(linux.sh('uname -m')).toBe('i686\n');
});

test('and to another on the screen, which answers the keyboard', () => {
  linux.type('clear; expr 6 \\* 7\n');

  linux.runUntil(/^\/ # *$/m, 5_000);

  expect(linux.text).toMatch(/^42$/m);
});

test(
  'files, pipes and processes',
  () => {
    linux.sh('mkdir -p /tmp/a/b && cd /tmp/a && seq 1 2000 >numbers && cp numbers b/copy && ln -s b/copy link');

    expect(linux.sh("awk '{ s += $1 } END { print s }' numbers")).toBe('2001000\n');
    expect(linux.sh('grep 7 link | sort -rn | head -n 1')).toBe('1997\n');
    expect(linux.sh('(sleep 1; echo late) & echo early; wait')).toBe('early\nlate\n');
    expect(linux.sh('tar c numbers b | (mkdir t && cd t && tar x) && cmp t/b/copy numbers && find . | wc -l')).toBe(
      '9\n',
    );
    expect(linux.sh('cd / && rm -r /tmp/a && ls /tmp')).toBe('');
  },
  TIMEOUT_MS,
);

test(
  'dd and checksums of known data',
  () => {
    const lines = Array.from({ length: 5_000 }, (_, i) => `${i + 1}\n`).join('');

    expect(linux.sh('dd if=/dev/zero bs=1M count=1 2>/dev/null | md5sum')).toContain(md5(new Uint8Array(MIB)));
    expect(linux.sh('seq 1 5000 | gzip | gunzip | md5sum')).toContain(md5(lines));
    expect(linux.sh('seq 1 5000 | sha256sum')).toContain(createHash('sha256').update(lines).digest('hex'));
  },
  TIMEOUT_MS,
);

test.each<Arithmetic>(['x87', 'sse'])(
  'what guest-bench computes, and floating point by %s, comes out as on the host',
  async (arithmetic) => {
    const expected = await hostResults(arithmetic);

    expect(linux.sh(`results-${arithmetic}`)).toBe(expected);
  },
  TIMEOUT_MS,
);

test(
  'a CD-ROM is mounted and read whole, ejected by the guest, exchanged, and missed when it is taken out',
  () => {
    linux.sh('mkdir /tmp/cd && mount -t iso9660 -o ro /dev/sr0 /tmp/cd');

    expect(linux.sh('md5sum /tmp/cd/data.bin')).toContain(md5(onDisc));
    expect(linux.machine.cdrom!.pressEject()).toBe(false);
    expect(linux.sh('eject /dev/sr0 2>&1 || echo kept')).toMatch(/kept\n$/);
    linux.sh('umount /tmp/cd && eject /dev/sr0');
    expect(Object.values(linux.machine.describe()).flat().join('\n')).toMatch(/trayOpen=true/);
    const other = discWith({ 'other.txt': Buffer.from('the other disc') });
    linux.machine.cdrom!.insert(new MemoryBlock(other, { readOnly: true }));
    linux.sh('mount -t iso9660 -o ro /dev/sr0 /tmp/cd');
    expect(linux.sh('cat /tmp/cd/other.txt')).toBe('the other disc');
    linux.sh('umount /tmp/cd');
    linux.machine.cdrom!.insert(undefined);
    expect(linux.sh('mount /dev/sr0 /tmp/cd || echo refused')).toMatch(/refused/);
  },
  TIMEOUT_MS,
);

test(
  'an IDE disk is partitioned, formatted and filled, and the host finds it so in the image file',
  () => {
    const partition = (number: number, mib: number) => `n\\np\\n${number}\\n\\n+${mib}M\\n`;
    linux.sh(`printf '${partition(1, 32)}${partition(2, 40)}t\\n2\\nb\\nw\\n' | fdisk -u /dev/sda`);
    linux.sh('mke2fs -L first /dev/sda1 && mkdosfs -n SECOND /dev/sda2');
    linux.sh('mkdir /tmp/1 /tmp/2 && mount /dev/sda1 /tmp/1 && mount -t vfat /dev/sda2 /tmp/2');
    linux.sh('seq 1 30000 >/tmp/1/numbers && mkdir /tmp/1/dir && echo hello >/tmp/1/dir/small');
    linux.sh('dd if=/tmp/1/numbers of=/tmp/2/copy.txt bs=4k 2>/dev/null && sync');
    linux.sh('echo 3 >/proc/sys/vm/drop_caches');
    const numbers = Array.from({ length: 30_000 }, (_, i) => `${i + 1}\n`).join('');

    expect(linux.sh('md5sum /tmp/1/numbers /tmp/2/copy.txt').match(/[0-9a-f]{32}/g)).toEqual([
      md5(numbers),
      md5(numbers),
    ]);
    linux.sh('umount /tmp/1 /tmp/2 && sync');

    const [ext2, fat] = partitionsOf(readFileSync(image));
    expect([ext2!.type, fat!.type]).toEqual([0x83, 0x0b]);
    expect((fat!.sectors * SECTOR) / MIB).toBeCloseTo(40, 0);
    const ext2Image = path.join(folder, 'ext2.img');
    writeFileSync(
      ext2Image,
      readFileSync(image).subarray(ext2!.start * SECTOR, (ext2!.start + ext2!.sectors) * SECTOR),
    );
    execFileSync('/usr/sbin/e2fsck', ['-fn', ext2Image], { stdio: 'pipe' });
    const debugfs = (command: string): Buffer =>
      execFileSync('/usr/sbin/debugfs', ['-R', command, ext2Image], { stdio: 'pipe' });
    expect(md5(debugfs('cat /numbers'))).toBe(md5(numbers));
    expect(debugfs('cat /dir/small').toString()).toBe('hello\n');
    const copied = execFileSync('mtype', ['-i', `${image}@@${fat!.start * SECTOR}`, '::copy.txt'], {
      maxBuffer: 8 * MIB,
    });
    expect(md5(copied)).toBe(md5(numbers));
  },
  TIMEOUT_MS,
);

test('a disk of more than 128 GiB is written and read at its end', () => {
  const last = LARGE_BYTES / SECTOR - 1;
  const text = 'the last sector';

  linux.sh(`printf '${text}' | dd of=/dev/sdb bs=${SECTOR} seek=${last} conv=notrunc && sync`);
  linux.sh('echo 3 >/proc/sys/vm/drop_caches');

  expect(linux.sh('cat /sys/block/sdb/size')).toBe(`${last + 1}\n`);
  expect(linux.sh(`dd if=/dev/sdb bs=${SECTOR} skip=${last} 2>/dev/null | head -c ${text.length}`)).toBe(text);
  const file = openSync(largeImage, 'r');
  try {
    const found = Buffer.alloc(text.length);
    readSync(file, found, 0, text.length, last * SECTOR);
    expect(found.toString()).toBe(text);
  } finally {
    closeSync(file);
  }
});

test('virtio: the balloon takes its memory, the entropy source gives bytes', () => {
  const kib = (line: string): number => Number(/(\d+) ?k/i.exec(line)![1]);
  const atBoot = kib(linux.sh('dmesg | grep -o "Memory: .* available"'));

  expect(kib(linux.sh('grep MemTotal /proc/meminfo'))).toBeLessThan(atBoot - (BALLOON_MIB / 2) * 1024);
  expect(linux.sh('cat /sys/class/misc/hw_random/rng_current')).toMatch(/^virtio_rng/);
  expect(linux.sh('dd if=/dev/hwrng bs=16 count=1 2>/dev/null | wc -c')).toBe('16\n');
});

interface Partition {
  readonly type: number;
  readonly start: number;
  readonly sectors: number;
}

function partitionsOf(disk: Buffer): Partition[] {
  expect(disk.readUInt16LE(510)).toBe(0xaa55);
  return [0x1be, 0x1ce, 0x1de, 0x1ee]
    .map((at) => ({ type: disk[at + 4]!, start: disk.readUInt32LE(at + 8), sectors: disk.readUInt32LE(at + 12) }))
    .filter(({ type }) => type !== 0);
}

test('the disk was driven without an error', () => {
  expect(linux.sh('dmesg | grep -i -E "ata.*(error|exception|failed|reset)|lost interrupt" || true')).toBe('');
});

test(
  'a reboot goes by the reset register that ACPI names, and comes back to a shell',
  () => {
    linux.send('reboot -f\n');

    linux.boot();
    expect(linux.sh('uname -m')).toBe('i686\n');
    // Not by what Linux falls back on: the keyboard controller, a triple fault.
    expect(linux.machine.describe()['resets']).toEqual(['reset control register = 1']);
    expect(linux.log).toEqual([]);
  },
  TIMEOUT_MS,
);

test('the power button ends the session, and the machine with it', () => {
  expect(linux.machine.pressPowerButton?.()).toBe(true);

  linux.untilSerial(/POWER BUTTON/);
  const endNs = linux.machine.nowNs + 30e9;
  let status = linux.machine.run(endNs);
  while (status.kind !== 'stopped' && linux.machine.nowNs < endNs) status = linux.machine.run(endNs);

  expect(status).toEqual({ kind: 'stopped', reason: 'power-off' });
  expect(linux.log).toEqual([]);
});
