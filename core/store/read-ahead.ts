import type { Disposable } from '../base/index.ts';
import { CHUNK_BYTES, type ChunkName } from './name.ts';
import type { ChunkReader } from './chunks.ts';
import { StoreWorker } from './worker-client.ts';

/** Chunks that are asked for at most: 1 MiB. */
const SLOTS = 64;
/** Chunks of one message, which costs as much as reading one. */
const AT_ONCE = 8;
/** Longer than a chunk takes: the thread is not running then. Sleeping and being woken would take as long. */
const SPIN_MS = 0.05;

/**
 * A slot's word is a ticket, the number of what was asked for in it, and its state: whoever changes it from ASKED reads the
 * chunk. A slot that the thread is reading into is not used again before it has ended.
 */
const STATE = { FREE: 0, ASKED: 1, READING: 2, READY: 3, FAILED: 4 } as const;
const STATE_BITS = 3;
const TICKET_MASK = (1 << 28) - 1;
const wordOf = (ticket: number, state: number): number => (ticket << STATE_BITS) | state;
const stateOf = (word: number): number => word & ((1 << STATE_BITS) - 1);

/** What a thread reads, each into its slot. */
export interface ReadAheadWork {
  readonly words: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
  readonly chunks: readonly { readonly slot: number; readonly ticket: number; readonly name: ChunkName }[];
}

/** The thread's side. */
export function readAhead(chunks: ChunkReader, work: ReadAheadWork): void {
  const words = new Int32Array(work.words);
  for (const { slot, ticket, name } of work.chunks) {
    const asked = wordOf(ticket, STATE.ASKED);
    if (Atomics.compareExchange(words, slot, asked, wordOf(ticket, STATE.READING)) !== asked) continue;
    let state: number = STATE.FAILED;
    try {
      const target = Buffer.from(work.bytes, slot * CHUNK_BYTES, CHUNK_BYTES);
      if (chunks.read(name, target) === target) state = STATE.READY;
    } catch {
      // Whoever asked for it reads it, and is told why it cannot be read.
    }
    Atomics.store(words, slot, wordOf(ticket, state));
  }
}

/**
 * Chunks that a thread reads before the guest asks for them. It maps no memory while it does: two threads of one process
 * that map memory stop each other.
 */
export class ReadAhead implements Disposable {
  readonly #worker: StoreWorker;
  readonly #words = new Int32Array(new SharedArrayBuffer(SLOTS * 4));
  readonly #bytes = new SharedArrayBuffer(SLOTS * CHUNK_BYTES);
  readonly #free = Array.from({ length: SLOTS }, (_, i) => i);
  readonly #asked = new Map<number, { readonly slot: number; readonly ticket: number }>();
  /** Slots that nobody wants and the thread may be reading into. */
  #left: number[] = [];
  #ticket = 0;
  /** The first chunk that was not thought of. */
  #next = 0;

  constructor(folder: string) {
    this.#worker = new StoreWorker(folder);
  }

  /** The guest has come to chunk `index`: asks for the next ones, if that is worth a message. `nameOf`: none for zeros. */
  follow(index: number, end: number, nameOf: (index: number) => ChunkName | undefined): void {
    if (this.#next <= index || this.#next > index + SLOTS) {
      this.clear();
      this.#next = index + 1;
    }
    this.#leave(index);
    const until = Math.min(index + SLOTS / 2, end);
    if (until - this.#next < AT_ONCE) return;
    this.#left = this.#left.filter((slot) => {
      if (stateOf(Atomics.load(this.#words, slot)) === STATE.READING) return true;
      this.#free.push(slot);
      return false;
    });
    const chunks: { slot: number; ticket: number; name: ChunkName }[] = [];
    while (this.#next < until && this.#free.length > 0) {
      const at = this.#next++;
      const name = nameOf(at);
      if (name === undefined) continue;
      const slot = this.#free.pop()!;
      const ticket = (this.#ticket = (this.#ticket + 1) & TICKET_MASK);
      Atomics.store(this.#words, slot, wordOf(ticket, STATE.ASKED));
      this.#asked.set(at, { slot, ticket });
      chunks.push({ slot, ticket, name });
    }
    if (chunks.length === 0) return;
    const work = { words: this.#words.buffer as SharedArrayBuffer, bytes: this.#bytes, chunks };
    this.#worker.tell({ kind: 'read-ahead', work });
  }

  /** Undefined: not here, so the caller reads it. Good until the next call. */
  take(index: number): Buffer | undefined {
    const asked = this.#asked.get(index);
    if (!asked) return undefined;
    this.#asked.delete(index);
    const { slot, ticket } = asked;
    if (!this.#isStarted(slot, ticket)) return undefined;
    const reading = wordOf(ticket, STATE.READING);
    if (Atomics.load(this.#words, slot) === reading) {
      const untilMs = performance.now() + SPIN_MS;
      while (Atomics.load(this.#words, slot) === reading && performance.now() < untilMs);
    }
    const state = stateOf(Atomics.load(this.#words, slot));
    if (state === STATE.READING) {
      this.#left.push(slot);
      return undefined;
    }
    // Nothing is asked for before the next call.
    this.#free.push(slot);
    return state === STATE.READY ? Buffer.from(this.#bytes, slot * CHUNK_BYTES, CHUNK_BYTES) : undefined;
  }

  /** What was asked for is not wanted any more. */
  clear(): void {
    this.#leave(Infinity);
    this.#next = 0;
  }

  /** Nobody wants what lies before chunk `index`: logs had it. */
  #leave(index: number): void {
    for (const [at, { slot, ticket }] of this.#asked) {
      if (at >= index) return;
      this.#asked.delete(at);
      if (this.#isStarted(slot, ticket)) this.#left.push(slot);
    }
  }

  /** False: it was not, and never will be; its slot is free. */
  #isStarted(slot: number, ticket: number): boolean {
    const asked = wordOf(ticket, STATE.ASKED);
    if (Atomics.compareExchange(this.#words, slot, asked, wordOf(ticket, STATE.FREE)) !== asked) return true;
    this.#free.push(slot);
    return false;
  }

  dispose(): void {
    this.#worker.dispose();
  }
}
