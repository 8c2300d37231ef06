/**
 * FSIN, FCOS, FSINCOS, FPTAN, FPATAN. Intel SDM vol. 1, 8.3.7, 8.3.8 (argument reduction by a pi of 66 bits) and 8.3.10
 * (within one unit in the last place). The functions see the exact remainder by that pi, as processors do.
 */
import {
  CONDITION,
  denormalAllowed,
  DELIVER,
  EXPONENT_BIAS,
  EXPONENT_MAX,
  GO_ON,
  invalid,
  isInfinity,
  isZero,
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
  mulDD,
  nudge,
  powerOfTwo,
  quickSum,
  reciprocalSeries,
  scaleD,
  significandDD,
  unpackDD,
} from './double-double.ts';
import { below64, setUnpacked } from './kernel.ts';
import { roundX80 } from './round.ts';

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** sin(r) / r and cos(r) as series in r^2; (2n + 1)! is an exact double for every pair. */
const SINE = reciprocalSeries((n) => factorial(2 * n + 1), 8, 6, true);
const COSINE = reciprocalSeries((n) => factorial(2 * n), 9, 6, true);
/** atan(u) / u in u^2. */
const ARCTANGENT = reciprocalSeries((n) => 2 * n + 1, 8, 8, true);

/** The first 66 bits of pi, as words of 2, 32 and 32 bits. */
const PI66_TOP = 3;
const PI66_HI = 0x243f6a88;
const PI66_LO = 0x85a308d3;
const TWO32 = 0x1_0000_0000;

/** The argument less a multiple of pi/2, in [-pi/4, pi/4]: significand and magnitude of the scale. */
const reduced = { high: 0, low: 0, negative: false, quadrant: 0, exact: false };

/**
 * Reduces |a| (normalized in A, unbiased exponent below 63). Arguments below 1/4 stay as they are: `exact`, and high:low
 * is the significand alone.
 */
function reduceByPi(): void {
  const exp = A[0]! - EXPONENT_BIAS;
  reduced.negative = false;
  reduced.quadrant = 0;
  reduced.exact = exp < -2;
  if (exp < -2) {
    significandDD(A[1]!, A[2]!);
    reduced.high = D[0]!;
    reduced.low = D[1]!;
    return;
  }
  // In units of 2^-65, where pi/2 is the integer of 66 bits: shift the argument in, bit by bit.
  let top = 0;
  let hi = A[1]!;
  let lo = A[2]!;
  let quadrant = 0;
  for (let bits = exp + 2; bits > 0; bits--) {
    top = (top << 1) | (hi >>> 31);
    hi = (hi << 1) | (lo >>> 31);
    lo <<= 1;
    quadrant <<= 1;
    if (top > PI66_TOP || (top === PI66_TOP && !below64(hi, lo, PI66_HI, PI66_LO | 0))) {
      top = top - PI66_TOP - (below64(hi, lo, PI66_HI, PI66_LO | 0) ? 1 : 0);
      hi = (hi - PI66_HI - (lo >>> 0 < PI66_LO ? 1 : 0)) | 0;
      lo = (lo - PI66_LO) | 0;
      quadrant |= 1;
    }
  }
  // Above pi/4 (half of the integer): the distance to the next multiple.
  const twiceTop = (top << 1) | (hi >>> 31);
  const twiceHi = (hi << 1) | (lo >>> 31);
  if (twiceTop > PI66_TOP || (twiceTop === PI66_TOP && !below64(twiceHi, lo << 1, PI66_HI, PI66_LO | 0))) {
    const borrow = PI66_LO < lo >>> 0 ? 1 : 0;
    const difference = PI66_HI - (hi >>> 0) - borrow;
    top = PI66_TOP - top - (difference < 0 ? 1 : 0);
    hi = difference | 0;
    lo = (PI66_LO - lo) | 0;
    reduced.negative = true;
    quadrant++;
  }
  reduced.quadrant = quadrant & 3;
  quickSum((top * TWO32 + (hi >>> 0)) * TWO32, lo >>> 0);
  const unit = powerOfTwo(-65);
  reduced.high = D[0]! * unit;
  reduced.low = D[1]! * unit;
}

/** U = |sin(reduced)|; an unreduced argument has its exponent in A. */
function sineOfReduced(): void {
  const { high, low } = reduced;
  if (!reduced.exact) {
    mulDD(high, low, high, low);
    evaluate(SINE);
    mulDD(D[0]!, D[1]!, high, low);
    unpackDD(0);
    return;
  }
  const exp = A[0]! - EXPONENT_BIAS;
  if (exp < -40) {
    // x - x^3/6 is x but for the rounding.
    setUnpacked(A[0]!, A[1]!, A[2]!, 0);
    nudge(true);
    return;
  }
  mulDD(high, low, high, low);
  scaleD(2 * exp);
  evaluate(SINE);
  mulDD(D[0]!, D[1]!, high, low);
  unpackDD(exp);
}

