import { expect, test } from 'vitest';
import { Emitter } from './emitter.ts';

test('every listener gets the value, in order of subscription', () => {
  const emitter = new Emitter<number>();
  const seen: string[] = [];
  emitter.event((value) => seen.push(`first ${value}`));
  emitter.event((value) => seen.push(`second ${value}`));

  emitter.fire(7);

  expect(seen).toEqual(['first 7', 'second 7']);
});

test('a disposed subscription hears nothing more, and the others go on', () => {
  const emitter = new Emitter<number>();
  const seen: string[] = [];
  const first = emitter.event((value) => seen.push(`first ${value}`));
  emitter.event((value) => seen.push(`second ${value}`));

  first.dispose();
  emitter.fire(1);

  expect(seen).toEqual(['second 1']);
  expect(emitter.listenerCount).toBe(1);
});

test('a listener that throws does not stop the others, and its error reaches the one who fired', () => {
  const emitter = new Emitter<number>();
  const seen: number[] = [];
  emitter.event(() => {
    throw new Error('first failure');
  });
  emitter.event((value) => seen.push(value));
  emitter.event(() => {
    throw new Error('second failure');
  });

  expect(() => emitter.fire(3)).toThrow('first failure');

  expect(seen).toEqual([3]);
});

test('a listener that subscribes or leaves while an event is fired does not disturb that event', () => {
  const emitter = new Emitter<number>();
  const seen: string[] = [];
  const once = emitter.event((value) => {
    seen.push(`once ${value}`);
    once.dispose();
    emitter.event((later) => seen.push(`late ${later}`));
  });
  emitter.event((value) => seen.push(`last ${value}`));

  emitter.fire(1);
  emitter.fire(2);

  expect(seen).toEqual(['once 1', 'last 1', 'last 2', 'late 2']);
});

test('a disposed emitter has no listeners', () => {
  const emitter = new Emitter<number>();
  const seen: number[] = [];
  emitter.event((value) => seen.push(value));

  emitter.dispose();
  emitter.fire(1);

  expect(seen).toEqual([]);
  expect(emitter.listenerCount).toBe(0);
});
