import { SEG } from '../../isa/index.ts';
import { I32, I64, OP, VOID, type FunctionBody } from '../../wasm/index.ts';
import { Builder } from '../insn/builder.ts';
import { typeOf } from '../insn/expressions.ts';
import type { KernelName } from '../insn/kernels.ts';
import { emitLoad, emitStore } from '../insn/memory.ts';
import type { Opnd } from '../insn/operand.ts';
import { Value, type Width } from '../insn/value.ts';
import { R, S, SEGMENT, TLB, TLB_ENTRIES, segmentAddress } from '../layout.ts';
import { BUDGET, RECORD, pushTlbEntry } from './emit.ts';
import type { Form } from './form.ts';

/** Functions and the type that every handler module shares, by index in the module. */
export interface HandlerImports {
  readonly readSlow: number;
  readonly writeSlow: number;
  /** (linear address, bytes with SLOW.WRITE) -> address in linear memory, or 0: only tier 0 can make this access. */
  readonly translate: number;
  /** (linear address, as for `translate`, start of a window, its bytes) -> the start's address in linear memory, 0 or WINDOW_MISS. */
  readonly openWindow: number;
  readonly helper: number;
  /** (linear address) -> physical page that code is fetched from, or -1; for jumps that miss the code TLB. */
  readonly enterPage: number;
  readonly dynamicJump: number;
  /** The same, which leaves the block in R.lastBlock. */
  readonly rememberedJump: number;
  /** How a handler ends when S.fault is set. */
  readonly faulted: number;
  readonly kernels: Readonly<Record<KernelName, number>>;
  /** Tier 0's start of a block, whatever its header says: for a budget too small for compiled code. */
  readonly blockHeader: number;
  /** (record, budget) -> (). */
  readonly handlerType: number;
}

/** Arguments of slow memory accesses: bytes, whether for writing, whether misalignment faults, segment number. */
export const SLOW = { BYTES: 31, WRITE: 1 << 5, ALIGNED: 1 << 6, SEGMENT_SHIFT: 8 } as const;

/** No address in linear memory that a window begins at: what `openWindow` returns when only the window is the problem. */
export const WINDOW_MISS = 1;

/** Where a memory operand lies: a fixed segment register, or the one in the record. */
export interface Place {
  readonly segment: number | 'record';
  readonly flat: boolean;
  readonly address: Value;
  /** Faults unless its address is a multiple of its size. */
  readonly aligned?: boolean;
}

/**
 * `fast` runs with an address in linear memory on the stack, to which `offset` bytes are to be added; `slow` where segment
 * check or TLB look-up failed: limit, miss, page crossing, memory-mapped I/O, code page.
 */
export interface AccessPaths {
  readonly fast: (offset: number) => void;
  readonly slow: () => void;
}

/**
 * Operands in memory: where they lie by a record's fields, the segment check, the TLB look-up, and the slow paths where
 * one of those fails.
 */
export abstract class MemoryBuilder extends Builder {
  protected form: Form;
  protected readonly imports: HandlerImports;
  /** Bytes from the record in the handler's first parameter to that of the instruction. */
  protected recordOffset = 0;

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

  protected field(offset: number, op: number = OP.i32Load, width: Width = 32): Value {
    return Value.tree(width, true, () => {
      this.code.localGet(RECORD);
      this.code.memory(op, this.recordOffset + offset);
    });
  }

  /** Reads happen where they stand: what they read may change later. */
  protected now(width: Width, emit: () => void): Value {
    return this.let(Value.tree(width, true, emit));
  }

  /** The register whose address is in a field of the record. */
  protected abstract readRegister(field: number, width: Width): Value;

  load(segment: number, address: Value, width: Width): Value {
    return this.loadPlace({ segment, flat: this.form.flat, address: this.let(address) }, width);
  }

  store(segment: number, address: Value, value: Value): void {
    this.storePlace({ segment, flat: this.form.flat, address: this.let(address) }, this.let(value));
  }

  loadOverridable(address: Value, width: Width): Value {
    const place: Place = { segment: 'record', flat: this.form.flatMemory, address: this.let(this.zext(address, 32)) };
    return this.loadPlace(place, width);
  }

