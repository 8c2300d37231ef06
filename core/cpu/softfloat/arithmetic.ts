/**
 * FADD, FSUB, FMUL, FDIV, FSQRT. Intel SDM vol. 1, 8.5.1 (invalid operands), 8.5.3 (zero divide); vol. 2, the tables of
 * results of these instructions.
 *
 * Every function writes z and returns true, or leaves z and returns false because of an unmasked invalid, denormal or
 * zero-divide exception. z may be an operand.
 */
import {
  DELIVER,
  denormalAllowed,
  EXCEPTION,
  EXPONENT_MAX,
  GO_ON,
  invalid,
  isDenormal,
  isInfinity,
  isZero,
  raise,
  ROUND,
  setInfinity,
  setZero,
  specialOne,
  specialTwo,
} from './floatx80.ts';
import type { FloatContext, Floatx80 } from './floatx80.ts';
import { addMagnitudes, divide, multiply, setUnpacked, squareRoot, subMagnitudes } from './kernel.ts';
import { roundX80 } from './round.ts';

/** Normalized operands: exponent and significand. */
export const A = new Int32Array(3);
export const B = new Int32Array(3);

/** Loads a finite nonzero number; a denormal's exponent goes below 1. */
export function normalize(x: Floatx80, into: Int32Array): void {
  let exp = x.se & EXPONENT_MAX;
  let hi = x.hi;
  let lo = x.lo;
  if (exp === 0) exp = 1;
  if (hi >= 0) {
    if (hi === 0) {
      hi = lo;
      lo = 0;
      exp -= 32;
    }
    const count = Math.clz32(hi);
    if (count > 0) {
      hi = (hi << count) | (lo >>> (32 - count));
      lo <<= count;
      exp -= count;
    }
  }
  into[0] = exp;
  into[1] = hi;
  into[2] = lo;
}

/** Normal numbers need none of the checks for special operands. */
const isNormal = (x: Floatx80): boolean => {
  const exp = x.se & EXPONENT_MAX;
  return x.hi < 0 && exp !== 0 && exp !== EXPONENT_MAX;
};

function subNormalized(
  ctx: FloatContext,
  sign: number,
  ea: number,
  ah: number,
  al: number,
  eb: number,
  bh: number,
  bl: number,
  z: Floatx80,
): boolean {
  const order = subMagnitudes(ea, ah, al, eb, bh, bl);
  if (order === 0) {
    setZero(z, ctx.roundingMode === ROUND.down ? 1 : 0);
    return true;
  }
  return roundX80(ctx, order < 0 ? sign ^ 1 : sign, ctx.precision, z);
}

function addSigned(ctx: FloatContext, a: Floatx80, b: Floatx80, flip: number, z: Floatx80): boolean {
  const sa = (a.se >>> 15) & 1;
  const sb = ((b.se >>> 15) & 1) ^ flip;
  if (!ctx.memoryDenormal && isNormal(a) && isNormal(b)) {
    ctx.c1 = 0;
    const ea = a.se & EXPONENT_MAX;
    const eb = b.se & EXPONENT_MAX;
    if (sa !== sb) return subNormalized(ctx, sa, ea, a.hi, a.lo, eb, b.hi, b.lo, z);
    addMagnitudes(ea, a.hi, a.lo, eb, b.hi, b.lo);
  } else {
    const special = specialTwo(ctx, a, b, z);
    if (special !== GO_ON) return special === DELIVER;
    const infinite = isInfinity(a);
    if (infinite && isInfinity(b) && sa !== sb) return invalid(ctx, z);
    if (!denormalAllowed(ctx, a, b)) return false;
    if (infinite || isInfinity(b)) {
      setInfinity(z, infinite ? sa : sb);
      return true;
    }
    if (isZero(a) && isZero(b)) {
      setZero(z, sa === sb ? sa : ctx.roundingMode === ROUND.down ? 1 : 0);
      return true;
    }
    if (isZero(a) || isZero(b)) {
      const sign = isZero(a) ? sb : sa;
      normalize(isZero(a) ? b : a, A);
      setUnpacked(A[0]!, A[1]!, A[2]!, 0);
      return roundX80(ctx, sign, ctx.precision, z);
    }
    normalize(a, A);
    normalize(b, B);
    if (sa !== sb) return subNormalized(ctx, sa, A[0]!, A[1]!, A[2]!, B[0]!, B[1]!, B[2]!, z);
    addMagnitudes(A[0]!, A[1]!, A[2]!, B[0]!, B[1]!, B[2]!);
  }
  return roundX80(ctx, sa, ctx.precision, z);
}

