/** What host-cpu.integration.test.ts runs on both sides of the x87: operands, the operation, and which results must agree. */
import { CONDITION, Floatx80, tagOf } from './floatx80.ts';
import type { FloatContext } from './floatx80.ts';
import type { Operands } from './operands.fixture.ts';
import * as arithmetic from './arithmetic.ts';
import { BCD, fromBcd, toBcd } from './bcd.ts';
import { compare, comparisonEflags, examine } from './compare.ts';
import { CONSTANTS, loadConstant } from './constants.ts';
import { fromInteger, INTEGER, roundToInteger, toInteger } from './integer.ts';
import {
  expandFloat32,
  expandFloat64,
  loadFloat32,
  loadFloat64,
  NARROW,
  storeFloat32,
  storeFloat64,
} from './narrow.ts';
import { remainder } from './remainder.ts';
import { exponential, yLog2, yLog2Plus1 } from './logarithm.ts';
import { arctangent, cosine, sine, sineCosine, tangent } from './trigonometry.ts';
import { absolute, changeSign, extract, scale } from './scale.ts';

export interface X87Result {
  /** ST(0) and ST(1), or the bytes of a memory operand as the native program reports them. */
  readonly r0: Floatx80;
  readonly r1: Floatx80;
  /** Bits of the status word besides exceptions and C1 that count, and AH after LAHF. */
  conditions: number;
  memory: Uint8Array | undefined;
}

export interface X87Case {
  readonly name: string;
  /** The native program's name for it, if not the same. */
  readonly native?: string;
  /** The architecture leaves the result open; compared only on the vendor's processors that the code follows. */
  readonly vendor?: string;
  readonly operands: (ops: Operands, view: DataView, at: number) => void;
  readonly run: (ctx: FloatContext, view: DataView, at: number) => X87Result;
  /** Empty, or the name of what differs. */
  readonly check: (ctx: FloatContext, got: X87Result, out: DataView, at: number) => string;
  /** Transcendental functions: how far off the last result checked was. */
  readonly lastUlp?: () => number;
}

const readX80 = (view: DataView, at: number, z: Floatx80): Floatx80 => {
  z.lo = view.getInt32(at, true);
  z.hi = view.getInt32(at + 4, true);
  z.se = view.getUint16(at + 8, true);
  return z;
};
const sameX80 = (view: DataView, at: number, x: Floatx80): boolean =>
  view.getInt32(at, true) === x.lo && view.getInt32(at + 4, true) === x.hi && view.getUint16(at + 8, true) === x.se;

const result: X87Result = { r0: new Floatx80(), r1: new Floatx80(), conditions: 0, memory: undefined };

function checkFlags(ctx: FloatContext, out: DataView, at: number): string {
  const status = out.getUint32(at + 32, true);
  if ((status & 0x3f) !== ctx.exceptionFlags) return 'flags';
  return ((status & CONDITION.C1) !== 0) === (ctx.c1 !== 0) ? '' : 'c1';
}

const exact =
  (registers: 1 | 2, conditions = 0): X87Case['check'] =>
  (ctx, got, out, at) => {
    const flags = checkFlags(ctx, out, at);
    if (flags !== '') return flags;
    if (!sameX80(out, at, got.r0)) return 'st0';
    if (registers === 2 && !sameX80(out, at + 16, got.r1)) return 'st1';
    return (out.getUint32(at + 32, true) & conditions) === ctx.conditionCodes ? '' : 'conditions';
  };

const pair = (ops: Operands, view: DataView, at: number): void => {
  ops.x80(view, at);
  ops.x80(view, at + 16, ops.below(3) === 0 ? undefined : view.getUint16(at + 8, true));
};

type Binary = (ctx: FloatContext, a: Floatx80, b: Floatx80, z: Floatx80) => boolean;
type Unary = (ctx: FloatContext, a: Floatx80, z: Floatx80) => boolean;

const a = new Floatx80();
const b = new Floatx80();

const binary = (name: string, operation: Binary, conditions = 0): X87Case => ({
  name,
  operands: pair,
  run(ctx, view, at) {
    readX80(view, at + 16, b);
    operation(ctx, readX80(view, at, result.r0), b, result.r0);
    return result;
  },
  check: exact(1, conditions),
});
const unary = (name: string, operation: Unary): X87Case => ({
  name,
  operands: pair,
  run(ctx, view, at) {
    operation(ctx, readX80(view, at, result.r0), result.r0);
    return result;
  },
  check: exact(1),
});

const ALL = CONDITION.C0 | CONDITION.C2 | CONDITION.C3;

