/** What the hand-written functions of the runtime module are made of. */
import { I32, OP, VOID, type Code, type FunctionBody } from '../../wasm/index.ts';
import { ACCESS, BLOCK, CONTROL, R, RECORD_BYTES, S, STATE, TLB_ENTRY_BYTES } from '../layout.ts';

/** Indices in the function table of the handlers that are not instructions. */
export const RUNTIME_HANDLER = {
  /** Start of a block: takes its instructions from the budget. */
  HEADER: 0,
  /** The block's code was written: goes back for a fresh one. */
  STALE: 1,
  /** Goes back before the instruction that this record was. */
  YIELD: 2,
  /** End of a block that is no branch; the next block in the same page, or anywhere. */
  CONTINUE: 3,
  CONTINUE_FAR: 4,
  /** As HEADER, of a block that lies in two pages. */
  CROSSING: 5,
  COUNT: 6,
} as const;

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

/**
 * Goes on with the block whose header is in a local. One that is not compiled is begun here, which spares a dispatch: as
 * `HEADER` does, but for what returns to TypeScript, a small budget and a block that becomes hot.
 */
export function emitGoToBlock(body: FunctionBody, block: number, handlerType: number): void {
  const { code } = body;
  const heat = body.newLocal(I32);
  const left = body.newLocal(I32);
  code.block(VOID);
  code.localGet(block);
  code.memory(OP.i32Load, BLOCK.handler);
  code.i32Const(RUNTIME_HANDLER.HEADER);
  code.byte(OP.i32Ne);
  code.brIf(0);
  code.localGet(BUDGET);
  code.localGet(block);
  code.memory(OP.i32Load, BLOCK.count);
  code.byte(OP.i32Sub);
  code.localTee(left);
  code.i32Const(0);
  code.byte(OP.i32LtS);
  code.localGet(block);
  code.memory(OP.i32Load, BLOCK.heat);
  code.localTee(heat);
  code.i32Const(1);
  code.byte(OP.i32Eq);
  code.byte(OP.i32Or);
  code.brIfUnlikely(0);
  code.localGet(block);
  code.localGet(heat);
  code.i32Const(1);
  code.byte(OP.i32Sub);
  code.memory(OP.i32Store, BLOCK.heat);
  code.localGet(block);
  code.i32Const(RECORD_BYTES);
  code.byte(OP.i32Add);
  code.localGet(left);
  code.localGet(block);
  code.memory(OP.i32Load, RECORD_BYTES + R.handler);
  code.returnCallIndirect(handlerType);
  code.end();
  tailCall(code, () => code.localGet(block), handlerType);
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
