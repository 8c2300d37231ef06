/**
 * What the BIOS loads into the colour look-up table (DAC) at a mode set: R, G, B triples of 6 bits, in the order of the
 * DAC's entries. IBM VGA technical reference, "Video DAC palette registers".
 */
export type PaletteName = 'mono' | 'cga' | 'ega' | 'vga256';

const triples = (count: number, at: (index: number) => readonly [number, number, number]): Uint8Array =>
  Uint8Array.from(Array.from({ length: count }, (_, index) => at(index)).flat());

/** EGA colour number rgbRGB: the capital letter weighs two thirds, the small one a third. */
const egaColour = (index: number): [number, number, number] => {
  const gun = (primary: number, secondary: number): number =>
    (index & primary ? 0x2a : 0) + (index & secondary ? 0x15 : 0);
  return [gun(0x04, 0x20), gun(0x02, 0x10), gun(0x01, 0x08)];
};

/** IRGB with the colour monitor's brown in place of dark yellow. */
const cgaColour = (irgb: number): [number, number, number] => {
  const base = irgb & 8 ? 0x15 : 0;
  const gun = (bit: number): number => base + (irgb & bit ? 0x2a : 0);
  return irgb === 6 ? [0x2a, 0x15, 0x00] : [gun(4), gun(2), gun(1)];
};

/** 64 entries for modes 7 and F: attribute bit 3 is video, bit 4 intensity. */
export const monoPalette: Uint8Array = triples(64, (index) => {
  const level = index & 0x08 ? (index & 0x10 ? 0x3f : 0x2a) : 0;
  return [level, level, level];
});

/** 64 entries for the 200-line modes, whose attribute palettes name the bright colours 10h to 17h. */
export const cgaPalette: Uint8Array = triples(64, (index) => cgaColour((index & 7) | ((index & 0x10) >> 1)));

/** 64 entries: every EGA colour at its own number. */
export const egaPalette: Uint8Array = triples(64, egaColour);

/** The sixteen colours in IRGB order. */
export const sixteenColours: Uint8Array = triples(16, cgaColour);

const GREYS = [0x00, 0x05, 0x08, 0x0b, 0x0e, 0x11, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x28, 0x2d, 0x32, 0x38, 0x3f];
/** Rising steps from a gun's least to its greatest value, for three brightnesses of three saturations. */
const RAMPS = [
  [0x00, 0x10, 0x1f, 0x2f, 0x3f],
  [0x1f, 0x27, 0x2f, 0x37, 0x3f],
  [0x2d, 0x31, 0x36, 0x3a, 0x3f],
  [0x00, 0x07, 0x0e, 0x15, 0x1c],
  [0x0e, 0x11, 0x15, 0x18, 0x1c],
  [0x14, 0x16, 0x18, 0x1a, 0x1c],
  [0x00, 0x04, 0x08, 0x0c, 0x10],
  [0x08, 0x0a, 0x0c, 0x0e, 0x10],
  [0x0b, 0x0c, 0x0d, 0x0f, 0x10],
];

/** 24 hues around the colour circle from blue: in each sixth one gun rises or falls while the other two stand still. */
function hue(ramp: readonly number[], step: number): [number, number, number] {
  const height = (position: number): number => {
    const at = ((position % 24) + 24) % 24;
    if (at <= 4) return at;
    if (at <= 12) return 4;
    return at <= 16 ? 16 - at : 0;
  };
  return [ramp[height(step)], ramp[height(step - 8)], ramp[height(step + 8)]];
}

/** 256 entries of mode 13h: 16 colours, 16 greys, 9 circles of 24 hues, 8 blacks. */
export const vga256Palette: Uint8Array = triples(256, (index) => {
  if (index < 16) return cgaColour(index);
  if (index < 32) return [GREYS[index - 16], GREYS[index - 16], GREYS[index - 16]];
  if (index >= 248) return [0, 0, 0];
  const position = index - 32;
  return hue(RAMPS[Math.floor(position / 24)], position % 24);
});

export const palettes: Readonly<Record<PaletteName, Uint8Array>> = {
  mono: monoPalette,
  cga: cgaPalette,
  ega: egaPalette,
  vga256: vga256Palette,
};
