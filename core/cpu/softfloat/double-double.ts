/**
 * Sums of two doubles: about 106 bits of significand for the transcendental functions, from the language's own
 * IEEE 754 arithmetic. Dekker, A floating-point technique for extending the available precision (1971);
 * Hida, Li, Bailey, Library for Double-Double and Quad-Double Arithmetic (2000), sections 3-5.
 *
 * Every function leaves its result in D: the sum of D[0] and the much smaller D[1].
 */
import { EXP, HI, LO, normalizeLeft, setUnpacked, U } from './kernel.ts';

export const D = new Float64Array(2);

const TWO32 = 0x1_0000_0000;
const SPLITTER = 0x8000001;

/** D = a + b for |a| >= |b| or a = 0. */
export function quickSum(a: number, b: number): void {
  const sum = a + b;
  D[0] = sum;
  D[1] = b - (sum - a);
}

/** D = a + b. */
export function addDD(ah: number, al: number, bh: number, bl: number): void {
  const sum = ah + bh;
  const part = sum - ah;
  const error = ah - (sum - part) + (bh - part);
  const low = al + bl;
  const lowPart = low - al;
  const lowError = al - (low - lowPart) + (bl - lowPart);
  const middle = error + low;
  const high = sum + middle;
  quickSum(high, middle - (high - sum) + lowError);
}

/** D = a * b. */
export function mulDD(ah: number, al: number, bh: number, bl: number): void {
  const product = ah * bh;
  const ta = SPLITTER * ah;
  const a1 = ta - (ta - ah);
  const a2 = ah - a1;
  const tb = SPLITTER * bh;
  const b1 = tb - (tb - bh);
  const b2 = bh - b1;
  const error = a1 * b1 - product + a1 * b2 + a2 * b1 + a2 * b2 + (ah * bl + al * bh);
  quickSum(product, error);
}

/** D = D / b. */
export function divDD(bh: number, bl: number): void {
  const ah = D[0]!;
  const al = D[1]!;
  const first = ah / bh;
  mulDD(bh, bl, first, 0);
  addDD(ah, al, -D[0]!, -D[1]!);
  const second = D[0]! / bh;
  const restHigh = D[0]!;
  const restLow = D[1]!;
  mulDD(bh, bl, second, 0);
  addDD(restHigh, restLow, -D[0]!, -D[1]!);
  const third = D[0]! / bh;
  quickSum(first, second);
  addDD(D[0]!, D[1]!, third, 0);
}

/** A power series: coefficients as pairs, then as doubles where their last bits no longer count. */
export interface Series {
  readonly pairs: Float64Array;
  readonly tail: Float64Array;
}

/** The series of 1/denominator(n), n from 0, with alternating signs if asked. */
export function reciprocalSeries(
  denominator: (n: number) => number,
  pairs: number,
  tail: number,
  alternating: boolean,
): Series {
  const series: Series = { pairs: new Float64Array(2 * pairs), tail: new Float64Array(tail) };
  for (let n = 0; n < pairs + tail; n++) {
    D[0] = alternating && n % 2 === 1 ? -1 : 1;
    D[1] = 0;
    divDD(denominator(n), 0);
    if (n < pairs) {
      series.pairs[2 * n] = D[0]!;
      series.pairs[2 * n + 1] = D[1]!;
    } else series.tail[n - pairs] = D[0]!;
  }
  return series;
}

/** D = the series at D. */
export function evaluate(series: Series): void {
  const { pairs, tail } = series;
  const zh = D[0]!;
  const zl = D[1]!;
  let sum = 0;
  for (let n = tail.length - 1; n >= 0; n--) sum = sum * zh + tail[n]!;
  let high = sum;
  let low = 0;
  for (let n = pairs.length - 2; n >= 0; n -= 2) {
    mulDD(high, low, zh, zl);
    addDD(D[0]!, D[1]!, pairs[n]!, pairs[n + 1]!);
    high = D[0]!;
    low = D[1]!;
  }
  D[0] = high;
  D[1] = low;
}

/** D = a normalized significand, in [1, 2). */
export function significandDD(hi: number, lo: number): void {
  quickSum((hi >>> 0) / 0x80000000, (lo >>> 0) / 0x80000000 / TWO32);
}

const bits = new Float64Array(1);
const words = new Int32Array(bits.buffer);

/** 2^exp for exp within the normal doubles. */
export function powerOfTwo(exp: number): number {
  words[0] = 0;
  words[1] = (exp + 1023) << 20;
  return bits[0]!;
}

/** The exponent of a normal double. */
export function exponentOf(value: number): number {
  bits[0] = value;
  return ((words[1]! >>> 20) & 0x7ff) - 1023;
}

/** As powerOfTwo, but zero for what is too small to count against 1. */
export const smallPowerOfTwo = (exp: number): number => (exp < -400 ? 0 : powerOfTwo(exp));

/** D = D * 2^exp, or zero when that is too small to count against 1. */
export function scaleD(exp: number): void {
  const unit = smallPowerOfTwo(exp);
  D[0] = D[0]! * unit;
  D[1] = D[1]! * unit;
}

/** U = D * 2^exp for a positive normal D; the sticky bit is set: the value is not exact. */
export function unpackDD(exp: number): void {
  const high = D[0]!;
  const low = D[1]!;
  const own = exponentOf(high);
  const unit = powerOfTwo(31 - own);
  const top = high * unit;
  const whole = Math.floor(top);
  // What the double's 53 bits leave below the first word is a whole number of units of the second.
  const below = low * unit * TWO32;
  const floor = Math.floor(below);
  const second = (top - whole) * TWO32 + floor;
  const carry = Math.floor(second / TWO32);
  const first = whole + carry;
  const fraction = below - floor;
  // A hair below a whole number rounds to it.
  const ext = fraction === 1 ? -1 : (fraction * TWO32) | 1;
  if (first >= TWO32) setUnpacked(exp + own + 16384, 0x80000000, second >>> 1, 1);
  else {
    setUnpacked(exp + own + 16383, first | 0, second | 0, ext);
    if (U[HI]! >= 0) normalizeLeft();
  }
}

/** Moves U a hair towards zero or away from it, where a correction is too small to compute but decides the rounding. */
export function nudge(towardsZero: boolean): void {
  if (!towardsZero) {
    setUnpacked(U[EXP]!, U[HI]!, U[LO]!, 1);
    return;
  }
  const lo = U[LO]!;
  setUnpacked(U[EXP]!, (U[HI]! - (lo === 0 ? 1 : 0)) | 0, (lo - 1) | 0, -1);
  if (U[HI]! >= 0) normalizeLeft();
}
