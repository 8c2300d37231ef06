/**
 * VirtualBox disk images. Version 1.1 as VirtualBox's user manual ("Disk image files") and QEMU's block/vdi.c describe
 * it: a header, a map with one word for each block of (usually) 1 MiB, and the blocks in the order of their first write.
 */
import type { ByteFile } from '../backends/index.ts';
import type { CheckReport, CreateOptions, DiskImage, ImageInfo } from './disk-image.ts';
import type { OpenContext } from './driver.ts';
import { corrupt, imageError } from './failure.ts';
import { Fields, roundUp } from './fields.ts';
import { FreePlaces } from './free-places.ts';
import { LayeredImage, type Piece } from './layered.ts';
import { NIL_UUID, UUID_BYTES, randomUuid, uuidText } from './uuid.ts';
import { WordTable } from './word-table.ts';
import { wholeBlocks } from './whole-blocks.ts';

const HEADER_BYTES = 0x1d8;
const SIGNATURE = 0xbeda107f;
const VERSION_1_1 = 0x00010001;
const MIB = 1024 * 1024;
/** Bounds the map in memory to 16 MiB: a disk of 4 TiB in blocks of 1 MiB. */
const BLOCKS_MAX = 4 * MIB;

const TYPE = { dynamic: 1, fixed: 2, undo: 3, differencing: 4 } as const;
/** Never written: the parent's, or zeros. */
const BLOCK_FREE = 0xffffffff;
/** Given up by the guest: zeros, whatever the parent has. */
const BLOCK_ZERO = 0xfffffffe;

const AT = {
  signature: 0x40,
  version: 0x44,
  headerBytes: 0x48,
  type: 0x4c,
  mapOffset: 0x154,
  dataOffset: 0x158,
  sectorBytes: 0x168,
  sizeBytes: 0x170,
  blockBytes: 0x178,
  blockExtra: 0x17c,
  blocks: 0x180,
  allocated: 0x184,
  uuid: 0x188,
  modificationUuid: 0x198,
  parentUuid: 0x1a8,
  parentModificationUuid: 0x1b8,
} as const;

/** Where a VDI has its own UUID and that of its last change, in Microsoft's byte order. */
export const VDI_UUID_AT = AT.uuid;
export const VDI_MODIFICATION_UUID_AT = AT.modificationUuid;

interface VdiHeader {
  readonly type: number;
  readonly mapOffset: number;
  readonly dataOffset: number;
  sizeBytes: number;
  readonly blockBytes: number;
  readonly blockExtra: number;
  blocks: number;
  allocated: number;
  readonly uuid: string;
  readonly modificationUuid: string;
  readonly parentUuid: string;
  readonly parentModificationUuid: string;
}

function readHeader(file: ByteFile): VdiHeader {
  const fields = Fields.read(file, 0, HEADER_BYTES, { name: 'header', littleEndian: true });
  if (fields.u32(AT.signature) !== SIGNATURE) throw fields.corrupt('signature', AT.signature, 'this is no VDI image');
  const version = fields.u32(AT.version);
  if (version !== VERSION_1_1)
    throw fields.unsupported('version', AT.version, `version ${version >>> 16}.${version & 0xffff} is not known`);
  const uuid = (at: number): string => uuidText(fields.bytes.subarray(at, at + UUID_BYTES), true);
  const header: VdiHeader = {
    type: fields.u32(AT.type),
    mapOffset: fields.u32(AT.mapOffset),
    dataOffset: fields.u32(AT.dataOffset),
    sizeBytes: fields.u64(AT.sizeBytes, 'disk_size'),
    blockBytes: fields.u32(AT.blockBytes),
    blockExtra: fields.u32(AT.blockExtra),
    blocks: fields.u32(AT.blocks),
    allocated: fields.u32(AT.allocated),
    uuid: uuid(AT.uuid),
    modificationUuid: uuid(AT.modificationUuid),
    parentUuid: uuid(AT.parentUuid),
    parentModificationUuid: uuid(AT.parentModificationUuid),
  };
  checkHeader(fields, header);
  return header;
}

