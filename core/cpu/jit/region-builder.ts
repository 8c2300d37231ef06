import { I32, OP, VOID, type FunctionBody } from '../../wasm/index.ts';
import type { Opnd } from '../insn/operand.ts';
import { Value } from '../insn/value.ts';
import { BUDGET, RECORD, RUNTIME_HANDLER } from '../interp/emit.ts';
import { formOfNumber } from '../interp/form.ts';
import { emitFindBlock } from '../interp/jumps.ts';
import { type HandlerImports } from '../interp/memory-builder.ts';
import {
  BLOCK,
  CODE_TLB,
  CODE_TLB_ENTRIES,
  EXIT,
  MISSING_WINDOWS,
  R,
  RECORD_BYTES,
  S,
  STATE,
  TLB_ENTRY_BYTES,
  WINDOW_MISSES,
  codeTlbAddress,
} from '../layout.ts';
import type { EdgeKind } from './flow.ts';
import { branchTarget, type RegionBlock, type RegionPage, type RegionPlan } from './plan.ts';
import { RegionState, type RegionSource, type Way } from './region-state.ts';

const WAYS: readonly Way[] = ['tier0', 'record', 'missed', 'yield', 'repeat', 'fault', 'jump', 'linked'];

/** The code of a whole region: its blocks in structured loops as the plan has them, and the ways in, between and out. */
export class RegionBuilder extends RegionState {
  readonly #slot: number;
  readonly #byPlace: ReadonlyMap<number, number>;
  readonly #entryNumbers: ReadonlyMap<number, number>;
  /** Number of the entry that the root goes to. */
  readonly #next: number;
  readonly #ways = new Map<Way, number>();
  /** Depths at which the labels of loops and of blocks behind several paths stand, by block. */
  readonly #loopDepth: number[] = [];
  readonly #labelDepth: number[] = [];
  #rootDepth = 0;
  #dynamicDepth = 0;

  constructor(body: FunctionBody, plan: RegionSource, slot: number, imports: HandlerImports) {
    super(body, plan, imports);
    this.#slot = slot;
    this.#byPlace = new Map(plan.blocks.map(({ page, offset }, index) => [placeKey(plan, page, offset), index]));
    this.#entryNumbers = new Map(plan.flow.entries.map((block, number) => [block, number]));
    this.#next = body.newLocal(I32);
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
    this.loadUsed(code);
    code.localGet(RECORD);
    code.localTee(this.at);
    code.memory(OP.i32Load, BLOCK.entry);
    code.localSet(this.#next);
  }

  // --- structure ---------------------------------------------------------------------------------------------------------

  #emitRoot(): void {
    const { code } = this;
    const { flow } = this.plan;
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
    const followers = this.plan.flow.followers(node);
    for (const block of followers) {
      this.#labelDepth[block] = code.depth;
      code.block(VOID);
    }
    emit();
    for (const block of followers.reverse()) {
      code.end();
      this.flags.forget();
      if (node === this.plan.flow.root) this.windows.forget();
      else this.windows.meet(node, this.plan.flow.between(block));
      this.scoped(() => this.#emitBlock(block));
    }
  }

  #emitBlock(index: number): void {
    const { code } = this;
    const { flow, blocks } = this.plan;
    const isLoop = flow.isLoop(index);
    if (isLoop) {
      this.whole(() => this.flags.settle());
      this.flags.forget();
      this.windows.again(flow.between(index));
      this.#loopDepth[index] = code.depth;
      code.loop(VOID);
      code.localGet(BUDGET);
      code.i32Const(flow.reach(index));
      code.byte(OP.i32LtS);
      code.ifUnlikely();
      code.i32Const(blocks[index].header);
      code.localSet(this.at);
      this.leaveBy('tier0');
      code.end();
    }
    this.#emitWithFollowers(index, () => this.#emitInstructions(index));
    if (isLoop) code.end();
    code.byte(OP.unreachable);
  }

