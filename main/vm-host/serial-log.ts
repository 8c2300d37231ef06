import type { CharSink } from '../../core/backends/index.ts';

const CAPACITY = 64 * 1024;

/** Collects what a guest sends on one serial port: the unsent part for watchers, the recent past for new ones. */
export class SerialLog implements CharSink {
  #recent: Uint8Array = new Uint8Array(0);
  #fresh: number[] = [];
  readonly #alsoTo: CharSink | undefined;

  constructor(alsoTo?: CharSink) {
    this.#alsoTo = alsoTo;
  }

  write(byte: number): void {
    this.#fresh.push(byte);
    this.#alsoTo?.write(byte);
  }

  /** What arrived since the last call; undefined when nothing did. */
  take(): Uint8Array | undefined {
    if (this.#fresh.length === 0) return undefined;
    const fresh = Uint8Array.from(this.#fresh);
    this.#fresh = [];
    const joined = new Uint8Array(this.#recent.length + fresh.length);
    joined.set(this.#recent);
    joined.set(fresh, this.#recent.length);
    this.#recent = joined.slice(-CAPACITY);
    return fresh;
  }

  get recent(): Uint8Array {
    return this.#recent;
  }
}