/** Comparisons: the condition codes, or with FCOMI the flags. */
const comparison = (name: string, quiet: boolean, flags: boolean): X87Case => ({
  name,
  operands: (ops, view, at) => {
    pair(ops, view, at);
    if (ops.below(8) === 0)
      for (let byte = 0; byte < 10; byte++) view.setUint8(at + 16 + byte, view.getUint8(at + byte));
    if (ops.below(16) === 0) view.setUint8(at + 16, view.getUint8(at) ^ 1);
  },
  run(ctx, view, at) {
    const other = name === 'ftst' ? zero : readX80(view, at + 16, b);
    result.conditions = compare(ctx, readX80(view, at, a), other, quiet) ? 1 : 0;
    return result;
  },
  check(ctx, got, out, at) {
    const differs = checkFlags(ctx, out, at);
    if (differs !== '') return differs;
    if (!flags) return (out.getUint32(at + 32, true) & ALL) === ctx.conditionCodes ? '' : 'conditions';
    return (out.getUint32(at + 36, true) & 0x45) === comparisonEflags(ctx.conditionCodes) ? '' : 'eflags';
  },
});

const zero = new Floatx80();

/** Loads push: with an unmasked exception they do not, and ST(0) is still the first operand. */
const load = (
  name: string,
  operands: X87Case['operands'],
  operation: (ctx: FloatContext, view: DataView, at: number, z: Floatx80) => boolean,
): X87Case => ({
  name,
  operands,
  run(ctx, view, at) {
    if (!operation(ctx, view, at, result.r0)) readX80(view, at, result.r0);
    return result;
  },
  check: exact(1),
});

/** Stores: `width` bytes of memory, untouched (EEh) after an unmasked exception. */
const store = (
  name: string,
  width: number,
  operation: (ctx: FloatContext, a: Floatx80) => boolean,
  bytes: (memory: DataView) => void,
  operands: X87Case['operands'] = pair,
): X87Case => ({
  name,
  operands,
  run(ctx, view, at) {
    memory.fill(0xee);
    if (operation(ctx, readX80(view, at, a))) bytes(memoryView);
    result.memory = memory;
    return result;
  },
  check(ctx, _got, out, at) {
    const differs = checkFlags(ctx, out, at);
    if (differs !== '') return differs;
    for (let byte = 0; byte < width; byte++) if (out.getUint8(at + byte) !== memory[byte]) return 'memory';
    return '';
  },
});

const memory = new Uint8Array(16);
const memoryView = new DataView(memory.buffer);

const storeInteger = (name: string, bits: 16 | 32 | 64, truncate: boolean): X87Case =>
  store(
    name,
    bits / 8,
    (ctx, x) => toInteger(ctx, x, bits, truncate),
    (view) => {
      if (bits === 16) view.setInt16(0, INTEGER[0]!, true);
      else view.setInt32(0, INTEGER[0]!, true);
      if (bits === 64) view.setInt32(4, INTEGER[1]!, true);
    },
    (ops, view, at) => {
      if (ops.below(4) === 0) ops.x80(view, at, 0x3fff + bits - 1);
      else ops.x80(view, at);
    },
  );

const constant = (name: string, value: (typeof CONSTANTS)[keyof typeof CONSTANTS]): X87Case =>
  load(name, pair, (ctx, _view, _at, z) => (loadConstant(ctx, value, z), true));

/** The exponents where a conversion to a narrow format overflows, underflows or rounds. */
const narrowEdge =
  (edges: readonly number[]): X87Case['operands'] =>
  (ops, view, at) => {
    if (ops.below(2) === 0) ops.x80(view, at);
    else ops.x80Within(view, at, ops.pick(edges) - 30, 60);
    if (ops.below(8) === 0) view.setUint16(at + 8, (view.getUint16(at + 8, true) & 0x8000) | ops.pick(edges), true);
  };

