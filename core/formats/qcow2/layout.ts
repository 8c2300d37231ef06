/** The qcow2 header. QEMU docs/interop/qcow2.txt ("Header", "Header extensions"). All numbers are big-endian. */
import type { ByteFile } from '../../backends/index.ts';
import { IMAGE_FORMATS, type ImageFormat } from '../disk-image.ts';
import { Fields, roundUp } from '../fields.ts';

export const QCOW2_MAGIC = 0x514649fb;
const V2_HEADER_BYTES = 72;
const V3_HEADER_BYTES = 104;

export const INCOMPATIBLE = { dirty: 0, corrupt: 1, externalData: 2, compressionType: 3, extendedL2: 4 } as const;
export const COMPATIBLE_LAZY_REFCOUNTS = 1n;

export const HEADER_FIELD = {
  backingFileOffset: 8,
  backingFileSize: 16,
  size: 24,
  cryptMethod: 32,
  l1Size: 36,
  l1TableOffset: 40,
  refcountTableOffset: 48,
  refcountTableClusters: 56,
  nbSnapshots: 60,
  snapshotsOffset: 64,
  incompatible: 72,
  compatible: 80,
  autoclear: 88,
  refcountOrder: 96,
  headerLength: 100,
  compressionType: 104,
} as const;

const EXTENSION = {
  end: 0,
  backingFormat: 0xe2792aca,
  featureNames: 0x6803f857,
  bitmaps: 0x23852875,
} as const;

/** QEMU's own bounds: an L1 table of 32 MiB, a refcount table of 8 MiB. */
export const L1_BYTES_MAX = 32 * 1024 * 1024;
export const REFCOUNT_TABLE_BYTES_MAX = 8 * 1024 * 1024;
const SNAPSHOTS_MAX = 65536;
const BACKING_NAME_MAX = 1023;

/** What the header says; the fields that change while an image is open are not readonly. */
export interface Qcow2Header {
  readonly version: 2 | 3;
  readonly clusterBits: number;
  readonly clusterBytes: number;
  sizeBytes: number;
  l1Size: number;
  l1Offset: number;
  refcountTableOffset: number;
  refcountTableClusters: number;
  readonly refcountBits: number;
  readonly snapshotCount: number;
  readonly snapshotsOffset: number;
  readonly compression: 'zlib' | 'zstd';
  readonly backing: { readonly reference: string; readonly format: ImageFormat | undefined } | undefined;
  incompatible: bigint;
  readonly compatible: bigint;
  autoclear: bigint;
  /** Persistent dirty bitmaps are in the image. */
  readonly hasBitmaps: boolean;
}

/** Guest bytes for which one L2 table has entries. */
export const l2Coverage = (clusterBytes: number): number => clusterBytes * (clusterBytes / 8);

export function readHeader(file: ByteFile): Qcow2Header {
  const probe = Fields.read(file, 0, V2_HEADER_BYTES, { name: 'header', littleEndian: false });
  if (probe.u32(0) !== QCOW2_MAGIC) throw probe.corrupt('magic', 0, 'this is not a qcow2 image');
  const version = probe.u32(4);
  if (version !== 2 && version !== 3) throw probe.unsupported('version', 4, `version ${version} is not known`);
  const clusterBits = probe.u32(20);
  if (clusterBits < 9 || clusterBits > 21)
    throw probe.corrupt('cluster_bits', 20, `${clusterBits} is not between 9 and 21`);
  const clusterBytes = 2 ** clusterBits;
  const headerLength = version === 2 ? V2_HEADER_BYTES : lengthOfV3(file, clusterBytes);
  // Extensions and the backing file's name end with the first cluster.
  const whole = Fields.read(file, 0, Math.min(clusterBytes, Math.max(file.sizeBytes, headerLength)), {
    name: 'header',
    littleEndian: false,
  });
  const crypt = whole.u32(HEADER_FIELD.cryptMethod);
  if (crypt !== 0)
    throw whole.unsupported('crypt_method', HEADER_FIELD.cryptMethod, 'encrypted images are not supported', DECRYPT);
  const extensions = readExtensions(whole, headerLength);
  const features = version === 2 ? NO_FEATURES : readFeatures(whole, headerLength, extensions);
  const header: Qcow2Header = {
    version,
    clusterBits,
    clusterBytes,
    sizeBytes: whole.u64(HEADER_FIELD.size, 'size'),
    l1Size: whole.u32(HEADER_FIELD.l1Size),
    l1Offset: whole.u64(HEADER_FIELD.l1TableOffset, 'l1_table_offset'),
    refcountTableOffset: whole.u64(HEADER_FIELD.refcountTableOffset, 'refcount_table_offset'),
    refcountTableClusters: whole.u32(HEADER_FIELD.refcountTableClusters),
    snapshotCount: whole.u32(HEADER_FIELD.nbSnapshots),
    snapshotsOffset: whole.u64(HEADER_FIELD.snapshotsOffset, 'snapshots_offset'),
    backing: readBacking(whole, extensions.backingFormat),
    hasBitmaps: extensions.hasBitmaps,
    ...features,
  };
  checkTables(whole, header);
  return header;
}