/** D = cos(reduced), above 0.7. */
function cosineOfReduced(): void {
  mulDD(reduced.high, reduced.low, reduced.high, reduced.low);
  if (reduced.exact) scaleD(2 * (A[0]! - EXPONENT_BIAS));
  evaluate(COSINE);
}

/** sin (`turn` 0) or cos (`turn` 1) of the argument that reduceByPi saw, with this sign. */
function deliverSine(ctx: FloatContext, negative: boolean, turn: number, z: Floatx80): void {
  const quadrant = (reduced.quadrant + turn) & 3;
  let sign = quadrant >>> 1;
  if (turn === 0 && negative) sign ^= 1;
  if ((quadrant & 1) === 0) {
    if (isReducedZero()) {
      setZero(z, sign);
      return;
    }
    if (reduced.negative) sign ^= 1;
    sineOfReduced();
  } else if (reduced.exact && A[0]! - EXPONENT_BIAS < -40) {
    setUnpacked(EXPONENT_BIAS, -0x80000000, 0, 0);
    nudge(true);
  } else {
    cosineOfReduced();
    unpackDD(0);
  }
  roundX80(ctx, sign, 64, z);
}

const isReducedZero = (): boolean => !reduced.exact && reduced.high === 0;

/** The checks that the four functions share; OUT_OF_RANGE sets C2. */
const OUT_OF_RANGE = 3;

function argument(ctx: FloatContext, a: Floatx80, z: Floatx80): number {
  ctx.conditionCodes = 0;
  const special = specialOne(ctx, a, z);
  if (special !== GO_ON) return special;
  if (isInfinity(a)) return invalid(ctx, z) ? DELIVER : 2;
  if ((a.se & EXPONENT_MAX) >= EXPONENT_BIAS + 63) {
    ctx.conditionCodes = CONDITION.C2;
    return OUT_OF_RANGE;
  }
  return denormalAllowed(ctx, a, a) ? GO_ON : 2;
}

/** FSIN. False with C2 set: out of range, a is left. */
export function sine(ctx: FloatContext, a: Floatx80, z: Floatx80): boolean {
  const special = argument(ctx, a, z);
  if (special !== GO_ON) return special === DELIVER;
  if (isZero(a)) z.assign(a);
  else {
    normalize(a, A);
    reduceByPi();
    deliverSine(ctx, (a.se & 0x8000) !== 0, 0, z);
  }
  return true;
}

/** FCOS. False with C2 set: out of range, a is left. */
export function cosine(ctx: FloatContext, a: Floatx80, z: Floatx80): boolean {
  const special = argument(ctx, a, z);
  if (special !== GO_ON) return special === DELIVER;
  if (isZero(a)) setOne(z);
  else {
    normalize(a, A);
    reduceByPi();
    deliverSine(ctx, false, 1, z);
  }
  return true;
}

function setOne(z: Floatx80): void {
  z.se = EXPONENT_BIAS;
  z.hi = -0x80000000;
  z.lo = 0;
}

/** FSINCOS: the sine replaces the operand, the cosine is pushed. False: neither happens; C2 tells why. */
export function sineCosine(ctx: FloatContext, a: Floatx80, sin: Floatx80, cos: Floatx80): boolean {
  const special = argument(ctx, a, sin);
  if (special !== GO_ON) {
    if (special === DELIVER) cos.assign(sin);
    return special === DELIVER;
  }
  if (isZero(a)) {
    sin.assign(a);
    setOne(cos);
    return true;
  }
  const negative = (a.se & 0x8000) !== 0;
  normalize(a, A);
  reduceByPi();
  deliverSine(ctx, negative, 0, sin);
  deliverSine(ctx, false, 1, cos);
  return true;
}

/** FPTAN: the tangent replaces the operand, `one` is pushed. False: neither happens; C2 tells why. */
export function tangent(ctx: FloatContext, a: Floatx80, z: Floatx80, one: Floatx80): boolean {
  const special = argument(ctx, a, z);
  if (special !== GO_ON) {
    if (special === DELIVER) one.assign(z);
    return special === DELIVER;
  }
  const negative = (a.se & 0x8000) !== 0;
  if (isZero(a)) z.assign(a);
  else {
    normalize(a, A);
    reduceByPi();
    deliverTangent(ctx, negative, z);
  }
  setOne(one);
  return true;
}