export const X87_CASES: readonly X87Case[] = [
  binary('fadd', arithmetic.add),
  binary('fsub', arithmetic.sub),
  binary('fmul', arithmetic.mul),
  binary('fdiv', arithmetic.div),
  unary('fsqrt', arithmetic.sqrt),
  {
    ...binary('fprem', (ctx, x, y, z) => remainder(ctx, x, y, false, z), ALL),
    operands: farPair,
  },
  {
    ...binary('fprem1', (ctx, x, y, z) => remainder(ctx, x, y, true, z), ALL),
    operands: farPair,
  },
  {
    ...binary('fscale', scale),
    operands: (ops, view, at) => {
      ops.x80(view, at);
      if (ops.below(4) === 0) ops.x80(view, at + 16);
      else ops.x80Within(view, at + 16, 0x3ffd, 20);
    },
  },
  {
    name: 'fxtract',
    operands: pair,
    run(ctx, view, at) {
      readX80(view, at, a);
      readX80(view, at + 16, b);
      if (!extract(ctx, a, result.r1, result.r0)) {
        result.r0.assign(a);
        result.r1.assign(b);
      }
      return result;
    },
    check: exact(2),
  },
  unary('frndint', roundToInteger),
  unary('fchs', (ctx, x, z) => (changeSign(ctx, x, z), true)),
  unary('fabs', (ctx, x, z) => (absolute(ctx, x, z), true)),
  {
    ...unary('fxam', (ctx, x) => (examine(ctx, x, false), true)),
    check: (ctx, got, out, at) => {
      // Two registers are in use: the stack's top is physical register 6.
      const tag = (out.getUint32(at + 36, true) >>> 12) & 3;
      return tag === tagOf(got.r0) ? exact(1, ALL)(ctx, got, out, at) : 'tag';
    },
  },
  comparison('fcom', false, false),
  ...[32, 64].map((bits) => ({
    ...memoryOperand(
      `fcom${bits}`,
      (ctx, view, at) =>
        bits === 32
          ? expandFloat32(ctx, view.getInt32(at, true), b)
          : expandFloat64(ctx, view.getInt32(at + 4, true), view.getInt32(at, true), b),
      (ctx, x, y) => compare(ctx, x, y, false),
    ),
    check: exact(1, ALL),
  })),
  comparison('fucom', true, false),
  comparison('ftst', false, false),
  comparison('fcomi', false, true),
  comparison('fucomi', true, true),
  load(
    'fld32',
    (ops, view, at) => ops.float32(view, at),
    (ctx, view, at, z) => loadFloat32(ctx, view.getInt32(at, true), z),
  ),
  load(
    'fld64',
    (ops, view, at) => ops.float64(view, at),
    (ctx, view, at, z) => loadFloat64(ctx, view.getInt32(at + 4, true), view.getInt32(at, true), z),
  ),
  ...(['fadd', 'fsub', 'fmul', 'fdiv'] as const).flatMap((name) => {
    const operation = { fadd: arithmetic.add, fsub: arithmetic.sub, fmul: arithmetic.mul, fdiv: arithmetic.div }[name];
    return [
      memoryOperand(`${name}32`, (ctx, view, at) => expandFloat32(ctx, view.getInt32(at, true), b), operation),
      memoryOperand(
        `${name}64`,
        (ctx, view, at) => expandFloat64(ctx, view.getInt32(at + 4, true), view.getInt32(at, true), b),
        operation,
      ),
    ];
  }),
  load(
    'fild16',
    (ops, view, at) => ops.integer(view, at),
    (_ctx, view, at, z) => (fromInteger(view.getInt16(at, true) >> 31, view.getInt16(at, true), z), true),
  ),
  load(
    'fild32',
    (ops, view, at) => ops.integer(view, at),
    (_ctx, view, at, z) => (fromInteger(view.getInt32(at, true) >> 31, view.getInt32(at, true), z), true),
  ),
  load(
    'fild64',
    (ops, view, at) => ops.integer(view, at),
    (_ctx, view, at, z) => (fromInteger(view.getInt32(at + 4, true), view.getInt32(at, true), z), true),
  ),
  load(
    'fbld',
    (ops, view, at) => ops.bcd(view, at),
    (_ctx, view, at, z) => {
      for (let byte = 0; byte < 10; byte++) BCD[byte] = view.getUint8(at + byte);
      fromBcd(z);
      return true;
    },
  ),
  store(
    'fst32',
    4,
    storeFloat32,
    (view) => view.setInt32(0, NARROW[0]!, true),
    narrowEdge([0x3f81, 0x3f6a, 0x407e, 0x407f]),
  ),
  store(
    'fst64',
    8,
    storeFloat64,
    (view) => {
      view.setInt32(0, NARROW[0]!, true);
      view.setInt32(4, NARROW[1]!, true);
    },
    narrowEdge([0x3c01, 0x3bcd, 0x43fe, 0x43ff]),
  ),
  storeInteger('fist16', 16, false),
  storeInteger('fist32', 32, false),
  storeInteger('fist64', 64, false),
  storeInteger('fisttp16', 16, true),
  storeInteger('fisttp32', 32, true),
  storeInteger('fisttp64', 64, true),
  store(
    'fbstp',
    10,
    toBcd,
    () => memory.set(BCD),
    (ops, view, at) => (ops.below(3) === 0 ? ops.x80(view, at) : ops.x80Within(view, at, 0x3ffd, 64)),
  ),
  constant('fld1', CONSTANTS.one),
  constant('fldl2t', CONSTANTS.log2Of10),
  constant('fldl2e', CONSTANTS.log2OfE),
  constant('fldpi', CONSTANTS.pi),
  constant('fldlg2', CONSTANTS.log10Of2),
  constant('fldln2', CONSTANTS.lnOf2),
  constant('fldz', CONSTANTS.zero),
  near('fsin', 1, angle, (ctx, x, _y, z) => sine(ctx, x, z), CONDITION.C2),
  near('fcos', 1, angle, (ctx, x, _y, z) => cosine(ctx, x, z), CONDITION.C2),
  near('fsincos', 2, angle, (ctx, x, _y, z, second) => push(sineCosine(ctx, x, second, z), x, z, second), CONDITION.C2),
  near('fptan', 2, angle, (ctx, x, _y, z, second) => push(tangent(ctx, x, second, z), x, z, second), CONDITION.C2),
  near('fpatan', 1, nearOne, (ctx, x, y, z) => pop(arctangent(ctx, x, y, z), x, z)),
  near(
    'f2xm1',
    1,
    (ops, view, at) => {
      ops.x80Within(view, at, 0x3fbf, 64);
      // Specials, but nothing finite above 1.
      if (ops.below(6) === 0) ops.x80(view, at);
      if ((view.getUint16(at + 8, true) & 0x4000) !== 0 && (view.getUint16(at + 8, true) & 0x7fff) !== 0x7fff)
        view.setUint16(at + 8, view.getUint16(at + 8, true) & 0x8fff, true);
    },
    (ctx, x, _y, z) => exponential(ctx, x, z),
  ),
  {
    ...near(
      'f2xm1 beyond 1',
      1,
      (ops, view, at) => ops.x80Within(view, at, 0x3fff, 0x4000),
      (ctx, x, _y, z) => exponential(ctx, x, z),
    ),
    native: 'f2xm1',
    vendor: 'AuthenticAMD',
  },
  near('fyl2x', 1, nearOne, (ctx, x, y, z) => pop(yLog2(ctx, x, y, z), x, z)),
  near(
    'fyl2xp1',
    1,
    (ops, view, at) => {
      pair(ops, view, at);
      // Up to 1/4, which is safely inside 1 - sqrt(1/2); and specials.
      ops.x80Within(view, at, 0x3fbd, 64);
      if (ops.below(6) === 0) ops.x80(view, at);
      const exponent = view.getUint16(at + 8, true) & 0x7fff;
      if (exponent > 0x3ffd && exponent !== 0x7fff) view.setUint16(at + 8, view.getUint16(at + 8, true) & 0x8fff, true);
    },
    (ctx, x, y, z) => pop(yLog2Plus1(ctx, x, y, z), x, z),
  ),
  {
    ...near(
      'fyl2xp1 beyond its range',
      1,
      (ops, view, at) => {
        pair(ops, view, at);
        ops.x80Within(view, at, 0x3ffe, ops.pick([2, 3, 10, 0x4001]));
      },
      (ctx, x, y, z) => pop(yLog2Plus1(ctx, x, y, z), x, z),
    ),
    native: 'fyl2xp1',
    vendor: 'AuthenticAMD',
  },
];

