import { I32, ModuleBuilder, OP, OPV, VOID, type Code, type FunctionBody } from '../../wasm/index.ts';
import { SEG } from '../../isa/index.ts';
import {
  ACCESS,
  BLOCK,
  CODE_MAP_SHIFT,
  CONTROL,
  EXIT,
  JUMP,
  JUMP_CACHE,
  JUMP_ENTRIES,
  R,
  RAM_BASE,
  RECORD_BYTES,
  S,
  SEGMENT,
  SEGMENT_BYTES,
  STATE,
  TLB,
  TLB_CODE,
  TLB_ENTRIES,
  WALK,
  segmentAddress,
} from '../layout.ts';
import { emitKernel, kernelType } from '../insn/kernel.ts';
import { KERNEL_ENTRIES } from '../insn/kernels.ts';
import { SLOW, type HandlerImports } from './handler-builder.ts';

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
  COUNT: 5,
} as const;

/** Functions that TypeScript gives; the slow paths in WebAssembly come before them. */
export interface TypeScriptImports {
  readonly readMiss: (record: number, budget: number, address: number, info: number) => number;
  readonly writeMiss: (record: number, budget: number, address: number, info: number, value: number) => void;
  readonly helper: (record: number, budget: number, id: number, a: number, b: number, c: number) => number;
}

const RECORD = 0;
const BUDGET = 1;

/** Declares what every module of handlers imports; the same list always, which is all that guest code can reach. */
export function declareImports(module: ModuleBuilder, memory: { minPages: number; maxPages: number }): HandlerImports {
  module.importMemory('memory', memory);
  module.importTable('handlers', 0);
  const handlerType = module.type(i32s(2), []);
  return {
    handlerType,
    readSlow: module.importFunction('readSlow', module.type(i32s(4), [I32])),
    writeSlow: module.importFunction('writeSlow', module.type(i32s(5), [])),
    translate: module.importFunction('translate', module.type(i32s(2), [I32])),
    helper: module.importFunction('helper', module.type(i32s(6), [I32])),
    dynamicJump: module.importFunction('dynamicJump', handlerType),
    kernels: Object.fromEntries(
      KERNEL_ENTRIES.map(([name, kernel]) => [name, module.importFunction(name, kernelType(module, kernel))]),
    ) as HandlerImports['kernels'],
    blockHeader: module.importFunction('blockHeader', handlerType),
  };
}

const i32s = (count: number): (typeof I32)[] => Array.from({ length: count }, () => I32);

const load = (code: Code, offset: number): void => {
  code.i32Const(STATE);
  code.memory(OP.i32Load, offset);
};

function store(code: Code, offset: number, push: () => void): void {
  code.i32Const(STATE);
  push();
  code.memory(OP.i32Store, offset);
}

/** rip of the record, exit reason, budget plus what `extra` pushes; returns. */
function leaveAt(code: Code, reason: number, extra?: () => void): void {
  store(code, S.rip, () => {
    load(code, S.ipBase);
    code.localGet(RECORD);
    code.memory(OP.i32Load16U, R.ipOffset);
    code.byte(OP.i32Add);
  });
  store(code, S.exitReason, () => code.i32Const(reason));
  store(code, S.exitLink, () => code.i32Const(0));
  store(code, S.budget, () => {
    code.localGet(BUDGET);
    if (!extra) return;
    extra();
    code.byte(OP.i32Add);
  });
}

const pushRemaining = (code: Code): void => {
  code.localGet(RECORD);
  code.memory(OP.i32Load16U, R.remaining);
};

function tailCall(code: Code, record: () => void, handlerType: number): void {
  record();
  code.localGet(BUDGET);
  record();
  code.memory(OP.i32Load, R.handler);
  code.returnCallIndirect(handlerType);
}

/** Pushes the address of the jump cache's entry for a rip, less JUMP_CACHE; leaves the linear address in a local. */
export function pushJumpEntry(code: Code, pushRip: () => void, linear: number): void {
  pushRip();
  code.i32Const(segmentAddress(SEG.CS));
  code.memory(OP.i32Load, SEGMENT.base);
  code.byte(OP.i32Add);
  code.localTee(linear);
  code.localGet(linear);
  code.i32Const(12);
  code.byte(OP.i32ShrU);
  code.byte(OP.i32Xor);
  code.i32Const(JUMP_ENTRIES - 1);
  code.byte(OP.i32And);
  code.i32Const(4);
  code.byte(OP.i32Shl);
}

/**
 * Looks S.rip up in the jump cache and goes there, or returns to TypeScript to have it resolved. The cache is indexed
 * by linear address and only valid for the current mode and mapping (S.jumpKey).
 */
