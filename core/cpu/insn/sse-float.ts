/**
 * SSE arithmetic. WebAssembly's operations give x86's results for ordinary numbers, rounded to nearest; MXCSR's sticky
 * flags are the difficulty. So an instruction computes, then looks whether its operands and result can have raised
 * nothing but Precision, masked, and leaves everything else (NaNs, infinities, denormals, underflow, other rounding) to
 * exact arithmetic in TypeScript. Once Precision is set nothing is asked about it;
 * before, a sum's rounding error says so, and a test that suffices for small numbers and integers serves the others.
 * Intel SDM volume 1, 11.5; measurements: docs/decisions.md.
 */
import { OPV } from '../../wasm/index.ts';
import { SSE } from '../layout.ts';
import { SSE_DOUBLE, SSE_OP } from '../sse-operations.ts';
import type { Builder } from './builder.ts';
import { flagsZeroParityCarry } from './flags.ts';
import type { Opnd } from './operand.ts';
import { enterMmx, lanes, low32, low64, readVector, requireMmx, requireSse, sse, zeroVector } from './simd.ts';
import { everySecond } from './simd-integer.ts';
import { insn } from './define.ts';
import type { Value } from './value.ts';

const MXCSR = { PE: 0x20, DAZ: 0x40, PM: 0x1000, RC: 0x6000 } as const;
/** Rounding to nearest, Precision masked: what the fast path needs. Whatever else MXCSR governs it leaves alone. */
const MODE = MXCSR.RC | MXCSR.PM;
const MODE_NEEDED = MXCSR.PM;

/** One of the formats, as vectors of it: operations on numbers and on their bits. */
interface Format {
  readonly bits: 32 | 64;
  readonly magnitude: bigint;
  readonly infinity: bigint;
  /** The smallest normal number. */
  readonly least: bigint;
  /** Where the product of two significands that are zero is exact. */
  readonly lowBits: bigint;
  readonly add: number;
  readonly sub: number;
  readonly mul: number;
  readonly div: number;
  readonly sqrt: number;
  readonly pmin: number;
  readonly pmax: number;
  readonly eq: number;
  readonly ne: number;
  readonly lt: number;
  readonly le: number;
  /** Nearest, floor, ceiling, truncation. */
  readonly roundings: readonly [number, number, number, number];
  readonly addBits: number;
  readonly ltBits: number;
  readonly gtBits: number;
}

const SINGLE: Format = {
  bits: 32,
  magnitude: 0x7fff_ffffn,
  infinity: 0x7f80_0000n,
  least: 0x0080_0000n,
  lowBits: 0xfffn,
  add: OPV.f32x4Add,
  sub: OPV.f32x4Sub,
  mul: OPV.f32x4Mul,
  div: OPV.f32x4Div,
  sqrt: OPV.f32x4Sqrt,
  pmin: OPV.f32x4Pmin,
  pmax: OPV.f32x4Pmax,
  eq: OPV.f32x4Eq,
  ne: OPV.f32x4Ne,
  lt: OPV.f32x4Lt,
  le: OPV.f32x4Le,
  roundings: [OPV.f32x4Nearest, OPV.f32x4Floor, OPV.f32x4Ceil, OPV.f32x4Trunc],
  addBits: OPV.i32x4Add,
  ltBits: OPV.i32x4LtS,
  gtBits: OPV.i32x4GtS,
};
const DOUBLE: Format = {
  bits: 64,
  magnitude: 0x7fff_ffff_ffff_ffffn,
  infinity: 0x7ff0_0000_0000_0000n,
  least: 0x0010_0000_0000_0000n,
  lowBits: 0x07ff_ffffn,
  add: OPV.f64x2Add,
  sub: OPV.f64x2Sub,
  mul: OPV.f64x2Mul,
  div: OPV.f64x2Div,
  sqrt: OPV.f64x2Sqrt,
  pmin: OPV.f64x2Pmin,
  pmax: OPV.f64x2Pmax,
  eq: OPV.f64x2Eq,
  ne: OPV.f64x2Ne,
  lt: OPV.f64x2Lt,
  le: OPV.f64x2Le,
  roundings: [OPV.f64x2Nearest, OPV.f64x2Floor, OPV.f64x2Ceil, OPV.f64x2Trunc],
  addBits: OPV.i64x2Add,
  ltBits: OPV.i64x2LtS,
  gtBits: OPV.i64x2GtS,
};

