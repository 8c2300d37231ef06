import { expect, test } from 'vitest';
import { finish, startProgram } from './dos.ts';

/** Chord, the word of INT 16h AH=10h, the shift flags of AH=02h once the last key is up. */
const KEYS: readonly (readonly [chord: string, word: string, flags: string])[] = [
  ['KeyA', '1E61', '0000'],
  ['ShiftLeft KeyA', '1E41', '0002'],
  ['ShiftRight Digit1', '0221', '0001'],
  ['ControlLeft KeyC', '2E03', '0004'],
  ['AltLeft KeyX', '2D00', '0008'],
  ['Enter', '1C0D', '0000'],
  ['NumpadEnter', 'E00D', '0000'],
  ['F1', '3B00', '0000'],
  ['ShiftLeft F1', '5400', '0002'],
  ['F11', '8500', '0000'],
  ['ArrowUp', '48E0', '0000'],
  ['ControlLeft Home', '77E0', '0004'],
  ['Delete', '53E0', '0000'],
  ['NumpadMultiply', '372A', '0000'],
  ['IntlBackslash', '565C', '0000'],
];

/** Scan code set 1 as the i8042 translates it, make and break. */
const CODES = [
  ['KeyZ', '2C AC'],
  ['ShiftLeft Digit1', '2A 02 82 AA'],
  ['ArrowUp', 'E0 48 E0 C8'],
  ['ControlRight', 'E0 1D E0 9D'],
  ['PrintScreen', 'E0 2A E0 37 E0 B7 E0 AA'],
  ['Pause', 'E1 1D 45 E1 9D C5'],
  ['NumpadDivide', 'E0 35 E0 B5'],
  ['CapsLock', '3A BA'],
  ['F12', '58 D8'],
  ['Escape', '01 81'],
] as const;

test('a DOS program reads keys by INT 16h, and scan codes by an INT 09h of its own', () => {
  const guest = startProgram('keys');
  guest.runUntil(() => guest.debug === 'K');
  for (const [chord] of KEYS) guest.press(...chord.split(' '));
  guest.press('CapsLock');
  guest.press('KeyA');
  guest.press('CapsLock');
  guest.press('Escape');
  guest.runUntil(() => guest.debug === 'KS');
  for (const [chord] of CODES) guest.press(...chord.split(' '));

  const lines = finish(guest);

  const [keys, codes] = [lines.slice(0, -3), lines.slice(-3).join('')];
  expect(keys.slice(0, KEYS.length)).toEqual(KEYS.map(([, word, flags]) => ` ${word} ${flags}`));
  expect(keys.slice(KEYS.length)).toEqual([' 1E41 0040', ' 011B 0000']);
  expect(codes.trim().split(/\s+/)).toEqual([
    '0081', // of the Escape that ended the first part
    ...CODES.flatMap(([, bytes]) => bytes.split(' ').map((byte) => `00${byte}`)),
  ]);
});

test('what is typed while a program is busy is not lost, though the BIOS keeps fifteen keys only', () => {
  const guest = startProgram('busy');
  guest.runUntil(() => guest.debug === 'B');

  guest.type('abcdefghijklmnopqrstuvwxyz0123456789');

  expect(finish(guest)).toEqual(['abcdefghijklmnopqrstuvwxyz0123456789']);
});
