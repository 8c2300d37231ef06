/** Display adapters: the VGA with Bochs VBE extensions, the standard modes' tables, palettes and fonts. */
export * from './cp437.ts';
export * from './fonts/index.ts';
export * from './vga-modes.ts';
export * from './vga-palettes.ts';
export * from './vga.ts';
export { vgaSpec, type VgaSpec, type VgaState } from './vga-state.ts';
export type { DirectWindow } from './vga-memory.ts';
