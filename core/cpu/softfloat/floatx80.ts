/**
 * The double extended-precision format and what every x87 operation shares: classes of operands, the response to
 * invalid and denormal ones, the choice among NaNs. Intel SDM vol. 1, 4.2.2, 4.8.3, 8.2.2, 8.5 and table 4-7.
 */

/** A register's value. `hi` and `lo` are the significand's words as signed 32-bit patterns; `se` is 16 bits. */
export class Floatx80 {
  /** Sign (bit 15) and biased exponent. */
  se = 0;
  /** Significand bits 63-32; bit 31 is the explicit integer bit. */
  hi = 0;
  lo = 0;

  assign(other: Floatx80): void {
    this.se = other.se;
    this.hi = other.hi;
    this.lo = other.lo;
  }
}

/** Exceptions, as in the status word, the control word and (shifted for the masks) MXCSR. */
export const EXCEPTION = { IE: 0x01, DE: 0x02, ZE: 0x04, OE: 0x08, UE: 0x10, PE: 0x20 } as const;

/** Rounding control, as in the control word and MXCSR. */
export const ROUND = { nearest: 0, down: 1, up: 2, zero: 3 } as const;

/** Condition codes, as in the status word. */
export const CONDITION = { C0: 0x0100, C1: 0x0200, C2: 0x0400, C3: 0x4000 } as const;

/** Bits of the significand that precision control keeps, by its two bits; 1 is reserved and behaves as 3. */
export const PRECISION_BITS = [24, 64, 53, 64] as const;

/** What an operation reads of the control word and writes to the status word. */
export class FloatContext {
  /** ROUND.*. */
  roundingMode: number = ROUND.nearest;
  /** 24, 53 or 64. */
  precision = 64;
  /** A set bit masks that exception. */
  exceptionMasks = 0x3f;
  /** Sticky: operations only add to it. */
  exceptionFlags = 0;
  /** C1 after the operation: rounded up, or a quotient bit, or a sign. */
  c1 = 0;
  /** C0, C2 and C3 of the operations that define them, at their places in the status word. */
  conditionCodes = 0;
  /** The operand that expandFloat32 or expandFloat64 just made was denormal in memory; the next operation takes it. */
  memoryDenormal = false;
}

/** Loads rounding, precision and masks from an x87 control word. */
export function setControlWord(ctx: FloatContext, word: number): void {
  ctx.roundingMode = (word >>> 10) & 3;
  ctx.precision = PRECISION_BITS[(word >>> 8) & 3]!;
  ctx.exceptionMasks = word & 0x3f;
}

export const EXPONENT_BIAS = 16383;
export const EXPONENT_MAX = 0x7fff;

export const isNaN80 = (x: Floatx80): boolean =>
  (x.se & EXPONENT_MAX) === EXPONENT_MAX && x.hi < 0 && ((x.hi & 0x7fffffff) | x.lo) !== 0;
export const isSignaling = (x: Floatx80): boolean => isNaN80(x) && (x.hi & 0x40000000) === 0;
export const isInfinity = (x: Floatx80): boolean =>
  (x.se & EXPONENT_MAX) === EXPONENT_MAX && x.hi === -0x80000000 && x.lo === 0;
export const isZero = (x: Floatx80): boolean => (x.se & EXPONENT_MAX) === 0 && (x.hi | x.lo) === 0;
/** Denormals and pseudo-denormals. */
export const isDenormal = (x: Floatx80): boolean => (x.se & EXPONENT_MAX) === 0 && (x.hi | x.lo) !== 0;
/** Pseudo-NaN, pseudo-infinity or unnormal: encodings that no processor since the 80387 takes. */
export const isUnsupported = (x: Floatx80): boolean => (x.se & EXPONENT_MAX) !== 0 && x.hi >= 0;

/** Tags, as in the tag word of FNSTENV and FNSAVE. */
export const TAG = { valid: 0, zero: 1, special: 2, empty: 3 } as const;

