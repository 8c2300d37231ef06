import { PAGE_BYTES, PAGE_KIND, type PhysicalMemory } from '../memory/index.ts';

/** Memory is captured and fetched in pieces of this size. */
export const CHUNK_BYTES = 16384;
export const PAGES_PER_CHUNK = CHUNK_BYTES / PAGE_BYTES;
/** The first MiB is never absent: ROM, video memory and shadow RAM are mapped over it and away again. */
export const LOW_BYTES = 1 << 20;

/** States of a chunk in a capture; whoever copies first says so. */
export const CAPTURE = {
  /** As at the instant, in guest memory. */
  PENDING: 0,
  /** The worker is copying it. */
  COPYING: 1,
  DONE: 2,
  /** The guest has written since; what it was stands in the side buffer. */
  ASIDE: 3,
  /** Not written since the last capture: nothing to do. */
  CLEAN: 4,
} as const;

/** States of a chunk while memory is fetched. */
export const FETCH = { ABSENT: 0, COPYING: 1, PRESENT: 2 } as const;

/** What a capture's worker is given: everything in shared memory. */
export interface CaptureShare {
  readonly buffer: SharedArrayBuffer;
  /** Where guest memory lies in it. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** CAPTURE, an Int32 for each chunk. */
  readonly states: SharedArrayBuffer;
  /** For each chunk that is ASIDE: its place in `aside`, in chunks. */
  readonly slots: SharedArrayBuffer;
  /** Grows as the guest writes. */
  readonly aside: SharedArrayBuffer;
}

export interface FetchShare {
  readonly buffer: SharedArrayBuffer;
  readonly offset: number;
  readonly sizeBytes: number;
  /** FETCH, an Int32 for each chunk. */
  readonly states: SharedArrayBuffer;
}

const ASIDE_STEP_BYTES = 4 << 20;
const CAPTURE_SPIN_MS = 50;

/**
 * A guest's RAM as snapshots see it. `beginCapture` marks an instant: from then on the first write to a chunk that
 * was not copied yet copies it aside first, so that a worker can read memory as it was while the guest runs on. The
 * same flags say which chunks the next capture has to look at.
 */
export class GuestMemory {
  readonly sizeBytes: number;
  readonly #physical: PhysicalMemory;
  readonly #offset: number;
  readonly #revokeWrites: () => void;
  #capture: { readonly share: CaptureShare; readonly states: Int32Array; readonly slots: Int32Array } | undefined;
  #aside = 0;
  #fetch: { readonly states: Int32Array; readonly load: (chunk: number, target: Uint8Array) => void } | undefined;

  /** `revokeWrites`: after it the processor asks `physical` again before it writes to any page. */
  constructor(physical: PhysicalMemory, offset: number, sizeBytes: number, revokeWrites: () => void) {
    this.#physical = physical;
    this.#offset = offset;
    this.sizeBytes = sizeBytes;
    this.#revokeWrites = revokeWrites;
    physical.fetchPage = (page) => this.#fetchPage(page);
  }

