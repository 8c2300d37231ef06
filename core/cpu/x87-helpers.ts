/** The FPU as generated code calls it. */
import { CpuFault, VECTOR } from './fault.ts';
import type { X87HelperTable } from './helpers.ts';
import { CONTROL } from './layout.ts';
import { CR0, type CpuState } from './state.ts';
import type { X87Images } from './x87-image.ts';
import type { X87Fpu } from './x87.ts';

/** The first byte of D9 D8+i, less D8h. */
const FSTP_UNCHECKED = 1;

/** Halts before the instruction; it is looked at again after the next interrupt. */
function freeze(state: CpuState): number {
  state.set(CONTROL.halted, 1);
  return 1;
}

export function x87Helpers(state: CpuState, fpu: X87Fpu, images: X87Images): X87HelperTable {
  return {
    x87NotAvailable: () => {
      throw new CpuFault(VECTOR.NM);
    },
    x87Blocked: () => {
      if ((state.cr0 & (CR0.EM | CR0.TS)) !== 0) throw new CpuFault(VECTOR.NM);
      return fpu.reportPending() ? freeze(state) : 0;
    },
    x87Wait: () => {
      if ((state.cr0 & (CR0.MP | CR0.TS)) === (CR0.MP | CR0.TS)) throw new CpuFault(VECTOR.NM);
      return fpu.reportPending() ? freeze(state) : 0;
    },
    x87LoadControl: (word) => fpu.loadControl(word),
    x87Control: (operation, i) => fpu.controlOperation(operation, i),
    x87LoadFloat32: (bits) => fpu.loadFloat32(bits),
    x87LoadFloat64: (lo, hi) => fpu.loadFloat64(lo, hi),
    x87LoadInteger: (lo, hi) => fpu.loadInteger(lo, hi),
    x87LoadExtended: (lo, hi, se) => fpu.loadExtended(lo, hi, se),
    x87LoadPacked: (lo, hi, top) => fpu.loadPacked(lo, hi, top),
    x87LoadRegister: (i) => fpu.loadRegister(i),
    x87LoadConstant: (number) => fpu.loadConstant(number),
    x87StoreFloat32: (pop) => fpu.storeFloat32(pop),
    x87StoreFloat64: (pop) => fpu.storeFloat64(pop),
    x87StoreInteger: (bits, truncate, pop) => fpu.storeInteger(bits, truncate, pop),
    x87StoreExtended: () => fpu.storeExtended(),
    x87StorePacked: () => fpu.storePacked(),
    x87StoreRegister: (i, pop, opcode) => fpu.storeRegister(i, pop, opcode >> 8 === FSTP_UNCHECKED),
    x87Exchange: (i) => fpu.exchange(i),
    x87ConditionalMove: (condition, i) => fpu.conditionalMove(condition, i),
    x87ArithmeticRegister: (operation, i, flags) => fpu.arithmeticRegister(operation, i, flags),
    x87ArithmeticFloat32: (operation, bits) => fpu.arithmeticFloat32(operation, bits),
    x87ArithmeticFloat64: (operation, lo, hi) => fpu.arithmeticFloat64(operation, lo, hi),
    x87ArithmeticInteger: (operation, value) => fpu.arithmeticInteger(operation, value),
    x87CompareRegister: (i, flags) => fpu.compareRegister(i, flags),
    x87CompareFloat32: (bits, flags) => fpu.compareFloat32(bits, flags),
    x87CompareFloat64: (lo, hi, flags) => fpu.compareFloat64(lo, hi, flags),
    x87CompareInteger: (value, flags) => fpu.compareInteger(value, flags),
    x87Unary: (operation) => fpu.unary(operation),
    x87Binary: (operation) => fpu.binary(operation),
    x87Pushing: (operation) => fpu.pushing(operation),
    x87StoreEnvironment: (offset, segment, width) => images.storeEnvironment(offset, segment, width),
    x87LoadEnvironment: (offset, segment, width) => images.loadEnvironment(offset, segment, width),
    x87Save: (offset, segment, width) => images.save(offset, segment, width),
    x87Restore: (offset, segment, width) => images.restore(offset, segment, width),
    x87StoreFx: (offset, segment) => images.storeExtended(offset, segment),
    x87LoadFx: (offset, segment) => images.loadExtended(offset, segment),
  };
}