const DECRYPT = 'decrypt it with the program that made it';

function lengthOfV3(file: ByteFile, clusterBytes: number): number {
  const fields = Fields.read(file, 0, V3_HEADER_BYTES, { name: 'header', littleEndian: false });
  const length = fields.u32(HEADER_FIELD.headerLength);
  if (length < V3_HEADER_BYTES || length > clusterBytes || length % 8 !== 0)
    throw fields.corrupt('header_length', HEADER_FIELD.headerLength, `${length} is no header length`);
  return length;
}

const NO_FEATURES = {
  incompatible: 0n,
  compatible: 0n,
  autoclear: 0n,
  refcountBits: 16,
  compression: 'zlib' as const,
};

function readFeatures(fields: Fields, headerLength: number, extensions: Extensions) {
  const incompatible = fields.bits64(HEADER_FIELD.incompatible);
  const has = (bit: number): boolean => ((incompatible >> BigInt(bit)) & 1n) === 1n;
  const refuse = (message: string, hint?: string) =>
    fields.unsupported('incompatible_features', HEADER_FIELD.incompatible, message, hint);
  if (has(INCOMPATIBLE.externalData))
    throw refuse('its data lie in another file (external data file)', 'convert it with qemu-img to a plain qcow2');
  if (has(INCOMPATIBLE.extendedL2))
    throw refuse('it has extended L2 entries (subclusters)', 'convert it with qemu-img and -o extended_l2=off');
  const known = Object.values(INCOMPATIBLE).reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
  const unknown = incompatible & ~known;
  if (unknown !== 0n) {
    const bit = unknown.toString(2).length - 1;
    throw refuse(`it needs a feature that is not known: ${extensions.featureNames.get(bit) ?? `bit ${bit}`}`);
  }
  const order = fields.u32(HEADER_FIELD.refcountOrder);
  if (order > 6) throw fields.corrupt('refcount_order', HEADER_FIELD.refcountOrder, `${order} is more than 6`);
  const type = headerLength > HEADER_FIELD.compressionType ? fields.u8(HEADER_FIELD.compressionType) : 0;
  if (type > 1)
    throw fields.unsupported('compression_type', HEADER_FIELD.compressionType, `compression ${type} is not known`);
  if ((type !== 0) !== has(INCOMPATIBLE.compressionType))
    throw fields.corrupt('compression_type', HEADER_FIELD.compressionType, 'it contradicts incompatible_features');
  return {
    incompatible,
    compatible: fields.bits64(HEADER_FIELD.compatible),
    autoclear: fields.bits64(HEADER_FIELD.autoclear),
    refcountBits: 2 ** order,
    compression: type === 1 ? ('zstd' as const) : ('zlib' as const),
  };
}

interface Extensions {
  backingFormat: string | undefined;
  hasBitmaps: boolean;
  /** Of incompatible bits. */
  readonly featureNames: Map<number, string>;
}

function readExtensions(fields: Fields, from: number): Extensions {
  const found: Extensions = { backingFormat: undefined, hasBitmaps: false, featureNames: new Map() };
  const nameAt = Number(fields.bits64(HEADER_FIELD.backingFileOffset));
  const end = nameAt > 0 ? Math.min(nameAt, fields.bytes.length) : fields.bytes.length;
  for (let at = from; at + 8 <= end;) {
    const type = fields.u32(at);
    const length = fields.u32(at + 4);
    if (type === EXTENSION.end) break;
    if (length > end - at - 8) throw fields.corrupt('extension.length', at + 4, `${length} bytes leave the header`);
    if (type === EXTENSION.backingFormat) found.backingFormat = fields.text(at + 8, length);
    else if (type === EXTENSION.bitmaps) found.hasBitmaps = true;
    else if (type === EXTENSION.featureNames)
      for (let entry = at + 8; entry + 48 <= at + 8 + length; entry += 48)
        if (fields.u8(entry) === 0) found.featureNames.set(fields.u8(entry + 1), fields.text(entry + 2, 46));
    at += 8 + roundUp(length, 8);
  }
  return found;
}

function readBacking(fields: Fields, formatName: string | undefined): Qcow2Header['backing'] {
  const at = fields.u64(HEADER_FIELD.backingFileOffset, 'backing_file_offset');
  if (at === 0) return undefined;
  const length = fields.u32(HEADER_FIELD.backingFileSize);
  if (length > BACKING_NAME_MAX || at + length > fields.bytes.length)
    throw fields.corrupt(
      'backing_file_size',
      HEADER_FIELD.backingFileSize,
      `${length} bytes at ${at} are no file name`,
    );
  if (length === 0) return undefined;
  const name = formatName === 'vpc' ? 'vhd' : formatName;
  const format = IMAGE_FORMATS.find((known) => known === name);
  if (name !== undefined && format === undefined)
    throw fields.unsupported('backing_format', HEADER_FIELD.backingFileOffset, `its backing file is "${name}"`);
  return { reference: new TextDecoder().decode(fields.bytes.subarray(at, at + length)), format };
}

