/** The x87 register stack, exceptions and their delivery, control. Intel SDM volume 1, 8.1, 8.5 to 8.7. */
import { CpuFault, VECTOR } from './fault.ts';
import { X87, X87_REGISTER_BYTES } from './layout.ts';
import {
  CONDITION,
  EXCEPTION,
  FloatContext,
  Floatx80,
  setControlWord,
  setIndefinite,
  TAG,
  tagOf,
} from './softfloat/index.ts';
import { CR0, type CpuState } from './state.ts';
import { CONTROL_OP, CONTROL_WORD, EXCEPTIONS, STATUS } from './x87-operations.ts';

const { C1 } = CONDITION;
/** FNINIT's control word: everything masked, 64 bits, to nearest. */
const CONTROL_INITIAL = 0x037f;

const WORDS = X87_REGISTER_BYTES / 4;
const [REGISTERS, CONTROL, IN_USE] = [X87.registers >> 2, X87.control >> 2, X87.inUse >> 2];
export const STATUS_WORD = X87.status >> 2;

/** What an unmasked exception needs outside the processor while CR0.NE is 0. */
export interface FpuErrorPins {
  readonly setFerr?: (level: boolean) => void;
  /** IGNNE#: the board asks to go on in spite of the exception. */
  readonly ignne?: () => boolean;
}

/** Registers, tags, exceptions and control; the instructions that compute are in x87.ts. */
export class X87Stack {
  protected readonly state: CpuState;
  protected readonly words: Int32Array;
  readonly #pins: FpuErrorPins;
  protected readonly ctx = new FloatContext();
  /** The control word that `ctx` was made from. */
  #contextControl = -1;
  protected readonly a = new Floatx80();
  protected readonly b = new Floatx80();
  protected readonly z = new Floatx80();
  protected readonly second = new Floatx80();

  constructor(state: CpuState, pins: FpuErrorPins) {
    this.state = state;
    this.words = new Int32Array(state.view.buffer, state.view.byteOffset, state.view.byteLength / 4);
    this.#pins = pins;
  }

  // --- the register stack ------------------------------------------------------------------------------------------------

  get control(): number {
    return this.words[CONTROL];
  }
  get status(): number {
    return this.words[STATUS_WORD];
  }
  get top(): number {
    return (this.words[STATUS_WORD] >> STATUS.TOP_SHIFT) & 7;
  }
  protected setTop(top: number): void {
    this.words[STATUS_WORD] = (this.words[STATUS_WORD] & ~STATUS.TOP) | ((top & 7) << STATUS.TOP_SHIFT);
  }
  protected isEmpty(i: number): boolean {
    return ((this.words[IN_USE] >> ((this.top + i) & 7)) & 1) === 0;
  }

  /** Reads a physical register. */
  readPhysical(register: number, z: Floatx80): Floatx80 {
    const at = REGISTERS + register * WORDS;
    z.lo = this.words[at];
    z.hi = this.words[at + 1];
    z.se = this.words[at + 2];
    return z;
  }
  writePhysical(register: number, x: Floatx80): void {
    const at = REGISTERS + register * WORDS;
    this.words[at] = x.lo;
    this.words[at + 1] = x.hi;
    this.words[at + 2] = x.se & 0xffff;
  }
  protected read(i: number, z: Floatx80): Floatx80 {
    return this.readPhysical((this.top + i) & 7, z);
  }
  protected write(i: number, x: Floatx80): void {
    const register = (this.top + i) & 7;
    this.writePhysical(register, x);
    this.words[IN_USE] |= 1 << register;
  }
  protected free(i: number): void {
    this.words[IN_USE] &= ~(1 << ((this.top + i) & 7));
  }
  protected pop(): void {
    this.free(0);
    this.setTop(this.top + 1);
  }
  protected push(x: Floatx80): void {
    this.setTop(this.top - 1);
    this.write(0, x);
  }

  /** Tags of FNSTENV and FNSAVE, two bits for each physical register. */
  get tagWord(): number {
    let tags = 0;
    for (let register = 0; register < 8; register++) {
      const empty = ((this.words[IN_USE] >> register) & 1) === 0;
      tags |= (empty ? TAG.empty : tagOf(this.readPhysical(register, this.a))) << (register * 2);
    }
    return tags;
  }
  /** Of a loaded tag word only "empty" or not is kept: the rest follows from the registers. */
  set tagWord(tags: number) {
    let inUse = 0;
    for (let register = 0; register < 8; register++)
      if (((tags >> (register * 2)) & 3) !== TAG.empty) inUse |= 1 << register;
    this.words[IN_USE] = inUse;
  }

  // --- exceptions ----------------------------------------------------------------------------------------------------------