/** The four shapes of an instruction. A scalar is computed in every lane and one lane written. */
const SHAPES = [
  ['PS', SINGLE, 4, false],
  ['PD', DOUBLE, 2, false],
  ['SS', SINGLE, 1, true],
  ['SD', DOUBLE, 1, true],
] as const;

// --- what a vector of numbers contains: masks of elements ------------------------------------------------------------------------

const constant = (b: Builder, f: Format, value: bigint): Value => lanes(b, f.bits, value);
const magnitude = (b: Builder, f: Format, x: Value): Value => b.vector(OPV.v128And, x, constant(b, f, f.magnitude));
const either = (b: Builder, x: Value, y: Value): Value => b.vector(OPV.v128Or, x, y);

/** 0 < |x| < least: adding the largest integer takes zero to the top and everything else below. */
const denormal = (b: Builder, f: Format, x: Value): Value =>
  b.vector(
    f.ltBits,
    b.vector(f.addBits, magnitude(b, f, x), constant(b, f, f.magnitude)),
    constant(b, f, f.least + f.magnitude),
  );
const notFinite = (b: Builder, f: Format, x: Value): Value =>
  b.vector(f.gtBits, magnitude(b, f, x), constant(b, f, f.infinity - 1n));
const notANumber = (b: Builder, f: Format, x: Value): Value =>
  b.vector(f.gtBits, magnitude(b, f, x), constant(b, f, f.infinity));
/** Zero, denormal, or the least normal number, which may have been rounded up to. */
const tiny = (b: Builder, f: Format, x: Value): Value =>
  b.vector(f.ltBits, magnitude(b, f, x), constant(b, f, f.least + 1n));
const special = (b: Builder, f: Format, x: Value): Value => either(b, denormal(b, f, x), notANumber(b, f, x));

const none = (b: Builder, mask: Value): Value => b.isZero(b.vectorTest(OPV.v128AnyTrue, mask));
const anyOf = (b: Builder, mask: Value): Value => b.trunc(b.vectorTest(OPV.v128AnyTrue, mask), 8);
const allEqual = (b: Builder, f: Format, x: Value, y: Value): Value => none(b, b.vector(f.ne, x, y));

const mxcsrIs = (b: Builder, mask: number, value: number): Value =>
  b.eq(b.and(b.state32(SSE.mxcsr), b.const(32, mask)), b.const(32, value));

// --- fast and exact path ----------------------------------------------------------------------------------------------------------

/** What the exact path is to do when `fast` does not hold. */
interface Exact {
  readonly operation: number;
  /** Elements, SSE_DOUBLE. */
  readonly shape: number;
  readonly detail?: Value;
  readonly x?: Value;
  readonly y?: Value;
}

const shapeOf = (f: Format, count: number): number => count | (f === DOUBLE ? SSE_DOUBLE : 0);

function callExact(b: Builder, exact: Exact): void {
  if (exact.x) b.setStateVector(SSE.operandA, exact.x);
  if (exact.y) b.setStateVector(SSE.operandB, exact.y);
  b.helper('sseArithmetic', b.const(32, exact.operation), b.const(32, exact.shape), exact.detail ?? b.const(32, 0));
}

function unless(b: Builder, fast: Value, result: Value, exact: Exact): Value {
  const z = b.variable(result);
  b.attempt(
    (giveUp) => giveUp(b.isZero(fast)),
    () => {
      callExact(b, exact);
      b.set(z, b.stateVector(SSE.result));
    },
  );
  return b.get(z);
}

