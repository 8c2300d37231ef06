/** What host-cpu.integration.test.ts runs on both sides of SSE: operands, the operation, and the result's width. */
import { INTEGER } from './integer.ts';
import type { Operands } from './operands.fixture.ts';
import * as sse from './sse.ts';
import type { SseContext } from './sse.ts';

/** Where the result is: the XMM register's low 4 or 8 bytes, RAX's, or AH after LAHF. */
export type SseResult = 'xmm32' | 'xmm64' | 'rax32' | 'rax64' | 'flags';

export interface SseCase {
  readonly name: string;
  readonly result: SseResult;
  readonly operands: (ops: Operands, view: DataView, at: number) => void;
  /** The result's low word; the high one is in ctx.hi. */
  readonly run: (ctx: SseContext, view: DataView, at: number) => number;
}

const low = (view: DataView, at: number): number => view.getInt32(at, true);
const high = (view: DataView, at: number): number => view.getInt32(at + 4, true);

const pair32 = (ops: Operands, view: DataView, at: number): void => {
  ops.float32(view, at);
  ops.float32(view, at + 16, (low(view, at) >>> 23) & 0xff);
};
const pair64 = (ops: Operands, view: DataView, at: number): void => {
  ops.float64(view, at);
  ops.float64(view, at + 16, (high(view, at) >>> 20) & 0x7ff);
};
/** Comparisons want equal operands too. */
const alike =
  (operands: SseCase['operands']): SseCase['operands'] =>
  (ops, view, at) => {
    operands(ops, view, at);
    if (ops.below(6) !== 0) return;
    view.setInt32(at + 16, low(view, at), true);
    view.setInt32(at + 20, high(view, at) ^ (ops.below(2) << 31), true);
  };

type Binary32 = (ctx: SseContext, a: number, b: number) => number;
type Binary64 = (ctx: SseContext, aHi: number, aLo: number, bHi: number, bLo: number) => void;

const both = (name: string, single: Binary32, double: Binary64, wrap = (x: SseCase['operands']) => x): SseCase[] => [
  {
    name: `${name}ss`,
    result: 'xmm32',
    operands: wrap(pair32),
    run: (ctx, view, at) => single(ctx, low(view, at), low(view, at + 16)),
  },
  {
    name: `${name}sd`,
    result: 'xmm64',
    operands: wrap(pair64),
    run: (ctx, view, at) => {
      double(ctx, high(view, at), low(view, at), high(view, at + 16), low(view, at + 16));
      return ctx.lo;
    },
  },
];

const comparison = (name: string, quiet: boolean): SseCase[] => [
  {
    name: `${name}ss`,
    result: 'flags',
    operands: alike(pair32),
    run: (ctx, view, at) => sse.compare32(ctx, low(view, at), low(view, at + 16), quiet),
  },
  {
    name: `${name}sd`,
    result: 'flags',
    operands: alike(pair64),
    run: (ctx, view, at) =>
      sse.compare64(ctx, high(view, at), low(view, at), high(view, at + 16), low(view, at + 16), quiet),
  },
];

const toInteger = (name: string, bits: 32 | 64, truncate: boolean): SseCase[] => {
  const result = bits === 32 ? 'rax32' : 'rax64';
  const words = (ctx: SseContext): number => {
    ctx.hi = INTEGER[1]!;
    return INTEGER[0]!;
  };
  return [
    {
      name: `${name}ss2si${bits}`,
      result,
      operands: pair32,
      run: (ctx, view, at) => {
        sse.float32ToInteger(ctx, low(view, at), bits, truncate);
        return words(ctx);
      },
    },
    {
      name: `${name}sd2si${bits}`,
      result,
      operands: pair64,
      run: (ctx, view, at) => {
        sse.float64ToInteger(ctx, high(view, at), low(view, at), bits, truncate);
        return words(ctx);
      },
    },
  ];
};

const integer = (ops: Operands, view: DataView, at: number): void => ops.integer(view, at);

const fromInteger = (bits: 32 | 64): SseCase[] => {
  const top = (view: DataView, at: number): number => (bits === 32 ? low(view, at) >> 31 : high(view, at));
  return [
    {
      name: `cvtsi2ss${bits}`,
      result: 'xmm32',
      operands: integer,
      run: (ctx, view, at) => sse.integerTo32(ctx, top(view, at), low(view, at)),
    },
    {
      name: `cvtsi2sd${bits}`,
      result: 'xmm64',
      operands: integer,
      run: (ctx, view, at) => {
        sse.integerTo64(ctx, top(view, at), low(view, at));
        return ctx.lo;
      },
    },
  ];
};

export const SSE_CASES: readonly SseCase[] = [
  ...both('add', sse.add32, sse.add64),
  ...both('sub', sse.sub32, sse.sub64),
  ...both('mul', sse.mul32, sse.mul64),
  ...both('div', sse.div32, sse.div64),
  ...both('min', sse.min32, sse.min64, alike),
  ...both('max', sse.max32, sse.max64, alike),
  ...both('sqrt', sse.sqrt32, sse.sqrt64),
  ...comparison('comi', false),
  ...comparison('ucomi', true),
  ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((predicate): SseCase[] =>
    both(
      'cmp',
      (ctx, a, b) => sse.predicate32(ctx, a, b, predicate),
      (ctx, aHi, aLo, bHi, bLo) => {
        ctx.hi = ctx.lo = sse.predicate64(ctx, aHi, aLo, bHi, bLo, predicate);
      },
      alike,
    ).map((one) => ({ ...one, name: `${one.name}_${predicate}` })),
  ),
  {
    name: 'cvtss2sd',
    result: 'xmm64',
    operands: pair32,
    run: (ctx, view, at) => {
      sse.widen(ctx, low(view, at));
      return ctx.lo;
    },
  },
  {
    name: 'cvtsd2ss',
    result: 'xmm32',
    operands: (ops, view, at) => ops.float64(view, at, ops.pick([872, 896, 1023, 1150])),
    run: (ctx, view, at) => sse.narrow(ctx, high(view, at), low(view, at)),
  },
  ...fromInteger(32),
  ...fromInteger(64),
  ...toInteger('cvt', 32, false),
  ...toInteger('cvt', 64, false),
  ...toInteger('cvtt', 32, true),
  ...toInteger('cvtt', 64, true),
  ...[0, 1, 2, 3, 4, 12].flatMap((control): SseCase[] => [
    {
      name: `roundss_${control}`,
      result: 'xmm32',
      operands: pair32,
      run: (ctx, view, at) => sse.round32(ctx, low(view, at), control),
    },
    {
      name: `roundsd_${control}`,
      result: 'xmm64',
      operands: pair64,
      run: (ctx, view, at) => {
        sse.round64(ctx, high(view, at), low(view, at), control);
        return ctx.lo;
      },
    },
  ]),
];
