import { constants, createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { guarded } from './codec-guard.ts';

/**
 * zstd with a compressor and a decompressor that each thread keeps. Node's calls make one anew for each chunk, which takes
 * longer than what it then does, and give their results in new memory. What is kept is what is behind Node's streams
 * (lib/zlib.js of Node 24: `_handle.writeSync`, `_writeState`). Node does not document that: where it is otherwise, the
 * calls do the work.
 */
interface Kept {
  readonly handle: {
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputLength: number,
      output: Uint8Array,
      outputAt: number,
      outputLength: number,
    ): void;
  };
  /** After a write: bytes of room left in the output, bytes of the input that were not taken. */
  readonly left: Uint32Array;
}

interface Stream {
  readonly _handle?: Partial<Kept['handle']> | null;
  readonly _writeState?: unknown;
  on(event: 'error', listener: () => void): void;
}

/** Level 1 is what keeps up with a guest; level 3 gains 5 % and costs a quarter of the speed. */
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** Nothing that is compressed here is longer; a frame is at most a little longer than what is in it. */
const RAW_BYTES_MAX = 1 << 16;
const FRAME_BYTES_MAX = RAW_BYTES_MAX + 1024;

/** Undefined: not made yet; null: this Node has none to keep. */
let compressor: Kept | null | undefined;
let decompressor: Kept | null | undefined;
let frame: Buffer | undefined;

function keep(make: () => unknown): Kept | null {
  const stream = make() as Stream;
  // A frame that is none ends the stream; `left` tells then, too.
  stream.on('error', () => {});
  const { _handle: handle, _writeState: left } = stream;
  if (typeof handle?.writeSync !== 'function' || !(left instanceof Uint32Array) || left.length !== 2) return null;
  return { handle: handle as Kept['handle'], left };
}

/** One frame, whose memory is good until the next call. */
export function compress(raw: Uint8Array): Uint8Array {
  return guarded(() => {
    if (compressor === undefined) compressor = keep(() => createZstdCompress(LEVEL));
    if (!compressor || raw.length > RAW_BYTES_MAX) return zstdCompressSync(raw, LEVEL);
    frame ??= Buffer.allocUnsafeSlow(FRAME_BYTES_MAX);
    const { handle, left } = compressor;
    left.fill(1);
    handle.writeSync(constants.ZSTD_e_end, raw, 0, raw.length, frame, 0, frame.length);
    if (left[1] === 0) return frame.subarray(0, frame.length - left[0]);
    compressor = undefined;
    return zstdCompressSync(raw, LEVEL);
  });
}

/**
 * Fills `target` with what is in a frame. What is in it is for the caller to check: a frame before it may have been longer
 * than it said. False, or not what it should be: `decompressAlone` is the judge.
 */
export function decompressInto(packed: Uint8Array, target: Uint8Array): boolean {
  return guarded(() => {
    if (decompressor === undefined) decompressor = keep(() => createZstdDecompress());
    if (!decompressor) return false;
    const { handle, left } = decompressor;
    left.fill(1);
    handle.writeSync(constants.ZSTD_e_continue, packed, 0, packed.length, target, 0, target.length);
    if (left[0] === 0 && left[1] === 0) return true;
    // Node closes it after an error: it must not be called again.
    decompressor = undefined;
    return false;
  });
}

/** What is in a frame, whatever was decompressed before it. Throws when it is damaged or holds more. */
export function decompressAlone(packed: Uint8Array, rawBytes: number): Buffer {
  if (decompressor) decompressor = undefined;
  // Room for all of it at once: Node asks for more output until some room is left.
  return guarded(() => zstdDecompressSync(packed, { maxOutputLength: rawBytes, chunkSize: rawBytes + 64 }));
}