function emitDynamicJump(body: FunctionBody, handlerType: number): void {
  const { code } = body;
  const linear = body.newLocal(I32);
  const entry = body.newLocal(I32);
  const rip = body.newLocal(I32);
  load(code, S.rip);
  code.localSet(rip);
  pushJumpEntry(code, () => code.localGet(rip), linear);
  code.localTee(entry);
  code.memory(OP.i32Load, JUMP_CACHE + JUMP.linear);
  code.localGet(linear);
  code.byte(OP.i32Eq);
  code.localGet(entry);
  code.memory(OP.i32Load, JUMP_CACHE + JUMP.key);
  load(code, S.jumpKey);
  code.byte(OP.i32Eq);
  code.byte(OP.i32And);
  code.if(VOID);
  store(code, S.ipBase, () => {
    code.localGet(rip);
    code.localGet(linear);
    code.i32Const(4095);
    code.byte(OP.i32And);
    code.byte(OP.i32Sub);
  });
  code.localGet(entry);
  code.memory(OP.i32Load, JUMP_CACHE + JUMP.record);
  code.localSet(entry);
  tailCall(code, () => code.localGet(entry), handlerType);
  code.end();
  store(code, S.exitReason, () => code.i32Const(EXIT.RESOLVE));
  store(code, S.exitLink, () => code.i32Const(0));
  store(code, S.budget, () => code.localGet(BUDGET));
}

/** Goes through a block's instructions if the budget covers them. */
function emitBlockHeader(body: FunctionBody, handlerType: number): void {
  const { code } = body;
  const left = body.newLocal(I32);
  code.localGet(BUDGET);
  code.localGet(RECORD);
  code.memory(OP.i32Load, BLOCK.count);
  code.byte(OP.i32Sub);
  code.localTee(left);
  code.i32Const(0);
  code.byte(OP.i32LtS);
  code.ifUnlikely();
  leaveAt(code, EXIT.BUDGET);
  code.byte(OP.return);
  code.end();
  code.localGet(RECORD);
  code.i32Const(RECORD_BYTES);
  code.byte(OP.i32Add);
  code.localGet(left);
  code.localGet(RECORD);
  code.memory(OP.i32Load, RECORD_BYTES + R.handler);
  code.returnCallIndirect(handlerType);
}

/** The header of a block that is not compiled: counts, and asks for it when it is hot. */
function emitHeader({ code }: FunctionBody, blockHeader: number): void {
  code.localGet(RECORD);
  code.localGet(RECORD);
  code.memory(OP.i32Load, BLOCK.heat);
  code.i32Const(1);
  code.byte(OP.i32Sub);
  code.memory(OP.i32Store, BLOCK.heat);
  code.localGet(RECORD);
  code.memory(OP.i32Load, BLOCK.heat);
  code.byte(OP.i32Eqz);
  code.ifUnlikely();
  leaveAt(code, EXIT.HOT);
  code.byte(OP.return);
  code.end();
  code.localGet(RECORD);
  code.localGet(BUDGET);
  code.returnCall(blockHeader);
}

function emitContinue(body: FunctionBody, handlerType: number, linked: boolean, dynamicJump: number): void {
  const { code } = body;
  const block = body.newLocal(I32);
  if (linked) {
    code.localGet(RECORD);
    code.memory(OP.i32Load, R.reg2);
    code.localTee(block);
    code.if(VOID);
    tailCall(code, () => code.localGet(block), handlerType);
    code.end();
    leaveAt(code, EXIT.RESOLVE);
    store(code, S.exitLink, () => {
      code.localGet(RECORD);
      code.i32Const(R.reg2);
      code.byte(OP.i32Add);
    });
    return;
  }
  store(code, S.rip, () => {
    load(code, S.ipBase);
    code.localGet(RECORD);
    code.memory(OP.i32Load16U, R.ipOffset);
    code.byte(OP.i32Add);
  });
  code.localGet(RECORD);
  code.localGet(BUDGET);
  code.returnCall(dynamicJump);
}

/** ACCESS.USER at CPL 3, else 0. */
function pushUserAccess(code: Code): void {
  load(code, CONTROL.cpl);
  code.i32Const(3);
  code.byte(OP.i32Eq);
  code.i32Const(Math.log2(ACCESS.USER));
  code.byte(OP.i32Shl);
}

/**
 * Tries an access that missed the fast path once more: after a page walk, or to a page with code, which the write TLB
 * marks. `found` runs with the address in linear memory in local `host`; otherwise the code goes on after this.
 */
function emitRetry(
  body: FunctionBody,
  { address, info, write, walkPage }: { address: number; info: number; write: boolean; walkPage: number },
  found: (host: number, bytes: number) => void,
): void {
  const { code } = body;
  const bytes = body.newLocal(I32);
  const segment = body.newLocal(I32);
  const linear = body.newLocal(I32);
  const entry = body.newLocal(I32);
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
  code.localGet(linear);
  code.i32Const(8);
  code.byte(OP.i32ShrU);
  code.i32Const((TLB_ENTRIES - 1) << 4);
  code.byte(OP.i32And);
  load(code, write ? S.tlbWrite : S.tlbRead);
  code.byte(OP.i32Add);
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
  load(code, WALK.guarded);
  code.brIf(1);
  code.localGet(linear);
  pushUserAccess(code);
  code.i32Const(ACCESS.FILL | (write ? ACCESS.WRITE : 0));
  code.byte(OP.i32Or);
  code.call(walkPage);
  code.brIf(1);
  differs();
  code.brIf(1);
  code.end();
  code.localGet(linear);
  code.localGet(entry);
  code.memory(OP.i32Load, TLB.addend);
  code.byte(OP.i32Add);
  code.localSet(linear);
  found(linear, bytes);
  code.end();
}

