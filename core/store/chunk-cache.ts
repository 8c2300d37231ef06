import type { ChunkReader } from './chunks.ts';
import { ZERO_NAME, type ChunkName } from './name.ts';

/** 16 MiB. */
const CHUNKS_KEPT = 1024;

/** The chunks of a disk's tree as its guest reads them, with those of late kept. */
export class ChunkCache {
  readonly #chunks: ChunkReader;
  readonly #nameAt: (index: number) => ChunkName;
  /** The one that was used last comes last. */
  readonly #kept = new Map<number, Buffer>();

  constructor(chunks: ChunkReader, nameAt: (index: number) => ChunkName) {
    this.#chunks = chunks;
    this.#nameAt = nameAt;
  }

  /** Undefined: zeros. The bytes are good until the next call. Throws FailureError `store.damaged` or the host's error. */
  get(index: number): Buffer | undefined {
    const kept = this.#kept.get(index);
    if (kept) {
      this.#kept.delete(index);
      this.#kept.set(index, kept);
      return kept;
    }
    const name = this.#nameAt(index);
    if (name === ZERO_NAME) return undefined;
    const chunk = this.#chunks.read(name, this.#makeRoom());
    this.#kept.set(index, chunk);
    return chunk;
  }

  /** The tree has become another one. */
  clear(): void {
    this.#kept.clear();
  }

  /** Drops the oldest chunk if there are many: new memory costs as much as a chunk's hash. */
  #makeRoom(): Buffer | undefined {
    if (this.#kept.size < CHUNKS_KEPT) return undefined;
    const [[index, chunk]] = this.#kept;
    this.#kept.delete(index);
    return chunk;
  }
}
