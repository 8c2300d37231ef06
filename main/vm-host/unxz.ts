/**
 * xz as kernels are packed with it: one block, LZMA2 behind a filter for x86 code, CRC32. The .xz file format 1.1.0. The
 * library knows neither the filter nor, therefore, what the check is of: it is given the block as LZMA2 alone.
 */
import { crc32 } from 'node:zlib';
import xz from 'xz-decompress';
import { unfilterX86 } from './x86-filter.ts';

const STREAM_HEADER_BYTES = 12;
const STREAM_FOOTER_BYTES = 12;
const CHECK = { CRC32: 1, bytes: 4 } as const;
const FILTER = { X86: 0x04, LZMA2: 0x21 } as const;
const BLOCK_FLAGS = { FILTERS: 0x03, RESERVED: 0x3c, COMPRESSED_SIZE: 0x40, UNCOMPRESSED_SIZE: 0x80 } as const;

interface Filter {
  readonly id: number;
  readonly properties: Uint8Array;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** `unpackedBytes` of output, no more and no less. Throws where the file is damaged or made in another way. */
export async function unxz(file: Uint8Array, unpackedBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (file.length < STREAM_HEADER_BYTES + STREAM_FOOTER_BYTES || file[7] !== CHECK.CRC32)
    throw new Error('not an xz file with CRC32');
  const header = file.subarray(STREAM_HEADER_BYTES);
  const headerBytes = 4 * (header[0] + 1);
  const filters = filtersOf(header.subarray(0, headerBytes));
  const lzma2 = filters.at(-1);
  const filtered = filters.length === 2 && filters[0].id === FILTER.X86 && filters[0].properties.length === 0;
  if (lzma2?.id !== FILTER.LZMA2 || lzma2.properties.length !== 1 || !(filtered || filters.length === 1))
    throw new Error('filters of no kernel');
  const indexBytes = 4 * (viewOf(file).getUint32(file.length - 8, true) + 1);
  const checkAt = file.length - STREAM_FOOTER_BYTES - indexBytes - CHECK.bytes;
  const block = file.subarray(STREAM_HEADER_BYTES + headerBytes, Math.max(checkAt, 0));

  const out = await unpackLzma2(file.subarray(0, STREAM_HEADER_BYTES), lzma2, block, unpackedBytes);
  if (filtered) unfilterX86(out);
  if (crc32(out) !== viewOf(file).getUint32(checkAt, true)) throw new Error('the check is wrong');
  return out;
}

/** Section 3.1; the sizes are not needed. */
function filtersOf(header: Uint8Array): Filter[] {
  const [, flags = BLOCK_FLAGS.RESERVED] = header;
  if (flags & BLOCK_FLAGS.RESERVED) throw new Error('a block header of another version');
  let at = 2;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      if (at >= header.length || scale > 2 ** 28) throw new Error('a block header that leaves its bounds');
      const byte = header[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  if (flags & BLOCK_FLAGS.COMPRESSED_SIZE) number();
  if (flags & BLOCK_FLAGS.UNCOMPRESSED_SIZE) number();
  return Array.from({ length: (flags & BLOCK_FLAGS.FILTERS) + 1 }, () => {
    const id = number();
    const length = number();
    return { id, properties: header.subarray(at, (at += length)) };
  });
}

/** The library ends with an error when it gets to a check that is not of its output: it gets none. */
async function unpackLzma2(
  streamHeader: Uint8Array,
  { id, properties }: Filter,
  block: Uint8Array,
  unpackedBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const blockHeader = new Uint8Array(12);
  blockHeader.set([blockHeader.length / 4 - 1, 0, id, properties.length, ...properties]);
  viewOf(blockHeader).setUint32(8, crc32(blockHeader.subarray(0, 8)), true);
  // In one piece: a Blob's stream takes half as long again.
  const packed = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Buffer.concat([streamHeader, blockHeader, block]));
      controller.close();
    },
  });
  const reader = new xz.XzReadableStream(packed).getReader();
  const out = new Uint8Array(unpackedBytes);
  let at = 0;
  try {
    for (let waited = false; at < unpackedBytes;) {
      const { value } = await reader.read();
      if (!value || at + value.length > unpackedBytes) throw new Error('another length than was said');
      // At the end of its input it would go on without end; once it gives nothing before it begins.
      if (value.length === 0 && waited) throw new Error('the block ends early');
      waited = value.length === 0;
      out.set(value, at);
      at += value.length;
    }
  } finally {
    // Else the next one would wait for this one for ever.
    await reader.cancel().catch(() => {});
  }
  return out;
}
