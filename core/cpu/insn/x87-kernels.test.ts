/**
 * The x87 kernels against the exact arithmetic of cpu/softfloat: the same bits, C1 and PE wherever they do not leave the
 * work to it, and no more left than their limits say.
 *
 *   TERRARIUM_SOFTFLOAT_CASES=1000000   cases per kernel (default 20000)
 */
import { describe, expect, it } from 'vitest';
import { ModuleBuilder } from '../../wasm/index.ts';
import {
  add,
  compare,
  CONDITION,
  div,
  EXCEPTION,
  EXPONENT_MAX,
  FloatContext,
  Floatx80,
  INTEGER,
  mul,
  NARROW,
  roundToInteger,
  setControlWord,
  storeFloat32,
  storeFloat64,
  toInteger,
} from '../softfloat/index.ts';
import { Operands, randomWords } from '../softfloat/operands.fixture.ts';
import { emitKernel, kernelType } from './kernel.ts';
import { KERNEL_ENTRIES, type KernelName } from './kernels.ts';
import { STATUS_SHIFT } from './x87-kernels.ts';

const CASES = Number(process.env['TERRARIUM_SOFTFLOAT_CASES'] ?? 20_000);
const SEED = Number(process.env['TERRARIUM_SOFTFLOAT_SEED'] ?? 1);
const TIMEOUT_MS = 30_000 + CASES;

type Answer = number | [bigint, number];
const kernels = ((): Record<KernelName, (...args: (bigint | number)[]) => Answer> => {
  const module = new ModuleBuilder();
  module.importMemory('memory', { minPages: 1, maxPages: 1 });
  for (const [name, kernel] of KERNEL_ENTRIES) {
    const { index, body } = module.addFunction(kernelType(module, kernel));
    emitKernel(body, kernel);
    module.export(name, index);
  }
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  return exports as ReturnType<typeof Object.create>;
})();

interface Outcome {
  readonly bits: bigint;
  /** -1: left to the general path. */
  readonly status: number;
}

const significand = (x: Floatx80): bigint => (BigInt(x.hi >>> 0) << 32n) | BigInt(x.lo >>> 0);
const parts = (x: Floatx80): [bigint, number] => [significand(x), x.se];
const isNormal = (x: Floatx80): boolean =>
  x.hi < 0 && (x.se & EXPONENT_MAX) !== 0 && (x.se & EXPONENT_MAX) !== EXPONENT_MAX;
const isZero = (x: Floatx80): boolean => ((x.se & EXPONENT_MAX) | x.hi | x.lo) === 0;
const isOrdinary = (x: Floatx80): boolean => isNormal(x) || isZero(x);

/** 80 bits: significand, then sign and exponent. */
const register = (sig: bigint, se: number): bigint => BigInt.asUintN(64, sig) | (BigInt(se & 0xffff) << 64n);

interface Trial {
  readonly control: number;
  readonly a: Floatx80;
  readonly b: Floatx80;
}

class Trials {
  readonly #ops = new Operands(randomWords(SEED));
  readonly #view = new DataView(new ArrayBuffer(32));

  next(): Trial {
    const ops = this.#ops;
    const view = this.#view;
    ops.x80(view, 0);
    ops.x80(view, 16, view.getUint16(8, true));
    // Precision is masked as a rule, and magnitudes around those of integers are worth more cases.
    const control = ops.below(8) === 0 ? ops.controlWord() : 0x3f | (ops.below(16) << 8);
    if (ops.below(3) === 0) {
      const sign = view.getUint16(8, true) & 0x8000;
      view.setUint16(8, sign | (0x3ffc + ops.below(72)), true);
    }
    return { control, a: this.#read(0), b: this.#read(16) };
  }

  pick<T>(values: readonly T[]): T {
    return this.#ops.pick(values);
  }

  #read(at: number): Floatx80 {
    const x = new Floatx80();
    x.lo = this.#view.getInt32(at, true);
    x.hi = this.#view.getInt32(at + 4, true);
    x.se = this.#view.getUint16(at + 8, true);
    return x;
  }
}

function contextOf(control: number): FloatContext {
  const ctx = new FloatContext();
  setControlWord(ctx, control);
  return ctx;
}

const statusOf = (ctx: FloatContext): number => ctx.exceptionFlags | (ctx.c1 !== 0 ? CONDITION.C1 : 0);
const describeTrial = ({ control, a, b }: Trial): string =>
  [control, ...parts(a), ...parts(b)].map((word) => word.toString(16)).join(' ');

