import { BlockIoError, type ByteFile } from '../backends/index.ts';

let made = 0;

/** A file in memory: for tests, and for images that are built before they have a place. */
export class MemoryFile implements ByteFile {
  readonly name: string;
  readonly identity: string;
  readonly readOnly: boolean;
  #bytes: Uint8Array;
  #sizeBytes: number;

  constructor(name: string, bytes: Uint8Array = new Uint8Array(0), options: { readonly readOnly?: boolean } = {}) {
    this.name = name;
    this.identity = `memory-${made++}`;
    this.readOnly = options.readOnly ?? false;
    this.#bytes = bytes;
    this.#sizeBytes = bytes.length;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** A view of the contents, until the next write. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#sizeBytes);
  }

  read(offsetBytes: number, target: Uint8Array): void {
    const there = Math.min(Math.max(this.#sizeBytes - offsetBytes, 0), target.length);
    target.set(this.#bytes.subarray(offsetBytes, offsetBytes + there));
    target.fill(0, there);
  }

  write(offsetBytes: number, data: Uint8Array): void {
    this.#checkWritable(offsetBytes);
    const end = offsetBytes + data.length;
    if (end > this.#sizeBytes) this.#setSize(end);
    this.#bytes.set(data, offsetBytes);
  }

  truncate(sizeBytes: number): void {
    this.#checkWritable(sizeBytes);
    this.#setSize(sizeBytes);
  }

  #setSize(sizeBytes: number): void {
    if (sizeBytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(sizeBytes, this.#bytes.length * 2));
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    if (sizeBytes < this.#sizeBytes) this.#bytes.fill(0, sizeBytes, this.#sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  flush(): void {}
  dispose(): void {}

  #checkWritable(offsetBytes: number): void {
    if (this.readOnly) throw new BlockIoError(`${this.name}: opened read-only`, offsetBytes);
  }
}
