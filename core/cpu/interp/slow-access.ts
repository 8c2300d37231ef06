/**
 * Memory accesses that missed the fast path, as far as generated code can make them: after a page walk, and to pages
 * that hold code. Faults, memory-mapped I/O, page crossings and first writes to
 * pages that are watched go to TypeScript.
 */
import { I32, OP, OPV, VOID, type Code, type FunctionBody } from '../../wasm/index.ts';
import {
  ACCESS,
  CODE_MAP,
  CODE_MAP_SHIFT,
  CONTROL,
  EXIT,
  FAULT,
  QUIET_WRITES,
  RAM_BASE,
  S,
  SEGMENT,
  SEGMENT_BYTES,
  STATE,
  TLB,
  TLB_CODE,
  TLB_ENTRIES,
  WALK,
  WALK_RESULT,
  segmentAddress,
} from '../layout.ts';
import { BUDGET, RECORD, loadState, pushTlbEntry, pushUserAccess, storeState } from './emit.ts';
import { SLOW, WINDOW_MISS } from './memory-builder.ts';

/**
 * Tries an access that missed the fast path once more: after a page walk, or to a page with code, which the write TLB
 * marks. `found` runs with the address in linear memory in local `host`; a page fault returns `results` zeros with S.fault
 * set; otherwise the code goes on after this.
 */
function emitRetry(
  body: FunctionBody,
  {
    address,
    info,
    write,
    walkPage,
    results,
  }: { address: number; info: number; write: boolean; walkPage: number; results: number },
  found: (host: number, bytes: number, entry: number) => void,
): void {
  const { code } = body;
  const bytes = body.newLocal(I32);
  const segment = body.newLocal(I32);
  const linear = body.newLocal(I32);
  const entry = body.newLocal(I32);
  const walked = body.newLocal(I32);
  code.block(VOID);
  code.localGet(info);
  code.i32Const(SLOW.BYTES);
  code.byte(OP.i32And);
  code.localSet(bytes);
  code.localGet(info);
  code.i32Const(SLOW.SEGMENT_SHIFT);
  code.byte(OP.i32ShrU);
  code.i32Const(SEGMENT_BYTES);
  code.byte(OP.i32Mul);
  code.i32Const(segmentAddress(0));
  code.byte(OP.i32Add);
  code.localTee(segment);
  code.memory(OP.i64Load, write ? SEGMENT.writeMax : SEGMENT.readMax);
  code.localGet(address);
  code.byte(OP.i64ExtendI32U);
  code.localGet(bytes);
  code.byte(OP.i64ExtendI32U);
  code.byte(OP.i64Add);
  code.i64Const(1n);
  code.byte(OP.i64Sub);
  code.byte(OP.i64LtS);
  code.brIf(0);
  code.localGet(address);
  code.localGet(segment);
  code.memory(OP.i32Load, SEGMENT.base);
  code.byte(OP.i32Add);
  code.localSet(linear);
  code.localGet(info);
  code.i32Const(SLOW.ALIGNED);
  code.byte(OP.i32And);
  code.if(VOID);
  code.localGet(linear);
  code.localGet(bytes);
  code.i32Const(1);
  code.byte(OP.i32Sub);
  code.byte(OP.i32And);
  code.brIf(1);
  code.end();
  pushTlbEntry(code, linear, TLB_ENTRIES, () => loadState(code, write ? S.tlbWrite : S.tlbRead));
  code.localSet(entry);
  // Nonzero unless the entry is for the page of the last byte: one that crosses its page's end stays outside.
  const differs = (): void => {
    code.localGet(entry);
    code.memory(OP.i32Load, TLB.tag);
    if (write) {
      code.i32Const(~TLB_CODE);
      code.byte(OP.i32And);
    }
    code.localGet(linear);
    code.localGet(bytes);
    code.byte(OP.i32Add);
    code.i32Const(1);
    code.byte(OP.i32Sub);
    code.i32Const(-4096);
    code.byte(OP.i32And);
    code.byte(OP.i32Ne);
  };
  differs();
  code.if(VOID);
  loadState(code, WALK.guarded);
  code.brIf(1);
  code.localGet(linear);
  pushUserAccess(code);
  code.i32Const(ACCESS.FILL | (write ? ACCESS.WRITE : 0));
  code.byte(OP.i32Or);
  code.call(walkPage);
  code.localTee(walked);
  code.i32Const(WALK_RESULT.FAULT);
  code.byte(OP.i32Eq);
  code.if(VOID);
  raisePageFault(code, linear);
  if (results > 0) code.i32Const(0);
  code.byte(OP.return);
  code.end();
  code.localGet(walked);
  code.brIf(1);
  differs();
  code.brIf(1);
  code.end();
  code.localGet(linear);
  code.localGet(entry);
  code.memory(OP.i32Load, TLB.addend);
  code.byte(OP.i32Add);
  code.localSet(linear);
  found(linear, bytes, entry);
  code.end();
}

