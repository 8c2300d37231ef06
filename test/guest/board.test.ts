/** Guests that need the PCI board: a frame buffer by its address, drives behind the IDE controller, another firmware. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { guestImage } from '../fixtures/guests.ts';
import { Guest, guestFloppy } from './guest.ts';

test('KolibriOS draws its desktop into the linear frame buffer, and moves its pointer', () => {
  const guest = new Guest(guestFloppy('kolibri.img'), { memoryMiB: 64 });

  guest.runUntil(() => guest.picture().size === '1024x768' && guest.picture().at(4, 760) === BAR, 15_000);
  guest.runFor(2_000);
  const before = guest.picture().hash;
  guest.machine.mouse.move(40, 30, 0);
  guest.runFor(500);

  expect(guest.picture().hash).not.toBe(before);
  expect(guest.log).toEqual([]);
});
const BAR = '687796';

test('MikeOS starts from its CD-ROM', () => {
  const guest = new Guest(undefined, {}, { cdrom: new Uint8Array(readFileSync(guestImage('mikeos.iso'))) });

  guest.runUntil(/Thanks for trying out MikeOS!/, 5_000);
});

test('FreeDOS on a floppy reads and writes a hard disk that mtools made', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-'));
  try {
    const image = path.join(folder, 'disk.img');
    writeFileSync(image, new Uint8Array(66 * 16 * 63 * 512));
    const run = (tool: string, ...args: string[]): string =>
      execFileSync(tool, args, { env: { ...process.env, MTOOLSRC: rc } }).toString('latin1');
    const rc = path.join(folder, 'mtoolsrc');
    writeFileSync(rc, `drive c: file="${image}" partition=1\n`);
    run('mpartition', '-I', '-t', '65', '-h', '16', '-s', '63', 'c:');
    run('mpartition', '-c', '-t', '65', '-h', '16', '-s', '63', 'c:');
    run('mformat', 'c:');
    writeFileSync(path.join(folder, 'hello.txt'), 'from the host\r\n');
    run('mcopy', path.join(folder, 'hello.txt'), 'c:');
    const disk = new Uint8Array(readFileSync(image));
    const guest = new Guest(guestFloppy('freedos.img'), {}, { disks: [disk] });
    guest.runUntil(/^A:\\>$/m, 5_000);

    guest.type('type c:\\hello.txt\n');
    guest.runUntil(/from the host/);
    guest.type('copy c:\\hello.txt c:\\back.txt\n');
    guest.runUntil(/1 file\(s\) copied/);

    writeFileSync(image, disk);
    expect(run('mtype', 'c:back.txt')).toBe('from the host\r\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const SEABIOS = '/usr/share/seabios';
test.skipIf(!existsSync(`${SEABIOS}/bios-256k.bin`))('SeaBIOS, in the place of our firmware, starts FreeDOS', () => {
  const rom = (name: string): Uint8Array => new Uint8Array(readFileSync(`${SEABIOS}/${name}`));
  const guest = new Guest(guestFloppy('freedos.img'), {
    firmwareRom: rom('bios-256k.bin'),
    videoRom: rom('vgabios-stdvga.bin'),
  });

  guest.runUntil(/SeaBIOS/, 5_000);
  guest.runUntil(/^A:\\>$/m, 8_000);
});