/** What a pushing function leaves when an exception (or C2) keeps it from pushing: the operand, and ST(1). */
function push(delivered: boolean, x: Floatx80, z: Floatx80, second: Floatx80): boolean {
  if (delivered) return true;
  z.assign(x);
  second.assign(b);
  return true;
}

/** FPATAN and its like do not pop after an unmasked exception. */
function pop(delivered: boolean, x: Floatx80, z: Floatx80): boolean {
  if (!delivered) z.assign(x);
  return true;
}

/** Angles in and out of range, a quarter of them next to a multiple of pi/2. */
function angle(ops: Operands, view: DataView, at: number): void {
  if (ops.below(4) === 0) nearMultipleOfHalfPi(ops, view, at);
  else if (ops.below(6) === 0) ops.x80(view, at);
  else ops.x80Within(view, at, 0x3fb0, 0x3fff + 64 - 0x3fb0);
  ops.x80(view, at + 16);
}

/** Any operands, a quarter of them near 1 in both or in the first. */
function nearOne(ops: Operands, view: DataView, at: number): void {
  pair(ops, view, at);
  const choice = ops.below(8);
  if (choice < 2) {
    ops.x80Within(view, at, 0x3ffe, 2);
    view.setUint16(at + 8, view.getUint16(at + 8, true) & (choice === 0 ? 0x7fff : 0xffff), true);
  }
  if (choice === 1) ops.x80Within(view, at + 16, 0x3ffe, 2);
}