/** z = a + b. */
export const add = (ctx: FloatContext, a: Floatx80, b: Floatx80, z: Floatx80): boolean => addSigned(ctx, a, b, 0, z);

/** z = a - b. */
export const sub = (ctx: FloatContext, a: Floatx80, b: Floatx80, z: Floatx80): boolean => addSigned(ctx, a, b, 1, z);

/** z = a * b. */
export function mul(ctx: FloatContext, a: Floatx80, b: Floatx80, z: Floatx80): boolean {
  const sign = ((a.se ^ b.se) >>> 15) & 1;
  if (!ctx.memoryDenormal && isNormal(a) && isNormal(b)) {
    ctx.c1 = 0;
    multiply(a.se & EXPONENT_MAX, a.hi, a.lo, b.se & EXPONENT_MAX, b.hi, b.lo);
  } else {
    const special = specialTwo(ctx, a, b, z);
    if (special !== GO_ON) return special === DELIVER;
    if ((isInfinity(a) && isZero(b)) || (isZero(a) && isInfinity(b))) return invalid(ctx, z);
    if (!denormalAllowed(ctx, a, b)) return false;
    if (isInfinity(a) || isInfinity(b)) {
      setInfinity(z, sign);
      return true;
    }
    if (isZero(a) || isZero(b)) {
      setZero(z, sign);
      return true;
    }
    normalize(a, A);
    normalize(b, B);
    multiply(A[0]!, A[1]!, A[2]!, B[0]!, B[1]!, B[2]!);
  }
  return roundX80(ctx, sign, ctx.precision, z);
}

/** z = a / b. */
export function div(ctx: FloatContext, a: Floatx80, b: Floatx80, z: Floatx80): boolean {
  const sign = ((a.se ^ b.se) >>> 15) & 1;
  if (!ctx.memoryDenormal && isNormal(a) && isNormal(b)) {
    ctx.c1 = 0;
    divide(a.se & EXPONENT_MAX, a.hi, a.lo, b.se & EXPONENT_MAX, b.hi, b.lo);
  } else {
    const special = specialTwo(ctx, a, b, z);
    if (special !== GO_ON) return special === DELIVER;
    if ((isInfinity(a) && isInfinity(b)) || (isZero(a) && isZero(b))) return invalid(ctx, z);
    if (isZero(b) && !isInfinity(a)) {
      ctx.memoryDenormal = false;
      if (!raise(ctx, EXCEPTION.ZE)) return false;
      setInfinity(z, sign);
      return true;
    }
    if (!denormalAllowed(ctx, a, b)) return false;
    if (isInfinity(a)) {
      setInfinity(z, sign);
      return true;
    }
    if (isZero(a) || isInfinity(b)) {
      setZero(z, sign);
      return true;
    }
    normalize(a, A);
    normalize(b, B);
    divide(A[0]!, A[1]!, A[2]!, B[0]!, B[1]!, B[2]!);
  }
  return roundX80(ctx, sign, ctx.precision, z);
}

/** z = sqrt(a). */
export function sqrt(ctx: FloatContext, a: Floatx80, z: Floatx80): boolean {
  const special = specialOne(ctx, a, z);
  if (special !== GO_ON) return special === DELIVER;
  if (isZero(a)) {
    z.assign(a);
    return true;
  }
  if ((a.se & 0x8000) !== 0) return invalid(ctx, z);
  if (isDenormal(a) && !raise(ctx, EXCEPTION.DE)) return false;
  if (isInfinity(a)) {
    z.assign(a);
    return true;
  }
  normalize(a, A);
  squareRoot(A[0]!, A[1]!, A[2]!);
  return roundX80(ctx, 0, ctx.precision, z);
}