  #emitInstructions(index: number): void {
    const { code } = this;
    const block = this.plan.blocks[index];
    this.current = index;
    code.localGet(BUDGET);
    code.i32Const(block.forms.length);
    code.byte(OP.i32Sub);
    code.localSet(BUDGET);
    let ended = false;
    const last = block.header + block.forms.length * RECORD_BYTES;
    for (let record = block.header + RECORD_BYTES; record <= last; record += RECORD_BYTES) {
      const form = formOfNumber(block.forms[(record - block.header) / RECORD_BYTES - 1]);
      this.record = record;
      this.mayPause = false;
      this.form = form;
      this.whole(() => form.def.semantics(this, ...form.operands));
      this.current = index;
      const { endsBlock } = form.def;
      ended = endsBlock === true || (endsBlock === 'protected' && !form.realMode);
      if (!ended && record !== last) this.#pauseHere(block, record + RECORD_BYTES);
    }
    if (!ended) this.#goTo(block.fallsTo);
    code.byte(OP.unreachable);
  }

  /** Leaves between two instructions of a block when a slow path asked for it. */
  #pauseHere(block: RegionBlock, record: number): void {
    if (!this.mayPause) return;
    const { code } = this;
    code.localGet(this.pause);
    code.ifUnlikely();
    const offset = this.view.getUint16(record + R.ipOffset, true);
    this.setRip(this.const(32, this.ripAt(block, offset)));
    this.#giveBack(this.view.getUint16(record + R.remaining, true));
    this.leaveBy('yield');
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
    this.leaveBy('tier0');
    code.end();
  }

  // --- from block to block -------------------------------------------------------------------------------------------------

  /** To an offset of the current page: a block of this region, or out. */
  #goTo(offset: number): void {
    const block = this.plan.blocks[this.current];
    const target = this.#byPlace.get(placeKey(this.plan, block.page, offset));
    const rip = this.ripAt(block, offset);
    const kind = target === undefined ? undefined : this.plan.flow.kind(this.current, target);
    if (kind === undefined) this.#leaveFor(offset, rip);
    else this.#edge(target!, rip, kind);
  }

  /** Out of the region: to a block that is known already, or by looking it up. */
  #leaveFor(offset: number, rip: number): void {
    const { code } = this;
    const exit = this.plan.exits[this.current].get(offset);
    this.setRip(this.const(32, rip));
    if (!exit) {
      this.leaveBy('jump');
      return;
    }
    const from = this.plan.pages[this.plan.blocks[this.current].page];
    if (exit.page.ipBase !== from.ipBase || exit.page.physical !== from.physical) {
      this.#checkMapping(exit.page, rip);
      this.setState32(S.ipBase, this.const(32, exit.page.ipBase));
    }
    code.i32Const(exit.header);
    code.localSet(this.at);
    this.leaveBy('linked');
  }

  #edge(target: number, rip: number, kind: EdgeKind): void {
    const { code } = this;
    const from = this.current;
    const { blocks, pages } = this.plan;
    this.windows.end(from);
    if (this.mayPause) {
      code.localGet(this.pause);
      code.ifUnlikely();
      this.setRip(this.const(32, rip));
      this.leaveBy('yield');
      code.end();
    }
    if (blocks[from].page !== blocks[target].page) {
      this.#checkMapping(pages[blocks[target].page], rip);
      this.setState32(S.ipBase, this.const(32, pages[blocks[target].page].ipBase));
    }
    switch (kind) {
      case 'back':
        this.#settled(() => code.br(code.depth - this.#loopDepth[target] - 1));
        return;
      case 'merge':
        this.#settled(() => code.br(code.depth - this.#labelDepth[target] - 1));
        return;
      case 'dispatch':
        code.i32Const(this.#entryNumbers.get(target)!);
        code.localSet(this.#next);
        code.i32Const(blocks[target].header);
        code.localSet(this.at);
        this.#settled(() => code.br(code.depth - this.#rootDepth - 1));
        return;
      case 'inline': {
        const { form } = this;
        const [record, mayPause] = [this.record, this.mayPause];
        this.flags.aside(() => this.windows.aside(() => this.scoped(() => this.#emitBlock(target))));
        this.form = form;
        this.current = from;
        this.record = record;
        this.mayPause = mayPause;
      }
    }
  }

  /** Control passes to another page of the region (of flat segments): is it still mapped where it was? */
  #checkMapping({ physical, ipBase }: RegionPage, rip: number): void {
    const { code } = this;
    const slot = (ipBase >>> 12) & (CODE_TLB_ENTRIES - 1);
    const entry = codeTlbAddress(this.user) + slot * TLB_ENTRY_BYTES;
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
    this.leaveBy('jump');
    code.end();
    code.end();
  }

  protected override leaveBy(way: Way): void {
    const { code } = this;
    this.#settled(() => code.br(code.depth - this.#ways.get(way)! - 1));
  }

  /** Emits a branch to where the flags are words. */
  #settled(branch: () => void): void {
    this.flags.aside(() => {
      this.whole(() => this.flags.settle());
      branch();
    });
  }

  #emitWayOut(way: Way): void {
    const { code } = this;
    this.flags.forget();
    this.spill();
    switch (way) {
      case 'jump':
        code.i32Const(this.plan.blocks[0].header);
        code.localGet(BUDGET);
        code.returnCall(this.imports.dynamicJump);
        return;
      case 'linked':
        code.localGet(this.at);
        code.memory(OP.i32Load, BLOCK.handler);
        code.i32Const(RUNTIME_HANDLER.STALE);
        code.byte(OP.i32Eq);
        code.ifUnlikely();
        code.i32Const(this.plan.blocks[0].header);
        code.localGet(BUDGET);
        code.returnCall(this.imports.dynamicJump);
        code.end();
        this.#goToRecord();
        return;
      case 'tier0':
        code.localGet(this.at);
        code.localGet(BUDGET);
        code.returnCall(this.imports.blockHeader);
        return;
      case 'missed':
        code.i32Const(this.plan.blocks[0].header);
        code.i32Const(this.plan.blocks[0].header);
        code.memory(OP.i32Load, BLOCK.misses);
        code.localGet(this.target);
        code.byte(OP.i32Add);
        code.localTee(this.target);
        code.memory(OP.i32Store, BLOCK.misses);
        code.localGet(this.target);
        code.i32Const(WINDOW_MISSES);
        code.byte(OP.i32GeU);
        code.if();
        code.i32Const(MISSING_WINDOWS);
        code.i32Const(this.plan.blocks[0].header);
        code.memory(OP.i32Store, 0);
        code.end();
        this.#goToRecord();
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
    this.flags.forget();
    this.setState32(S.rip, Value.local(32, true, this.target));
    const { record, linear } = emitFindBlock(this.body, this.target, this.imports.enterPage, this.#ways.get('jump')!);
    this.setState32(
      S.ipBase,
      this.sub(Value.local(32, true, this.target), this.and(Value.local(32, true, linear), this.const(32, 4095))),
    );
    code.localGet(record);
    code.localTee(this.at);
    code.memory(OP.i32Load, R.handler);
    code.i32Const(this.#slot);
    code.byte(OP.i32Eq);
    code.if(VOID);
    // The same bytes under another address would have other constants.
    this.loadState(S.ipBase, OP.i32Load);
    code.localGet(this.at);
    code.memory(OP.i32Load, BLOCK.ipBase);
    code.byte(OP.i32Eq);
    code.if(VOID);
    code.localGet(this.at);
    code.memory(OP.i32Load, BLOCK.entry);
    code.localSet(this.#next);
    code.br(code.depth - this.#rootDepth - 1);
    code.end();
    code.end();
    this.spill();
    this.#goToRecord();
  }

  #goToRecord(): void {
    const { code } = this;
    code.localGet(this.at);
    code.localGet(BUDGET);
    code.localGet(this.at);
    code.memory(OP.i32Load, R.handler);
    code.returnCallIndirect(this.imports.handlerType);
  }

  // --- control flow ------------------------------------------------------------------------------------------------------------

  override jumpRelative(target: Opnd): void {
    const { record, form } = { record: this.record, form: this.form };
    const offset = branchTarget(this.view, { record, form });
    if (offset !== undefined) this.#goTo(offset);
    else {
      this.setRip(this.relativeTarget(target));
      this.leaveBy('jump');
    }
  }

  override fallThrough(): void {
    if (this.form.def.endsBlock !== true) return;
    this.#goTo(this.view.getUint16(this.record + R.nextOffset, true));
  }

  override jumpTo(rip: Value): void {
    const { code } = this;
    const target = this.let(this.zext(rip, 32));
    const { returnPoints, expected, blocks, flow } = this.plan;
    const guess = this.form.def.computed ? expected[this.current] : undefined;
    for (const point of this.form.def.link === 'return'
      ? returnPoints[this.current]
      : guess === undefined
        ? []
        : [guess]) {
      const address = this.ripAt(blocks[point], blocks[point].offset);
      this.if(this.eq(target, this.const(32, address)), () =>
        this.#edge(point, address, flow.kind(this.current, point)!),
      );
    }
    this.push(target);
    code.localSet(this.target);
    this.#settled(() => code.br(code.depth - this.#dynamicDepth - 1));
  }

  override attempt(common: (giveUp: (when: Value) => void) => void): void {
    common((when) => {
      this.push(when);
      this.code.ifUnlikely();
      this.leaveToRecord();
      this.code.end();
    });
  }

  override jumpToRip(): void {
    this.leaveBy('jump');
  }

  override leave(): void {
    this.leaveBy('yield');
  }

  override restart(): void {
    this.setRip(this.thisIp());
    this.#giveBack(this.view.getUint16(this.record + R.remaining, true) - 1);
    this.leaveBy('repeat');
  }
}

/** A block's place by its rip: unique among the pages of a plan, whose linear pages differ. */
const placeKey = (plan: RegionPlan, page: number, offset: number): number => (plan.pages[page].ipBase + offset) >>> 0;