/** Rounding to nearest, Precision masked, and with no element in `doubtful`; while Precision is clear, `precision` may still object. */
function whenOrdinary(b: Builder, doubtful: Value, precision: () => Value): Value {
  const fast = b.variable(b.and(mxcsrIs(b, MODE, MODE_NEEDED), none(b, doubtful)));
  b.if(b.and(b.get(fast), mxcsrIs(b, MXCSR.PE, 0)), () => b.set(fast, precision()));
  return b.get(fast);
}

/** Knuth's two-sum: what rounding lost, by operations that lose nothing. Sets Precision itself. */
function notePrecisionOfSum(b: Builder, f: Format, x: Value, y: Value, sum: Value): Value {
  const rest = b.let(b.vector(f.sub, sum, x));
  const left = b.vector(f.sub, x, b.vector(f.sub, sum, rest));
  const lost = b.vector(f.add, left, b.vector(f.sub, y, rest));
  const inexact = b.zext(anyOf(b, b.vector(f.ne, lost, zeroVector(b))), 32);
  b.setState32(SSE.mxcsr, b.or(b.state32(SSE.mxcsr), b.shl(inexact, 5)));
  return b.const(8, 1);
}

/** Products of significands whose lower halves are zero are exact. */
const shortSignificands = (b: Builder, f: Format, x: Value, y: Value): Value =>
  none(b, b.vector(OPV.v128And, either(b, x, y), constant(b, f, f.lowBits)));

type Operation = (b: Builder, f: Format, x: Value, y: Value, count: number) => Value;

const sum =
  (operation: number, negated: (b: Builder, f: Format) => Value | undefined): Operation =>
  (b, f, x, y, count) => {
    const flip = negated(b, f);
    const addend = flip ? b.let(b.vector(OPV.v128Xor, y, flip)) : y;
    const z = b.let(b.vector(f.add, x, addend));
    // A denormal sum is exact, but FTZ may want it to be zero.
    const denormals = either(b, either(b, denormal(b, f, x), denormal(b, f, y)), denormal(b, f, z));
    const doubtful = either(b, denormals, notFinite(b, f, z));
    const fast = whenOrdinary(b, doubtful, () => notePrecisionOfSum(b, f, x, addend, z));
    return unless(b, fast, z, { operation, shape: shapeOf(f, count), x, y });
  };
const signs = (b: Builder, f: Format): Value => constant(b, f, f.magnitude + 1n);
const evenSigns = (b: Builder, f: Format): Value =>
  f === SINGLE ? lanes(b, 64, 0x8000_0000n) : b.const(128, 0x8000_0000_0000_0000n);

const add = sum(SSE_OP.ADD, () => undefined);
const sub = sum(SSE_OP.SUB, signs);
const addSub = sum(SSE_OP.ADDSUB, evenSigns);

const mul: Operation = (b, f, x, y, count) => {
  const z = b.let(b.vector(f.mul, x, y));
  const zero = zeroVector(b);
  const noZero = b.vector(OPV.v128And, b.vector(f.ne, x, zero), b.vector(f.ne, y, zero));
  const underflow = b.vector(OPV.v128And, tiny(b, f, z), noZero);
  const doubtful = either(b, either(b, denormal(b, f, x), denormal(b, f, y)), either(b, notFinite(b, f, z), underflow));
  const fast = whenOrdinary(b, doubtful, () => shortSignificands(b, f, x, y));
  return unless(b, fast, z, { operation: SSE_OP.MUL, shape: shapeOf(f, count), x, y });
};

