import { BlockIoError, type Block } from '../backends/index.ts';

/** A raw image in memory: byte n of the medium is byte n of the array, which is used in place. */
export class MemoryBlock implements Block {
  readonly readOnly: boolean;
  readonly #data: Uint8Array;

  constructor(data: Uint8Array, options: { readonly readOnly?: boolean } = {}) {
    this.#data = data;
    this.readOnly = options.readOnly ?? false;
  }

  get sizeBytes(): number {
    return this.#data.length;
  }

  read(offsetBytes: number, target: Uint8Array): void {
    checkRange(this, offsetBytes, target.length);
    target.set(this.#data.subarray(offsetBytes, offsetBytes + target.length));
  }

  write(offsetBytes: number, data: Uint8Array): void {
    checkRange(this, offsetBytes, data.length);
    if (this.readOnly) throw new BlockIoError('the medium is read-only', offsetBytes);
    this.#data.set(data, offsetBytes);
  }

  flush(): void {}
}

/** Throws BlockIoError unless the whole range lies within the medium. */
export function checkRange(block: Pick<Block, 'sizeBytes'>, offsetBytes: number, lengthBytes: number): void {
  if (!Number.isInteger(offsetBytes) || offsetBytes < 0 || offsetBytes + lengthBytes > block.sizeBytes)
    throw new BlockIoError(
      `${lengthBytes} bytes at ${offsetBytes} are outside a medium of ${block.sizeBytes}`,
      offsetBytes,
    );
}
