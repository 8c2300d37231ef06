/** Guest-physical memory: pages of RAM, ROM and memory-mapped I/O, with code and dirty tracking. */
export * from './access.ts';
export * from './physical.ts';