function checkTables(fields: Fields, header: Qcow2Header): void {
  const { clusterBytes, sizeBytes, l1Size, l1Offset } = header;
  const { l1Size: l1At, l1TableOffset, refcountTableClusters, refcountTableOffset, snapshotsOffset } = HEADER_FIELD;
  if (l1Size * 8 > L1_BYTES_MAX) throw fields.corrupt('l1_size', l1At, `${l1Size} entries are too many`);
  if (l1Size < Math.ceil(sizeBytes / l2Coverage(clusterBytes)))
    throw fields.corrupt('l1_size', l1At, `${l1Size} entries are too few for ${sizeBytes} bytes`);
  checkTable(fields, 'l1_table_offset', l1TableOffset, l1Offset, l1Size * 8, clusterBytes);
  const tableBytes = header.refcountTableClusters * clusterBytes;
  if (tableBytes === 0 || tableBytes > REFCOUNT_TABLE_BYTES_MAX)
    throw fields.corrupt('refcount_table_clusters', refcountTableClusters, `${tableBytes} bytes are no table`);
  checkTable(
    fields,
    'refcount_table_offset',
    refcountTableOffset,
    header.refcountTableOffset,
    tableBytes,
    clusterBytes,
  );
  if (header.snapshotCount > SNAPSHOTS_MAX)
    throw fields.corrupt('nb_snapshots', HEADER_FIELD.nbSnapshots, `${header.snapshotCount} snapshots are too many`);
  if (header.snapshotCount > 0)
    checkTable(fields, 'snapshots_offset', snapshotsOffset, header.snapshotsOffset, 40, clusterBytes);
}

/** A table begins at a cluster's border behind the header and lies in the file. */
function checkTable(
  fields: Fields,
  field: string,
  fieldAt: number,
  at: number,
  lengthBytes: number,
  clusterBytes: number,
): void {
  if (lengthBytes === 0) return;
  if (at === 0 || at % clusterBytes !== 0)
    throw fields.corrupt(field, fieldAt, `${at} is not the beginning of a cluster`);
  if (at + lengthBytes > fields.file.sizeBytes)
    throw fields.corrupt(field, fieldAt, `${lengthBytes} bytes at ${at} leave the file of ${fields.file.sizeBytes}`);
}

/** The first cluster of a new image. */
export function encodeHeader(
  header: Omit<Qcow2Header, 'hasBitmaps' | 'snapshotCount' | 'snapshotsOffset'>,
): Uint8Array {
  const bytes = new Uint8Array(header.clusterBytes);
  const view = new DataView(bytes.buffer);
  const headerLength = header.version === 2 ? V2_HEADER_BYTES : V3_HEADER_BYTES + 8;
  view.setUint32(0, QCOW2_MAGIC);
  view.setUint32(4, header.version);
  view.setUint32(20, header.clusterBits);
  view.setBigUint64(HEADER_FIELD.size, BigInt(header.sizeBytes));
  view.setUint32(HEADER_FIELD.l1Size, header.l1Size);
  view.setBigUint64(HEADER_FIELD.l1TableOffset, BigInt(header.l1Offset));
  view.setBigUint64(HEADER_FIELD.refcountTableOffset, BigInt(header.refcountTableOffset));
  view.setUint32(HEADER_FIELD.refcountTableClusters, header.refcountTableClusters);
  if (header.version === 3) {
    view.setBigUint64(HEADER_FIELD.incompatible, header.incompatible);
    view.setBigUint64(HEADER_FIELD.compatible, header.compatible);
    view.setUint32(HEADER_FIELD.refcountOrder, Math.log2(header.refcountBits));
    view.setUint32(HEADER_FIELD.headerLength, headerLength);
    view.setUint8(HEADER_FIELD.compressionType, header.compression === 'zstd' ? 1 : 0);
  }
  if (header.backing) putBacking(bytes, view, headerLength, header.backing);
  return bytes;
}

function putBacking(
  bytes: Uint8Array,
  view: DataView,
  extensionsAt: number,
  { reference, format }: NonNullable<Qcow2Header['backing']>,
): void {
  let at = extensionsAt;
  if (format) {
    const name = new TextEncoder().encode(format === 'vhd' ? 'vpc' : format);
    view.setUint32(at, EXTENSION.backingFormat);
    view.setUint32(at + 4, name.length);
    bytes.set(name, at + 8);
    at += 8 + roundUp(name.length, 8);
  }
  at += 8; // the end of the extensions: type 0, length 0
  const name = new TextEncoder().encode(reference);
  bytes.set(name, at);
  view.setBigUint64(HEADER_FIELD.backingFileOffset, BigInt(at));
  view.setUint32(HEADER_FIELD.backingFileSize, name.length);
}

/** Whether a backing file's name fits into the first cluster. */
export const backingNameFits = (reference: string, clusterBytes: number): boolean => {
  const length = new TextEncoder().encode(reference).length;
  return length <= BACKING_NAME_MAX && V3_HEADER_BYTES + 8 + 16 + 8 + length <= clusterBytes;
};
