/**
 * x87 arithmetic on ordinary numbers, as WebAssembly: a register is its significand (i64) and its sign and exponent
 * (i32). Exact under every precision and rounding control. Operands are normal or zero, results too; whatever else there
 * is (NaNs, infinities, denormals, overflow and underflow, an unmasked Precision exception) is left to cpu/softfloat.
 *
 * A kernel's last result is sign and exponent where it has any, with the status word's C1 and PE 16 bits higher; LEFT
 * says that the general path has to do it. Methods as in softfloat/kernel.ts.
 */
import { CONDITION, EXCEPTION, EXPONENT_BIAS, EXPONENT_MAX, ROUND } from '../softfloat/index.ts';
import { CONTROL_WORD } from '../x87-operations.ts';
import type { Expressions, Variable } from './expressions.ts';
import type { Kernel } from './kernel.ts';
import type { Value } from './value.ts';

/** Not done: a negative word. */
export const LEFT = -0x8000_0000;
/** Where a kernel's last result holds bits for the status word. */
export const STATUS_SHIFT = 16;

const SIGN = 0x8000;
const INTEGER_BIT = 1n << 63n;
const LOW_HALF = 0xffff_ffffn;
/** Exponent of a number whose significand is an integer. */
const INTEGER_EXPONENT = EXPONENT_BIAS + 63;

/** A number in generated code; what `se` holds above bit 15 does not matter. */
interface Number80 {
  readonly sig: Value;
  readonly se: Value;
}

const signOf = (e: Expressions, { se }: Number80): Value => e.and(se, e.const(32, SIGN));
const exponentOf = (e: Expressions, { se }: Number80): Value => e.and(se, e.const(32, EXPONENT_MAX));
const isZeroNumber = (e: Expressions, x: Number80): Value => e.isZero(e.or(x.sig, e.zext(exponentOf(e, x), 64)));
/** Neither zero, denormal, infinite, NaN nor unsupported. */
const isNormal = (e: Expressions, x: Number80): Value =>
  e.and(e.isNegative(x.sig), e.ltU(e.sub(exponentOf(e, x), e.const(32, 1)), e.const(32, EXPONENT_MAX - 1)));

/** x << (64 - count) for counts of 0 to 63: what a shift right by `count` loses. */
const lost = (e: Expressions, x: Value, count: Value): Value =>
  e.shl(e.shl(x, 1), e.sub(e.const(count.width, 63), count));
/** x >> (64 - count) for counts of 0 to 63: what comes in at a shift left by `count`. */
const incoming = (e: Expressions, x: Value, count: Value): Value =>
  e.shr(e.shr(x, 1), e.sub(e.const(count.width, 63), count));

function leave(e: Expressions): void {
  e.return(e.const(64, 0), e.const(32, LEFT));
}

/**
 * 1 where a magnitude is rounded away from zero. `rest`: what lies below its last place, as a fraction of 64 bits whose
 * last is sticky, not zero; `odd`: its last place (width 8).
 */
function roundsUp(e: Expressions, control: Value, sign: Value, rest: Value, odd: Value): Value {
  const half = e.isNegative(rest);
  const nearest = e.and(half, e.or(odd, e.nonZero(e.shl(rest, 1))));
  const rc = e.let(e.and(e.shr(control, CONTROL_WORD.RC_SHIFT), e.const(32, 3)));
  const away = e.select(sign, e.const(32, ROUND.down), e.const(32, ROUND.up));
  return e.select(e.isZero(rc), nearest, e.eq(rc, away));
}

/** Inexact: C1 and PE in their place of the last result. Leaves when Precision is not masked. */
function statusOfRounding(e: Expressions, control: Value, up: Value): Value {
  e.if(e.isZero(e.and(control, e.const(32, CONTROL_WORD.PM))), () => leave(e));
  const c1 = e.shl(e.zext(up, 32), STATUS_SHIFT + Math.log2(CONDITION.C1));
  return e.or(c1, e.const(32, EXCEPTION.PE << STATUS_SHIFT));
}

