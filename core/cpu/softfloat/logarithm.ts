/** F2XM1, FYL2X, FYL2XP1. Intel SDM vol. 1, 8.3.9, 8.3.10; vol. 2, the tables of results of these instructions. */
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
import {
  addDD,
  D,
  divDD,
  evaluate,
  exponentOf,
  mulDD,
  powerOfTwo,
  reciprocalSeries,
  significandDD,
  smallPowerOfTwo,
  unpackDD,
} from './double-double.ts';
import { multiply, normalizeLeft, setUnpacked, U } from './kernel.ts';
import { roundX80 } from './round.ts';

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** (e^t - 1) / t. */
const EXPONENTIAL = reciprocalSeries((n) => factorial(n + 1), 14, 11, false);
/** atanh(s) / s in s^2. */
const AREA_TANGENT = reciprocalSeries((n) => 2 * n + 1, 9, 12, false);

const LN2_HIGH = 0.6931471805599453;
const LN2_LOW = 2.3190468138462996e-17;
const LOG2E_HIGH = 1.4426950408889634;
const LOG2E_LOW = 2.0355273740931033e-17;

/** F2XM1: z = 2^a - 1 for |a| <= 1; what lies outside stays, as on the processors measured. */
export function exponential(ctx: FloatContext, a: Floatx80, z: Floatx80): boolean {
  const special = specialOne(ctx, a, z);
  if (special !== GO_ON) return special === DELIVER;
  const sign = a.se >>> 15;
  if (isInfinity(a)) {
    z.assign(a);
    if (sign) z.se = 0x8000 | EXPONENT_BIAS;
    return true;
  }
  if (isZero(a)) {
    z.assign(a);
    return true;
  }
  if (!denormalAllowed(ctx, a, a)) return false;
  const exp = (a.se & EXPONENT_MAX) - EXPONENT_BIAS;
  if (exp >= 0) {
    ctx.exceptionFlags |= EXCEPTION.PE;
    z.assign(a);
    if (exp === 0 && a.hi === -0x80000000 && a.lo === 0 && sign) z.se = 0x8000 | (EXPONENT_BIAS - 1);
    return true;
  }
  normalize(a, A);
  significandDD(A[1]!, A[2]!);
  mulDD(D[0]!, D[1]!, LN2_HIGH, LN2_LOW);
  const high = D[0]!;
  const low = D[1]!;
  const unit = smallPowerOfTwo(A[0]! - EXPONENT_BIAS) * (sign ? -1 : 1);
  D[0] = high * unit;
  D[1] = low * unit;
  evaluate(EXPONENTIAL);
  mulDD(D[0]!, D[1]!, high, low);
  unpackDD(A[0]! - EXPONENT_BIAS);
  return roundX80(ctx, sign, 64, z);
}

/** D = log2 of (1 + s) / (1 - s), divided by s, for s = D below 0.172. */
function logarithmByS(): void {
  mulDD(D[0]!, D[1]!, D[0]!, D[1]!);
  evaluate(AREA_TANGENT);
  mulDD(D[0]!, D[1]!, 2 * LOG2E_HIGH, 2 * LOG2E_LOW);
}

/** D = log2(D * 2^exp), D in [1, 2]. */
function log2(exp: number): void {
  let high = D[0]!;
  let low = D[1]!;
  if (high > Math.SQRT2) {
    high /= 2;
    low /= 2;
    exp++;
  }
  addDD(high, low, 1, 0);
  const sumHigh = D[0]!;
  const sumLow = D[1]!;
  addDD(high, low, -1, 0);
  divDD(sumHigh, sumLow);
  const sh = D[0]!;
  const sl = D[1]!;
  logarithmByS();
  mulDD(D[0]!, D[1]!, sh, sl);
  if (exp !== 0) addDD(exp, 0, D[0]!, D[1]!);
}

/** z = y * D * 2^exp, inexact, for y in B. */
function deliverProduct(ctx: FloatContext, ySign: number, exp: number, z: Floatx80): boolean {
  const high = D[0]!;
  const low = D[1]!;
  const negative = high < 0;
  significandDD(B[1]!, B[2]!);
  mulDD(D[0]!, D[1]!, negative ? -high : high, negative ? -low : low);
  unpackDD(exp + B[0]! - EXPONENT_BIAS);
  return roundX80(ctx, ySign ^ (negative ? 1 : 0), 64, z);
}