function deliverTangent(ctx: FloatContext, negative: boolean, z: Floatx80): void {
  const odd = (reduced.quadrant & 1) !== 0;
  let sign = negative ? 1 : 0;
  if (reduced.negative) sign ^= 1;
  if (odd) sign ^= 1;
  if (isReducedZero()) {
    // No argument in range is an odd multiple of the 66-bit pi/2, which has more bits than a register.
    setZero(z, sign);
    return;
  }
  const exp = A[0]! - EXPONENT_BIAS;
  if (reduced.exact && exp < -40) {
    setUnpacked(A[0]!, A[1]!, A[2]!, 0);
    nudge(false);
    roundX80(ctx, sign, 64, z);
    return;
  }
  cosineOfReduced();
  const cosHigh = D[0]!;
  const cosLow = D[1]!;
  const { high, low } = reduced;
  mulDD(high, low, high, low);
  if (reduced.exact) scaleD(2 * exp);
  evaluate(SINE);
  mulDD(D[0]!, D[1]!, high, low);
  if (odd) {
    const sinHigh = D[0]!;
    const sinLow = D[1]!;
    D[0] = cosHigh;
    D[1] = cosLow;
    divDD(sinHigh, sinLow);
  } else divDD(cosHigh, cosLow);
  unpackDD(reduced.exact ? exp : 0);
  roundX80(ctx, sign, 64, z);
}

const PI_HIGH = 3.141592653589793;
const PI_LOW = 1.2246467991473532e-16;

/** atan(j / 8) as pairs. */
const ARCTANGENTS = arctangents();

function arctangents(): Float64Array {
  const table = new Float64Array(18);
  for (let j = 1; j <= 8; j++) {
    // atan(j/8) - atan((j-1)/8) = atan(8 / (64 + j (j-1)))
    D[0] = 8;
    D[1] = 0;
    divDD(64 + j * (j - 1), 0);
    smallArctangent();
    addDD(D[0]!, D[1]!, table[2 * j - 2]!, table[2 * j - 1]!);
    table[2 * j] = D[0]!;
    table[2 * j + 1] = D[1]!;
  }
  return table;
}

/** D = atan(D), for -1/8 to 1/8. */
function smallArctangent(): void {
  const uh = D[0]!;
  const ul = D[1]!;
  mulDD(uh, ul, uh, ul);
  evaluate(ARCTANGENT);
  mulDD(D[0]!, D[1]!, uh, ul);
}

/** D = atan(D), for 0 to 1. */
function arctangentOfRatio(): void {
  const th = D[0]!;
  const tl = D[1]!;
  const j = Math.round(th * 8);
  if (j === 0) {
    smallArctangent();
    return;
  }
  const c = j / 8;
  mulDD(th, tl, c, 0);
  addDD(D[0]!, D[1]!, 1, 0);
  const belowHigh = D[0]!;
  const belowLow = D[1]!;
  addDD(th, tl, -c, 0);
  divDD(belowHigh, belowLow);
  smallArctangent();
  addDD(D[0]!, D[1]!, ARCTANGENTS[2 * j]!, ARCTANGENTS[2 * j + 1]!);
}

/** z = quarters * pi/4 with a sign. */
function deliverPi(ctx: FloatContext, sign: number, quarters: number, z: Floatx80): boolean {
  mulDD(PI_HIGH, PI_LOW, quarters / 4, 0);
  unpackDD(0);
  return roundX80(ctx, sign, 64, z);
}

/** FPATAN: z = the angle of the point (x, y). */
export function arctangent(ctx: FloatContext, x: Floatx80, y: Floatx80, z: Floatx80): boolean {
  const special = specialTwo(ctx, y, x, z);
  if (special !== GO_ON) return special === DELIVER;
  if (!denormalAllowed(ctx, x, y)) return false;
  const sign = y.se >>> 15;
  const left = (x.se & 0x8000) !== 0;
  if (isInfinity(y)) return deliverPi(ctx, sign, isInfinity(x) ? (left ? 3 : 1) : 2, z);
  if (isZero(y) || isInfinity(x)) {
    if (left) return deliverPi(ctx, sign, 4, z);
    setZero(z, sign);
    return true;
  }
  if (isZero(x)) return deliverPi(ctx, sign, 2, z);
  normalize(y, A);
  normalize(x, B);
  const steep = A[0] !== B[0] ? A[0]! > B[0]! : below64(B[1]!, B[2]!, A[1]!, A[2]!);
  const small = steep ? B : A;
  const large = steep ? A : B;
  const exp = small[0]! - large[0]!;
  significandDD(large[1]!, large[2]!);
  const largeHigh = D[0]!;
  const largeLow = D[1]!;
  significandDD(small[1]!, small[2]!);
  divDD(largeHigh, largeLow);
  if (!steep && !left && exp < -40) {
    // The quotient itself, but for the rounding.
    unpackDD(exp);
    return roundX80(ctx, sign, 64, z);
  }
  scaleD(exp);
  arctangentOfRatio();
  if (steep) addDD(PI_HIGH / 2, PI_LOW / 2, left ? D[0]! : -D[0]!, left ? D[1]! : -D[1]!);
  else if (left) addDD(PI_HIGH, PI_LOW, -D[0]!, -D[1]!);
  unpackDD(0);
  return roundX80(ctx, sign, 64, z);
}
