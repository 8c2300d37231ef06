import { expect, test } from 'vitest';
import { clickSelection, moveSelection, type Selection } from './selection.ts';

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

test('with Control the selection stays', () => {
  expect(moveSelection(press('End', { ctrlKey: true }), at('a'), lines)).toEqual(at('c', ['a']));
});

test('with Shift the selection grows and shrinks from where it began', () => {
  const shift = (key: string, from: Selection) => moveSelection(press(key, { shiftKey: true }), from, lines) ?? from;
  const grown = shift('ArrowDown', shift('ArrowDown', at('a')));
  expect(grown).toMatchObject(at('c', ['a', 'b', 'c']));
  expect(shift('ArrowUp', grown)).toMatchObject(at('b', ['a', 'b']));
  expect(shift('ArrowUp', shift('Home', at('b', ['b', 'c'])))).toMatchObject(at('group:Old', ['a', 'b']));
});

test('with Shift and Control it grows beside what is selected', () => {
  const both = { shiftKey: true, ctrlKey: true };
  expect(moveSelection(press('ArrowDown', both), at('a', ['a', 'c']), lines)).toMatchObject(at('b', ['a', 'c', 'b']));
});

test('a click selects one, with Shift all up to it, with Control one more or less', () => {
  const click = (key: string, from: Selection, held: Parameters<typeof press>[1] = {}, type = 'click') =>
    clickSelection({ ...press('', held), type }, key, from, lines);
  expect(click('b', at('a'))).toEqual(at('b'));
  expect(click('b', at('a', ['a', 'b']), { ctrlKey: true })).toEqual(at('b', ['a']));
  const upTo = click('c', at('a'), { shiftKey: true });
  expect(upTo).toMatchObject(at('c', ['a', 'b', 'c']));
  expect(click('b', upTo, { shiftKey: true })).toMatchObject(at('b', ['a', 'b']));
  expect(click('b', at('a', ['a', 'b']), {}, 'contextmenu')).toEqual(at('b', ['a', 'b']));
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
