import { I32, OP, VOID, type Code, type FunctionBody } from '../../wasm/index.ts';
import { REP, SEG } from '../../isa/index.ts';
import { UNTOUCHING, type HelperName } from '../helpers.ts';
import type { Condition, SumFlags } from '../insn/builder.ts';
import { auxOfSum } from '../insn/flags.ts';
import type { Opnd } from '../insn/operand.ts';
import { Value, type Width } from '../insn/value.ts';
import { BUDGET, RECORD, loadState } from '../interp/emit.ts';
import { HandlerBuilder } from '../interp/handler-builder.ts';
import { RUNTIME_HANDLER } from '../interp/runtime.ts';
import { SLOW, type HandlerImports, type Place } from '../interp/memory-builder.ts';
import {
  BLOCK,
  CODE_TLB,
  CODE_TLB_ENTRIES,
  EXIT,
  MODE,
  R,
  RECORD_BYTES,
  S,
  STATE,
  TLB_ENTRY_BYTES,
  codeTlbAddress,
  gprAddress,
  tlbAddress,
} from '../layout.ts';
import { emitFindBlock } from '../interp/jumps.ts';
import type { EdgeKind } from './flow.ts';
import { branchTarget, type RegionBlock, type RegionPage, type RegionPlan } from './plan.ts';
import { RegionFlags } from './region-flags.ts';

const GPR_COUNT = 8;
const SP = 4;
const BP = 5;

/** How the region is left; each has its own code behind the region's. */
type Way =
  /** S.rip is set: go on there, through the jump cache. */
  | 'jump'
  /** S.rip is set, and the header of its block in the local `at`: go on there unless it was forgotten. */
  | 'linked'
  /** A slow path raised a fault. */
  | 'fault'
  /** S.rip is set and the budget right: back to TypeScript. */
  | 'yield'
  /** The same in the middle of a repeated string instruction. */
  | 'repeat'
  /** The block whose header is in the local `at` goes on in tier 0. */
  | 'tier0'
  /** The instruction whose record is in the local `at` does, and what follows it: only tier 0 does its access or case. */
  | 'record';
const WAYS: readonly Way[] = ['tier0', 'record', 'yield', 'repeat', 'fault', 'jump', 'linked'];

/** Equal to no address of which at most the four lowest bits of the offset are left. */
const NO_STACK_PAGE = 0x800;

/** Locals: a linear page and what takes its addresses to linear memory. */
interface StackPage {
  readonly page: number;
  readonly addend: number;
}

/**
 * Tier 1: the same semantics as tier 0, with operands taken from the records now instead of when they run. General
 * registers and flags live in locals; control flow is that of the plan, in structured loops.
 */
export class RegionBuilder extends HandlerBuilder {
  readonly #plan: RegionPlan;
  readonly #slot: number;
  readonly #view: DataView;
  readonly #user: boolean;
  readonly #byPlace: ReadonlyMap<number, number>;
  readonly #entryNumbers: ReadonlyMap<number, number>;
  readonly #gpr: number[] = [];
  /** General registers that the region reads or writes, and those that it writes. */
  readonly #used = new Set<number>();
  readonly #written = new Set<number>();
  readonly #flags: RegionFlags;
  /** Number of the entry that the root goes to, and the header of its block. */
  readonly #next: number;
  readonly #at: number;
  /** Target of a computed jump. */
  readonly #target: number;
  /** Set in a slow path: the board or changed code wants control before the next instruction. */
  readonly #pause: number;
  /** The page that the stack pointer read from, and wrote to, last. */
  readonly #stackRead: StackPage;
  readonly #stackWrite: StackPage;
  readonly #ways = new Map<Way, number>();
  /** Depths at which the labels of loops and of blocks behind several paths stand, by block. */
  readonly #loopDepth: number[] = [];
  readonly #labelDepth: number[] = [];
  #rootDepth = 0;
  #dynamicDepth = 0;
  #record = 0;
  #current = 0;
  #mayPause = false;

