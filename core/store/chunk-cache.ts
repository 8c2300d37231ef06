import type { Disposable } from '../base/index.ts';
import { CHUNK_BYTES, type ChunkName } from './name.ts';
import { ReadAhead } from './read-ahead.ts';

/** 16 MiB. */
const CHUNKS_KEPT = 1024;
/** What may be left out between two chunks that follow each other: blocks that logs have. */
const GAP = 4;
/** A disk is read in order once so many chunks came one after another. */
const IN_ORDER = 8;
/** 4 MiB in order: a thread that reads ahead is worth its beginning. */
const THREAD_IN_ORDER = 256;

/** The tree whose chunks are read. */
export interface ChunkSource {
  readonly count: number;
  /** Undefined: zeros. */
  nameAt(index: number): ChunkName | undefined;
  /** In `target` if it has the right length; undefined: zeros. */
  read(index: number, target: Buffer | undefined): Buffer | undefined;
}

/** The chunks of a disk's tree as its guest reads them, with those of late kept. */
export class ChunkCache implements Disposable {
  readonly #source: ChunkSource;
  readonly #folder: string | undefined;
  /** The one that was used last comes last. */
  readonly #kept = new Map<number, Buffer>();
  #last = -1;
  #inOrder = 0;
  #ahead: ReadAhead | undefined;

  /** `folder`: the library's, where a thread may read ahead. */
  constructor(source: ChunkSource, folder: string | undefined) {
    this.#source = source;
    this.#folder = folder;
  }

  /** Undefined: zeros. The bytes are good until the next call. Throws FailureError `store.damaged` or the host's error. */
  get(index: number): Buffer | undefined {
    this.#follow(index);
    const kept = this.#kept.get(index);
    if (kept) {
      this.#kept.delete(index);
      this.#kept.set(index, kept);
      return kept;
    }
    const room = this.#makeRoom();
    const ahead = this.#ahead?.take(index);
    const chunk = ahead ? copied(ahead, room) : this.#source.read(index, room);
    if (chunk) this.#kept.set(index, chunk);
    return chunk;
  }

  /** The tree has become another one. */
  clear(): void {
    this.#kept.clear();
    this.#ahead?.clear();
  }

  #follow(index: number): void {
    const step = index - this.#last;
    if (step === 0) return;
    this.#inOrder = step > 0 && step <= GAP ? this.#inOrder + 1 : 0;
    this.#last = index;
    if (this.#inOrder < IN_ORDER) return;
    if (this.#folder !== undefined && this.#inOrder >= THREAD_IN_ORDER) this.#ahead ??= new ReadAhead(this.#folder);
    this.#ahead?.follow(index, this.#source.count, (next) =>
      this.#kept.has(next) ? undefined : this.#source.nameAt(next),
    );
  }

  /** Drops the oldest chunk if there are many: new memory costs as much as a chunk's hash. */
  #makeRoom(): Buffer | undefined {
    if (this.#kept.size < CHUNKS_KEPT) return undefined;
    const [[index, chunk]] = this.#kept;
    this.#kept.delete(index);
    return chunk;
  }

  dispose(): void {
    this.#ahead?.dispose();
  }
}

function copied(chunk: Buffer, room: Buffer | undefined): Buffer {
  const copy = room?.length === CHUNK_BYTES ? room : Buffer.allocUnsafeSlow(CHUNK_BYTES);
  copy.set(chunk);
  return copy;
}
