import { expect, test } from 'vitest';
import { parseKeys, parseTyped } from './keys.ts';
import { TerminalKeys } from './terminal-keys.ts';

test.each([
  ['ver\r', ['v', 'e', 'r', ['Enter']]],
  ['\x7f\t', [['Backspace'], ['Tab']]],
  ['\x03', [['ControlLeft', 'KeyC']]],
  ['\x1b', [['Escape']]],
  ['\x1b[A\x1b[B', [['ArrowUp'], ['ArrowDown']]],
  ['\x1bOP\x1b[24~', [['F1'], ['F12']]],
  ['\x1bf', [['AltLeft', 'KeyF']]],
  ['\x1b[1;9Zx', ['x']],
])('terminal input %j becomes key strokes', (text, expected) => {
  const strokes: unknown[] = [];
  const keys = new TerminalKeys({
    typist: { type: (typed) => void strokes.push(typed), chord: (codes) => strokes.push(codes) > 0 },
  });
  keys.receive(new TextEncoder().encode(text));
  expect(strokes).toEqual(expected);
});

test('key names: chords with plus, sequences with commas, codes as they are', () => {
  expect(parseKeys('ctrl+alt+del')).toEqual([['ControlLeft', 'AltLeft', 'Delete']]);
  expect(parseKeys('down,F5, x')).toEqual([['ArrowDown'], ['F5'], ['KeyX']]);
  expect(parseKeys('NumpadAdd 7')).toEqual([['NumpadAdd'], ['Digit7']]);
});

test('only backslash n and a doubled backslash are special in typed text', () => {
  expect(parseTyped('cd \\dos\\temp\\n')).toBe('cd \\dos\\temp\n');
  expect(parseTyped('a:\\\\new')).toBe('a:\\new');
});
