import { describe, expect, test } from 'vitest';
import { CALLS, CODES, exitCodeOf, hardwareSchema, machineDraftSchema } from './index.ts';

describe('machine configuration', () => {
  test('a name alone makes a whole machine', () => {
    const draft = machineDraftSchema.parse({ name: ' DOS ' });
    expect(draft).toMatchObject({ name: 'DOS', memoryMiB: 64, floppies: [], bootOrder: ['floppy', 'cdrom', 'disk'] });
  });

  test.each([0, -1, 1.5, 3073, 10 * 1024 * 1024, Number.NaN, '64', null])(
    'memory of %s MiB is refused with the limits',
    (memoryMiB) => {
      const result = hardwareSchema.safeParse({ memoryMiB });
      expect(result.success).toBe(false);
      expect(result.error?.issues[0].message).toBe('memory must be a whole number of MiB from 1 to 3072');
    },
  );

  test.each([
    { floppies: [null, null, null] },
    { bootOrder: [] },
    { bootOrder: ['disk', 'disk'] },
    { bootOrder: ['tape'] },
    { disks: [{ path: 'a\0b' }] },
    { disks: [{ path: '' }] },
    { serial: [{ mode: 'file' }] },
    { unknownPart: true },
  ])('%j is refused', (part) => {
    expect(hardwareSchema.safeParse(part).success).toBe(false);
  });

  test('an update changes only what it names', () => {
    const { changes } = CALLS['machines.update'].params.parse({
      id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
      changes: { name: 'x' },
    });
    expect(changes).toEqual({ name: 'x' });
  });
});

describe('codes', () => {
  test('bad arguments and files exit with 2, a time-out with 3, defects with 1', () => {
    expect([
      exitCodeOf('args.invalid'),
      exitCodeOf('image.empty'),
      exitCodeOf('run.timeout'),
      exitCodeOf('no.such'),
    ]).toEqual([2, 2, 3, 1]);
  });

  test('every code is dotted lower case and says what it means', () => {
    for (const [code, entry] of Object.entries(CODES)) {
      expect(code).toMatch(/^[a-z]+(\.[a-z-]+)?$/);
      expect(entry.meaning).toMatch(/\.$/);
    }
  });
});
