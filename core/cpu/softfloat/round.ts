/**
 * From a kernel's result to a format: rounding, overflow and underflow. Intel SDM vol. 1, 4.8.4, 4.9.1.4-4.9.1.6, 8.5.
 * Tininess is detected after rounding, in x87 and SSE alike.
 */
import { EXCEPTION, EXPONENT_MAX, ROUND } from './floatx80.ts';
import type { FloatContext, Floatx80 } from './floatx80.ts';
import { EXP, EXT, HI, LO, shiftRightJam, U } from './kernel.ts';

const INEXACT = 1;
const UP = 2;
/** Added to the exponent of an unmasked underflow, subtracted for an overflow (x87 only). */
export const BIAS_ADJUST = 24576;

/** Whether bits with this fraction below the last place (as a 32-bit fixed-point number) round away from zero. */
export function roundsUp(mode: number, sign: number, fraction: number, odd: number): boolean {
  if (mode === ROUND.nearest) return fraction < 0 && (fraction !== -0x80000000 || odd !== 0);
  if (mode === ROUND.zero || fraction === 0) return false;
  return (mode === ROUND.up) === (sign === 0);
}

/** Cuts U to 24, 53 or 64 bits of significand; EXT ends 0. INEXACT and UP say what happened. */
function roundSignificand(mode: number, sign: number, precision: number): number {
  let hi = U[HI]!;
  let lo = U[LO]!;
  let fraction = U[EXT]!;
  let unit = 1;
  if (precision === 53) {
    fraction = (lo << 21) | (fraction !== 0 ? 1 : 0);
    lo &= ~0x7ff;
    unit = 0x800;
  } else if (precision === 24) {
    fraction = (hi << 24) | ((fraction | lo) !== 0 ? 1 : 0);
    lo = 0;
    hi &= ~0xff;
    unit = 0x100;
  }
  U[EXT] = 0;
  if (fraction === 0) return 0;
  const odd = (precision === 24 ? hi : lo) & unit;
  let result = INEXACT;
  if (roundsUp(mode, sign, fraction, odd)) {
    result = INEXACT | UP;
    if (precision === 24) hi = (hi + unit) | 0;
    else {
      lo = (lo + unit) | 0;
      if (lo === 0) hi = (hi + 1) | 0;
    }
    if (hi === 0 && lo === 0) {
      hi = -0x80000000;
      U[EXP] = U[EXP]! + 1;
    }
  }
  U[HI] = hi;
  U[LO] = lo;
  return result;
}

/** True when rounding U to `precision` would carry into the next exponent. */
function carriesOut(mode: number, sign: number, precision: number): boolean {
  const hi = U[HI]!;
  const lo = U[LO]!;
  const ext = U[EXT]!;
  if (precision === 64) return hi === -1 && lo === -1 && roundsUp(mode, sign, ext, 1);
  if (precision === 53) {
    if (hi !== -1 || (lo | 0x7ff) !== -1) return false;
    return roundsUp(mode, sign, (lo << 21) | (ext !== 0 ? 1 : 0), 1);
  }
  return (hi | 0xff) === -1 && roundsUp(mode, sign, (hi << 24) | ((lo | ext) !== 0 ? 1 : 0), 1);
}

/** Whether the masked response to overflow is infinity rather than the largest finite number. */
export const overflowsToInfinity = (mode: number, sign: number): boolean =>
  mode === ROUND.nearest || mode === (sign ? ROUND.down : ROUND.up);

/** Rounds U into a register; sets the flags and C1. An unmasked overflow or underflow delivers the adjusted result. */
export function roundX80(ctx: FloatContext, sign: number, precision: number, z: Floatx80): boolean {
  const mode = ctx.roundingMode;
  const exp = U[EXP]!;
  if (exp <= 0) {
    underflowX80(ctx, sign, precision, z);
    return true;
  }
  const rounded = roundSignificand(mode, sign, precision);
  let biased = U[EXP]!;
  if (biased >= EXPONENT_MAX) {
    ctx.exceptionFlags |= EXCEPTION.OE;
    if ((ctx.exceptionMasks & EXCEPTION.OE) !== 0) {
      ctx.exceptionFlags |= EXCEPTION.PE;
      const infinity = overflowsToInfinity(mode, sign);
      ctx.c1 = infinity ? 1 : 0;
      z.se = (sign << 15) | (infinity ? EXPONENT_MAX : EXPONENT_MAX - 1);
      z.hi = infinity ? -0x80000000 : precision === 24 ? -0x100 : -1;
      z.lo = infinity || precision === 24 ? 0 : precision === 53 ? -0x800 : -1;
      return true;
    }
    biased -= BIAS_ADJUST;
  }
  ctx.c1 = rounded >>> 1;
  if (rounded !== 0) ctx.exceptionFlags |= EXCEPTION.PE;
  z.se = (sign << 15) | (biased & EXPONENT_MAX);
  z.hi = U[HI]!;
  z.lo = U[LO]!;
  return true;
}

