import { expect, it } from 'vitest';
import { parsePpm, shows } from './peers/picture.ts';

const ppm = Uint8Array.of(...new TextEncoder().encode('P6\n2 1\n255\n'), 0x10, 0x20, 0x30, 0xff, 0, 0x0a);

it('a PPM shows its pixels where they are', () => {
  const pixels = [
    { x: 0, y: 0, colour: '102030' },
    { x: 1, y: 0, colour: 'ff000a' },
  ];

  expect(shows(parsePpm(ppm), { width: 2, height: 1, pixels })).toBe(true);
});

it('a picture of another size, or with another pixel, is another picture', () => {
  const picture = parsePpm(ppm);

  expect(shows(picture, { width: 1, height: 2, pixels: [] })).toBe(false);
  expect(shows(picture, { width: 2, height: 1, pixels: [{ x: 1, y: 0, colour: '102030' }] })).toBe(false);
});

it('what is no PPM is refused', () => {
  expect(() => parsePpm(Uint8Array.of(1, 2, 3))).toThrow(/PPM/);
});