/** Rounds a normalized significand with 64 more bits below it, the last of them sticky, and returns. */
function returnRounded(e: Expressions, control: Value, sign: Value, exponent: Value, sig: Value, below: Value): void {
  for (const value of [sign, exponent, sig, below]) e.let(value);
  // The largest exponent is left out: rounding might overflow.
  e.if(e.gtU(e.sub(exponent, e.const(32, 1)), e.const(32, EXPONENT_MAX - 3)), () => leave(e));
  const kept = e.variable(sig);
  const rest = e.variable(below);
  const unit = e.variable(e.const(64, 1));
  e.if(e.isZero(e.and(control, e.const(32, CONTROL_WORD.EXTENDED))), () => {
    const double = e.and(control, e.const(32, CONTROL_WORD.DOUBLE));
    const dropped = e.let(e.select(double, e.const(64, 11), e.const(64, 40)));
    e.set(rest, e.or(lost(e, sig, dropped), e.zext(e.nonZero(below), 64)));
    e.set(unit, e.shl(e.const(64, 1), dropped));
    e.set(kept, e.and(sig, e.neg(e.get(unit))));
  });
  const truncated = e.get(kept);
  const fraction = e.get(rest);
  const se = e.let(e.or(sign, exponent));
  e.if(e.isZero(fraction), () => e.return(truncated, se));
  const last = e.get(unit);
  const up = e.let(roundsUp(e, control, sign, fraction, e.nonZero(e.and(truncated, last))));
  const status = e.let(statusOfRounding(e, control, up));
  const rounded = e.let(e.add(truncated, e.select(up, last, e.const(64, 0))));
  e.if(e.isZero(rounded), () => e.return(e.const(64, INTEGER_BIT), e.or(e.add(se, e.const(32, 1)), status)));
  e.return(rounded, e.or(se, status));
}

/** z = a + b; a subtraction comes with b's sign changed. */
function add(e: Expressions, control: Value, aSig: Value, aSe: Value, bSig: Value, bSe: Value): void {
  const a: Number80 = { sig: aSig, se: aSe };
  const b: Number80 = { sig: bSig, se: bSe };
  const sign = e.variable(e.const(32, 0));
  const exponent = e.variable(e.const(32, 0));
  const sig = e.variable(e.const(64, 0));
  const below = e.variable(e.const(64, 0));
  const aNormal = e.let(isNormal(e, a));
  const bNormal = e.let(isNormal(e, b));
  e.if(
    e.and(aNormal, bNormal),
    () => addNormal(e, control, a, b, { sign, exponent, sig, below }),
    () => {
      const aZero = e.let(isZeroNumber(e, a));
      const bZero = e.let(isZeroNumber(e, b));
      e.if(e.and(aZero, bZero), () => returnZero(e, control, signOf(e, a), signOf(e, b)));
      e.if(e.isZero(e.or(e.and(aZero, bNormal), e.and(bZero, aNormal))), () => leave(e));
      e.set(sign, e.select(aZero, signOf(e, b), signOf(e, a)));
      e.set(exponent, e.select(aZero, exponentOf(e, b), exponentOf(e, a)));
      e.set(sig, e.select(aZero, bSig, aSig));
    },
  );
  returnRounded(e, control, e.get(sign), e.get(exponent), e.get(sig), e.get(below));
}

interface Unrounded {
  readonly sign: Variable;
  readonly exponent: Variable;
  readonly sig: Variable;
  readonly below: Variable;
}

/** A sum that is zero: negative when both are, or rounding down when one is. */
function returnZero(e: Expressions, control: Value, aSign: Value, bSign: Value): void {
  const down = e.eq(e.and(control, e.const(32, CONTROL_WORD.RC)), e.const(32, ROUND.down << CONTROL_WORD.RC_SHIFT));
  const both = e.and(aSign, bSign);
  const either = e.and(e.or(aSign, bSign), e.select(down, e.const(32, SIGN), e.const(32, 0)));
  e.return(e.const(64, 0), e.or(both, either));
}

