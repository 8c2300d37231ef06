import { readFile } from 'node:fs/promises';

const EVERY_MS = 2000;

/**
 * How much of this process's resident memory other processes have too (its program, what was forked), by Linux's
 * smaps_rollup. The kernel walks the page tables for it, so it is asked now and then only. Elsewhere nobody says.
 */
export class SharedMemory {
  #askedAtMs = -Infinity;
  #bytes: number | undefined;

  /** In bytes, as it was last known; undefined: not known. */
  get bytes(): number | undefined {
    const nowMs = performance.now();
    if (process.platform === 'linux' && nowMs - this.#askedAtMs >= EVERY_MS) {
      this.#askedAtMs = nowMs;
      readFile('/proc/self/smaps_rollup', 'latin1').then(
        (text) => (this.#bytes = sharedBytesOf(text)),
        () => (this.#bytes = undefined),
      );
    }
    return this.#bytes;
  }
}

/** Undefined when the text does not say. */
export function sharedBytesOf(smaps: string): number | undefined {
  const kib = [...smaps.matchAll(/^Shared_(?:Clean|Dirty): +(\d+) kB$/gm)].map(([, amount]) => Number(amount));
  return kib.length === 0 ? undefined : kib.reduce((sum, amount) => sum + amount, 0) * 1024;
}
