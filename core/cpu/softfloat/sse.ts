/**
 * SSE and SSE2 arithmetic on single values, exact in results and in MXCSR's flags, for what the WebAssembly forms do not
 * give: rounding other than to nearest, exceptions, DAZ and FTZ. Intel SDM vol. 1, 11.5.2 (exceptions and masked
 * responses), 10.2.3 (MXCSR), tables 4-7 and 11-1; vol. 2, the instructions themselves.
 *
 * Single-precision values are 32-bit patterns and come back as the function's value; double-precision ones are pairs
 * (hi, lo), whose result is in ctx.hi and ctx.lo. Flags are added to ctx.flags. A flag whose mask is clear means #XM,
 * and then no result counts. With packed operands an unmasked flag of invalid, denormal or zero divide in any element
 * keeps the flags of rounding (overflow, underflow, precision) of all others from MXCSR.
 */
import { EXCEPTION, ROUND } from './floatx80.ts';
import { fits, INTEGER, roundMagnitude } from './integer.ts';
import {
  addMagnitudes,
  below64,
  divide,
  EXP,
  HI,
  LO,
  multiply,
  normalizeLeft,
  setUnpacked,
  squareRoot,
  subMagnitudes,
  U,
} from './kernel.ts';
import { FLOAT32, FLOAT64, packedFloat32, packedFloat64High, packedFloat64Low, roundNarrow } from './round.ts';
import type { NarrowFormat } from './round.ts';

const { IE, DE, ZE } = EXCEPTION;

/** MXCSR, unpacked, and the result of double-precision operations. */
export class SseContext {
  roundingMode: number = ROUND.nearest;
  /** A set bit masks that exception. */
  masks = 0x3f;
  /** Sticky: operations only add to it. */
  flags = 0;
  denormalsAreZero = false;
  flushToZero = false;
  hi = 0;
  lo = 0;
}

export function setMxcsr(ctx: SseContext, value: number): void {
  ctx.roundingMode = (value >>> 13) & 3;
  ctx.masks = (value >>> 7) & 0x3f;
  ctx.flags = value & 0x3f;
  ctx.denormalsAreZero = (value & 0x40) !== 0;
  ctx.flushToZero = (value & 0x8000) !== 0;
}

/** Classes of operands. */
const ZERO = 0;
const FINITE = 1;
const INFINITE = 2;
const QUIET = 3;
const SIGNALING = 4;

/** An operand taken apart; a finite one is normalized as the kernels want it. */
class Operand {
  kind = ZERO;
  sign = 0;
  denormal = false;
  exp = 0;
  hi = 0;
  lo = 0;
  /** The bits as they came, for NaNs and for minimum and maximum. */
  rawHi = 0;
  rawLo = 0;
}

const A = new Operand();
const B = new Operand();

/** A fraction (without integer bit) and exponent in a format whose values start at the top of hi:lo. */
function unpack(x: Operand, daz: boolean, exp: number, format: NarrowFormat, hi: number, lo: number): void {
  x.denormal = false;
  if (exp === format.maxExponent) {
    x.kind = (hi | lo) === 0 ? INFINITE : (hi & 0x40000000) !== 0 ? QUIET : SIGNALING;
    return;
  }
  if (exp !== 0) {
    x.kind = FINITE;
    x.exp = exp + format.rebias;
    x.hi = hi | -0x80000000;
    x.lo = lo;
    return;
  }
  if ((hi | lo) === 0 || daz) {
    x.kind = ZERO;
    return;
  }
  x.kind = FINITE;
  x.denormal = true;
  setUnpacked(1 + format.rebias, hi, lo, 0);
  normalizeLeft();
  x.exp = U[EXP]!;
  x.hi = U[HI]!;
  x.lo = U[LO]!;
}

function unpack32(ctx: SseContext, bits: number, x: Operand): void {
  x.rawHi = bits;
  x.sign = bits >>> 31;
  unpack(x, ctx.denormalsAreZero, (bits >>> 23) & 0xff, FLOAT32, (bits & 0x7fffff) << 8, 0);
}

