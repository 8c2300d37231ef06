/** Compressed clusters. QEMU docs/interop/qcow2.txt, "Compressed Clusters Descriptor". */
import { CodecError, type ByteFile, type Codecs } from '../../backends/index.ts';
import { corrupt, imageError } from '../failure.ts';

const SECTOR_BYTES = 512;
/** zlib's window of QEMU's reader: a cluster that needs a larger one cannot be read there. */
const WINDOW_BITS = 12;

/** Where compressed bytes lie: `lengthBytes` is up to 511 more than there are. */
export interface PackedPlace {
  readonly at: number;
  readonly lengthBytes: number;
}

/** Bit 62 is set; below it the number of further sectors, and the offset in the low bits. */
export function decodePlace(high: number, low: number, clusterBits: number): PackedPlace {
  const offsetHighBits = 62 - (clusterBits - 8) - 32;
  const payload = high & 0x3fffffff;
  const sectors = payload >>> offsetHighBits;
  const at = (payload & (2 ** offsetHighBits - 1)) * 2 ** 32 + low;
  return { at, lengthBytes: (sectors + 1) * SECTOR_BYTES - (at % SECTOR_BYTES) };
}

/** The entry for `lengthBytes` compressed bytes at `at`, as two halves. */
export function encodePlace(at: number, lengthBytes: number, clusterBits: number): { high: number; low: number } {
  const sectors = Math.floor(((at % SECTOR_BYTES) + lengthBytes - 1) / SECTOR_BYTES);
  const offsetHighBits = 62 - (clusterBits - 8) - 32;
  return {
    high: (0x40000000 | (sectors << offsetHighBits) | Math.floor(at / 2 ** 32)) >>> 0,
    low: at % 2 ** 32,
  };
}

/** The clusters of the file that compressed bytes lie in. */
export function clustersOf({ at, lengthBytes }: PackedPlace, clusterBytes: number): number[] {
  const first = Math.floor(at / clusterBytes);
  const last = Math.floor((at + lengthBytes - 1) / clusterBytes);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
export class ClusterCodec {
  readonly #file: ByteFile;
  readonly #codecs: Codecs;
  readonly #kind: 'zlib' | 'zstd';
  readonly #clusterBytes: number;
  /** The last one unpacked: guests read a cluster in several pieces. */
  #last: { readonly at: number; readonly bytes: Uint8Array } | undefined;

  constructor(file: ByteFile, codecs: Codecs, kind: 'zlib' | 'zstd', clusterBytes: number) {
    this.#file = file;
    this.#codecs = codecs;
    this.#kind = kind;
    this.#clusterBytes = clusterBytes;
  }

  unpack({ at, lengthBytes }: PackedPlace): Uint8Array {
    if (this.#last?.at === at) return this.#last.bytes;
    const where = { file: this.#file, offsetBytes: at, field: 'compressed cluster' };
    if (at >= this.#file.sizeBytes) throw imageError('image.truncated', where, 'it lies behind the end of the file');
    const packed = new Uint8Array(lengthBytes);
    this.#file.read(at, packed);
    let bytes: Uint8Array;
    try {
      bytes =
        this.#kind === 'zstd'
          ? this.#codecs.unzstd(packed.subarray(0, zstdFrameBytes(packed)), this.#clusterBytes)
          : this.#codecs.inflate(packed, 'raw', this.#clusterBytes);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      throw corrupt(where, `it cannot be unpacked (${error.message})`);
    }
    if (bytes.length !== this.#clusterBytes)
      throw corrupt(where, `it unpacks to ${bytes.length} bytes instead of ${this.#clusterBytes}`);
    this.#last = { at, bytes };
    return bytes;
  }

  /** Undefined when nothing would be saved. */
  pack(cluster: Uint8Array): Uint8Array | undefined {
    const packed =
      this.#kind === 'zstd' ? this.#codecs.zstd(cluster) : this.#codecs.deflate(cluster, 'raw', WINDOW_BITS);
    return packed.length < this.#clusterBytes ? packed : undefined;
  }

  /** Space that was compressed data may become something else. */
  forget(): void {
    this.#last = undefined;
  }
}

const ZSTD_MAGIC = 0xfd2fb528;

/**
 * The length of the first zstd frame: what follows it in its last sector belongs to others, and a decoder must not see
 * it. RFC 8878, 3.1.1. Throws CodecError.
 */
export function zstdFrameBytes(data: Uint8Array): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 9 || view.getUint32(0, true) !== ZSTD_MAGIC) throw new CodecError('no zstd frame');
  const descriptor = data[4];
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 3];
  const contentSizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6];
  let at = 5 + (singleSegment ? 0 : 1) + dictionaryIdBytes + contentSizeBytes;
  for (let last = false; !last;) {
    if (at + 3 > data.length) throw new CodecError('the zstd frame is cut short');
    const head = data[at] | (data[at + 1] << 8) | (data[at + 2] << 16);
    last = (head & 1) !== 0;
    const kind = (head >> 1) & 3;
    if (kind === 3) throw new CodecError('a zstd block of a reserved kind');
    at += 3 + (kind === 1 ? 1 : head >>> 3); // a run of one byte is stored as that byte
  }
  if ((descriptor & 4) !== 0) at += 4; // checksum
  if (at > data.length) throw new CodecError('the zstd frame is cut short');
  return at;
}