/** The tag of a register that is not empty. */
export function tagOf(x: Floatx80): number {
  const exp = x.se & EXPONENT_MAX;
  if (exp !== 0 && exp !== EXPONENT_MAX && x.hi < 0) return TAG.valid;
  return isZero(x) ? TAG.zero : TAG.special;
}

export function setZero(z: Floatx80, sign: number): void {
  z.se = sign << 15;
  z.hi = 0;
  z.lo = 0;
}

export function setInfinity(z: Floatx80, sign: number): void {
  z.se = (sign << 15) | EXPONENT_MAX;
  z.hi = -0x80000000;
  z.lo = 0;
}

/** The QNaN floating-point indefinite. */
export function setIndefinite(z: Floatx80): void {
  z.se = 0xffff;
  z.hi = -0x40000000;
  z.lo = 0;
}

/**
 * Adds to the sticky flags. False: an exception of the kind that is detected before computing (invalid, denormal,
 * divide by zero) is not masked, so the operation ends and its destination stays as it was.
 */
export function raise(ctx: FloatContext, flags: number): boolean {
  ctx.exceptionFlags |= flags;
  return (flags & ~ctx.exceptionMasks & 0x07) === 0;
}

/** Invalid operation with the indefinite as masked response; the result of raise. */
export function invalid(ctx: FloatContext, z: Floatx80): boolean {
  ctx.memoryDenormal = false;
  if (!raise(ctx, EXCEPTION.IE)) return false;
  setIndefinite(z);
  return true;
}

/** What special-operand handlers say: go on computing, or end with or without a result. */
export const GO_ON = 0;
export const DELIVER = 1;
export const SUPPRESS = 2;

const ended = (delivered: boolean): number => (delivered ? DELIVER : SUPPRESS);

/** Unsupported encodings and NaNs of a one-operand operation. */
export function specialOne(ctx: FloatContext, a: Floatx80, z: Floatx80): number {
  ctx.c1 = 0;
  if (isUnsupported(a)) return ended(invalid(ctx, z));
  if (!isNaN80(a)) return GO_ON;
  ctx.memoryDenormal = false;
  if ((a.hi & 0x40000000) === 0 && !raise(ctx, EXCEPTION.IE)) return SUPPRESS;
  z.assign(a);
  z.hi |= 0x40000000;
  return DELIVER;
}

/** Unsupported encodings and NaNs of a two-operand operation. */
export function specialTwo(ctx: FloatContext, a: Floatx80, b: Floatx80, z: Floatx80): number {
  ctx.c1 = 0;
  if (isUnsupported(a) || isUnsupported(b)) return ended(invalid(ctx, z));
  const aNaN = isNaN80(a);
  const bNaN = isNaN80(b);
  if (!aNaN && !bNaN) return GO_ON;
  ctx.memoryDenormal = false;
  if ((isSignaling(a) || isSignaling(b)) && !raise(ctx, EXCEPTION.IE)) return SUPPRESS;
  z.assign(aNaN && (!bNaN || firstNaNWins(a, b)) ? a : b);
  z.hi |= 0x40000000;
  return DELIVER;
}

/** Table 4-7: a quiet NaN before a signaling one, then the larger significand, then the positive one. */
function firstNaNWins(a: Floatx80, b: Floatx80): boolean {
  const aQuiet = a.hi & 0x40000000;
  const bQuiet = b.hi & 0x40000000;
  if (aQuiet !== bQuiet) return aQuiet !== 0;
  if (a.hi !== b.hi) return a.hi >>> 0 > b.hi >>> 0;
  if (a.lo !== b.lo) return a.lo >>> 0 > b.lo >>> 0;
  return (a.se & 0x8000) === 0;
}

/** Denormal-operand exception of a one- or two-operand operation, for operands that are neither NaN nor unsupported. */
export function denormalAllowed(ctx: FloatContext, a: Floatx80, b: Floatx80): boolean {
  const denormal = ctx.memoryDenormal || isDenormal(a) || isDenormal(b);
  ctx.memoryDenormal = false;
  return !denormal || raise(ctx, EXCEPTION.DE);
}