function addNormal(e: Expressions, control: Value, a: Number80, b: Number80, z: Unrounded): void {
  const ea = e.let(exponentOf(e, a));
  const eb = e.let(exponentOf(e, b));
  // From here on the first operand's magnitude is the larger.
  const swap = e.let(e.or(e.ltU(ea, eb), e.and(e.eq(ea, eb), e.ltU(a.sig, b.sig))));
  const large = e.let(e.select(swap, b.sig, a.sig));
  const exponent = e.let(e.select(swap, eb, ea));
  const sign = e.let(e.and(e.select(swap, b.se, a.se), e.const(32, SIGN)));
  const small = e.let(e.select(swap, a.sig, b.sig));
  const distance = e.let(e.zext(e.sub(exponent, e.select(swap, ea, eb)), 64));
  const shifted = e.variable(e.shr(small, distance));
  const out = e.variable(lost(e, small, distance));
  e.if(e.gtU(distance, e.const(64, 63)), () => {
    e.set(shifted, e.const(64, 0));
    const beyond = e.let(e.sub(distance, e.const(64, 64)));
    e.set(out, e.or(e.shr(small, beyond), e.zext(e.nonZero(lost(e, small, beyond)), 64)));
    e.if(e.gtU(distance, e.const(64, 127)), () => e.set(out, e.const(64, 1)));
  });
  const addend = e.get(shifted);
  const rest = e.get(out);
  e.set(z.sign, sign);
  e.if(
    e.isZero(e.and(e.xor(a.se, b.se), e.const(32, SIGN))),
    () => {
      const sum = e.let(e.add(large, addend));
      const carry = e.let(e.ltU(sum, large));
      const one = e.let(e.zext(carry, 64));
      const down = e.or(e.shr(rest, one), e.and(rest, one));
      e.set(z.below, e.or(down, e.shl(e.and(sum, one), 63)));
      e.set(z.sig, e.or(e.shr(sum, one), e.shl(one, 63)));
      e.set(z.exponent, e.add(exponent, e.zext(carry, 32)));
    },
    () => {
      const difference = e.variable(e.sub(e.sub(large, addend), e.zext(e.nonZero(rest), 64)));
      const below = e.variable(e.neg(rest));
      const scale = e.variable(exponent);
      e.if(e.isZero(e.get(difference)), () => {
        e.if(e.isZero(e.get(below)), () => returnZero(e, control, sign, e.xor(sign, e.const(32, SIGN))));
        e.set(difference, e.get(below));
        e.set(below, e.const(64, 0));
        e.set(scale, e.sub(exponent, e.const(32, 64)));
      });
      const high = e.get(difference);
      const low = e.get(below);
      const count = e.let(e.clz(high));
      e.set(z.sig, e.or(e.shl(high, count), incoming(e, low, count)));
      e.set(z.below, e.shl(low, count));
      e.set(z.exponent, e.sub(e.get(scale), e.trunc(count, 32)));
    },
  );
}

/** Products and quotients with a zero first operand; leaves unless the numbers are normal. */
function returnZeroOrLeave(e: Expressions, sign: Value, zero: Value): void {
  e.if(zero, () => e.return(e.const(64, 0), sign));
  leave(e);
}

