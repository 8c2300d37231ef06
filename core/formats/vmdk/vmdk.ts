/** VMware disks: a descriptor and its extents, in one file or several. VMware "Virtual Disk Format 5.0". */
import type { ByteFile } from '../../backends/index.ts';
import type { CheckReport, CreateOptions, DiskImage, ImageInfo } from '../disk-image.ts';
import type { OpenContext } from '../driver.ts';
import { corrupt, imageError, type Where } from '../failure.ts';
import { LayeredImage, type Piece } from '../layered.ts';
import { randomCid } from './cid.ts';
import { layOutFlat, layOutSparse, splitSizes, type NewExtent } from './create.ts';
import {
  NO_PARENT_CID,
  SECTOR_BYTES,
  readDescriptor,
  withCid,
  withExtentSectors,
  writeDescriptor,
  type Descriptor,
  type ExtentLine,
} from './descriptor.ts';
import { SPARSE_MAGIC, SparseExtent, readSparseHeader } from './sparse.ts';
import { VmdkStreamWriter } from './stream.ts';

const FLAT_DESCRIPTOR_BYTES_MAX = 64 * 1024;

interface Extent {
  readonly start: number;
  sizeBytes: number;
  line: ExtentLine;
  readonly sparse: SparseExtent | undefined;
  /** Of a flat extent, and where it begins there. */
  readonly flat: { readonly file: ByteFile; readonly at: number } | undefined;
}

export const VmdkDriver = {
  open: (file: ByteFile, context: OpenContext): DiskImage => VmdkImage.open(file, context),
  create: (file: ByteFile, options: CreateOptions): DiskImage =>
    options.variant === 'streamOptimized' ? VmdkStreamWriter.create(file, options) : VmdkImage.create(file, options),
};

class VmdkImage extends LayeredImage {
  readonly format = 'vmdk';
  readonly #descriptor: Descriptor;
  readonly #extents: readonly Extent[];
  readonly #entropy: OpenContext['entropy'];
  #changed = false;

  static open(file: ByteFile, context: OpenContext): VmdkImage {
    const magic = new DataView(new ArrayBuffer(4));
    file.read(0, new Uint8Array(magic.buffer));
    if (magic.getUint32(0, true) !== SPARSE_MAGIC) {
      if (magic.getUint32(0, false) === 0x434f5744)
        throw imageError('image.unsupported', { file, offsetBytes: 0 }, 'ESX sparse extents (COWD) are not supported');
      const descriptor = readDescriptor(file, 0, Math.min(file.sizeBytes, FLAT_DESCRIPTOR_BYTES_MAX));
      return VmdkImage.#assemble(file, descriptor, undefined, context);
    }
    const header = readSparseHeader(file);
    if (header.descriptorAt === 0 || header.descriptorBytes === 0)
      throw imageError(
        'image.unsupported',
        { file, offsetBytes: 28, field: 'header.descriptorOffset' },
        'this is one part of a disk in several files',
        "open the disk's descriptor file",
      );
    const descriptor = readDescriptor(file, header.descriptorAt, header.descriptorBytes);
    return VmdkImage.#assemble(file, descriptor, new SparseExtent(file, header, context.codecs), context);
  }

