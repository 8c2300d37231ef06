/** Hosted sparse extents, plain and compressed. VMware "Virtual Disk Format 5.0", "Hosted Sparse Extents". */
import { CodecError, type ByteFile, type Codecs } from '../../backends/index.ts';
import { corrupt, imageError, type Where } from '../failure.ts';
import { Fields, roundUp } from '../fields.ts';
import { FreePlaces } from '../free-places.ts';
import type { Piece } from '../layered.ts';
import { TableCache } from '../table-cache.ts';
import { WordTable } from '../word-table.ts';
import { wholeBlocks } from '../whole-blocks.ts';
import { SECTOR_BYTES } from './descriptor.ts';

export const SPARSE_MAGIC = 0x564d444b;
const HEADER_BYTES = 512;
export const GTES_PER_TABLE = 512;
const GD_AT_END = 0xffffffffffffffffn;
export const FLAG = { newlines: 1, redundant: 2, zeroGrains: 4, compressed: 0x10000, markers: 0x20000 } as const;
export const MARKER = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3 } as const;
/** Directory entries: 16 MiB of words, a disk of 128 TiB in grains of 64 KiB. */
const DIRECTORY_ENTRIES_MAX = 4 * 1024 * 1024;
const GRAIN_SECTORS_MAX = 32768;
const TABLE_CACHE_BYTES = 4 * 1024 * 1024;
const GRAIN_ABSENT = 0;
const GRAIN_ZERO = 1;

const AT = {
  version: 4,
  flags: 8,
  capacity: 12,
  grainSectors: 20,
  descriptorOffset: 28,
  descriptorSectors: 36,
  gtesPerTable: 44,
  redundantOffset: 48,
  directoryOffset: 56,
  overhead: 64,
  newlines: 73,
  compression: 77,
} as const;

export interface SparseHeader {
  readonly version: number;
  readonly flags: number;
  readonly capacitySectors: number;
  readonly grainBytes: number;
  readonly descriptorAt: number;
  readonly descriptorBytes: number;
  readonly gtesPerTable: number;
  readonly redundantAt: number;
  readonly directoryAt: number;
}

/** Streams have their directory at the end, and say where in a footer that repeats the header. */
export function readSparseHeader(file: ByteFile): SparseHeader {
  const first = parseHeader(Fields.read(file, 0, HEADER_BYTES, { name: 'header', littleEndian: true }));
  if (first.directoryAt !== undefined) return { ...first, directoryAt: first.directoryAt };
  const options = { name: 'footer', littleEndian: true };
  if (file.sizeBytes < 4 * HEADER_BYTES)
    throw imageError('image.truncated', { file, field: 'footer' }, 'the stream has no footer');
  const footer = parseHeader(Fields.read(file, file.sizeBytes - 2 * HEADER_BYTES, HEADER_BYTES, options));
  if (footer.directoryAt === undefined)
    throw corrupt({ file, offsetBytes: file.sizeBytes - 2 * HEADER_BYTES, field: 'footer.gdOffset' }, 'it is missing');
  return { ...footer, directoryAt: footer.directoryAt };
}

