/**
 * Arithmetic on normalized 64-bit significands, shared by x87 and SSE: exact up to a sticky bit, rounding left to the
 * caller. Knuth, The Art of Computer Programming vol. 2, 4.3.1 (division by digits) and 4.2.2 (guard digits).
 *
 * An operand is (exp, hi, lo) with bit 31 of hi set and the value hi:lo / 2^63 * 2^(exp - 16383). The result is in U,
 * with 32 more bits below, the last of which is sticky.
 */

/** Result of the kernels, see above. An Int32Array, so that no word is ever boxed. */
export const U = new Int32Array(4);
export const EXP = 0;
export const HI = 1;
export const LO = 2;
export const EXT = 3;

const BIAS = 16383;
const TWO32 = 0x1_0000_0000;

/** Bits 63-32 of the unsigned product. */
export function mulHigh(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const lh = Math.imul(al, bh);
  const hl = Math.imul(ah, bl);
  const middle = (Math.imul(al, bl) >>> 16) + (lh & 0xffff) + (hl & 0xffff);
  return (Math.imul(ah, bh) + (lh >>> 16) + (hl >>> 16) + (middle >>> 16)) | 0;
}

/** 1 when a < b unsigned. */
const below = (a: number, b: number): number => (a >>> 0 < b >>> 0 ? 1 : 0);

/** hi:lo < hi:lo, unsigned. */
export const below64 = (aHi: number, aLo: number, bHi: number, bLo: number): boolean =>
  aHi === bHi ? aLo >>> 0 < bLo >>> 0 : aHi >>> 0 < bHi >>> 0;

export function setUnpacked(exp: number, hi: number, lo: number, ext: number): void {
  U[EXP] = exp;
  U[HI] = hi;
  U[LO] = lo;
  U[EXT] = ext;
}

/** Shifts U's 96 bits right by count > 0, or-ing what falls out into the lowest bit; the exponent is the caller's. */
export function shiftRightJam(count: number): void {
  let hi = U[HI]!;
  let lo = U[LO]!;
  let ext = U[EXT]!;
  let sticky = 0;
  if (count >= 96) {
    sticky = (hi | lo | ext) !== 0 ? 1 : 0;
    hi = lo = ext = 0;
  } else {
    for (; count >= 32; count -= 32) {
      sticky |= ext;
      ext = lo;
      lo = hi;
      hi = 0;
    }
    if (count > 0) {
      const up = 32 - count;
      sticky |= ext << up;
      ext = (ext >>> count) | (lo << up);
      lo = (lo >>> count) | (hi << up);
      hi >>>= count;
    }
  }
  U[HI] = hi;
  U[LO] = lo;
  U[EXT] = ext | (sticky !== 0 ? 1 : 0);
}

/** Shifts U left until bit 31 of HI is set; U must not be zero. */
export function normalizeLeft(): void {
  let hi = U[HI]!;
  let lo = U[LO]!;
  let ext = U[EXT]!;
  let exp = U[EXP]!;
  while (hi === 0) {
    hi = lo;
    lo = ext;
    ext = 0;
    exp -= 32;
  }
  const count = Math.clz32(hi);
  if (count > 0) {
    const down = 32 - count;
    hi = (hi << count) | (lo >>> down);
    lo = (lo << count) | (ext >>> down);
    ext <<= count;
    exp -= count;
  }
  U[EXP] = exp;
  U[HI] = hi;
  U[LO] = lo;
  U[EXT] = ext;
}

/** U = a + b. */
export function addMagnitudes(ea: number, ah: number, al: number, eb: number, bh: number, bl: number): void {
  if (ea < eb) {
    addMagnitudes(eb, bh, bl, ea, ah, al);
    return;
  }
  setUnpacked(ea, bh, bl, 0);
  if (ea !== eb) shiftRightJam(ea - eb);
  const lo = (al + U[LO]!) | 0;
  const shifted = U[HI]!;
  const sum = (ah >>> 0) + (shifted >>> 0) + below(lo, al);
  U[LO] = lo;
  U[HI] = sum | 0;
  if (sum < TWO32) return;
  const ext = U[EXT]!;
  U[EXT] = (ext >>> 1) | (lo << 31) | (ext & 1);
  U[LO] = (lo >>> 1) | (U[HI]! << 31);
  U[HI] = (U[HI]! >>> 1) | 0x80000000;
  U[EXP] = ea + 1;
}

