/** What windows, browsers, the command line and the services agree on: configuration, calls, events, streams, codes. */
export type { Failure, Result } from '../base/index.ts';
export * from './bridge.ts';
export * from './calls.ts';
export * from './codes.ts';
export * from './events.ts';
export * from './images.ts';
export * from './limits.ts';
export * from './logs.ts';
export * from './machine.ts';
export * from './pixels.ts';
export * from './removals.ts';
export * from './stored-machine.ts';
export * from './stream.ts';
export * from './tasks.ts';
export * from './templates.ts';
