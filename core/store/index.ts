/** Disks, snapshots and the chunks that they share: a library of one folder. Only the hosts of the core use it. */
export * from './check.ts';
export * from './chunks.ts';
export * from './collect.ts';
export * from './disk.ts';
export * from './errors.ts';
export * from './file-lock.ts';
export * from './io.ts';
export * from './library.ts';
export * from './log-files.ts';
export * from './media.ts';
export * from './name.ts';
export * from './rows.ts';
export * from './tree.ts';
export * from './usage.ts';
