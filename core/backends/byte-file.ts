import type { Disposable } from '../base/index.ts';

/**
 * A host file as image formats see it: bytes at offsets, synchronous like Block. Every method throws BlockIoError on an
 * error of the host. Disposing closes it.
 */
export interface ByteFile extends Disposable {
  /** For messages: the path as the person gave it. */
  readonly name: string;
  /** The same for every name (links, relative paths) of one file. */
  readonly identity: string;
  readonly readOnly: boolean;
  /** Where the file ends now. */
  readonly sizeBytes: number;
  /** Fills `target`; what lies behind the end reads as zeros. */
  read(offsetBytes: number, target: Uint8Array): void;
  /** Grows the file as needed; a gap left behind is a hole that reads as zeros. */
  write(offsetBytes: number, data: Uint8Array): void;
  truncate(sizeBytes: number): void;
  /** When it returns, every earlier write survives a power cut. */
  flush(): void;
}
