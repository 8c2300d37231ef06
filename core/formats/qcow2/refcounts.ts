/** How often each cluster of the file is used. QEMU docs/interop/qcow2.txt, "Host cluster management". */
import type { ByteFile } from '../../backends/index.ts';
import { corrupt, imageError } from '../failure.ts';
import { HEADER_FIELD, REFCOUNT_TABLE_BYTES_MAX, type Qcow2Header } from './layout.ts';
import { TableCache, type Table } from '../table-cache.ts';

const CACHE_BYTES = 4 * 1024 * 1024;

export class Refcounts {
  readonly #file: ByteFile;
  readonly #header: Qcow2Header;
  readonly #blocks: TableCache;
  /** Offsets of the refcount blocks, 0 for those that are missing. */
  #table: Float64Array;
  readonly #perBlock: number;
  readonly #max: number;
  /** No cluster below it is free. */
  #freeFrom = 0;
  /** Clusters that are given up once the tables that named them are rewritten. */
  #pendingFrees: number[] = [];

  constructor(file: ByteFile, header: Qcow2Header) {
    this.#file = file;
    this.#header = header;
    this.#perBlock = (header.clusterBytes * 8) / header.refcountBits;
    this.#max = header.refcountBits === 64 ? Number.MAX_SAFE_INTEGER : 2 ** header.refcountBits - 1;
    this.#blocks = new TableCache(file, {
      tableBytes: header.clusterBytes,
      memoryBytes: CACHE_BYTES,
      beforeWrite: () => {},
    });
    this.#table = readOffsets(file, header.refcountTableOffset, header.refcountTableClusters * header.clusterBytes);
  }

  /** Clusters that one refcount block counts. */
  get clustersPerBlock(): number {
    return this.#perBlock;
  }

  get pendingFrees(): number {
    return this.#pendingFrees.length;
  }

  /** Offsets of the refcount blocks, for the check. */
  get blockOffsets(): Float64Array {
    return this.#table;
  }

  get(cluster: number): number {
    const index = Math.floor(cluster / this.#perBlock);
    const at = index < this.#table.length ? this.#table[index] : 0;
    return at === 0 ? 0 : readCount(this.#block(index, at).view, cluster % this.#perBlock, this.#header.refcountBits);
  }

  set(cluster: number, count: number): void {
    if (count > this.#max)
      throw imageError(
        'image.unsupported',
        { file: this.#file, offsetBytes: cluster * this.#header.clusterBytes, field: 'refcount' },
        `${count} references do not fit into ${this.#header.refcountBits} bits`,
      );
    const index = Math.floor(cluster / this.#perBlock);
    this.#ensureBlock(index);
    const block = this.#block(index, this.#table[index]);
    writeCount(block.view, cluster % this.#perBlock, this.#header.refcountBits, count);
    this.#blocks.markDirty(block);
    if (count === 0) this.#freeFrom = Math.min(this.#freeFrom, cluster);
  }

  add(cluster: number): void {
    this.set(cluster, this.get(cluster) + 1);
  }

  /**
   * Takes `count` free clusters in a row and returns the first; each has one reference. At most `atMost` of them when
   * that many follow each other (`count` is then the least).
   */
  allocate(count: number, atMost = count): { readonly first: number; readonly count: number } {
    for (;;) {
      const first = this.#find(count);
      let last = first + count - 1;
      while (last - first + 1 < atMost && this.#isFree(last + 1)) last++;
      if (this.#createMissing(first, last)) continue; // a new block may lie where we were
      for (let cluster = first; cluster <= last; cluster++) this.set(cluster, 1);
      if (first === this.#freeFrom || count === 1) this.#freeFrom = Math.max(this.#freeFrom, last + 1);
      return { first, count: last - first + 1 };
    }
  }

  /** Takes one reference away, but not before `applyFrees`. */
  free(cluster: number): void {
    this.#pendingFrees.push(cluster);
  }

  /** To be called when the file no longer names what was freed. */
  applyFrees(): void {
    const freed = this.#pendingFrees;
    this.#pendingFrees = [];
    for (const cluster of freed) this.set(cluster, Math.max(this.get(cluster) - 1, 0));
  }

  writeBack(): void {
    this.#blocks.writeBack();
  }

  #find(count: number): number {
    let run = 0;
    for (let cluster = this.#freeFrom; ; cluster++) {
      run = this.#isFree(cluster) ? run + 1 : 0;
      if (run === count) return cluster - count + 1;
    }
  }

  /** Damaged counts must not give away what the header itself points to. */
  #isFree(cluster: number): boolean {
    if (this.get(cluster) !== 0) return false;
    const { clusterBytes, l1Offset, l1Size, refcountTableOffset, refcountTableClusters, snapshotsOffset } =
      this.#header;
    const at = cluster * clusterBytes;
    const within = (start: number, lengthBytes: number): boolean => at >= start && at < start + lengthBytes;
    return !(
      cluster === 0 ||
      within(l1Offset, l1Size * 8) ||
      within(refcountTableOffset, refcountTableClusters * clusterBytes) ||
      (this.#header.snapshotCount > 0 && at === snapshotsOffset)
    );
  }

  #block(index: number, at: number): Table {
    const { clusterBytes } = this.#header;
    if (at % clusterBytes !== 0 || at + clusterBytes > this.#file.sizeBytes)
      throw corrupt(
        { file: this.#file, offsetBytes: this.#header.refcountTableOffset + index * 8, field: 'refcount_table' },
        `entry ${index} points to ${at}, where no refcount block can be`,
      );
    return this.#blocks.get(at);
  }

  /** Whether blocks had to be made. */
  #createMissing(first: number, last: number): boolean {
    let made = false;
    for (let index = Math.floor(first / this.#perBlock); index <= Math.floor(last / this.#perBlock); index++)
      made = this.#ensureBlock(index) || made;
    return made;
  }

  /**
   * A new block lies at the beginning of the range that it counts, or behind the end of the file: nowhere that
   * something else could be, whatever is wrong with the counts.
   */
  #ensureBlock(index: number): boolean {
    if (index >= this.#table.length) this.#growTable(index);
    if (this.#table[index] !== 0) return false;
    const { clusterBytes } = this.#header;
    const cluster = Math.max(index * this.#perBlock, this.#endCluster());
    const at = cluster * clusterBytes;
    this.#file.write(at, new Uint8Array(clusterBytes));
    this.#file.flush();
    this.#table[index] = at;
    this.#file.write(this.#header.refcountTableOffset + index * 8, bigEndian64(at));
    this.set(cluster, 1);
    return true;
  }

  /** The first cluster that is wholly behind the end of the file. */
  #endCluster(): number {
    return Math.ceil(this.#file.sizeBytes / this.#header.clusterBytes);
  }

  /** A larger table behind the end of what the old one could count, with the blocks that count both. */
  #growTable(index: number): void {
    const { clusterBytes } = this.#header;
    const first = Math.max(this.#endCluster(), this.#table.length * this.#perBlock);
    const firstBlock = Math.floor(first / this.#perBlock);
    let blocks = 0;
    let tableClusters = 0;
    for (let settled = false; !settled;) {
      const lastBlock = Math.floor((first + blocks + tableClusters) / this.#perBlock);
      const entries = Math.max(index + 1, lastBlock + 1, Math.ceil(this.#table.length * 1.5));
      const clusters = Math.ceil((entries * 8) / clusterBytes);
      settled = lastBlock - firstBlock + 1 === blocks && clusters === tableClusters;
      blocks = lastBlock - firstBlock + 1;
      tableClusters = clusters;
    }
    if (tableClusters * clusterBytes > REFCOUNT_TABLE_BYTES_MAX)
      throw imageError('image.size', { file: this.#file }, 'the file cannot grow further', 'use larger clusters');
    const table = new Float64Array((tableClusters * clusterBytes) / 8);
    table.set(this.#table);
    this.#file.flush();
    for (let i = 0; i < blocks; i++) {
      const view = new DataView(new ArrayBuffer(clusterBytes));
      for (let cluster = first; cluster < first + blocks + tableClusters; cluster++)
        if (Math.floor(cluster / this.#perBlock) === firstBlock + i)
          writeCount(view, cluster % this.#perBlock, this.#header.refcountBits, 1);
      table[firstBlock + i] = (first + i) * clusterBytes;
      this.#file.write(table[firstBlock + i], new Uint8Array(view.buffer));
    }
    const at = (first + blocks) * clusterBytes;
    this.#file.write(at, encodeOffsets(table));
    this.#file.flush();

    const old = { first: this.#header.refcountTableOffset / clusterBytes, count: this.#header.refcountTableClusters };
    const fields = new DataView(new ArrayBuffer(12));
    fields.setBigUint64(0, BigInt(at));
    fields.setUint32(8, tableClusters);
    this.#file.write(HEADER_FIELD.refcountTableOffset, new Uint8Array(fields.buffer));
    this.#file.flush();
    this.#header.refcountTableOffset = at;
    this.#header.refcountTableClusters = tableClusters;
    this.#table = table;
    for (let i = 0; i < old.count; i++) this.free(old.first + i);
  }
}

export function readOffsets(file: ByteFile, at: number, lengthBytes: number): Float64Array {
  const bytes = new Uint8Array(lengthBytes);
  file.read(at, bytes);
  const view = new DataView(bytes.buffer);
  const offsets = new Float64Array(lengthBytes / 8);
  for (let i = 0; i < offsets.length; i++) offsets[i] = Number(view.getBigUint64(i * 8));
  return offsets;
}

function encodeOffsets(offsets: Float64Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(offsets.length * 8));
  offsets.forEach((offset, i) => view.setBigUint64(i * 8, BigInt(offset)));
  return new Uint8Array(view.buffer);
}

export function bigEndian64(value: number | bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value));
  return new Uint8Array(view.buffer);
}

/** Counts of less than a byte stand in a byte from its low bits up. */
function readCount(view: DataView, index: number, bits: number): number {
  switch (bits) {
    case 8:
      return view.getUint8(index);
    case 16:
      return view.getUint16(index * 2);
    case 32:
      return view.getUint32(index * 4);
    case 64:
      return Number(view.getBigUint64(index * 8));
    default:
      return (view.getUint8((index * bits) >>> 3) >> ((index * bits) & 7)) & (2 ** bits - 1);
  }
}

function writeCount(view: DataView, index: number, bits: number, count: number): void {
  switch (bits) {
    case 8:
      return view.setUint8(index, count);
    case 16:
      return view.setUint16(index * 2, count);
    case 32:
      return view.setUint32(index * 4, count);
    case 64:
      return view.setBigUint64(index * 8, BigInt(count));
    default: {
      const at = (index * bits) >>> 3;
      const shift = (index * bits) & 7;
      const kept = view.getUint8(at) & ~((2 ** bits - 1) << shift);
      view.setUint8(at, kept | (count << shift));
    }
  }
}