  /** Before every operation that can raise an exception. */
  protected begin(): FloatContext {
    const ctx = this.ctx;
    const control = this.words[CONTROL];
    if (control !== this.#contextControl) {
      setControlWord(ctx, control);
      this.#contextControl = control;
    }
    ctx.exceptionFlags = 0;
    ctx.c1 = 0;
    return ctx;
  }

  /** Enters exceptions, C1 and those condition codes that the operation defines into the status word. */
  protected end(conditions = 0): void {
    const ctx = this.ctx;
    const flags = ctx.exceptionFlags;
    let status = (this.words[STATUS_WORD] & ~(C1 | conditions)) | flags | (ctx.conditionCodes & conditions);
    if (ctx.c1 !== 0) status |= C1;
    if ((flags & EXCEPTIONS & ~ctx.exceptionMasks) !== 0) status |= STATUS.ES | STATUS.B;
    this.words[STATUS_WORD] = status;
  }

  /** Stack underflow (C1 = 0) or overflow (1). True: masked, the indefinite is delivered; it is in `z`. */
  protected stackFault(c1: 0 | 1): boolean {
    const ctx = this.ctx;
    ctx.exceptionFlags |= EXCEPTION.IE | STATUS.SF;
    ctx.c1 = c1;
    ctx.conditionCodes = 0;
    setIndefinite(this.z);
    return (ctx.exceptionMasks & EXCEPTION.IE) !== 0;
  }

  /** Error summary after the flags or the masks were written. */
  #summarize(): void {
    const pending = (this.words[STATUS_WORD] & ~this.words[CONTROL] & EXCEPTIONS) !== 0;
    if (pending) this.words[STATUS_WORD] |= STATUS.ES | STATUS.B;
    else {
      this.words[STATUS_WORD] &= ~(STATUS.ES | STATUS.B);
      this.#setFerr(false);
    }
  }

  #setFerr(level: boolean): void {
    if ((this.state.get(X87.ferr) !== 0) === level) return;
    this.state.set(X87.ferr, level ? 1 : 0);
    this.#pins.setFerr?.(level);
  }

  /**
   * A waiting instruction found an unmasked exception: #MF, or with CR0.NE = 0 FERR#. True: the processor stands still
   * before the instruction until an interrupt comes. SDM volume 1, 8.7.
   */
  reportPending(): boolean {
    if ((this.status & STATUS.ES) === 0) return false;
    if ((this.state.cr0 & CR0.NE) !== 0) throw new CpuFault(VECTOR.MF);
    this.#setFerr(true);
    return !(this.#pins.ignne?.() ?? true);
  }

  // --- control -----------------------------------------------------------------------------------------------------------------

  loadControl(word: number): void {
    this.words[CONTROL] = (word & CONTROL_WORD.WRITABLE) | CONTROL_WORD.FIXED;
    this.#summarize();
  }

  /** FNSTENV masks everything once the environment is stored. */
  maskAll(): void {
    this.words[CONTROL] |= EXCEPTIONS;
    this.#summarize();
  }

  /** FLDENV, FRSTOR, FXRSTOR: ES follows from flags and masks, whatever the image says. */
  loadWords(control: number, status: number): void {
    this.words[CONTROL] = (control & CONTROL_WORD.WRITABLE) | CONTROL_WORD.FIXED;
    this.words[STATUS_WORD] = status & 0xffff;
    this.#summarize();
  }

  get inUse(): number {
    return this.words[IN_USE];
  }
  set inUse(bits: number) {
    this.words[IN_USE] = bits & 0xff;
  }

  /** FNINIT. The registers keep their contents. */
  initialize(): void {
    const { view } = this.state;
    for (let offset: number = X87.opcode; offset < X87.ferr; offset += 4) view.setUint32(offset, 0, true);
    this.words[IN_USE] = 0;
    this.loadWords(CONTROL_INITIAL, 0);
  }

  controlOperation(operation: number, i: number): void {
    switch (operation) {
      case CONTROL_OP.clearExceptions:
        this.words[STATUS_WORD] &= ~(EXCEPTIONS | STATUS.SF);
        this.#summarize();
        return;
      case CONTROL_OP.initialize:
        this.initialize();
        return;
      case CONTROL_OP.free:
        this.words[STATUS_WORD] &= ~C1;
        this.free(i);
        return;
      case CONTROL_OP.freeAndPop:
        this.words[STATUS_WORD] &= ~C1;
        this.free(i);
        this.pop();
        return;
      default:
        this.words[STATUS_WORD] &= ~C1;
        this.setTop(this.top + (operation === CONTROL_OP.increment ? 1 : -1));
    }
  }
}
