/** What host-cpu.test.ts runs on both sides of the x87: operands, the operation, and which results must agree. */
import { CONDITION, Floatx80 } from './floatx80.ts';
import type { FloatContext } from './floatx80.ts';
import type { Operands } from './operands.fixture.ts';
import * as arithmetic from './arithmetic.ts';

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
  readonly operands: (ops: Operands, view: DataView, at: number) => void;
  readonly run: (ctx: FloatContext, view: DataView, at: number) => X87Result;
  /** Empty, or the name of what differs. */
  readonly check: (ctx: FloatContext, got: X87Result, out: DataView, at: number) => string;
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
  return (status & CONDITION.C1) !== 0 === (ctx.c1 !== 0) ? '' : 'c1';
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

export const X87_CASES: readonly X87Case[] = [
  binary('fadd', arithmetic.add),
  binary('fsub', arithmetic.sub),
  binary('fmul', arithmetic.mul),
  binary('fdiv', arithmetic.div),
  unary('fsqrt', arithmetic.sqrt),
];