/** z = a * b. */
function multiply(e: Expressions, control: Value, aSig: Value, aSe: Value, bSig: Value, bSe: Value): void {
  const a: Number80 = { sig: aSig, se: aSe };
  const b: Number80 = { sig: bSig, se: bSe };
  const sign = e.let(e.and(e.xor(aSe, bSe), e.const(32, SIGN)));
  const aNormal = e.let(isNormal(e, a));
  const bNormal = e.let(isNormal(e, b));
  e.if(e.isZero(e.and(aNormal, bNormal)), () => {
    const aZero = e.let(isZeroNumber(e, a));
    const bZero = e.let(isZeroNumber(e, b));
    returnZeroOrLeave(e, sign, e.or(e.and(aZero, e.or(bZero, bNormal)), e.and(bZero, aNormal)));
  });
  const half = (x: Value): Value => e.and(x, e.const(64, LOW_HALF));
  const [aLow, aHigh] = [e.let(half(aSig)), e.let(e.shr(aSig, 32))];
  const [bLow, bHigh] = [e.let(half(bSig)), e.let(e.shr(bSig, 32))];
  const lowest = e.let(e.mul(aLow, bLow));
  const first = e.let(e.add(e.mul(aLow, bHigh), e.shr(lowest, 32)));
  const second = e.let(e.add(e.mul(aHigh, bLow), half(first)));
  const high = e.let(e.add(e.mul(aHigh, bHigh), e.add(e.shr(first, 32), e.shr(second, 32))));
  const low = e.let(e.or(e.shl(second, 32), half(lowest)));
  // The product of significands in [1, 2) may lie below 2.
  const short = e.let(e.xor(e.shr(high, 63), e.const(64, 1)));
  const exponent = e.sub(
    e.add(exponentOf(e, a), exponentOf(e, b)),
    e.add(e.trunc(short, 32), e.const(32, EXPONENT_BIAS - 1)),
  );
  const sig = e.or(e.shl(high, short), e.and(e.shr(low, 63), short));
  returnRounded(e, control, sign, exponent, sig, e.shl(low, short));
}

/**
 * 32 bits of a quotient: (high * 2^32 + next) / divisor, where high < divisor and the divisor is normalized. Knuth's
 * algorithm D; the estimate is too large by two at most.
 */
function quotientDigit(e: Expressions, high: Value, next: Value, divisor: Value): { digit: Value; rest: Value } {
  for (const value of [high, next]) e.let(value);
  const top = e.let(e.shr(divisor, 32));
  const bottom = e.let(e.and(divisor, e.const(64, LOW_HALF)));
  const estimate = e.variable(e.divU(high, top));
  const rest = e.variable(e.sub(high, e.mul(e.get(estimate), top)));
  e.loop(() => {
    const digit = e.get(estimate);
    const left = e.get(rest);
    const above = e.gtU(e.mul(digit, bottom), e.or(e.shl(left, 32), next));
    const tooLarge = e.let(e.or(e.gtU(digit, e.const(64, LOW_HALF)), above));
    e.if(tooLarge, () => {
      e.set(estimate, e.sub(digit, e.const(64, 1)));
      e.set(rest, e.add(left, top));
    });
    return e.and(tooLarge, e.isZero(e.shr(e.get(rest), 32)));
  });
  const digit = e.get(estimate);
  return { digit, rest: e.let(e.sub(e.or(e.shl(high, 32), next), e.mul(digit, divisor))) };
}

/** z = a / b. */
function divide(e: Expressions, control: Value, aSig: Value, aSe: Value, bSig: Value, bSe: Value): void {
  const a: Number80 = { sig: aSig, se: aSe };
  const b: Number80 = { sig: bSig, se: bSe };
  const sign = e.let(e.and(e.xor(aSe, bSe), e.const(32, SIGN)));
  const bNormal = e.let(isNormal(e, b));
  e.if(e.isZero(e.and(isNormal(e, a), bNormal)), () => returnZeroOrLeave(e, sign, e.and(isZeroNumber(e, a), bNormal)));
  // The quotient has its integer bit at the top: the dividend is halved where it is not below the divisor.
  const smaller = e.let(e.ltU(aSig, bSig));
  const high = e.select(smaller, aSig, e.shr(aSig, 1));
  const low = e.let(e.select(smaller, e.const(64, 0), e.shl(aSig, 63)));
  const first = quotientDigit(e, high, e.shr(low, 32), bSig);
  const second = quotientDigit(e, first.rest, e.and(low, e.const(64, LOW_HALF)), bSig);
  const { rest } = second;
  const other = e.let(e.sub(bSig, rest));
  const half = e.or(e.zext(e.nonZero(e.sub(rest, other)), 64), e.const(64, INTEGER_BIT));
  const below = e.select(e.ltU(rest, other), e.zext(e.nonZero(rest), 64), half);
  const exponent = e.add(
    e.sub(exponentOf(e, a), exponentOf(e, b)),
    e.sub(e.const(32, EXPONENT_BIAS), e.zext(smaller, 32)),
  );
  returnRounded(e, control, sign, exponent, e.or(e.shl(first.digit, 32), second.digit), below);
}

