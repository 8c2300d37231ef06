/** Debian's i386 kernel with a busybox session: one boot, shared by all tests. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostResults, type Arithmetic } from '../fixtures/linux-guests.ts';
import { Linux } from './linux.ts';

const TIMEOUT_MS = 600_000;
const MIB = 1 << 20;

const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-linux-'));
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
  const tree = path.join(folder, 'tree');
  const iso = path.join(folder, 'disc.iso');
  mkdirSync(tree);
  for (const [name, data] of Object.entries(files)) writeFileSync(path.join(tree, name), data);
  execFileSync('xorriso', ['-as', 'mkisofs', '-quiet', '-R', '-J', '-V', 'TERRARIUM', '-o', iso, tree]);
  return new Uint8Array(readFileSync(iso));
}

beforeAll(async () => {
  linux = await Linux.create({}, { cdrom: discWith({ 'data.bin': onDisc }) });
  linux.boot();
}, TIMEOUT_MS);

afterAll(() => rmSync(folder, { recursive: true }));

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
  'a CD-ROM is mounted and read whole, and missed when it is taken out',
  () => {
    linux.sh('mkdir /tmp/cd && mount -t iso9660 -o ro /dev/sr0 /tmp/cd');

    expect(linux.sh('md5sum /tmp/cd/data.bin')).toContain(md5(onDisc));
    linux.sh('umount /tmp/cd');
    linux.machine.cdrom!.insert(undefined);
    expect(linux.sh('mount /dev/sr0 /tmp/cd || echo refused')).toMatch(/refused/);
  },
  TIMEOUT_MS,
);
