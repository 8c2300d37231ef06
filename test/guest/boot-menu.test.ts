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