/** The integer part of a normal number below 2^64, and the rest as roundsUp takes it. */
function integerPart(e: Expressions, x: Number80): { whole: Value; rest: Value } {
  const distance = e.let(e.zext(e.sub(e.const(32, INTEGER_EXPONENT), exponentOf(e, x)), 64));
  const within = e.let(e.ltU(distance, e.const(64, 64)));
  const whole = e.let(e.select(within, e.shr(x.sig, distance), e.const(64, 0)));
  const justBelow = e.select(e.eq(distance, e.const(64, 64)), x.sig, e.const(64, 1));
  return { whole, rest: e.let(e.select(within, lost(e, x.sig, distance), justBelow)) };
}

/** The magnitude of a normal number below 2^63, rounded to an integer, and bits for the status word. */
function roundedInteger(e: Expressions, control: Value, x: Number80): { magnitude: Value; status: Value } {
  const { whole, rest } = integerPart(e, x);
  const magnitude = e.variable(whole);
  const status = e.variable(e.const(32, 0));
  e.if(e.nonZero(rest), () => {
    const up = e.let(roundsUp(e, control, signOf(e, x), rest, e.nonZero(e.and(whole, e.const(64, 1)))));
    e.set(status, statusOfRounding(e, control, up));
    e.set(magnitude, e.add(whole, e.zext(up, 64)));
  });
  return { magnitude: e.get(magnitude), status: e.get(status) };
}

/** FIST: a signed integer of that many bits. */
function toInteger(e: Expressions, control: Value, sig: Value, se: Value, bits: Value): void {
  const x: Number80 = { sig, se };
  e.if(isZeroNumber(e, x), () => e.return(e.const(64, 0), e.const(32, 0)));
  const small = e.ltU(exponentOf(e, x), e.const(32, INTEGER_EXPONENT));
  e.if(e.isZero(e.and(isNormal(e, x), small)), () => leave(e));
  const { magnitude, status } = roundedInteger(e, control, x);
  e.if(e.nonZero(e.shr(magnitude, e.sub(bits, e.const(32, 1)))), () => leave(e));
  e.return(e.select(signOf(e, x), e.neg(magnitude), magnitude), status);
}

/** FRNDINT. */
function roundToInteger(e: Expressions, control: Value, sig: Value, se: Value): void {
  const x: Number80 = { sig, se };
  e.if(isZeroNumber(e, x), () => e.return(sig, se));
  e.if(e.isZero(isNormal(e, x)), () => leave(e));
  e.if(e.gtU(exponentOf(e, x), e.const(32, INTEGER_EXPONENT - 1)), () => e.return(sig, se));
  const { magnitude, status } = roundedInteger(e, control, x);
  const sign = e.let(signOf(e, x));
  e.if(e.isZero(magnitude), () => e.return(magnitude, e.or(sign, status)));
  const count = e.let(e.clz(magnitude));
  const exponent = e.sub(e.const(32, INTEGER_EXPONENT), e.trunc(count, 32));
  e.return(e.shl(magnitude, count), e.or(e.or(sign, exponent), status));
}

