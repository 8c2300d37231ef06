/** Thrown by a Block for a host I/O error; devices turn it into their own error status, never let it out. */
export class BlockIoError extends Error {
  readonly offsetBytes: number;
  /** `cause`: what it was before it became an error of the medium. */
  constructor(message: string, offsetBytes: number, cause?: unknown) {
    super(message, { cause });
    this.name = 'BlockIoError';
    this.offsetBytes = offsetBytes;
  }
}

/** A medium as a device sees it: a fixed number of bytes, read and written synchronously at any offset. */
export interface Block {
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  /** Fills `target` from `offsetBytes`. The range lies within the medium (the device checks). */
  read(offsetBytes: number, target: Uint8Array): void;
  write(offsetBytes: number, data: Uint8Array): void;
  /** When it returns, every earlier write survives a crash of the host process. */
  flush(): void;
  /** The guest no longer needs these bytes (TRIM): they read as zeros or as before. Absent where nothing is gained. */
  discard?(offsetBytes: number, lengthBytes: number): void;
}