/** FYL2X: z = y * log2(x). */
export function yLog2(ctx: FloatContext, x: Floatx80, y: Floatx80, z: Floatx80): boolean {
  const special = specialTwo(ctx, x, y, z);
  if (special !== GO_ON) return special === DELIVER;
  const ySign = y.se >>> 15;
  if (isZero(x)) {
    if (isZero(y)) return invalid(ctx, z);
    if (!isInfinity(y) && !raise(ctx, EXCEPTION.ZE)) return false;
    setInfinity(z, ySign ^ 1);
    return true;
  }
  if ((x.se & 0x8000) !== 0) return invalid(ctx, z);
  const isOne = x.se === EXPONENT_BIAS && x.hi === -0x80000000 && x.lo === 0;
  if ((isInfinity(x) && isZero(y)) || (isOne && isInfinity(y))) return invalid(ctx, z);
  if (!denormalAllowed(ctx, x, y)) return false;
  const belowOne = (x.se & EXPONENT_MAX) < EXPONENT_BIAS ? 1 : 0;
  if (isInfinity(x) || isInfinity(y)) {
    setInfinity(z, ySign ^ belowOne);
    return true;
  }
  if (isOne || isZero(y)) {
    setZero(z, ySign ^ belowOne);
    return true;
  }
  normalize(x, A);
  normalize(y, B);
  const exp = A[0]! - EXPONENT_BIAS;
  if (A[1] === -0x80000000 && A[2] === 0) return deliverPower(ctx, ySign, exp, z);
  significandDD(A[1]!, A[2]!);
  log2(exp);
  return deliverProduct(ctx, ySign, 0, z);
}

/** The logarithm of a power of two is an integer; the product counts as inexact even when it is not. */
function deliverPower(ctx: FloatContext, ySign: number, exp: number, z: Floatx80): boolean {
  setUnpacked(EXPONENT_BIAS + 63, 0, Math.abs(exp), 0);
  normalizeLeft();
  multiply(U[0]!, U[1]!, U[2]!, B[0]!, B[1]!, B[2]!);
  roundX80(ctx, ySign ^ (exp < 0 ? 1 : 0), 64, z);
  ctx.exceptionFlags |= isDenormal(z) ? EXCEPTION.PE | EXCEPTION.UE : EXCEPTION.PE;
  return true;
}

/** y * log2(x + 1) for x from -1 to infinity, but not near zero. */
function yLog2Beyond(ctx: FloatContext, xSign: number, ySign: number, exp: number, z: Floatx80): boolean {
  significandDD(A[1]!, A[2]!);
  let sumExp = exp;
  if (exp < 110) {
    const unit = xSign ? -powerOfTwo(exp) : powerOfTwo(exp);
    addDD(D[0]! * unit, D[1]! * unit, 1, 0);
    sumExp = exponentOf(D[0]!);
    const back = powerOfTwo(-sumExp);
    D[0] = D[0]! * back;
    D[1] = D[1]! * back;
  }
  log2(sumExp);
  return deliverProduct(ctx, ySign, 0, z);
}

/** FYL2XP1: z = y * log2(x + 1), made for |x| < 1 - sqrt(1/2); beyond, a processor's result is undefined. */
export function yLog2Plus1(ctx: FloatContext, x: Floatx80, y: Floatx80, z: Floatx80): boolean {
  const special = specialTwo(ctx, x, y, z);
  if (special !== GO_ON) return special === DELIVER;
  const xSign = x.se >>> 15;
  const ySign = y.se >>> 15;
  const sign = xSign ^ ySign;
  if ((isZero(x) && isInfinity(y)) || (isInfinity(x) && isZero(y))) return invalid(ctx, z);
  if (isInfinity(x) && xSign) return invalid(ctx, z);
  if (!denormalAllowed(ctx, x, y)) return false;
  if (isInfinity(x) || isInfinity(y)) {
    setInfinity(z, sign);
    return true;
  }
  if (isZero(x) || isZero(y)) {
    setZero(z, sign);
    return true;
  }
  normalize(x, A);
  normalize(y, B);
  const exp = A[0]! - EXPONENT_BIAS;
  if (exp >= -1) {
    if (xSign && exp >= 0) {
      // No logarithm: the operand stays, as on the processors measured.
      ctx.exceptionFlags |= EXCEPTION.PE;
      z.assign(x);
      return true;
    }
    return yLog2Beyond(ctx, xSign, ySign, exp, z);
  }
  significandDD(A[1]!, A[2]!);
  const high = D[0]!;
  const low = D[1]!;
  const unit = smallPowerOfTwo(exp) * (xSign ? -1 : 1);
  addDD(high * unit, low * unit, 2, 0);
  const sumHigh = D[0]!;
  const sumLow = D[1]!;
  D[0] = high;
  D[1] = low;
  divDD(sumHigh, sumLow);
  // s = x / (2 + x), kept apart from its exponent.
  const sh = D[0]!;
  const sl = D[1]!;
  D[0] = sh * unit;
  D[1] = sl * unit;
  logarithmByS();
  mulDD(D[0]!, D[1]!, sh, sl);
  return deliverProduct(ctx, sign, exp, z);
}