  get #buffer(): SharedArrayBuffer {
    return this.#physical.bytes.buffer as SharedArrayBuffer;
  }

  #chunk(index: number): Uint8Array {
    const at = this.#offset + index * CHUNK_BYTES;
    return this.#physical.bytes.subarray(at, at + Math.min(CHUNK_BYTES, this.sizeBytes - index * CHUNK_BYTES));
  }

  get #chunks(): number {
    return Math.ceil(this.sizeBytes / CHUNK_BYTES);
  }

  // --- capture --------------------------------------------------------------------------------------------------------------

  /** `everything`: not only what was written since the last capture. One capture at a time. */
  beginCapture(everything: boolean): CaptureShare {
    if (this.#capture) throw new Error('a capture is under way');
    const { dirty } = this.#physical;
    const states = new SharedArrayBuffer(this.#chunks * 4);
    const slots = new SharedArrayBuffer(this.#chunks * 4);
    const aside = new SharedArrayBuffer(0, { maxByteLength: this.#chunks * CHUNK_BYTES });
    const view = new Int32Array(states);
    const pages = this.sizeBytes / PAGE_BYTES;
    if (!everything) {
      // A chunk's flags are one word: the guest stands still while all of them are looked at.
      const words = new Int32Array(dirty.buffer, dirty.byteOffset, view.length);
      for (let chunk = 0; chunk < view.length; chunk++) if (words[chunk] === 0) view[chunk] = CAPTURE.CLEAN;
    }
    dirty.fill(0, 0, pages);
    this.#revokeWrites();
    const share = { buffer: this.#buffer, offset: this.#offset, sizeBytes: this.sizeBytes, states, slots, aside };
    this.#capture = { share, states: view, slots: new Int32Array(slots) };
    this.#aside = 0;
    this.#physical.beforeFirstWrite = (page) => this.#keepAside(page);
    return share;
  }

  /** All of it was written by something else than the guest. Not while a capture is under way. */
  replaced(): void {
    this.#physical.dirty.fill(1, 0, this.sizeBytes / PAGE_BYTES);
  }

  /** The worker has read everything. */
  endCapture(): void {
    this.#capture = undefined;
    this.#physical.beforeFirstWrite = undefined;
  }

  #keepAside(page: number): void {
    const capture = this.#capture;
    if (!capture || page >= this.sizeBytes / PAGE_BYTES) return;
    const chunk = Math.floor(page / PAGES_PER_CHUNK);
    const state = Atomics.load(capture.states, chunk);
    if (state !== CAPTURE.PENDING && state !== CAPTURE.COPYING) return;
    const { aside } = capture.share;
    const slot = this.#aside++;
    if ((slot + 1) * CHUNK_BYTES > aside.byteLength)
      aside.grow(Math.min(aside.byteLength + ASIDE_STEP_BYTES, aside.maxByteLength));
    new Uint8Array(aside, slot * CHUNK_BYTES, CHUNK_BYTES).set(this.#chunk(chunk));
    Atomics.store(capture.slots, chunk, slot);
    // If the worker finished meanwhile, what it has is right too.
    if (Atomics.exchange(capture.states, chunk, CAPTURE.ASIDE) === CAPTURE.DONE)
      Atomics.store(capture.states, chunk, CAPTURE.DONE);
  }

  // --- fetching -------------------------------------------------------------------------------------------------------------

  /**
   * Memory above LOW_BYTES is absent from here on: `load` gives a chunk when the guest first touches it, and a worker
   * may bring chunks in by the states of the result. The first MiB is loaded now. Everything counts as not written.
   * Chunks for which `isZero` holds are there already: memory is zeros.
   */
  beginFetching(isZero: (chunk: number) => boolean, load: (chunk: number, target: Uint8Array) => void): FetchShare {
    const states = new SharedArrayBuffer(this.#chunks * 4);
    const view = new Int32Array(states);
    const { hostPage, kind, dirty } = this.#physical;
    for (let chunk = 0; chunk < view.length; chunk++) {
      if (isZero(chunk)) view[chunk] = FETCH.PRESENT;
      else if (chunk < LOW_BYTES / CHUNK_BYTES) {
        load(chunk, this.#chunk(chunk));
        view[chunk] = FETCH.PRESENT;
      } else
        for (let page = chunk * PAGES_PER_CHUNK; page < (chunk + 1) * PAGES_PER_CHUNK; page++) {
          hostPage[page] = -1;
          kind[page] = PAGE_KIND.ABSENT;
        }
    }
    dirty.fill(0, 0, this.sizeBytes / PAGE_BYTES);
    this.#fetch = { states: view, load };
    return { buffer: this.#buffer, offset: this.#offset, sizeBytes: this.sizeBytes, states };
  }

  #fetchPage(page: number): void {
    const fetch = this.#fetch;
    if (!fetch) throw new Error(`page ${page} is absent, and nothing fetches it`);
    const chunk = Math.floor(page / PAGES_PER_CHUNK);
    if (Atomics.compareExchange(fetch.states, chunk, FETCH.ABSENT, FETCH.COPYING) === FETCH.ABSENT) {
      fetch.load(chunk, this.#chunk(chunk));
      Atomics.store(fetch.states, chunk, FETCH.PRESENT);
    } else
      // The worker is copying it: some microseconds, unless the host took the processor away from it.
      while (Atomics.load(fetch.states, chunk) !== FETCH.PRESENT)
        Atomics.wait(fetch.states, chunk, FETCH.COPYING, CAPTURE_SPIN_MS);
    this.#map(chunk);
  }

  #map(chunk: number): void {
    const { hostPage, kind } = this.#physical;
    for (let page = chunk * PAGES_PER_CHUNK; page < (chunk + 1) * PAGES_PER_CHUNK; page++) {
      if (kind[page] !== PAGE_KIND.ABSENT) continue;
      hostPage[page] = this.#offset + page * PAGE_BYTES;
      kind[page] = PAGE_KIND.RAM;
    }
  }

  get isFetching(): boolean {
    return this.#fetch !== undefined;
  }

  /** Everything is there from now on; what a worker has not brought yet is loaded here. */
  finishFetching(): void {
    const fetch = this.#fetch;
    if (!fetch) return;
    for (let chunk = 0; chunk < fetch.states.length; chunk++)
      if (this.#physical.kind[chunk * PAGES_PER_CHUNK] === PAGE_KIND.ABSENT) this.#fetchPage(chunk * PAGES_PER_CHUNK);
    this.#fetch = undefined;
  }
}

export type Taken =
  /** Not wanted: as at the last capture. */
  | 'clean'
  | 'zeros'
  /** In `target`. */
  | 'data';

/**
 * The worker's side of a capture: a chunk as it was at the instant, into `target`. Memory that is zeros is looked at where
 * it lies; most of a guest's is.
 */
export function captureReader(
  share: CaptureShare,
  isZero: (data: Uint8Array) => boolean,
): (chunk: number, target: Uint8Array) => Taken {
  const states = new Int32Array(share.states);
  const slots = new Int32Array(share.slots);
  return (chunk, target) => {
    const found = Atomics.compareExchange(states, chunk, CAPTURE.PENDING, CAPTURE.COPYING);
    if (found === CAPTURE.CLEAN) return 'clean';
    if (found === CAPTURE.PENDING) {
      const source = new Uint8Array(share.buffer, share.offset + chunk * CHUNK_BYTES, target.length);
      const zeros = isZero(source);
      if (!zeros) target.set(source);
      // Else the guest began to write meanwhile, and has kept the chunk aside before.
      if (Atomics.compareExchange(states, chunk, CAPTURE.COPYING, CAPTURE.DONE) === CAPTURE.COPYING)
        return zeros ? 'zeros' : 'data';
    }
    target.set(new Uint8Array(share.aside, Atomics.load(slots, chunk) * CHUNK_BYTES, target.length));
    return 'data';
  };
}

/** The worker's side of fetching: puts a chunk into memory unless the guest has it already. */
export function giveChunk(share: FetchShare, chunk: number, data: Uint8Array): void {
  const states = new Int32Array(share.states);
  if (Atomics.compareExchange(states, chunk, FETCH.ABSENT, FETCH.COPYING) !== FETCH.ABSENT) return;
  new Uint8Array(share.buffer, share.offset + chunk * CHUNK_BYTES, data.length).set(data);
  Atomics.store(states, chunk, FETCH.PRESENT);
  Atomics.notify(states, chunk);
}
