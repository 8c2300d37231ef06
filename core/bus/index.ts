/** How parts meet: ports, memory-mapped ranges, interrupt lines, alarms, and the shape of a device. */
export type { DmaMemory, IoWidth, Mmio } from '../memory/access.ts';
export * from './device.ts';
export * from './io.ts';
export * from './irq.ts';
export * from './timers.ts';
