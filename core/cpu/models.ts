/**
 * Processor models: what CPUID says, which instructions exist. Intel SDM volume 2, CPUID; AP-485 for the signatures.
 *
 * `default` is what a guest is fastest and quietest on. Its signature is that of an Intel Atom of the first generation
 * (6-1C-A, 32-bit, in order): operating systems know that it does not speculate and leave out page-table isolation,
 * retpolines and buffer clearing, which here would only cost. Leaf 15h tells the frequencies of TSC and APIC timer, so
 * that nobody calibrates them against another clock, and invariant TSC with TSC_ADJUST makes it a clock source that
 * needs no watchdog.
 */
export type CpuModelName = 'default' | '486' | 'pentium' | 'pentium3';

/**
 * Features by name: the bit of CPUID leaf 1 (`edx`, `ecx`) that tells of it. Names are those of the opcode tables where
 * instructions belong to it; some have no bit.
 */
const FEATURES: Readonly<Record<string, readonly ['edx' | 'ecx', number] | undefined>> = {
  '486': undefined,
  cpuid: undefined,
  pmc: undefined,
  hintnop: undefined,
  '3dnowprefetch': undefined,
  nx: undefined,
  tscAdjust: undefined,
  fpu: ['edx', 0],
  vme: ['edx', 1],
  de: ['edx', 2],
  pse: ['edx', 3],
  tsc: ['edx', 4],
  msr: ['edx', 5],
  pae: ['edx', 6],
  cx8: ['edx', 8],
  apic: ['edx', 9],
  sep: ['edx', 11],
  pge: ['edx', 13],
  cmov: ['edx', 15],
  pat: ['edx', 16],
  clfsh: ['edx', 19],
  mmx: ['edx', 23],
  fxsr: ['edx', 24],
  sse: ['edx', 25],
  sse2: ['edx', 26],
  sse3: ['ecx', 0],
  ssse3: ['ecx', 9],
  'sse4.1': ['ecx', 19],
  'sse4.2': ['ecx', 20],
  movbe: ['ecx', 22],
  popcnt: ['ecx', 23],
  hypervisor: ['ecx', 31],
};

export interface CpuModel {
  /** Family, model and stepping: CPUID leaf 1 EAX, and EDX after reset. */
  readonly signature: number;
  /** Empty: CPUID names no brand. */
  readonly brand: string;
  /** Highest basic leaf. */
  readonly maxLeaf: number;
  readonly features: ReadonlySet<string>;
}

const I486 = ['486', 'fpu'];
const PENTIUM = [...I486, 'cpuid', 'vme', 'de', 'pse', 'tsc', 'msr', 'cx8', 'apic', 'mmx'];
const PENTIUM3 = [...PENTIUM, 'pmc', 'hintnop', 'pae', 'sep', 'pge', 'cmov', 'pat', 'fxsr', 'sse'];
const DEFAULT = [
  ...PENTIUM3, '3dnowprefetch', 'nx', 'tscAdjust', 'clfsh', 'sse2', 'sse3', 'ssse3', 'sse4.1', 'sse4.2', 'movbe', 'popcnt', 'hypervisor',
]; // prettier-ignore

/** Leaf 15h, the frequencies. */
export const LEAF_FREQUENCIES = 0x15;

export const CPU_MODELS: Readonly<Record<CpuModelName, CpuModel>> = {
  default: {
    signature: 0x0001_06ca,
    brand: 'Terrarium Virtual CPU',
    maxLeaf: LEAF_FREQUENCIES,
    features: new Set(DEFAULT),
  },
  /** Intel486 DX2. */
  '486': { signature: 0x0433, brand: '', maxLeaf: 0, features: new Set(I486) },
  /** Pentium with MMX technology. */
  pentium: { signature: 0x0543, brand: '', maxLeaf: 1, features: new Set(PENTIUM) },
  /** Pentium III of 0.25 micrometres. */
  pentium3: { signature: 0x0673, brand: '', maxLeaf: 2, features: new Set(PENTIUM3) },
};

/** Instructions of this CPUID feature, as the opcode tables name it, exist; '' is the 80386 set. */
export const hasInstructions = ({ features }: CpuModel, feature: string): boolean =>
  feature === '' || features.has(feature);

/** CPUID leaf 1 EDX and ECX. */
export function featureBits({ features }: CpuModel, register: 'edx' | 'ecx'): number {
  let bits = 0;
  for (const [name, place] of Object.entries(FEATURES))
    if (place?.[0] === register && features.has(name)) bits |= 1 << place[1];
  return bits >>> 0;
}
