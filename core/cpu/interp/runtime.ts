import { I32, ModuleBuilder, OP, VOID, type Code, type FunctionBody } from '../../wasm/index.ts';
import { SEG } from '../../isa/index.ts';
import { BLOCK, EXIT, JUMP, JUMP_CACHE, JUMP_ENTRIES, R, RECORD_BYTES, S, SEGMENT, STATE, segmentAddress } from '../layout.ts';
import type { HandlerImports } from './handler-builder.ts';

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

export interface TypeScriptImports {
  readonly readSlow: (record: number, budget: number, address: number, info: number) => number;
  readonly writeSlow: (record: number, budget: number, address: number, info: number, value: number) => void;
  readonly helper: (record: number, budget: number, id: number, a: number, b: number, c: number) => number;
}

const RECORD = 0;
const BUDGET = 1;

/** Declares what every module of handlers imports; the same list always, which is all that guest code can reach. */
export function declareImports(module: ModuleBuilder, memory: { minPages: number; maxPages: number }, withJump: boolean): HandlerImports {
  module.importMemory('memory', memory);
  module.importTable('handlers', 0);
  const i32s = (count: number) => Array.from({ length: count }, () => I32) as (typeof I32)[];
  const handlerType = module.type(i32s(2), []);
  return {
    handlerType,
    readSlow: module.importFunction('readSlow', module.type(i32s(4), [I32])),
    writeSlow: module.importFunction('writeSlow', module.type(i32s(5), [])),
    helper: module.importFunction('helper', module.type(i32s(6), [I32])),
    dynamicJump: withJump ? module.importFunction('dynamicJump', handlerType) : -1,
  };
}

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

function tailCall(code: Code, record: () => void, imports: HandlerImports): void {
  record();
  code.localGet(BUDGET);
  record();
  code.memory(OP.i32Load, R.handler);
  code.returnCallIndirect(imports.handlerType);
}

/**
 * Looks S.rip up in the jump cache and goes there, or returns to TypeScript to have it resolved. The cache is indexed
 * by linear address and only valid for the current mode and mapping (S.jumpKey).
 */
function emitDynamicJump(body: FunctionBody, imports: HandlerImports): void {
  const { code } = body;
  const linear = body.newLocal(I32);
  const entry = body.newLocal(I32);
  const rip = body.newLocal(I32);
  load(code, S.rip);
  code.localTee(rip);
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
  tailCall(code, () => code.localGet(entry), imports);
  code.end();
  store(code, S.exitReason, () => code.i32Const(EXIT.RESOLVE));
  store(code, S.exitLink, () => code.i32Const(0));
  store(code, S.budget, () => code.localGet(BUDGET));
}

function emitHeader(body: FunctionBody, imports: HandlerImports): void {
  const { code } = body;
  const left = body.newLocal(I32);
  code.localGet(BUDGET);
  code.localGet(RECORD);
  code.memory(OP.i32Load, BLOCK.count);
  code.byte(OP.i32Sub);
  code.localTee(left);
  code.i32Const(0);
  code.byte(OP.i32LtS);
  code.if(VOID);
  leaveAt(code, EXIT.BUDGET);
  code.byte(OP.return);
  code.end();
  code.localGet(RECORD);
  code.i32Const(RECORD_BYTES);
  code.byte(OP.i32Add);
  code.localGet(left);
  code.localGet(RECORD);
  code.memory(OP.i32Load, RECORD_BYTES + R.handler);
  code.returnCallIndirect(imports.handlerType);
}

function emitContinue(body: FunctionBody, imports: HandlerImports, linked: boolean, dynamicJump: number): void {
  const { code } = body;
  const block = body.newLocal(I32);
  if (linked) {
    code.localGet(RECORD);
    code.memory(OP.i32Load, R.reg2);
    code.localTee(block);
    code.if(VOID);
    tailCall(code, () => code.localGet(block), imports);
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

/** The module that all handler modules share: entry, dynamic jumps, block headers and ends. */
export function encodeRuntime(memory: { minPages: number; maxPages: number }): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const imports = declareImports(module, memory, false);
  const add = (name: string, emit: (body: FunctionBody) => void): number => {
    const { index, body } = module.addFunction(imports.handlerType);
    emit(body);
    module.export(name, index);
    return index;
  };
  const dynamicJump = add('dynamicJump', (body) => emitDynamicJump(body, imports));
  add('enter', ({ code }) => tailCall(code, () => code.localGet(RECORD), imports));
  add('header', (body) => emitHeader(body, imports));
  add('stale', ({ code }) => leaveAt(code, EXIT.STALE, () => pushRemaining(code)));
  add('yield', ({ code }) => leaveAt(code, EXIT.YIELD, () => pushRemaining(code)));
  add('continue', (body) => emitContinue(body, imports, true, dynamicJump));
  add('continueFar', (body) => emitContinue(body, imports, false, dynamicJump));
  return module.encode();
}
