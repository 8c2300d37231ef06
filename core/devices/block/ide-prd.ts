/**
 * Physical region descriptors of a bus-master IDE controller. "Programming Interface for Bus Master IDE Controller",
 * revision 1.0, section 1.2.
 */
import type { DmaMemory } from '../../bus/index.ts';

const DESCRIPTOR_BYTES = 8;
const END_OF_TABLE = 0x80;
/** A table lies within 64 KiB. One without an end mark is over here, so that a loop of a guest's making is not ours. */
const MAX_DESCRIPTORS = 0x10000 / DESCRIPTOR_BYTES;

/** Walks a table and moves bytes to or from the memory that it describes. */
export class PrdWalker {
  readonly #memory: DmaMemory;
  readonly #table: number;
  readonly #descriptor = new Uint8Array(DESCRIPTOR_BYTES);
  #index = 0;
  #address = 0;
  #left = 0;
  #last = false;

  constructor(memory: DmaMemory, tableAddr: number) {
    this.#memory = memory;
    this.#table = tableAddr;
  }

  /** Every descriptor is used up. */
  get exhausted(): boolean {
    return this.#left === 0 && (this.#last || this.#index === MAX_DESCRIPTORS);
  }

  /** Bytes moved: fewer than `data` holds when the table ends first. */
  toMemory(data: Uint8Array): number {
    return this.#each(data.length, (address, from, to) => this.#memory.dmaWrite(address, data.subarray(from, to)));
  }

  fromMemory(target: Uint8Array): number {
    return this.#each(target.length, (address, from, to) => this.#memory.dmaRead(address, target.subarray(from, to)));
  }

  #each(length: number, move: (address: number, from: number, to: number) => void): number {
    let done = 0;
    while (done < length) {
      if (this.#left === 0 && !this.#fetch()) break;
      const count = Math.min(this.#left, length - done);
      move(this.#address, done, done + count);
      this.#address = (this.#address + count) >>> 0;
      this.#left -= count;
      done += count;
    }
    return done;
  }

  #fetch(): boolean {
    if (this.exhausted) return false;
    const d = this.#descriptor;
    this.#memory.dmaRead((this.#table + this.#index * DESCRIPTOR_BYTES) >>> 0, d);
    this.#index++;
    this.#address = (d[0] | (d[1] << 8) | (d[2] << 16) | (d[3] << 24)) & ~1;
    this.#address >>>= 0;
    this.#left = (d[4] & 0xfe) | (d[5] << 8) || 0x10000;
    this.#last = (d[7] & END_OF_TABLE) !== 0;
    return true;
  }
}