/** As TypeScript raises a fault; the walk has left the error code. */
function raisePageFault(code: Code, linear: number): void {
  storeState(code, CONTROL.cr2, () => code.localGet(linear));
  storeState(code, S.fault, () => code.i32Const(FAULT.PAGE));
  storeState(code, S.exitReason, () => code.i32Const(EXIT.FAULT));
  storeState(code, S.exitLink, () => code.i32Const(0));
  storeState(code, S.record, () => code.localGet(RECORD));
  storeState(code, S.budget, () => code.localGet(BUDGET));
}

/** Leaves the block at `depth` when the bytes before `extra` more lie in a granule that holds code. */
function leaveIfCode(code: Code, host: number, extra: (() => void) | undefined): void {
  code.localGet(host);
  if (extra) {
    extra();
    code.byte(OP.i32Add);
    code.i32Const(1);
    code.byte(OP.i32Sub);
  }
  code.i32Const(RAM_BASE);
  code.byte(OP.i32Sub);
  code.i32Const(CODE_MAP_SHIFT);
  code.byte(OP.i32ShrU);
  code.i32Const(0);
  code.memory(OP.i32Load, CODE_MAP);
  code.byte(OP.i32Add);
  code.memory(OP.i32Load8U, 0);
  code.brIf(0);
}

/** Counts a write beside code; every 256th leaves the block at `depth`. */
function countQuietWrite(code: Code, host: number, counted: number, depth = 0): void {
  code.localGet(host);
  code.i32Const(RAM_BASE);
  code.byte(OP.i32Sub);
  code.i32Const(12);
  code.byte(OP.i32ShrU);
  code.localTee(counted);
  code.localGet(counted);
  code.memory(OP.i32Load8U, QUIET_WRITES);
  code.i32Const(1);
  code.byte(OP.i32Add);
  code.memory(OP.i32Store8, QUIET_WRITES);
  code.localGet(counted);
  code.memory(OP.i32Load8U, QUIET_WRITES);
  code.byte(OP.i32Eqz);
  code.brIf(depth);
}

/** Pushes 1 when the entry's tag is the page of `linear`, with these bits beside it. */
function pushTagIs(code: Code, entry: number, linear: number, bits: number): void {
  code.localGet(entry);
  code.memory(OP.i32Load, TLB.tag);
  code.localGet(linear);
  code.i32Const(-4096);
  code.byte(OP.i32And);
  code.i32Const(bits);
  code.byte(OP.i32Or);
  code.byte(OP.i32Eq);
}

/** Pushes where the TLB lies that an access goes by. */
function pushTlb(code: Code, info: number): void {
  loadState(code, S.tlbWrite);
  loadState(code, S.tlbRead);
  code.localGet(info);
  code.i32Const(SLOW.WRITE);
  code.byte(OP.i32And);
  code.byte(OP.select);
}

/**
 * What regions do when the TLB does not have a page: enters it, and lets them go on unless the access crosses pages,
 * would fault, is memory-mapped I/O, or writes where code was decoded.
 */
