import { describe, expect, test } from 'vitest';
import { draftOf, problemsOf, type NewMachineForm } from './draft.ts';

const form: NewMachineForm = { name: ' DOS ', memoryMiB: 16, floppyPath: '', floppyWritable: true, clock: 'virtual' };

describe('the form of a new machine', () => {
  test('becomes a draft without blanks around names', () => {
    expect(draftOf({ ...form, floppyPath: ' /images/dos.img ' })).toEqual({
      name: 'DOS',
      memoryMiB: 16,
      floppies: [{ path: '/images/dos.img', writable: true }],
      clock: 'virtual',
    });
  });

  test('without a floppy has an empty drive', () => {
    expect(draftOf(form).floppies).toEqual([]);
  });

  test.each([
    ['name', { name: '  ' }],
    ['memoryMiB', { memoryMiB: 0 }],
    ['memoryMiB', { memoryMiB: Number.NaN }],
    ['floppies', { floppyPath: 'a\0b' }],
  ] as const)('is refused at %s: %j', (field, part) => {
    expect([...problemsOf({ ...form, ...part })]).toEqual([field]);
  });

  test('is taken as it is', () => {
    expect(problemsOf(form).size).toBe(0);
  });
});
