/** Guests that need the PCI board: a frame buffer by its address, drives behind the IDE controller, another firmware. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { guestImage } from '../fixtures/guests.ts';
import { Guest, guestFloppy } from './guest.ts';

test('KolibriOS draws its desktop into the linear frame buffer, moves its pointer, and opens a program by it', () => {
  const guest = new Guest(guestFloppy('kolibri.img'), { memoryMiB: 64 });
  const { mouse } = guest.machine;
  const white = (): number => guest.picture().colours().get('ffffff') ?? 0;

  guest.runUntil(() => guest.picture().size === '1024x768' && guest.picture().at(4, 760) === BAR, 15_000);
  guest.runFor(1_500);
  const before = guest.picture().hash;
  mouse.move(-2000, -2000, 0); // into the corner; what is slow after that is not accelerated
  guest.runFor(300);
  expect(guest.picture().hash).not.toBe(before);

  // The editor's icon lies 34 pixels from the left and 90 from the top; its window is white.
  for (let i = 0; i < 90; i++) {
    mouse.move(i < 34 ? 1 : 0, 1, 0);
    guest.runFor(12);
  }
  const whiteOfDesktop = white();
  mouse.buttons(1);
  guest.runFor(60);
  mouse.buttons(0);
  guest.runUntil(() => white() > whiteOfDesktop + 200_000);

  expect(guest.log).toEqual([]);
});
const BAR = '687796';

test('MikeOS starts from its CD-ROM', () => {
  const guest = new Guest(undefined, {}, { cdrom: new Uint8Array(readFileSync(guestImage('mikeos.iso'))) });

  guest.runUntil(/Thanks for trying out MikeOS!/, 5_000);
});

const FIRST_SECTOR = 63;
const SECTORS = 66 * 16 * 63;

/** A disk with one active FAT16 partition. */
function partitioned(): Uint8Array {
  const disk = new Uint8Array(SECTORS * 512);
  const view = new DataView(disk.buffer);
  disk.set([0x80, 1, 1, 0, 0x06, 15, 63, 65], 0x1be);
  view.setUint32(0x1c6, FIRST_SECTOR, true);
  view.setUint32(0x1ca, SECTORS - FIRST_SECTOR, true);
  disk.set([0x55, 0xaa], 510);
  return disk;
}

test('FreeDOS on a floppy reads and writes a hard disk that mtools made', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-'));
  try {
    const image = path.join(folder, 'disk.img');
    writeFileSync(image, partitioned());
    const volume = `${image}@@${FIRST_SECTOR * 512}`;
    const run = (tool: string, ...args: string[]): string =>
      execFileSync(tool, ['-i', volume, ...args], { env: { ...process.env, MTOOLS_SKIP_CHECK: '1' } }).toString(
        'latin1',
      );
    run('mformat', '-h', '16', '-s', '63', '-H', `${FIRST_SECTOR}`, '-T', `${SECTORS - FIRST_SECTOR}`, '::');
    writeFileSync(path.join(folder, 'hello.txt'), 'from the host\r\n');
    run('mcopy', path.join(folder, 'hello.txt'), '::');
    const disk = new Uint8Array(readFileSync(image));
    const guest = new Guest(guestFloppy('freedos.img'), { clock: 'skipping' }, { disks: [disk] });
    guest.runUntil(/^A:\\>$/m, 5_000);

    guest.type('type c:\\hello.txt\n');
    guest.runUntil(/from the host/);
    guest.type('copy c:\\hello.txt c:\\back.txt\n');
    guest.runUntil(/=> c:\\back\.txt\s+A:\\>$/);

    writeFileSync(image, disk);
    expect(run('mtype', '::back.txt')).toBe('from the host\r\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const SEABIOS = '/usr/share/seabios';
test('SeaBIOS, in the place of our firmware, starts FreeDOS', () => {
  const rom = (name: string): Uint8Array => new Uint8Array(readFileSync(`${SEABIOS}/${name}`));
  const guest = new Guest(guestFloppy('freedos.img'), {
    firmwareRom: rom('bios-256k.bin'),
    videoRom: rom('vgabios-stdvga.bin'),
  });

  guest.runUntil(/SeaBIOS/, 5_000);
  guest.runUntil(/^A:\\>$/m, 8_000);
});