function unpack64(ctx: SseContext, hi: number, lo: number, x: Operand): void {
  x.rawHi = hi;
  x.rawLo = lo;
  x.sign = hi >>> 31;
  unpack(x, ctx.denormalsAreZero, (hi >>> 20) & 0x7ff, FLOAT64, ((hi & 0xfffff) << 11) | (lo >>> 21), lo << 11);
}

/** Results under construction: sign beside U, which has the packed exponent and significand. */
let resultSign = 0;

function setResult(sign: number, exp: number, hi: number, lo: number): void {
  resultSign = sign;
  setUnpacked(exp, hi, lo, 0);
}

const zeroResult = (sign: number): void => setResult(sign, 0, 0, 0);
const infiniteResult = (format: NarrowFormat, sign: number): void => setResult(sign, format.maxExponent, 0, 0);
function invalidResult(ctx: SseContext, format: NarrowFormat): void {
  ctx.flags |= IE;
  setResult(1, format.maxExponent, -0x40000000, 0);
}

/** Rounds the kernel's result. */
function finish(ctx: SseContext, sign: number, format: NarrowFormat): void {
  resultSign = sign;
  ctx.flags |= roundNarrow(ctx.roundingMode, sign, ctx.masks, ctx.flushToZero, format);
}

/** The first NaN operand, quieted, is the result. True: there was one. */
function propagate(ctx: SseContext, format: NarrowFormat): boolean {
  if (A.kind < QUIET && B.kind < QUIET) return false;
  if (A.kind === SIGNALING || B.kind === SIGNALING) ctx.flags |= IE;
  const x = A.kind >= QUIET ? A : B;
  nanResult(x, format);
  return true;
}

function nanResult(x: Operand, format: NarrowFormat): void {
  const hi = format === FLOAT32 ? x.rawHi << 8 : (x.rawHi << 11) | (x.rawLo >>> 21);
  setResult(x.sign, format.maxExponent, hi | 0x40000000, format === FLOAT32 ? 0 : x.rawLo << 11);
}

/** Adds the denormal flag. False: it is not masked, and nothing is computed. */
function denormalsAllowed(ctx: SseContext, denormal: boolean): boolean {
  if (denormal) ctx.flags |= DE;
  return !denormal || (ctx.masks & DE) !== 0;
}

function addOperands(ctx: SseContext, flip: number, format: NarrowFormat): void {
  if (propagate(ctx, format)) return;
  const bSign = B.sign ^ flip;
  if (A.kind === INFINITE || B.kind === INFINITE) {
    if (A.kind === B.kind && A.sign !== bSign) {
      invalidResult(ctx, format);
      return;
    }
    denormalsAllowed(ctx, A.denormal || B.denormal);
    infiniteResult(format, A.kind === INFINITE ? A.sign : bSign);
    return;
  }
  if (!denormalsAllowed(ctx, A.denormal || B.denormal)) return;
  const cancelled = ctx.roundingMode === ROUND.down ? 1 : 0;
  if (A.kind === ZERO && B.kind === ZERO) {
    zeroResult(A.sign === bSign ? A.sign : cancelled);
    return;
  }
  if (A.kind === ZERO || B.kind === ZERO) {
    const x = A.kind === ZERO ? B : A;
    setUnpacked(x.exp, x.hi, x.lo, 0);
    finish(ctx, A.kind === ZERO ? bSign : A.sign, format);
    return;
  }
  if (A.sign === bSign) {
    addMagnitudes(A.exp, A.hi, A.lo, B.exp, B.hi, B.lo);
    finish(ctx, A.sign, format);
    return;
  }
  const order = subMagnitudes(A.exp, A.hi, A.lo, B.exp, B.hi, B.lo);
  if (order === 0) zeroResult(cancelled);
  else finish(ctx, order > 0 ? A.sign : bSign, format);
}

