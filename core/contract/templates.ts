import type { MachineDraft } from './machine.ts';

/** What a system needs to run well: where a new machine begins, whoever makes it. */
export interface MachineTemplate {
  readonly id: string;
  readonly name: string;
  readonly hardware: Pick<MachineDraft, 'memoryMiB' | 'bootOrder' | 'cpuModel' | 'pointer' | 'paravirtual'>;
  /** More memory than this the system does not use, or does not bear. */
  readonly memoryMiBMax?: number;
  /** Of a new disk; 0: it needs none. */
  readonly diskBytes: number;
  /** Why it cannot run yet. */
  readonly unavailable?: string;
}

/** Builds its machine (machines.buildDebian) instead of describing one; offered where that can work. */
export const DEBIAN_PACKAGES = 'debian-packages';

const GIB = 2 ** 30;

export const MACHINE_TEMPLATES: readonly MachineTemplate[] = [
  {
    id: 'dos',
    name: 'DOS',
    hardware: { memoryMiB: 32, cpuModel: 'pentium', pointer: 'ps2', paravirtual: false },
    memoryMiBMax: 64,
    diskBytes: 0.5 * GIB,
  },
  // Windows 3.x in its 386 mode, and its DOS; more memory than this it does not count.
  {
    id: 'windows3',
    name: 'Windows 3.x',
    hardware: { memoryMiB: 64, cpuModel: '486', pointer: 'ps2', paravirtual: false },
    memoryMiBMax: 64,
    diskBytes: 0.5 * GIB,
  },
  // With more than 512 MiB Windows 9x stops with an error about its own disk cache.
  {
    id: 'windows9x',
    name: 'Windows 95, 98, Me',
    hardware: { memoryMiB: 256, cpuModel: 'pentium', pointer: 'ps2', paravirtual: false },
    memoryMiBMax: 512,
    diskBytes: 2 * GIB,
  },
  {
    id: 'windows2000',
    name: 'Windows 2000',
    hardware: { memoryMiB: 256, cpuModel: 'pentium3', pointer: 'ps2', paravirtual: false },
    diskBytes: 8 * GIB,
  },
  {
    id: 'windowsxp',
    name: 'Windows XP',
    hardware: { memoryMiB: 512, cpuModel: 'pentium3', pointer: 'ps2', paravirtual: false },
    diskBytes: 10 * GIB,
  },
  { id: 'linux', name: 'Linux (32-bit)', hardware: { memoryMiB: 256 }, diskBytes: 8 * GIB },
  {
    id: 'linux64',
    name: 'Linux (64-bit)',
    hardware: { memoryMiB: 512 },
    diskBytes: 10 * GIB,
    unavailable: 'the processor of these machines has no 64-bit mode yet',
  },
  { id: DEBIAN_PACKAGES, name: "Debian from this computer's packages", hardware: { memoryMiB: 256 }, diskBytes: GIB },
  { id: 'debian', name: 'Debian (32-bit)', hardware: { memoryMiB: 512 }, diskBytes: 10 * GIB },
  { id: 'bsd', name: 'BSD', hardware: { memoryMiB: 256, pointer: 'ps2' }, diskBytes: 8 * GIB },
  { id: 'kolibrios', name: 'KolibriOS', hardware: { memoryMiB: 128 }, diskBytes: 0 },
  { id: 'other', name: 'Another system', hardware: {}, diskBytes: 2 * GIB },
];
