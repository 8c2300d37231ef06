import { createHash, randomFillSync } from 'node:crypto';
import type { Entropy, WallClock } from '../../core/backends/index.ts';

/** Host time in nanoseconds from the first resume() on, standing still in pauses: a guest never sees the gap. */
export class HostClock {
  readonly #now: () => number;
  #offsetNs: number;
  #pausedAtNs: number | undefined;

  constructor(now: () => number = monotonicNs()) {
    this.#now = now;
    const startNs = now();
    this.#offsetNs = -startNs;
    this.#pausedAtNs = startNs;
  }

  get nowNs(): number {
    return (this.#pausedAtNs ?? this.#now()) + this.#offsetNs;
  }

  pause(): void {
    this.#pausedAtNs ??= this.#now();
  }

  resume(): void {
    if (this.#pausedAtNs === undefined) return;
    this.#offsetNs -= this.#now() - this.#pausedAtNs;
    this.#pausedAtNs = undefined;
  }
}

/** Nanoseconds since now. The hrtime is whole and cheaper than performance.now, which goes through three wrappers. */
function monotonicNs(): () => number {
  const { bigint } = process.hrtime;
  const start = bigint();
  return () => Number(bigint() - start);
}

export const systemWallClock: WallClock = {
  get nowMs(): number {
    return Date.now();
  },
};

export const systemEntropy: Entropy = {
  fill(target: Uint8Array): void {
    randomFillSync(target);
  },
};

/** The date at power-on of every machine with a virtual clock, so that two runs are the same. */
export const repeatableWallClock: WallClock = { nowMs: Date.UTC(2000, 0, 1) };

/** The same bytes in every run: SHA-256 over a counter. */
export function repeatableEntropy(): Entropy {
  let counter = 0;
  return {
    fill(target: Uint8Array): void {
      for (let done = 0; done < target.length;) {
        const block = createHash('sha256').update(`terrarium ${counter++}`).digest();
        const part = block.subarray(0, target.length - done);
        target.set(part, done);
        done += part.length;
      }
    },
  };
}
