import { expect, test } from 'vitest';
import { moveSelection, type Selection } from './selection.ts';

const lines = [
  ['group:Old', ['a', 'b']],
  ['a', ['a']],
  ['b', ['b']],
  ['c', ['c']],
] as const;
const at = (current: string, selected: string[] = [current]): Selection => ({ current, selected: new Set(selected) });
const press = (key: string, held: Partial<Record<'shiftKey' | 'ctrlKey', boolean>> = {}) => ({
  ...{ key, shiftKey: false, ctrlKey: false, metaKey: false },
  ...held,
});

test('an arrow selects the next machine alone', () => {
  expect(moveSelection(press('ArrowDown'), at('a', ['a', 'c']), lines)).toEqual(at('b'));
});

test('with Shift the selection grows, with Control it stays', () => {
  expect(moveSelection(press('ArrowDown', { shiftKey: true }), at('a'), lines)).toEqual(at('b', ['a', 'b']));
  expect(moveSelection(press('End', { ctrlKey: true }), at('a'), lines)).toEqual(at('c', ['a']));
});

test('a group selects what is in it, as a click does', () => {
  expect(moveSelection(press('Home'), at('c'), lines)).toEqual(at('group:Old', ['a', 'b']));
});

test('Control and A selects every machine, the space bar one more or less', () => {
  expect(moveSelection(press('a', { ctrlKey: true }), at('a'), lines)).toEqual(at('a', ['a', 'b', 'c']));
  expect(moveSelection(press(' '), at('b', ['a']), lines)).toEqual(at('b', ['a', 'b']));
  expect(moveSelection(press(' '), at('b', ['a', 'b']), lines)).toEqual(at('b', ['a']));
});

test('other keys are left alone', () => {
  expect(moveSelection(press('x'), at('a'), lines)).toBeUndefined();
});
