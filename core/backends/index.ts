/** What the host gives a machine. The core reaches time, chance, storage and people through these alone. */
export * from './block.ts';
export * from './byte-file.ts';
export * from './char.ts';
export * from './clock.ts';
export * from './codecs.ts';
export * from './display.ts';
export * from './input.ts';
