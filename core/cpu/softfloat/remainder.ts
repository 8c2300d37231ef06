/** FPREM and FPREM1. Intel SDM vol. 2, FPREM, FPREM1: quotient bits, and partial reduction of distant exponents. */
import {
  CONDITION,
  denormalAllowed,
  DELIVER,
  GO_ON,
  invalid,
  isInfinity,
  isZero,
  setZero,
  specialTwo,
} from './floatx80.ts';
import type { FloatContext, Floatx80 } from './floatx80.ts';
import { A, B, normalize } from './arithmetic.ts';
import { below64, normalizeLeft, quotientDigit, R, setUnpacked, subMagnitudes } from './kernel.ts';
import { roundX80 } from './round.ts';

/**
 * R = the rest of A's significand * 2^shift modulo B's; the low 32 bits of the quotient are returned. Both significands
 * are normalized.
 */
function reduce(shift: number): number {
  const dh = B[1]!;
  const dl = B[2]!;
  let hi = A[1]!;
  let lo = A[2]!;
  let quotient = 0;
  if (!below64(hi, lo, dh, dl)) {
    hi = (hi - dh - (lo >>> 0 < dl >>> 0 ? 1 : 0)) | 0;
    lo = (lo - dl) | 0;
    quotient = 1;
  }
  for (let bits = shift & 31; bits > 0; bits--) {
    const carry = hi < 0;
    hi = (hi << 1) | (lo >>> 31);
    lo <<= 1;
    quotient <<= 1;
    if (carry || !below64(hi, lo, dh, dl)) {
      hi = (hi - dh - (lo >>> 0 < dl >>> 0 ? 1 : 0)) | 0;
      lo = (lo - dl) | 0;
      quotient |= 1;
    }
  }
  R[0] = hi;
  R[1] = lo;
  for (let words = shift >>> 5; words > 0; words--) quotient = quotientDigit(R[0]!, R[1]!, dh, dl);
  return quotient;
}

/**
 * z = the remainder of a / b, by truncation (FPREM) or to nearest (FPREM1). C2 is set, and the quotient's bits are
 * not, when the reduction is partial: exponents 64 or more apart are brought 32 to 63 nearer.
 */
export function remainder(ctx: FloatContext, a: Floatx80, b: Floatx80, nearest: boolean, z: Floatx80): boolean {
  ctx.conditionCodes = 0;
  const special = specialTwo(ctx, a, b, z);
  if (special !== GO_ON) return special === DELIVER;
  if (isInfinity(a) || isZero(b)) return invalid(ctx, z);
  if (!denormalAllowed(ctx, a, b)) return false;
  if (isZero(a)) {
    z.assign(a);
    return true;
  }
  const sign = a.se >>> 15;
  normalize(a, A);
  if (isInfinity(b)) {
    setUnpacked(A[0]!, A[1]!, A[2]!, 0);
    return roundX80(ctx, sign, 64, z);
  }
  normalize(b, B);
  const distance = A[0]! - B[0]!;
  if (distance >= 64) {
    const nearer = 32 + (distance & 31);
    reduce(nearer);
    ctx.conditionCodes = CONDITION.C2;
    return deliver(ctx, sign, A[0]! - nearer, z);
  }
  if (distance < 0) return nearest ? nearestBelow(ctx, sign, distance, z) : deliverSmall(ctx, sign, z);
  let quotient = reduce(distance);
  let resultSign = sign;
  if (nearest) {
    const hi = R[0]!;
    const lo = R[1]!;
    const twiceHi = (hi << 1) | (lo >>> 31);
    const twiceLo = lo << 1;
    const half = hi >= 0 && twiceHi === B[1] && twiceLo === B[2];
    const above = hi < 0 || below64(B[1]!, B[2]!, twiceHi, twiceLo);
    if (above || (half && (quotient & 1) !== 0)) {
      R[0] = B[1]! - hi - (B[2]! >>> 0 < lo >>> 0 ? 1 : 0);
      R[1] = B[2]! - lo;
      resultSign ^= 1;
      quotient++;
    }
  }
  const delivered = deliver(ctx, sign, B[0]!, z, resultSign);
  setQuotient(ctx, quotient);
  return delivered;
}

function setQuotient(ctx: FloatContext, quotient: number): void {
  ctx.conditionCodes = ((quotient & 4) !== 0 ? CONDITION.C0 : 0) | ((quotient & 2) !== 0 ? CONDITION.C3 : 0);
  ctx.c1 = quotient & 1;
}

/** The dividend is the remainder already. */
function deliverSmall(ctx: FloatContext, sign: number, z: Floatx80): boolean {
  setUnpacked(A[0]!, A[1]!, A[2]!, 0);
  const delivered = roundX80(ctx, sign, 64, z);
  setQuotient(ctx, 0);
  return delivered;
}

/** FPREM1 of a dividend below the divisor: the quotient is 0 or 1. */
function nearestBelow(ctx: FloatContext, sign: number, distance: number, z: Floatx80): boolean {
  if (distance < -1 || !below64(B[1]!, B[2]!, A[1]!, A[2]!)) return deliverSmall(ctx, sign, z);
  subMagnitudes(B[0]!, B[1]!, B[2]!, A[0]!, A[1]!, A[2]!);
  const delivered = roundX80(ctx, sign ^ 1, 64, z);
  setQuotient(ctx, 1);
  return delivered;
}

/** The remainder in R at exponent `exp`; a zero has the dividend's sign. */
function deliver(ctx: FloatContext, sign: number, exp: number, z: Floatx80, resultSign = sign): boolean {
  if ((R[0]! | R[1]!) === 0) {
    setZero(z, sign);
    return true;
  }
  setUnpacked(exp, R[0]!, R[1]!, 0);
  normalizeLeft();
  return roundX80(ctx, resultSign, 64, z);
}
