import { expect, test } from 'vitest';
import { Guest, guestFloppy } from './guest.ts';

const BLUE = '5555ff';
const RED = 'aa0000';

test('MikeOS shows its dialog, its program list, and runs a program from it', () => {
  const guest = new Guest(guestFloppy('mikeos.img'));

  guest.runUntil(/Thanks for trying out MikeOS!/);
  expect(guest.rows[0]).toBe(' Welcome to MikeOS');
  expect(guest.rows[24]).toBe(' Version 4.5');
  const dialog = guest.picture();
  expect([dialog.at(4, 40), dialog.at(360, 168)]).toEqual([BLUE, RED]);

  guest.press('Enter');
  guest.runUntil(/Please select a file/);
  const files = guest.rows.slice(7, 21).map((row) => row.trim());
  expect(files.slice(0, 5)).toEqual(['KERNEL.BIN', 'EDIT.BIN', 'FILEMAN.BIN', 'FISHER.BIN', 'FORTH.BIN']);
  expect(guest.picture().at(500, 7 * 16 + 8)).toBe('000000'); // the bar on the first line

  for (let moves = files.indexOf('MONITOR.BIN'); moves > 0; moves--) guest.press('ArrowDown');
  guest.runFor(50);
  const list = guest.picture();
  expect([list.at(500, 7 * 16 + 8), list.at(500, (7 + files.indexOf('MONITOR.BIN')) * 16 + 8)]).toEqual([
    'ffffff',
    '000000',
  ]);
  guest.press('Enter');
  guest.runUntil(/MIKEOS MACHINE CODE MONITOR/);
  guest.type('B85A0EBB0700CD10C3$\n'); // MOV AX, 0E5Ah; MOV BX, 7; INT 10h; RET
  guest.runUntil(/^= B85A0EBB0700CD10C3\$\s*Z/m);
  expect(guest.log).toEqual([]);
});
