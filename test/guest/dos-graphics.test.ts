import { expect, test } from 'vitest';
import { startProgram } from './dos.ts';

test('a DOS program draws in modes 13h, 12h, 4, X and VBE 101h', () => {
  const guest = startProgram('graphics');
  const reach = (stage: string): void => {
    if (stage !== 'A') guest.press('Space');
    guest.runUntil(() => guest.debug.endsWith(stage));
    guest.runFor(40); // two frames: a new start address shows with the next
  };

  reach('A');
  const chained = guest.picture().of(320, 200);
  expect(guest.machine.display.text()).toBeUndefined();
  expect([chained(0, 0), chained(1, 0), chained(0, 2), chained(319, 60)]).toEqual(
    ['000000', 'ff0000', '00ff00', '0000ff'], // 319 xor 60 is 259: 3
  );
  expect(chained(8, 7)).toBe('ffffff'); // 15, as the BIOS has set it
  expect(chained(255, 199)).toBe(chained(56, 0));

  reach('B');
  const planar = guest.picture().of(640, 480);
  expect([planar(0, 0), planar(639, 479), planar(83, 0), planar(82, 0), planar(83, 479)]).toEqual([
    '00aa00',
    '00aa00',
    'ffff55',
    '00aa00',
    'ffff55',
  ]);
  expect([planar(160, 100), planar(167, 109), planar(168, 109)]).toEqual(['ff55ff', 'ff55ff', '00aa00']);
  expect(guest.debug.at(-2)?.charCodeAt(0)).toBe(2 ^ 15);

  reach('C');
  const cga = guest.picture().of(320, 200);
  expect([0, 1, 2, 3].map((x) => cga(x, 0))).toEqual(['0000aa', '00aa00', 'aa0000', 'aa5500']);
  expect([0, 1, 2, 3].map((x) => cga(x, 1))).toEqual(['aa5500', 'aa0000', '00aa00', '0000aa']);
  expect(cga(319, 199)).toBe('aa0000');

  reach('D');
  const unchained = guest.picture().of(320, 240);
  expect([0, 1, 2, 3, 316, 319].map((x) => unchained(x, 0))).toEqual([
    '0000aa',
    '00aa00',
    '00aaaa',
    'aa0000',
    '0000aa',
    'aa0000',
  ]);
  expect([unchained(0, 1), unchained(319, 239)]).toEqual(['000000', 'ffffff']);

  reach('E');
  expect(guest.picture().colours()).toEqual(new Map([['aa0000', expect.any(Number)]]));

  reach('F');
  const vbe = guest.picture();
  expect(vbe.size).toBe('640x480');
  expect([vbe.at(5, 410), vbe.at(7, 0), vbe.at(6, 410)]).toEqual(['ff5555', 'ffff55', '000000']);
  expect(guest.debug.at(-2)).toBe('0');
});
