/** Virtual PC's and Hyper-V's VHD: fixed, dynamic and differencing. "Virtual Hard Disk Image Format Specification". */
import type { ByteFile } from '../../backends/index.ts';
import type { CheckReport, CreateOptions, DiskImage, ImageInfo } from '../disk-image.ts';
import type { OpenContext } from '../driver.ts';
import { corrupt, imageError, type Where } from '../failure.ts';
import { roundUp } from '../fields.ts';
import { FreePlaces } from '../free-places.ts';
import { LayeredImage, soundReport, type Piece } from '../layered.ts';
import { TableCache } from '../table-cache.ts';
import { randomUuid } from '../uuid.ts';
import { WordTable } from '../word-table.ts';
import { wholeBlocks } from '../whole-blocks.ts';
import {
  BLOCK_ABSENT,
  DYNAMIC,
  FOOTER,
  FOOTER_BYTES,
  TYPE,
  VHD_BYTES_MAX,
  encodeDynamicHeader,
  encodeFooter,
  footerDifference,
  readDynamicHeader,
  readFooter,
  withParent,
  withSize,
  withTableEntries,
  type VhdDynamicHeader,
  type VhdFooter,
} from './layout.ts';

const SECTOR_BYTES = 512;
const BLOCK_BYTES = 2 * 1024 * 1024;
const TABLE_OFFSET = 1536;
const BITMAP_CACHE_BYTES = 1024 * 1024;

export const VhdImage = {
  open(file: ByteFile, context: OpenContext): DiskImage {
    const { footer, at } = readFooter(file);
    if (footer.type === TYPE.fixed) return FixedVhd.open(file, footer, at, context.readOnly);
    return DynamicVhd.open(file, footer, context);
  },

  create(file: ByteFile, options: CreateOptions): DiskImage {
    if (options.sizeBytes > VHD_BYTES_MAX)
      throw imageError('image.size', { file }, 'a VHD has at most 2040 GiB', 'use qcow2 or VDI');
    if (options.clusterBytes !== undefined && options.clusterBytes !== BLOCK_BYTES)
      throw imageError('image.unsupported', { file }, 'VHD blocks have 2 MiB', 'leave out the cluster size');
    return options.variant === 'fixed' ? FixedVhd.create(file, options) : DynamicVhd.create(file, options);
  },
};

const sharedInfo = (footer: VhdFooter) => ({
  uuid: footer.uuid,
  creator: new TextDecoder('latin1').decode(footer.bytes.subarray(FOOTER.creatorApp, FOOTER.creatorApp + 4)).trim(),
});

/** The bytes of the disk, and a footer behind them. */
class FixedVhd extends LayeredImage {
  readonly format = 'vhd';
  #footer: VhdFooter;

  static open(file: ByteFile, footer: VhdFooter, footerAt: number, readOnly: boolean): FixedVhd {
    if (footer.sizeBytes > footerAt)
      throw imageError(
        'image.truncated',
        { file, offsetBytes: footerAt + FOOTER.currentSize, field: 'footer.current_size' },
        `the disk has ${footer.sizeBytes} bytes, the file ${footerAt} of them`,
      );
    return new FixedVhd(file, footer, readOnly);
  }

  static create(file: ByteFile, options: CreateOptions): FixedVhd {
    const { sizeBytes, entropy, wallClock, parent } = options;
    if (parent) throw imageError('image.unsupported', { file }, 'a fixed image has no parent', 'use dynamic');
    file.write(
      sizeBytes,
      encodeFooter({ type: TYPE.fixed, sizeBytes, uuid: randomUuid(entropy, false), nowMs: wallClock.nowMs }),
    );
    const { footer, at } = readFooter(file);
    return FixedVhd.open(file, footer, at, false);
  }

  private constructor(file: ByteFile, footer: VhdFooter, readOnly: boolean) {
    super(file, { sizeBytes: footer.sizeBytes, readOnly });
    this.#footer = footer;
  }

