import { SEG } from '../../isa/index.ts';
import { I32, OP, OPV, VOID, type Code, type FunctionBody } from '../../wasm/index.ts';
import { HELPERS, type HelperName } from '../helpers.ts';
import { Builder, type SumFlags } from '../insn/builder.ts';
import { typeOf } from '../insn/expressions.ts';
import { KERNELS, type KernelName } from '../insn/kernels.ts';
import { auxOfSum } from '../insn/flags.ts';
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
  TLB,
  TLB_ENTRIES,
  gprAddress,
  segmentAddress,
} from '../layout.ts';
import { BUDGET, RECORD } from './emit.ts';
import type { Form } from './form.ts';

/** Functions and the type that every handler module shares, by index in the module. */
export interface HandlerImports {
  readonly readSlow: number;
  readonly writeSlow: number;
  /** (linear address, bytes with SLOW.WRITE) -> address in linear memory, or 0: only tier 0 can make this access. */
  readonly translate: number;
  readonly helper: number;
  /** (linear address) -> physical page that code is fetched from, or -1; for jumps that miss the code TLB. */
  readonly enterPage: number;
  readonly dynamicJump: number;
  readonly kernels: Readonly<Record<KernelName, number>>;
  /** Tier 0's start of a block, whatever its header says: for a budget too small for compiled code. */
  readonly blockHeader: number;
  /** (record, budget) -> (). */
  readonly handlerType: number;
}

/** Arguments of slow memory accesses: bytes, whether for writing, whether misalignment faults, segment number. */
export const SLOW = { BYTES: 31, WRITE: 1 << 5, ALIGNED: 1 << 6, SEGMENT_SHIFT: 8 } as const;

const LOADS = { 8: OP.i32Load8U, 16: OP.i32Load16U, 32: OP.i32Load, 64: OP.i64Load } as const;
const STORES = { 8: OP.i32Store8, 16: OP.i32Store16, 32: OP.i32Store, 64: OP.i64Store } as const;

function emitLoad(code: Code, width: Width, offset = 0): void {
  if (width === 128) code.vectorMemory(OPV.v128Load, offset);
  else code.memory(LOADS[width], offset);
}

function emitStore(code: Code, width: Width, offset = 0): void {
  if (width === 128) code.vectorMemory(OPV.v128Store, offset);
  else code.memory(STORES[width], offset);
}

/** Where a memory operand lies: a fixed segment register, or the one in the record. */
export interface Place {
  readonly segment: number | 'record';
  readonly flat: boolean;
  readonly address: Value;
  /** Faults unless its address is a multiple of its size. */
  readonly aligned?: boolean;
}

/**
 * Tier 0: turns semantics into a handler whose operands come from the record in its first parameter. A handler does
 * its work and tail-calls the handler of the next record.
 */
export class HandlerBuilder extends Builder {
  protected form: Form;
  protected readonly imports: HandlerImports;
  /** Operands between `modify` and `write`: where in linear memory they lie (0: behind the slow path). */
  readonly #claimed = new Map<Opnd, { place: Place; hostAddress: number }>();

  constructor(body: FunctionBody, form: Form, imports: HandlerImports) {
    super(body);
    this.form = form;
    this.imports = imports;
  }

  get operandWidth(): 16 | 32 | 64 {
    return this.form.operandWidth;
  }
  get addressWidth(): 16 | 32 | 64 {
    return this.form.addressWidth;
  }
  get stackWidth(): 16 | 32 | 64 {
    return this.form.stackWidth;
  }
  get rep(): 0 | 1 | 2 {
    return this.form.rep;
  }
  get realMode(): boolean {
    return this.form.realMode;
  }

  /** The whole handler: the semantics, then the next record. */
  build(): void {
    this.form.def.semantics(this, ...this.form.operands);
    const { endsBlock } = this.form.def;
    if (endsBlock === true || (endsBlock === 'protected' && !this.form.realMode)) {
      this.code.byte(OP.unreachable);
      return;
    }
    this.#tailCallNext();
  }

