import { expect, test } from 'vitest';
import { DisposableStore, toDisposable } from './disposable.ts';

test('a disposable runs its action once, however often it is disposed of', () => {
  let count = 0;
  const disposable = toDisposable(() => count++);

  disposable.dispose();
  disposable.dispose();

  expect(count).toBe(1);
});

test('a store disposes of its items in reverse order, once', () => {
  const seen: string[] = [];
  const store = new DisposableStore();
  store.add({ dispose: () => seen.push('first') });
  store.add({ dispose: () => seen.push('second') });

  store.dispose();
  store.dispose();

  expect(seen).toEqual(['second', 'first']);
});

test('what is added to a disposed store is disposed of at once', () => {
  const seen: string[] = [];
  const store = new DisposableStore();
  store.dispose();

  const item = store.add({ dispose: () => seen.push('late') });

  expect(seen).toEqual(['late']);
  expect(item).toBeDefined();
});