export function emitTranslate(body: FunctionBody, walkPage: number): void {
  const { code } = body;
  const [linear, info] = [0, 1];
  const bytes = body.newLocal(I32);
  const entry = body.newLocal(I32);
  const host = body.newLocal(I32);
  const counted = body.newLocal(I32);
  const pushHost = (): void => {
    code.localGet(linear);
    code.localGet(entry);
    code.memory(OP.i32Load, TLB.addend);
    code.byte(OP.i32Add);
  };
  const returnZero = (): void => {
    code.i32Const(0);
    code.byte(OP.return);
  };
  code.localGet(info);
  code.i32Const(SLOW.BYTES);
  code.byte(OP.i32And);
  code.localTee(bytes);
  code.localGet(linear);
  code.i32Const(4095);
  code.byte(OP.i32And);
  code.byte(OP.i32Add);
  code.i32Const(4096);
  code.byte(OP.i32GtU);
  code.if();
  returnZero();
  code.end();
  pushTlbEntry(code, linear, TLB_ENTRIES, () => pushTlb(code, info));
  code.localSet(entry);
  pushTagIs(code, entry, linear, TLB_CODE);
  code.byte(OP.i32Eqz);
  code.if();
  loadState(code, WALK.guarded);
  code.if();
  returnZero();
  code.end();
  code.localGet(linear);
  code.localGet(info);
  code.i32Const(SLOW.WRITE);
  code.byte(OP.i32And);
  code.i32Const(Math.log2(SLOW.WRITE / ACCESS.WRITE));
  code.byte(OP.i32ShrU);
  pushUserAccess(code);
  code.byte(OP.i32Or);
  code.i32Const(ACCESS.FILL);
  code.byte(OP.i32Or);
  code.call(walkPage);
  code.byte(OP.drop);
  pushTagIs(code, entry, linear, 0);
  code.if();
  pushHost();
  code.byte(OP.return);
  code.end();
  pushTagIs(code, entry, linear, TLB_CODE);
  code.byte(OP.i32Eqz);
  code.if();
  returnZero();
  code.end();
  code.end();
  code.block(VOID);
  pushHost();
  code.localSet(host);
  leaveIfCode(code, host, undefined);
  leaveIfCode(code, host, () => code.localGet(bytes));
  countQuietWrite(code, host, counted);
  code.localGet(host);
  code.byte(OP.return);
  code.end();
  code.i32Const(0);
}

/**
 * What regions do when no one page in the TLB has a window: the pages at its start and end may be two that lie side by
 * side. Where they are not in the TLB either, the access that wants the window enters its own as `translate` does. 0: that
 * cannot be made; WINDOW_MISS: it can, the window cannot be opened.
 */
export function emitOpenWindow(body: FunctionBody, translate: number): void {
  const { code } = body;
  const [linear, info, start, bytes] = [0, 1, 2, 3];
  const last = body.newLocal(I32);
  const base = body.newLocal(I32);
  const [first, second] = [body.newLocal(I32), body.newLocal(I32)];
  /** Returns the window if it is there; otherwise the code goes on after this. */
  const tryOpen = (): void => {
    code.block(VOID);
    for (const [address, entry] of [
      [start, first],
      [last, second],
    ]) {
      pushTlbEntry(code, address, TLB_ENTRIES, () => code.localGet(base));
      code.localSet(entry);
      pushTagIs(code, entry, address, 0);
      code.byte(OP.i32Eqz);
      code.brIf(0);
    }
    code.localGet(first);
    code.memory(OP.i32Load, TLB.addend);
    code.localGet(second);
    code.memory(OP.i32Load, TLB.addend);
    code.byte(OP.i32Ne);
    code.brIf(0);
    code.localGet(start);
    code.localGet(first);
    code.memory(OP.i32Load, TLB.addend);
    code.byte(OP.i32Add);
    code.byte(OP.return);
    code.end();
  };
  pushTlb(code, info);
  code.localSet(base);
  code.localGet(start);
  code.localGet(bytes);
  code.byte(OP.i32Add);
  code.i32Const(1);
  code.byte(OP.i32Sub);
  code.localSet(last);
  tryOpen();
  code.localGet(linear);
  code.localGet(info);
  code.call(translate);
  code.byte(OP.i32Eqz);
  code.if();
  code.i32Const(0);
  code.byte(OP.return);
  code.end();
  tryOpen();
  code.i32Const(WINDOW_MISS);
}

