import { I32, I64, OP, VOID, type FunctionBody } from '../../wasm/index.ts';
import type { Opnd } from '../insn/operand.ts';
import { Value, type Width } from '../insn/value.ts';
import type { Form } from '../interp/form.ts';
import { BUDGET, HandlerBuilder, type HandlerImports } from '../interp/handler-builder.ts';
import { EXIT, MODE, R, RECORD_BYTES, S, STATE, gprAddress, tlbAddress } from '../layout.ts';

const GPR_COUNT = 8;

/** A decoded instruction of a region: its record, and the form that its handler was made from. */
export interface RegionInsn {
  readonly record: number;
  readonly form: Form;
}

/** A block of a region; all blocks lie in one page and one mode. */
export interface RegionBlock {
  readonly header: number;
  /** Offset in the page of its first byte. */
  readonly offset: number;
  readonly instructions: readonly RegionInsn[];
  /** Offset of what follows when the last instruction is no branch. */
  readonly fallsTo: number;
}

/** How the region is left, in a local: what the common exit does after writing the registers back. */
const LEAVE = {
  /** Before the instruction of the record in the exit local; the rest of its block does not run. */
  AT_RECORD: 0,
  /** A slow path raised a fault. */
  FAULT: 1,
  /** S.rip is set: go on there, through the jump cache. */
  JUMP: 2,
  /** S.rip is set: back to TypeScript. */
  YIELD: 3,
} as const;

/**
 * Tier 1: the same semantics as tier 0, with operands taken from the records now instead of when they run. General
 * registers and flags live in locals, blocks of one page follow each other without a dispatch through the table.
 */
export class RegionBuilder extends HandlerBuilder {
  readonly #view: DataView;
  readonly #user: boolean;
  readonly #blocks: readonly RegionBlock[];
  readonly #byOffset: ReadonlyMap<number, number>;
  readonly #gpr: number[] = [];
  readonly #result: number;
  readonly #aux: number;
  readonly #next: number;
  readonly #epoch: number;
  readonly #leave: number;
  readonly #exitRecord: number;
  readonly #exitReason: number;
  /** Set in a slow path: the board or a changed code page wants control before the next instruction. */
  readonly #pause: number;
  #record = 0;
  #current = 0;
  #mayPause = false;
  #dispatchDepth = 0;
  #selfDepth = 0;
  #exitDepth = 0;

  constructor(
    body: FunctionBody,
    blocks: readonly RegionBlock[],
    mode: number,
    view: DataView,
    imports: HandlerImports,
  ) {
    super(body, blocks[0].instructions[0].form, imports);
    this.#view = view;
    this.#user = (mode & MODE.USER) !== 0;
    this.#blocks = blocks;
    this.#byOffset = new Map(blocks.map((block, index) => [block.offset, index]));
    for (let i = 0; i < GPR_COUNT; i++) this.#gpr.push(body.newLocal(I32));
    this.#result = body.newLocal(I64);
    this.#aux = body.newLocal(I32);
    this.#next = body.newLocal(I32);
    this.#epoch = body.newLocal(I32);
    this.#leave = body.newLocal(I32);
    this.#exitRecord = body.newLocal(I32);
    this.#exitReason = body.newLocal(I32);
    this.#pause = body.newLocal(I32);
  }