function multiplyOperands(ctx: SseContext, format: NarrowFormat): void {
  if (propagate(ctx, format)) return;
  const sign = A.sign ^ B.sign;
  const infinite = A.kind === INFINITE || B.kind === INFINITE;
  const zero = A.kind === ZERO || B.kind === ZERO;
  if (infinite && zero) {
    invalidResult(ctx, format);
    return;
  }
  if (!denormalsAllowed(ctx, A.denormal || B.denormal)) return;
  if (infinite) infiniteResult(format, sign);
  else if (zero) zeroResult(sign);
  else {
    multiply(A.exp, A.hi, A.lo, B.exp, B.hi, B.lo);
    finish(ctx, sign, format);
  }
}

function divideOperands(ctx: SseContext, format: NarrowFormat): void {
  if (propagate(ctx, format)) return;
  const sign = A.sign ^ B.sign;
  if (A.kind === B.kind && A.kind !== FINITE) {
    invalidResult(ctx, format);
    return;
  }
  if (B.kind === ZERO && A.kind === FINITE) {
    ctx.flags |= ZE;
    infiniteResult(format, sign);
    return;
  }
  if (!denormalsAllowed(ctx, A.denormal || B.denormal)) return;
  if (A.kind === INFINITE) infiniteResult(format, sign);
  else if (A.kind === ZERO || B.kind === INFINITE) zeroResult(sign);
  else {
    divide(A.exp, A.hi, A.lo, B.exp, B.hi, B.lo);
    finish(ctx, sign, format);
  }
}

function squareRootOperand(ctx: SseContext, format: NarrowFormat): void {
  B.kind = ZERO;
  if (propagate(ctx, format)) return;
  if (A.kind === ZERO) zeroResult(A.sign);
  else if (A.sign !== 0) invalidResult(ctx, format);
  else if (A.kind === INFINITE) infiniteResult(format, 0);
  else if (denormalsAllowed(ctx, A.denormal)) {
    squareRoot(A.exp, A.hi, A.lo);
    finish(ctx, 0, format);
  }
}

const pack32 = (): number => packedFloat32(resultSign);
function pack64(ctx: SseContext): void {
  ctx.hi = packedFloat64High(resultSign);
  ctx.lo = packedFloat64Low();
}

/** ADDSS. */
export function add32(ctx: SseContext, a: number, b: number): number {
  unpack32(ctx, a, A);
  unpack32(ctx, b, B);
  addOperands(ctx, 0, FLOAT32);
  return pack32();
}
/** SUBSS. */
export function sub32(ctx: SseContext, a: number, b: number): number {
  unpack32(ctx, a, A);
  unpack32(ctx, b, B);
  addOperands(ctx, 1, FLOAT32);
  return pack32();
}
/** MULSS. */
export function mul32(ctx: SseContext, a: number, b: number): number {
  unpack32(ctx, a, A);
  unpack32(ctx, b, B);
  multiplyOperands(ctx, FLOAT32);
  return pack32();
}
/** DIVSS. */
export function div32(ctx: SseContext, a: number, b: number): number {
  unpack32(ctx, a, A);
  unpack32(ctx, b, B);
  divideOperands(ctx, FLOAT32);
  return pack32();
}
/** SQRTSS. */
export function sqrt32(ctx: SseContext, a: number): number {
  unpack32(ctx, a, A);
  squareRootOperand(ctx, FLOAT32);
  return pack32();
}
/** ADDSD. */
export function add64(ctx: SseContext, aHi: number, aLo: number, bHi: number, bLo: number): void {
  unpack64(ctx, aHi, aLo, A);
  unpack64(ctx, bHi, bLo, B);
  addOperands(ctx, 0, FLOAT64);
  pack64(ctx);
}
/** SUBSD. */
export function sub64(ctx: SseContext, aHi: number, aLo: number, bHi: number, bLo: number): void {
  unpack64(ctx, aHi, aLo, A);
  unpack64(ctx, bHi, bLo, B);
  addOperands(ctx, 1, FLOAT64);
  pack64(ctx);
}
/** MULSD. */
export function mul64(ctx: SseContext, aHi: number, aLo: number, bHi: number, bLo: number): void {
  unpack64(ctx, aHi, aLo, A);
  unpack64(ctx, bHi, bLo, B);
  multiplyOperands(ctx, FLOAT64);
  pack64(ctx);
}
/** DIVSD. */
export function div64(ctx: SseContext, aHi: number, aLo: number, bHi: number, bLo: number): void {
  unpack64(ctx, aHi, aLo, A);
  unpack64(ctx, bHi, bLo, B);
  divideOperands(ctx, FLOAT64);
  pack64(ctx);
}
/** SQRTSD. */
export function sqrt64(ctx: SseContext, hi: number, lo: number): void {
  unpack64(ctx, hi, lo, A);
  squareRootOperand(ctx, FLOAT64);
  pack64(ctx);
}

