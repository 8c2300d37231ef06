/**
 * FreeDOS on a hard disk of its own, with our firmware and with SeaBIOS, and on discs that stand for disks; Linux's
 * loader on a disc with SeaBIOS.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { debianInstaller, dosDisk, isolinuxDisc, volumeOf } from '../fixtures/boot-images.ts';
import { guestImage } from '../fixtures/guests.ts';
import { Guest } from './guest.ts';
import { report, reportWithin } from './terrarium.ts';

const SEABIOS = ['--firmware', '/usr/share/seabios/bios-256k.bin'];
const PROMPT = String.raw`^C:\\>$`;
let folder: string;
let disk: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'terrarium-disks-'));
  disk = await dosDisk(folder, { 'AUTOEXEC.BAT': '@echo started from %0\r\n' });
});
afterAll(() => rmSync(folder, { recursive: true }));

test('FreeDOS starts from a hard disk that mtools made, and keeps a file on it', async () => {
  await report(
    ...['--disk', disk, '--write', '--until', 'started from', '--until', PROMPT],
    ...['--type', 'echo kept > kept.txt\\n', '--until', PROMPT],
  );

  expect(execFileSync('mtype', ['-i', volumeOf(disk), '::kept.txt']).toString()).toMatch(/^kept/);
});

/** El Torito's two kinds of emulation. */
test.each([
  ['floppy', () => guestImage('freedos.img'), [], /^A:\\>$/m],
  ['hard disk', () => disk, ['-hard-disk-boot'], /^C:\\>$/m],
] as const)('FreeDOS starts from a CD-ROM that stands for a %s', (kind, image, options, prompt) => {
  const tree = path.join(folder, kind);
  mkdirSync(tree);
  copyFileSync(image(), path.join(tree, 'boot.img'));
  const iso = `${tree}.iso`;
  const boot = ['-b', 'boot.img', '-c', 'boot.cat', ...options];
  execFileSync('xorriso', ['-as', 'mkisofs', '-quiet', '-o', iso, ...boot, tree], { stdio: 'pipe' });
  const guest = new Guest(undefined, { clock: 'skipping' }, { cdrom: new Uint8Array(readFileSync(iso)) });
  guest.runUntil(prompt);

  guest.type('dir\n');

  guest.runUntil(/^KERNEL +SYS[^]*bytes free/m);
});

test('SeaBIOS starts FreeDOS from a hard disk', async () => {
  const { screen } = await report(
    ...[...SEABIOS, '--disk', disk, '--clock', 'virtual', '--until', 'SeaBIOS', '--until', 'started from'],
    ...['--until', PROMPT, '--type', 'dir\\n', '--until', 'bytes free'],
  );

  expect(screen.join('\n')).toMatch(/^KERNEL +SYS/m);
});

test('SeaBIOS starts Linux by isolinux from a CD-ROM, and Linux finds its way about', async () => {
  const { linux } = await debianInstaller('text');
  const disc = await isolinuxDisc(folder, { linux }, ['kernel /linux', 'append earlyprintk=serial console=ttyS0']);

  const { matches } = await reportWithin(400, [
    ...[...SEABIOS, '--cdrom', disc, '--memory', '64', '--clock', 'virtual', '--until', 'ISOLINUX'],
    ...['--until', 'Linux version 6', '--until', 'BIOS-e820: .mem 0x0000000000100000-0x0000000003f[^]*usable'],
  ]);

  expect(matches).toHaveLength(3);
}, 450_000);
