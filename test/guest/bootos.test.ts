import { expect, test } from 'vitest';
import { Guest, guestFloppy } from './guest.ts';

test('bootOS starts from a 360 KB floppy, lists its programs, writes a file and runs a program', () => {
  const guest = new Guest(guestFloppy('bootos-360k.img'));

  guest.runUntil(/^bootOS\n\$$/m);
  guest.type('dir\n');
  guest.runUntil(/^\$dir\n[^]*\n\$$/m);
  const programs = guest.rows.slice(guest.rows.indexOf('$dir') + 1, guest.rows.lastIndexOf('$'));
  expect(programs).toEqual(expect.arrayContaining(['fbird', 'basic', 'pillman', 'rogue', 'pi']));

  guest.type('basic\n');
  guest.runUntil(/^>$/m);
  guest.type('print 6*7\n');
  guest.runUntil(/^42$/m);
  expect(guest.log).toEqual([]);
});

test('a program of bootOS draws in mode 13h', () => {
  const guest = new Guest(guestFloppy('bootos-360k.img'), { clock: 'host' });
  guest.runUntil(/^\$$/m);

  guest.type('pillman\n');
  guest.runUntil(() => guest.machine.display.text() === undefined);
  guest.runUntil(() => guest.picture().colours().size > 3, 20_000);

  expect(guest.picture().size).toBe('640x400');
});
