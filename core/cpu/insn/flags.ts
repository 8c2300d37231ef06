/**
 * Arithmetic flags, kept lazily as two words and computed when read.
 *
 * result (i64): the last result, sign-extended: ZF = result is 0, SF = its sign, PF = parity of its low byte.
 * aux (32 bits): 31 CF; 30 CF xor OF (the carry into the sign bit); 3 AF; 15-8 a byte that is xored into the result's
 * low byte before its parity is taken; 0 inverts SF. The last two serve instructions that load flags as a whole.
 *
 * This needs no record of which instruction set the flags, so reading a condition never dispatches.
 */
import { CC, type Builder, type Condition } from './builder.ts';
import type { Expressions } from './expressions.ts';
import type { Value } from './value.ts';

export const AUX = { CF: 0x8000_0000, PO: 0x4000_0000, AF: 8, PARITY_SHIFT: 8, SIGN: 1 } as const;
/** What flags are read through. */
export type FlagReader = Expressions &
  Pick<Builder, 'flagsResult' | 'flagsAux' | 'flagsResultIsZero' | 'flagsResultSign' | 'knownCondition'>;

/** EFLAGS bits, SDM volume 1, 3.4.3. */
export const FLAG = {
  CF: 1 << 0,
  PF: 1 << 2,
  AF: 1 << 4,
  ZF: 1 << 6,
  SF: 1 << 7,
  TF: 1 << 8,
  IF: 1 << 9,
  DF: 1 << 10,
  OF: 1 << 11,
  IOPL: 3 << 12,
  NT: 1 << 14,
  RF: 1 << 16,
  VM: 1 << 17,
  AC: 1 << 18,
  VIF: 1 << 19,
  VIP: 1 << 20,
  ID: 1 << 21,
} as const;
export const ARITHMETIC_FLAGS = FLAG.CF | FLAG.PF | FLAG.AF | FLAG.ZF | FLAG.SF | FLAG.OF;

/** EFLAGS bits that IRET may change at all; POPF leaves VIF and VIP alone. */
export const IRET_WRITABLE = 0x0025_7fd5 | FLAG.VIF | FLAG.VIP;

/** Auxiliary bits from a vector of carries out of each bit. */
function auxFromCarries(b: Builder, carries: Value): Value {
  const width = carries.width;
  b.let(carries);
  const half = b.and(b.trunc(carries, 32), b.const(32, AUX.AF));
  if (width === 64) return b.or(b.and(b.trunc(b.shr(carries, 32), 32), b.const(32, AUX.CF | AUX.PO)), half);
  if (width === 32) return b.and(carries, b.const(32, (AUX.CF | AUX.PO | AUX.AF) >>> 0));
  const top = b.and(b.shl(b.zext(carries, 32), 32 - width), b.const(32, (AUX.CF | AUX.PO) >>> 0));
  return b.or(top, half);
}

/** Carries of left + right (+ carry in) = sum. */
const addCarries = (b: Builder, left: Value, right: Value, sum: Value): Value =>
  b.or(b.and(left, right), b.and(b.or(left, right), b.not(sum)));

export function flagsAdd(b: Builder, left: Value, right: Value, sum: Value, carryIn = false): void {
  for (const value of [left, right, sum]) b.let(value);
  b.setFlags({
    ...(carryIn ? {} : { kind: 'add' }),
    result: sum,
    left,
    right,
    aux: (of) => auxFromCarries(b, addCarries(b, of.left, of.right, of.result)),
  });
}

/** The borrows of left - right = difference are the carries of difference + right = left. */
export function flagsSub(b: Builder, left: Value, right: Value, difference: Value, borrowIn = false): void {
  for (const value of [left, right, difference]) b.let(value);
  b.setFlags({
    ...(borrowIn ? {} : { kind: 'sub' }),
    result: difference,
    left,
    right,
    aux: (of) => auxFromCarries(b, addCarries(b, of.result, of.right, of.left)),
  });
}

/** INC and DEC: as adding or subtracting 1, with CF kept. */
export function flagsIncDec(b: Builder, left: Value, result: Value, decrement: boolean): void {
  for (const value of [left, result]) b.let(value);
  const right = b.const(left.width, 1);
  b.setFlags({
    result,
    left,
    keepsCarry: true,
    aux: (of) => {
      const [from, to] = decrement ? [of.result, of.left] : [of.left, of.result];
      const fresh = b.let(auxFromCarries(b, addCarries(b, from, right, to)));
      const overflow = b.xor(fresh, b.shl(fresh, 1)); // bit 31: OF
      const carry = b.and(of.old, b.const(32, AUX.CF));
      const po = b.shr(b.and(b.xor(overflow, carry), b.const(32, AUX.CF)), 1);
      return b.or(b.or(carry, po), b.and(fresh, b.const(32, AUX.AF)));
    },
  });
}

/** AND, OR, XOR, TEST: CF, OF and AF become 0. */
export function flagsLogic(b: Builder, result: Value): void {
  b.setFlags({ kind: 'logic', result: b.let(result), aux: () => b.const(32, 0) });
}

