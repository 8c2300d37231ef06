import type { CpuState } from './state.ts';

/** CPUID leaf 1 EDX. Only what works is reported, so that guests stay on paths that exist. */
const FEATURE_EDX = { FPU: 1 << 0, DE: 1 << 2, PSE: 1 << 3, TSC: 1 << 4, MSR: 1 << 5, PAE: 1 << 6, CX8: 1 << 8, APIC: 1 << 9, SEP: 1 << 11, PGE: 1 << 13, CMOV: 1 << 15, PAT: 1 << 16, CLFSH: 1 << 19, MMX: 1 << 23, FXSR: 1 << 24, SSE: 1 << 25, SSE2: 1 << 26 } as const; // prettier-ignore
const FEATURE_ECX = {
  SSE3: 1 << 0,
  SSSE3: 1 << 9,
  SSE41: 1 << 19,
  SSE42: 1 << 20,
  MOVBE: 1 << 22,
  POPCNT: 1 << 23,
  HYPERVISOR: 0x8000_0000,
} as const;

/** Leaf 1 EBX: what CLFLUSH works on, in units of 8 bytes. */
const CLFLUSH_LINE = 8 << 8;

const allBits = (features: Readonly<Record<string, number>>): number =>
  Object.values(features).reduce((all, bit) => all | bit, 0);

const ascii = (text: string): number =>
  text.charCodeAt(0) | (text.charCodeAt(1) << 8) | (text.charCodeAt(2) << 16) | (text.charCodeAt(3) << 24);

/** Family 6, model 3, stepping 3: what QEMU's qemu32 says, so that guests choose well-trodden paths. */
export const SIGNATURE = 0x0000_0633;

const BRAND = 'Terrarium Virtual CPU'.padEnd(48, '\0');

/** SDM volume 2, CPUID. Leaf in EAX, subleaf in ECX. */
export function cpuid(state: CpuState): void {
  const leaf = state.gpr(0);
  const set = (eax: number, ebx: number, ecx: number, edx: number): void => {
    [eax, ecx, edx, ebx].forEach((value, index) => state.setGpr(index, value));
  };
  if (leaf >= 0x8000_0002 && leaf <= 0x8000_0004) {
    const part = BRAND.slice((leaf - 0x8000_0002) * 16);
    set(ascii(part), ascii(part.slice(4)), ascii(part.slice(8)), ascii(part.slice(12)));
    return;
  }
  switch (leaf) {
    case 0:
      set(1, ascii('Genu'), ascii('ntel'), ascii('ineI'));
      return;
    case 1:
      set(SIGNATURE, CLFLUSH_LINE, allBits(FEATURE_ECX), allBits(FEATURE_EDX));
      return;
    case 0x8000_0000:
      set(0x8000_0004, 0, 0, 0);
      return;
    default:
      set(0, 0, 0, 0);
  }
}
