import { SEG } from '../../isa/index.ts';
import { I32, OP, VOID } from '../../wasm/index.ts';
import { HELPERS, type HelperName } from '../helpers.ts';
import { typeOf } from '../insn/expressions.ts';
import { KERNELS, type KernelName } from '../insn/kernels.ts';
import { emitLoad, emitStore } from '../insn/memory.ts';
import { isMemory, type Opnd } from '../insn/operand.ts';
import { Value, type Width } from '../insn/value.ts';
import {
  EXIT,
  R,
  RECORD_BYTES,
  S,
  SEGMENT,
  SEGMENT_BYTES,
  SHADOW,
  SSE,
  gprAddress,
  segmentAddress,
} from '../layout.ts';
import { BUDGET, RECORD, emitGoToBlock } from './emit.ts';
import { emitGoToLastBlock } from './jumps.ts';
import { MemoryBuilder, type Place } from './memory-builder.ts';

/**
 * Tier 0: turns semantics into a handler whose operands come from the record in its first parameter. A handler does
 * its work and tail-calls the handler of the next record.
 */
export class HandlerBuilder extends MemoryBuilder {
  /** Operands between `modify` and `write`: where in linear memory they lie (0: behind the slow path). */
  readonly #claimed = new Map<Opnd, { place: Place; hostAddress: number; offset: number }>();

  /** The whole handler: the semantics, then the next record. */
  build(): void {
    this.form.def.semantics(this, ...this.form.operands);
    const { endsBlock } = this.form.def;
    if (endsBlock === true || (endsBlock === 'protected' && !this.form.realMode)) {
      this.code.byte(OP.unreachable);
      return;
    }
    this.tailCallNext();
  }

  protected tailCallNext(): void {
    const { code } = this;
    const next = this.recordOffset + RECORD_BYTES;
    code.localGet(RECORD);
    code.i32Const(next);
    code.byte(OP.i32Add);
    code.localGet(BUDGET);
    code.localGet(RECORD);
    code.memory(OP.i32Load, next + R.handler);
    code.returnCallIndirect(this.imports.handlerType);
  }

  // --- operands ------------------------------------------------------------------------------------------------------

  read(operand: Opnd): Value {
    switch (operand.kind) {
      case 'reg':
      case 'xmm':
      case 'mmx':
        return this.readRegister(operand.slot === 1 ? R.reg1 : R.reg2, operand.width);
      case 'xmm0':
        return this.stateVector(SSE.xmm);
      case 'gpr':
        return this.readGpr(operand.index, operand.width, operand.high);
      case 'imm':
        return this.#immediate(operand);
      case 'const':
        return this.const(operand.width, operand.value);
      case 'seg':
        return this.now(16, () => {
          this.push(this.field(operand.slot === 1 ? R.reg1 : R.reg2));
          this.code.memory(OP.i32Load16U, SEGMENT.selector);
        });
      case 'special':
        return this.field(R.imm);
      case 'mem':
      case 'src':
      case 'dst':
        return this.loadPlace(this.place(operand), operand.width);
      default:
        throw new Error(`an operand of kind ${operand.kind} has no value`);
    }
  }

  /** The register whose address is in a field of the record. */
  protected readRegister(field: number, width: Width): Value {
    return this.now(width, () => {
      this.push(this.field(field));
      emitLoad(this.code, width);
    });
  }

  protected writeRegister(field: number, value: Value): void {
    this.push(this.field(field));
    this.push(value);
    emitStore(this.code, value.width);
  }

