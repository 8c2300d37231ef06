import { describe, expect, test } from 'vitest';
import { scaleScreen } from './scaling.ts';

const vgaText = { width: 720, height: 400 };

describe('the scaling of a screen', () => {
  test('fit fills the narrower side and keeps the shape', () => {
    const scaled = scaleScreen(vgaText, { width: 1440, height: 1000 }, 1, 'fit');
    expect(scaled).toEqual({ width: 1440, height: 800, multiple: 1, sharp: true });
  });

  test('what is not enlarged by a whole number is enlarged by the next one and reduced', () => {
    const scaled = scaleScreen(vgaText, { width: 1800, height: 1000 }, 1, 'fit');
    expect(scaled).toEqual({ width: 1800, height: 1000, multiple: 3, sharp: false });
  });

  test('whole pixels takes the largest multiple that fits', () => {
    const scaled = scaleScreen(vgaText, { width: 1900, height: 1100 }, 1, 'integer');
    expect(scaled).toEqual({ width: 1440, height: 800, multiple: 1, sharp: true });
  });

  test('multiples are of the pixels of a dense display, not of CSS pixels', () => {
    const scaled = scaleScreen(vgaText, { width: 1100, height: 700 }, 2, 'integer');
    expect(scaled).toEqual({ width: 1080, height: 600, multiple: 1, sharp: true });
  });

  test('one guest pixel is one pixel of the display under 1:1', () => {
    const scaled = scaleScreen(vgaText, { width: 100, height: 100 }, 2, 'actual');
    expect(scaled).toEqual({ width: 360, height: 200, multiple: 1, sharp: true });
  });

  test('a picture larger than its room is reduced, and smoothed', () => {
    const scaled = scaleScreen({ width: 1024, height: 768 }, { width: 512, height: 512 }, 1, 'integer');
    expect(scaled).toEqual({ width: 512, height: 384, multiple: 1, sharp: false });
  });
});
