/** Blocks that say which write they are from, so that what a crash left behind can be told to the block. */
export const BLOCK_BYTES = 4096;

/** Contents of a block as write number `version` left it; version 0 is a disk that nobody wrote. */
export function stampedBlock(version: number, index: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  if (version === 0) return block;
  const words = new Uint32Array(block.buffer, block.byteOffset, BLOCK_BYTES / 4);
  let x = (Math.imul(version, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  block.writeUInt32LE(version, 0);
  block.writeUInt32LE(index, 4);
  return block;
}

export function stamped(version: number, first: number, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => stampedBlock(version, first + i)));
}

/** Those that were seen last, up to 64 MiB of them: the same disks are looked at again and again. */
const seen = new Map<number, Buffer>();

function expectedBlock(version: number, index: number): Buffer {
  const key = version * 2 ** 20 + index;
  let block = seen.get(key);
  if (!block) {
    if (seen.size >= (64 << 20) / BLOCK_BYTES) seen.clear();
    seen.set(key, (block = stampedBlock(version, index)));
  }
  return block;
}

/** Versions of all blocks of a disk; throws when a block is none that was ever written. */
export function versionsOf(disk: Buffer): number[] {
  return Array.from({ length: disk.length / BLOCK_BYTES }, (_, index) => {
    const block = disk.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    const version = block.readUInt32LE(0);
    if (!block.equals(expectedBlock(version, index))) throw new Error(`block ${index} is of no write (${version}?)`);
    return version;
  });
}

/** xorshift32: the same numbers for the same seed. */
export class Random {
  #x: number;
  constructor(seed: number) {
    this.#x = (Math.imul(seed, 0x9e3779b1) + 1) >>> 0 || 1;
  }
  below(limit: number): number {
    this.#x ^= this.#x << 13;
    this.#x >>>= 0;
    this.#x ^= this.#x >>> 17;
    this.#x ^= this.#x << 5;
    this.#x >>>= 0;
    return this.#x % limit;
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }
}
