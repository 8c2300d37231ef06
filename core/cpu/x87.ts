/**
 * The x87 instructions over exact arithmetic. Intel SDM volume 1, chapter 8; volume 2, the instructions. Where the manual
 * leaves a result open it is that of AMD's Zen, as with integers.
 */
import { S } from './layout.ts';
import {
  ARITHMETIC,
  COMPARE,
  DESTINATION_STI,
  FIRST_POPPING,
  POP,
  PUSHING,
  STACK_BINARY,
  STATUS,
  UNARY,
} from './x87-operations.ts';
import { STATUS_WORD, X87Stack } from './x87-stack.ts';
import {
  absolute,
  add,
  arctangent,
  BCD,
  changeSign,
  compare,
  comparisonEflags,
  CONDITION,
  CONSTANTS,
  cosine,
  div,
  examine,
  expandFloat32,
  expandFloat64,
  exponential,
  extract,
  type FloatContext,
  Floatx80,
  fromBcd,
  fromInteger,
  INTEGER,
  isNaN80,
  loadConstant,
  loadFloat32,
  loadFloat64,
  mul,
  NARROW,
  remainder,
  roundToInteger,
  scale,
  setIndefinite,
  sine,
  sineCosine,
  sqrt,
  storeFloat32,
  storeFloat64,
  sub,
  tangent,
  toBcd,
  toInteger,
  UNORDERED,
  yLog2,
  yLog2Plus1,
} from './softfloat/index.ts';

const { C0, C1, C2, C3 } = CONDITION;
const CONDITIONS = C0 | C2 | C3;
const CONSTANT_LIST = [
  CONSTANTS.one,
  CONSTANTS.log2Of10,
  CONSTANTS.log2OfE,
  CONSTANTS.pi,
  CONSTANTS.log10Of2,
  CONSTANTS.lnOf2,
  CONSTANTS.zero,
] as const;
const ZERO = new Floatx80();

export class X87Fpu extends X87Stack {
  // --- loads -----------------------------------------------------------------------------------------------------------------------