function parseHeader(fields: Fields): Omit<SparseHeader, 'directoryAt'> & { readonly directoryAt: number | undefined } {
  if (fields.u32(0) !== SPARSE_MAGIC) throw fields.corrupt('magicNumber', 0, 'there is no sparse extent header');
  const version = fields.u32(AT.version);
  if (version < 1 || version > 3) throw fields.unsupported('version', AT.version, `version ${version} is not known`);
  const flags = fields.u32(AT.flags);
  const compression = fields.u16(AT.compression);
  if (compression > 1 || (compression === 1) !== ((flags & FLAG.compressed) !== 0))
    throw fields.unsupported('compressAlgorithm', AT.compression, `compression ${compression} is not known`);
  if (flags & FLAG.newlines && fields.text(AT.newlines, 4) !== '\n \r\n')
    throw fields.corrupt('newLineChars', AT.newlines, 'the file was changed by a transfer in text mode');
  const sectors = (at: number, field: string): number => {
    const value = fields.u64(at, field);
    if (value > 2 ** 44) throw fields.corrupt(field, at, `${value} sectors are out of range`);
    return value;
  };
  const grainSectors = sectors(AT.grainSectors, 'grainSize');
  if (grainSectors < 8 || grainSectors > GRAIN_SECTORS_MAX || (grainSectors & (grainSectors - 1)) !== 0)
    throw fields.corrupt('grainSize', AT.grainSectors, `${grainSectors} sectors are no grain`);
  const gtesPerTable = fields.u32(AT.gtesPerTable);
  if (gtesPerTable === 0 || gtesPerTable > GTES_PER_TABLE)
    throw fields.corrupt('numGTEsPerGT', AT.gtesPerTable, `${gtesPerTable} entries are no grain table`);
  const atEnd = fields.bits64(AT.directoryOffset) === GD_AT_END;
  return {
    version,
    flags,
    capacitySectors: sectors(AT.capacity, 'capacity'),
    grainBytes: grainSectors * SECTOR_BYTES,
    descriptorAt: sectors(AT.descriptorOffset, 'descriptorOffset') * SECTOR_BYTES,
    descriptorBytes: sectors(AT.descriptorSectors, 'descriptorSize') * SECTOR_BYTES,
    gtesPerTable,
    redundantAt: flags & FLAG.redundant ? sectors(AT.redundantOffset, 'rgdOffset') * SECTOR_BYTES : 0,
    directoryAt: atEnd ? undefined : sectors(AT.directoryOffset, 'gdOffset') * SECTOR_BYTES,
  };
}

export interface NewSparseHeader extends Omit<SparseHeader, 'directoryAt' | 'version'> {
  /** Undefined: at the end of the stream. */
  readonly directoryAt: number | undefined;
  readonly overheadBytes: number;
}

export function encodeSparseHeader(header: NewSparseHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const compressed = (header.flags & FLAG.compressed) !== 0;
  const put = (at: number, lengthBytes: number): void =>
    view.setBigUint64(at, BigInt(lengthBytes / SECTOR_BYTES), true);
  view.setUint32(0, SPARSE_MAGIC, true);
  view.setUint32(AT.version, compressed ? 3 : 1, true);
  view.setUint32(AT.flags, header.flags, true);
  view.setBigUint64(AT.capacity, BigInt(header.capacitySectors), true);
  put(AT.grainSectors, header.grainBytes);
  put(AT.descriptorOffset, header.descriptorAt);
  put(AT.descriptorSectors, header.descriptorBytes);
  view.setUint32(AT.gtesPerTable, header.gtesPerTable, true);
  put(AT.redundantOffset, header.redundantAt);
  if (header.directoryAt === undefined) view.setBigUint64(AT.directoryOffset, GD_AT_END, true);
  else put(AT.directoryOffset, header.directoryAt);
  put(AT.overhead, header.overheadBytes);
  bytes.set([0x0a, 0x20, 0x0d, 0x0a], AT.newlines);
  view.setUint16(AT.compression, compressed ? 1 : 0, true);
  return bytes;
}

/** One sparse extent: a directory of grain tables, which say where each grain lies. */
export class SparseExtent {
  readonly file: ByteFile;
  readonly header: SparseHeader;
  readonly #directory: WordTable;
  readonly #tables: TableCache;
  readonly #tableBytes: number;
  readonly #codecs: Codecs;
  /** The directory of the tables' second copies, for those who write them. */
  readonly #copyDirectory: WordTable | undefined;
  /** Offset of a table's second copy, by its own. */
  readonly #copies = new Map<number, number>();
  readonly #free = new FreePlaces();
  #last: { readonly at: number; readonly bytes: Uint8Array } | undefined;