  static #assemble(
    file: ByteFile,
    descriptor: Descriptor,
    embedded: SparseExtent | undefined,
    context: OpenContext,
  ): VmdkImage {
    if (descriptor.extents.length === 0)
      throw corrupt({ file, offsetBytes: descriptor.at, field: 'descriptor' }, 'it names no extents');
    if (!context.readOnly && embedded?.isCompressed)
      throw imageError(
        'image.read-only',
        { file },
        'stream-optimized images are written once',
        'attach it without writing, or convert it',
      );
    const extents: Extent[] = [];
    try {
      let start = 0;
      for (const [i, line] of descriptor.extents.entries()) {
        const where = { file, offsetBytes: descriptor.at, field: `extent ${i}` };
        const extent = openExtent(line, start, i === 0 ? embedded : undefined, where, context);
        extents.push(extent);
        start += extent.sizeBytes;
      }
      if (start === 0 || !Number.isSafeInteger(start))
        throw corrupt({ file, offsetBytes: descriptor.at, field: 'descriptor' }, `the disk has ${start} bytes`);
      const where = { file, offsetBytes: descriptor.at, field: 'parentFileNameHint' };
      const parent =
        descriptor.parentCid === NO_PARENT_CID
          ? undefined
          : context.openParent({ reference: descriptor.parentName, uuid: undefined, format: undefined }, where);
      if (parent) checkParent(parent, descriptor, where);
      return new VmdkImage(file, descriptor, extents, context, parent);
    } catch (error) {
      for (const other of filesOf(extents, file)) other.dispose();
      throw error;
    }
  }

  static create(file: ByteFile, options: CreateOptions): VmdkImage {
    const { variant = 'monolithicSparse', sizeBytes, parent, entropy, related } = options;
    const cid = randomCid(entropy);
    const split = variant.startsWith('twoGbMaxExtent');
    const flat = variant.endsWith('Flat');
    if (flat && parent)
      throw imageError('image.unsupported', { file }, 'a flat image has no parent', 'use monolithicSparse');
    if (options.clusterBytes !== undefined && options.clusterBytes !== 65536)
      throw imageError('image.unsupported', { file }, 'VMDK grains have 64 KiB here', 'leave out the cluster size');
    const parentInfo = parent && { cid: cidOf(parent.image, file), name: parent.reference };
    const describe = (extents: readonly ExtentLine[]): string =>
      writeDescriptor({ createType: variant, cid, parent: parentInfo, extents, sizeBytes });
    const context: OpenContext = {
      codecs: options.codecs,
      related,
      entropy,
      readOnly: false,
      openParent: () => parent?.image,
      openExtent: () => {
        throw new Error('the extents are open');
      },
    };
    const base = file.name.slice(Math.max(file.name.lastIndexOf('/'), file.name.lastIndexOf('\\')) + 1);
    if (variant === 'monolithicSparse') {
      const sectors = sizeBytes / SECTOR_BYTES;
      const line: ExtentLine = { access: 'RW', sectors, kind: 'SPARSE', fileName: base, offsetSectors: 0 };
      layOutSparse(file, sectors, describe([line]));
      return VmdkImage.open(file, context);
    }
    if (!related)
      throw imageError('image.unsupported', { file }, `${variant} needs several files`, 'use monolithicSparse');
    const stem = base.replace(/\.vmdk$/i, '');
    const made: { readonly line: ExtentLine; readonly file: ByteFile }[] = [];
    const sizes = split ? splitSizes(sizeBytes) : [sizeBytes];
    for (const [i, extentBytes] of sizes.entries()) {
      const number = String(i + 1).padStart(3, '0');
      const fileName = split ? `${stem}-${flat ? 'f' : 's'}${number}.vmdk` : `${stem}-flat.vmdk`;
      const created = related.create(file, fileName);
      if (!created.ok) {
        for (const other of made) other.file.dispose();
        throw imageError('image.unsupported', { file }, created.error.message, created.error.hint);
      }
      const sectors = extentBytes / SECTOR_BYTES;
      const extent: NewExtent = { file: created.value, sectors };
      if (flat) layOutFlat(extent);
      else layOutSparse(extent.file, sectors, undefined);
      made.push({
        file: created.value,
        line: { access: 'RW', sectors, kind: flat ? 'FLAT' : 'SPARSE', fileName, offsetSectors: 0 },
      });
    }
    file.write(0, new TextEncoder().encode(describe(made.map(({ line }) => line))));
    return VmdkImage.open(file, {
      ...context,
      openExtent: (name) => (made.find(({ line }) => line.fileName === name) ?? made[0]).file,
    });
  }

  private constructor(
    file: ByteFile,
    descriptor: Descriptor,
    extents: readonly Extent[],
    context: OpenContext,
    parent: DiskImage | undefined,
  ) {
    const sizeBytes = extents.reduce((sum, extent) => sum + extent.sizeBytes, 0);
    super(file, { sizeBytes, readOnly: context.readOnly, parent });
    this.#descriptor = descriptor;
    this.#extents = extents;
    this.#entropy = context.entropy;
  }

  protected override otherFiles(): readonly ByteFile[] {
    return filesOf(this.#extents, this.file);
  }

  /** The last extent that begins at or before the offset. */
  #extentFor(offsetBytes: number): Extent {
    let low = 0;
    let high = this.#extents.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#extents[middle].start <= offsetBytes) low = middle;
      else high = middle - 1;
    }
    return this.#extents[low];
  }

  protected pieceAt(offsetBytes: number, maxBytes: number): Piece {
    const extent = this.#extentFor(offsetBytes);
    const within = offsetBytes - extent.start;
    const most = Math.min(maxBytes, extent.sizeBytes - within);
    if (extent.sparse) return extent.sparse.pieceAt(within, most);
    if (extent.flat) return { kind: 'data', lengthBytes: most, file: extent.flat.file, at: extent.flat.at + within };
    return { kind: 'zero', lengthBytes: most };
  }

  protected writePiece(offsetBytes: number, data: Uint8Array): number {
    const extent = this.#extentFor(offsetBytes);
    const within = offsetBytes - extent.start;
    const part = data.subarray(0, extent.sizeBytes - within);
    if (extent.line.access === 'RDONLY' || !(extent.sparse ?? extent.flat))
      throw imageError('image.read-only', { file: this.file, field: 'extent' }, 'this part of the disk is read-only');
    this.#noteChange();
    if (extent.sparse)
      return extent.sparse.writePiece(within, part, (at, target) => this.readBelow(extent.start + at, target));
    extent.flat?.file.write(extent.flat.at + within, part);
    return part.length;
  }

  /** Children know by this id that their parent is not what it was. */
  #noteChange(): void {
    if (this.#changed) return;
    this.#changed = true;
    if (!this.#entropy) return;
    this.#descriptor.cid = randomCid(this.#entropy);
    this.#rewrite(withCid(this.#descriptor.text, this.#descriptor.cid));
  }

  #rewrite(text: string): void {
    const bytes = new TextEncoder().encode(text);
    const { at, roomBytes } = this.#descriptor;
    this.#descriptor.text = text;
    if (at === 0) {
      this.file.write(0, bytes);
      this.file.truncate(bytes.length);
    } else if (bytes.length <= roomBytes) {
      const padded = new Uint8Array(roomBytes);
      padded.set(bytes);
      this.file.write(at, padded);
    }
  }

  protected flushLayer(): void {
    for (const extent of this.#extents) {
      if (extent.sparse) extent.sparse.flush();
      else extent.flat?.file.flush();
    }
    this.file.flush();
  }

  override get givesSpaceBack(): boolean {
    return this.#extents.some(({ sparse }) => sparse?.givesSpaceBack(this.parent !== undefined));
  }

  protected discardLayer(offsetBytes: number, lengthBytes: number): void {
    const end = offsetBytes + lengthBytes;
    for (const { start, sizeBytes, sparse, line } of this.#extents) {
      const from = Math.max(offsetBytes, start) - start;
      const to = Math.min(end, start + sizeBytes) - start;
      if (from >= to || line.access === 'RDONLY' || !sparse?.givesSpaceBack(this.parent !== undefined)) continue;
      this.#noteChange();
      sparse.discard(from, to);
    }
  }

  protected resizeLayer(sizeBytes: number): void {
    const [extent] = this.#extents;
    if (this.#extents.length !== 1 || !extent.flat)
      throw imageError(
        'image.unsupported',
        { file: this.file, field: 'createType' },
        `a ${this.#descriptor.createType} image keeps its size`,
        'convert it into a new image of that size',
      );
    extent.flat.file.truncate(extent.flat.at + sizeBytes);
    extent.sizeBytes = sizeBytes;
    const sectors = sizeBytes / SECTOR_BYTES;
    this.#rewrite(withExtentSectors(this.#descriptor.text, extent.line, sectors));
    extent.line = { ...extent.line, sectors };
  }

  protected checkLayer(repair: boolean): CheckReport {
    const errors: string[] = [];
    let errorCount = 0;
    let repaired = 0;
    let allocatedBytes = 0;
    for (const { sparse, sizeBytes } of this.#extents) {
      if (!sparse) {
        allocatedBytes += sizeBytes;
        continue;
      }
      const report = (message: string): void => {
        errorCount++;
        if (errors.length < 100) errors.push(message);
      };
      const grains = sparse.check(report);
      repaired += sparse.checkCopies(report, repair);
      allocatedBytes += grains * sparse.header.grainBytes;
    }
    return { errors, errorCount, leakedBytes: 0, repaired, allocatedBytes };
  }

  info(): ImageInfo {
    const { createType, cid, parentCid, parentName } = this.#descriptor;
    const sparse = this.#extents.find((extent) => extent.sparse)?.sparse;
    return {
      format: 'vmdk',
      variant: createType,
      sizeBytes: this.sizeBytes,
      clusterBytes: sparse?.header.grainBytes,
      parent: parentCid === NO_PARENT_CID ? undefined : { reference: parentName ?? '', format: undefined },
      snapshots: [],
      details: { cid: cid.toString(16).padStart(8, '0'), extents: this.#extents.length },
    };
  }
}

function openExtent(
  line: ExtentLine,
  start: number,
  embedded: SparseExtent | undefined,
  where: Where,
  context: OpenContext,
): Extent {
  const sizeBytes = line.sectors * SECTOR_BYTES;
  if (line.kind === 'ZERO') return { start, sizeBytes, line, sparse: undefined, flat: undefined };
  // The descriptor inside a sparse file describes that file, whatever it was called when it was written.
  if (embedded) {
    const { sizeBytes: capacity } = embedded;
    if (sizeBytes > capacity)
      throw corrupt(where, `it has ${line.sectors} sectors, its file ${capacity / SECTOR_BYTES}`);
    return { start, sizeBytes, line, sparse: embedded, flat: undefined };
  }
  const file = context.openExtent(line.fileName, where);
  try {
    if (line.kind === 'SPARSE') {
      const sparse = new SparseExtent(file, readSparseHeader(file), context.codecs);
      if (sparse.sizeBytes < sizeBytes)
        throw corrupt(where, `it has ${line.sectors} sectors, its file ${sparse.sizeBytes / SECTOR_BYTES}`);
      if (sparse.isCompressed && !context.readOnly)
        throw imageError('image.read-only', where, 'compressed extents are written once', 'convert the image');
      return { start, sizeBytes, line, sparse, flat: undefined };
    }
    const at = line.offsetSectors * SECTOR_BYTES;
    if (at + sizeBytes > file.sizeBytes)
      throw imageError('image.truncated', where, `${file.name} has ${file.sizeBytes} bytes of ${at + sizeBytes}`);
    return { start, sizeBytes, line, sparse: undefined, flat: { file, at } };
  } catch (error) {
    file.dispose();
    throw error;
  }
}

const filesOf = (extents: readonly Extent[], main: ByteFile): ByteFile[] =>
  extents
    .map(({ sparse, flat }) => sparse?.file ?? flat?.file)
    .filter((file) => file !== undefined)
    .filter((file) => file !== main);

function checkParent(parent: DiskImage, descriptor: Descriptor, where: Where): void {
  const { cid } = parent.info().details;
  if (parent.format === 'vmdk' && cid === descriptor.parentCid.toString(16).padStart(8, '0')) return;
  parent.dispose();
  throw imageError(
    'image.parent',
    where,
    parent.format === 'vmdk' ? 'its parent was written to since, or is another one' : 'its parent is no VMDK',
    'restore the parent from a copy, or name the right file',
  );
}

function cidOf(parent: DiskImage, file: ByteFile): number {
  if (parent.format !== 'vmdk')
    throw imageError('image.unsupported', { file }, 'the parent of a VMDK is a VMDK', 'use qcow2');
  return Number.parseInt(String(parent.info().details.cid), 16);
}