  #immediate(operand: Extract<Opnd, { kind: 'imm' }>): Value {
    const offset = operand.second ? R.imm2 : R.imm;
    if (operand.width === 8) return this.field(offset, OP.i32Load8U, 8);
    if (operand.width === 16) return this.field(offset, OP.i32Load16U, 16);
    return this.field(offset, OP.i32Load, 32);
  }

  modify(operand: Opnd): Value {
    if (!isMemory(operand)) return this.read(operand);
    const place = this.place(operand);
    const hostAddress = this.body.newLocal(I32);
    const value = this.body.newLocal(typeOf(operand.width));
    const { code } = this;
    code.i32Const(0);
    code.localSet(hostAddress);
    let offset = 0;
    this.translated(place, operand.width, true, {
      fast: (distance) => {
        offset = distance;
        code.localTee(hostAddress);
        emitLoad(code, operand.width, offset);
        code.localSet(value);
      },
      slow: () => {
        this.callReadSlow(place, operand.width, true);
        code.localSet(value);
      },
    });
    this.#claimed.set(operand, { place, hostAddress, offset });
    return Value.local(operand.width, true, value);
  }

  write(operand: Opnd, value: Value): void {
    switch (operand.kind) {
      case 'reg':
      case 'xmm':
      case 'mmx':
        this.writeRegister(operand.slot === 1 ? R.reg1 : R.reg2, value);
        if (operand.kind !== 'mmx') return;
        // To the FPU a register that MMX wrote is a NaN or an infinity.
        this.push(this.field(operand.slot === 1 ? R.reg1 : R.reg2));
        this.code.i32Const(0xffff);
        this.code.memory(OP.i32Store, 8);
        return;
      case 'xmm0':
        this.setStateVector(SSE.xmm, value);
        return;
      case 'gpr':
        this.writeGpr(operand.index, value, operand.high);
        return;
      case 'mem':
      case 'src':
      case 'dst': {
        const kept = this.let(value);
        const claim = this.#claimed.get(operand);
        if (!claim) {
          this.storePlace(this.place(operand), kept);
          return;
        }
        this.#claimed.delete(operand);
        const { code } = this;
        const store = (): void => {
          code.localGet(claim.hostAddress);
          this.push(kept);
          emitStore(code, kept.width, claim.offset);
        };
        if (!this.hasSlowPaths) {
          store();
          return;
        }
        code.localGet(claim.hostAddress);
        code.if(VOID);
        store();
        code.else();
        this.callWriteSlow(claim.place, kept);
        code.end();
        return;
      }
      default:
        throw new Error(`an operand of kind ${operand.kind} cannot be written`);
    }
  }

  address(operand: Opnd): Value {
    return this.place(operand).address;
  }

  segmentIndex(operand: Opnd): Value {
    const { segment } = this.place(operand);
    return segment === 'record' ? this.field(R.segmentIndex, OP.i32Load8U) : this.const(32, segment);
  }

  segmentSelector(operand: Opnd): Value {
    const place = this.place(operand);
    return this.now(16, () => {
      this.pushSegmentAddress(place);
      this.code.memory(OP.i32Load16U, SEGMENT.selector);
    });
  }

  segmentNumber(operand: Opnd): Value {
    if (operand.kind !== 'seg') throw new Error('not a segment register');
    const hidden = this.field(operand.slot === 1 ? R.reg1 : R.reg2);
    return this.divU(this.sub(hidden, this.const(32, segmentAddress(0))), this.const(32, SEGMENT_BYTES));
  }

  displaced(operand: Opnd, bytes: Value, width: Width): Opnd {
    if (operand.kind !== 'mem') throw new Error('only memory can be displaced');
    return { kind: 'mem', width, offset: operand.offset ? this.add(operand.offset, bytes) : bytes };
  }

  readGpr(index: number, width: Width, high = false): Value {
    return this.now(width, () => {
      this.code.i32Const(gprAddress(index) + (high ? 1 : 0));
      emitLoad(this.code, width);
    });
  }

  writeGpr(index: number, value: Value, high = false): void {
    this.code.i32Const(gprAddress(index) + (high ? 1 : 0));
    this.push(value);
    emitStore(this.code, value.width);
  }

  loadRealSegment(operand: Opnd, selector: Value): void {
    if (operand.kind !== 'seg') throw new Error('not a segment register');
    const kept = this.let(this.zext(selector, 32));
    const field = operand.slot === 1 ? R.reg1 : R.reg2;
    this.push(this.field(field));
    this.push(kept);
    this.code.memory(OP.i32Store16, SEGMENT.selector);
    this.push(this.field(field));
    this.push(this.shl(kept, 4));
    this.code.memory(OP.i32Store, SEGMENT.base);
    if (operand.stack) {
      this.setState32(S.shadowRip, this.nextIp());
      this.setState32(S.shadowActive, this.const(32, SHADOW.STACK));
    }
  }

  /** Helpers work on the state in linear memory. */
  protected beforeHelper(): void {}

  protected afterHelper(): void {
    this.afterCall();
  }

  helper(name: HelperName, ...args: Value[]): Value {
    const { code } = this;
    const result = this.body.newLocal(I32);
    this.beforeHelper();
    this.pushRecord();
    code.localGet(BUDGET);
    code.i32Const(HELPERS.indexOf(name));
    for (let i = 0; i < 3; i++)
      if (args[i]) this.pushClean(args[i]);
      else code.i32Const(0);
    code.call(this.imports.helper);
    code.localSet(result);
    this.afterHelper();
    return Value.local(32, true, result);
  }

  kernel(name: KernelName, ...args: readonly Value[]): Value[] {
    for (const arg of args) this.pushClean(arg);
    this.code.call(this.imports.kernels[name]);
    const results = KERNELS[name].results.map((width) => Value.local(width, true, this.body.newLocal(typeOf(width))));
    for (const { local } of results.toReversed()) this.code.localSet(local);
    return results;
  }

  // --- control flow ------------------------------------------------------------------------------------------------------

  /** rip at the offset that a field of the record holds. */
  protected ipAt(offsetField: number): Value {
    return this.now(32, () => {
      this.loadState(S.ipBase, OP.i32Load);
      this.push(this.field(offsetField, OP.i32Load16U));
      this.code.byte(OP.i32Add);
    });
  }

  nextIp(): Value {
    return this.ipAt(R.nextOffset);
  }

  thisIp(): Value {
    return this.ipAt(R.ipOffset);
  }

  relativeTarget(_target: Opnd): Value {
    // The record holds the displacement counted from the start of the page.
    const target = this.now(32, () => {
      this.loadState(S.ipBase, OP.i32Load);
      this.push(this.field(R.imm));
      this.code.byte(OP.i32Add);
    });
    return this.operandWidth === 16 ? this.and(target, this.const(32, 0xffff)) : target;
  }

  checkCodeLimit(rip: Value): void {
    if (this.form.flat) return;
    const limit = Value.tree(32, true, () => {
      this.code.i32Const(segmentAddress(SEG.CS));
      this.code.memory(OP.i32Load, SEGMENT.limit);
    });
    this.if(this.gtU(this.let(rip), limit), () => void this.helper('generalProtection'));
  }

  jumpRelative(target: Opnd): void {
    if (this.form.targetInPage) this.#linkedJump(R.reg1, () => this.relativeTarget(target));
    else this.jumpTo(this.relativeTarget(target));
  }

  fallThrough(): void {
    if (this.form.def.endsBlock !== true) return;
    if (this.form.nextInPage) this.#linkedJump(R.reg2, () => this.nextIp());
    else this.jumpTo(this.nextIp());
  }

  /** Goes to the linked block, or asks for the link. */
  #linkedJump(linkField: number, rip: () => Value): void {
    const { code } = this;
    const block = this.body.newLocal(I32);
    this.push(this.field(linkField));
    code.localTee(block);
    code.if(VOID);
    emitGoToBlock(this.body, block, this.imports.handlerType);
    code.end();
    this.scoped(() => {
      this.setRip(rip());
      this.setState32(
        S.exitLink,
        this.add(Value.local(32, true, RECORD), this.const(32, this.recordOffset + linkField)),
      );
      this.#exit(EXIT.RESOLVE);
    });
  }

  jumpTo(rip: Value): void {
    const { code, form } = this;
    const target = this.let(rip);
    if (form.def.computed) {
      this.pushRecord();
      this.pushClean(target);
      code.memory(OP.i32Store, R.lastTarget);
    }
    if (!form.flat || form.operandWidth !== 32) {
      this.setRip(target);
      this.jumpToRip();
      return;
    }
    const linear = this.body.newLocal(I32);
    this.push(target);
    code.localSet(linear);
    emitGoToLastBlock(this.body, linear, () => this.push(this.field(R.lastBlock)), this.imports.handlerType);
    this.setRip(target);
    this.pushRecord();
    code.localGet(BUDGET);
    code.returnCall(this.imports.rememberedJump);
  }

  setRip(rip: Value): void {
    this.setState32(S.rip, this.zext(rip, 32));
  }

  jumpToRip(): void {
    this.pushRecord();
    this.code.localGet(BUDGET);
    this.code.returnCall(this.imports.dynamicJump);
  }

  leave(): void {
    this.#exit(EXIT.YIELD);
  }

  goToNextEarly(): void {
    this.#giveBackRest();
    this.goToNext();
  }

  restart(): void {
    this.setRip(this.thisIp());
    this.#giveBackRest();
    this.#exit(EXIT.REPEAT);
  }

  /** The rest of the block does not run now; this instruction counts as one. */
  #giveBackRest(): void {
    const rest = this.sub(this.field(R.remaining, OP.i32Load16U), this.const(32, 1));
    this.push(this.add(Value.local(32, true, BUDGET), rest));
    this.code.localSet(BUDGET);
  }

  #exit(reason: number): void {
    this.setState32(S.exitReason, this.const(32, reason));
    this.setState32(S.budget, Value.local(32, true, BUDGET));
    this.code.byte(OP.return);
  }
}