  protected pieceAt(offsetBytes: number, maxBytes: number): Piece {
    return { kind: 'data', lengthBytes: maxBytes, file: this.file, at: offsetBytes };
  }
  protected writePiece(offsetBytes: number, data: Uint8Array): number {
    this.file.write(offsetBytes, data);
    return data.length;
  }
  protected flushLayer(): void {
    this.file.flush();
  }
  protected discardLayer(): void {}

  protected resizeLayer(sizeBytes: number): void {
    if (sizeBytes > VHD_BYTES_MAX)
      throw imageError('image.size', { file: this.file }, 'a VHD has at most 2040 GiB', 'use qcow2 or VDI');
    const bytes = withSize(this.#footer.bytes, sizeBytes);
    // The new footer first: between the two, the image has one at its end whatever happens.
    if (sizeBytes > this.sizeBytes) this.file.write(sizeBytes, bytes);
    else this.file.truncate(sizeBytes);
    this.file.write(sizeBytes, bytes);
    if (sizeBytes > this.sizeBytes)
      this.file.write(this.sizeBytes, new Uint8Array(Math.min(FOOTER_BYTES, sizeBytes - this.sizeBytes)));
    this.#footer = { ...this.#footer, sizeBytes, bytes };
  }

  protected checkLayer(): CheckReport {
    return soundReport(this.sizeBytes);
  }

  info(): ImageInfo {
    return {
      format: 'vhd',
      variant: 'fixed',
      sizeBytes: this.sizeBytes,
      clusterBytes: undefined,
      parent: undefined,
      snapshots: [],
      details: sharedInfo(this.#footer),
    };
  }
}

/** Blocks in the order of their first write, each behind a bitmap of the sectors that it holds. */
class DynamicVhd extends LayeredImage {
  readonly format = 'vhd';
  #footer: VhdFooter;
  #header: VhdDynamicHeader;
  #table: WordTable;
  readonly #bitmapBytes: number;
  readonly #bitmaps: TableCache;
  /** Where the next block goes, and the footer lies until then. */
  #end: number;
  readonly #free = new FreePlaces();

  static open(file: ByteFile, footer: VhdFooter, context: OpenContext): DynamicVhd {
    const header = readDynamicHeader(file, footer);
    let parent: DiskImage | undefined;
    if (footer.type === TYPE.differencing) {
      const where = { file, offsetBytes: footer.dataOffset + DYNAMIC.parentName, field: 'dynamic_header.parent_name' };
      parent = context.openParent(
        { reference: header.parentNames[0], uuid: header.parentUuid, format: undefined },
        where,
      );
      if (parent) checkParent(parent, header, where);
    }
    return new DynamicVhd(file, footer, header, context.readOnly, parent);
  }

  static create(file: ByteFile, options: CreateOptions): DynamicVhd {
    layOut(file, options);
    const { footer } = readFooter(file);
    return new DynamicVhd(file, footer, readDynamicHeader(file, footer), false, options.parent?.image);
  }

  private constructor(
    file: ByteFile,
    footer: VhdFooter,
    header: VhdDynamicHeader,
    readOnly: boolean,
    parent: DiskImage | undefined,
  ) {
    super(file, { sizeBytes: footer.sizeBytes, readOnly, parent });
    this.#footer = footer;
    this.#header = header;
    this.#table = WordTable.read(file, header.tableOffset, header.tableEntries, false);
    this.#bitmapBytes = roundUp(header.blockBytes / SECTOR_BYTES / 8, SECTOR_BYTES);
    this.#bitmaps = new TableCache(file, {
      tableBytes: this.#bitmapBytes,
      memoryBytes: BITMAP_CACHE_BYTES,
      beforeWrite: () => file.flush(),
    });
    this.#end = readOnly ? file.sizeBytes : this.#findEnd();
  }

  /** Behind the last block, wherever a writer that was interrupted left the footer. */
  #findEnd(): number {
    const { tableOffset, tableEntries } = this.#header;
    let end = roundUp(tableOffset + tableEntries * 4, SECTOR_BYTES);
    for (let block = 0; block < tableEntries; block++) {
      const at = this.#blockAt(block);
      if (at !== undefined) end = Math.max(end, at + this.#bitmapBytes + this.#header.blockBytes);
    }
    return Math.max(end, Math.floor(this.file.sizeBytes / SECTOR_BYTES) * SECTOR_BYTES - FOOTER_BYTES);
  }

