import { I32, ModuleBuilder, OP, VOID, type Code, type FunctionBody } from '../../wasm/index.ts';
import { SEG } from '../../isa/index.ts';
import { BLOCK, EXIT, R, RECORD_BYTES, S, SEGMENT, segmentAddress } from '../layout.ts';
import { emitKernel, kernelType } from '../insn/kernel.ts';
import { KERNEL_ENTRIES } from '../insn/kernels.ts';
import { BUDGET, RECORD, RUNTIME_HANDLER, emitGoToBlock, leaveAt, loadState, storeState, tailCall } from './emit.ts';
import type { HandlerImports } from './memory-builder.ts';
import { emitCodePage, emitEnterPage, emitFindBlock } from './jumps.ts';
import { emitDeliverPageFault, emitFaulted } from './page-fault.ts';
import { emitOpenWindow, emitReadSlow, emitTranslate, emitWriteSlow } from './slow-access.ts';

/** Functions that TypeScript gives; the slow paths in WebAssembly come before them. */
export interface TypeScriptImports {
  readonly readMiss: (record: number, budget: number, address: number, info: number) => number;
  readonly writeMiss: (record: number, budget: number, address: number, info: number, value: number) => void;
  readonly helper: (record: number, budget: number, id: number, a: number, b: number, c: number) => number;
}

/** Any memory that a machine may have: the same code serves all. */
const ANY_MEMORY = { minPages: 1, maxPages: 65536 };

const i32s = (count: number): (typeof I32)[] => Array.from({ length: count }, () => I32);

/** Declares what every module of handlers imports; the same list always, which is all that guest code can reach. */
export function declareImports(module: ModuleBuilder): HandlerImports {
  module.importMemory('memory', ANY_MEMORY);
  module.importTable('handlers', 0);
  const handlerType = module.type(i32s(2), []);
  return {
    handlerType,
    readSlow: module.importFunction('readSlow', module.type(i32s(4), [I32])),
    writeSlow: module.importFunction('writeSlow', module.type(i32s(5), [])),
    translate: module.importFunction('translate', module.type(i32s(2), [I32])),
    openWindow: module.importFunction('openWindow', module.type(i32s(4), [I32])),
    helper: module.importFunction('helper', module.type(i32s(6), [I32])),
    enterPage: module.importFunction('enterPage', module.type([I32], [I32])),
    dynamicJump: module.importFunction('dynamicJump', handlerType),
    rememberedJump: module.importFunction('rememberedJump', handlerType),
    faulted: module.importFunction('faulted', handlerType),
    kernels: Object.fromEntries(
      KERNEL_ENTRIES.map(([name, kernel]) => [name, module.importFunction(name, kernelType(module, kernel))]),
    ) as HandlerImports['kernels'],
    blockHeader: module.importFunction('blockHeader', handlerType),
  };
}

const pushRemaining = (code: Code): void => {
  code.localGet(RECORD);
  code.memory(OP.i32Load16U, R.remaining);
};