/** Auxiliary bits from single flags (0 or 1, any width up to 32). */
export function auxFromBits(b: Builder, carry: Value, overflow: Value, adjust?: Value): Value {
  const c = b.let(b.zext(carry, 32));
  const aux = b.or(b.shl(c, 31), b.shl(b.xor(c, b.zext(overflow, 32)), 30));
  return adjust ? b.or(aux, b.shl(b.zext(adjust, 32), 3)) : aux;
}

export function flagsFromBits(b: Builder, result: Value, carry: Value, overflow: Value, adjust?: Value): void {
  b.setFlagsWords(result, auxFromBits(b, carry, overflow, adjust));
}

/** CF and OF change, the others stay: rotates. */
export function flagsCarryOverflow(b: Builder, carry: Value, overflow: Value): void {
  const kept = b.and(b.flagsAux(), b.const(32, 0x3fff_ffff));
  b.setFlagsAux(b.or(kept, auxFromBits(b, carry, overflow)));
}

/** CF changes, the others (OF too) stay: STC, CLC, CMC, BT. */
export function flagsCarry(b: Builder, carry: Value): void {
  flagsCarryOverflow(b, carry, conditionValue(b, CC.O));
}

/** ZF alone changes: LAR, VERR, ARPL, CMPXCHG8B. */
export function flagsZero(b: Builder, zero: Value): void {
  const image = b.and(arithmeticFlags(b), b.const(32, ARITHMETIC_FLAGS & ~FLAG.ZF));
  setArithmeticFlags(b, b.or(image, b.shl(b.zext(zero, 32), 6)));
}

/** 0 or 1, width 8. */
export function conditionValue(b: FlagReader, condition: Condition): Value {
  const even = b.knownCondition(condition & ~1) ?? evenCondition(b, condition & ~1);
  return condition & 1 ? b.isZero(even) : even;
}

function evenCondition(b: FlagReader, condition: Condition): Value {
  const bit = (word: Value, position: number): Value => b.trunc(b.and(b.shr(word, position), b.const(32, 1)), 8);
  const aux = (): Value => b.flagsAux();
  const carry = (): Value => b.knownCondition(CC.B) ?? b.trunc(b.shr(aux(), 31), 8);
  const zero = (): Value => b.flagsResultIsZero();
  const overflow = (): Value => {
    const word = aux();
    return bit(b.xor(word, b.shr(word, 1)), 30);
  };
  const sign = (): Value => {
    return b.trunc(b.and(b.xor(b.flagsResultSign(), aux()), b.const(32, 1)), 8);
  };
  switch (condition) {
    case CC.O:
      return overflow();
    case CC.B:
      return carry();
    case CC.Z:
      return zero();
    case CC.BE:
      return b.or(carry(), zero());
    case CC.S:
      return sign();
    case CC.P: {
      const low = b.xor(b.trunc(b.flagsResult(), 32), b.shr(aux(), AUX.PARITY_SHIFT));
      return b.trunc(b.and(b.not(b.popcnt(b.and(low, b.const(32, 0xff)))), b.const(32, 1)), 8);
    }
    case CC.L:
      return b.xor(sign(), overflow());
    default:
      return b.or(zero(), b.xor(sign(), overflow()));
  }
}

/** The six arithmetic flags in their EFLAGS positions. */
export function arithmeticFlags(b: FlagReader): Value {
  const at = (condition: Condition, position: number): Value =>
    b.shl(b.zext(conditionValue(b, condition), 32), position);
  const adjust = b.shl(b.and(b.flagsAux(), b.const(32, AUX.AF)), 1);
  return [at(CC.P, 2), adjust, at(CC.Z, 6), at(CC.S, 7), at(CC.O, 11)].reduce(
    (word, part) => b.or(word, part),
    at(CC.B, 0),
  );
}

/** Loads the arithmetic flags from an EFLAGS image. */
export function setArithmeticFlags(b: Builder, image: Value): void {
  b.let(image);
  const bit = (position: number): Value => b.and(b.shr(image, position), b.const(32, 1));
  // The result is 0 for ZF, else 0x100: its low byte is 0 (even parity) and its sign is 0 either way.
  const not = (position: number): Value => b.zext(b.isZero(bit(position)), 32);
  const aux = b.or(auxFromBits(b, bit(0), bit(11), bit(4)), b.or(b.shl(not(2), AUX.PARITY_SHIFT), bit(7)));
  b.setFlagsWords(b.shl(not(6), 8), aux);
}

/** ZF, PF and CF given (0 or 1, width 8), the others 0: COMISS, PTEST, PCMPISTRI. */
export function flagsZeroParityCarry(
  b: Builder,
  zero: Value,
  parity: Value,
  carry: Value,
  sign?: Value,
  overflow?: Value,
): void {
  // The result's low byte is 0 (even parity) whether it is zero or not.
  const result = b.select(zero, b.const(32, 0), b.const(32, 0x100));
  const odd = b.shl(b.zext(b.isZero(parity), 32), AUX.PARITY_SHIFT);
  const aux = b.or(auxFromBits(b, carry, overflow ?? b.const(8, 0)), odd);
  b.setFlagsWords(result, sign ? b.or(aux, b.zext(sign, 32)) : aux);
}
