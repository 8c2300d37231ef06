/**
 * What a US keyboard's scan codes (set 1) put into the keyboard buffer: scan code << 8 | character, 0 for nothing.
 * IBM PS/2 and PC BIOS Interface Technical Reference, INT 16h, "keystroke tables".
 */

/** Plain, Shift, Ctrl, Alt. */
export type KeyWords = readonly [plain: number, shift: number, ctrl: number, alt: number];

const rows = (text: string): [number, KeyWords][] =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [code, ...words] = line
        .trim()
        .split(/\s+/)
        .map((word) => (word === '-' ? 0 : parseInt(word, 16)));
      return [code, words as unknown as KeyWords];
    });

const punctuation = rows(`
  01 011b 011b 011b 0100
  02 0231 0221 -    7800
  03 0332 0340 0300 7900
  04 0433 0423 -    7a00
  05 0534 0524 -    7b00
  06 0635 0625 -    7c00
  07 0736 075e 071e 7d00
  08 0837 0826 -    7e00
  09 0938 092a -    7f00
  0a 0a39 0a28 -    8000
  0b 0b30 0b29 -    8100
  0c 0c2d 0c5f 0c1f 8200
  0d 0d3d 0d2b -    8300
  0e 0e08 0e08 0e7f 0e00
  0f 0f09 0f00 9400 a500
  1a 1a5b 1a7b 1a1b 1a00
  1b 1b5d 1b7d 1b1d 1b00
  1c 1c0d 1c0d 1c0a 1c00
  27 273b 273a -    2700
  28 2827 2822 -    2800
  29 2960 297e -    2900
  2b 2b5c 2b7c 2b1c 2b00
  33 332c 333c -    3300
  34 342e 343e -    3400
  35 352f 353f -    3500
  37 372a 372a 9600 3700
  39 3920 3920 3920 3920
  47 4700 4737 7700 -
  48 4800 4838 8d00 -
  49 4900 4939 8400 -
  4a 4a2d 4a2d 8e00 4a00
  4b 4b00 4b34 7300 -
  4c 4c00 4c35 8f00 -
  4d 4d00 4d36 7400 -
  4e 4e2b 4e2b 9000 4e00
  4f 4f00 4f31 7500 -
  50 5000 5032 9100 -
  51 5100 5133 7600 -
  52 5200 5230 9200 -
  53 5300 532e 9300 -
  56 565c 567c -    -
  57 8500 8700 8900 8b00
  58 8600 8800 8a00 8c00
`);

const LETTERS: readonly (readonly [firstCode: number, letters: string])[] = [
  [0x10, 'qwertyuiop'],
  [0x1e, 'asdfghjkl'],
  [0x2c, 'zxcvbnm'],
];

const letters = LETTERS.flatMap(([first, row]) =>
  Array.from(row, (letter, i): [number, KeyWords] => {
    const code = first + i;
    const ascii = letter.charCodeAt(0);
    return [code, [(code << 8) | ascii, (code << 8) | (ascii - 0x20), (code << 8) | (ascii - 0x60), code << 8]];
  }),
);

const functionKeys = Array.from({ length: 10 }, (_, i): [number, KeyWords] => [
  0x3b + i,
  [(0x3b + i) << 8, (0x54 + i) << 8, (0x5e + i) << 8, (0x68 + i) << 8],
]);

export const keymap: ReadonlyMap<number, KeyWords> = new Map([...punctuation, ...letters, ...functionKeys]);

/** Keys that send an E0h prefix. */
export const extendedKeymap: ReadonlyMap<number, KeyWords> = new Map(
  rows(`
  1c e00d e00d e00a a600
  35 e02f e02f 9500 a400
  47 47e0 47e0 77e0 9700
  48 48e0 48e0 8de0 9800
  49 49e0 49e0 84e0 9900
  4b 4be0 4be0 73e0 9b00
  4d 4de0 4de0 74e0 9d00
  4f 4fe0 4fe0 75e0 9f00
  50 50e0 50e0 91e0 a000
  51 51e0 51e0 76e0 a100
  52 52e0 52e0 92e0 a200
  53 53e0 53e0 93e0 a300
`),
);

const letterCodes = new Set(letters.map(([code]) => code));
export const isLetter = (code: number): boolean => letterCodes.has(code);

/** Digits that the keypad's keys type with Alt held or NumLock on; -1 for the others. */
export const keypadDigit = (code: number): number => (code >= 0x47 && code <= 0x52 ? KEYPAD_DIGITS[code - 0x47] : -1);
const KEYPAD_DIGITS: readonly number[] = [7, 8, 9, -1, 4, 5, 6, -1, 1, 2, 3, 0];
