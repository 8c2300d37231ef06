/**
 * Every device of the board, for the conformance suite. A new part is added here with its windows and pokes; the suite
 * then holds it to the rules of core/state and core/bus.
 */
import { apicEntries } from './apic.ts';
import { boardEntries } from './board.ts';
import { displayEntries } from './display.ts';
import type { ConformanceEntry } from './subject.ts';
import { paravirtualEntries } from './paravirtual.ts';
import { peripheralEntries } from './peripherals.ts';
import { platformEntries } from './platform.ts';

export const registry: readonly ConformanceEntry[] = [
  ...apicEntries,
  ...boardEntries,
  ...displayEntries,
  ...paravirtualEntries,
  ...platformEntries,
  ...peripheralEntries,
];
