/** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ. Intel SDM vol. 1, 8.3.4: rounded by the rounding control. */
import type { FloatContext, Floatx80 } from './floatx80.ts';
import { roundsUp } from './round.ts';

/** Exponent, significand cut off after 64 bits, and the 32 bits that follow. */
interface Constant {
  readonly se: number;
  readonly hi: number;
  readonly lo: number;
  readonly fraction: number;
}

export const CONSTANTS = {
  one: { se: 0x3fff, hi: 0x80000000, lo: 0, fraction: 0 },
  log2Of10: { se: 0x4000, hi: 0xd49a784b, lo: 0xcd1b8afe, fraction: 0x492bf6ff },
  log2OfE: { se: 0x3fff, hi: 0xb8aa3b29, lo: 0x5c17f0bb, fraction: 0xbe87fed0 },
  pi: { se: 0x4000, hi: 0xc90fdaa2, lo: 0x2168c234, fraction: 0xc4c6628b },
  log10Of2: { se: 0x3ffd, hi: 0x9a209a84, lo: 0xfbcff798, fraction: 0x8f8959ac },
  lnOf2: { se: 0x3ffe, hi: 0xb17217f7, lo: 0xd1cf79ab, fraction: 0xc9e3b398 },
  zero: { se: 0, hi: 0, lo: 0, fraction: 0 },
} as const satisfies Record<string, Constant>;

/** z = a constant of the processor. */
export function loadConstant(ctx: FloatContext, constant: Constant, z: Floatx80): void {
  ctx.c1 = 0;
  z.se = constant.se;
  z.hi = constant.hi | 0;
  // No constant's low word is all ones: no carry.
  z.lo = (constant.lo + (roundsUp(ctx.roundingMode, 0, constant.fraction | 0, constant.lo & 1) ? 1 : 0)) | 0;
}
