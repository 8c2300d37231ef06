import type { MachineDraft } from './machine.ts';

/** What a system needs to run well: where a new machine begins, whoever makes it. */
export interface MachineTemplate {
  readonly id: string;
  readonly name: string;
  readonly hardware: Pick<MachineDraft, 'memoryMiB' | 'bootOrder' | 'cpuModel' | 'pointer' | 'paravirtual'>;
  /** Of a new disk; 0: it needs none. */
  readonly diskBytes: number;
}

const GIB = 2 ** 30;

export const MACHINE_TEMPLATES: readonly MachineTemplate[] = [
  {
    id: 'dos',
    name: 'DOS',
    hardware: { memoryMiB: 32, cpuModel: 'pentium', pointer: 'ps2', paravirtual: false },
    diskBytes: 0.5 * GIB,
  },
  { id: 'linux', name: 'Linux (32-bit)', hardware: { memoryMiB: 256 }, diskBytes: 8 * GIB },
  { id: 'debian', name: 'Debian (32-bit)', hardware: { memoryMiB: 512 }, diskBytes: 10 * GIB },
  { id: 'kolibrios', name: 'KolibriOS', hardware: { memoryMiB: 128 }, diskBytes: 0 },
  { id: 'other', name: 'Another system', hardware: { memoryMiB: 64 }, diskBytes: 2 * GIB },
];