/** U = |a - b|. The sign of a - b: 1, -1, or 0 when they are equal and U is not set. */
export function subMagnitudes(ea: number, ah: number, al: number, eb: number, bh: number, bl: number): number {
  if (ea === eb && ah === bh && al === bl) return 0;
  if (ea < eb || (ea === eb && below64(ah, al, bh, bl))) {
    subMagnitudes(eb, bh, bl, ea, ah, al);
    return -1;
  }
  setUnpacked(ea, bh, bl, 0);
  if (ea !== eb) shiftRightJam(ea - eb);
  const ext = U[EXT]!;
  const lo = U[LO]!;
  const borrowExt = ext !== 0 ? 1 : 0;
  const middle = (al >>> 0) - (lo >>> 0) - borrowExt;
  U[EXT] = -ext;
  U[LO] = middle | 0;
  U[HI] = (ah - U[HI]! - (middle < 0 ? 1 : 0)) | 0;
  if (U[HI]! >= 0) normalizeLeft();
  return 1;
}

/** U = a * b. */
export function multiply(ea: number, ah: number, al: number, eb: number, bh: number, bl: number): void {
  const lowLow = Math.imul(al, bl);
  const crossA = Math.imul(al, bh);
  const crossB = Math.imul(ah, bl);
  // Column sums stay below 2^34: exact in a double.
  const column1 = (mulHigh(al, bl) >>> 0) + (crossA >>> 0) + (crossB >>> 0);
  const carry1 = column1 >= 2 * TWO32 ? 2 : column1 >= TWO32 ? 1 : 0;
  const column2 = (mulHigh(al, bh) >>> 0) + (mulHigh(ah, bl) >>> 0) + (Math.imul(ah, bh) >>> 0) + carry1;
  const carry2 = column2 >= 2 * TWO32 ? (column2 >= 3 * TWO32 ? 3 : 2) : column2 >= TWO32 ? 1 : 0;
  let hi = (mulHigh(ah, bh) + carry2) | 0;
  let lo = column2 | 0;
  let ext = column1 | 0;
  const sticky = lowLow !== 0 ? 1 : 0;
  let exp = ea + eb - BIAS + 1;
  if (hi >= 0) {
    hi = (hi << 1) | (lo >>> 31);
    lo = (lo << 1) | (ext >>> 31);
    ext = (ext << 1) | (lowLow >>> 31);
    exp--;
  }
  U[EXP] = exp;
  U[HI] = hi;
  U[LO] = lo;
  U[EXT] = ext | sticky;
}

/** What quotientDigit leaves: the remainder. */
export const R = new Int32Array(2);

/**
 * The next 32 bits of r / d, for r < d with bit 31 of dh set: R = r * 2^32 - digit * d. The estimate comes from
 * doubles, whose quotient errs by less than one unit of the digit.
 */
export function quotientDigit(rh: number, rl: number, dh: number, dl: number): number {
  const divisor = (dh >>> 0) * TWO32 + (dl >>> 0);
  let digit = Math.floor((((rh >>> 0) * TWO32 + (rl >>> 0)) / divisor) * TWO32);
  if (digit > 0xffffffff) digit = 0xffffffff;
  const q = digit | 0;
  // r * 2^32 - q * d in three words, modulo 2^96.
  let low = -Math.imul(q, dl) | 0;
  const carry = low !== 0 ? 1 : 0;
  const middleTerm = (mulHigh(q, dl) >>> 0) + (Math.imul(q, dh) >>> 0) + carry;
  const middleDifference = (rl >>> 0) - middleTerm;
  let middle = middleDifference | 0;
  let top = (rh - mulHigh(q, dh) + Math.floor(middleDifference / TWO32)) | 0;
  while (top < 0) {
    digit--;
    const sum = (low >>> 0) + (dl >>> 0);
    low = sum | 0;
    const sumHigh = (middle >>> 0) + (dh >>> 0) + (sum >= TWO32 ? 1 : 0);
    middle = sumHigh | 0;
    if (sumHigh >= TWO32) top++;
  }
  while (top > 0 || !below64(middle, low, dh, dl)) {
    digit++;
    const difference = (low >>> 0) - (dl >>> 0);
    low = difference | 0;
    const differenceHigh = (middle >>> 0) - (dh >>> 0) - (difference < 0 ? 1 : 0);
    middle = differenceHigh | 0;
    if (differenceHigh < 0) top--;
  }
  R[0] = middle;
  R[1] = low;
  return digit | 0;
}