/** -1, 0, 1 for A below, equal to, above B, neither being a NaN. */
function order(): number {
  if (A.kind === ZERO && B.kind === ZERO) return 0;
  if (A.kind === ZERO) return B.sign ? 1 : -1;
  const direction = A.sign ? -1 : 1;
  if (B.kind === ZERO || A.sign !== B.sign) return direction;
  if (A.kind === INFINITE || B.kind === INFINITE) {
    return A.kind === B.kind ? 0 : A.kind === INFINITE ? direction : -direction;
  }
  if (A.exp !== B.exp) return A.exp < B.exp ? -direction : direction;
  if (A.hi === B.hi && A.lo === B.lo) return 0;
  return below64(A.hi, A.lo, B.hi, B.lo) ? -direction : direction;
}

/** Whether MIN or MAX takes the first operand: the second one in every doubtful case. */
function firstWins(ctx: SseContext, wanted: number): boolean {
  if (A.kind >= QUIET || B.kind >= QUIET) {
    ctx.flags |= IE;
    return false;
  }
  denormalsAllowed(ctx, A.denormal || B.denormal);
  return order() === wanted;
}

/** Minimum and maximum give the operand as it is, except that DAZ has made its denormals zeros. */
const chosen32 = (x: Operand): number => (x.kind === ZERO ? x.sign << 31 : x.rawHi);
function choose64(ctx: SseContext, x: Operand): void {
  ctx.hi = x.kind === ZERO ? x.sign << 31 : x.rawHi;
  ctx.lo = x.kind === ZERO ? 0 : x.rawLo;
}

/** MINSS. */
export function min32(ctx: SseContext, a: number, b: number): number {
  unpack32(ctx, a, A);
  unpack32(ctx, b, B);
  return chosen32(firstWins(ctx, -1) ? A : B);
}
/** MAXSS. */
export function max32(ctx: SseContext, a: number, b: number): number {
  unpack32(ctx, a, A);
  unpack32(ctx, b, B);
  return chosen32(firstWins(ctx, 1) ? A : B);
}
/** MINSD. */
export function min64(ctx: SseContext, aHi: number, aLo: number, bHi: number, bLo: number): void {
  unpack64(ctx, aHi, aLo, A);
  unpack64(ctx, bHi, bLo, B);
  choose64(ctx, firstWins(ctx, -1) ? A : B);
}
/** MAXSD. */
export function max64(ctx: SseContext, aHi: number, aLo: number, bHi: number, bLo: number): void {
  unpack64(ctx, aHi, aLo, A);
  unpack64(ctx, bHi, bLo, B);
  choose64(ctx, firstWins(ctx, 1) ? A : B);
}

/** Relations, as comparison results and as COMISS's EFLAGS (ZF, PF, CF). */
export const RELATION = { greater: 0x00, less: 0x01, equal: 0x40, unordered: 0x45 } as const;

