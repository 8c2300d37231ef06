/** The qcow2 format, versions 2 and 3. QEMU docs/interop/qcow2.txt. */
import type { ByteFile } from '../../backends/index.ts';
import type { CheckReport, CreateOptions, DiskImage, ImageInfo } from '../disk-image.ts';
import type { OpenContext } from '../driver.ts';
import { corrupt, imageError, type Where } from '../failure.ts';
import { isZero } from '../fields.ts';
import { LayeredImage, type Piece } from '../layered.ts';
import { checkQcow2 } from './check.ts';
import { layOut } from './create.ts';
import { isCopied, offsetOf, readEntry, writeAbsent, writeHalves, writeOwned, writeZero, type Entry } from './entry.ts';
import {
  COMPATIBLE_LAZY_REFCOUNTS,
  HEADER_FIELD,
  INCOMPATIBLE,
  L1_BYTES_MAX,
  l2Coverage,
  readHeader,
  type Qcow2Header,
} from './layout.ts';
import { ClusterCodec, clustersOf, encodePlace } from './packed.ts';
import { bigEndian64, Refcounts } from './refcounts.ts';
import { readSnapshots } from './snapshots.ts';
import { TableCache, type Table } from '../table-cache.ts';

/** L2 tables in memory: at 64 KiB clusters enough for 128 GiB of guest data. */
const L2_CACHE_BYTES = 16 * 1024 * 1024;
/** Clusters given up since the last flush; more make a flush of their own. */
const PENDING_FREES_MAX = 65536;

/**
 * Data are written at once, refcounts and tables with a flush, in an order in which no cluster is referred to before it
 * is counted and written, and none is used again before the last reference to it is gone from the file. So a process or
 * a computer that dies leaves an image without errors; at worst some space is leaked.
 */
export class Qcow2Image extends LayeredImage {
  readonly format = 'qcow2';
  readonly #header: Qcow2Header;
  readonly #codec: ClusterCodec;
  readonly #packNew: boolean;
  readonly #l2: TableCache;
  #l1: DataView<ArrayBuffer>;
  readonly #dirtyL1 = new Set<number>();
  /** Made with the first write: reading needs no counts. */
  #counts: Refcounts | undefined;
  /** Where the next compressed bytes go; 0 for a new cluster. */
  #packedEnd = 0;

  static open(file: ByteFile, context: OpenContext): Qcow2Image {
    const header = readHeader(file);
    const has = (bit: number): boolean => ((header.incompatible >> BigInt(bit)) & 1n) === 1n;
    const features: Where = { file, offsetBytes: HEADER_FIELD.incompatible, field: 'header.incompatible_features' };
    if (!context.readOnly && has(INCOMPATIBLE.corrupt))
      throw imageError('image.corrupt', features, 'the image is marked as corrupt', 'check it, or open it read-only');
    if (!context.readOnly && header.hasBitmaps)
      throw imageError(
        'image.unsupported',
        { file, field: 'bitmaps' },
        'it holds dirty bitmaps, which a write would make wrong',
        'remove them with "qemu-img bitmap --remove", or open it read-only',
      );
    const where = { file, offsetBytes: HEADER_FIELD.backingFileOffset, field: 'header.backing_file_offset' };
    const parent = header.backing && context.openParent({ ...header.backing, uuid: undefined }, where);
    return new Qcow2Image(file, header, context, parent, false);
  }

  static create(file: ByteFile, options: CreateOptions): Qcow2Image {
    layOut(file, options);
    const context = { codecs: options.codecs, readOnly: false };
    const pack = options.compression !== undefined && options.compression !== 'none';
    return new Qcow2Image(file, readHeader(file), context, options.parent?.image, pack);
  }