const div: Operation = (b, f, x, y, count) => {
  const z = b.let(b.vector(f.div, x, y));
  const underflow = b.vector(OPV.v128And, tiny(b, f, z), b.vector(f.ne, x, zeroVector(b)));
  const doubtful = either(b, either(b, denormal(b, f, x), denormal(b, f, y)), either(b, notFinite(b, f, z), underflow));
  const fast = whenOrdinary(b, doubtful, () =>
    b.and(shortSignificands(b, f, z, y), allEqual(b, f, b.vector(f.mul, z, y), x)),
  );
  return unless(b, fast, z, { operation: SSE_OP.DIV, shape: shapeOf(f, count), x, y });
};

const sqrt: Operation = (b, f, _x, y, count) => {
  const z = b.let(b.vector(f.sqrt, y));
  const doubtful = either(b, denormal(b, f, y), notFinite(b, f, z));
  const fast = whenOrdinary(b, doubtful, () =>
    b.and(shortSignificands(b, f, z, z), allEqual(b, f, b.vector(f.mul, z, z), y)),
  );
  return unless(b, fast, z, { operation: SSE_OP.SQRT, shape: shapeOf(f, count), x: y });
};

/** NaNs and denormals raise flags, nothing else does, whatever the mode. The second operand wins where none does. */
const extreme =
  (operation: number, choose: 'pmin' | 'pmax'): Operation =>
  (b, f, x, y, count) => {
    const fast = none(b, either(b, special(b, f, x), special(b, f, y)));
    return unless(b, fast, b.vector(f[choose], y, x), { operation, shape: shapeOf(f, count), x, y });
  };

function writeResult(b: Builder, dst: Opnd, f: Format, scalar: boolean, z: Value): void {
  if (!scalar) b.write(dst, z);
  else b.write(dst, f === SINGLE ? low32(b, z) : low64(b, z));
}

for (const [name, operation] of [
  ['ADD', add],
  ['SUB', sub],
  ['MUL', mul],
  ['DIV', div],
  ['SQRT', sqrt],
  ['MIN', extreme(SSE_OP.MIN, 'pmin')],
  ['MAX', extreme(SSE_OP.MAX, 'pmax')],
] as const)
  for (const [suffix, f, count, scalar] of SHAPES)
    sse(name + suffix, (b, dst, src) => {
      const y = readVector(b, src);
      const x = readVector(b, dst);
      writeResult(b, dst, f, scalar, operation(b, f, x, y, count));
    });

for (const [suffix, f, count] of SHAPES.slice(0, 2)) {
  sse(`ADDSUB${suffix}`, (b, dst, src) => {
    const y = readVector(b, src);
    b.write(dst, addSub(b, f, readVector(b, dst), y, count));
  });
  for (const [name, operation] of [
    ['HADD', add],
    ['HSUB', sub],
  ] as const)
    sse(name + suffix, (b, dst, src) => {
      const y = readVector(b, src);
      const x = readVector(b, dst);
      const even = b.let(everySecond(b, x, y, f.bits / 8, 0));
      b.write(dst, operation(b, f, even, b.let(everySecond(b, x, y, f.bits / 8, 1)), count));
    });
  sse(`DP${suffix}`, (b, dst, src, control) => {
    const y = readVector(b, src);
    const x = readVector(b, dst);
    callExact(b, {
      operation: SSE_OP.DOT_PRODUCT,
      shape: shapeOf(f, count),
      detail: b.zext(b.read(control), 32),
      x,
      y,
    });
    b.write(dst, b.stateVector(SSE.result));
  });
}

// --- comparisons ----------------------------------------------------------------------------------------------------------------------

