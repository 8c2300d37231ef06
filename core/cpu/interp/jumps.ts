/**
 * How generated code finds code: a linear address by the code TLB to a physical one, and that by the jump cache to a
 * block. The jump cache outlives changes of paging; what they change is which page a linear address names.
 */
import { I32, OP, VOID, type Code, type FunctionBody } from '../../wasm/index.ts';
import { SEG } from '../../isa/index.ts';
import {
  ACCESS,
  BLOCK,
  CODE_TLB,
  CODE_TLB_ENTRIES,
  JUMP,
  JUMP_CACHE,
  JUMP_ENTRY_BYTES,
  JUMP_HASH,
  JUMP_HASH_SHIFT,
  JUMP_WAYS,
  S,
  SEGMENT,
  WALK,
  segmentAddress,
} from '../layout.ts';
import { emitGoToBlock, loadState, pushTlbEntry, pushUserAccess, storeState } from './emit.ts';

const PAGE_MASK = -4096;

/** Pushes the address of the code TLB's entry for a linear address. */
const pushCodeEntry = (code: Code, linear: number): void =>
  pushTlbEntry(code, linear, CODE_TLB_ENTRIES, () => loadState(code, S.tlbCode));

/** Pushes 1 unless the entry is for the page of `linear`. */
function pushDiffers(code: Code, entry: number, linear: number): void {
  code.localGet(entry);
  code.memory(OP.i32Load, CODE_TLB.tag);
  code.localGet(linear);
  code.i32Const(PAGE_MASK);
  code.byte(OP.i32And);
  code.byte(OP.i32Ne);
}

/** `codePage`: linear address to the physical page that code is fetched from there, or -1 where TypeScript must look. */
export function emitCodePage(body: FunctionBody, walkPage: number): void {
  const { code } = body;
  const linear = 0;
  const entry = body.newLocal(I32);
  pushCodeEntry(code, linear);
  code.localSet(entry);
  pushDiffers(code, entry, linear);
  code.if(VOID);
  code.localGet(linear);
  pushUserAccess(code);
  code.i32Const(ACCESS.FETCH);
  code.byte(OP.i32Or);
  loadState(code, WALK.codeGuarded);
  code.byte(OP.i32Eqz);
  code.i32Const(Math.log2(ACCESS.FILL));
  code.byte(OP.i32Shl);
  code.byte(OP.i32Or);
  code.call(walkPage);
  code.if(VOID);
  code.i32Const(-1);
  code.byte(OP.return);
  code.end();
  loadState(code, WALK.physical);
  code.i32Const(PAGE_MASK);
  code.byte(OP.i32And);
  code.byte(OP.return);
  code.end();
  code.localGet(entry);
  code.memory(OP.i32Load, CODE_TLB.physical);
}

/** `enterPage`: as codePage, for jumps that missed the code TLB. With instruction breakpoints TypeScript looks first. */
export function emitEnterPage({ code }: FunctionBody, codePage: number): void {
  loadState(code, WALK.codeGuarded);
  code.if(VOID);
  code.i32Const(-1);
  code.byte(OP.return);
  code.end();
  code.localGet(0);
  code.returnCall(codePage);
}

/**
 * Goes on with the block in a field of the jump's record (R.lastBlock) if that is what the linear address `rip` means now;
 * else falls through. Only where the code segment starts at 0.
 */
export function emitGoToLastBlock(body: FunctionBody, rip: number, pushBlock: () => void, handlerType: number): void {
  const { code } = body;
  const block = body.newLocal(I32);
  const entry = body.newLocal(I32);
  code.block(VOID);
  pushBlock();
  code.localSet(block);
  pushCodeEntry(code, rip);
  code.localSet(entry);
  pushDiffers(code, entry, rip);
  code.localGet(entry);
  code.memory(OP.i32Load, CODE_TLB.physical);
  code.localGet(rip);
  code.i32Const(~PAGE_MASK);
  code.byte(OP.i32And);
  code.byte(OP.i32Or);
  // With 64 bits the last byte of the address space is not taken for a block that is none.
  code.byte(OP.i64ExtendI32U);
  code.i64Const(1n);
  code.byte(OP.i64Add);
  code.localGet(block);
  code.memory(OP.i64Load32U, BLOCK.place);
  code.byte(OP.i64Ne);
  code.byte(OP.i32Or);
  code.brIf(0);
  storeState(code, S.ipBase, () => {
    code.localGet(rip);
    code.i32Const(PAGE_MASK);
    code.byte(OP.i32And);
  });
  emitGoToBlock(body, block, handlerType);
  code.end();
}

/** Finds the block at a rip; its record and linear address are in locals. Goes to the label at `unknown` for want of one. */
export function emitFindBlock(
  body: FunctionBody,
  rip: number,
  enterPage: number,
  unknown: number,
): { record: number; linear: number } {
  const { code } = body;
  const linear = body.newLocal(I32);
  const entry = body.newLocal(I32);
  const physical = body.newLocal(I32);
  code.localGet(rip);
  code.i32Const(segmentAddress(SEG.CS));
  code.memory(OP.i32Load, SEGMENT.base);
  code.byte(OP.i32Add);
  code.localSet(linear);
  pushCodeEntry(code, linear);
  code.localSet(entry);
  code.localGet(entry);
  code.memory(OP.i32Load, CODE_TLB.physical);
  code.localSet(physical);
  pushDiffers(code, entry, linear);
  code.ifUnlikely();
  code.localGet(linear);
  code.call(enterPage);
  code.localTee(physical);
  code.i32Const(-1);
  code.byte(OP.i32Eq);
  code.brIfUnlikely(code.depth - unknown - 1);
  code.end();
  code.localGet(physical);
  code.localGet(linear);
  code.i32Const(~PAGE_MASK);
  code.byte(OP.i32And);
  code.byte(OP.i32Or);
  code.localTee(physical);
  code.i32Const(JUMP_HASH | 0);
  code.byte(OP.i32Mul);
  code.i32Const(JUMP_HASH_SHIFT);
  code.byte(OP.i32ShrU);
  code.i32Const(Math.log2(JUMP_WAYS * JUMP_ENTRY_BYTES));
  code.byte(OP.i32Shl);
  code.localSet(entry);
  const differs = (): void => {
    code.localGet(entry);
    code.memory(OP.i32Load, JUMP_CACHE + JUMP.physical);
    code.localGet(physical);
    code.byte(OP.i32Ne);
    code.localGet(entry);
    code.memory(OP.i32Load, JUMP_CACHE + JUMP.key);
    loadState(code, S.jumpKey);
    code.byte(OP.i32Ne);
    code.byte(OP.i32Or);
  };
  differs();
  code.ifUnlikely();
  code.localGet(entry);
  code.i32Const(JUMP_ENTRY_BYTES);
  code.byte(OP.i32Add);
  code.localSet(entry);
  differs();
  code.brIfUnlikely(code.depth - unknown - 1);
  code.end();
  code.localGet(entry);
  code.memory(OP.i32Load, JUMP_CACHE + JUMP.record);
  code.localSet(entry);
  return { record: entry, linear };
}
