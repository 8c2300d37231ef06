import { expect, test } from 'vitest';
import { sharedBytesOf } from './shared-memory.ts';

test('shared memory is what is clean and dirty together, and not known where the kernel does not say', () => {
  expect(sharedBytesOf('Rss: 900 kB\nShared_Clean:      40 kB\nShared_Dirty:       2 kB\nPrivate_Clean: 5 kB\n')).toBe(
    42 * 1024,
  );
  expect(sharedBytesOf('Rss: 900 kB\n')).toBeUndefined();
});
