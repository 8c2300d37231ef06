/**
 * Stream-optimized VMDK, as OVF appliances carry their disks: compressed grains in ascending order, their tables behind
 * them, the directory and a footer at the end. VMware "Virtual Disk Format 5.0", "Stream-Optimized Compressed Sparse
 * Extents".
 */
import type { ByteFile, Codecs } from '../../backends/index.ts';
import type { CheckReport, CreateOptions, ImageInfo } from '../disk-image.ts';
import { imageError } from '../failure.ts';
import { isZero, roundUp } from '../fields.ts';
import { LayeredImage, soundReport, type Piece } from '../layered.ts';
import { DESCRIPTOR_ROOM_BYTES, GRAIN_BYTES } from './create.ts';
import { SECTOR_BYTES, writeDescriptor } from './descriptor.ts';
import { FLAG, GTES_PER_TABLE, MARKER, encodeSparseHeader, type NewSparseHeader } from './sparse.ts';
import { randomCid } from './cid.ts';

const MARKER_HEAD_BYTES = 12;
const WINDOW_BITS = 15;

/** Written once, front to back, in whole grains; `close` completes it. It is read by opening it anew. */
export class VmdkStreamWriter extends LayeredImage {
  readonly format = 'vmdk';
  readonly #codecs: Codecs;
  readonly #header: NewSparseHeader;
  /** Sectors of the grain tables; those that are all absent are 0. */
  readonly #directory: Uint32Array;
  readonly #table = new Uint8Array(GTES_PER_TABLE * 4);
  #tableIndex = 0;
  #tableUsed = false;
  /** No grain below it can be written any more. */
  #nextGrain = 0;
  #end: number;

  static create(file: ByteFile, options: CreateOptions): VmdkStreamWriter {
    if (options.parent)
      throw imageError('image.unsupported', { file }, 'a stream has no parent', 'use monolithicSparse');
    return new VmdkStreamWriter(file, options);
  }

