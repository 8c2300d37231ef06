import type { Device, IoWidth, ManualClock, Mmio, PortIo, TimerQueue } from '../../core/bus/index.ts';

/** Deterministic chance for pokes: xorshift32, so that a failure repeats from its seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 0x9e3779b9;
  }
  /** Unsigned 32 bits. */
  u32(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }
  /** 0 to `bound` - 1. */
  below(bound: number): number {
    return this.u32() % bound;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

/** One mapping that garbage is thrown at: as the board maps it, with the same `range` number. */
export interface Window {
  readonly range: number;
  readonly sizeBytes: number;
  readonly port?: PortIo;
  readonly mmio?: Mmio;
  /** Widths the bus may present; default all of 1, 2, 4. */
  readonly widths?: readonly IoWidth[];
}

/** A freshly made part, wired to probes and a clock that the suite moves. */
export interface Subject {
  readonly device: Device;
  /** Parts that it cannot work without, saved and loaded along with it. */
  readonly also?: readonly Device[];
  readonly windows: readonly Window[];
  readonly clock: ManualClock;
  readonly timers: TimerQueue;
  /** Everything that reaches the part other than through its windows: lines, keys, bytes received, media. */
  poke?(random: Random): void;
  /** What the part drives, as text (line levels and the like): compared besides the reads. */
  outputs?(): string;
}

export interface ConformanceEntry {
  readonly name: string;
  /** Makes the part and everything around it anew; two calls give parts that behave alike. */
  make(): Subject;
  /** Fields that `reset('power')` does not return to their declared value, each with its reason. */
  readonly survivesReset?: Readonly<Record<string, string>>;
  /** Random accesses in the garbage test; default 100 000. */
  readonly garbageCount?: number;
}
