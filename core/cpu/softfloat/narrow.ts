/** FLD and FST of single and double precision. Intel SDM vol. 1, 4.2.2, 8.5.1-8.5.5; vol. 2, FLD, FST. */
import { EXCEPTION, EXPONENT_MAX, isInfinity, isNaN80, isUnsupported, isZero, raise, setZero } from './floatx80.ts';
import type { FloatContext, Floatx80 } from './floatx80.ts';
import { A, normalize } from './arithmetic.ts';
import { setUnpacked } from './kernel.ts';
import {
  FLOAT32,
  FLOAT64,
  narrowed,
  packedFloat32,
  packedFloat64High,
  packedFloat64Low,
  roundNarrow,
} from './round.ts';
import type { NarrowFormat } from './round.ts';

/** Words of the last float32 (LO) or float64 stored: low, high. */
export const NARROW = new Int32Array(2);

/**
 * z = the float32 as an operand of arithmetic: signaling NaNs stay signaling, and a denormal becomes normal with
 * ctx.memoryDenormal telling the operation that follows.
 */
export function expandFloat32(ctx: FloatContext, bits: number, z: Floatx80): void {
  const exp = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  expand(ctx, bits >>> 31, exp, 0xff, FLOAT32.rebias, fraction << 8, 0, z);
}

/** z = the float64 as an operand of arithmetic, see expandFloat32. */
export function expandFloat64(ctx: FloatContext, hi: number, lo: number, z: Floatx80): void {
  const exp = (hi >>> 20) & 0x7ff;
  const fractionHi = ((hi & 0xfffff) << 11) | (lo >>> 21);
  expand(ctx, hi >>> 31, exp, 0x7ff, FLOAT64.rebias, fractionHi, lo << 11, z);
}

function expand(
  ctx: FloatContext,
  sign: number,
  exp: number,
  maxExponent: number,
  rebias: number,
  fractionHi: number,
  fractionLo: number,
  z: Floatx80,
): void {
  ctx.memoryDenormal = false;
  z.hi = fractionHi | -0x80000000;
  z.lo = fractionLo;
  if (exp === maxExponent) z.se = (sign << 15) | EXPONENT_MAX;
  else if (exp !== 0) z.se = (sign << 15) | (exp + rebias);
  else if ((fractionHi | fractionLo) === 0) setZero(z, sign);
  else {
    ctx.memoryDenormal = true;
    z.hi = fractionHi;
    z.se = 1;
    normalize(z, A);
    z.hi = A[1]!;
    z.lo = A[2]!;
    z.se = (sign << 15) | (A[0]! + rebias);
  }
}

/** What FLD does after the expansion. False: unmasked, the register stack stays. */
function loaded(ctx: FloatContext, z: Floatx80): boolean {
  ctx.c1 = 0;
  if (isNaN80(z) && (z.hi & 0x40000000) === 0) {
    if (!raise(ctx, EXCEPTION.IE)) return false;
    z.hi |= 0x40000000;
  }
  // A denormal arrives in the register even when its exception is not masked.
  if (ctx.memoryDenormal) ctx.exceptionFlags |= EXCEPTION.DE;
  ctx.memoryDenormal = false;
  return true;
}

/** FLD m32; z is written even when false forbids to push it. */
export function loadFloat32(ctx: FloatContext, bits: number, z: Floatx80): boolean {
  expandFloat32(ctx, bits, z);
  return loaded(ctx, z);
}

/** FLD m64; z is written even when false forbids to push it. */
export function loadFloat64(ctx: FloatContext, hi: number, lo: number, z: Floatx80): boolean {
  expandFloat64(ctx, hi, lo, z);
  return loaded(ctx, z);
}

/** FST m32 into NARROW[0]. False: an unmasked exception, nothing is stored and nothing popped. */
export function storeFloat32(ctx: FloatContext, a: Floatx80): boolean {
  if (!narrow(ctx, a, FLOAT32)) return false;
  NARROW[0] = packedFloat32(a.se >>> 15);
  if (isUnsupported(a)) NARROW[0] |= -0x80000000;
  return true;
}

/** FST m64 into NARROW. False: an unmasked exception, nothing is stored and nothing popped. */
export function storeFloat64(ctx: FloatContext, a: Floatx80): boolean {
  if (!narrow(ctx, a, FLOAT64)) return false;
  NARROW[0] = packedFloat64Low();
  NARROW[1] = packedFloat64High(a.se >>> 15);
  if (isUnsupported(a)) NARROW[1] |= -0x80000000;
  return true;
}

function narrow(ctx: FloatContext, a: Floatx80, format: NarrowFormat): boolean {
  ctx.c1 = 0;
  if (isUnsupported(a)) {
    setUnpacked(format.maxExponent, -0x40000000, 0, 0);
    return raise(ctx, EXCEPTION.IE);
  }
  if (isNaN80(a)) {
    setUnpacked(format.maxExponent, a.hi | 0x40000000, a.lo, 0);
    return (a.hi & 0x40000000) !== 0 || raise(ctx, EXCEPTION.IE);
  }
  if (isInfinity(a) || isZero(a)) {
    setUnpacked(isZero(a) ? 0 : format.maxExponent, a.hi, 0, 0);
    return true;
  }
  normalize(a, A);
  setUnpacked(A[0]!, A[1]!, A[2]!, 0);
  const raised = roundNarrow(ctx.roundingMode, a.se >>> 15, ctx.exceptionMasks, false, format);
  const unmasked = raised & ~ctx.exceptionMasks & (EXCEPTION.OE | EXCEPTION.UE);
  if (unmasked !== 0) {
    ctx.exceptionFlags |= unmasked;
    return false;
  }
  ctx.exceptionFlags |= raised;
  ctx.c1 = narrowed.up ? 1 : 0;
  return true;
}
