/**
 * SSE instructions element by element over exact arithmetic, with MXCSR's flags and exceptions. Intel SDM volume 1,
 * 11.5: flags of all elements are collected before an exception is raised, and then nothing is written.
 */
import { CpuFault, VECTOR, ud } from './fault.ts';
import { SSE } from './layout.ts';
import { EXCEPTION, INTEGER, sse } from './softfloat/index.ts';
import { SSE_DOUBLE, SSE_OP } from './sse-operations.ts';
import { CR4, type CpuState } from './state.ts';

/** Raised from operands alone; an unmasked one keeps what rounding would raise from MXCSR. */
const BEFORE_ROUNDING = EXCEPTION.IE | EXCEPTION.DE | EXCEPTION.ZE;
const [A, B, RESULT, MXCSR] = [SSE.operandA >> 2, SSE.operandB >> 2, SSE.result >> 2, SSE.mxcsr >> 2];

type Single = (ctx: sse.SseContext, a: number, b: number) => number;
type Double = (ctx: sse.SseContext, aHi: number, aLo: number, bHi: number, bLo: number) => void;
/** By SSE_OP.ADD to SSE_OP.MAX. */
const SINGLES: readonly Single[] = [sse.add32, sse.sub32, sse.mul32, sse.div32, sse.sqrt32, sse.min32, sse.max32];
const DOUBLES: readonly Double[] = [sse.add64, sse.sub64, sse.mul64, sse.div64, sse.sqrt64, sse.min64, sse.max64];

export class SseArithmetic {
  readonly #state: CpuState;
  readonly #words: Int32Array;
  readonly #ctx = new sse.SseContext();

  constructor(state: CpuState) {
    this.#state = state;
    this.#words = new Int32Array(state.view.buffer, state.view.byteOffset, state.view.byteLength / 4);
  }

  /** SSE_OP.*; shape: elements and SSE_DOUBLE; detail by operation. Operands and result lie in the state. */
  run(operation: number, shape: number, detail: number): void {
    const double = (shape & SSE_DOUBLE) !== 0;
    const count = shape & ~SSE_DOUBLE;
    this.#words.fill(0, RESULT, RESULT + 4);
    this.#begin();
    if (operation === SSE_OP.DOT_PRODUCT) {
      this.#dotProduct(double, detail);
      return;
    }
    for (let i = 0; i < count; i++)
      if (double) this.#double(operation, i, detail);
      else this.#single(operation, i, detail);
    this.#end();
  }

  /** COMISS and its like: the relation as ZF, PF and CF. */
  compare(shape: number, quiet: number): number {
    const words = this.#words;
    const ctx = this.#begin();
    const relation =
      shape & SSE_DOUBLE
        ? sse.compare64(ctx, words[A + 1], words[A], words[B + 1], words[B], quiet !== 0)
        : sse.compare32(ctx, words[A], words[B], quiet !== 0);
    this.#end();
    return relation;
  }

  #begin(): sse.SseContext {
    sse.setMxcsr(this.#ctx, this.#words[MXCSR]);
    this.#ctx.flags = 0;
    return this.#ctx;
  }

  #end(): void {
    let { flags } = this.#ctx;
    const { masks } = this.#ctx;
    if (flags & BEFORE_ROUNDING & ~masks) flags &= BEFORE_ROUNDING;
    this.#words[MXCSR] |= flags;
    if ((flags & ~masks) === 0) return;
    throw this.#state.cr4 & CR4.OSXMMEXCPT ? new CpuFault(VECTOR.XM) : ud();
  }

  #single(operation: number, i: number, detail: number): void {
    const words = this.#words;
    const ctx = this.#ctx;
    const a = words[A + i];
    const b = words[B + i];
    switch (operation) {
      case SSE_OP.ADDSUB:
        words[RESULT + i] = i & 1 ? sse.add32(ctx, a, b) : sse.sub32(ctx, a, b);
        return;
      case SSE_OP.COMPARE:
        words[RESULT + i] = sse.predicate32(ctx, a, b, detail);
        return;
      case SSE_OP.ROUND:
        words[RESULT + i] = sse.round32(ctx, a, detail);
        return;
      case SSE_OP.WIDEN:
        sse.widen(ctx, a);
        this.#putDouble(i);
        return;
      case SSE_OP.FROM_INTEGER:
        words[RESULT + i] = sse.integerTo32(ctx, a >> 31, a);
        return;
      case SSE_OP.TO_INTEGER:
        sse.float32ToInteger(ctx, a, 32, detail !== 0);
        words[RESULT + i] = INTEGER[0];
        return;
      default:
        words[RESULT + i] = SINGLES[operation](ctx, a, b);
    }
  }

  #double(operation: number, i: number, detail: number): void {
    const words = this.#words;
    const ctx = this.#ctx;
    const [aLo, aHi, bLo, bHi] = [words[A + 2 * i], words[A + 2 * i + 1], words[B + 2 * i], words[B + 2 * i + 1]];
    switch (operation) {
      case SSE_OP.ADDSUB:
        (i & 1 ? sse.add64 : sse.sub64)(ctx, aHi, aLo, bHi, bLo);
        break;
      case SSE_OP.COMPARE:
        words[RESULT + 2 * i] = words[RESULT + 2 * i + 1] = sse.predicate64(ctx, aHi, aLo, bHi, bLo, detail);
        return;
      case SSE_OP.ROUND:
        sse.round64(ctx, aHi, aLo, detail);
        break;
      case SSE_OP.NARROW:
        words[RESULT + i] = sse.narrow(ctx, aHi, aLo);
        return;
      case SSE_OP.TO_INTEGER:
        sse.float64ToInteger(ctx, aHi, aLo, 32, detail !== 0);
        words[RESULT + i] = INTEGER[0];
        return;
      default:
        DOUBLES[operation](ctx, aHi, aLo, bHi, bLo);
    }
    this.#putDouble(i);
  }

  #putDouble(i: number): void {
    this.#words[RESULT + 2 * i] = this.#ctx.lo;
    this.#words[RESULT + 2 * i + 1] = this.#ctx.hi;
  }

  /** DPPS, DPPD: bits 7-4 of the control choose products, 3-0 where the sum goes. Each step may raise exceptions. */
  #dotProduct(double: boolean, control: number): void {
    const words = this.#words;
    const ctx = this.#ctx;
    const chosen = (i: number): boolean => ((control >> (4 + i)) & 1) !== 0;
    if (double) {
      const products = [0, 1].map((i) => {
        if (!chosen(i)) return [0, 0];
        sse.mul64(ctx, words[A + 2 * i + 1], words[A + 2 * i], words[B + 2 * i + 1], words[B + 2 * i]);
        return [ctx.hi, ctx.lo];
      });
      this.#end();
      sse.add64(ctx, products[0][0], products[0][1], products[1][0], products[1][1]);
      this.#end();
      for (const i of [0, 1]) if ((control >> i) & 1) this.#putDouble(i);
      return;
    }
    const [p0, p1, p2, p3] = [0, 1, 2, 3].map((i) => (chosen(i) ? sse.mul32(ctx, words[A + i], words[B + i]) : 0));
    this.#end();
    const lower = sse.add32(ctx, p0, p1);
    const upper = sse.add32(ctx, p2, p3);
    this.#end();
    const sum = sse.add32(ctx, lower, upper);
    this.#end();
    for (const i of [0, 1, 2, 3]) if ((control >> i) & 1) words[RESULT + i] = sum;
  }
}
