/** Compares the reference counts with the references, as `qemu-img check` does. */
import type { ByteFile } from '../../backends/index.ts';
import type { CheckReport } from '../disk-image.ts';
import { imageError } from '../failure.ts';
import { isCopied, offsetOf, readEntry, writeHalves, COPIED_HIGH } from './entry.ts';
import type { Qcow2Header } from './layout.ts';
import { clustersOf } from './packed.ts';
import type { Refcounts } from './refcounts.ts';
import { readSnapshots } from './snapshots.ts';

const LISTED_MAX = 100;
/** Clusters that the check keeps count of: 256 MiB of memory, a file of 4 TiB with the usual clusters. */
const CLUSTERS_MAX = 2 ** 26;

export function checkQcow2(
  file: ByteFile,
  header: Qcow2Header,
  l1: DataView,
  counts: Refcounts,
  repair: boolean,
): CheckReport {
  return new Check(file, header, counts).run(l1, repair);
}

/** References to an L2 table, and whether the active L1 table is among them. */
interface TableUse {
  references: number;
  active: boolean;
}

class Check {
  readonly #file: ByteFile;
  readonly #header: Qcow2Header;
  readonly #counts: Refcounts;
  readonly #clusters: number;
  /** What the tables say about each cluster of the file. */
  readonly #used: Uint32Array;
  readonly #errors: string[] = [];
  #errorCount = 0;
  #repaired = 0;
  #leakedClusters = 0;
  #allocatedClusters = 0;

