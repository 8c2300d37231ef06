import { expect, test } from 'vitest';
import { judgeDebian } from './availability.ts';

const all = () => true;

test.each([
  ['12.11\n', 'available'],
  ['11.9\n', 'available'],
  ['13.1\n', 'no-kernel'],
  ['trixie/sid\n', 'no-kernel'],
  [undefined, 'no-debian'],
])('a computer whose Debian version is %j: %s', (version, expected) => {
  expect(judgeDebian(version, all)).toBe(expected);
});

test('a Debian without a tool that is needed says so', () => {
  expect(judgeDebian('12.11', (name) => name !== 'mke2fs')).toBe('no-tools');
});
