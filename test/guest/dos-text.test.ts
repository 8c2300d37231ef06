import { expect, test } from 'vitest';
import { startProgram } from './dos.ts';

/** The EGA's default palette, which text modes use. */
const COLOURS = ['000000', '0000aa', '00aa00', '00aaaa', 'aa0000', 'aa00aa', 'aa5500', 'aaaaaa'].concat([
  ...['555555', '5555ff', '55ff55', '55ffff', 'ff5555', 'ff55ff', 'ffff55', 'ffffff'],
]);

test('a DOS program shows text in 80x25, 80x50 and 40x25, with colours, scrolling and a font of its own', () => {
  const guest = startProgram('text');
  const reach = (stage: string): void => {
    if (stage !== 'A') guest.press('Space');
    guest.runUntil(() => guest.debug.endsWith(stage));
    guest.runFor(20); // the frame that shows it
  };

  reach('A');
  const wide = guest.picture();
  expect(wide.size).toBe('720x400');
  const middle = (column: number, row: number): string => wide.at(column * 9 + 4, row * 16 + 8);
  expect(COLOURS.map((_, colour) => middle(colour, 1))).toEqual(COLOURS);
  expect(COLOURS.slice(0, 8).map((_, colour) => middle(colour, 2))).toEqual(COLOURS.slice(0, 8));

  reach('B');
  expect(guest.rows[22]).toBe('');
  expect(guest.rows[23].slice(76)).toBe('abcd');
  expect(guest.rows[24]).toBe('ef');
  expect(guest.rows[10]).toBe('cursor 1802'); // row 24, column 2
  const scrolled = guest.picture();
  expect(scrolled.at(4, 1 * 16 + 8)).toBe(COLOURS[0]);
  expect(scrolled.at(7 * 9 + 4, 1 * 16 + 8)).toBe(COLOURS[7]); // was in row 2
  expect(scrolled.at(39 * 9 + 4, 5 * 16 + 8)).toBe(COLOURS[2]);
  expect(scrolled.at(40 * 9 + 4, 5 * 16 + 8)).toBe(COLOURS[0]);

  reach('C');
  expect(guest.rows).toHaveLength(50);
  expect(guest.rows[49]).toBe('last row');
  expect(guest.picture().size).toBe('720x400');

  reach('D');
  expect(guest.machine.display.text()?.[0]).toHaveLength(40);
  expect(guest.rows[0]).toBe('forty columns');
  const narrow = guest.picture();
  const cellWidth = narrow.frame.width / 40;
  const solid = Array.from({ length: 16 }, (_, y) => narrow.at(cellWidth + cellWidth / 2, y));
  expect(new Set(solid)).toEqual(new Set(['aaaaaa']));

  reach('E');
  expect(guest.picture().at(4, 8)).toBe(COLOURS[12]);
});