const WIDTHS = [
  [1, OP.i32Load8U, OP.i32Store8],
  [2, OP.i32Load16U, OP.i32Store16],
  [4, OP.i32Load, OP.i32Store],
] as const;

function emitIfBytes(code: Code, bytes: number, count: number, then: () => void): void {
  code.localGet(bytes);
  code.i32Const(count);
  code.byte(OP.i32Eq);
  code.if(VOID);
  then();
  code.byte(OP.return);
  code.end();
}

export function emitReadSlow(body: FunctionBody, walkPage: number, readMiss: number): void {
  const { code } = body;
  const [address, info] = [2, 3];
  const attempt = (write: boolean): void =>
    emitRetry(body, { address, info, write, walkPage, results: 1 }, (host, bytes) => {
      storeState(code, S.budget, () => code.localGet(BUDGET));
      for (const [count, loadOp] of WIDTHS)
        emitIfBytes(code, bytes, count, () => {
          code.localGet(host);
          code.memory(loadOp, 0);
        });
      emitIfBytes(code, bytes, 16, () => {
        code.i32Const(STATE);
        code.localGet(host);
        code.vectorMemory(OPV.v128Load, 0);
        code.vectorMemory(OPV.v128Store, S.transfer);
        code.i32Const(0);
      });
      code.i32Const(STATE);
      code.localGet(host);
      code.memory(OP.i64Load, 0);
      code.memory(OP.i64Store, S.transfer);
      code.i32Const(0);
      code.byte(OP.return);
    });
  code.localGet(info);
  code.i32Const(SLOW.WRITE);
  code.byte(OP.i32And);
  code.if(VOID);
  attempt(true);
  code.else();
  attempt(false);
  code.end();
  for (let i = 0; i < 4; i++) code.localGet(i);
  code.returnCall(readMiss);
}

export function emitWriteSlow(body: FunctionBody, walkPage: number, writeMiss: number): void {
  const { code } = body;
  const [address, info, value] = [2, 3, 4];
  const counted = body.newLocal(I32);
  emitRetry(body, { address, info, write: true, walkPage, results: 0 }, (host, bytes, entry) => {
    leaveIfCode(code, host, undefined);
    leaveIfCode(code, host, () => code.localGet(bytes));
    code.block(VOID);
    code.localGet(entry);
    code.memory(OP.i32Load, TLB.tag);
    code.i32Const(TLB_CODE);
    code.byte(OP.i32And);
    code.byte(OP.i32Eqz);
    code.brIf(0);
    countQuietWrite(code, host, counted, 1);
    code.end();
    storeState(code, S.budget, () => code.localGet(BUDGET));
    for (const [count, , storeOp] of WIDTHS)
      emitIfBytes(code, bytes, count, () => {
        code.localGet(host);
        code.localGet(value);
        code.memory(storeOp, 0);
      });
    emitIfBytes(code, bytes, 16, () => {
      code.localGet(host);
      code.i32Const(STATE);
      code.vectorMemory(OPV.v128Load, S.transfer);
      code.vectorMemory(OPV.v128Store, 0);
    });
    code.localGet(host);
    load64(code, S.transfer);
    code.memory(OP.i64Store, 0);
    code.byte(OP.return);
  });
  for (let i = 0; i < 5; i++) code.localGet(i);
  code.returnCall(writeMiss);
}

function load64(code: Code, offset: number): void {
  code.i32Const(STATE);
  code.memory(OP.i64Load, offset);
}