  constructor(body: FunctionBody, plan: RegionPlan, slot: number, view: DataView, imports: HandlerImports) {
    super(body, plan.blocks[0].instructions[0].form, imports);
    this.#plan = plan;
    this.#slot = slot;
    this.#view = view;
    this.#user = (plan.mode & MODE.USER) !== 0;
    this.#byPlace = new Map(plan.blocks.map(({ page, offset }, index) => [placeKey(plan, page, offset), index]));
    this.#entryNumbers = new Map(plan.flow.entries.map((block, number) => [block, number]));
    for (let i = 0; i < GPR_COUNT; i++) this.#gpr.push(body.newLocal(I32));
    this.#flags = new RegionFlags(this, body);
    this.#next = body.newLocal(I32);
    this.#at = body.newLocal(I32);
    this.#target = body.newLocal(I32);
    this.#pause = body.newLocal(I32);
    this.#stackRead = { page: body.newLocal(I32), addend: body.newLocal(I32) };
    this.#stackWrite = { page: body.newLocal(I32), addend: body.newLocal(I32) };
  }

  override build(): void {
    const { code } = this;
    for (const way of WAYS) {
      this.#ways.set(way, code.depth);
      code.block(VOID);
    }
    this.#emitRoot();
    for (const way of [...WAYS].reverse()) {
      code.end();
      this.#emitWayOut(way);
    }
    this.#emitPrologue();
  }