function underflowX80(ctx: FloatContext, sign: number, precision: number, z: Floatx80): void {
  const mode = ctx.roundingMode;
  const exp = U[EXP]!;
  const tiny = exp < 0 || !carriesOut(mode, sign, precision);
  if (tiny && (ctx.exceptionMasks & EXCEPTION.UE) === 0) {
    const rounded = roundSignificand(mode, sign, precision);
    ctx.exceptionFlags |= EXCEPTION.UE | (rounded !== 0 ? EXCEPTION.PE : 0);
    ctx.c1 = rounded >>> 1;
    z.se = (sign << 15) | ((U[EXP]! + BIAS_ADJUST) & EXPONENT_MAX);
    z.hi = U[HI]!;
    z.lo = U[LO]!;
    return;
  }
  shiftRightJam(1 - exp);
  const rounded = roundSignificand(mode, sign, precision);
  if (rounded !== 0) ctx.exceptionFlags |= tiny ? EXCEPTION.UE | EXCEPTION.PE : EXCEPTION.PE;
  ctx.c1 = rounded >>> 1;
  z.hi = U[HI]!;
  z.lo = U[LO]!;
  z.se = (sign << 15) | (z.hi < 0 ? 1 : 0);
}

/** A binary interchange format: significand bits, and what separates its exponents from the kernels'. */
export interface NarrowFormat {
  readonly precision: 24 | 53;
  readonly rebias: number;
  readonly maxExponent: number;
}
export const FLOAT32: NarrowFormat = { precision: 24, rebias: 16383 - 127, maxExponent: 0xff };
export const FLOAT64: NarrowFormat = { precision: 53, rebias: 16383 - 1023, maxExponent: 0x7ff };

/** Set by roundNarrow: the magnitude was rounded up. */
export const narrowed = { up: false };

/**
 * Rounds U to a narrow format, leaving its biased exponent in EXP and its significand at the top of HI:LO (integer bit
 * clear when denormal). Returns the exceptions; with an unmasked overflow or underflow there is no result.
 */
export function roundNarrow(mode: number, sign: number, masks: number, flush: boolean, format: NarrowFormat): number {
  const { precision, rebias, maxExponent } = format;
  const exp = U[EXP]! - rebias;
  U[EXP] = exp;
  narrowed.up = false;
  if (exp <= 0) {
    const tiny = exp < 0 || !carriesOut(mode, sign, precision);
    if (tiny && (masks & EXCEPTION.UE) === 0) {
      const rounded = roundSignificand(mode, sign, precision);
      narrowed.up = (rounded & UP) !== 0;
      return EXCEPTION.UE | (rounded !== 0 ? EXCEPTION.PE : 0);
    }
    if (tiny && flush) {
      U.fill(0);
      return EXCEPTION.UE | EXCEPTION.PE;
    }
    shiftRightJam(1 - exp);
    const rounded = roundSignificand(mode, sign, precision);
    U[EXP] = U[HI]! < 0 ? 1 : 0;
    narrowed.up = (rounded & UP) !== 0;
    if (rounded === 0) return 0;
    return tiny ? EXCEPTION.UE | EXCEPTION.PE : EXCEPTION.PE;
  }
  const rounded = roundSignificand(mode, sign, precision);
  narrowed.up = (rounded & UP) !== 0;
  if (U[EXP]! < maxExponent) return rounded !== 0 ? EXCEPTION.PE : 0;
  if ((masks & EXCEPTION.OE) === 0) return EXCEPTION.OE | (rounded !== 0 ? EXCEPTION.PE : 0);
  const infinity = overflowsToInfinity(mode, sign);
  narrowed.up = infinity;
  U[EXP] = infinity ? maxExponent : maxExponent - 1;
  U[HI] = infinity ? -0x80000000 : -1;
  U[LO] = infinity ? 0 : -1;
  return EXCEPTION.OE | EXCEPTION.PE;
}

/** U, as roundNarrow left it, as float32 bits. */
export const packedFloat32 = (sign: number): number => (sign << 31) | (U[EXP]! << 23) | ((U[HI]! >>> 8) & 0x7fffff);
/** U, as roundNarrow left it, as the words of a float64. */
export const packedFloat64High = (sign: number): number => (sign << 31) | (U[EXP]! << 20) | ((U[HI]! >>> 11) & 0xfffff);
export const packedFloat64Low = (): number => (U[HI]! << 21) | (U[LO]! >>> 11);
