import { featureBits, LEAF_FREQUENCIES, type CpuModel } from './models.ts';
import type { CpuState } from './state.ts';

/** Leaf 1 EBX: what CLFLUSH works on, in units of 8 bytes. */
const CLFLUSH_LINE = 8 << 8;
/** Leaf 2 AL: one call tells all; no descriptor follows. */
const ONE_CALL = 1;
/** Leaf 6 EAX: the APIC timer always runs. */
const ARAT = 1 << 2;
/** Leaf 7 EBX: IA32_TSC_ADJUST exists. */
const TSC_ADJUST = 1 << 1;
/** Leaf 80000001h EDX. */
const NX = 1 << 20;
/** Leaf 80000007h EDX: the TSC runs at one rate in every state. */
const INVARIANT_TSC = 1 << 8;
/** Leaf 80000008h EAX: bits of linear and of physical addresses. */
const ADDRESS_BITS = (32 << 8) | 36;
const MAX_EXTENDED = 0x8000_0008;
/** Hypervisor leaves: the name, and the frequencies as VMware and others tell them. */
const HYPERVISOR = 0x4000_0000, HYPERVISOR_TIMING = 0x4000_0010; // prettier-ignore
const HYPERVISOR_NAME = 'TerrariumVM\0';
const HZ_PER_KHZ = 1000;

export interface Frequencies {
  readonly tscHz: number;
  /** What the local APIC's timer counts. */
  readonly busHz: number;
}

const ascii = (text: string, at = 0): number =>
  text.charCodeAt(at) |
  (text.charCodeAt(at + 1) << 8) |
  (text.charCodeAt(at + 2) << 16) |
  (text.charCodeAt(at + 3) << 24);

type Leaf = readonly [eax: number, ebx: number, ecx: number, edx: number];
const NOTHING: Leaf = [0, 0, 0, 0];

/** SDM volume 2, CPUID. Leaf in EAX. A leaf that is not there reads as zeros, not as the highest one. */
export function cpuid(state: CpuState, model: CpuModel, frequencies: Frequencies): void {
  const [eax, ebx, ecx, edx] = leafOf(state.gpr(0), model, frequencies);
  [eax, ecx, edx, ebx].forEach((value, index) => state.setGpr(index, value));
}

function leafOf(leaf: number, model: CpuModel, { tscHz, busHz }: Frequencies): Leaf {
  if (leaf >= 0x8000_0000) return extendedLeaf(leaf, model);
  if (leaf >= HYPERVISOR) {
    if (!model.features.has('hypervisor')) return NOTHING;
    if (leaf === HYPERVISOR)
      return [HYPERVISOR_TIMING, ascii(HYPERVISOR_NAME), ascii(HYPERVISOR_NAME, 4), ascii(HYPERVISOR_NAME, 8)];
    return leaf === HYPERVISOR_TIMING ? [tscHz / HZ_PER_KHZ, busHz / HZ_PER_KHZ, 0, 0] : NOTHING;
  }
  if (leaf > model.maxLeaf) return NOTHING;
  switch (leaf) {
    case 0:
      return [model.maxLeaf, ascii('Genu'), ascii('ntel'), ascii('ineI')];
    case 1: {
      const clflush = model.features.has('clfsh') ? CLFLUSH_LINE : 0;
      return [model.signature, clflush, featureBits(model, 'ecx'), featureBits(model, 'edx')];
    }
    case 2:
      return [ONE_CALL, 0, 0, 0];
    case 6:
      return [ARAT, 0, 0, 0];
    case 7:
      return [0, model.features.has('tscAdjust') ? TSC_ADJUST : 0, 0, 0];
    case LEAF_FREQUENCIES: {
      // TSC per crystal as a fraction, and the crystal, which feeds the APIC timer. Reduced: Linux multiplies in 32 bits.
      const divisor = greatestCommonDivisor(busHz, tscHz);
      return [busHz / divisor, tscHz / divisor, busHz, 0];
    }
    default:
      return NOTHING;
  }
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

function extendedLeaf(leaf: number, model: CpuModel): Leaf {
  if (model.brand === '') return NOTHING;
  switch (leaf) {
    case 0x8000_0000:
      return [MAX_EXTENDED, 0, 0, 0];
    case 0x8000_0001:
      return [0, 0, 0, model.features.has('nx') ? NX : 0];
    case 0x8000_0002:
    case 0x8000_0003:
    case 0x8000_0004: {
      const part = model.brand.padEnd(48, '\0').slice((leaf - 0x8000_0002) * 16);
      return [ascii(part), ascii(part, 4), ascii(part, 8), ascii(part, 12)];
    }
    case 0x8000_0007:
      return [0, 0, 0, INVARIANT_TSC];
    case 0x8000_0008:
      return [ADDRESS_BITS, 0, 0, 0];
    default:
      return NOTHING;
  }
}