function relate(ctx: SseContext, quiet: boolean): number {
  if (A.kind >= QUIET || B.kind >= QUIET) {
    if (!quiet || A.kind === SIGNALING || B.kind === SIGNALING) ctx.flags |= IE;
    return RELATION.unordered;
  }
  denormalsAllowed(ctx, A.denormal || B.denormal);
  const sign = order();
  return sign === 0 ? RELATION.equal : sign < 0 ? RELATION.less : RELATION.greater;
}

/** COMISS, or UCOMISS when quiet: the RELATION, which is also the new ZF, PF and CF. */
export function compare32(ctx: SseContext, a: number, b: number, quiet: boolean): number {
  unpack32(ctx, a, A);
  unpack32(ctx, b, B);
  return relate(ctx, quiet);
}
/** COMISD, or UCOMISD when quiet. */
export function compare64(ctx: SseContext, aHi: number, aLo: number, bHi: number, bLo: number, quiet: boolean): number {
  unpack64(ctx, aHi, aLo, A);
  unpack64(ctx, bHi, bLo, B);
  return relate(ctx, quiet);
}

/** Whether CMPSS's predicates 0 to 7 hold for a relation. */
function holds(predicate: number, relation: number): boolean {
  const unordered = relation === RELATION.unordered;
  let result: boolean;
  switch (predicate & 3) {
    case 0:
      result = relation === RELATION.equal;
      break;
    case 1:
      result = relation === RELATION.less;
      break;
    case 2:
      result = relation === RELATION.less || relation === RELATION.equal;
      break;
    default:
      result = unordered;
  }
  return (predicate & 4) !== 0 ? !result : result;
}

/** Equality and order tests of NaNs (EQ, UNORD, NEQ, ORD) are quiet. */
const isQuietPredicate = (predicate: number): boolean => (predicate & 3) === 0 || (predicate & 3) === 3;

/** CMPSS: all ones or zero. */
export function predicate32(ctx: SseContext, a: number, b: number, predicate: number): number {
  return holds(predicate, compare32(ctx, a, b, isQuietPredicate(predicate))) ? -1 : 0;
}
/** CMPSD: all ones or zero in both words; the value of each word is returned. */
export function predicate64(
  ctx: SseContext,
  aHi: number,
  aLo: number,
  bHi: number,
  bLo: number,
  predicate: number,
): number {
  return holds(predicate, compare64(ctx, aHi, aLo, bHi, bLo, isQuietPredicate(predicate))) ? -1 : 0;
}

/** CVTSS2SD. */
export function widen(ctx: SseContext, bits: number): void {
  unpack32(ctx, bits, A);
  if (A.kind >= QUIET) {
    if (A.kind === SIGNALING) ctx.flags |= IE;
    setResult(A.sign, FLOAT64.maxExponent, (bits << 8) | 0x40000000, 0);
  } else if (A.kind === INFINITE) infiniteResult(FLOAT64, A.sign);
  else if (A.kind === ZERO) zeroResult(A.sign);
  else if (denormalsAllowed(ctx, A.denormal)) {
    setUnpacked(A.exp, A.hi, A.lo, 0);
    finish(ctx, A.sign, FLOAT64);
  }
  pack64(ctx);
}

/** CVTSD2SS. */
export function narrow(ctx: SseContext, hi: number, lo: number): number {
  unpack64(ctx, hi, lo, A);
  if (A.kind >= QUIET) {
    if (A.kind === SIGNALING) ctx.flags |= IE;
    setResult(A.sign, FLOAT32.maxExponent, (hi << 11) | (lo >>> 21) | 0x40000000, 0);
  } else if (A.kind === INFINITE) infiniteResult(FLOAT32, A.sign);
  else if (A.kind === ZERO) zeroResult(A.sign);
  else if (denormalsAllowed(ctx, A.denormal)) {
    setUnpacked(A.exp, A.hi, A.lo, 0);
    finish(ctx, A.sign, FLOAT32);
  }
  return pack32();
}

