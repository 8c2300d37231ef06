/** Character generators: glyph `c` occupies `height` bytes from `c * height`, the leftmost dot in bit 7. */
export { font8x8 } from './font-8x8.ts';
export { font8x14 } from './font-8x14.ts';
export { font8x16 } from './font-8x16.ts';
