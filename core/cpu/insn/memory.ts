import { OP, OPV, type Code } from '../../wasm/index.ts';
import type { Width } from './value.ts';

const LOADS = { 8: OP.i32Load8U, 16: OP.i32Load16U, 32: OP.i32Load, 64: OP.i64Load } as const;
const STORES = { 8: OP.i32Store8, 16: OP.i32Store16, 32: OP.i32Store, 64: OP.i64Store } as const;

/** Loads a word from the address on the stack. */
export function emitLoad(code: Code, width: Width, offset = 0): void {
  if (width === 128) code.vectorMemory(OPV.v128Load, offset);
  else code.memory(LOADS[width], offset);
}

/** Stores the word on the stack to the address below it. */
export function emitStore(code: Code, width: Width, offset = 0): void {
  if (width === 128) code.vectorMemory(OPV.v128Store, offset);
  else code.memory(STORES[width], offset);
}