/** Leaves the block at `depth` when the bytes before `extra` more lie in a granule that holds code. */
function leaveIfCode(code: Code, codeMap: number, host: number, extra: (() => void) | undefined): void {
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
  code.memory(OP.i32Load8U, codeMap);
  code.brIf(0);
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

/**
 * What regions do when the TLB does not have a page: enters it, and lets them go on unless the access crosses pages,
 * would fault, is memory-mapped I/O, or writes where code was decoded.
 */
function emitTranslate(body: FunctionBody, walkPage: number, codeMap: number): void {
  const { code } = body;
  const [linear, info] = [0, 1];
  const bytes = body.newLocal(I32);
  const entry = body.newLocal(I32);
  const host = body.newLocal(I32);
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
  code.localGet(linear);
  code.i32Const(8);
  code.byte(OP.i32ShrU);
  code.i32Const((TLB_ENTRIES - 1) << 4);
  code.byte(OP.i32And);
  load(code, S.tlbWrite);
  load(code, S.tlbRead);
  code.localGet(info);
  code.i32Const(SLOW.WRITE);
  code.byte(OP.i32And);
  code.byte(OP.select);
  code.byte(OP.i32Add);
  code.localSet(entry);
  pushTagIs(code, entry, linear, TLB_CODE);
  code.byte(OP.i32Eqz);
  code.if();
  load(code, WALK.guarded);
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
  leaveIfCode(code, codeMap, host, undefined);
  leaveIfCode(code, codeMap, host, () => code.localGet(bytes));
  code.localGet(host);
  code.byte(OP.return);
  code.end();
  code.i32Const(0);
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

function emitReadSlow(body: FunctionBody, walkPage: number, readMiss: number): void {
  const { code } = body;
  const [address, info] = [2, 3];
  const attempt = (write: boolean): void =>
    emitRetry(body, { address, info, write, walkPage }, (host, bytes) => {
      store(code, S.budget, () => code.localGet(BUDGET));
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

function emitWriteSlow(body: FunctionBody, walkPage: number, writeMiss: number, codeMap: number): void {
  const { code } = body;
  const [address, info, value] = [2, 3, 4];
  emitRetry(body, { address, info, write: true, walkPage }, (host, bytes) => {
    leaveIfCode(code, codeMap, host, undefined);
    leaveIfCode(code, codeMap, host, () => code.localGet(bytes));
    store(code, S.budget, () => code.localGet(BUDGET));
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

/** The module that all handler modules share: slow paths, entry, dynamic jumps, block headers and ends. */
export function encodeRuntime(
  memory: { minPages: number; maxPages: number },
  codeMap: number,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.importMemory('memory', memory);
  module.importTable('handlers', 0);
  const handlerType = module.type(i32s(2), []);
  const readType = module.type(i32s(4), [I32]);
  const writeType = module.type(i32s(5), []);
  const readMiss = module.importFunction('readMiss', readType);
  const writeMiss = module.importFunction('writeMiss', writeType);
  const translateType = module.type(i32s(2), [I32]);
  const add = (name: string, type: number, emit: (body: FunctionBody) => void): number => {
    const { index, body } = module.addFunction(type);
    emit(body);
    module.export(name, index);
    return index;
  };
  const kernels = new Map(
    KERNEL_ENTRIES.map(([name, kernel]) => [
      name,
      add(name, kernelType(module, kernel), (body) => emitKernel(body, kernel)),
    ]),
  );
  const walkPage = kernels.get('walkPage')!;
  add('readSlow', readType, (body) => emitReadSlow(body, walkPage, readMiss));
  add('writeSlow', writeType, (body) => emitWriteSlow(body, walkPage, writeMiss, codeMap));
  add('translate', translateType, (body) => emitTranslate(body, walkPage, codeMap));
  const dynamicJump = add('dynamicJump', handlerType, (body) => emitDynamicJump(body, handlerType));
  const blockHeader = add('blockHeader', handlerType, (body) => emitBlockHeader(body, handlerType));
  add('enter', handlerType, ({ code }) => tailCall(code, () => code.localGet(RECORD), handlerType));
  const handlers: Record<Exclude<keyof typeof RUNTIME_HANDLER, 'COUNT'>, (body: FunctionBody) => void> = {
    HEADER: (body) => emitHeader(body, blockHeader),
    STALE: ({ code }) => leaveAt(code, EXIT.STALE, () => pushRemaining(code)),
    YIELD: ({ code }) => leaveAt(code, EXIT.YIELD, () => pushRemaining(code)),
    CONTINUE: (body) => emitContinue(body, handlerType, true, dynamicJump),
    CONTINUE_FAR: (body) => emitContinue(body, handlerType, false, dynamicJump),
  };
  for (const [name, emit] of Object.entries(handlers)) {
    const { index, body } = module.addFunction(handlerType);
    emit(body);
    module.elements(RUNTIME_HANDLER[name as keyof typeof handlers], [index]);
  }
  return module.encode();
}
