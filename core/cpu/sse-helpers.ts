/** MMX and SSE as generated code calls them. */
import { CpuFault, VECTOR, gp, ud } from './fault.ts';
import type { SseHelperTable } from './helpers.ts';
import { SSE, STATE } from './layout.ts';
import type { Mmu } from './mmu.ts';
import { SseArithmetic } from './sse-arithmetic.ts';
import { compareStrings } from './sse-strings.ts';
import { CR0, CR4, MXCSR_WRITABLE, type CpuState } from './state.ts';
import { ARITHMETIC_FLAGS } from './insn/flags.ts';

const REGISTER_BYTES = 16;

/** `x87Blocked`: what waits for the FPU waits for MMX, whose registers are the FPU's. */
export function sseHelpers(state: CpuState, mmu: Mmu, x87Blocked: () => number | void): SseHelperTable {
  const arithmetic = new SseArithmetic(state);
  const vector = (offset: number): DataView => new DataView(state.view.buffer, STATE + offset, REGISTER_BYTES);
  const data = vector(SSE.operandA);
  const other = vector(SSE.operandB);
  const result = vector(SSE.result);

  return {
    mmxBlocked: () => {
      if (state.cr0 & CR0.EM) throw ud();
      return x87Blocked();
    },
    sseUnavailable: () => {
      if (state.cr0 & CR0.EM || !(state.cr4 & CR4.OSFXSR)) throw ud();
      throw new CpuFault(VECTOR.NM);
    },
    sseArithmetic: (operation, shape, detail) => arithmetic.run(operation, shape, detail),
    sseCompare: (shape, quiet) => arithmetic.compare(shape, quiet),
    sseLoadMxcsr: (value) => {
      if (value & ~MXCSR_WRITABLE) throw gp();
      state.set(SSE.mxcsr, value);
    },
    /** All bytes are checked before the first is written. */
    sseMaskedStore: (offset, segment, bytes) => {
      const user = state.cpl === 3;
      const linear = mmu.segmentAddress(segment, offset >>> 0, bytes, true);
      const chosen = Array.from({ length: bytes }, (_, i) => i).filter((i) => other.getUint8(i) & 0x80);
      for (const i of chosen) mmu.probeWrite((linear + i) >>> 0, 1, user);
      for (const i of chosen) mmu.write((linear + i) >>> 0, 1, data.getUint8(i), user);
    },
    /** The index; flags and the mask are left in the state. Explicit lengths are in EAX and EDX. */
    sseCompareStrings: (control, explicit) => {
      const lengths = explicit ? ([state.gpr(0) | 0, state.gpr(2) | 0] as const) : undefined;
      const { bits, index, eflags } = compareStrings(data, other, control, lengths);
      state.setArithmetic(ARITHMETIC_FLAGS, eflags);
      const expanded = (control & 0x40) !== 0;
      const size = control & 1 ? 2 : 1;
      for (let i = 0; i < REGISTER_BYTES; i++)
        result.setUint8(
          i,
          expanded ? -((bits >> Math.floor(i / size)) & 1) & 0xff : i < 2 ? (bits >> (8 * i)) & 0xff : 0,
        );
      return index;
    },
  };
}
