/** Display adapters: the VGA with Bochs VBE extensions, the standard modes' tables, palettes and fonts. */
export * from './fonts/index.ts';
export * from './vga-modes.ts';
export * from './vga-palettes.ts';