  private constructor(file: ByteFile, options: CreateOptions) {
    const { sizeBytes } = options;
    super(file, { sizeBytes, readOnly: false });
    this.#codecs = options.codecs;
    this.#directory = new Uint32Array(Math.ceil(sizeBytes / (GRAIN_BYTES * GTES_PER_TABLE)));
    const name = file.name.slice(Math.max(file.name.lastIndexOf('/'), file.name.lastIndexOf('\\')) + 1);
    const sectors = sizeBytes / SECTOR_BYTES;
    const text = writeDescriptor({
      createType: 'streamOptimized',
      cid: randomCid(options.entropy),
      parent: undefined,
      extents: [{ access: 'RW', sectors, kind: 'SPARSE', fileName: name, offsetSectors: 0 }],
      sizeBytes,
    });
    this.#end = roundUp(SECTOR_BYTES + DESCRIPTOR_ROOM_BYTES, GRAIN_BYTES);
    this.#header = {
      flags: FLAG.newlines | FLAG.compressed | FLAG.markers,
      capacitySectors: roundUp(sizeBytes, GRAIN_BYTES) / SECTOR_BYTES,
      grainBytes: GRAIN_BYTES,
      descriptorAt: SECTOR_BYTES,
      descriptorBytes: DESCRIPTOR_ROOM_BYTES,
      gtesPerTable: GTES_PER_TABLE,
      redundantAt: 0,
      directoryAt: undefined,
      overheadBytes: this.#end,
    };
    file.write(0, encodeSparseHeader(this.#header));
    file.write(SECTOR_BYTES, new TextEncoder().encode(text));
  }

  /** What was not written reads as zeros; what was is in the file. */
  protected pieceAt(offsetBytes: number, maxBytes: number): Piece {
    if (offsetBytes < this.#nextGrain * GRAIN_BYTES)
      throw imageError('image.unsupported', { file: this.file }, 'a stream is read after it is closed');
    return { kind: 'zero', lengthBytes: maxBytes };
  }

  protected writePiece(offsetBytes: number, data: Uint8Array): number {
    const grain = Math.floor(offsetBytes / GRAIN_BYTES);
    const part = data.subarray(0, GRAIN_BYTES);
    const whole = part.length === GRAIN_BYTES || offsetBytes + part.length === this.sizeBytes;
    if (offsetBytes % GRAIN_BYTES !== 0 || !whole || grain < this.#nextGrain)
      throw imageError(
        'image.unsupported',
        { file: this.file },
        'a stream is written front to back, in whole grains of 64 KiB',
        'convert into it',
      );
    if (!isZero(part)) this.#append(grain, part);
    this.#nextGrain = grain + 1;
    return part.length;
  }

  #append(grain: number, part: Uint8Array): void {
    const index = Math.floor(grain / GTES_PER_TABLE);
    if (index !== this.#tableIndex) this.#endTable();
    this.#tableIndex = index;
    const bytes = new Uint8Array(GRAIN_BYTES);
    bytes.set(part);
    const packed = this.#codecs.deflate(bytes, 'zlib', WINDOW_BITS);
    const record = new Uint8Array(roundUp(MARKER_HEAD_BYTES + packed.length, SECTOR_BYTES));
    const view = new DataView(record.buffer);
    view.setBigUint64(0, BigInt((grain * GRAIN_BYTES) / SECTOR_BYTES), true);
    view.setUint32(8, packed.length, true);
    record.set(packed, MARKER_HEAD_BYTES);
    new DataView(this.#table.buffer).setUint32((grain % GTES_PER_TABLE) * 4, this.#put(record), true);
    this.#tableUsed = true;
  }

  /** Appends, and returns the sector. */
  #put(record: Uint8Array): number {
    const sector = this.#end / SECTOR_BYTES;
    if (sector > 0xffffffff)
      throw imageError('image.size', { file: this.file }, 'the file has reached 2 TiB', 'use qcow2');
    this.file.write(this.#end, record);
    this.#end += record.length;
    return sector;
  }

  #putMarker(type: number, sectors: number): void {
    const view = new DataView(new ArrayBuffer(SECTOR_BYTES));
    view.setBigUint64(0, BigInt(sectors), true);
    view.setUint32(12, type, true);
    this.#put(new Uint8Array(view.buffer));
  }

  #endTable(): void {
    if (!this.#tableUsed) return;
    this.#putMarker(MARKER.grainTable, this.#table.length / SECTOR_BYTES);
    this.#directory[this.#tableIndex] = this.#put(this.#table);
    this.#table.fill(0);
    this.#tableUsed = false;
  }

  protected override finishLayer(): void {
    this.#endTable();
    const directory = new DataView(new ArrayBuffer(roundUp(this.#directory.length * 4, SECTOR_BYTES)));
    this.#directory.forEach((sector, i) => directory.setUint32(i * 4, sector, true));
    this.#putMarker(MARKER.grainDirectory, directory.byteLength / SECTOR_BYTES);
    const directoryAt = this.#put(new Uint8Array(directory.buffer)) * SECTOR_BYTES;
    this.#putMarker(MARKER.footer, 1);
    this.#put(encodeSparseHeader({ ...this.#header, directoryAt }));
    this.#putMarker(MARKER.endOfStream, 0);
  }

  protected flushLayer(): void {
    this.file.flush();
  }
  protected discardLayer(): void {}

  protected resizeLayer(): void {
    throw imageError('image.unsupported', { file: this.file }, 'a stream keeps its size', 'convert it');
  }

  protected checkLayer(): CheckReport {
    return soundReport(this.#end);
  }

  info(): ImageInfo {
    return {
      format: 'vmdk',
      variant: 'streamOptimized',
      sizeBytes: this.sizeBytes,
      clusterBytes: GRAIN_BYTES,
      parent: undefined,
      snapshots: [],
      details: {},
    };
  }
}
