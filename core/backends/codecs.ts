/** Thrown by Codecs for data that is not what it claims to be, or larger than allowed. */
export class CodecError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CodecError';
  }
}

/** Compression that the host lends: deflate (RFC 1951) bare or in a zlib wrapper (RFC 1950), and zstd (RFC 8878). */
export interface Codecs {
  /** Bytes after the end of the stream are ignored. Throws CodecError when more than `maxBytes` would come out. */
  inflate(data: Uint8Array, wrapper: 'raw' | 'zlib', maxBytes: number): Uint8Array;
  /** `windowBits`: the largest distance that a decoder must remember, 9 to 15. */
  deflate(data: Uint8Array, wrapper: 'raw' | 'zlib', windowBits: number): Uint8Array;
  /** `data` is exactly one frame. Throws CodecError when more than `maxBytes` would come out. */
  unzstd(data: Uint8Array, maxBytes: number): Uint8Array;
  zstd(data: Uint8Array): Uint8Array;
}
