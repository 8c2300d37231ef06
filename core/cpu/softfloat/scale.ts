/** FSCALE, FXTRACT, FCHS, FABS. Intel SDM vol. 2, the tables of results of these instructions. */
import {
  denormalAllowed,
  DELIVER,
  EXCEPTION,
  EXPONENT_BIAS,
  EXPONENT_MAX,
  GO_ON,
  invalid,
  isDenormal,
  isInfinity,
  isZero,
  raise,
  setInfinity,
  setZero,
  specialOne,
  specialTwo,
} from './floatx80.ts';
import type { FloatContext, Floatx80 } from './floatx80.ts';
import { A, B, normalize } from './arithmetic.ts';
import { fromInteger } from './integer.ts';
import { setUnpacked } from './kernel.ts';
import { BIAS_ADJUST, roundX80 } from './round.ts';

/** FCHS. */
export function changeSign(ctx: FloatContext, a: Floatx80, z: Floatx80): void {
  ctx.c1 = 0;
  z.assign(a);
  z.se ^= 0x8000;
}

/** FABS. */
export function absolute(ctx: FloatContext, a: Floatx80, z: Floatx80): void {
  ctx.c1 = 0;
  z.assign(a);
  z.se &= 0x7fff;
}

/** More than any exponent can be moved. */
const FARTHEST = 0x10000;

/** FSCALE: z = a * 2^trunc(b). */
export function scale(ctx: FloatContext, a: Floatx80, b: Floatx80, z: Floatx80): boolean {
  const special = specialTwo(ctx, a, b, z);
  if (special !== GO_ON) return special === DELIVER;
  const sign = a.se >>> 15;
  const down = (b.se & 0x8000) !== 0;
  if (isInfinity(b) && (down ? isInfinity(a) : isZero(a))) return invalid(ctx, z);
  if (!denormalAllowed(ctx, a, b)) return false;
  if (isInfinity(a) || isZero(a)) {
    z.assign(a);
    return true;
  }
  if (isInfinity(b)) {
    if (down) setZero(z, sign);
    else setInfinity(z, sign);
    return true;
  }
  let count = 0;
  if (!isZero(b)) {
    normalize(b, B);
    const bits = B[0]! - EXPONENT_BIAS;
    count = bits >= 16 ? FARTHEST : bits < 0 ? 0 : B[1]! >>> (31 - bits);
  }
  normalize(a, A);
  const exp = A[0]! + (down ? -count : count);
  // Too far for the adjusted exponent of an unmasked response: infinity or zero after all.
  if (exp >= EXPONENT_MAX + BIAS_ADJUST && (ctx.exceptionMasks & EXCEPTION.OE) === 0) {
    ctx.exceptionFlags |= EXCEPTION.OE | EXCEPTION.PE;
    ctx.c1 = 1;
    setInfinity(z, sign);
    return true;
  }
  if (exp <= -BIAS_ADJUST && (ctx.exceptionMasks & EXCEPTION.UE) === 0) {
    ctx.exceptionFlags |= EXCEPTION.UE | EXCEPTION.PE;
    setZero(z, sign);
    return true;
  }
  setUnpacked(exp, A[1]!, A[2]!, 0);
  return roundX80(ctx, sign, 64, z);
}

/** FXTRACT: the exponent of a as a number, and its significand with the exponent of 1 (pushed after it). */
export function extract(ctx: FloatContext, a: Floatx80, exponent: Floatx80, significand: Floatx80): boolean {
  const special = specialOne(ctx, a, significand);
  if (special !== GO_ON) {
    if (special === DELIVER) exponent.assign(significand);
    return special === DELIVER;
  }
  if (isZero(a)) {
    if (!raise(ctx, EXCEPTION.ZE)) return false;
    significand.assign(a);
    setInfinity(exponent, 1);
    return true;
  }
  if (isInfinity(a)) {
    significand.assign(a);
    setInfinity(exponent, 0);
    return true;
  }
  if (isDenormal(a) && !raise(ctx, EXCEPTION.DE)) return false;
  const sign = a.se & 0x8000;
  normalize(a, A);
  const unbiased = A[0]! - EXPONENT_BIAS;
  significand.se = sign | EXPONENT_BIAS;
  significand.hi = A[1]!;
  significand.lo = A[2]!;
  fromInteger(unbiased >> 31, unbiased, exponent);
  return true;
}