/** U = a / b. */
export function divide(ea: number, ah: number, al: number, eb: number, bh: number, bl: number): void {
  const integerBit = !below64(ah, al, bh, bl);
  if (integerBit) {
    const borrow = below(al, bl);
    al = (al - bl) | 0;
    ah = (ah - bh - borrow) | 0;
  }
  const digit1 = quotientDigit(ah, al, bh, bl);
  const digit2 = quotientDigit(R[0]!, R[1]!, bh, bl);
  const rh = R[0]!;
  const rl = R[1]!;
  if (integerBit) {
    const sticky = (rh | rl) !== 0 ? 1 : 0;
    setUnpacked(ea - eb + BIAS, (digit1 >>> 1) | 0x80000000, (digit1 << 31) | (digit2 >>> 1), (digit2 << 31) | sticky);
    return;
  }
  let ext = 0;
  if ((rh | rl) !== 0) {
    // Twice the remainder against the divisor: below half, half, above.
    const twiceHi = (rh << 1) | (rl >>> 31);
    const twiceLo = rl << 1;
    if (rh >= 0 && below64(twiceHi, twiceLo, bh, bl)) ext = 1;
    else ext = rh >= 0 && twiceHi === bh && twiceLo === bl ? 0x80000000 : 0x80000001;
  }
  setUnpacked(ea - eb + BIAS - 1, digit1, digit2, ext);
}

/** Radicand minus the square of a root, in four words. */
const N = new Int32Array(4);

function radicandMinusSquare(n3: number, n2: number, n1: number, sh: number, sl: number): void {
  // s^2 = sh^2 * 2^64 + 2 * sh * sl * 2^32 + sl^2; the radicand's lowest word is zero.
  const crossLow = Math.imul(sh, sl);
  const crossHigh = mulHigh(sh, sl);
  const w1 = (mulHigh(sl, sl) >>> 0) + 2 * (crossLow >>> 0);
  const w2 = (Math.imul(sh, sh) >>> 0) + 2 * (crossHigh >>> 0) + Math.floor(w1 / TWO32);
  const w3 = (mulHigh(sh, sh) >>> 0) + Math.floor(w2 / TWO32);
  const w0 = Math.imul(sl, sl);
  N[0] = -w0;
  const d1 = (n1 >>> 0) - ((w1 | 0) >>> 0) - (w0 !== 0 ? 1 : 0);
  const d2 = (n2 >>> 0) - ((w2 | 0) >>> 0) - (d1 < 0 ? 1 : 0);
  N[1] = d1;
  N[2] = d2;
  N[3] = (n3 >>> 0) - w3 - (d2 < 0 ? 1 : 0);
}

/** U = sqrt(a). */
export function squareRoot(ea: number, ah: number, al: number): void {
  // Radicand in [2^126, 2^128) with an even power of two left over; root in [2^63, 2^64).
  const odd = (ea - BIAS) & 1;
  const n3 = odd ? ah : ah >>> 1;
  const n2 = odd ? al : (al >>> 1) | (ah << 31);
  const n1 = odd ? 0 : al << 31;
  let estimate = Math.sqrt((n3 >>> 0) * TWO32 + (n2 >>> 0)) * TWO32;
  // The largest double below 2^64.
  if (estimate > 18446744073709549568) estimate = 18446744073709549568;
  let sh = Math.floor(estimate / TWO32);
  let sl = estimate - sh * TWO32;
  radicandMinusSquare(n3, n2, n1, sh | 0, sl | 0);
  const rest = N[3]! * TWO32 * TWO32 * TWO32 + (N[2]! >>> 0) * TWO32 * TWO32 + (N[1]! >>> 0) * TWO32 + (N[0]! >>> 0);
  sl += Math.floor(rest / (2 * estimate));
  for (;;) {
    const carry = Math.floor(sl / TWO32);
    sh += carry;
    sl -= carry * TWO32;
    if (sh > 0xffffffff) {
      sh = 0xffffffff;
      sl = 0xffffffff;
    }
    radicandMinusSquare(n3, n2, n1, sh | 0, sl | 0);
    // The root is right when 0 <= rest <= 2 * root.
    if (N[3]! < 0) sl--;
    else if (
      N[2]! > 1 ||
      (N[2] === 1 && !below64(N[1]!, N[0]!, (sh << 1) | (sl >= 0x80000000 ? 1 : 0), (sl << 1) | 1 | 0))
    )
      sl++;
    else break;
  }
  let ext = 0;
  if ((N[2]! | N[1]! | N[0]!) !== 0) {
    // (root + 1/2)^2 = root^2 + root + 1/4: the rest decides, and it is never exactly half.
    ext = N[2] !== 0 || below64(sh | 0, sl | 0, N[1]!, N[0]!) ? 0x80000001 : 1;
  }
  setUnpacked(((ea - BIAS - odd) >> 1) + BIAS, sh | 0, sl | 0, ext);
}
