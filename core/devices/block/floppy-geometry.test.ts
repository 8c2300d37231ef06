import { describe, expect, it } from 'vitest';
import { floppyCapacityBytes, floppyGeometry } from './floppy-geometry.ts';

describe('floppyGeometry', () => {
  it.each([
    [160, 40, 1, 8, '360K'],
    [180, 40, 1, 9, '360K'],
    [320, 40, 2, 8, '360K'],
    [360, 40, 2, 9, '360K'],
    [720, 80, 2, 9, '720K'],
    [1200, 80, 2, 15, '1.2M'],
    [1440, 80, 2, 18, '1.44M'],
    [1680, 80, 2, 21, '1.44M'],
    [1722, 82, 2, 21, '1.44M'],
    [2880, 80, 2, 36, '2.88M'],
  ])('knows the %i KiB format', (kib, cylinders, heads, sectors, drive) => {
    expect(floppyGeometry(kib * 1024)).toMatchObject({ cylinders, heads, sectors, drive });
  });

  it('takes the smallest common format that holds an odd image', () => {
    expect(floppyCapacityBytes(floppyGeometry(512)!)).toBe(360 * 1024);
    expect(floppyCapacityBytes(floppyGeometry(1_000_000)!)).toBe(1200 * 1024);
    expect(floppyCapacityBytes(floppyGeometry(1_474_559)!)).toBe(1440 * 1024);
  });

  it('refuses what no floppy holds', () => {
    expect(floppyGeometry(0)).toBeUndefined();
    expect(floppyGeometry(4 << 20)).toBeUndefined();
  });
});
