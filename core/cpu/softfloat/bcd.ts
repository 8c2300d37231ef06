/** FBLD and FBSTP: 18 packed decimal digits and a sign. Intel SDM vol. 1, 4.7 and table 4-4. */
import { EXCEPTION, EXPONENT_BIAS, EXPONENT_MAX, isUnsupported, isZero, raise } from './floatx80.ts';
import type { FloatContext, Floatx80 } from './floatx80.ts';
import { A, normalize } from './arithmetic.ts';
import { loadMagnitude, roundMagnitude } from './integer.ts';
import { below64, HI, LO, mulHigh, U } from './kernel.ts';

const BILLION = 1_000_000_000;
/** 10^18 in two words. */
const LIMIT_HI = 0x0de0b6b3;
const LIMIT_LO = 0xa7640000 | 0;

/** The ten bytes of a packed decimal, least significant digits first. */
export const BCD = new Uint8Array(10);

/** FBLD of BCD. A nibble above 9 counts with its value. */
export function fromBcd(z: Floatx80): void {
  let low = 0;
  let high = 0;
  for (let digit = 8; digit >= 0; digit--) low = low * 10 + nibble(digit);
  for (let digit = 17; digit >= 9; digit--) high = high * 10 + nibble(digit);
  // Nine nibbles of at most 15 stay below 2^31.
  const lo = Math.imul(high, BILLION) | 0;
  const sum = (lo >>> 0) + low;
  const hi = mulHigh(high, BILLION) + (sum > 0xffffffff ? 1 : 0);
  loadMagnitude(BCD[9]! >>> 7, hi | 0, sum | 0, z);
}

const nibble = (digit: number): number => (BCD[digit >>> 1]! >>> ((digit & 1) * 4)) & 15;

/** FBSTP into BCD. False: unmasked invalid, nothing is stored. */
export function toBcd(ctx: FloatContext, a: Floatx80): boolean {
  ctx.c1 = 0;
  const sign = a.se >>> 15;
  if (isZero(a)) {
    storeDigits(sign, 0, 0);
    return true;
  }
  if (!isUnsupported(a) && (a.se & EXPONENT_MAX) <= EXPONENT_BIAS + 60) {
    normalize(a, A);
    const rounded = roundMagnitude(ctx.roundingMode, sign, A[0]!, A[1]!, A[2]!);
    const hi = U[HI]!;
    const lo = U[LO]!;
    if (below64(hi, lo, LIMIT_HI, LIMIT_LO)) {
      if (rounded !== 0) ctx.exceptionFlags |= EXCEPTION.PE;
      ctx.c1 = rounded >>> 1;
      // Both halves below 10^9: the quotient by doubles errs by one at most.
      let high = Math.floor(((hi >>> 0) * 0x1_0000_0000 + (lo >>> 0)) / BILLION);
      let low = (lo - Math.imul(high, BILLION)) | 0;
      if (low < 0) {
        low += BILLION;
        high--;
      } else if (low >= BILLION) {
        low -= BILLION;
        high++;
      }
      storeDigits(sign, high, low);
      return true;
    }
  }
  if (!raise(ctx, EXCEPTION.IE)) return false;
  // Packed BCD indefinite.
  BCD.fill(0);
  BCD.fill(0xff, 8);
  BCD[7] = 0xc0;
  return true;
}

function storeDigits(sign: number, high: number, low: number): void {
  BCD.fill(0);
  for (let digit = 0; digit < 18; digit++) {
    if (digit === 9) low = high;
    const rest = Math.floor(low / 10);
    BCD[digit >>> 1]! |= (low - rest * 10) << ((digit & 1) * 4);
    low = rest;
  }
  BCD[9] = sign << 7;
}