  /** True when there is room for a push; otherwise the overflow has been dealt with. */
  #room(): boolean {
    if (this.isEmpty(7)) return true;
    if (this.stackFault(1)) this.push(this.z);
    this.end();
    return false;
  }

  loadFloat32(bits: number): void {
    const ctx = this.begin();
    if (!this.#room()) return;
    if (loadFloat32(ctx, bits, this.z)) this.push(this.z);
    this.end();
  }

  loadFloat64(lo: number, hi: number): void {
    const ctx = this.begin();
    if (!this.#room()) return;
    if (loadFloat64(ctx, hi, lo, this.z)) this.push(this.z);
    this.end();
  }

  /** A signed integer, sign-extended to 64 bits. */
  loadInteger(lo: number, hi: number): void {
    this.begin();
    if (!this.#room()) return;
    fromInteger(hi, lo, this.z);
    this.push(this.z);
    this.end();
  }

  loadExtended(lo: number, hi: number, se: number): void {
    this.begin();
    if (!this.#room()) return;
    this.z.lo = lo;
    this.z.hi = hi;
    this.z.se = se & 0xffff;
    this.push(this.z);
    this.end();
  }

  loadPacked(lo: number, hi: number, top: number): void {
    this.begin();
    if (!this.#room()) return;
    for (let byte = 0; byte < 4; byte++) {
      BCD[byte] = lo >>> (byte * 8);
      BCD[byte + 4] = hi >>> (byte * 8);
    }
    BCD[8] = top;
    BCD[9] = top >>> 8;
    fromBcd(this.z);
    this.push(this.z);
    this.end();
  }

  loadRegister(i: number): void {
    this.begin();
    if (this.isEmpty(i)) {
      if (this.stackFault(0)) this.push(this.z);
      this.end();
      return;
    }
    if (!this.#room()) return;
    this.push(this.read(i, this.z));
    this.end();
  }

  loadConstant(number: number): void {
    const ctx = this.begin();
    if (!this.#room()) return;
    loadConstant(ctx, CONSTANT_LIST[number], this.z);
    this.push(this.z);
    this.end();
  }

  // --- stores: the value goes to S.transfer; 0 says that an unmasked exception forbids to store ------------------------------------------

  #transfer(lo: number, hi: number): void {
    this.words[S.transfer >> 2] = lo;
    this.words[(S.transfer >> 2) + 1] = hi;
  }

  /** ST(0), or the indefinite for an empty one, in `z`. False: unmasked underflow. */
  #source(): boolean {
    if (this.isEmpty(0)) return this.stackFault(0);
    this.read(0, this.z);
    return true;
  }

  #endStore(stored: boolean, pop: number): number {
    this.end();
    if (stored && pop !== 0) this.pop();
    return stored ? 1 : 0;
  }

  storeFloat32(pop: number): number {
    const ctx = this.begin();
    const stored = this.#source() && storeFloat32(ctx, this.z);
    this.#transfer(NARROW[0], 0);
    return this.#endStore(stored, pop);
  }

  storeFloat64(pop: number): number {
    const ctx = this.begin();
    const stored = this.#source() && storeFloat64(ctx, this.z);
    this.#transfer(NARROW[0], NARROW[1]);
    return this.#endStore(stored, pop);
  }

  storeInteger(bits: number, truncate: number, pop: number): number {
    const ctx = this.begin();
    const stored = this.#source() && toInteger(ctx, this.z, bits as 16 | 32 | 64, truncate !== 0);
    this.#transfer(INTEGER[0], INTEGER[1]);
    return this.#endStore(stored, pop);
  }

  /** FSTP m80: sign and exponent are the result, -1: nothing to store. */
  storeExtended(): number {
    this.begin();
    const stored = this.#source();
    this.#transfer(this.z.lo, this.z.hi);
    this.#endStore(stored, 1);
    return stored ? this.z.se & 0xffff : -1;
  }

  /** FBSTP: the two last bytes are the result, -1: nothing to store. */
  storePacked(): number {
    const ctx = this.begin();
    const stored = this.#source() && toBcd(ctx, this.z);
    this.#transfer(
      BCD[0] | (BCD[1] << 8) | (BCD[2] << 16) | (BCD[3] << 24),
      BCD[4] | (BCD[5] << 8) | (BCD[6] << 16) | (BCD[7] << 24),
    );
    this.#endStore(stored, 1);
    return stored ? BCD[8] | (BCD[9] << 8) : -1;
  }

  /** `unchecked`: the alias of FSTP that takes an empty ST(0) for granted and then only pops. */
  storeRegister(i: number, pop: number, unchecked: boolean): void {
    this.begin();
    if (unchecked && this.isEmpty(0)) {
      this.#endStore(true, pop);
      return;
    }
    const stored = this.#source();
    if (stored) this.write(i, this.z);
    this.#endStore(stored, pop);
  }

  exchange(i: number): void {
    this.begin();
    const [empty0, emptyI] = [this.isEmpty(0), this.isEmpty(i)];
    if ((empty0 || emptyI) && !this.stackFault(0)) {
      this.end();
      return;
    }
    if (empty0) setIndefinite(this.a);
    else this.read(0, this.a);
    if (emptyI) setIndefinite(this.b);
    else this.read(i, this.b);
    this.write(0, this.b);
    this.write(i, this.a);
    this.end();
  }

  conditionalMove(condition: number, i: number): void {
    if (this.isEmpty(0) || this.isEmpty(i)) {
      this.begin();
      if (this.stackFault(0)) this.write(0, this.z);
      this.end();
      return;
    }
    if (condition !== 0) this.write(0, this.read(i, this.z));
  }

  // --- arithmetic ----------------------------------------------------------------------------------------------------------------------

  /** ST(0) with ST(i). `flags`: DESTINATION_STI, POP. */
  arithmeticRegister(operation: number, i: number, flags: number): void {
    const ctx = this.begin();
    const destination = (flags & DESTINATION_STI) !== 0 ? i : 0;
    let delivered: boolean;
    if (this.isEmpty(0) || this.isEmpty(i)) delivered = this.stackFault(0);
    else {
      // "Reversed" is meant from the destination's point of view.
      this.read(destination, this.a);
      this.read(destination === 0 ? i : 0, this.b);
      delivered = this.#compute(ctx, operation);
    }
    if (delivered) this.write(destination, this.z);
    this.end();
    if (delivered && (flags & POP) !== 0) this.pop();
  }

  arithmeticFloat32(operation: number, bits: number): void {
    const ctx = this.begin();
    if (!this.#memoryUnderflow()) {
      expandFloat32(ctx, bits, this.b);
      this.#arithmeticMemory(ctx, operation);
    }
  }

  arithmeticFloat64(operation: number, lo: number, hi: number): void {
    const ctx = this.begin();
    if (!this.#memoryUnderflow()) {
      expandFloat64(ctx, hi, lo, this.b);
      this.#arithmeticMemory(ctx, operation);
    }
  }

  arithmeticInteger(operation: number, value: number): void {
    const ctx = this.begin();
    if (!this.#memoryUnderflow()) {
      fromInteger(value >> 31, value, this.b);
      this.#arithmeticMemory(ctx, operation);
    }
  }

  #memoryUnderflow(): boolean {
    if (!this.isEmpty(0)) return false;
    if (this.stackFault(0)) this.write(0, this.z);
    this.end();
    return true;
  }

  #arithmeticMemory(ctx: FloatContext, operation: number): void {
    this.read(0, this.a);
    if (this.#compute(ctx, operation)) this.write(0, this.z);
    this.end();
  }

  /** z = a operation b. */
  #compute(ctx: FloatContext, operation: number): boolean {
    switch (operation) {
      case ARITHMETIC.FADD:
        return add(ctx, this.a, this.b, this.z);
      case ARITHMETIC.FMUL:
        return mul(ctx, this.a, this.b, this.z);
      case ARITHMETIC.FSUB:
        return sub(ctx, this.a, this.b, this.z);
      case ARITHMETIC.FSUBR:
        return sub(ctx, this.b, this.a, this.z);
      case ARITHMETIC.FDIV:
        return div(ctx, this.a, this.b, this.z);
      default:
        return div(ctx, this.b, this.a, this.z);
    }
  }

  // --- comparisons ---------------------------------------------------------------------------------------------------------------------

  /** `flags`: COMPARE.*. */
  compareRegister(i: number, flags: number): void {
    const ctx = this.begin();
    let delivered: boolean;
    if (this.isEmpty(0) || this.isEmpty(i)) {
      delivered = this.stackFault(0);
      ctx.conditionCodes = UNORDERED;
    } else delivered = compare(ctx, this.read(0, this.a), this.read(i, this.b), (flags & COMPARE.quiet) !== 0);
    if ((flags & COMPARE.eflags) !== 0) {
      // These leave C1 as it was, but for a stack fault.
      if ((ctx.exceptionFlags & STATUS.SF) === 0) ctx.c1 = this.words[STATUS_WORD] & C1;
      this.end();
      this.state.setArithmeticFlags(comparisonEflags(ctx.conditionCodes));
    } else this.end(CONDITIONS);
    if (delivered) this.#popMany(flags);
  }

  #popMany(flags: number): void {
    if ((flags & COMPARE.pop) !== 0) this.pop();
    if ((flags & COMPARE.popTwice) !== 0) this.pop();
  }

  compareFloat32(bits: number, flags: number): void {
    const ctx = this.begin();
    if (!this.isEmpty(0)) expandFloat32(ctx, bits, this.b);
    this.#compareMemory(ctx, flags);
  }

  compareFloat64(lo: number, hi: number, flags: number): void {
    const ctx = this.begin();
    if (!this.isEmpty(0)) expandFloat64(ctx, hi, lo, this.b);
    this.#compareMemory(ctx, flags);
  }

  compareInteger(value: number, flags: number): void {
    const ctx = this.begin();
    fromInteger(value >> 31, value, this.b);
    this.#compareMemory(ctx, flags);
  }

  #compareMemory(ctx: FloatContext, flags: number): void {
    let delivered: boolean;
    if (this.isEmpty(0)) {
      delivered = this.stackFault(0);
      ctx.conditionCodes = UNORDERED;
    } else delivered = compare(ctx, this.read(0, this.a), this.b, false);
    this.end(CONDITIONS);
    if (delivered) this.#popMany(flags);
  }

  // --- one, two and many operands on the stack --------------------------------------------------------------------------------------------

  unary(operation: number): void {
    const ctx = this.begin();
    if (operation === UNARY.FXAM) {
      examine(ctx, this.read(0, this.a), this.isEmpty(0));
      this.end(CONDITIONS);
      return;
    }
    if (operation === UNARY.FTST) {
      this.b.assign(ZERO);
      this.#compareMemory(ctx, 0);
      return;
    }
    ctx.conditionCodes = 0;
    const delivered = this.isEmpty(0) ? this.stackFault(0) : this.#unary(ctx, operation);
    if (delivered) this.write(0, this.z);
    this.end(operation === UNARY.FSIN || operation === UNARY.FCOS ? C2 : 0);
  }

  #unary(ctx: FloatContext, operation: number): boolean {
    const a = this.read(0, this.a);
    switch (operation) {
      case UNARY.FCHS:
        changeSign(ctx, a, this.z);
        return true;
      case UNARY.FABS:
        absolute(ctx, a, this.z);
        return true;
      case UNARY.FSQRT:
        return sqrt(ctx, a, this.z);
      case UNARY.FRNDINT:
        return roundToInteger(ctx, a, this.z);
      case UNARY.F2XM1:
        return exponential(ctx, a, this.z);
      case UNARY.FSIN:
        return sine(ctx, a, this.z);
      default:
        return cosine(ctx, a, this.z);
    }
  }

  /** ST(0) and ST(1): the result replaces ST(0), or replaces ST(1) and ST(0) is popped. */
  binary(operation: number): void {
    const ctx = this.begin();
    ctx.conditionCodes = 0;
    const pops = operation >= FIRST_POPPING;
    const delivered = this.isEmpty(0) || this.isEmpty(1) ? this.stackFault(0) : this.#binary(ctx, operation);
    if (delivered) this.write(pops ? 1 : 0, this.z);
    const remainders = operation === STACK_BINARY.FPREM || operation === STACK_BINARY.FPREM1;
    this.end(remainders ? this.#remainderConditions(delivered) : 0);
    if (delivered && pops) this.pop();
  }

  /** C2 is always defined, the others only with a remainder. */
  #remainderConditions(delivered: boolean): number {
    return delivered && !isNaN80(this.z) ? CONDITIONS : C2;
  }

  #binary(ctx: FloatContext, operation: number): boolean {
    const a = this.read(0, this.a);
    const b = this.read(1, this.b);
    switch (operation) {
      case STACK_BINARY.FPREM:
        return remainder(ctx, a, b, false, this.z);
      case STACK_BINARY.FPREM1:
        return remainder(ctx, a, b, true, this.z);
      case STACK_BINARY.FSCALE:
        return scale(ctx, a, b, this.z);
      case STACK_BINARY.FYL2X:
        return yLog2(ctx, a, b, this.z);
      case STACK_BINARY.FYL2XP1:
        return yLog2Plus1(ctx, a, b, this.z);
      default:
        return arctangent(ctx, a, b, this.z);
    }
  }

  /** FPTAN, FSINCOS, FXTRACT: a result replaces ST(0), another is pushed. */
  pushing(operation: number): void {
    const ctx = this.begin();
    ctx.conditionCodes = 0;
    let delivered: boolean;
    if (this.isEmpty(0) || !this.isEmpty(7)) {
      delivered = this.stackFault(this.isEmpty(0) ? 0 : 1);
      this.second.assign(this.z);
    } else delivered = this.#pushing(ctx, operation);
    if (delivered) {
      this.write(0, this.z);
      this.push(this.second);
    }
    this.end(operation === PUSHING.FXTRACT ? 0 : C2);
  }

  #pushing(ctx: FloatContext, operation: number): boolean {
    const a = this.read(0, this.a);
    if (operation === PUSHING.FPTAN) return tangent(ctx, a, this.z, this.second);
    if (operation === PUSHING.FSINCOS) return sineCosine(ctx, a, this.z, this.second);
    return extract(ctx, a, this.z, this.second);
  }
}
