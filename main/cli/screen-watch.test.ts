import { expect, test } from 'vitest';
import { ScreenWatch } from './screen-watch.ts';

const blank = (count: number): string[] => new Array<string>(count).fill('');
const watchAfter = (...screens: string[][]): ScreenWatch => {
  const watch = new ScreenWatch();
  watch.update(screens[0]);
  watch.mark();
  for (const screen of screens.slice(1)) watch.update(screen);
  return watch;
};
const prompt = /A:\\>/gm;

test('what is on the screen at the mark is old', () => {
  expect(watchAfter(['FreeDOS', 'A:\\>']).matches(prompt)).toBe(false);
});

test('text that was there before any mark counts', () => {
  const watch = new ScreenWatch();
  watch.update(['A:\\>']);
  expect(watch.matches(prompt)).toBe(true);
});

test('typing behind a prompt does not make the prompt new', () => {
  expect(watchAfter(['A:\\>', ''], ['A:\\>ver', '']).matches(prompt)).toBe(false);
});

test('a prompt on a further row is new, also when the screen scrolled', () => {
  const full = ['one', 'two', 'three', 'A:\\>'];
  expect(watchAfter(['A:\\>', '', ''], ['A:\\>ver', 'answer', 'A:\\>']).matches(prompt)).toBe(true);
  expect(watchAfter(full, ['two', 'three', 'A:\\>x', 'A:\\>']).matches(prompt)).toBe(true);
  expect(watchAfter(full, ['two', 'three', 'A:\\>x', 'answer']).matches(prompt)).toBe(false);
});

test('a prompt in the same place of another screen is new', () => {
  const listing = Array.from({ length: 24 }, (_, i) => `file${i}`);
  expect(watchAfter([...blank(20), 'a', 'b', 'c', 'd', 'A:\\>'], [...listing, 'A:\\>']).matches(prompt)).toBe(true);
});

test('a prompt on a cleared row is new', () => {
  expect(watchAfter(['A:\\>'], ['A:\\>cls'], ['A:\\>']).matches(prompt)).toBe(true);
});

test('a redrawn row is new as a whole', () => {
  expect(watchAfter(['Loading 10%'], ['Loading 20%']).matches(/Loading/gm)).toBe(true);
});

test('graphics modes have no text, and what comes after them is new', () => {
  const watch = watchAfter(['A:\\>']);
  watch.update(undefined);
  expect(watch.matches(prompt)).toBe(false);
  watch.update(['A:\\>']);
  expect(watch.matches(prompt)).toBe(true);
});
