import type { ChunkReader } from './chunks.ts';
import { ZERO_NAME, type ChunkName } from './name.ts';

/** 16 MiB. */
const CHUNKS_KEPT = 1024;
/** A disk is read in order once so many chunks came one after another. */
const IN_ORDER = 4;
/** Chunks that are read at once then: one more for each that was, up to 256 KiB. */
const AT_ONCE_MAX = 16;
/** What may be left out between two that follow each other: blocks that logs have. */
const GAP = 4;

/**
 * The chunks of a disk's tree as its guest reads them, with those of late kept. Of a disk that is read in order the next
 * ones are read along: together they take half the time. (A thread that read ahead made it slower: the two share one
 * address space, so that each stops the other whenever it maps memory.)
 */
export class ChunkCache {
  readonly #chunks: ChunkReader;
  readonly #nameAt: (index: number) => ChunkName;
  readonly #end: number;
  /** The one that was used last comes last. */
  readonly #kept = new Map<number, Buffer>();
  #last = -1;
  #inOrder = 0;

  /** `nameAt`: the chunk of a tree that has so many. */
  constructor(chunks: ChunkReader, count: number, nameAt: (index: number) => ChunkName) {
    this.#chunks = chunks;
    this.#end = count;
    this.#nameAt = nameAt;
  }

  /** Undefined: zeros. The bytes are good until the next call. Throws FailureError `store.damaged` or the host's error. */
  get(index: number): Buffer | undefined {
    const kept = this.#kept.get(index);
    this.#follow(index);
    if (kept) {
      this.#kept.delete(index);
      this.#kept.set(index, kept);
      return kept;
    }
    const name = this.#nameAt(index);
    if (name === ZERO_NAME) return undefined;
    if (this.#inOrder >= IN_ORDER) this.#readAlong(index);
    const along = this.#kept.get(index);
    if (along) return along;
    this.#makeRoom();
    const chunk = this.#chunks.read(name);
    this.#kept.set(index, chunk);
    return chunk;
  }

  /** The tree has become another one. */
  clear(): void {
    this.#kept.clear();
  }

  #follow(index: number): void {
    const step = index - this.#last;
    if (step === 0) return;
    this.#inOrder = step > 0 && step <= GAP ? this.#inOrder + 1 : 0;
    this.#last = index;
  }

  /** This one and the next ones, as far as they can be read. */
  #readAlong(index: number): void {
    const end = Math.min(index + Math.min(this.#inOrder, AT_ONCE_MAX), this.#end);
    const names = new Map<number, ChunkName>();
    for (let next = index; next < end; next++) {
      const name = this.#kept.has(next) ? ZERO_NAME : this.#nameAt(next);
      if (name !== ZERO_NAME) names.set(next, name);
    }
    const found = this.#chunks.readTogether([...new Set(names.values())]);
    for (const [next, name] of names) {
      const chunk = found.get(name);
      if (!chunk) continue;
      // It lies in one piece of memory with the others, which it must not keep.
      const room = this.#makeRoom();
      const copy = room?.length === chunk.length ? room : Buffer.allocUnsafeSlow(chunk.length);
      copy.set(chunk);
      this.#kept.set(next, copy);
    }
  }

  /** Drops the oldest chunk if there are many: its memory is free then. */
  #makeRoom(): Buffer | undefined {
    if (this.#kept.size < CHUNKS_KEPT) return undefined;
    const [[index, chunk]] = this.#kept;
    this.#kept.delete(index);
    return chunk;
  }
}