function checkHeader(fields: Fields, header: VdiHeader): void {
  const { type, blockBytes, blockExtra, blocks, sizeBytes, mapOffset, dataOffset, allocated } = header;
  if (type < TYPE.dynamic || type > TYPE.differencing)
    throw fields.corrupt('image_type', AT.type, `${type} is no type`);
  if (type === TYPE.undo) throw fields.unsupported('image_type', AT.type, 'undo images are not supported');
  if (fields.u32(AT.sectorBytes) !== 512)
    throw fields.unsupported('sector_size', AT.sectorBytes, 'only sectors of 512 bytes are supported');
  if (blockBytes < 4096 || blockBytes > 64 * MIB || (blockBytes & (blockBytes - 1)) !== 0)
    throw fields.corrupt('block_size', AT.blockBytes, `${blockBytes} is no block size`);
  if (blockExtra > blockBytes || blockExtra % 512 !== 0)
    throw fields.corrupt('block_extra', AT.blockExtra, `${blockExtra} is too much`);
  if (sizeBytes === 0) throw fields.corrupt('disk_size', AT.sizeBytes, 'the disk has no bytes');
  if (blocks > BLOCKS_MAX || blocks < Math.ceil(sizeBytes / blockBytes))
    throw fields.corrupt('blocks_in_image', AT.blocks, `${blocks} blocks do not fit ${sizeBytes} bytes`);
  if (allocated > blocks) throw fields.corrupt('blocks_allocated', AT.allocated, `${allocated} of ${blocks} blocks`);
  if (mapOffset < HEADER_BYTES || mapOffset % 512 !== 0 || mapOffset + blocks * 4 > fields.file.sizeBytes)
    throw fields.corrupt('offset_bmap', AT.mapOffset, `there is no map of ${blocks} blocks at ${mapOffset}`);
  if (dataOffset < mapOffset + blocks * 4 || dataOffset % 512 !== 0)
    throw fields.corrupt('offset_data', AT.dataOffset, `the data at ${dataOffset} overlap the map`);
}

export class VdiImage extends LayeredImage {
  readonly format = 'vdi';
  readonly #header: VdiHeader;
  #map: WordTable;
  readonly #entropy: OpenContext['entropy'];
  #changed = false;
  readonly #free = new FreePlaces();

  static open(file: ByteFile, context: OpenContext): VdiImage {
    const header = readHeader(file);
    if (header.type !== TYPE.differencing) return new VdiImage(file, header, context, undefined);
    const where = { file, offsetBytes: AT.parentUuid, field: 'header.uuid_link' };
    const { parentUuid: uuid, parentModificationUuid: modificationUuid } = header;
    const parent = context.openParent({ reference: undefined, uuid, modificationUuid, format: 'vdi' }, where);
    if (parent) checkParent(parent, header, where);
    return new VdiImage(file, header, context, parent);
  }

  static create(file: ByteFile, options: CreateOptions): VdiImage {
    layOut(file, options);
    return new VdiImage(file, readHeader(file), { ...options, readOnly: false }, options.parent?.image);
  }

  private constructor(
    file: ByteFile,
    header: VdiHeader,
    context: Pick<OpenContext, 'readOnly' | 'entropy'>,
    parent: DiskImage | undefined,
  ) {
    super(file, { sizeBytes: header.sizeBytes, readOnly: context.readOnly, parent });
    this.#header = header;
    this.#entropy = context.entropy;
    this.#map = WordTable.read(file, header.mapOffset, header.blocks, true);
  }

