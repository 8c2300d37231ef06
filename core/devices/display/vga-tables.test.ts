import { describe, expect, it } from 'vitest';
import { cgaPalette, egaPalette, font8x14, font8x16, font8x8, monoPalette, vga256Palette, vgaModes } from './index.ts';

const triple = (palette: Uint8Array, index: number): number[] => Array.from(palette.subarray(index * 3, index * 3 + 3));

describe('the mode table', () => {
  it('holds every standard mode with complete register sets', () => {
    expect([...vgaModes.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0xd, 0xe, 0xf, 0x10, 0x11, 0x12, 0x13]);
    for (const mode of vgaModes.values()) {
      expect([mode.sequencer.length, mode.crtc.length, mode.graphics.length, mode.attribute.length]).toEqual([
        5, 25, 9, 21,
      ]);
      const all = [...mode.sequencer, ...mode.crtc, ...mode.graphics, ...mode.attribute];
      expect(all.every((value) => Number.isInteger(value) && value >= 0 && value <= 0xff)).toBe(true);
    }
  });

  it('shows as many lines and characters as the geometry says', () => {
    for (const mode of vgaModes.values()) {
      const overflow = mode.crtc[7];
      const lines = (mode.crtc[0x12] | ((overflow & 2) << 7) | ((overflow & 0x40) << 3)) + 1;
      const doubled = mode.kind === 'graphics' && mode.height === 200 ? 2 : 1;
      expect(lines).toBe(mode.height * doubled);
      expect(mode.crtc[1] + 1).toBe(mode.mode === 0x13 ? 80 : mode.columns);
    }
  });
});

describe('the palettes', () => {
  it('has brown where dark yellow would be', () => {
    expect(triple(cgaPalette, 6)).toEqual([0x2a, 0x15, 0]);
    expect(triple(egaPalette, 0x14)).toEqual([0x2a, 0x15, 0]);
  });

  it('decodes EGA colours as rgbRGB', () => {
    expect(triple(egaPalette, 0x39)).toEqual([0x15, 0x15, 0x3f]);
    expect(triple(egaPalette, 0x04)).toEqual([0x2a, 0, 0]);
  });

  it('runs the mode 13h circle from blue over red and green back to blue', () => {
    expect(triple(vga256Palette, 32)).toEqual([0, 0, 0x3f]);
    expect(triple(vga256Palette, 40)).toEqual([0x3f, 0, 0]);
    expect(triple(vga256Palette, 48)).toEqual([0, 0x3f, 0]);
    expect(triple(vga256Palette, 55)).toEqual([0, 0x10, 0x3f]);
    expect(triple(vga256Palette, 31)).toEqual([0x3f, 0x3f, 0x3f]);
    expect(triple(vga256Palette, 255)).toEqual([0, 0, 0]);
  });

  it('tells normal from bright on a monochrome screen', () => {
    expect([0x00, 0x08, 0x10, 0x18].map((index) => monoPalette[index * 3])).toEqual([0, 0x2a, 0, 0x3f]);
  });
});

describe('the fonts', () => {
  it('draws the block and box characters to the edges of their cell', () => {
    for (const [font, height] of [
      [font8x8, 8],
      [font8x14, 14],
      [font8x16, 16],
    ] as const) {
      expect(font.length).toBe(256 * height);
      const glyph = (code: number): number[] => Array.from(font.subarray(code * height, (code + 1) * height));
      expect(glyph(0xdb).every((row) => row === 0xff)).toBe(true);
      expect(glyph(0x20).every((row) => row === 0)).toBe(true);
      expect(glyph(0xba).every((row) => row === 0x36)).toBe(true);
      expect(glyph(0xc4).filter((row) => row === 0xff)).toHaveLength(1);
      expect(glyph(0x41).some((row) => row !== 0)).toBe(true);
    }
  });
});
