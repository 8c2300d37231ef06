/** The firmware's menu of what to boot from. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { guestImage } from '../fixtures/guests.ts';
import { Guest, guestFloppy } from './guest.ts';
import { report } from './terrarium.ts';

const cdrom = (): Uint8Array => new Uint8Array(readFileSync(guestImage('mikeos.iso')));
const withMenu = (bootMenu: 'off' | 'key' | 'always'): Guest =>
  new Guest(guestFloppy('bootos-360k.img'), { bootMenu }, { cdrom: cdrom() });

test('F12 brings up a menu, and a number starts what it names', () => {
  const guest = withMenu('key');
  guest.runUntil(/Press F12/);

  guest.press('F12');
  guest.runUntil(/1\. Floppy A \(360 KiB\)\n {2}2\. CD-ROM \(\d+ KiB\)/);
  guest.press('Digit2');

  guest.runUntil(/Thanks for trying out MikeOS!/, 5_000);
});

/** A disk whose boot sector reads the sector after it from the drive that it was started from, and writes that. */
function disk(text: string): Uint8Array {
  const image = new Uint8Array(1 << 20);
  image.set([
    ...[0xb8, 0x01, 0x02, 0xb9, 0x02, 0x00, 0x30, 0xf6, 0xbb, 0x00, 0x7e, 0xcd, 0x13], // AH=2: sector 2 to 7E00h
    ...[0xbe, 0x00, 0x7e, 0xac, 0xb4, 0x0e, 0x84, 0xc0, 0x74, 0x04, 0xcd, 0x10, 0xeb, 0xf5], // LODSB, INT 10h AH=0Eh, until 0
    ...[0xf4, 0xeb, 0xfd], // HLT over and over
  ]);
  image.set([0x55, 0xaa], 510);
  image.set(new TextEncoder().encode(text), 512);
  return image;
}

test('the menu lists every disk, and the one that is chosen is the first', () => {
  const guest = new Guest(undefined, { bootMenu: 'always' }, { disks: [disk('one'), disk('two')] });
  guest.runUntil(/(\d)\. Hard disk 1 \(1024 KiB\)\n +(\d)\. Hard disk 2/);

  guest.press('Digit4');

  guest.runUntil(/^two$/m);
  expect(guest.text).not.toMatch(/^one$/m);
});

test('without F12 the usual order is followed after a moment', () => {
  const guest = withMenu('key');

  guest.runUntil(/bootOS/i);

  expect(guest.machine.nowNs).toBeGreaterThan(0.9e9);
  expect(guest.machine.nowNs).toBeLessThan(1.5e9);
});

test('Escape leaves the menu for the usual order', () => {
  const guest = withMenu('always');
  guest.runUntil(/Press a number/);

  guest.press('Escape');

  guest.runUntil(/bootOS/i);
});

test('the command shows the menu when it is asked to', async () => {
  const { screen } = await report(
    ...['--floppy', guestImage('bootos-360k.img'), '--cdrom', guestImage('mikeos.iso'), '--boot-menu'],
    ...['--until', 'Press a number', '--type', '2', '--until', 'Thanks for trying out MikeOS!'],
  );

  expect(screen.join('\n')).toMatch(/MikeOS/);
});