function fromIntegerWords(ctx: SseContext, hi: number, lo: number, format: NarrowFormat): void {
  if ((hi | lo) === 0) {
    zeroResult(0);
    return;
  }
  const negative = hi < 0;
  setUnpacked(16383 + 63, negative ? ~hi + (lo === 0 ? 1 : 0) : hi, negative ? -lo : lo, 0);
  normalizeLeft();
  finish(ctx, negative ? 1 : 0, format);
}

/** CVTSI2SS of 32 bits (hi = lo >> 31) or 64. */
export function integerTo32(ctx: SseContext, hi: number, lo: number): number {
  fromIntegerWords(ctx, hi, lo, FLOAT32);
  return pack32();
}
/** CVTSI2SD of 32 bits (hi = lo >> 31) or 64. */
export function integerTo64(ctx: SseContext, hi: number, lo: number): void {
  fromIntegerWords(ctx, hi, lo, FLOAT64);
  pack64(ctx);
}

function operandToInteger(ctx: SseContext, bits: 32 | 64, truncate: boolean): void {
  INTEGER[0] = INTEGER[1] = 0;
  if (A.kind === ZERO) return;
  if (A.kind === FINITE && A.exp <= 16383 + bits - 1) {
    const rounded = roundMagnitude(truncate ? ROUND.zero : ctx.roundingMode, A.sign, A.exp, A.hi, A.lo);
    if (fits(U[HI]!, U[LO]!, A.sign, bits)) {
      if (rounded !== 0) ctx.flags |= EXCEPTION.PE;
      INTEGER[0] = A.sign ? -U[LO]! : U[LO]!;
      INTEGER[1] = A.sign ? ~U[HI]! + (U[LO] === 0 ? 1 : 0) : U[HI]!;
      return;
    }
  }
  ctx.flags |= IE;
  INTEGER[0] = bits === 32 ? -0x80000000 : 0;
  INTEGER[1] = bits === 32 ? -1 : -0x80000000;
}

/** CVTSS2SI, or CVTTSS2SI when `truncate`, into INTEGER (low word, high word). */
export function float32ToInteger(ctx: SseContext, a: number, bits: 32 | 64, truncate: boolean): void {
  unpack32(ctx, a, A);
  operandToInteger(ctx, bits, truncate);
}
/** CVTSD2SI, or CVTTSD2SI when `truncate`, into INTEGER (low word, high word). */
export function float64ToInteger(ctx: SseContext, hi: number, lo: number, bits: 32 | 64, truncate: boolean): void {
  unpack64(ctx, hi, lo, A);
  operandToInteger(ctx, bits, truncate);
}

/** ROUNDSS's control: bits 1-0 the mode, bit 2 MXCSR's instead, bit 3 no precision exception. */
function roundOperand(ctx: SseContext, control: number, format: NarrowFormat): void {
  B.kind = ZERO;
  if (propagate(ctx, format)) return;
  if (A.kind === INFINITE) infiniteResult(format, A.sign);
  else if (A.kind === ZERO) zeroResult(A.sign);
  else {
    const mode = (control & 4) !== 0 ? ctx.roundingMode : control & 3;
    if (A.exp >= 16383 + 63) setUnpacked(A.exp, A.hi, A.lo, 0);
    else {
      const rounded = roundMagnitude(mode, A.sign, A.exp, A.hi, A.lo);
      if (rounded !== 0 && (control & 8) === 0) ctx.flags |= EXCEPTION.PE;
      if ((U[HI]! | U[LO]!) === 0) {
        zeroResult(A.sign);
        return;
      }
      U[EXP] = 16383 + 63;
      normalizeLeft();
    }
    finish(ctx, A.sign, format);
  }
}

/** ROUNDSS. */
export function round32(ctx: SseContext, a: number, control: number): number {
  unpack32(ctx, a, A);
  roundOperand(ctx, control, FLOAT32);
  return pack32();
}
/** ROUNDSD. */
export function round64(ctx: SseContext, hi: number, lo: number, control: number): void {
  unpack64(ctx, hi, lo, A);
  roundOperand(ctx, control, FLOAT64);
  pack64(ctx);
}
