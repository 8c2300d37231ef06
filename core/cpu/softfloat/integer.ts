/** FRNDINT, FIST, FISTP, FISTTP, FILD. Intel SDM vol. 1, 4.8.3.7 (integer indefinite) and 8.5.1.2. */
import {
  denormalAllowed,
  DELIVER,
  EXCEPTION,
  EXPONENT_BIAS,
  EXPONENT_MAX,
  GO_ON,
  isUnsupported,
  isZero,
  raise,
  ROUND,
  setZero,
  specialOne,
} from './floatx80.ts';
import type { FloatContext, Floatx80 } from './floatx80.ts';
import { A, normalize } from './arithmetic.ts';
import { EXP, EXT, HI, LO, normalizeLeft, setUnpacked, shiftRightJam, U } from './kernel.ts';
import { roundsUp } from './round.ts';

/** The result of conversions to integer: low word, high word (the sign's extension for 16 and 32 bits). */
export const INTEGER = new Int32Array(2);

const TOP_BIT = EXPONENT_BIAS + 63;

/**
 * Rounds the magnitude (exp, hi, lo) below 2^64 to an integer, in U's HI:LO. 0: exact, 1: inexact, 3: rounded up.
 */
export function roundMagnitude(mode: number, sign: number, exp: number, hi: number, lo: number): number {
  setUnpacked(exp, hi, lo, 0);
  if (exp >= TOP_BIT) return 0;
  shiftRightJam(TOP_BIT - exp);
  const fraction = U[EXT]!;
  if (fraction === 0) return 0;
  U[EXT] = 0;
  if (!roundsUp(mode, sign, fraction, U[LO]! & 1)) return 1;
  U[LO] = U[LO]! + 1;
  if (U[LO] === 0) U[HI] = U[HI]! + 1;
  return 3;
}

/** FRNDINT. */
export function roundToInteger(ctx: FloatContext, a: Floatx80, z: Floatx80): boolean {
  const special = specialOne(ctx, a, z);
  if (special !== GO_ON) return special === DELIVER;
  if (!denormalAllowed(ctx, a, a)) return false;
  if (isZero(a) || (a.se & EXPONENT_MAX) >= TOP_BIT) {
    z.assign(a);
    return true;
  }
  const sign = a.se >>> 15;
  normalize(a, A);
  const rounded = roundMagnitude(ctx.roundingMode, sign, A[0]!, A[1]!, A[2]!);
  if (rounded !== 0) ctx.exceptionFlags |= EXCEPTION.PE;
  ctx.c1 = rounded >>> 1;
  loadMagnitude(sign, U[HI]!, U[LO]!, z);
  return true;
}

/** z = an integer of 64 bits by magnitude. */
export function loadMagnitude(sign: number, hi: number, lo: number, z: Floatx80): void {
  if ((hi | lo) === 0) {
    setZero(z, sign);
    return;
  }
  setUnpacked(TOP_BIT, hi, lo, 0);
  normalizeLeft();
  z.se = (sign << 15) | U[EXP]!;
  z.hi = U[HI]!;
  z.lo = U[LO]!;
}

/**
 * Converts to a signed integer of 16, 32 or 64 bits in INTEGER; `truncate` is FISTTP. What does not fit is invalid,
 * with the most negative integer as masked response. False: not masked, nothing is stored and nothing popped.
 */
export function toInteger(ctx: FloatContext, a: Floatx80, bits: 16 | 32 | 64, truncate: boolean): boolean {
  ctx.c1 = 0;
  const exp = a.se & EXPONENT_MAX;
  if (isZero(a)) {
    INTEGER[0] = INTEGER[1] = 0;
    return true;
  }
  if (!isUnsupported(a) && exp <= EXPONENT_BIAS + bits - 1) {
    const sign = a.se >>> 15;
    normalize(a, A);
    const rounded = roundMagnitude(truncate ? ROUND.zero : ctx.roundingMode, sign, A[0]!, A[1]!, A[2]!);
    if (fits(U[HI]!, U[LO]!, sign, bits)) {
      if (rounded !== 0) ctx.exceptionFlags |= EXCEPTION.PE;
      ctx.c1 = rounded >>> 1;
      INTEGER[0] = sign ? -U[LO]! : U[LO]!;
      INTEGER[1] = sign ? ~U[HI]! + (U[LO] === 0 ? 1 : 0) : U[HI]!;
      return true;
    }
  }
  if (!raise(ctx, EXCEPTION.IE)) return false;
  INTEGER[0] = bits === 64 ? 0 : bits === 32 ? -0x80000000 : -0x8000;
  INTEGER[1] = bits === 64 ? -0x80000000 : -1;
  return true;
}

/** Whether a magnitude with this sign is a signed integer of that width. */
export function fits(hi: number, lo: number, sign: number, bits: 16 | 32 | 64): boolean {
  if (bits === 64) return hi >= 0 || (sign === 1 && hi === -0x80000000 && lo === 0);
  if (hi !== 0) return false;
  return lo >>> 0 < (bits === 32 ? 0x80000000 : 0x8000) + sign;
}

/** FILD, all widths: words of the sign-extended integer. Always exact. */
export function fromInteger(hi: number, lo: number, z: Floatx80): void {
  if (hi < 0) loadMagnitude(1, (~hi + (lo === 0 ? 1 : 0)) | 0, -lo | 0, z);
  else loadMagnitude(0, hi, lo, z);
}
