/**
 * Split virtqueue. Virtual I/O Device (VIRTIO) 1.2, section 2.7; indirect descriptors section 2.7.5.3.
 *
 * Everything in a ring is the guest's word: chains are cut at the size of the table, so that a loop or an endless list
 * ends as an error of the queue, never as one of ours.
 */
import type { DmaMemory } from '../../bus/index.ts';
import { bool, f64, u16, type ValuesOf } from '../../state/index.ts';

export const QUEUE_FIELDS = {
  size: u16({ doc: 'Entries, a power of two' }),
  enabled: bool(),
  desc: f64({ doc: 'Descriptor table' }),
  avail: f64({ doc: 'Available ring, the driver area' }),
  used: f64({ doc: 'Used ring, the device area' }),
  lastAvail: u16({ doc: 'Next entry of the available ring' }),
  usedIndex: u16({ doc: 'Next entry of the used ring' }),
};
export type QueueState = ValuesOf<typeof QUEUE_FIELDS>;

const DESC_BYTES = 16;
const DESC_NEXT = 1;
const DESC_WRITE = 2;
const DESC_INDIRECT = 4;
const AVAIL_NO_INTERRUPT = 1;
/** Longest indirect table that is followed. */
const MAX_INDIRECT = 1024;
const MEMORY_END = 0x100000000;

export interface Segment {
  readonly address: number;
  readonly length: number;
}

/** A buffer that the guest made available. */
export interface Chain {
  readonly head: number;
  /** What the device reads, in order. */
  readonly readable: readonly Segment[];
  /** What the device may write. */
  readonly writable: readonly Segment[];
}

export const chainBytes = (segments: readonly Segment[]): number =>
  segments.reduce((sum, segment) => sum + segment.length, 0);

/** The ring or a chain in it is not as the standard wants it: the device asks to be reset. */
export class QueueError extends Error {}

export class VirtQueue {
  readonly state: QueueState;
  readonly #memory: DmaMemory;
  readonly #scratch = new Uint8Array(DESC_BYTES);
  readonly #view = new DataView(this.#scratch.buffer);

  constructor(state: QueueState, memory: DmaMemory) {
    this.state = state;
    this.#memory = memory;
  }

  /** The next available buffer. Throws QueueError. */
  pop(): Chain | undefined {
    const { state } = this;
    if (!state.enabled || state.size === 0) return undefined;
    if (Math.max(state.desc, state.avail, state.used) >= MEMORY_END) throw new QueueError('a ring beyond 4 GiB');
    const availIndex = this.#read16(state.avail + 2);
    const waiting = (availIndex - state.lastAvail) & 0xffff;
    if (waiting === 0) return undefined;
    if (waiting > state.size) throw new QueueError(`available index ${availIndex} is ahead of the ring`);
    const head = this.#read16(state.avail + 4 + (state.lastAvail % state.size) * 2);
    if (head >= state.size) throw new QueueError(`descriptor ${head} of ${state.size}`);
    const chain = this.#chain(head);
    state.lastAvail = (state.lastAvail + 1) & 0xffff;
    return chain;
  }

  /** Gives a buffer back, of which `written` bytes were filled. */
  push(chain: Chain, written: number): void {
    const { state } = this;
    const entry = new Uint8Array(8);
    const view = new DataView(entry.buffer);
    view.setUint32(0, chain.head, true);
    view.setUint32(4, written, true);
    this.#memory.dmaWrite(state.used + 4 + (state.usedIndex % state.size) * 8, entry);
    state.usedIndex = (state.usedIndex + 1) & 0xffff;
    this.#memory.dmaWrite(state.used + 2, Uint8Array.of(state.usedIndex & 0xff, state.usedIndex >> 8));
  }

  /** The driver wants to hear of used buffers. */
  get wantsInterrupt(): boolean {
    return (this.#read16(this.state.avail) & AVAIL_NO_INTERRUPT) === 0;
  }

  #chain(head: number): Chain {
    const readable: Segment[] = [];
    const writable: Segment[] = [];
    let [table, entries, index, left] = [this.state.desc, this.state.size, head, this.state.size];
    let indirect = false;
    for (;;) {
      if (left-- === 0) throw new QueueError('a chain of descriptors without an end');
      this.#fetch(table + index * DESC_BYTES);
      const high = this.#view.getUint32(4, true);
      const address = this.#view.getUint32(0, true);
      const length = this.#view.getUint32(8, true);
      const flags = this.#view.getUint16(12, true);
      const next = this.#view.getUint16(14, true);
      if (high !== 0 || address + length > MEMORY_END) throw new QueueError('a buffer beyond 4 GiB');
      if (flags & DESC_INDIRECT) {
        if (indirect || flags & DESC_NEXT || length === 0 || length % DESC_BYTES !== 0)
          throw new QueueError('an indirect table where none can be');
        [table, entries, index, indirect] = [address, length / DESC_BYTES, 0, true];
        left = Math.min(entries, MAX_INDIRECT);
        continue;
      }
      (flags & DESC_WRITE ? writable : readable).push({ address, length });
      if (!(flags & DESC_NEXT)) return { head, readable, writable };
      if (next >= entries) throw new QueueError(`descriptor ${next} of ${entries}`);
      index = next;
    }
  }

  #fetch(address: number): void {
    this.#memory.dmaRead(address, this.#scratch);
  }

  #read16(address: number): number {
    const two = this.#scratch.subarray(0, 2);
    this.#memory.dmaRead(address, two);
    return two[0] | (two[1] << 8);
  }

  // ---- data of a chain

  /** Fills `target` from a place in the readable part; bytes got. */
  read(chain: Chain, offset: number, target: Uint8Array): number {
    return walk(chain.readable, offset, target.length, (address, from, to) =>
      this.#memory.dmaRead(address, target.subarray(from, to)),
    );
  }

  /** Puts `data` into a place of the writable part; bytes that fit. */
  write(chain: Chain, offset: number, data: Uint8Array): number {
    return walk(chain.writable, offset, data.length, (address, from, to) =>
      this.#memory.dmaWrite(address, data.subarray(from, to)),
    );
  }
}

function walk(
  segments: readonly Segment[],
  offset: number,
  length: number,
  piece: (address: number, from: number, to: number) => void,
): number {
  let skip = offset;
  let done = 0;
  for (const segment of segments) {
    if (skip >= segment.length) {
      skip -= segment.length;
      continue;
    }
    const count = Math.min(segment.length - skip, length - done);
    piece(segment.address + skip, done, done + count);
    done += count;
    skip = 0;
    if (done === length) break;
  }
  return done;
}