/** Goes on at S.rip, or returns to TypeScript to have it resolved. `remembers`: the jump's record is told of the block. */
function emitDynamicJump(body: FunctionBody, handlerType: number, enterPage: number, remembers: boolean): void {
  const { code } = body;
  const rip = body.newLocal(I32);
  loadState(code, S.rip);
  code.localSet(rip);
  const unknown = code.depth;
  code.block(VOID);
  const { record, linear } = emitFindBlock(body, rip, enterPage, unknown);
  storeState(code, S.ipBase, () => {
    code.localGet(rip);
    code.localGet(linear);
    code.i32Const(4095);
    code.byte(OP.i32And);
    code.byte(OP.i32Sub);
  });
  if (remembers) {
    code.localGet(RECORD);
    code.localGet(record);
    code.memory(OP.i32Store, R.lastBlock);
  }
  emitGoToBlock(body, record, handlerType);
  code.end();
  storeState(code, S.exitReason, () => code.i32Const(EXIT.RESOLVE));
  storeState(code, S.exitLink, () => code.i32Const(0));
  storeState(code, S.budget, () => code.localGet(BUDGET));
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
function emitHeader(body: FunctionBody, blockHeader: number): void {
  const { code } = body;
  const heat = body.newLocal(I32);
  const left = body.newLocal(I32);
  code.localGet(RECORD);
  code.localGet(RECORD);
  code.memory(OP.i32Load, BLOCK.heat);
  code.localTee(heat);
  code.i32Const(1);
  code.byte(OP.i32Sub);
  code.localTee(left);
  code.memory(OP.i32Store, BLOCK.heat);
  code.localGet(left);
  code.i32Const(0);
  code.byte(OP.i32LeS);
  code.localGet(heat);
  code.i32Const(0);
  code.byte(OP.i32GtS);
  code.byte(OP.i32And);
  code.ifUnlikely();
  leaveAt(code, EXIT.HOT);
  code.byte(OP.return);
  code.end();
  code.localGet(RECORD);
  code.localGet(BUDGET);
  code.returnCall(blockHeader);
}

/** The header of a block whose instruction crosses into another page: that must be mapped as it was when it was decoded. */
function emitCrossing({ code }: FunctionBody, codePage: number, blockHeader: number): void {
  code.i32Const(segmentAddress(SEG.CS));
  code.memory(OP.i32Load, SEGMENT.base);
  loadState(code, S.ipBase);
  code.byte(OP.i32Add);
  code.i32Const(4096);
  code.byte(OP.i32Add);
  code.call(codePage);
  code.localGet(RECORD);
  code.memory(OP.i32Load, BLOCK.nextPage);
  code.byte(OP.i32Ne);
  code.ifUnlikely();
  leaveAt(code, EXIT.RESOLVE);
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
    emitGoToBlock(body, block, handlerType);
    code.end();
    leaveAt(code, EXIT.RESOLVE);
    storeState(code, S.exitLink, () => {
      code.localGet(RECORD);
      code.i32Const(R.reg2);
      code.byte(OP.i32Add);
    });
    return;
  }
  storeState(code, S.rip, () => {
    loadState(code, S.ipBase);
    code.localGet(RECORD);
    code.memory(OP.i32Load16U, R.ipOffset);
    code.byte(OP.i32Add);
  });
  code.localGet(RECORD);
  code.localGet(BUDGET);
  code.returnCall(dynamicJump);
}

/** What `encodeRuntime` gave: encoding takes some milliseconds. */
let encoded: Uint8Array<ArrayBuffer> | undefined;

/** The module that all handler modules share: slow paths, entry, dynamic jumps, block headers and ends. */
export const runtimeModule = (): Uint8Array<ArrayBuffer> => (encoded ??= encodeRuntime());

function encodeRuntime(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.importMemory('memory', ANY_MEMORY);
  module.importTable('handlers', 0);
  const handlerType = module.type(i32s(2), []);
  const readType = module.type(i32s(4), [I32]);
  const writeType = module.type(i32s(5), []);
  const readMiss = module.importFunction('readMiss', readType);
  const writeMiss = module.importFunction('writeMiss', writeType);
  const translateType = module.type(i32s(2), [I32]);
  const pageType = module.type([I32], [I32]);
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
  add('writeSlow', writeType, (body) => emitWriteSlow(body, walkPage, writeMiss));
  const translate = add('translate', translateType, (body) => emitTranslate(body, walkPage));
  add('openWindow', readType, (body) => emitOpenWindow(body, translate));
  const codePage = add('codePage', pageType, (body) => emitCodePage(body, walkPage));
  const enterPage = add('enterPage', pageType, (body) => emitEnterPage(body, codePage));
  const dynamicJump = add('dynamicJump', handlerType, (body) => emitDynamicJump(body, handlerType, enterPage, false));
  add('rememberedJump', handlerType, (body) => emitDynamicJump(body, handlerType, enterPage, true));
  const deliverPageFault = add('deliverPageFault', pageType, emitDeliverPageFault);
  add('faulted', handlerType, (body) => emitFaulted(body, deliverPageFault, dynamicJump));
  const blockHeader = add('blockHeader', handlerType, (body) => emitBlockHeader(body, handlerType));
  add('enter', handlerType, ({ code }) => tailCall(code, () => code.localGet(RECORD), handlerType));
  const handlers: Record<Exclude<keyof typeof RUNTIME_HANDLER, 'COUNT'>, (body: FunctionBody) => void> = {
    HEADER: (body) => emitHeader(body, blockHeader),
    STALE: ({ code }) => leaveAt(code, EXIT.STALE, () => pushRemaining(code)),
    YIELD: ({ code }) => leaveAt(code, EXIT.YIELD, () => pushRemaining(code)),
    CONTINUE: (body) => emitContinue(body, handlerType, true, dynamicJump),
    CONTINUE_FAR: (body) => emitContinue(body, handlerType, false, dynamicJump),
    CROSSING: (body) => emitCrossing(body, codePage, blockHeader),
  };
  for (const [name, emit] of Object.entries(handlers)) {
    const { index, body } = module.addFunction(handlerType);
    emit(body);
    module.elements(RUNTIME_HANDLER[name as keyof typeof handlers], [index]);
  }
  return module.encode();
}
