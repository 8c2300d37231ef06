/** State declared once: reset, save, load, version checks and the debug view all derive from one declaration. */
export * from './define.ts';
export * from './fields.ts';