  /** Comes last, when it is known which registers the region uses. */
  #emitPrologue(): void {
    const code = this.body.prologue;
    // The same bytes may be mapped, or addressed by segments, differently from when this was compiled.
    code.i32Const(STATE);
    code.memory(OP.i32Load, S.ipBase);
    code.localGet(RECORD);
    code.memory(OP.i32Load, BLOCK.ipBase);
    code.byte(OP.i32Ne);
    code.ifUnlikely();
    code.localGet(RECORD);
    code.localGet(BUDGET);
    code.returnCall(this.imports.blockHeader);
    code.end();
    this.#gpr.forEach((local, index) => {
      if (this.#used.has(index)) loadGpr(code, local, index);
    });
    this.#flags.reload(
      code,
      () => loadState(code, S.flagsResult),
      () => loadState(code, S.flagsAux),
    );
    code.i32Const(NO_STACK_PAGE);
    code.localTee(this.#stackRead.page);
    code.localSet(this.#stackWrite.page);
    code.localGet(RECORD);
    code.localTee(this.#at);
    code.memory(OP.i32Load, BLOCK.entry);
    code.localSet(this.#next);
  }

  // --- structure ---------------------------------------------------------------------------------------------------------

  #emitRoot(): void {
    const { code } = this;
    const { flow } = this.#plan;
    this.#rootDepth = code.depth;
    code.loop(VOID);
    this.#dynamicDepth = code.depth;
    code.block(VOID);
    this.#requireBudget(flow.reach(flow.root));
    this.#emitWithFollowers(flow.root, () => {
      code.localGet(this.#next);
      const depths = flow.entries.map((block) => code.depth - this.#labelDepth[block] - 1);
      code.brTable(depths, depths[0]);
    });
    code.end();
    this.#emitComputedJump();
    code.end();
  }

  /** The code of a node, in labelled blocks behind which stand the blocks that its paths lead to. */
  #emitWithFollowers(node: number, emit: () => void): void {
    const { code } = this;
    const followers = this.#plan.flow.followers(node);
    for (const block of followers) {
      this.#labelDepth[block] = code.depth;
      code.block(VOID);
    }
    emit();
    for (const block of followers.reverse()) {
      code.end();
      this.#flags.forget();
      this.scoped(() => this.#emitBlock(block));
    }
  }

  #emitBlock(index: number): void {
    const { code } = this;
    const { flow, blocks } = this.#plan;
    const isLoop = flow.isLoop(index);
    if (isLoop) {
      this.#flags.forget();
      this.#loopDepth[index] = code.depth;
      code.loop(VOID);
      code.localGet(BUDGET);
      code.i32Const(flow.reach(index));
      code.byte(OP.i32LtS);
      code.ifUnlikely();
      code.i32Const(blocks[index].header);
      code.localSet(this.#at);
      this.#leaveBy('tier0');
      code.end();
    }
    this.#emitWithFollowers(index, () => this.#emitInstructions(index));
    if (isLoop) code.end();
    code.byte(OP.unreachable);
  }

  #emitInstructions(index: number): void {
    const { code } = this;
    const block = this.#plan.blocks[index];
    this.#current = index;
    code.localGet(BUDGET);
    code.i32Const(block.instructions.length);
    code.byte(OP.i32Sub);
    code.localSet(BUDGET);
    let ended = false;
    for (const { record, form } of block.instructions) {
      this.#record = record;
      this.#mayPause = false;
      this.form = form;
      this.body.reusingLocals(() => this.scoped(() => form.def.semantics(this, ...form.operands)));
      this.#current = index;
      const { endsBlock } = form.def;
      ended = endsBlock === true || (endsBlock === 'protected' && !form.realMode);
      if (!ended && record !== block.instructions.at(-1)!.record) this.#pauseHere(block, record + RECORD_BYTES);
    }
    if (!ended) this.#goTo(block.fallsTo);
    code.byte(OP.unreachable);
  }

  /** Leaves between two instructions of a block when a slow path asked for it. */
  #pauseHere(block: RegionBlock, record: number): void {
    if (!this.#mayPause) return;
    const { code } = this;
    code.localGet(this.#pause);
    code.ifUnlikely();
    const offset = this.#view.getUint16(record + R.ipOffset, true);
    this.setRip(this.const(32, this.#ripAt(block, offset)));
    this.#giveBack(this.#view.getUint16(record + R.remaining, true));
    this.#leaveBy('yield');
    code.end();
  }

  /** Instructions of the block that do not run. */
  #giveBack(count: number): void {
    const { code } = this;
    code.localGet(BUDGET);
    code.i32Const(count);
    code.byte(OP.i32Add);
    code.localSet(BUDGET);
  }

  /** The root's: the entry in `at` goes on in tier 0 when the budget is short. */
  #requireBudget(count: number): void {
    const { code } = this;
    code.localGet(BUDGET);
    code.i32Const(count);
    code.byte(OP.i32LtS);
    code.ifUnlikely();
    this.#leaveBy('tier0');
    code.end();
  }

  #ripAt(block: RegionBlock, offset: number): number {
    return (this.#plan.pages[block.page].ipBase + offset) >>> 0;
  }

  // --- from block to block -------------------------------------------------------------------------------------------------

  /** To an offset of the current page: a block of this region, or out. */
  #goTo(offset: number): void {
    const block = this.#plan.blocks[this.#current];
    const target = this.#byPlace.get(placeKey(this.#plan, block.page, offset));
    const rip = this.#ripAt(block, offset);
    const kind = target === undefined ? undefined : this.#plan.flow.kind(this.#current, target);
    if (kind === undefined) this.#leaveFor(offset, rip);
    else this.#edge(target!, rip, kind);
  }

  /** Out of the region: to a block that is known already, or by looking it up. */
  #leaveFor(offset: number, rip: number): void {
    const { code } = this;
    const exit = this.#plan.exits[this.#current].get(offset);
    this.setRip(this.const(32, rip));
    if (!exit) {
      this.#leaveBy('jump');
      return;
    }
    const from = this.#plan.pages[this.#plan.blocks[this.#current].page];
    if (exit.page.ipBase !== from.ipBase || exit.page.physical !== from.physical) {
      this.#checkMapping(exit.page, rip);
      this.setState32(S.ipBase, this.const(32, exit.page.ipBase));
    }
    code.i32Const(exit.header);
    code.localSet(this.#at);
    this.#leaveBy('linked');
  }

  #edge(target: number, rip: number, kind: EdgeKind): void {
    const { code } = this;
    const from = this.#current;
    const { blocks, pages } = this.#plan;
    if (this.#mayPause) {
      code.localGet(this.#pause);
      code.ifUnlikely();
      this.setRip(this.const(32, rip));
      this.#leaveBy('yield');
      code.end();
    }
    if (blocks[from].page !== blocks[target].page) {
      this.#checkMapping(pages[blocks[target].page], rip);
      this.setState32(S.ipBase, this.const(32, pages[blocks[target].page].ipBase));
    }
    switch (kind) {
      case 'back':
        code.br(code.depth - this.#loopDepth[target] - 1);
        return;
      case 'merge':
        code.br(code.depth - this.#labelDepth[target] - 1);
        return;
      case 'dispatch':
        code.i32Const(this.#entryNumbers.get(target)!);
        code.localSet(this.#next);
        code.i32Const(blocks[target].header);
        code.localSet(this.#at);
        code.br(code.depth - this.#rootDepth - 1);
        return;
      case 'inline': {
        const { form } = this;
        const [record, mayPause] = [this.#record, this.#mayPause];
        this.#flags.aside(() => this.scoped(() => this.#emitBlock(target)));
        this.form = form;
        this.#current = from;
        this.#record = record;
        this.#mayPause = mayPause;
      }
    }
  }

  /** Control passes to another page of the region (of flat segments): is it still mapped where it was? */
  #checkMapping({ physical, ipBase }: RegionPage, rip: number): void {
    const { code } = this;
    const slot = (ipBase >>> 12) & (CODE_TLB_ENTRIES - 1);
    const entry = codeTlbAddress(this.#user) + slot * TLB_ENTRY_BYTES;
    const differs = (field: number, wanted: number): void => {
      code.i32Const(entry);
      code.memory(OP.i32Load, field);
      code.i32Const(wanted);
      code.byte(OP.i32Ne);
    };
    differs(CODE_TLB.tag, ipBase);
    differs(CODE_TLB.physical, physical);
    code.byte(OP.i32Or);
    code.ifUnlikely();
    code.i32Const(ipBase);
    code.call(this.imports.enterPage);
    code.i32Const(physical);
    code.byte(OP.i32Ne);
    code.if();
    this.setRip(this.const(32, rip));
    this.#leaveBy('jump');
    code.end();
    code.end();
  }

  #leaveBy(way: Way): void {
    const { code } = this;
    code.br(code.depth - this.#ways.get(way)! - 1);
  }

  #emitWayOut(way: Way): void {
    const { code } = this;
    this.#spill();
    switch (way) {
      case 'jump':
        code.i32Const(this.#plan.blocks[0].header);
        code.localGet(BUDGET);
        code.returnCall(this.imports.dynamicJump);
        return;
      case 'linked':
        code.localGet(this.#at);
        code.memory(OP.i32Load, BLOCK.handler);
        code.i32Const(RUNTIME_HANDLER.STALE);
        code.byte(OP.i32Eq);
        code.ifUnlikely();
        code.i32Const(this.#plan.blocks[0].header);
        code.localGet(BUDGET);
        code.returnCall(this.imports.dynamicJump);
        code.end();
        this.#goToRecord();
        return;
      case 'tier0':
        code.localGet(this.#at);
        code.localGet(BUDGET);
        code.returnCall(this.imports.blockHeader);
        return;
      case 'record':
        this.#goToRecord();
        return;
      case 'fault':
        code.byte(OP.return);
        return;
      case 'yield':
      case 'repeat':
        this.setState32(S.exitLink, this.const(32, 0));
        this.setState32(S.exitReason, this.const(32, way === 'yield' ? EXIT.YIELD : EXIT.REPEAT));
        this.setState32(S.budget, Value.local(32, true, BUDGET));
        code.byte(OP.return);
    }
  }

  /** Looks the target up in the jump cache: an entry of this region, other code, or not known. */
  #emitComputedJump(): void {
    const { code } = this;
    this.setState32(S.rip, Value.local(32, true, this.#target));
    const { record, linear } = emitFindBlock(this.body, this.#target, this.imports.enterPage, this.#ways.get('jump')!);
    this.setState32(
      S.ipBase,
      this.sub(Value.local(32, true, this.#target), this.and(Value.local(32, true, linear), this.const(32, 4095))),
    );
    code.localGet(record);
    code.localTee(this.#at);
    code.memory(OP.i32Load, R.handler);
    code.i32Const(this.#slot);
    code.byte(OP.i32Eq);
    code.if(VOID);
    // The same bytes under another address would have other constants.
    this.loadState(S.ipBase, OP.i32Load);
    code.localGet(this.#at);
    code.memory(OP.i32Load, BLOCK.ipBase);
    code.byte(OP.i32Eq);
    code.if(VOID);
    code.localGet(this.#at);
    code.memory(OP.i32Load, BLOCK.entry);
    code.localSet(this.#next);
    code.br(code.depth - this.#rootDepth - 1);
    code.end();
    code.end();
    this.#spill();
    this.#goToRecord();
  }

  #goToRecord(): void {
    const { code } = this;
    code.localGet(this.#at);
    code.localGet(BUDGET);
    code.localGet(this.#at);
    code.memory(OP.i32Load, R.handler);
    code.returnCallIndirect(this.imports.handlerType);
  }

  // --- registers and flags in locals -----------------------------------------------------------------------------------------

  /** Registers that were not written are in memory as they are. */
  #spill(): void {
    const { code } = this;
    for (const index of this.#written) {
      code.i32Const(gprAddress(index));
      code.localGet(this.#gpr[index]);
      code.memory(OP.i32Store, 0);
    }
    code.i32Const(STATE);
    this.#flags.pushResult();
    code.memory(OP.i64Store, S.flagsResult);
    this.scoped(() => this.setState32(S.flagsAux, this.#flags.aux()));
  }

  #reload(): void {
    const { code } = this;
    this.#gpr.forEach((local, index) => loadGpr(code, local, index));
    this.#flags.reload(
      code,
      () => loadState(code, S.flagsResult),
      () => loadState(code, S.flagsAux),
    );
  }

  override readGpr(index: number, width: Width, high = false): Value {
    this.#used.add(index);
    return this.now(width, () => {
      this.code.localGet(this.#gpr[index]);
      if (high) {
        this.code.i32Const(8);
        this.code.byte(OP.i32ShrU);
      }
      if (width === 32) return;
      this.code.i32Const(width === 8 ? 0xff : 0xffff);
      this.code.byte(OP.i32And);
    });
  }

  override writeGpr(index: number, value: Value, high = false): void {
    const { code } = this;
    const local = this.#gpr[index];
    this.#used.add(index);
    this.#written.add(index);
    if (value.width === 32) this.push(value);
    else {
      const mask = value.width === 16 ? 0xffff : 0xff;
      code.localGet(local);
      code.i32Const(~(high ? mask << 8 : mask));
      code.byte(OP.i32And);
      this.pushClean(value);
      if (high) {
        code.i32Const(8);
        code.byte(OP.i32Shl);
      }
      code.byte(OP.i32Or);
    }
    code.localSet(local);
  }

  /** The general register whose address a field of the record holds, or undefined. */
  #gprAt(field: number): { index: number; high: boolean } | undefined {
    const address = this.#view.getUint32(this.#record + field, true);
    const offset = address - gprAddress(0);
    if (offset < 0 || offset >= GPR_COUNT * 8) return undefined;
    return { index: offset >> 3, high: (offset & 7) === 1 };
  }

  protected override readRegister(field: number, width: Width): Value {
    const gpr = this.#gprAt(field);
    if (gpr) return this.readGpr(gpr.index, width, gpr.high);
    if (this.#view.getUint32(this.#record + field, true) === STATE + S.zero) return this.const(width, 0);
    return super.readRegister(field, width);
  }

  protected override writeRegister(field: number, value: Value): void {
    const gpr = this.#gprAt(field);
    if (gpr) this.writeGpr(gpr.index, value, gpr.high);
    else super.writeRegister(field, value);
  }

  override setFlagsResult(result: Value): void {
    this.#flags.setResult(result);
  }
  override setFlagsAux(aux: Value): void {
    this.#flags.setAux(aux);
  }
  override setFlagsSum(flags: SumFlags): void {
    if (flags.result.width === 32) {
      this.#flags.setSum(flags);
      return;
    }
    this.#flags.setResult(flags.result);
    this.#flags.setAux(auxOfSum(this, flags));
    this.#flags.learnNarrowSum(flags);
  }
  override setFlagsLogic(result: Value): void {
    super.setFlagsLogic(result);
    this.#flags.learnLogic();
  }
  override flagsResult(): Value {
    return this.#flags.result64;
  }
  override flagsAux(): Value {
    return this.#flags.aux();
  }
  override knownCondition(condition: Condition): Value | undefined {
    return this.#flags.condition(condition);
  }
  override flagsResultIsZero(): Value {
    return this.#flags.isZero;
  }
  override flagsResultSign(): Value {
    return this.#flags.sign;
  }

  protected override scoped(emit: () => void): void {
    this.#flags.maybe(() => super.scoped(emit));
  }

  override loop(body: () => Value): void {
    this.#flags.forget();
    super.loop(body);
    this.#flags.forget();
  }

  // --- constants from the record -------------------------------------------------------------------------------------------

  protected override field(offset: number, op: number = OP.i32Load, width: Width = 32): Value {
    const at = this.#record + offset;
    const value =
      op === OP.i32Load8U
        ? this.#view.getUint8(at)
        : op === OP.i32Load16U
          ? this.#view.getUint16(at, true)
          : this.#view.getUint32(at, true);
    return this.const(width, value);
  }

  protected override ipAt(offsetField: number): Value {
    const offset = this.#view.getUint16(this.#record + offsetField, true);
    return this.const(32, this.#ripAt(this.#plan.blocks[this.#current], offset));
  }

  override relativeTarget(_target: Opnd): Value {
    const offset = this.#view.getInt32(this.#record + R.imm, true);
    const rip = this.#ripAt(this.#plan.blocks[this.#current], offset);
    return this.const(32, this.operandWidth === 16 ? rip & 0xffff : rip);
  }

  protected override addTlb(write: boolean): number {
    return tlbAddress(this.#user, write);
  }

  protected override pushRecord(): void {
    this.code.i32Const(this.#record);
  }

  // --- memory ----------------------------------------------------------------------------------------------------------------

  /**
   * Accesses that the TLB cannot serve leave the region, so that no memory access needs a look at faults or kicks
   * behind it. Repeated string instructions are the exception: where they stop is the same on every engine.
   */
  protected override get hasSlowPaths(): boolean {
    return this.form.rep !== REP.NONE;
  }

  protected override translated(
    place: Place,
    width: Width,
    write: boolean,
    paths: { fast: () => void; slow: () => void },
  ): void {
    if (this.hasSlowPaths) {
      super.translated(place, width, write, paths);
      return;
    }
    const { code } = this;
    const linear = this.body.newLocal(I32);
    this.pushLinear(place, width, write, linear, () => {
      code.ifUnlikely();
      this.#leaveToRecord();
      code.end();
    });
    const cache = this.#stackAccess(place);
    if (cache === 'none') this.#pushTranslated(linear, width, write);
    else this.#pushByStackPage(linear, width, write, cache === 'fill');
    paths.fast();
  }

  #leaveToRecord(): void {
    this.code.i32Const(this.#record);
    this.code.localSet(this.#at);
    this.#leaveBy('record');
  }

  /** `found` runs with the host address on the stack when the TLB had the page. */
  #pushTranslated(linear: number, width: Width, write: boolean, found: () => void = () => {}): void {
    const { code } = this;
    code.block(I32);
    code.block(VOID);
    this.pushHost(linear, width, write, () => code.brIfUnlikely(0));
    found();
    code.br(1);
    code.end();
    code.localGet(linear);
    code.i32Const(width / 8 + (write ? SLOW.WRITE : 0));
    code.call(this.imports.translate);
    code.localTee(this.#target);
    code.byte(OP.i32Eqz);
    code.ifUnlikely();
    this.#leaveToRecord();
    code.end();
    code.localGet(this.#target);
    code.end();
  }

  /** By the page that the stack pointer used last. `fill`: where the TLB has another page, that becomes the one. */
  #pushByStackPage(linear: number, width: Width, write: boolean, fill: boolean): void {
    const { code } = this;
    const host = this.body.newLocal(I32);
    const { page, addend } = write ? this.#stackWrite : this.#stackRead;
    // Aligned only: an access that ends in this page may begin in the page before, which lies elsewhere.
    code.localGet(linear);
    code.i32Const(-4096 | (width / 8 - 1));
    code.byte(OP.i32And);
    code.localGet(page);
    code.byte(OP.i32Eq);
    code.if(I32);
    code.localGet(linear);
    code.localGet(addend);
    code.byte(OP.i32Add);
    code.else();
    // A page where code was decoded is not in the write TLB: each write must look.
    this.#pushTranslated(linear, width, write, () => {
      if (!fill) return;
      code.localTee(host);
      code.localGet(linear);
      code.byte(OP.i32Sub);
      code.localSet(addend);
      this.pushPage(linear, width);
      code.localSet(page);
      if (write) {
        code.localGet(addend);
        code.localSet(this.#stackRead.addend);
        code.localGet(page);
        code.localSet(this.#stackRead.page);
      }
      code.localGet(host);
    });
    code.end();
  }

  /** Accesses by the stack pointer keep to one page most of the time, those by the frame pointer mostly to the same. */
  #stackAccess(place: Place): 'none' | 'use' | 'fill' {
    if (!place.flat) return 'none';
    if (place.segment === SEG.SS) return 'fill';
    if (place.segment !== 'record' || this.#view.getUint8(this.#record + R.segmentIndex) !== SEG.SS) return 'none';
    const base = this.#gprAt(R.base)?.index;
    return base === SP ? 'fill' : base === BP ? 'use' : 'none';
  }

  // --- calls into TypeScript -------------------------------------------------------------------------------------------------

  protected override afterCall(): void {
    const { code } = this;
    this.loadState(S.fault, OP.i32Load);
    code.ifUnlikely();
    this.#leaveBy('fault');
    code.end();
    this.#afterReturn();
  }

  override helper(name: HelperName, ...args: Value[]): Value {
    if (!UNTOUCHING.has(name)) return super.helper(name, ...args);
    this.#untouched = true;
    const result = super.helper(name, ...args);
    this.#untouched = false;
    return result;
  }
  #untouched = false;

  /** What the rest of the region will write is not known yet: all registers are in memory from here on. */
  protected override beforeHelper(): void {
    if (this.#untouched) return;
    for (let index = 0; index < GPR_COUNT; index++) {
      this.#used.add(index);
      this.#written.add(index);
    }
    this.#spill();
  }

  /** A helper that faulted may have changed registers in memory (a task switch): they are not written over. */
  protected override afterHelper(): void {
    if (this.#untouched) {
      this.afterCall();
      return;
    }
    const { code } = this;
    this.loadState(S.fault, OP.i32Load);
    code.ifUnlikely();
    code.byte(OP.return);
    code.end();
    this.#reload();
    this.#afterReturn();
  }

  #afterReturn(): void {
    const { code } = this;
    this.loadState(S.budget, OP.i32Load);
    code.localSet(BUDGET);
    this.loadState(S.pause, OP.i32Load);
    code.localSet(this.#pause);
    this.#mayPause = true;
  }

  // --- control flow ------------------------------------------------------------------------------------------------------------

  override jumpRelative(target: Opnd): void {
    const { record, form } = { record: this.#record, form: this.form };
    const offset = branchTarget(this.#view, { record, form });
    if (offset !== undefined) this.#goTo(offset);
    else {
      this.setRip(this.relativeTarget(target));
      this.#leaveBy('jump');
    }
  }

  override fallThrough(): void {
    if (this.form.def.endsBlock !== true) return;
    this.#goTo(this.#view.getUint16(this.#record + R.nextOffset, true));
  }

  override jumpTo(rip: Value): void {
    const { code } = this;
    const target = this.let(this.zext(rip, 32));
    const { returnPoints, expected, blocks, flow } = this.#plan;
    const guess = this.form.def.computed ? expected[this.#current] : undefined;
    for (const point of this.form.def.link === 'return'
      ? returnPoints[this.#current]
      : guess === undefined
        ? []
        : [guess]) {
      const address = this.#ripAt(blocks[point], blocks[point].offset);
      this.if(this.eq(target, this.const(32, address)), () =>
        this.#edge(point, address, flow.kind(this.#current, point)!),
      );
    }
    this.push(target);
    code.localSet(this.#target);
    code.br(code.depth - this.#dynamicDepth - 1);
  }

  override attempt(common: (giveUp: (when: Value) => void) => void): void {
    common((when) => {
      this.push(when);
      this.code.ifUnlikely();
      this.#leaveToRecord();
      this.code.end();
    });
  }

  override jumpToRip(): void {
    this.#leaveBy('jump');
  }

  override leave(): void {
    this.#leaveBy('yield');
  }

  override restart(): void {
    this.setRip(this.thisIp());
    this.#giveBack(this.#view.getUint16(this.#record + R.remaining, true) - 1);
    this.#leaveBy('repeat');
  }
}

function loadGpr(code: Code, local: number, index: number): void {
  code.i32Const(gprAddress(index));
  code.memory(OP.i32Load, 0);
  code.localSet(local);
}

/** A block's place by its rip: unique among the pages of a plan, whose linear pages differ. */
const placeKey = (plan: RegionPlan, page: number, offset: number): number => (plan.pages[page].ipBase + offset) >>> 0;
