/** FCOM, FUCOM, FTST, FCOMI and FXAM. Intel SDM vol. 1, 8.3.6 and tables 8-6 to 8-8, 8-10. */
import {
  CONDITION,
  denormalAllowed,
  EXCEPTION,
  EXPONENT_MAX,
  isDenormal,
  isInfinity,
  isNaN80,
  isSignaling,
  isUnsupported,
  isZero,
  raise,
} from './floatx80.ts';
import type { FloatContext, Floatx80 } from './floatx80.ts';
import { A, B, normalize } from './arithmetic.ts';
import { below64 } from './kernel.ts';

const { C0, C1, C2, C3 } = CONDITION;
export const UNORDERED = C0 | C2 | C3;
export const LESS = C0;
export const EQUAL = C3;
export const GREATER = 0;

/**
 * Compares a with b: UNORDERED, LESS, EQUAL or GREATER in ctx.conditionCodes. `quiet` (FUCOM, FUCOMI) takes quiet NaNs
 * without an invalid exception. False: an exception is not masked; the codes
 * (with FCOMI: EFLAGS) are set and operands stay on the stack all the same.
 */
export function compare(ctx: FloatContext, a: Floatx80, b: Floatx80, quiet: boolean): boolean {
  ctx.c1 = 0;
  if (isUnsupported(a) || isUnsupported(b) || isNaN80(a) || isNaN80(b)) {
    ctx.memoryDenormal = false;
    const silent = quiet && !isUnsupported(a) && !isUnsupported(b) && !isSignaling(a) && !isSignaling(b);
    ctx.conditionCodes = UNORDERED;
    return silent || raise(ctx, EXCEPTION.IE);
  }
  ctx.conditionCodes = order(a, b);
  return denormalAllowed(ctx, a, b);
}

function order(a: Floatx80, b: Floatx80): number {
  const aNegative = (a.se & 0x8000) !== 0;
  if (isZero(a) || isZero(b)) {
    if (isZero(a)) return isZero(b) ? EQUAL : (b.se & 0x8000) !== 0 ? GREATER : LESS;
    return aNegative ? LESS : GREATER;
  }
  if (aNegative !== ((b.se & 0x8000) !== 0)) return aNegative ? LESS : GREATER;
  normalize(a, A);
  normalize(b, B);
  if (A[0] === B[0] && A[1] === B[1] && A[2] === B[2]) return EQUAL;
  const smaller = A[0] !== B[0] ? A[0]! < B[0]! : below64(A[1]!, A[2]!, B[1]!, B[2]!);
  return smaller !== aNegative ? LESS : GREATER;
}

const EMPTY = C3 | C0;

/** FXAM: class in conditionCodes, sign in c1. `empty`: the register's tag says so. */
export function examine(ctx: FloatContext, a: Floatx80, empty: boolean): void {
  ctx.c1 = (a.se & 0x8000) !== 0 ? 1 : 0;
  if (empty) ctx.conditionCodes = EMPTY;
  else if (isUnsupported(a)) ctx.conditionCodes = 0;
  else if ((a.se & EXPONENT_MAX) === EXPONENT_MAX) ctx.conditionCodes = isInfinity(a) ? C2 | C0 : C0;
  else if (isZero(a)) ctx.conditionCodes = C3;
  else ctx.conditionCodes = isDenormal(a) ? C3 | C2 : C2;
}

/** The EFLAGS bits ZF, PF and CF that FCOMI and FUCOMI set, of a comparison's condition codes. */
export const comparisonEflags = (codes: number): number =>
  ((codes & C3) !== 0 ? 0x40 : 0) | ((codes & C2) !== 0 ? 0x04 : 0) | ((codes & C0) !== 0 ? 0x01 : 0);

/** The condition codes of ctx as status word bits, C1 included. */
export const statusConditions = (ctx: FloatContext): number => ctx.conditionCodes | (ctx.c1 !== 0 ? C1 : 0);