for (const [suffix, f, count, scalar] of SHAPES)
  sse(`CMP${suffix}`, (b, dst, src, control) => {
    const y = readVector(b, src);
    const x = readVector(b, dst);
    const predicate = b.let(b.and(b.zext(b.read(control), 32), b.const(32, 7)));
    const kind = b.let(b.and(predicate, b.const(32, 3)));
    const is = (value: number): Value => b.eq(kind, b.const(32, value));
    const ordered = b.select(
      is(0),
      b.vector(f.eq, x, y),
      b.select(is(1), b.vector(f.lt, x, y), b.select(is(2), b.vector(f.le, x, y), zeroVector(b))),
    );
    const negate = b.vector(OPV.i32x4Splat, b.neg(b.shr(predicate, 2)));
    const fast = none(b, either(b, special(b, f, x), special(b, f, y)));
    const exact: Exact = { operation: SSE_OP.COMPARE, shape: shapeOf(f, count), detail: predicate, x, y };
    writeResult(b, dst, f, scalar, unless(b, fast, b.vector(OPV.v128Xor, ordered, negate), exact));
  });

/** The helper answers with the flags in their places of EFLAGS. */
for (const [suffix, f] of SHAPES.slice(2))
  for (const [name, quiet] of [
    ['COMI', false],
    ['UCOMI', true],
  ] as const)
    sse(name + suffix, (b, first, second) => {
      const y = readVector(b, second);
      const x = readVector(b, first);
      const bit = (op: number): Value => b.and(b.vectorTest(OPV.i32x4Bitmask, b.vector(op, x, y)), b.const(32, 1));
      const relation = b.variable(b.or(b.shl(bit(f.eq), 6), bit(f.lt)));
      b.attempt(
        (giveUp) => giveUp(anyOf(b, either(b, special(b, f, x), special(b, f, y)))),
        () => {
          b.setStateVector(SSE.operandA, x);
          b.setStateVector(SSE.operandB, y);
          const shape = b.const(32, f === DOUBLE ? SSE_DOUBLE : 0);
          b.set(relation, b.helper('sseCompare', shape, b.const(32, quiet ? 1 : 0)));
        },
      );
      const flags = b.get(relation);
      const flag = (position: number): Value => b.trunc(b.and(b.shr(flags, position), b.const(32, 1)), 8);
      flagsZeroParityCarry(b, b.let(flag(6)), flag(2), flag(0));
    });

// --- integers ---------------------------------------------------------------------------------------------------------------------------

/** Integers of up to 24 bits are exact; others are while nobody asks about Precision and rounding is to nearest. */
function integersToSingle(b: Builder, x: Value, count: number): Value {
  const large = b.vector(OPV.i32x4GtU, b.vector(OPV.i32x4Abs, x), lanes(b, 32, 1n << 24n));
  const fast = b.or(none(b, large), mxcsrIs(b, MXCSR.RC | MXCSR.PM | MXCSR.PE, MXCSR.PM | MXCSR.PE));
  const exact: Exact = { operation: SSE_OP.FROM_INTEGER, shape: shapeOf(SINGLE, count), x };
  return unless(b, fast, b.vector(OPV.f32x4ConvertI32x4S, x), exact);
}

const integersToDouble = (b: Builder, x: Value): Value => b.vector(OPV.f64x2ConvertLowI32x4S, x);

const LARGE = { 32: 0x4f00_0000n, 64: 0x41e0_0000_0000_0000n } as const; // 2^31

function toIntegers(b: Builder, f: Format, x: Value, truncate: boolean, count: number): Value {
  const whole = b.let(b.vector(f.roundings[truncate ? 3 : 0], x));
  const within = none(b, b.vector(f.gtBits, magnitude(b, f, whole), constant(b, f, LARGE[f.bits] - 1n)));
  const rounding = truncate ? 0 : MXCSR.RC;
  const careless = mxcsrIs(b, rounding | MXCSR.DAZ | MXCSR.PM | MXCSR.PE, MXCSR.PM | MXCSR.PE);
  const fast = b.and(within, b.or(allEqual(b, f, whole, x), careless));
  const integers = b.vector(f === SINGLE ? OPV.i32x4TruncSatF32x4S : OPV.i32x4TruncSatF64x2SZero, whole);
  const exact: Exact = {
    operation: SSE_OP.TO_INTEGER,
    shape: shapeOf(f, count),
    detail: b.const(32, truncate ? 1 : 0),
    x,
  };
  return unless(b, fast, integers, exact);
}

