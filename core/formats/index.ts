/** Image formats over a byte source. */
export * from './memory-block.ts';
export * from './memory-overlay.ts';
