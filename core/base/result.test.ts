import { expect, test } from 'vitest';
import { FailureError, assert, err, failure, ok } from './result.ts';

test('a result is a value or an error, told apart by ok', () => {
  expect(ok(5)).toEqual({ ok: true, value: 5 });
  expect(err(failure('image.empty', 'a.img is empty'))).toEqual({
    ok: false,
    error: { code: 'image.empty', message: 'a.img is empty' },
  });
});

test('a failure has a hint only when one was given', () => {
  expect(failure('image.empty', 'a.img is empty')).not.toHaveProperty('hint');
  expect(failure('image.empty', 'a.img is empty', 'choose another file').hint).toBe('choose another file');
});

test('a thrown failure carries code and hint, and prints its message', () => {
  const thrown = new FailureError(failure('image.empty', 'a.img is empty', 'choose another file'));

  expect(thrown).toBeInstanceOf(Error);
  expect(String(thrown)).toBe('FailureError: a.img is empty');
  expect(thrown.failure).toEqual({ code: 'image.empty', message: 'a.img is empty', hint: 'choose another file' });
});

test('an assertion says which invariant broke', () => {
  assert(1 === 1, 'never thrown');

  expect(() => assert(false, 'queue is sorted')).toThrow('assertion failed: queue is sorted');
});