/** FST to a narrower format, whose bits are the first result. */
function narrow(precision: 24 | 53, maxExponent: number): (e: Expressions, ...params: Value[]) => void {
  const dropped = 64 - precision;
  const rebias = EXPONENT_BIAS - (maxExponent >> 1);
  const signShift = (precision === 53 ? 63 : 31) - 15;
  return (e, control, sig, se) => {
    const x: Number80 = { sig, se };
    const sign = e.let(e.shl(e.zext(signOf(e, x), 64), signShift));
    e.if(isZeroNumber(e, x), () => e.return(sign, e.const(32, 0)));
    const exponent = e.let(e.sub(exponentOf(e, x), e.const(32, rebias + 1)));
    // The largest exponent is left out: rounding might overflow.
    const fits = e.ltU(exponent, e.const(32, maxExponent - 2));
    e.if(e.isZero(e.and(e.isNegative(sig), fits)), () => leave(e));
    // The integer bit adds one to the exponent, as does a carry out of the significand.
    const kept = e.shr(sig, dropped);
    const bits = e.let(e.or(sign, e.add(e.shl(e.zext(exponent, 64), precision - 1), kept)));
    const rest = e.let(e.shl(sig, precision));
    e.if(e.isZero(rest), () => e.return(bits, e.const(32, 0)));
    const up = e.let(roundsUp(e, control, signOf(e, x), rest, e.nonZero(e.and(bits, e.const(64, 1)))));
    const status = e.let(statusOfRounding(e, control, up));
    e.return(e.add(bits, e.zext(up, 64)), status);
  };
}

/** C0, C2 and C3 of a compared with b. */
function compare(e: Expressions, aSig: Value, aSe: Value, bSig: Value, bSe: Value): void {
  const a: Number80 = { sig: aSig, se: aSe };
  const b: Number80 = { sig: bSig, se: bSe };
  const aZero = e.let(isZeroNumber(e, a));
  const bZero = e.let(isZeroNumber(e, b));
  const ordinary = e.and(e.or(aZero, isNormal(e, a)), e.or(bZero, isNormal(e, b)));
  e.if(e.isZero(ordinary), () => e.return(e.const(32, LEFT)));
  const ea = e.let(exponentOf(e, a));
  const eb = e.let(exponentOf(e, b));
  const equal = e.let(e.and(e.eq(ea, eb), e.eq(aSig, bSig)));
  const smaller = e.or(e.ltU(ea, eb), e.and(e.eq(ea, eb), e.ltU(aSig, bSig)));
  const aNegative = e.let(e.nonZero(signOf(e, a)));
  const sameSign = e.isZero(signOf(e, { sig: aSig, se: e.xor(aSe, bSe) }));
  const isEqual = e.or(e.and(aZero, bZero), e.and(equal, sameSign));
  const isLess = e.select(sameSign, e.xor(smaller, aNegative), aNegative);
  const lessOrGreater = e.select(isLess, e.const(32, CONDITION.C0), e.const(32, 0));
  e.return(e.select(isEqual, e.const(32, CONDITION.C3), lessOrGreater));
}

const BINARY = { params: [32, 64, 32, 64, 32], results: [64, 32] } as const;
const UNARY = { params: [32, 64, 32], results: [64, 32] } as const;

/** Parameters: control word, then significand with sign and exponent of each operand. */
export const X87_KERNELS = {
  x87Add: { ...BINARY, emit: add },
  x87Multiply: { ...BINARY, emit: multiply },
  x87Divide: { ...BINARY, emit: divide },
  x87RoundToInteger: { ...UNARY, emit: roundToInteger },
  x87ToFloat32: { ...UNARY, emit: narrow(24, 0xff) },
  x87ToFloat64: { ...UNARY, emit: narrow(53, 0x7ff) },
  /** One parameter more: the integer's width in bits. */
  x87ToInteger: { params: [32, 64, 32, 32], results: [64, 32], emit: toInteger },
  /** Without control word; the result is condition codes alone. */
  x87Compare: { params: [64, 32, 64, 32], results: [32], emit: compare },
} as const satisfies Record<string, Kernel>;
