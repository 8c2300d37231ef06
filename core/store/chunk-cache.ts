/** 16 MiB. */
const CHUNKS_KEPT = 1024;

/** The chunks of a disk's tree as its guest reads them, with those of late kept. */
export class ChunkCache {
  readonly #read: (index: number, target: Buffer | undefined) => Buffer | undefined;
  /** The one that was used last comes last. */
  readonly #kept = new Map<number, Buffer>();

  /** `read`: a chunk of the tree, in `target` if it has the right length; undefined: zeros. */
  constructor(read: (index: number, target: Buffer | undefined) => Buffer | undefined) {
    this.#read = read;
  }

  /** Undefined: zeros. The bytes are good until the next call. Throws FailureError `store.damaged` or the host's error. */
  get(index: number): Buffer | undefined {
    const kept = this.#kept.get(index);
    if (kept) {
      this.#kept.delete(index);
      this.#kept.set(index, kept);
      return kept;
    }
    const chunk = this.#read(index, this.#makeRoom());
    if (chunk) this.#kept.set(index, chunk);
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