/** The first 66 bits of pi. */
const PI66 = 0x3243f6a8885a308d3n;

function nearMultipleOfHalfPi(ops: Operands, view: DataView, at: number): void {
  ops.integer(view, at);
  const multiple = (view.getBigUint64(at, true) & 0x7fffffffffffffffn) >> BigInt(2 + ops.below(60));
  const product = (multiple === 0n ? 1n : multiple) * PI66;
  const extra = BigInt(product.toString(2).length - 64);
  // Units of 2^-65; the nearest register or one of its neighbours.
  view.setBigUint64(at, (product >> extra) + BigInt(ops.below(3)) - 1n, true);
  view.setUint16(at + 8, 0x3fff + 63 - 65 + Number(extra), true);
}

/** Transcendental functions: flags exact, results within one unit in the last place; `worstUlp` keeps the largest. */
function near(
  name: string,
  registers: 1 | 2,
  operands: X87Case['operands'],
  operation: (ctx: FloatContext, x: Floatx80, y: Floatx80, z: Floatx80, second: Floatx80) => boolean,
  conditions = 0,
): X87Case {
  let ulp = 0;
  return {
    name,
    operands,
    run(ctx, view, at) {
      readX80(view, at, a);
      readX80(view, at + 16, b);
      if (!operation(ctx, a, b, result.r0, result.r1)) result.r0.assign(a);
      return result;
    },
    check(ctx, got, out, at) {
      ulp = ulpDistance(out, at, got.r0);
      if (registers === 2) ulp = Math.max(ulp, ulpDistance(out, at + 16, got.r1));
      const status = out.getUint32(at + 32, true);
      if ((status & 0x3f) !== ctx.exceptionFlags) return 'flags';
      if ((status & conditions) !== ctx.conditionCodes) return 'conditions';
      if (ulp > 1) return 'ulp';
      return ulp === 0 && registers === 1 && ((status & CONDITION.C1) !== 0) !== (ctx.c1 !== 0) ? 'c1' : '';
    },
    lastUlp: () => ulp,
  };
}

/** How many encodings apart two registers are; infinite across signs and for NaNs that differ. */
function ulpDistance(out: DataView, at: number, x: Floatx80): number {
  if (sameX80(out, at, x)) return 0;
  const se = out.getUint16(at + 8, true);
  if ((se ^ x.se) & 0x8000) return Infinity;
  const ordinal = (exp: number, hi: number, lo: number): bigint =>
    (BigInt(exp & 0x7fff) << 63n) + ((BigInt(hi & 0x7fffffff) << 32n) | BigInt(lo >>> 0));
  const theirs = ordinal(se, out.getInt32(at + 4, true), out.getInt32(at, true));
  const difference = Number(ordinal(x.se, x.hi, x.lo) - theirs);
  return Math.abs(difference);
}

/** Remainders: exponents up to some hundred apart. */
function farPair(ops: Operands, view: DataView, at: number): void {
  pair(ops, view, at);
  if (ops.below(3) === 0) ops.x80(view, at, (view.getUint16(at + 24, true) & 0x7fff) + ops.below(200));
}

/** ST(0) with an operand in memory, whose denormals and signaling NaNs are those of its own format. */
function memoryOperand(
  name: string,
  expand: (ctx: FloatContext, view: DataView, at: number) => void,
  operation: Binary,
): X87Case {
  return {
    name,
    operands: (ops, view, at) => {
      const single = name.endsWith('32');
      if (single) ops.float32(view, at + 16);
      else ops.float64(view, at + 16);
      if (ops.below(4) !== 0) {
        const exp = single
          ? ((view.getInt32(at + 16, true) >>> 23) & 0xff) + 16256
          : ((view.getInt32(at + 20, true) >>> 20) & 0x7ff) + 15360;
        ops.x80(view, at, exp);
      } else ops.x80(view, at);
    },
    run(ctx, view, at) {
      readX80(view, at, a);
      expand(ctx, view, at + 16);
      result.r0.assign(a);
      operation(ctx, a, b, result.r0);
      return result;
    },
    check: exact(1),
  };
}
