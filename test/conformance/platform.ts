/** Interrupt, timer, clock and DMA parts. */
import type { ConformanceEntry } from './subject.ts';

export const platformEntries: readonly ConformanceEntry[] = [];
