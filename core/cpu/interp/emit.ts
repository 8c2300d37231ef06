/** What the hand-written functions of the runtime module are made of. */
import { OP, type Code } from '../../wasm/index.ts';
import { ACCESS, CONTROL, R, S, STATE, TLB_ENTRY_BYTES } from '../layout.ts';

/** Parameters of a handler. */
export const RECORD = 0;
export const BUDGET = 1;

/** Pushes a word of the processor state. */
export const loadState = (code: Code, offset: number): void => {
  code.i32Const(STATE);
  code.memory(OP.i32Load, offset);
};

/** Stores what `push` pushes there. */
export function storeState(code: Code, offset: number, push: () => void): void {
  code.i32Const(STATE);
  push();
  code.memory(OP.i32Store, offset);
}

/** rip of the record, exit reason, budget plus what `extra` pushes; returns. */
export function leaveAt(code: Code, reason: number, extra?: () => void): void {
  storeState(code, S.rip, () => {
    loadState(code, S.ipBase);
    code.localGet(RECORD);
    code.memory(OP.i32Load16U, R.ipOffset);
    code.byte(OP.i32Add);
  });
  storeState(code, S.exitReason, () => code.i32Const(reason));
  storeState(code, S.exitLink, () => code.i32Const(0));
  storeState(code, S.budget, () => {
    code.localGet(BUDGET);
    if (!extra) return;
    extra();
    code.byte(OP.i32Add);
  });
}

/** Goes on with the record that `record` pushes. */
export function tailCall(code: Code, record: () => void, handlerType: number): void {
  record();
  code.localGet(BUDGET);
  record();
  code.memory(OP.i32Load, R.handler);
  code.returnCallIndirect(handlerType);
}

/** ACCESS.USER at CPL 3, else 0. */
export function pushUserAccess(code: Code): void {
  loadState(code, CONTROL.cpl);
  code.i32Const(3);
  code.byte(OP.i32Eq);
  code.i32Const(Math.log2(ACCESS.USER));
  code.byte(OP.i32Shl);
}

/** Pushes the address of a direct-mapped TLB's entry for a linear address, relative to what `pushBase` pushes. */
export function pushTlbEntry(code: Code, linear: number, entries: number, pushBase?: () => void): void {
  code.localGet(linear);
  code.i32Const(12 - Math.log2(TLB_ENTRY_BYTES));
  code.byte(OP.i32ShrU);
  code.i32Const((entries - 1) * TLB_ENTRY_BYTES);
  code.byte(OP.i32And);
  if (!pushBase) return;
  pushBase();
  code.byte(OP.i32Add);
}