  constructor(file: ByteFile, header: Qcow2Header, counts: Refcounts) {
    this.#file = file;
    this.#header = header;
    this.#counts = counts;
    this.#clusters = Math.ceil(file.sizeBytes / header.clusterBytes);
    if (this.#clusters > CLUSTERS_MAX)
      throw imageError('image.unsupported', { file }, `${this.#clusters} clusters are too many to check`, undefined);
    this.#used = new Uint32Array(this.#clusters);
  }

  run(l1: DataView, repair: boolean): CheckReport {
    const header = this.#header;
    this.#use(0, 1, 'header');
    this.#use(header.refcountTableOffset, header.refcountTableClusters, 'refcount table');
    for (const at of this.#counts.blockOffsets) if (at !== 0) this.#use(at, 1, 'refcount block');
    const tables = new Map<number, TableUse>();
    this.#useL1('l1_table', header.l1Offset, l1, tables, true);
    if (header.snapshotCount > 0) {
      const { snapshots, tableBytes } = readSnapshots(this.#file, header);
      this.#use(header.snapshotsOffset, Math.ceil(tableBytes / header.clusterBytes), 'snapshot table');
      for (const { id, l1Offset, l1Size } of snapshots) {
        const view = new DataView(new ArrayBuffer(l1Size * 8));
        this.#file.read(l1Offset, new Uint8Array(view.buffer));
        this.#useL1(`snapshot ${id}`, l1Offset, view, tables, false);
      }
    }
    for (const [at, use] of tables) this.#useL2(at, use);
    this.#compare(repair);
    this.#checkCopied(l1, tables, repair);
    return {
      errors: this.#errors,
      errorCount: this.#errorCount,
      leakedBytes: this.#leakedClusters * header.clusterBytes,
      repaired: this.#repaired,
      allocatedBytes: this.#allocatedClusters * header.clusterBytes,
    };
  }

  #error(message: string): void {
    this.#errorCount++;
    if (this.#errors.length < LISTED_MAX) this.#errors.push(message);
  }

  #use(at: number, clusters: number, what: string, times = 1): void {
    const { clusterBytes } = this.#header;
    if (at % clusterBytes !== 0) return this.#error(`${what}: ${at} is not the beginning of a cluster`);
    const first = at / clusterBytes;
    if (first + clusters > this.#clusters) return this.#error(`${what}: ${at} lies behind the end of the file`);
    for (let i = first; i < first + clusters; i++) this.#used[i] += times;
  }

  #useL1(what: string, at: number, l1: DataView, tables: Map<number, TableUse>, active: boolean): void {
    const { clusterBytes } = this.#header;
    this.#use(at, Math.ceil(l1.byteLength / clusterBytes), what);
    const seen = new Set<number>();
    for (let i = 0; i < l1.byteLength / 8; i++) {
      const table = offsetOf(l1.getUint32(i * 8), l1.getUint32(i * 8 + 4));
      if (table === 0) continue;
      if (seen.has(table)) {
        this.#error(`${what}[${i}]: its L2 table at ${table} is also another entry's`);
        continue;
      }
      seen.add(table);
      this.#use(table, 1, `${what}[${i}]`);
      if (table % clusterBytes !== 0 || table + clusterBytes > this.#file.sizeBytes) continue;
      const use = tables.get(table) ?? { references: 0, active: false };
      tables.set(table, { references: use.references + 1, active: use.active || active });
    }
  }

  #useL2(at: number, { references, active }: TableUse): void {
    const { clusterBytes, clusterBits } = this.#header;
    const view = this.#l2(at);
    for (let i = 0; i < clusterBytes / 8; i++) {
      const entry = readEntry(view, i, clusterBits);
      if (entry.kind === 'absent') continue;
      const what = `L2 entry at ${at + i * 8}`;
      if (entry.kind === 'packed') {
        for (const cluster of clustersOf(entry.place, clusterBytes))
          this.#use(cluster * clusterBytes, 1, what, references);
        if (isCopied(view.getUint32(i * 8))) this.#error(`${what}: a compressed cluster is marked as copied`);
      } else if (entry.at !== 0) this.#use(entry.at, 1, what, references);
      if (active && entry.kind !== 'zero') this.#allocatedClusters++;
    }
  }

  #l2(at: number): DataView<ArrayBuffer> {
    const view = new DataView(new ArrayBuffer(this.#header.clusterBytes));
    this.#file.read(at, new Uint8Array(view.buffer));
    return view;
  }

  #compare(repair: boolean): void {
    // Putting counts right may add refcount blocks behind the end, which count themselves.
    for (let cluster = 0; cluster < this.#clusters; cluster++) {
      const used = this.#used[cluster];
      const counted = this.#counts.get(cluster);
      if (used === counted) continue;
      if (counted < used)
        this.#error(`cluster at ${cluster * this.#header.clusterBytes}: counted ${counted} times, used ${used} times`);
      else this.#leakedClusters++;
      if (!repair) continue;
      this.#counts.set(cluster, used);
      this.#repaired++;
    }
    if (repair) this.#counts.writeBack();
  }

  /** In the active tables, the "copied" flag stands exactly on what is referred to once. */
  #checkCopied(l1: DataView, tables: Map<number, TableUse>, repair: boolean): void {
    const { l1Offset } = this.#header;
    this.#checkFlags(l1, l1Offset, 'l1_table', repair);
    for (const [at, { active }] of tables) {
      if (!active) continue;
      this.#checkFlags(this.#l2(at), at, 'L2 table', repair);
    }
  }

  #checkFlags(view: DataView, at: number, what: string, repair: boolean): void {
    const { clusterBytes, clusterBits } = this.#header;
    const isL1 = what === 'l1_table';
    for (let i = 0; i < view.byteLength / 8; i++) {
      const high = view.getUint32(i * 8);
      const low = view.getUint32(i * 8 + 4);
      const target = offsetOf(high, low);
      if (!isL1 && readEntry(view, i, clusterBits).kind === 'packed') continue;
      if (target === 0 || target % clusterBytes !== 0 || target >= this.#file.sizeBytes) continue;
      const once = this.#used[target / clusterBytes] === 1;
      if (once === isCopied(high)) continue;
      // A missing flag costs a copy; one too many writes into what a snapshot shares.
      this.#error(`${what} entry at ${at + i * 8}: the "copied" flag is wrong`);
      if (!repair) continue;
      writeHalves(view, i, (once ? high | COPIED_HIGH : high & ~COPIED_HIGH) >>> 0, low);
      this.#file.write(at + i * 8, new Uint8Array(view.buffer, view.byteOffset + i * 8, 8));
      this.#repaired++;
    }
  }
}