/** `exact`: what softfloat says; undefined: it raises something the kernels know nothing of. */
function compareAll(
  kernel: (trial: Trial) => Outcome,
  exact: (ctx: FloatContext, trial: Trial, z: Floatx80) => bigint | undefined,
  mayLeave: (trial: Trial, bits: bigint) => boolean,
): void {
  const trials = new Trials();
  const differences: string[] = [];
  let done = 0;
  for (let i = 0; i < CASES; i++) {
    const trial = trials.next();
    const ctx = contextOf(trial.control);
    const bits = exact(ctx, trial, new Floatx80());
    const { bits: ours, status } = kernel(trial);
    const unmasked = (ctx.exceptionFlags & EXCEPTION.PE & ~ctx.exceptionMasks) !== 0;
    const simple = bits !== undefined && (ctx.exceptionFlags & ~EXCEPTION.PE) === 0 && !unmasked;
    if (status < 0) {
      if (simple && !mayLeave(trial, bits)) differences.push(`left: ${describeTrial(trial)}`);
    } else if (!simple || ours !== bits || status !== statusOf(ctx))
      differences.push(
        `${describeTrial(trial)}: ${ours.toString(16)} ${status.toString(16)}, not ${bits?.toString(16)} ${statusOf(ctx).toString(16)}`,
      );
    else done++;
  }
  expect(differences.slice(0, 5)).toEqual([]);
  expect(done).toBeGreaterThan(CASES / 5);
}

function outcome(answer: Answer, hasExponent: boolean): Outcome {
  const [bits, word] = answer as [bigint, number];
  return {
    bits: hasExponent ? register(bits, word) : BigInt.asUintN(64, bits),
    status: word < 0 ? -1 : word >>> STATUS_SHIFT,
  };
}

/** The largest and smallest exponents may be left where a result might overflow or be denormal. */
const isExtreme = (bits: bigint): boolean => {
  const exponent = Number(bits >> 64n) & EXPONENT_MAX;
  const zero = BigInt.asUintN(64, bits) === 0n;
  return !zero && (exponent <= 1 || exponent >= EXPONENT_MAX - 2);
};

describe('x87 kernels', { timeout: TIMEOUT_MS }, () => {
  it.each([
    ['x87Add', add],
    ['x87Multiply', mul],
    ['x87Divide', div],
  ] as const)('%s gives what exact arithmetic gives', (name, operation) => {
    compareAll(
      ({ control, a, b }) => outcome(kernels[name](control, ...parts(a), ...parts(b)), true),
      (ctx, { a, b }, z) => (operation(ctx, a, b, z) ? register(significand(z), z.se) : undefined),
      ({ a, b }, bits) => !isOrdinary(a) || !isOrdinary(b) || isExtreme(bits),
    );
  });

  it('x87RoundToInteger gives what exact arithmetic gives', () => {
    compareAll(
      ({ control, a }) => outcome(kernels.x87RoundToInteger(control, ...parts(a)), true),
      (ctx, { a }, z) => (roundToInteger(ctx, a, z) ? register(significand(z), z.se) : undefined),
      ({ a }) => !isOrdinary(a),
    );
  });

  it.each([
    ['x87ToFloat32', storeFloat32, 0xff, 23],
    ['x87ToFloat64', storeFloat64, 0x7ff, 52],
  ] as const)('%s gives what exact arithmetic gives', (name, store, maxExponent, exponentShift) => {
    const narrowing = (trial: Trial): Trial => {
      const { a, control } = trial;
      // Into the format's range as a rule.
      const exponent = 0x3fff - (maxExponent >> 1) + ((a.se & EXPONENT_MAX) % (maxExponent + 8));
      const x = new Floatx80();
      x.assign(a);
      if ((a.se & EXPONENT_MAX) !== 0 && (a.lo & 15) !== 0) x.se = (a.se & 0x8000) | exponent;
      return { control, a: x, b: x };
    };
    compareAll(
      (trial) => outcome(kernels[name](trial.control, ...parts(narrowing(trial).a)), false),
      (ctx, trial) => {
        if (!store(ctx, narrowing(trial).a)) return undefined;
        const low = BigInt(NARROW[0] >>> 0);
        return name === 'x87ToFloat32' ? low : low | (BigInt(NARROW[1] >>> 0) << 32n);
      },
      (trial, bits) => {
        const exponent = Number(bits >> BigInt(exponentShift)) & maxExponent;
        return !isOrdinary(narrowing(trial).a) || exponent <= 1 || exponent >= maxExponent - 1;
      },
    );
  });

  it.each([16, 32, 64] as const)('x87ToInteger gives what exact arithmetic gives in %i bits', (width) => {
    compareAll(
      ({ control, a }) => outcome(kernels.x87ToInteger(control, ...parts(a), width), false),
      (ctx, { a }) =>
        toInteger(ctx, a, width, false)
          ? BigInt.asUintN(64, (BigInt(INTEGER[1]) << 32n) | BigInt(INTEGER[0] >>> 0))
          : undefined,
      ({ a }, bits) => !isOrdinary(a) || BigInt.asIntN(64, bits) === -(1n << BigInt(width - 1)),
    );
  });

  it('x87Compare gives what exact arithmetic gives', () => {
    compareAll(
      ({ a, b }) => {
        const codes = kernels.x87Compare(...parts(a), ...parts(b)) as number;
        return { bits: BigInt(codes), status: codes < 0 ? -1 : 0 };
      },
      (ctx, { a, b }) => (compare(ctx, a, b, false) ? BigInt(ctx.conditionCodes) : undefined),
      ({ a, b }) => !isOrdinary(a) || !isOrdinary(b),
    );
  });
});
