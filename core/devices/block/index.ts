/** Drives and their controllers. */
export * from './floppy-drive.ts';
export * from './floppy-geometry.ts';
export * from './i82077.ts';
export { I82077 } from './i82077-state.ts';