  #tailCallNext(): void {
    const { code } = this;
    code.localGet(RECORD);
    code.i32Const(RECORD_BYTES);
    code.byte(OP.i32Add);
    code.localGet(BUDGET);
    code.localGet(RECORD);
    code.memory(OP.i32Load, RECORD_BYTES + R.handler);
    code.returnCallIndirect(this.imports.handlerType);
  }

  // --- operands ------------------------------------------------------------------------------------------------------

  protected field(offset: number, op: number = OP.i32Load, width: Width = 32): Value {
    return Value.tree(width, true, () => {
      this.code.localGet(RECORD);
      this.code.memory(op, offset);
    });
  }

  /** Reads happen where they stand: what they read may change later. */
  protected now(width: Width, emit: () => void): Value {
    return this.let(Value.tree(width, true, emit));
  }

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
        return this.#loadPlace(this.#place(operand), operand.width);
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
    const place = this.#place(operand);
    const hostAddress = this.body.newLocal(I32);
    const value = this.body.newLocal(typeOf(operand.width));
    const { code } = this;
    code.i32Const(0);
    code.localSet(hostAddress);
    this.translated(place, operand.width, true, {
      fast: () => {
        code.localTee(hostAddress);
        emitLoad(code, operand.width);
        code.localSet(value);
      },
      slow: () => {
        this.#callReadSlow(place, operand.width, true);
        code.localSet(value);
      },
    });
    this.#claimed.set(operand, { place, hostAddress });
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
          this.#storePlace(this.#place(operand), kept);
          return;
        }
        this.#claimed.delete(operand);
        const { code } = this;
        const store = (): void => {
          code.localGet(claim.hostAddress);
          this.push(kept);
          emitStore(code, kept.width);
        };
        if (!this.hasSlowPaths) {
          store();
          return;
        }
        code.localGet(claim.hostAddress);
        code.if(VOID);
        store();
        code.else();
        this.#callWriteSlow(claim.place, kept);
        code.end();
        return;
      }
      default:
        throw new Error(`an operand of kind ${operand.kind} cannot be written`);
    }
  }

  address(operand: Opnd): Value {
    return this.#place(operand).address;
  }

  segmentIndex(operand: Opnd): Value {
    const { segment } = this.#place(operand);
    return segment === 'record' ? this.field(R.segmentIndex, OP.i32Load8U) : this.const(32, segment);
  }

  segmentSelector(operand: Opnd): Value {
    const place = this.#place(operand);
    return this.now(16, () => {
      this.#pushSegmentAddress(place);
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

  // --- memory ----------------------------------------------------------------------------------------------------------

  load(segment: number, address: Value, width: Width): Value {
    return this.#loadPlace({ segment, flat: this.form.flat, address: this.let(address) }, width);
  }

  store(segment: number, address: Value, value: Value): void {
    this.#storePlace({ segment, flat: this.form.flat, address: this.let(address) }, this.let(value));
  }

  loadOverridable(address: Value, width: Width): Value {
    const place: Place = { segment: 'record', flat: this.form.flatMemory, address: this.let(this.zext(address, 32)) };
    return this.#loadPlace(place, width);
  }

  #place(operand: Opnd): Place {
    switch (operand.kind) {
      case 'src':
        return { segment: 'record', flat: this.form.flatMemory, address: this.#indexRegister(6) };
      case 'dst':
        return { segment: SEG.ES, flat: this.form.flat, address: this.#indexRegister(7) };
      case 'mem': {
        let address = this.#effectiveAddress();
        if (operand.offset) address = this.add(address, operand.offset);
        if (this.form.addressWidth === 16) address = this.and(address, this.const(32, 0xffff));
        const aligned = operand.width === 128 && operand.unaligned !== true;
        return { segment: 'record', flat: this.form.flatMemory, address: this.let(address), aligned };
      }
      default:
        throw new Error(`an operand of kind ${operand.kind} has no address`);
    }
  }

  #indexRegister(index: number): Value {
    return this.let(this.zext(this.readGpr(index, this.form.addressWidth), 32));
  }

  /** base + (index << scale) + disp. */
  #effectiveAddress(): Value {
    const base = this.add(this.readRegister(R.base, 32), this.field(R.disp));
    if (!this.form.indexed) return base;
    return this.add(base, this.shl(this.readRegister(R.index, 32), this.field(R.scale, OP.i32Load8U)));
  }

  /** Adds the address of the TLB for reads or writes at the current privilege, less the offset that is returned. */
  protected addTlb(write: boolean): number {
    this.loadState(write ? S.tlbWrite : S.tlbRead, OP.i32Load);
    this.code.byte(OP.i32Add);
    return 0;
  }

  protected pushRecord(): void {
    this.code.localGet(RECORD);
  }

  #pushSegmentAddress(place: Place): void {
    if (place.segment === 'record') this.push(this.field(R.segment));
    else this.code.i32Const(segmentAddress(place.segment));
  }

  /** False where an access that cannot be made at once leaves the generated code. */
  protected get hasSlowPaths(): boolean {
    return true;
  }

  /**
   * Segment check and TLB look-up. `fast` runs with the address in linear memory on the stack; `slow` where either
   * failed: limit, miss, page crossing, memory-mapped I/O, code page.
   */
  protected translated(
    place: Place,
    width: Width,
    write: boolean,
    paths: { fast: () => void; slow: () => void },
  ): void {
    const { code } = this;
    const linear = this.body.newLocal(I32);
    code.block(VOID);
    code.block(VOID);
    this.pushLinear(place, width, write, linear, () => code.brIfUnlikely(0));
    this.pushHost(linear, width, write, () => code.brIfUnlikely(0));
    paths.fast();
    code.br(1);
    code.end();
    paths.slow();
    code.end();
  }

  /** Leaves the linear address in `linear`; `missIf` where the segment or the alignment forbids the access. */
  protected pushLinear(place: Place, width: Width, write: boolean, linear: number, missIf: () => void): void {
    const { code } = this;
    const bytes = width / 8;
    if (!place.flat) {
      this.push(place.address);
      code.byte(OP.i64ExtendI32U);
      if (bytes > 1) {
        code.i64Const(BigInt(bytes - 1));
        code.byte(OP.i64Add);
      }
      this.#pushSegmentAddress(place);
      code.memory(OP.i64Load, write ? SEGMENT.writeMax : SEGMENT.readMax);
      code.byte(OP.i64GtS);
      missIf();
    }
    this.push(place.address);
    if (!place.flat) {
      this.#pushSegmentAddress(place);
      code.memory(OP.i32Load, SEGMENT.base);
      code.byte(OP.i32Add);
    }
    code.localSet(linear);
    if (!place.aligned) return;
    code.localGet(linear);
    code.i32Const(bytes - 1);
    code.byte(OP.i32And);
    missIf();
  }

  /** The page of the access's last byte: one that crosses its page's end is in no TLB entry. */
  protected pushPage(linear: number, width: Width): void {
    const { code } = this;
    code.localGet(linear);
    if (width > 8) {
      code.i32Const(width / 8 - 1);
      code.byte(OP.i32Add);
    }
    code.i32Const(-4096);
    code.byte(OP.i32And);
  }

  /** Pushes the address in linear memory by the TLB; `missIf` with the comparison of the tags on the stack. */
  protected pushHost(linear: number, width: Width, write: boolean, missIf: () => void): void {
    const { code } = this;
    const entry = this.body.newLocal(I32);
    code.localGet(linear);
    code.i32Const(8);
    code.byte(OP.i32ShrU);
    code.i32Const((TLB_ENTRIES - 1) << 4);
    code.byte(OP.i32And);
    const tlb = this.addTlb(write);
    code.localTee(entry);
    code.memory(OP.i32Load, tlb + TLB.tag);
    this.pushPage(linear, width);
    code.byte(OP.i32Ne);
    missIf();
    code.localGet(linear);
    code.localGet(entry);
    code.memory(OP.i32Load, tlb + TLB.addend);
    code.byte(OP.i32Add);
  }

  #loadPlace(place: Place, width: Width): Value {
    const value = this.body.newLocal(typeOf(width));
    this.translated(place, width, false, {
      fast: () => {
        emitLoad(this.code, width);
        this.code.localSet(value);
      },
      slow: () => {
        this.#callReadSlow(place, width, false);
        this.code.localSet(value);
      },
    });
    return Value.local(width, true, value);
  }

  #storePlace(place: Place, value: Value): void {
    const host = this.body.newLocal(I32);
    this.translated(place, value.width, true, {
      fast: () => {
        this.code.localSet(host);
        this.code.localGet(host);
        this.push(value);
        emitStore(this.code, value.width);
      },
      slow: () => this.#callWriteSlow(place, value),
    });
  }

  span(operand: Opnd, write: boolean): { host: Value; bytes: Value } {
    const { code } = this;
    const place = this.#place(operand);
    const host = this.body.newLocal(I32);
    const bytes = this.variable(this.const(32, 0));
    const fast = (): void => {
      code.localSet(host);
      const start = Value.local(32, true, host);
      this.set(bytes, this.sub(this.const(32, 4096), this.and(start, this.const(32, 4095))));
      if (this.addressWidth === 16) {
        const toWrap = this.let(this.sub(this.const(32, 0x10000), place.address));
        this.if(this.ltU(toWrap, this.get(bytes)), () => this.set(bytes, toWrap));
      }
      if (place.flat) return;
      // Of expand-down segments and those without rights the fast path knows nothing: it is not here for them.
      const largest = Value.tree(32, true, () => {
        this.#pushSegmentAddress(place);
        code.memory(OP.i32Load, write ? SEGMENT.writeMax : SEGMENT.readMax);
      });
      const rest = this.let(this.sub(largest, place.address));
      this.if(this.ltU(rest, this.get(bytes)), () => this.set(bytes, this.add(rest, this.const(32, 1))));
    };
    this.translated(place, 8, write, { fast, slow: () => {} });
    return { host: Value.local(32, true, host), bytes: this.get(bytes) };
  }

  #pushSlowArguments(place: Place, bytes: number, write: boolean): void {
    const { code } = this;
    this.pushRecord();
    code.localGet(BUDGET);
    this.push(place.address);
    const info = bytes | (write ? SLOW.WRITE : 0) | (place.aligned ? SLOW.ALIGNED : 0);
    if (place.segment === 'record') {
      this.push(this.field(R.segmentIndex, OP.i32Load8U));
      code.i32Const(SLOW.SEGMENT_SHIFT);
      code.byte(OP.i32Shl);
      code.i32Const(info);
      code.byte(OP.i32Or);
    } else code.i32Const(info | (place.segment << SLOW.SEGMENT_SHIFT));
  }

  /** Leaves the value on the stack. */
  #callReadSlow(place: Place, width: Width, write: boolean): void {
    this.#pushSlowArguments(place, width / 8, write);
    this.code.call(this.imports.readSlow);
    const value = this.body.newLocal(I32);
    this.code.localSet(value);
    this.afterCall();
    if (width === 64) this.loadState(S.transfer, OP.i64Load);
    else if (width === 128) this.push(this.stateVector(S.transfer));
    else this.code.localGet(value);
  }

  #callWriteSlow(place: Place, value: Value): void {
    const wide = value.width > 32;
    if (value.width === 128) this.setStateVector(S.transfer, value);
    else if (wide) this.storeState(S.transfer, OP.i64Store, value);
    this.#pushSlowArguments(place, value.width / 8, true);
    if (wide) this.code.i32Const(0);
    else this.pushClean(value);
    this.code.call(this.imports.writeSlow);
    this.afterCall();
  }

  /** A call into TypeScript may have raised a fault, and may have changed the budget. */
  protected afterCall(): void {
    const { code } = this;
    this.loadState(S.fault, OP.i32Load);
    code.ifUnlikely();
    code.byte(OP.return);
    code.end();
    this.loadState(S.budget, OP.i32Load);
    code.localSet(BUDGET);
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

  setFlagsSum(flags: SumFlags): void {
    this.setFlagsResult(flags.result);
    this.setFlagsAux(auxOfSum(this, flags));
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
    code.localGet(block);
    code.localGet(BUDGET);
    code.localGet(block);
    code.memory(OP.i32Load, R.handler);
    code.returnCallIndirect(this.imports.handlerType);
    code.end();
    this.scoped(() => {
      this.setRip(rip());
      this.setState32(S.exitLink, this.add(Value.local(32, true, RECORD), this.const(32, linkField)));
      this.#exit(EXIT.RESOLVE);
    });
  }

  jumpTo(rip: Value): void {
    const target = this.let(rip);
    this.setRip(target);
    if (this.form.def.computed) {
      this.pushRecord();
      this.pushClean(target);
      this.code.memory(OP.i32Store, R.lastTarget);
    }
    this.jumpToRip();
  }

  setRip(rip: Value): void {
    this.setState32(S.rip, this.zext(rip, 32));
  }

  jumpToRip(): void {
    this.code.localGet(RECORD);
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