  override build(): void {
    const { code } = this;
    this.#reload();
    this.loadState(S.codeEpoch, OP.i32Load);
    code.localSet(this.#epoch);
    this.#exitDepth = code.depth;
    code.block(VOID);
    this.#dispatchDepth = code.depth;
    code.loop(VOID);
    for (let i = 0; i < this.#blocks.length; i++) code.block(VOID);
    code.localGet(this.#next);
    code.brTable(
      this.#blocks.map((_, i) => i),
      0,
    );
    this.#blocks.forEach((block, index) => {
      code.end();
      this.#selfDepth = code.depth;
      code.loop(VOID);
      this.scoped(() => this.#emitBlock(block, index));
      code.end();
    });
    code.byte(OP.unreachable);
    code.end();
    code.end();
    this.#emitExit();
  }

  #emitBlock(block: RegionBlock, index: number): void {
    const { code } = this;
    this.#current = index;
    // Code of this page was written since we came in: this may not be what it says any more.
    this.loadState(S.codeEpoch, OP.i32Load);
    code.localGet(this.#epoch);
    code.byte(OP.i32Ne);
    code.if(VOID);
    this.#leaveAt(block.header, EXIT.YIELD);
    code.end();
    code.localGet(BUDGET);
    code.i32Const(block.instructions.length);
    code.byte(OP.i32LtS);
    code.if(VOID);
    this.#leaveAt(block.header, EXIT.BUDGET);
    code.end();
    code.localGet(BUDGET);
    code.i32Const(block.instructions.length);
    code.byte(OP.i32Sub);
    code.localSet(BUDGET);
    let ended = false;
    for (const { record, form } of block.instructions) {
      this.#record = record;
      this.#mayPause = false;
      this.form = form;
      this.scoped(() => form.def.semantics(this, ...form.operands));
      const { endsBlock } = form.def;
      ended = endsBlock === true || (endsBlock === 'protected' && !form.realMode);
      if (ended || !this.#mayPause) continue;
      code.localGet(this.#pause);
      code.if(VOID);
      this.#leaveAt(record + RECORD_BYTES, EXIT.YIELD);
      code.end();
    }
    if (!ended) this.#goTo(block.fallsTo);
    code.byte(OP.unreachable);
  }

  /** To a block of this region, or out by a jump to that offset of the page. */
  #goTo(offset: number): void {
    const { code } = this;
    const index = this.#byOffset.get(offset);
    if (index === this.#current) {
      code.br(code.depth - this.#selfDepth - 1);
      return;
    }
    if (index !== undefined) {
      code.i32Const(index);
      code.localSet(this.#next);
      code.br(code.depth - this.#dispatchDepth - 1);
      return;
    }
    this.jumpTo(this.add(this.state32(S.ipBase), this.const(32, offset)));
  }

  #leaveBy(kind: number): void {
    const { code } = this;
    code.i32Const(kind);
    code.localSet(this.#leave);
    code.br(code.depth - this.#exitDepth - 1);
  }

  #leaveAt(record: number, reason: number): void {
    const { code } = this;
    code.i32Const(record);
    code.localSet(this.#exitRecord);
    code.i32Const(reason);
    code.localSet(this.#exitReason);
    this.#leaveBy(LEAVE.AT_RECORD);
  }

  #emitExit(): void {
    const { code } = this;
    this.#spill();
    const when = (kind: number, then: () => void): void => {
      code.localGet(this.#leave);
      code.i32Const(kind);
      code.byte(OP.i32Eq);
      code.if(VOID);
      then();
      code.end();
    };
    when(LEAVE.JUMP, () => {
      code.i32Const(this.#blocks[0].header);
      code.localGet(BUDGET);
      code.returnCall(this.imports.dynamicJump);
    });
    when(LEAVE.FAULT, () => code.byte(OP.return));
    this.setState32(S.exitLink, this.const(32, 0));
    when(LEAVE.AT_RECORD, () => {
      const at = (offset: number): Value =>
        Value.tree(32, true, () => {
          code.localGet(this.#exitRecord);
          code.memory(OP.i32Load16U, offset);
        });
      this.setState32(S.rip, this.add(this.state32(S.ipBase), at(R.ipOffset)));
      this.setState32(S.exitReason, Value.local(32, true, this.#exitReason));
      this.setState32(S.budget, this.add(Value.local(32, true, BUDGET), at(R.remaining)));
      code.byte(OP.return);
    });
    this.setState32(S.exitReason, this.const(32, EXIT.YIELD));
    this.setState32(S.budget, Value.local(32, true, BUDGET));
  }

  // --- registers in locals -----------------------------------------------------------------------------------------------

  #spill(): void {
    const { code } = this;
    this.#gpr.forEach((local, i) => {
      code.i32Const(gprAddress(i));
      code.localGet(local);
      code.memory(OP.i32Store, 0);
    });
    code.i32Const(STATE);
    code.localGet(this.#result);
    code.memory(OP.i64Store, S.flagsResult);
    code.i32Const(STATE);
    code.localGet(this.#aux);
    code.memory(OP.i32Store, S.flagsAux);
  }

  #reload(): void {
    const { code } = this;
    this.#gpr.forEach((local, i) => {
      code.i32Const(gprAddress(i));
      code.memory(OP.i32Load, 0);
      code.localSet(local);
    });
    this.loadState(S.flagsResult, OP.i64Load);
    code.localSet(this.#result);
    this.loadState(S.flagsAux, OP.i32Load);
    code.localSet(this.#aux);
  }

  override readGpr(index: number, width: Width, high = false): Value {
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
    this.push(this.sext(result, 64));
    this.code.localSet(this.#result);
  }
  override setFlagsAux(aux: Value): void {
    this.push(aux);
    this.code.localSet(this.#aux);
  }
  override flagsResult(): Value {
    return this.now(64, () => this.code.localGet(this.#result));
  }
  override flagsAux(): Value {
    return this.now(32, () => this.code.localGet(this.#aux));
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

  protected override pushTlb(write: boolean): void {
    this.code.i32Const(tlbAddress(this.#user, write));
  }

  protected override pushRecord(): void {
    this.code.i32Const(this.#record);
  }

  // --- calls into TypeScript -------------------------------------------------------------------------------------------------

  protected override afterCall(): void {
    const { code } = this;
    this.loadState(S.fault, OP.i32Load);
    code.if(VOID);
    this.#leaveBy(LEAVE.FAULT);
    code.end();
    this.#afterReturn();
  }

  protected override beforeHelper(): void {
    this.#spill();
  }

  /** A helper that faulted may have changed registers in memory (a task switch): they are not written over. */
  protected override afterHelper(): void {
    const { code } = this;
    this.loadState(S.fault, OP.i32Load);
    code.if(VOID);
    code.byte(OP.return);
    code.end();
    this.#reload();
    this.#afterReturn();
  }

  /** A kick or a write to this block turned the next record into something else. */
  #afterReturn(): void {
    const { code } = this;
    this.loadState(S.budget, OP.i32Load);
    code.localSet(BUDGET);
    const next = this.#record + RECORD_BYTES + R.handler;
    code.i32Const(next);
    code.memory(OP.i32Load, 0);
    code.i32Const(this.#view.getUint32(next, true));
    code.byte(OP.i32Ne);
    code.localGet(this.#pause);
    code.byte(OP.i32Or);
    code.localSet(this.#pause);
    this.#mayPause = true;
  }

  // --- control flow ------------------------------------------------------------------------------------------------------------

  override jumpRelative(target: Opnd): void {
    if (this.form.targetInPage) this.#goTo(this.#view.getInt32(this.#record + R.imm, true));
    else this.jumpTo(this.relativeTarget(target));
  }

  override fallThrough(): void {
    if (this.form.def.endsBlock !== true) return;
    if (this.form.nextInPage) this.#goTo(this.#view.getUint16(this.#record + R.nextOffset, true));
    else this.jumpTo(this.nextIp());
  }

  override jumpToRip(): void {
    this.#leaveBy(LEAVE.JUMP);
  }

  override leave(): void {
    this.#leaveBy(LEAVE.YIELD);
  }

  override restart(): void {
    this.setRip(this.thisIp());
    const { code } = this;
    code.localGet(BUDGET);
    code.i32Const(this.#view.getUint16(this.#record + R.remaining, true) - 1);
    code.byte(OP.i32Add);
    code.localSet(BUDGET);
    this.#leaveBy(LEAVE.YIELD);
  }
}