sse('CVTSI2SS', (b, dst, src) => b.write(dst, low32(b, integersToSingle(b, readVector(b, src), 1))));
sse('CVTSI2SD', (b, dst, src) => b.write(dst, low64(b, integersToDouble(b, readVector(b, src)))));
sse('CVTDQ2PS', (b, dst, src) => b.write(dst, integersToSingle(b, readVector(b, src), 4)));
sse('CVTDQ2PD', (b, dst, src) => b.write(dst, integersToDouble(b, readVector(b, src))));
for (const [letter, truncate] of [
  ['', false],
  ['T', true],
] as const) {
  sse(`CVT${letter}SS2SI`, (b, dst, src) =>
    b.write(dst, low32(b, toIntegers(b, SINGLE, readVector(b, src), truncate, 1))),
  );
  sse(`CVT${letter}SD2SI`, (b, dst, src) =>
    b.write(dst, low32(b, toIntegers(b, DOUBLE, readVector(b, src), truncate, 1))),
  );
  sse(`CVT${letter}PS2DQ`, (b, dst, src) => b.write(dst, toIntegers(b, SINGLE, readVector(b, src), truncate, 4)));
  sse(`CVT${letter}PD2DQ`, (b, dst, src) => b.write(dst, toIntegers(b, DOUBLE, readVector(b, src), truncate, 2)));
}

/**
 * Between MMX and XMM registers. As on AMD's processors integers from memory have nothing to do with the FPU; otherwise
 * the FPU becomes the MMX registers, even where a conversion then raises an exception.
 */
function mixed(name: string, convert: (b: Builder, x: Value) => Value): void {
  insn(name, (b, dst, src) => {
    const entersMmx = dst.kind === 'mmx' || src.kind === 'mmx';
    requireSse(b);
    if (entersMmx) requireMmx(b);
    const x = readVector(b, src);
    if (entersMmx) enterMmx(b);
    const z = convert(b, x);
    b.write(dst, dst.width === 64 ? low64(b, z) : z);
  });
}
mixed('CVTPI2PS', (b, x) => integersToSingle(b, x, 2));
mixed('CVTPI2PD', integersToDouble);
for (const [letter, truncate] of [
  ['', false],
  ['T', true],
] as const) {
  mixed(`CVT${letter}PS2PI`, (b, x) => toIntegers(b, SINGLE, x, truncate, 2));
  mixed(`CVT${letter}PD2PI`, (b, x) => toIntegers(b, DOUBLE, x, truncate, 2));
}

// --- between the formats -------------------------------------------------------------------------------------------------------------

function widen(b: Builder, x: Value, count: number): Value {
  const fast = none(b, special(b, SINGLE, x));
  return unless(b, fast, b.vector(OPV.f64x2PromoteLowF32x4, x), { operation: SSE_OP.WIDEN, shape: count, x });
}
const LEAST_SINGLE_AS_DOUBLE = 0x3810_0000_0000_0000n; // 2^-126

function narrow(b: Builder, x: Value, count: number): Value {
  const z = b.let(b.vector(OPV.f32x4DemoteF64x2Zero, x));
  const back = b.let(b.vector(OPV.f64x2PromoteLowF32x4, z));
  const small = b.vector(DOUBLE.ltBits, magnitude(b, DOUBLE, back), lanes(b, 64, LEAST_SINGLE_AS_DOUBLE + 1n));
  const underflow = b.vector(OPV.v128And, small, b.vector(DOUBLE.ne, x, zeroVector(b)));
  const ordinary = none(b, either(b, notFinite(b, DOUBLE, back), underflow));
  const careless = mxcsrIs(b, MODE | MXCSR.PE, MODE_NEEDED | MXCSR.PE);
  const fast = b.and(ordinary, b.or(allEqual(b, DOUBLE, back, x), careless));
  return unless(b, fast, z, { operation: SSE_OP.NARROW, shape: shapeOf(DOUBLE, count), x });
}
sse('CVTSS2SD', (b, dst, src) => b.write(dst, low64(b, widen(b, readVector(b, src), 1))));
sse('CVTPS2PD', (b, dst, src) => b.write(dst, widen(b, readVector(b, src), 2)));
sse('CVTSD2SS', (b, dst, src) => b.write(dst, low32(b, narrow(b, readVector(b, src), 1))));
sse('CVTPD2PS', (b, dst, src) => b.write(dst, narrow(b, readVector(b, src), 2)));