  constructor(file: ByteFile, header: SparseHeader, codecs: Codecs) {
    this.file = file;
    this.header = header;
    this.#codecs = codecs;
    this.#tableBytes = header.gtesPerTable * 4;
    const entries = Math.ceil((header.capacitySectors * SECTOR_BYTES) / this.#coverage);
    const where = { file, offsetBytes: header.directoryAt, field: 'grain directory' };
    if (entries > DIRECTORY_ENTRIES_MAX) throw corrupt(where, `${entries} entries are too many`);
    if (header.directoryAt < HEADER_BYTES || header.directoryAt + entries * 4 > file.sizeBytes)
      throw imageError('image.truncated', where, `there are no ${entries} entries at ${header.directoryAt}`);
    this.#directory = WordTable.read(file, header.directoryAt, entries, true);
    this.#tables = new TableCache(file, {
      tableBytes: this.#tableBytes,
      memoryBytes: TABLE_CACHE_BYTES,
      beforeWrite: () => file.flush(),
      copyOf: (at) => this.#copies.get(at),
    });
    if (!file.readOnly && header.redundantAt !== 0) this.#copyDirectory = this.#readCopies(entries);
  }

  get #coverage(): number {
    return this.header.gtesPerTable * this.header.grainBytes;
  }

  get isCompressed(): boolean {
    return (this.header.flags & FLAG.compressed) !== 0;
  }

  get sizeBytes(): number {
    return this.header.capacitySectors * SECTOR_BYTES;
  }

  #readCopies(entries: number): WordTable {
    const { redundantAt } = this.header;
    if (redundantAt + entries * 4 > this.file.sizeBytes)
      throw corrupt(
        { file: this.file, offsetBytes: AT.redundantOffset, field: 'header.rgdOffset' },
        'it leaves the file',
      );
    const copies = WordTable.read(this.file, redundantAt, entries, true);
    for (let i = 0; i < entries; i++) {
      const at = this.#directory.get(i) * SECTOR_BYTES;
      const copyAt = copies.get(i) * SECTOR_BYTES;
      if (at !== 0 && copyAt !== 0 && copyAt + this.#tableBytes <= this.file.sizeBytes) this.#copies.set(at, copyAt);
    }
    return copies;
  }

  #tableAt(index: number): number {
    const at = this.#directory.get(index) * SECTOR_BYTES;
    if (at === 0) return 0;
    if (at < HEADER_BYTES || at + this.#tableBytes > this.file.sizeBytes)
      throw corrupt(
        { file: this.file, offsetBytes: this.#directory.offsetOf(index), field: `grain_directory[${index}]` },
        `it points to ${at}, where no grain table can be`,
      );
    return at;
  }

  /** The file's offset of a grain, GRAIN_ABSENT or GRAIN_ZERO. */
  #grainAt(grain: number): number {
    const tableAt = this.#tableAt(Math.floor(grain / this.header.gtesPerTable));
    if (tableAt === 0) return GRAIN_ABSENT;
    const index = grain % this.header.gtesPerTable;
    const sector = this.#tables.get(tableAt).view.getUint32(index * 4, true);
    if (sector === GRAIN_ABSENT) return GRAIN_ABSENT;
    if (sector === GRAIN_ZERO && this.header.flags & FLAG.zeroGrains) return GRAIN_ZERO;
    const at = sector * SECTOR_BYTES;
    const where = (): Where => ({ file: this.file, offsetBytes: tableAt + index * 4, field: `grain_table[${index}]` });
    if (at < HEADER_BYTES) throw corrupt(where(), `it points to ${at}, into the header`);
    if (at >= this.file.sizeBytes)
      throw imageError(
        'image.truncated',
        where(),
        `it points to ${at}, behind the file's end at ${this.file.sizeBytes}`,
      );
    return at;
  }

  pieceAt(offsetBytes: number, maxBytes: number): Piece {
    const { grainBytes } = this.header;
    const grain = Math.floor(offsetBytes / grainBytes);
    const within = offsetBytes - grain * grainBytes;
    const first = Math.min(maxBytes, grainBytes - within);
    const at = this.#grainAt(grain);
    if (at > GRAIN_ZERO && this.isCompressed)
      return { kind: 'packed', lengthBytes: first, within, unpack: () => this.#unpack(at, grain) };
    let lengthBytes = first;
    for (let next = grain + 1; lengthBytes < maxBytes; next++) {
      const expected = at > GRAIN_ZERO ? at + (next - grain) * grainBytes : at;
      if (next * grainBytes >= this.sizeBytes || this.#grainAt(next) !== expected) break;
      lengthBytes = Math.min(maxBytes, lengthBytes + grainBytes);
    }
    if (at === GRAIN_ABSENT) return { kind: 'absent', lengthBytes };
    if (at === GRAIN_ZERO) return { kind: 'zero', lengthBytes };
    return { kind: 'data', lengthBytes, file: this.file, at: at + within };
  }

  /** A grain marker (its sector number and length), then a zlib stream. */
  #unpack(at: number, grain: number): Uint8Array {
    if (this.#last?.at === at) return this.#last.bytes;
    const { grainBytes, flags } = this.header;
    const where: Where = { file: this.file, offsetBytes: at, field: 'grain' };
    let dataAt = at;
    let length = grainBytes * 2;
    if (flags & FLAG.markers) {
      const marker = Fields.read(this.file, at, 12, { name: 'grain marker', littleEndian: true });
      length = marker.u32(8);
      if (marker.u64(0, 'lba') !== (grain * grainBytes) / SECTOR_BYTES)
        throw marker.corrupt('lba', 0, `it is not the marker of sector ${(grain * grainBytes) / SECTOR_BYTES}`);
      if (length === 0 || length > grainBytes * 2) throw marker.corrupt('size', 8, `${length} bytes are no grain`);
      dataAt = at + 12;
    }
    if (dataAt >= this.file.sizeBytes) throw imageError('image.truncated', where, 'it lies behind the end of the file');
    const packed = new Uint8Array(length);
    this.file.read(dataAt, packed);
    let bytes: Uint8Array;
    try {
      bytes = this.#codecs.inflate(packed, 'zlib', grainBytes);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      throw corrupt(where, `it cannot be unpacked (${error.message})`);
    }
    // The last grain of a disk may be stored without what lies behind the end.
    if (bytes.length < Math.min(grainBytes, this.sizeBytes - grain * grainBytes))
      throw corrupt(where, `it unpacks to ${bytes.length} bytes instead of ${grainBytes}`);
    this.#last = { at, bytes };
    return bytes;
  }

  /** Writes the beginning of `data` up to its grain's end; `readBelow` has what an absent grain held before. */
  writePiece(offsetBytes: number, data: Uint8Array, readBelow: (at: number, target: Uint8Array) => void): number {
    const { grainBytes } = this.header;
    const grain = Math.floor(offsetBytes / grainBytes);
    const within = offsetBytes - grain * grainBytes;
    const at = this.#grainAt(grain);
    if (at > GRAIN_ZERO) {
      const piece = this.pieceAt(offsetBytes, data.length);
      this.file.write(at + within, data.subarray(0, piece.lengthBytes));
      return piece.lengthBytes;
    }
    const part = data.subarray(0, grainBytes - within);
    const bytes = new Uint8Array(grainBytes);
    if (at === GRAIN_ABSENT && part.length < grainBytes) readBelow(grain * grainBytes, bytes);
    bytes.set(part, within);
    const target = this.#free.take() ?? roundUp(this.file.sizeBytes, SECTOR_BYTES);
    if (target / SECTOR_BYTES > 0xffffffff)
      throw imageError('image.size', { file: this.file }, 'the extent has reached 2 TiB', 'use qcow2');
    this.file.write(target, bytes);
    const table = this.#tables.get(this.#ownTableAt(Math.floor(grain / this.header.gtesPerTable)));
    table.view.setUint32((grain % this.header.gtesPerTable) * 4, target / SECTOR_BYTES, true);
    this.#tables.markDirty(table);
    return part.length;
  }

  /** With a parent only a grain of zeros hides what that has, and not every extent has them. */
  givesSpaceBack(hasParent: boolean): boolean {
    return !this.isCompressed && (!hasParent || (this.header.flags & FLAG.zeroGrains) !== 0);
  }

  /** Frees the grains that lie wholly in the range; the next ones that are written take their places. */
  discard(fromBytes: number, toBytes: number): void {
    const { grainBytes, gtesPerTable, flags } = this.header;
    const [from, to] = wholeBlocks(this, fromBytes, toBytes, grainBytes);
    for (let grain = from; grain < to; grain++) {
      const tableAt = this.#tableAt(Math.floor(grain / gtesPerTable));
      const index = grain % gtesPerTable;
      if (tableAt === 0) {
        grain += gtesPerTable - 1 - index;
        continue;
      }
      const at = this.#grainAt(grain);
      if (at <= GRAIN_ZERO) continue;
      const table = this.#tables.get(tableAt);
      table.view.setUint32(index * 4, flags & FLAG.zeroGrains ? GRAIN_ZERO : GRAIN_ABSENT, true);
      this.#tables.markDirty(table);
      this.#free.release(at);
    }
  }

  #ownTableAt(index: number): number {
    const present = this.#tableAt(index);
    if (present !== 0) return present;
    const at = this.#newTable();
    this.#directory.set(index, at / SECTOR_BYTES);
    if (this.#copyDirectory) this.#copy(index, at);
    return at;
  }

  #newTable(): number {
    const at = roundUp(this.file.sizeBytes, SECTOR_BYTES);
    this.file.write(at, new Uint8Array(roundUp(this.#tableBytes, SECTOR_BYTES)));
    return at;
  }

  /** Gives a table a second copy, which is written with it. */
  #copy(index: number, at: number): void {
    const copyAt = this.#newTable();
    this.#copyDirectory!.set(index, copyAt / SECTOR_BYTES);
    this.#copies.set(at, copyAt);
  }

  flush(): void {
    if (this.#tables.hasDirty) this.#tables.writeBack();
    if (this.#directory.isDirty || this.#copyDirectory?.isDirty) {
      this.file.flush();
      this.#directory.writeBack();
      this.#copyDirectory?.writeBack();
    }
    this.file.flush();
    this.#free.flushed();
  }

  /** Errors found in the tables, and how many grains there are. */
  check(report: (message: string) => void): number {
    const seen = new Set<number>();
    let grains = 0;
    const total = Math.ceil(this.sizeBytes / this.header.grainBytes);
    for (let grain = 0; grain < total; grain++) {
      if (this.#directory.get(Math.floor(grain / this.header.gtesPerTable)) === 0) {
        grain += this.header.gtesPerTable - 1 - (grain % this.header.gtesPerTable);
        continue;
      }
      try {
        const at = this.#grainAt(grain);
        if (at <= GRAIN_ZERO) continue;
        grains++;
        if (seen.has(at)) report(`grain ${grain} lies at ${at}, where another one lies too`);
        if (grains <= 2 ** 24) seen.add(at);
      } catch (error) {
        report((error as Error).message);
        if (this.#isBadTable(grain)) grain += this.header.gtesPerTable - 1 - (grain % this.header.gtesPerTable);
      }
    }
    return grains;
  }

  /** Compares the second copies with the tables that count; returns how many were written again. */
  checkCopies(report: (message: string) => void, repair: boolean): number {
    const { redundantAt, capacitySectors } = this.header;
    if (redundantAt === 0) return 0;
    const entries = Math.ceil((capacitySectors * SECTOR_BYTES) / this.#coverage);
    if (redundantAt + entries * 4 > this.file.sizeBytes) {
      report(`header.rgdOffset at offset ${AT.redundantOffset}: it leaves the file`);
      return 0;
    }
    const copies = this.#copyDirectory ?? WordTable.read(this.file, redundantAt, entries, true);
    const used = new Set(Array.from({ length: entries }, (_, index) => this.#directory.get(index)));
    const copy = new Uint8Array(this.#tableBytes);
    let repaired = 0;
    for (let index = 0; index < entries; index++) {
      if (this.#isBadTable(index * this.header.gtesPerTable)) continue; // which the check of the tables tells
      const at = this.#tableAt(index);
      const copyAt = copies.get(index) * SECTOR_BYTES;
      if (at === 0 && copyAt === 0) continue;
      const isPlace =
        copyAt >= HEADER_BYTES && copyAt + this.#tableBytes <= this.file.sizeBytes && !used.has(copyAt / SECTOR_BYTES);
      const where = `redundant_grain_directory[${index}] at offset ${copies.offsetOf(index)}`;
      if (!isPlace || at === 0) report(`${where}: it points to ${copyAt}, where no copy of a grain table can be`);
      else {
        const { bytes, dirty } = this.#tables.get(at);
        if (dirty) continue; // it is written with its copy
        this.file.read(copyAt, copy);
        const differs = copy.findIndex((byte, i) => byte !== bytes[i]);
        if (differs < 0) continue;
        report(`${where}: its grain table at ${copyAt} differs from the one at ${at} at byte ${differs}`);
      }
      if (!repair || !this.#copyDirectory) continue;
      if (at === 0) this.#copyDirectory.set(index, 0);
      else {
        if (!isPlace) this.#copy(index, at);
        this.#tables.markDirty(this.#tables.get(at));
      }
      repaired++;
    }
    if (repaired > 0) this.flush();
    return repaired;
  }

  #isBadTable(grain: number): boolean {
    try {
      this.#tableAt(Math.floor(grain / this.header.gtesPerTable));
      return false;
    } catch {
      return true;
    }
  }
}
