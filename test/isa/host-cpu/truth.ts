/**
 * What cases are compared with. Where the kernel runs 32-bit programs: the host's processor, executing the very bytes.
 * Where it does not: the host's processor in 64-bit mode, executing what long-mode.ts makes of them, and for what has
 * no counterpart there, QEMU's TCG executing the very bytes.
 */
import { correctQemu } from './differences.ts';
import { fromLongMode, toLongMode, type LongModeCase } from './long-mode.ts';
import { runNative, whyNo32BitPrograms } from './native.ts';
import { runOnQemu } from './qemu.ts';
import { CODE, type HostCase, type HostResult, type HostSelectors, type StreamOfResults } from './stream.ts';

export type Truth = 'processor32' | 'processor64' | 'qemu';

export interface CaseRun {
  /** The data area before the first case. */
  readonly image: Uint8Array;
  readonly cases: readonly HostCase[];
}

export interface HostRun {
  readonly selectors: HostSelectors;
  readonly results: readonly HostResult[];
  /** What each result is from. */
  readonly truths: readonly Truth[];
}

/** Cases of several runs that share one start of QEMU. */
const CASES_PER_START = 40_000;

export interface Plan {
  readonly truth: Truth;
  readonly longMode?: LongModeCase;
}

export function planFor(hostCase: HostCase, runs32BitPrograms: boolean): Plan {
  if (runs32BitPrograms) return { truth: 'processor32' };
  const longMode = toLongMode(hostCase);
  return longMode ? { truth: 'processor64', longMode } : { truth: 'qemu' };
}

let no32Bit: { readonly reason: string | undefined } | undefined;

/** Why this host's processor is not asked in 32-bit mode; undefined where it is. */
export function why64Bit(): string | undefined {
  no32Bit ??= { reason: whyNo32BitPrograms() };
  return no32Bit.reason;
}

export const truthOf = (hostCase: HostCase): Truth => planFor(hostCase, why64Bit() === undefined).truth;

/** Throws when a program cannot run or a case escaped. */
export const runOnHost = (image: Uint8Array, cases: readonly HostCase[]): HostRun =>
  new HostRuns(1, () => ({ image, cases })).run(0);

/** Runs that are made when they are asked for, so that any number of them fits in memory. */
export class HostRuns {
  readonly #count: number;
  readonly #make: (index: number) => CaseRun;
  readonly #fromQemu = new Map<number, StreamOfResults>();

  constructor(count: number, make: (index: number) => CaseRun) {
    this.#count = count;
    this.#make = make;
  }

  run(index: number): HostRun {
    const { image, cases } = this.#make(index);
    const plans = plansOf(cases);
    const truths = plans.map(({ truth }) => truth);
    const [first] = truths;
    if (first === 'processor32') {
      const { selectors, results } = runNative(32, image, cases.map(inPlace));
      return { selectors, results, truths };
    }
    const native = truths.includes('processor64') ? runTranslated(image, cases, plans) : undefined;
    const qemu = truths.includes('qemu') ? this.#qemuResults(index) : undefined;
    const selectors = (native ?? qemu)!.selectors;
    if (native && qemu && JSON.stringify(native.selectors) !== JSON.stringify(qemu.selectors))
      throw new Error(`selectors: ${JSON.stringify([native.selectors, qemu.selectors])}; make qemu.asm's the kernel's`);
    const results = truths.map((truth, i) =>
      truth === 'qemu' ? correctQemu(cases[i], qemu!.results[i]) : native!.results[i],
    );
    return { selectors, results, truths };
  }

  /** Of this run; those after it, which will be asked for soon, come from the same start. */
  #qemuResults(index: number): StreamOfResults {
    if (!this.#fromQemu.has(index)) {
      const runs = [];
      const indexes: number[] = [];
      for (let next = index, total = 0; next < this.#count && total < CASES_PER_START; next++) {
        const { image, cases } = this.#make(next);
        const plans = plansOf(cases);
        if (plans.every(({ truth }) => truth !== 'qemu')) continue;
        // the others' patches stay in the data area
        const own = cases.map((hostCase, i) => inPlace(plans[i].truth === 'qemu' ? hostCase : withoutCode(hostCase)));
        runs.push({ image, cases: own });
        indexes.push(next);
        total += cases.length;
      }
      for (const [i, results] of runOnQemu(runs).entries()) this.#fromQemu.set(indexes[i], results);
    }
    const results = this.#fromQemu.get(index)!;
    this.#fromQemu.delete(index);
    return results;
  }
}

const plansOf = (cases: readonly HostCase[]): Plan[] =>
  cases.map((hostCase) => planFor(hostCase, why64Bit() === undefined));

const inPlace = (hostCase: HostCase) => ({ ...hostCase, start: CODE });

const withoutCode = (hostCase: HostCase): HostCase => ({ ...hostCase, code: [] });

function runTranslated(image: Uint8Array, cases: readonly HostCase[], plans: readonly Plan[]): StreamOfResults {
  const placed = cases.map((hostCase, i) => {
    const { longMode } = plans[i];
    return longMode ? { ...hostCase, code: longMode.code, start: longMode.start } : inPlace(withoutCode(hostCase));
  });
  const run = runNative(64, image, placed);
  const results = run.results.map((result, i) => {
    const { longMode } = plans[i];
    return longMode ? fromLongMode(result, longMode) : result;
  });
  return { ...run, results };
}