  /** Where a block's bitmap is. */
  #blockAt(block: number): number | undefined {
    const sector = this.#table.get(block);
    if (sector === BLOCK_ABSENT) return undefined;
    const at = sector * SECTOR_BYTES;
    const where = (): Where => ({ file: this.file, offsetBytes: this.#table.offsetOf(block), field: `bat[${block}]` });
    const { tableOffset, tableEntries } = this.#header;
    if (at < FOOTER_BYTES || (at < tableOffset + tableEntries * 4 && at + this.#bitmapBytes > tableOffset))
      throw corrupt(where(), `it points to ${at}, into the image's own tables`);
    if (at + this.#bitmapBytes + this.#header.blockBytes > this.file.sizeBytes)
      throw imageError('image.truncated', where(), `it points to ${at}, behind the file's end`);
    return at;
  }

  protected pieceAt(offsetBytes: number, maxBytes: number): Piece {
    const { blockBytes } = this.#header;
    const block = Math.floor(offsetBytes / blockBytes);
    const within = offsetBytes - block * blockBytes;
    const most = Math.min(maxBytes, blockBytes - within);
    const at = this.#blockAt(block);
    if (at === undefined) return { kind: 'absent', lengthBytes: most };
    const { bytes } = this.#bitmaps.get(at);
    const first = Math.floor(within / SECTOR_BYTES);
    const present = hasBit(bytes, first);
    let sector = first + 1;
    while (sector * SECTOR_BYTES < within + most && hasBit(bytes, sector) === present) sector++;
    const lengthBytes = Math.min(most, sector * SECTOR_BYTES - within);
    return present
      ? { kind: 'data', lengthBytes, file: this.file, at: at + this.#bitmapBytes + within }
      : { kind: 'absent', lengthBytes };
  }

  protected writePiece(offsetBytes: number, data: Uint8Array): number {
    const { blockBytes } = this.#header;
    const block = Math.floor(offsetBytes / blockBytes);
    const within = offsetBytes - block * blockBytes;
    const part = data.subarray(0, blockBytes - within);
    const at = this.#blockAt(block) ?? this.#allocate(block);
    const first = Math.floor(within / SECTOR_BYTES);
    const last = Math.floor((within + part.length - 1) / SECTOR_BYTES);
    if (this.parent) {
      // A sector that is written in part gets the rest of it from below.
      for (const sector of new Set([first, last])) this.#fillSector(at, block, sector);
    }
    this.file.write(at + this.#bitmapBytes + within, part);
    const bitmap = this.#bitmaps.get(at);
    for (let sector = first; sector <= last; sector++) {
      if (hasBit(bitmap.bytes, sector)) continue;
      bitmap.bytes[sector >>> 3] |= 0x80 >> (sector & 7);
      this.#bitmaps.markDirty(bitmap);
    }
    return part.length;
  }

  #isZeroBelow(block: number): boolean {
    const { parent } = this;
    const start = block * this.#header.blockBytes;
    const end = Math.min(start + this.#header.blockBytes, parent?.sizeBytes ?? 0);
    for (let at = start; parent && at < end;) {
      const { zero, lengthBytes } = parent.extentAt(at, end - at);
      if (!zero) return false;
      at += lengthBytes;
    }
    return true;
  }

  #fillSector(at: number, block: number, sector: number): void {
    if (hasBit(this.#bitmaps.get(at).bytes, sector)) return;
    const bytes = new Uint8Array(SECTOR_BYTES);
    this.readBelow(block * this.#header.blockBytes + sector * SECTOR_BYTES, bytes);
    this.file.write(at + this.#bitmapBytes + sector * SECTOR_BYTES, bytes);
  }

  #allocate(block: number): number {
    const used = this.#free.take();
    if (used !== undefined) {
      this.file.write(used, new Uint8Array(this.#bitmapBytes).fill(this.parent ? 0 : 0xff));
      this.file.write(used + this.#bitmapBytes, new Uint8Array(this.#header.blockBytes));
      this.#table.set(block, used / SECTOR_BYTES);
      return used;
    }
    const at = this.#end;
    const end = at + this.#bitmapBytes + this.#header.blockBytes;
    this.file.truncate(at);
    // Without a parent every sector of the block is its own, as other programs have it too.
    this.file.write(at, new Uint8Array(this.#bitmapBytes).fill(this.parent ? 0 : 0xff));
    this.file.write(end, this.#footer.bytes);
    this.#end = end;
    this.#table.set(block, at / SECTOR_BYTES);
    return at;
  }

  /** Tables refer to data only when they are in the file. */
  protected flushLayer(): void {
    this.#bitmaps.writeBack();
    if (this.#table.isDirty) {
      this.file.flush();
      this.#table.writeBack();
    }
    this.file.flush();
    this.#free.flushed();
  }

  override get givesSpaceBack(): boolean {
    return true;
  }

  /**
   * The blocks that lie wholly in the range; the next ones that are written take their places. No block can hide what a
   * parent has: where that has something the block stays.
   */
  protected discardLayer(offsetBytes: number, lengthBytes: number): void {
    const { blockBytes } = this.#header;
    const [from, to] = wholeBlocks(this, offsetBytes, offsetBytes + lengthBytes, blockBytes);
    for (let block = from; block < to; block++) {
      const at = this.#blockAt(block);
      if (at === undefined || !this.#isZeroBelow(block)) continue;
      this.#bitmaps.drop(at);
      this.#table.set(block, BLOCK_ABSENT);
      this.#free.release(at);
    }
  }

  protected resizeLayer(sizeBytes: number): void {
    if (sizeBytes > VHD_BYTES_MAX)
      throw imageError('image.size', { file: this.file }, 'a VHD has at most 2040 GiB', 'use qcow2 or VDI');
    this.flushLayer();
    // What moves for a longer table may move to where they are.
    this.#free.clear();
    const { tableOffset, blockBytes, tableEntries } = this.#header;
    const blocks = Math.max(Math.ceil(sizeBytes / blockBytes), tableEntries);
    if (blocks > tableEntries) this.#growTable(tableOffset, blocks);
    const bytes = withSize(this.#footer.bytes, sizeBytes);
    this.#footer = { ...this.#footer, sizeBytes, bytes };
    this.#writeFooters();
  }

  /** The blocks that the longer table runs into move to the end. */
  #growTable(tableOffset: number, blocks: number): void {
    const { blockBytes } = this.#header;
    if (this.#footer.type === TYPE.differencing)
      throw imageError(
        'image.unsupported',
        { file: this.file },
        "its table has no room to grow: the parent's name lies behind it",
        'convert it into a new image of that size',
      );
    const tableEnd = roundUp(tableOffset + blocks * 4, SECTOR_BYTES);
    const whole = new Uint8Array(this.#bitmapBytes + blockBytes);
    for (let block = 0; block < this.#header.tableEntries; block++) {
      const at = this.#blockAt(block);
      if (at === undefined || at >= tableEnd) continue;
      this.file.read(at, whole);
      this.#bitmaps.drop(at);
      const target = Math.max(this.#end, tableEnd);
      this.file.write(target, whole);
      this.#end = target + whole.length;
      this.file.write(this.#end, this.#footer.bytes);
      this.#table.set(block, target / SECTOR_BYTES);
    }
    this.#end = Math.max(this.#end, tableEnd);
    this.flushLayer();
    const table = WordTable.fill(this.file, tableOffset, blocks, false, BLOCK_ABSENT);
    for (let block = 0; block < this.#header.tableEntries; block++) table.set(block, this.#table.get(block));
    table.writeBack();
    this.file.flush();
    const bytes = withTableEntries(this.#header.bytes, blocks);
    this.file.write(this.#footer.dataOffset, bytes);
    this.#header = { ...this.#header, tableEntries: blocks, bytes };
    this.#table = table;
  }

  #writeFooters(): void {
    this.file.write(0, this.#footer.bytes);
    this.file.write(this.#end, this.#footer.bytes);
    this.file.truncate(this.#end + FOOTER_BYTES);
  }

  protected checkLayer(repair: boolean): CheckReport {
    const whole = this.#bitmapBytes + this.#header.blockBytes;
    const errors: string[] = [];
    const starts: number[] = [];
    for (let block = 0; block < this.#header.tableEntries; block++) {
      const sector = this.#table.get(block);
      if (sector === BLOCK_ABSENT) continue;
      const at = sector * SECTOR_BYTES;
      if (at + whole > this.file.sizeBytes || at < this.#header.tableOffset + this.#header.tableEntries * 4)
        errors.push(`bat[${block}] points to ${at}, where no block can be`);
      else starts.push(at);
    }
    starts.sort((a, b) => a - b);
    starts.forEach((at, i) => {
      if (i > 0 && at - starts[i - 1] < whole) errors.push(`the blocks at ${starts[i - 1]} and ${at} overlap`);
    });
    const difference = footerDifference(this.file, this.#footer);
    if (difference !== undefined) errors.unshift(difference);
    const repairs = repair && difference !== undefined;
    if (repairs) this.#writeFooters();
    return {
      errors: errors.slice(0, 100),
      errorCount: errors.length,
      leakedBytes: 0,
      repaired: repairs ? 1 : 0,
      allocatedBytes: starts.length * this.#header.blockBytes,
    };
  }

  info(): ImageInfo {
    const differencing = this.#footer.type === TYPE.differencing;
    return {
      format: 'vhd',
      variant: differencing ? 'differencing' : 'dynamic',
      sizeBytes: this.sizeBytes,
      clusterBytes: this.#header.blockBytes,
      parent: differencing
        ? { reference: this.#header.parentNames[0] ?? this.#header.parentUuid, format: undefined }
        : undefined,
      snapshots: [],
      details: sharedInfo(this.#footer),
    };
  }
}

/** Sectors are counted from the high bit of each byte. */
const hasBit = (bitmap: Uint8Array, sector: number): boolean => (bitmap[sector >>> 3] & (0x80 >> (sector & 7))) !== 0;

function checkParent(parent: DiskImage, header: VhdDynamicHeader, where: Where): void {
  const { uuid } = parent.info().details;
  if (parent.format === 'vhd' && uuid === header.parentUuid) return;
  parent.dispose();
  throw imageError(
    'image.parent',
    where,
    `its parent is ${header.parentUuid}, not ${uuid ?? `a ${parent.format} image`}`,
    'name the right parent file',
  );
}

function layOut(file: ByteFile, options: CreateOptions): void {
  const { sizeBytes, entropy, wallClock, parent } = options;
  const nowMs = wallClock.nowMs;
  const type = parent ? TYPE.differencing : TYPE.dynamic;
  const footer = encodeFooter({ type, sizeBytes, uuid: randomUuid(entropy, false), nowMs });
  const blocks = Math.ceil(sizeBytes / BLOCK_BYTES);
  let header = encodeDynamicHeader(TABLE_OFFSET, blocks, BLOCK_BYTES);
  let end = roundUp(TABLE_OFFSET + blocks * 4, SECTOR_BYTES);
  if (parent) {
    if (parent.image.format !== 'vhd')
      throw imageError('image.unsupported', { file }, 'the parent of a VHD is a VHD', 'use qcow2');
    if (parent.reference.length > 200)
      throw imageError('image.unsupported', { file }, "the parent's name is too long", 'use a shorter one');
    const uuid = hexBytes(String(parent.image.info().details.uuid));
    const named = withParent(header, { uuid, name: parent.reference, locatorAt: end, nowMs });
    header = named.header;
    file.write(end, named.locator);
    end += SECTOR_BYTES;
  }
  const table = WordTable.fill(file, TABLE_OFFSET, roundUp(blocks * 4, SECTOR_BYTES) / 4, false, BLOCK_ABSENT);
  table.writeBack();
  file.write(0, footer);
  file.write(FOOTER_BYTES, header);
  file.write(end, footer);
}

const hexBytes = (uuid: string): Uint8Array =>
  Uint8Array.from(uuid.replaceAll('-', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