  #blockAt(entry: number): number {
    return (
      this.#header.dataOffset + entry * (this.#header.blockBytes + this.#header.blockExtra) + this.#header.blockExtra
    );
  }

  /** The map's word for a block, checked. */
  #entry(block: number): number {
    const entry = this.#map.get(block);
    if (entry >= BLOCK_ZERO) return entry;
    const where = { file: this.file, offsetBytes: this.#map.offsetOf(block), field: `block_map[${block}]` };
    if (entry >= this.#header.allocated)
      throw corrupt(where, `it points to block ${entry} of ${this.#header.allocated} that there are`);
    if (this.#blockAt(entry) >= this.file.sizeBytes)
      throw imageError('image.truncated', where, `it points to ${this.#blockAt(entry)}, behind the file's end`);
    return entry;
  }

  protected pieceAt(offsetBytes: number, maxBytes: number): Piece {
    const { blockBytes } = this.#header;
    const block = Math.floor(offsetBytes / blockBytes);
    const within = offsetBytes - block * blockBytes;
    const lengthBytes = Math.min(maxBytes, blockBytes - within);
    const entry = this.#entry(block);
    if (entry === BLOCK_FREE) return { kind: 'absent', lengthBytes };
    if (entry === BLOCK_ZERO) return { kind: 'zero', lengthBytes };
    return { kind: 'data', lengthBytes, file: this.file, at: this.#blockAt(entry) + within };
  }

  protected writePiece(offsetBytes: number, data: Uint8Array): number {
    const { blockBytes } = this.#header;
    this.#noteChange();
    const block = Math.floor(offsetBytes / blockBytes);
    const within = offsetBytes - block * blockBytes;
    const part = data.subarray(0, blockBytes - within);
    const entry = this.#entry(block);
    if (entry < BLOCK_ZERO) this.file.write(this.#blockAt(entry) + within, part);
    else this.#allocate(block, within, part, entry === BLOCK_FREE);
    return part.length;
  }

  #allocate(block: number, within: number, part: Uint8Array, fromParent: boolean): void {
    const header = this.#header;
    if (header.allocated >= header.blocks && this.#free.wantsFlush) this.flushLayer();
    const used = this.#free.take();
    const entry = used ?? header.allocated;
    if (entry >= header.blocks)
      throw corrupt(
        { file: this.file, offsetBytes: AT.allocated, field: 'header.blocks_allocated' },
        'no block is left',
      );
    const at = this.#blockAt(entry);
    const fillsFromParent = fromParent && this.parent !== undefined;
    if ((fillsFromParent || used !== undefined) && part.length < header.blockBytes) {
      const whole = new Uint8Array(header.blockBytes);
      if (fillsFromParent) this.readBelow(block * header.blockBytes, whole);
      whole.set(part, within);
      this.file.write(at, whole);
    } else if (used !== undefined) this.file.write(at, part);
    else {
      // A hole of the host's file is as good as zeros.
      this.file.truncate(at);
      this.file.truncate(at + header.blockBytes);
      this.file.write(at + within, part);
    }
    if (used === undefined) header.allocated++;
    this.#map.set(block, entry);
  }

  /** Children know by this UUID that their parent is not what it was. */
  #noteChange(): void {
    if (this.#changed) return;
    this.#changed = true;
    if (this.#entropy) this.file.write(AT.modificationUuid, randomUuid(this.#entropy, true));
  }

  /** The map refers to blocks only when they are in the file. */
  protected flushLayer(): void {
    if (this.#map.isDirty) {
      this.#writeHeader32(AT.allocated, this.#header.allocated);
      this.file.flush();
      this.#map.writeBack();
    }
    this.file.flush();
    this.#free.flushed();
  }

  #writeHeader32(at: number, value: number): void {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, value, true);
    this.file.write(at, new Uint8Array(view.buffer));
  }

  override get givesSpaceBack(): boolean {
    return this.#header.type !== TYPE.fixed;
  }

  /** The blocks that lie wholly in the range; the next ones that are written take their places. */
  protected discardLayer(offsetBytes: number, lengthBytes: number): void {
    if (!this.givesSpaceBack) return;
    const { blockBytes } = this.#header;
    const [from, to] = wholeBlocks(this, offsetBytes, offsetBytes + lengthBytes, blockBytes);
    for (let block = from; block < to; block++) {
      const entry = this.#entry(block);
      if (entry === BLOCK_ZERO || (entry === BLOCK_FREE && !this.parent)) continue;
      this.#noteChange();
      if (entry < BLOCK_ZERO) this.#free.release(entry);
      this.#map.set(block, this.parent ? BLOCK_ZERO : BLOCK_FREE);
    }
  }

  /** Other programs count the blocks: the last ones move to where the guest gave some up, and the file ends earlier. */
  protected override finishLayer(): void {
    if (this.#free.isEmpty) return;
    this.flushLayer();
    const header = this.#header;
    const owners = this.#owners();
    const buffer = new Uint8Array(header.blockBytes);
    let allocated = header.allocated;
    for (let entry = 0; entry < allocated; entry++) {
      if (owners[entry] >= 0) continue;
      while (allocated > entry && owners[allocated - 1] < 0) allocated--;
      if (allocated <= entry) break;
      allocated--;
      this.file.read(this.#blockAt(allocated), buffer);
      this.file.write(this.#blockAt(entry), buffer);
      this.#map.set(owners[allocated], entry);
    }
    this.flushLayer();
    header.allocated = allocated;
    this.#writeHeader32(AT.allocated, allocated);
    this.file.flush();
    this.file.truncate(this.#blockAt(allocated) - header.blockExtra);
    this.#free.clear();
  }

  /** The block that lies at each place of the file; -1: none. */
  #owners(): Int32Array {
    const owners = new Int32Array(this.#header.allocated).fill(-1);
    for (let block = 0; block < this.#header.blocks; block++) {
      const entry = this.#entry(block);
      if (entry < BLOCK_ZERO) owners[entry] = block;
    }
    return owners;
  }

  protected resizeLayer(sizeBytes: number): void {
    const header = this.#header;
    const blocks = Math.ceil(sizeBytes / header.blockBytes);
    if (header.type === TYPE.fixed)
      throw imageError(
        'image.unsupported',
        { file: this.file },
        'a fixed image keeps its size',
        'convert it to dynamic',
      );
    if (blocks > BLOCKS_MAX || header.mapOffset + blocks * 4 > header.dataOffset)
      throw imageError(
        'image.size',
        { file: this.file, field: 'header.offset_data' },
        `its map has no room for ${blocks} blocks`,
        'convert it into a new image of that size',
      );
    this.#dropBlocks(blocks);
    this.flushLayer();
    const map = WordTable.fill(this.file, header.mapOffset, blocks, true, BLOCK_FREE);
    for (let block = 0; block < Math.min(blocks, header.blocks); block++) map.set(block, this.#map.get(block));
    map.writeBack();
    this.#map = map;
    header.blocks = blocks;
    header.sizeBytes = sizeBytes;
    const fields = new DataView(new ArrayBuffer(8));
    fields.setBigUint64(0, BigInt(sizeBytes), true);
    this.file.write(AT.sizeBytes, new Uint8Array(fields.buffer));
    this.#writeHeader32(AT.blocks, blocks);
  }

  /** Gives up the blocks from `from` on; the last ones of the file take their places. */
  #dropBlocks(from: number): void {
    const header = this.#header;
    if (from >= header.blocks) return;
    this.finishLayer();
    const owners = this.#owners();
    const buffer = new Uint8Array(header.blockBytes);
    for (let block = from; block < header.blocks; block++) {
      const entry = this.#entry(block);
      this.#map.set(block, BLOCK_FREE);
      if (entry >= BLOCK_ZERO) continue;
      const last = --header.allocated;
      if (entry === last) continue;
      this.file.read(this.#blockAt(last), buffer);
      this.file.write(this.#blockAt(entry), buffer);
      owners[entry] = owners[last];
      if (owners[entry] >= 0) this.#map.set(owners[entry], entry);
    }
    this.file.truncate(this.#blockAt(header.allocated));
  }

  protected checkLayer(): CheckReport {
    const errors: string[] = [];
    let errorCount = 0;
    const seen = new Uint8Array(this.#header.allocated);
    let used = 0;
    for (let block = 0; block < this.#header.blocks; block++) {
      const entry = this.#map.get(block);
      if (entry >= BLOCK_ZERO) continue;
      const bad =
        entry >= this.#header.allocated
          ? `points to block ${entry} of ${this.#header.allocated}`
          : this.#blockAt(entry) >= this.file.sizeBytes
            ? `points behind the end of the file`
            : seen[entry]
              ? `points to block ${entry}, which is also another's`
              : undefined;
      if (bad !== undefined) {
        errorCount++;
        if (errors.length < 100) errors.push(`block_map[${block}] ${bad}`);
        continue;
      }
      seen[entry] = 1;
      used++;
    }
    return {
      errors,
      errorCount,
      leakedBytes: (this.#header.allocated - used) * this.#header.blockBytes,
      repaired: 0,
      allocatedBytes: used * this.#header.blockBytes,
    };
  }

  info(): ImageInfo {
    const { type, parentUuid, uuid, modificationUuid, blockBytes } = this.#header;
    return {
      format: 'vdi',
      variant: type === TYPE.fixed ? 'fixed' : type === TYPE.dynamic ? 'dynamic' : 'differencing',
      sizeBytes: this.sizeBytes,
      clusterBytes: type === TYPE.fixed ? undefined : blockBytes,
      parent: type === TYPE.differencing ? { reference: parentUuid, format: 'vdi' } : undefined,
      snapshots: [],
      details: { uuid, modificationUuid },
    };
  }
}

function checkParent(parent: DiskImage, header: VdiHeader, where: Parameters<typeof imageError>[1]): void {
  const { uuid, modificationUuid } = parent.info().details;
  const refuse = (message: string, hint: string) => imageError('image.parent', where, message, hint);
  try {
    if (uuid !== header.parentUuid)
      throw refuse(`its parent is ${header.parentUuid}, not ${uuid}`, 'name the right parent file');
    if (header.parentModificationUuid !== NIL_UUID && modificationUuid !== header.parentModificationUuid)
      throw refuse('its parent was written to since', 'restore the parent from a copy');
  } catch (error) {
    parent.dispose();
    throw error;
  }
}

/** The map begins at 1 MiB, as VirtualBox has it since version 4: a disk has room to grow. */
const MAP_OFFSET = MIB;

function layOut(file: ByteFile, options: CreateOptions): void {
  const { sizeBytes, clusterBytes = MIB, parent, entropy } = options;
  const fixed = options.variant === 'fixed';
  if (fixed && parent) throw imageError('image.unsupported', { file }, 'a fixed image has no parent', 'use dynamic');
  if (clusterBytes !== MIB)
    throw imageError('image.unsupported', { file }, 'VDI blocks have 1 MiB', 'leave out the cluster size');
  const blocks = Math.ceil(sizeBytes / MIB);
  if (blocks > BLOCKS_MAX)
    throw imageError('image.size', { file }, `${sizeBytes} bytes are too many for VDI`, 'use qcow2');
  const dataOffset = MAP_OFFSET + roundUp(blocks * 4, MIB);
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('<<< Oracle VM VirtualBox Disk Image >>>\n'));
  view.setUint32(AT.signature, SIGNATURE, true);
  view.setUint32(AT.version, VERSION_1_1, true);
  view.setUint32(AT.headerBytes, 0x190, true);
  view.setUint32(AT.type, parent ? TYPE.differencing : fixed ? TYPE.fixed : TYPE.dynamic, true);
  view.setUint32(AT.mapOffset, MAP_OFFSET, true);
  view.setUint32(AT.dataOffset, dataOffset, true);
  view.setUint32(AT.sectorBytes, 512, true);
  view.setBigUint64(AT.sizeBytes, BigInt(sizeBytes), true);
  view.setUint32(AT.blockBytes, MIB, true);
  view.setUint32(AT.blocks, blocks, true);
  view.setUint32(AT.allocated, fixed ? blocks : 0, true);
  bytes.set(randomUuid(entropy, true), AT.uuid);
  bytes.set(randomUuid(entropy, true), AT.modificationUuid);
  if (parent) {
    if (parent.image.format !== 'vdi')
      throw imageError('image.unsupported', { file }, 'the parent of a VDI is a VDI', 'use qcow2');
    const { uuid, modificationUuid } = parent.image.info().details;
    bytes.set(uuidBytes(String(uuid)), AT.parentUuid);
    bytes.set(uuidBytes(String(modificationUuid)), AT.parentModificationUuid);
  }
  const map = WordTable.fill(file, MAP_OFFSET, blocks, true, BLOCK_FREE);
  for (let i = 0; fixed && i < blocks; i++) map.set(i, i);
  file.truncate(fixed ? dataOffset + blocks * MIB : dataOffset);
  map.writeBack();
  file.write(0, bytes);
}

/** The bytes of a UUID's text in little-endian order. */
function uuidBytes(text: string): Uint8Array {
  const bytes = Uint8Array.from(text.replaceAll('-', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return Uint8Array.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15], (i) => bytes[i]);
}