for (const [suffix, f, count, scalar] of SHAPES)
  sse(`ROUND${suffix}`, (b, dst, src, control) => {
    const x = readVector(b, src);
    const word = b.let(b.zext(b.read(control), 32));
    const current = b.and(b.shr(b.state32(SSE.mxcsr), 13), b.const(32, 3));
    const usesCurrent = b.nonZero(b.and(word, b.const(32, 4)));
    const mode = b.let(b.select(usesCurrent, current, b.and(word, b.const(32, 3))));
    const [nearest, floor, ceiling, truncation] = f.roundings.map((op) => b.vector(op, x));
    const is = (value: number): Value => b.eq(mode, b.const(32, value));
    const z = b.let(b.select(is(0), nearest, b.select(is(1), floor, b.select(is(2), ceiling, truncation))));
    const silent = b.nonZero(b.and(word, b.const(32, 8)));
    const careless = b.or(silent, mxcsrIs(b, MXCSR.PM | MXCSR.PE, MXCSR.PM | MXCSR.PE));
    const fast = b.and(none(b, special(b, f, x)), b.or(allEqual(b, f, z, x), careless));
    const exact: Exact = { operation: SSE_OP.ROUND, shape: shapeOf(f, count), detail: word, x };
    writeResult(b, dst, f, scalar, unless(b, fast, z, exact));
  });

// --- approximations ---------------------------------------------------------------------------------------------------------------------

/** Twelve bits of the exact result: within the 1.5 * 2^-12 that the manual allows. No flags; denormals are zeros. */
function approximate(b: Builder, x: Value, root: boolean): Value {
  const sign = b.let(b.vector(OPV.v128And, x, lanes(b, 32, 0x8000_0000n)));
  const flushed = (y: Value): Value =>
    b.let(
      b.vector(OPV.v128Bitselect, sign, y, b.vector(OPV.i32x4LtS, magnitude(b, SINGLE, y), lanes(b, 32, SINGLE.least))),
    );
  const operand = flushed(x);
  const one = lanes(b, 32, 0x3f80_0000n);
  const z = flushed(b.let(b.vector(OPV.f32x4Div, one, root ? b.vector(OPV.f32x4Sqrt, operand) : operand)));
  const rounded = b.vector(OPV.v128And, b.vector(OPV.i32x4Add, z, lanes(b, 32, 0x800n)), lanes(b, 32, 0xffff_f000n));
  const valid = root
    ? b.vector(OPV.v128Bitselect, lanes(b, 32, 0xffc0_0000n), rounded, b.vector(OPV.f32x4Lt, operand, zeroVector(b)))
    : rounded;
  const quiet = either(b, x, lanes(b, 32, 0x0040_0000n));
  return b.vector(OPV.v128Bitselect, quiet, valid, b.vector(OPV.f32x4Ne, x, x));
}
for (const [name, root] of [
  ['RCP', false],
  ['RSQRT', true],
] as const)
  for (const [suffix, f, , scalar] of SHAPES)
    if (f === SINGLE)
      sse(name + suffix, (b, dst, src) => writeResult(b, dst, f, scalar, approximate(b, readVector(b, src), root)));
