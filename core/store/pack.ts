import { crc32 } from 'node:zlib';
import { damaged } from './errors.ts';
import type { StoreIo } from './io.ts';
import { NAME_BYTES, nameFromBlob, nameOf, nameToBlob, type ChunkName } from './name.ts';
import { compress, decompressAlone, decompressInto } from './zstd.ts';

/**
 * A pack file: PACK_HEADER_BYTES of header, then records in a row, only ever appended.
 *
 *     record: u32 magic, u8 method, u8[3] zero, u32 raw bytes, u32 stored bytes, name, u32 CRC of all this and the data
 *
 * Records tell everything about themselves, so that the index in the database can be made again from packs alone.
 * A pack is synced before the database names what is in it; what lies behind that (after a crash) is never read.
 */
export const PACK_HEADER_BYTES = 16;
const PACK_MAGIC = 0x4b505254; // "TRPK"
const PACK_VERSION = 1;
export const RECORD_HEADER_BYTES = 16 + NAME_BYTES + 4;
const RECORD_MAGIC = 0x43525254; // "TRRC"
const METHOD = { RAW: 0, ZSTD: 1 } as const;
const CRC_AT = 16 + NAME_BYTES;
/** Larger than any chunk or node: what a damaged length can make us allocate. */
export const RAW_BYTES_MAX = 1 << 16;

export function packHeader(pack: number): Buffer {
  const header = Buffer.alloc(PACK_HEADER_BYTES);
  header.writeUInt32LE(PACK_MAGIC, 0);
  header.writeUInt32LE(PACK_VERSION, 4);
  header.writeUInt32LE(pack, 8);
  header.writeUInt32LE(crc32(header.subarray(0, 12)), 12);
  return header;
}

export function packHeaderIsGood(header: Buffer, pack: number): boolean {
  return header.length === PACK_HEADER_BYTES && header.equals(packHeader(pack));
}

/** Header and data of a chunk's record, to be written one after the other before the next one is made. */
export function encodeRecord(name: ChunkName, raw: Uint8Array): readonly [Buffer, Uint8Array] {
  const packed = compress(raw);
  const smaller = packed.length < raw.length;
  const data = smaller ? packed : raw;
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header.writeUInt32LE(RECORD_MAGIC, 0);
  header[4] = smaller ? METHOD.ZSTD : METHOD.RAW;
  header.writeUInt32LE(raw.length, 8);
  header.writeUInt32LE(data.length, 12);
  nameToBlob(name).copy(header, 16);
  header.writeUInt32LE(crc32(data, crc32(header.subarray(0, CRC_AT))), CRC_AT);
  return [header, data];
}

export interface RecordHeader {
  readonly method: number;
  readonly rawBytes: number;
  readonly storedBytes: number;
  /** Of header and data. */
  readonly recordBytes: number;
  readonly name: ChunkName;
  readonly crc: number;
}

/** Undefined: no record begins here. */
export function decodeHeader(bytes: Buffer): RecordHeader | undefined {
  if (bytes.length < RECORD_HEADER_BYTES || bytes.readUInt32LE(0) !== RECORD_MAGIC) return undefined;
  const rawBytes = bytes.readUInt32LE(8);
  const storedBytes = bytes.readUInt32LE(12);
  if (bytes[4] > METHOD.ZSTD || rawBytes > RAW_BYTES_MAX || storedBytes > rawBytes) return undefined;
  const name = nameFromBlob(bytes.subarray(16, 16 + NAME_BYTES));
  const recordBytes = RECORD_HEADER_BYTES + storedBytes;
  return { method: bytes[4], rawBytes, storedBytes, recordBytes, name, crc: bytes.readUInt32LE(CRC_AT) };
}

/**
 * The chunk in a record of exactly these bytes, in `target` if it has the right length. Throws `store.damaged` naming `where`
 * unless it is `name`'s.
 */
export function decodeRecord(record: Buffer, name: ChunkName, where: () => string, target?: Buffer): Buffer {
  const header = decodeHeader(record);
  if (!header || header.name !== name || header.recordBytes !== record.length)
    throw damaged(`${where()}: no record of this chunk`);
  const { method, rawBytes } = header;
  const data = record.subarray(RECORD_HEADER_BYTES);
  const raw = target?.length === rawBytes ? target : Buffer.allocUnsafeSlow(rawBytes);
  if (method === METHOD.RAW) raw.set(data.subarray(0, rawBytes));
  else if (decompressInto(data, raw) && nameOf(raw) === name) return raw;
  else
    try {
      raw.set(decompressAlone(data, rawBytes));
    } catch {
      throw damaged(`${where()}: the data cannot be decompressed`);
    }
  if (nameOf(raw) !== name) throw damaged(`${where()}: the data is not the chunk's`);
  return raw;
}

/** Whether header and data are as they were written, which says so of bytes that no chunk depends on too. */
export const recordIsWhole = (record: Buffer, crc: number): boolean =>
  crc32(record.subarray(RECORD_HEADER_BYTES), crc32(record.subarray(0, CRC_AT))) === crc;

export interface Recovered {
  readonly name: ChunkName;
  readonly offset: number;
  readonly storedBytes: number;
}

/**
 * Every whole record of a pack, found by looking for them: damaged bytes are skipped. Reads the file in pieces.
 */
export function* scanPack(io: StoreIo, fd: number): Generator<Recovered> {
  const size = io.size(fd);
  const window = Buffer.alloc(1 << 20);
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(RECORD_MAGIC, 0);
  let at = PACK_HEADER_BYTES;
  let start = -1;
  let filled = 0;
  const longest = RECORD_HEADER_BYTES + RAW_BYTES_MAX;
  while (at < size) {
    if (start < 0 || at < start || (at + longest > start + filled && start + filled < size)) {
      start = at;
      filled = io.read(fd, window, at);
    }
    const view = window.subarray(at - start, filled);
    const header = decodeHeader(view);
    const whole = header && view.length >= RECORD_HEADER_BYTES + header.storedBytes;
    if (whole) {
      const record = view.subarray(0, RECORD_HEADER_BYTES + header.storedBytes);
      if (recordIsWhole(record, header.crc)) {
        yield { name: header.name, offset: at, storedBytes: record.length };
        at += record.length;
        continue;
      }
    }
    const next = view.indexOf(magic, 1);
    at = next < 0 ? start + Math.max(filled - 3, at - start + 1) : at + next;
  }
}