  protected place(operand: Opnd): Place {
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

  /** Where the TLB for reads or writes at the current privilege lies: at what is pushed, if anything, plus an offset. */
  protected tlb(write: boolean): { readonly push?: () => void; readonly offset: number } {
    return { push: () => this.loadState(write ? S.tlbWrite : S.tlbRead, OP.i32Load), offset: 0 };
  }

  protected pushRecord(): void {
    const { code } = this;
    code.localGet(RECORD);
    if (this.recordOffset === 0) return;
    code.i32Const(this.recordOffset);
    code.byte(OP.i32Add);
  }

  protected pushSegmentAddress(place: Place): void {
    if (place.segment === 'record') this.push(this.field(R.segment));
    else this.code.i32Const(segmentAddress(place.segment));
  }

  /** False where an access that cannot be made at once leaves the generated code. */
  protected get hasSlowPaths(): boolean {
    return true;
  }

  /**
   * Segment check and TLB look-up.
   */
  protected translated(place: Place, width: Width, write: boolean, paths: AccessPaths): void {
    const { code } = this;
    const linear = this.body.newLocal(I32);
    code.block(VOID);
    code.block(VOID);
    this.pushLinear(place, width, write, linear, () => code.brIfUnlikely(0));
    this.pushHost(linear, width / 8, write, () => code.brIfUnlikely(0));
    paths.fast(0);
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
      this.pushSegmentAddress(place);
      code.memory(OP.i64Load, write ? SEGMENT.writeMax : SEGMENT.readMax);
      code.byte(OP.i64GtS);
      missIf();
    }
    this.push(place.address);
    if (!place.flat) {
      this.pushSegmentAddress(place);
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
  protected pushPage(linear: number, bytes: number): void {
    const { code } = this;
    code.localGet(linear);
    if (bytes > 1) {
      code.i32Const(bytes - 1);
      code.byte(OP.i32Add);
    }
    code.i32Const(-4096);
    code.byte(OP.i32And);
  }

  /** Pushes the address in linear memory by the TLB; `missIf` with the comparison of the tags on the stack. */
  protected pushHost(linear: number, bytes: number, write: boolean, missIf: () => void): void {
    const { code } = this;
    const entry = this.body.newLocal(I64);
    const { push, offset } = this.tlb(write);
    pushTlbEntry(code, linear, TLB_ENTRIES, push);
    code.memory(OP.i64Load, offset + TLB.tag);
    code.localTee(entry);
    code.byte(OP.i32WrapI64);
    this.pushPage(linear, bytes);
    code.byte(OP.i32Ne);
    missIf();
    code.localGet(linear);
    code.localGet(entry);
    code.i64Const(BigInt(8 * (TLB.addend - TLB.tag)));
    code.byte(OP.i64ShrU);
    code.byte(OP.i32WrapI64);
    code.byte(OP.i32Add);
  }

  protected loadPlace(place: Place, width: Width): Value {
    const value = this.body.newLocal(typeOf(width));
    this.translated(place, width, false, {
      fast: (offset) => {
        emitLoad(this.code, width, offset);
        this.code.localSet(value);
      },
      slow: () => {
        this.callReadSlow(place, width, false);
        this.code.localSet(value);
      },
    });
    return Value.local(width, true, value);
  }

  protected storePlace(place: Place, value: Value): void {
    const host = this.body.newLocal(I32);
    this.translated(place, value.width, true, {
      fast: (offset) => {
        this.code.localSet(host);
        this.code.localGet(host);
        this.push(value);
        emitStore(this.code, value.width, offset);
      },
      slow: () => this.callWriteSlow(place, value),
    });
  }

  span(operand: Opnd, write: boolean): { host: Value; bytes: Value } {
    const { code } = this;
    const place = this.place(operand);
    const host = this.body.newLocal(I32);
    const bytes = this.variable(this.const(32, 0));
    const fast = (offset: number): void => {
      if (offset !== 0) {
        code.i32Const(offset);
        code.byte(OP.i32Add);
      }
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
        this.pushSegmentAddress(place);
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
  protected callReadSlow(place: Place, width: Width, write: boolean): void {
    this.#pushSlowArguments(place, width / 8, write);
    this.code.call(this.imports.readSlow);
    const value = this.body.newLocal(I32);
    this.code.localSet(value);
    this.afterCall();
    if (width === 64) this.loadState(S.transfer, OP.i64Load);
    else if (width === 128) this.push(this.stateVector(S.transfer));
    else this.code.localGet(value);
  }

  protected callWriteSlow(place: Place, value: Value): void {
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
    this.pushRecord();
    code.localGet(BUDGET);
    code.returnCall(this.imports.faulted);
    code.end();
    this.loadState(S.budget, OP.i32Load);
    code.localSet(BUDGET);
  }
}