  private constructor(
    file: ByteFile,
    header: Qcow2Header,
    context: Pick<OpenContext, 'codecs' | 'readOnly'>,
    parent: DiskImage | undefined,
    packNew: boolean,
  ) {
    super(file, { sizeBytes: header.sizeBytes, readOnly: context.readOnly, parent });
    this.#header = header;
    this.#codec = new ClusterCodec(file, context.codecs, header.compression, header.clusterBytes);
    this.#packNew = packNew;
    this.#l1 = new DataView(new ArrayBuffer(header.l1Size * 8));
    file.read(header.l1Offset, new Uint8Array(this.#l1.buffer));
    this.#l2 = new TableCache(file, {
      tableBytes: header.clusterBytes,
      memoryBytes: L2_CACHE_BYTES,
      beforeWrite: () => {
        this.#counts?.writeBack();
        file.flush();
      },
    });
  }

  get #perL2(): number {
    return this.#header.clusterBytes / 8;
  }

  // ---- reading

  protected pieceAt(offsetBytes: number, maxBytes: number): Piece {
    const { clusterBytes } = this.#header;
    const cluster = Math.floor(offsetBytes / clusterBytes);
    const within = offsetBytes - cluster * clusterBytes;
    const index = cluster % this.#perL2;
    const table = this.#table(Math.floor(cluster / this.#perL2));
    if (!table)
      return { kind: 'absent', lengthBytes: Math.min(maxBytes, (this.#perL2 - index) * clusterBytes - within) };
    const first = this.#entry(table, index);
    if (first.kind === 'packed')
      return {
        kind: 'packed',
        lengthBytes: Math.min(maxBytes, clusterBytes - within),
        within,
        unpack: () => this.#codec.unpack(first.place),
      };
    let count = 1;
    while (count * clusterBytes - within < maxBytes && index + count < this.#perL2) {
      const next = this.#entry(table, index + count);
      if (next.kind !== first.kind) break;
      if (first.kind === 'data' && next.kind === 'data' && next.at !== first.at + count * clusterBytes) break;
      count++;
    }
    const lengthBytes = Math.min(maxBytes, count * clusterBytes - within);
    return first.kind === 'data'
      ? { kind: 'data', lengthBytes, file: this.file, at: first.at + within }
      : { kind: first.kind, lengthBytes };
  }

  #table(l1Index: number): Table | undefined {
    const at = offsetOf(this.#l1.getUint32(l1Index * 8), this.#l1.getUint32(l1Index * 8 + 4));
    if (at === 0) return undefined;
    if (at % this.#header.clusterBytes !== 0 || at + this.#header.clusterBytes > this.file.sizeBytes)
      throw corrupt(
        { file: this.file, offsetBytes: this.#header.l1Offset + l1Index * 8, field: `l1_table[${l1Index}]` },
        `it points to ${at}, where no L2 table can be`,
      );
    return this.#l2.get(at);
  }

  #entry(table: Table, index: number): Entry {
    const entry = readEntry(table.view, index, this.#header.clusterBits);
    if (entry.kind === 'absent' || entry.kind === 'packed') return entry;
    const where = (): Where => ({ file: this.file, offsetBytes: table.at + index * 8, field: `l2_table[${index}]` });
    if (entry.kind === 'zero' && this.#header.version === 2)
      throw corrupt(where(), 'it is a zero cluster, which version 2 does not have');
    if (entry.at % this.#header.clusterBytes !== 0)
      throw corrupt(where(), `it points to ${entry.at}, which is not the beginning of a cluster`);
    if (entry.kind === 'data' && entry.at >= this.file.sizeBytes)
      throw imageError(
        'image.truncated',
        where(),
        `it points to ${entry.at}, behind the file's end at ${this.file.sizeBytes}`,
      );
    return entry;
  }

  // ---- writing

  protected writePiece(offsetBytes: number, data: Uint8Array): number {
    const { clusterBytes } = this.#header;
    const counts = this.#writable();
    const cluster = Math.floor(offsetBytes / clusterBytes);
    const within = offsetBytes - cluster * clusterBytes;
    const index = cluster % this.#perL2;
    const table = this.#ownTable(Math.floor(cluster / this.#perL2), counts);
    const entry = this.#entry(table, index);
    const first = data.subarray(0, clusterBytes - within);
    if (entry.kind === 'data' && entry.copied) {
      let length = first.length;
      for (let i = index + 1; length < data.length && i < this.#perL2; i++) {
        const next = this.#entry(table, i);
        if (next.kind !== 'data' || !next.copied || next.at !== entry.at + (i - index) * clusterBytes) break;
        length = Math.min(data.length, length + clusterBytes);
      }
      this.file.write(entry.at + within, data.subarray(0, length));
      return length;
    }
    const whole = this.#coversCluster(offsetBytes, first.length);
    if (whole && entry.kind !== 'data' && entry.kind !== 'packed' && isZero(first)) {
      if (entry.kind === 'absent' && !this.parent) return first.length;
      if (entry.kind === 'zero') return first.length;
      if (this.#header.version === 3) {
        writeZero(table.view, index);
        this.#l2.markDirty(table);
        return first.length;
      }
    }
    if (whole && this.#packNew && entry.kind === 'absent' && this.#writePacked(table, index, first, counts))
      return first.length;
    if (whole) return this.#writeRun(table, index, data, counts);
    this.#copyOnWrite(table, index, entry, { within, data: first, cluster }, counts);
    return first.length;
  }

  /** Whether a write decides every byte of its cluster; behind the end of the medium there are none. */
  #coversCluster(offsetBytes: number, lengthBytes: number): boolean {
    const { clusterBytes } = this.#header;
    return (
      offsetBytes % clusterBytes === 0 && (lengthBytes === clusterBytes || offsetBytes + lengthBytes === this.sizeBytes)
    );
  }

  /** Whole clusters, as many as need a new place and get it in a row. */
  #writeRun(table: Table, index: number, data: Uint8Array, counts: Refcounts): number {
    const { clusterBytes } = this.#header;
    const replaced: Entry[] = [];
    const wanted = Math.max(Math.floor(data.length / clusterBytes), 1);
    while (replaced.length < wanted && index + replaced.length < this.#perL2) {
      const entry = this.#entry(table, index + replaced.length);
      if (replaced.length > 0) {
        if (entry.kind === 'data' && entry.copied) break;
        const at = replaced.length * clusterBytes;
        if (entry.kind === 'absent' && isZero(data.subarray(at, at + clusterBytes))) break;
      }
      replaced.push(entry);
    }
    const { first, count } = counts.allocate(1, this.#packNew ? 1 : replaced.length);
    const length = Math.min(data.length, count * clusterBytes);
    this.file.write(first * clusterBytes, data.subarray(0, length));
    if (length < clusterBytes) this.file.write(first * clusterBytes + length, new Uint8Array(clusterBytes - length));
    for (let i = 0; i < count; i++) {
      writeOwned(table.view, index + i, (first + i) * clusterBytes);
      this.#release(replaced[i], counts);
    }
    this.#l2.markDirty(table);
    return length;
  }

  #copyOnWrite(
    table: Table,
    index: number,
    entry: Entry,
    change: { readonly within: number; readonly data: Uint8Array; readonly cluster: number },
    counts: Refcounts,
  ): void {
    const { clusterBytes } = this.#header;
    const bytes = new Uint8Array(clusterBytes);
    if (entry.kind === 'data') this.file.read(entry.at, bytes);
    else if (entry.kind === 'packed') bytes.set(this.#codec.unpack(entry.place));
    else if (entry.kind === 'absent') this.readBelow(change.cluster * clusterBytes, bytes);
    bytes.set(change.data, change.within);
    const at = counts.allocate(1).first * clusterBytes;
    this.file.write(at, bytes);
    writeOwned(table.view, index, at);
    this.#l2.markDirty(table);
    this.#release(entry, counts);
  }

  /** Several compressed clusters share a cluster of the file, which counts each of them. */
  #writePacked(table: Table, index: number, data: Uint8Array, counts: Refcounts): boolean {
    const { clusterBytes, clusterBits } = this.#header;
    let cluster = data;
    if (data.length < clusterBytes) {
      cluster = new Uint8Array(clusterBytes);
      cluster.set(data);
    }
    const packed = this.#codec.pack(cluster);
    if (!packed) return false;
    let at = this.#packedEnd;
    const room = at === 0 ? 0 : clusterBytes - (at % clusterBytes);
    if (packed.length <= room) counts.add(Math.floor(at / clusterBytes));
    else {
      const next = counts.allocate(1).first * clusterBytes;
      if (room > 0 && next === at + room) counts.add(Math.floor(at / clusterBytes));
      else at = next;
    }
    this.file.write(at, packed);
    const end = at + packed.length;
    this.#packedEnd = end % clusterBytes === 0 ? 0 : end;
    const { high, low } = encodePlace(at, packed.length, clusterBits);
    writeHalves(table.view, index, high, low);
    this.#l2.markDirty(table);
    return true;
  }

  /** The counts, with the image's header made fit for a writer that keeps them. */
  #writable(): Refcounts {
    if (this.#counts) {
      if (this.#counts.pendingFrees > PENDING_FREES_MAX) this.flushLayer();
      return this.#counts;
    }
    const header = this.#header;
    this.#counts = new Refcounts(this.file, header);
    const dirty = 1n << BigInt(INCOMPATIBLE.dirty);
    // The last writer did not keep the counts up to date and did not close the image.
    if (header.incompatible & dirty) {
      checkQcow2(this.file, header, this.#l1, this.#counts, true);
      this.flushLayer();
      this.#writeHeader64(HEADER_FIELD.incompatible, (header.incompatible &= ~dirty));
    }
    // What these features describe is no longer true after a write by someone who does not know them.
    if (header.autoclear !== 0n) this.#writeHeader64(HEADER_FIELD.autoclear, (header.autoclear = 0n));
    return this.#counts;
  }

  #writeHeader64(at: number, value: bigint): void {
    this.file.write(at, bigEndian64(value));
    this.file.flush();
  }

  /** An L2 table that no snapshot shares. */
  #ownTable(l1Index: number, counts: Refcounts): Table {
    const present = this.#table(l1Index);
    if (present && isCopied(this.#l1.getUint32(l1Index * 8))) return present;
    const bytes = present ? present.bytes.slice() : new Uint8Array(this.#header.clusterBytes);
    const at = counts.allocate(1).first * this.#header.clusterBytes;
    this.file.write(at, bytes);
    writeOwned(this.#l1, l1Index, at);
    this.#dirtyL1.add(l1Index);
    if (present) counts.free(present.at / this.#header.clusterBytes);
    return this.#l2.add(at, bytes);
  }

  /** Gives up what an entry referred to. */
  #release(entry: Entry, counts: Refcounts): void {
    if (entry.kind === 'packed') {
      this.#codec.forget();
      for (const cluster of clustersOf(entry.place, this.#header.clusterBytes)) {
        counts.free(cluster);
        // It may become somebody else's altogether.
        if (cluster === Math.floor(this.#packedEnd / this.#header.clusterBytes)) this.#packedEnd = 0;
      }
    } else if (entry.kind !== 'absent' && entry.at !== 0) counts.free(entry.at / this.#header.clusterBytes);
  }

  protected flushLayer(): void {
    const counts = this.#counts;
    if (!counts) return;
    if (this.#l2.hasDirty) this.#l2.writeBack();
    else counts.writeBack();
    this.file.flush();
    if (this.#dirtyL1.size > 0) {
      for (const index of this.#dirtyL1)
        this.file.write(this.#header.l1Offset + index * 8, new Uint8Array(this.#l1.buffer, index * 8, 8));
      this.#dirtyL1.clear();
      this.file.flush();
    }
    // Losing these leaks space, no more: no further flush is needed.
    counts.applyFrees();
    counts.writeBack();
  }

  // ---- space

  override get givesSpaceBack(): boolean {
    return true;
  }

  protected discardLayer(offsetBytes: number, lengthBytes: number): void {
    const { clusterBytes } = this.#header;
    const end = offsetBytes + lengthBytes;
    const last = end === this.sizeBytes ? Math.ceil(end / clusterBytes) : Math.floor(end / clusterBytes);
    // With a parent, only a zero cluster hides what it has.
    if (this.parent && this.#header.version === 2) return;
    const counts = this.#writable();
    for (let cluster = Math.ceil(offsetBytes / clusterBytes); cluster < last;) {
      const l1Index = Math.floor(cluster / this.#perL2);
      const next = Math.min((l1Index + 1) * this.#perL2, last);
      if (this.#table(l1Index) || this.parent) this.#discardInTable(l1Index, cluster, next, counts);
      cluster = next;
    }
  }

  #discardInTable(l1Index: number, from: number, to: number, counts: Refcounts): void {
    const table = this.#ownTable(l1Index, counts);
    for (let cluster = from; cluster < to; cluster++) {
      const index = cluster % this.#perL2;
      this.#release(this.#entry(table, index), counts);
      if (this.parent) writeZero(table.view, index);
      else writeAbsent(table.view, index);
    }
    this.#l2.markDirty(table);
    if (counts.pendingFrees > PENDING_FREES_MAX) this.flushLayer();
  }

  protected resizeLayer(sizeBytes: number): void {
    const header = this.#header;
    const counts = this.#writable();
    if (header.snapshotCount > 0 && header.version === 2)
      throw imageError(
        'image.unsupported',
        { file: this.file },
        'version 2 has no room for the sizes of its snapshots',
        'delete its internal snapshots first',
      );
    if (sizeBytes < this.sizeBytes) this.discardLayer(sizeBytes, this.sizeBytes - sizeBytes);
    const needed = Math.ceil(sizeBytes / l2Coverage(header.clusterBytes));
    if (needed * 8 > L1_BYTES_MAX)
      throw imageError('image.size', { file: this.file }, `${sizeBytes} bytes are too many`, 'use larger clusters');
    this.flushLayer();
    if (needed > header.l1Size) this.#growL1(needed, counts);
    this.#writeHeader64(HEADER_FIELD.size, BigInt(sizeBytes));
    header.sizeBytes = sizeBytes;
  }

  #growL1(entries: number, counts: Refcounts): void {
    const header = this.#header;
    const l1 = new DataView(new ArrayBuffer(entries * 8));
    new Uint8Array(l1.buffer).set(new Uint8Array(this.#l1.buffer));
    const clusters = Math.ceil((entries * 8) / header.clusterBytes);
    const at = counts.allocate(clusters).first * header.clusterBytes;
    this.file.write(at, new Uint8Array(l1.buffer));
    this.file.write(at + entries * 8, new Uint8Array(clusters * header.clusterBytes - entries * 8));
    counts.writeBack();
    this.file.flush();
    const fields = new DataView(new ArrayBuffer(12));
    fields.setUint32(0, entries);
    fields.setBigUint64(4, BigInt(at));
    this.file.write(HEADER_FIELD.l1Size, new Uint8Array(fields.buffer));
    this.file.flush();
    const old = { first: header.l1Offset / header.clusterBytes, bytes: header.l1Size * 8 };
    for (let i = 0; i < Math.ceil(old.bytes / header.clusterBytes); i++) counts.free(old.first + i);
    header.l1Offset = at;
    header.l1Size = entries;
    this.#l1 = l1;
  }

  protected checkLayer(repair: boolean): CheckReport {
    if (!this.readOnly) this.flushLayer();
    const counts = repair ? this.#writable() : new Refcounts(this.file, this.#header);
    const report = checkQcow2(this.file, this.#header, this.#l1, counts, repair);
    if (repair) {
      // The check changed tables in the file.
      this.#l2.forget();
      this.flushLayer();
    }
    return report;
  }

  info(): ImageInfo {
    const header = this.#header;
    return {
      format: 'qcow2',
      variant: `v${header.version}`,
      sizeBytes: this.sizeBytes,
      clusterBytes: header.clusterBytes,
      parent: header.backing,
      snapshots: readSnapshots(this.file, header).snapshots.map(({ l1Offset: _at, l1Size: _size, ...info }) => info),
      details: {
        compressionType: header.compression,
        refcountBits: header.refcountBits,
        lazyRefcounts: (header.compatible & COMPATIBLE_LAZY_REFCOUNTS) !== 0n,
        dirty: (header.incompatible & 1n) !== 0n,
        corrupt: (header.incompatible & 2n) !== 0n,
      },
    };
  }
}
