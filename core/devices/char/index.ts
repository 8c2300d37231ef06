/** Serial and parallel lines. */
export * from './parallel.ts';
export * from './uart16550.ts';
