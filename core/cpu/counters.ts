import { VECTOR } from './fault.ts';
import { HELPERS } from './helpers.ts';
import type { InterruptSource } from './interrupts.ts';
import { EXIT } from './layout.ts';

/** Vectors that have a name; others are written as numbers. */
const EXCEPTION_NAMES: Readonly<Record<number, string>> = { 0: '#DE', 1: '#DB', 2: 'NMI', 3: '#BP', 4: '#OF', 5: '#BR', 6: '#UD', 7: '#NM', 8: '#DF', 10: '#TS', 11: '#NP', 12: '#SS', 13: '#GP', 14: '#PF', 16: '#MF', 17: '#AC', 18: '#MC', 19: '#XM' }; // prettier-ignore

/** Where a processor's time goes, as plain data: what `terrarium run --stats` prints. Counts since construction. */
export interface CpuStats {
  readonly instructions: number;
  /** Times that control went from TypeScript into generated code, and why it came back. */
  readonly entries: number;
  readonly exits: Readonly<Record<string, number>>;
  /** At the end of a slice the block about to run was found in this tier: a sampling profile. */
  readonly samples: { readonly interpreted: number; readonly compiled: number };
  /** The same by the linear address of the block, the most frequent first. */
  readonly profile: readonly ProfileEntry[];
  /** Calls from generated code into TypeScript, by name; those never made are left out. */
  readonly helpers: Readonly<Record<string, number>>;
  readonly exceptions: Readonly<Record<string, number>>;
  readonly softwareInterrupts: Readonly<Record<string, number>>;
  readonly externalInterrupts: Readonly<Record<string, number>>;
  readonly code: Readonly<Record<string, number>>;
  /** Times that the guest stood still for compiling, by their length. */
  readonly pauses: Readonly<Record<string, number>>;
  readonly memory: Readonly<Record<string, number>>;
  /** Which handlers are there, by instruction; for `scripts/common-forms.mjs`. */
  readonly forms: readonly string[];
  /** What blocks are made of, and how often about those ran in tier 0; looked up when asked for, for `scripts/common-sequences.mjs`. */
  readonly blocks: readonly string[];
}

export interface ProfileEntry {
  readonly address: number;
  readonly interpreted: number;
  readonly compiled: number;
}

const PROFILE_REPORTED = 100;
/** A guest that never runs the same code twice must not fill the host's memory. */
const PROFILE_ADDRESSES = 1 << 16;

/** Counts that the engine keeps all the time: an addition each, beside work that costs a hundred times more. */
export class CpuCounters {
  entries = 0;
  readonly exits = new Float64Array(Object.keys(EXIT).length);
  readonly #samples = new Map<number, { interpreted: number; compiled: number }>();
  #sampled = { interpreted: 0, compiled: 0 };
  readonly helpers = new Float64Array(HELPERS.length);
  readonly exceptions = new Float64Array(256);
  readonly softwareInterrupts = new Float64Array(256);
  readonly externalInterrupts = new Float64Array(256);
  /** Blocks that TypeScript was asked for. */
  resolved = 0;
  slowReads = 0;
  slowWrites = 0;

  /** An exception or interrupt is about to be delivered. */
  count(vector: number, source: InterruptSource): void {
    const counts = {
      exception: this.exceptions,
      trap: this.exceptions,
      external: this.externalInterrupts,
      software: this.softwareInterrupts,
    };
    counts[source][vector]++;
  }

  /** The block at a linear address is about to run in this tier. */
  sample(address: number, tier: 'interpreted' | 'compiled'): void {
    this.#sampled[tier]++;
    let counts = this.#samples.get(address);
    if (!counts) {
      if (this.#samples.size >= PROFILE_ADDRESSES) return;
      this.#samples.set(address, (counts = { interpreted: 0, compiled: 0 }));
    }
    counts[tier]++;
  }

  #profile(): ProfileEntry[] {
    return [...this.#samples]
      .map(([address, counts]) => ({ address, ...counts }))
      .sort((a, b) => b.interpreted + b.compiled - a.interpreted - a.compiled)
      .slice(0, PROFILE_REPORTED);
  }

  /** What comes from those who count it; `pageFaults`: those that generated code delivered. */
  report(
    rest: Pick<CpuStats, 'instructions' | 'code' | 'pauses' | 'memory' | 'forms'> & {
      readonly pageFaults: number;
      readonly blocks: () => readonly string[];
    },
  ): CpuStats {
    const vector = (number: number): string => EXCEPTION_NAMES[number] ?? String(number);
    const hex = (number: number): string => `${number.toString(16).toUpperCase()}h`;
    const exitNames = Object.keys(EXIT);
    const exceptions = this.exceptions.slice();
    exceptions[VECTOR.PF] += rest.pageFaults;
    return {
      instructions: rest.instructions,
      entries: this.entries,
      exits: named(this.exits, (reason) => exitNames[reason].toLowerCase()),
      samples: { ...this.#sampled },
      profile: this.#profile(),
      helpers: named(this.helpers, (id) => HELPERS[id]),
      exceptions: named(exceptions, vector),
      softwareInterrupts: named(this.softwareInterrupts, hex),
      externalInterrupts: named(this.externalInterrupts, hex),
      code: { resolved: this.resolved, ...rest.code },
      pauses: rest.pauses,
      memory: { slowReads: this.slowReads, slowWrites: this.slowWrites, ...rest.memory },
      forms: rest.forms,
      get blocks() {
        return rest.blocks();
      },
    };
  }
}

/** Those above zero, the largest first. */
function named(counts: Float64Array, name: (index: number) => string): Record<string, number> {
  const entries = Array.from(counts, (count, index) => [name(index), count] as const);
  return Object.fromEntries(entries.filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]));
}
