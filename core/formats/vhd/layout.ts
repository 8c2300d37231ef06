/**
 * Structures of VHD files. "Virtual Hard Disk Image Format Specification", Microsoft 2006. All numbers are big-endian.
 */
import type { ByteFile } from '../../backends/index.ts';
import { corrupt, imageError } from '../failure.ts';
import { Fields } from '../fields.ts';
import { UUID_BYTES, uuidText } from '../uuid.ts';

export const FOOTER_BYTES = 512;
export const DYNAMIC_HEADER_BYTES = 1024;
export const TYPE = { fixed: 2, dynamic: 3, differencing: 4 } as const;
export const BLOCK_ABSENT = 0xffffffff;
/** The format's own limit: 2040 GiB. */
export const VHD_BYTES_MAX = 2040 * 2 ** 30;
const MIB = 1024 * 1024;
const BLOCKS_MAX = 4 * MIB;
const COOKIE = 'conectix';
const HEADER_COOKIE = 'cxsparse';
/** Seconds from 1970 to 2000, where the format's time begins. */
const EPOCH_SECONDS = 946684800;

export const FOOTER = {
  dataOffset: 16,
  timeStamp: 24,
  creatorApp: 28,
  originalSize: 40,
  currentSize: 48,
  geometry: 56,
  type: 60,
  checksum: 64,
  uuid: 68,
} as const;

export const DYNAMIC = {
  tableOffset: 16,
  version: 24,
  tableEntries: 28,
  blockBytes: 32,
  checksum: 36,
  parentUuid: 40,
  parentTimeStamp: 56,
  parentName: 64,
  locators: 576,
} as const;
const LOCATORS = 8;
const LOCATOR_BYTES = 24;
const PARENT_NAME_BYTES = 512;

export interface VhdFooter {
  readonly type: number;
  readonly sizeBytes: number;
  readonly dataOffset: number;
  readonly uuid: string;
  /** As it stands in the file: kept when the footer is written anew. */
  readonly bytes: Uint8Array;
}

export interface VhdDynamicHeader {
  readonly tableOffset: number;
  readonly tableEntries: number;
  readonly blockBytes: number;
  readonly parentUuid: string;
  /** Relative names first. */
  readonly parentNames: readonly string[];
  readonly bytes: Uint8Array;
}

/** The ones' complement of the sum of all bytes but the checksum's own. */
export function checksum(bytes: Uint8Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) if (i < at || i >= at + 4) sum += bytes[i];
  return ~sum >>> 0;
}

/** The footer at the end; when it is damaged, the copy with which dynamic images begin. */
export function readFooter(file: ByteFile): { footer: VhdFooter; at: number } {
  const places = [file.sizeBytes - 512, file.sizeBytes - 511, 0].filter((at) => at >= 0);
  let refusal: unknown;
  for (const at of places) {
    try {
      return { footer: parseFooter(file, at), at };
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal ?? imageError('image.truncated', { file }, 'it is too short for a VHD footer');
}

/**
 * What is wrong with the footer or its copy, of which one is enough to open the image; undefined: they are the same.
 * A footer of 511 bytes is an old Virtual PC's.
 */
export function footerDifference(file: ByteFile, footer: VhdFooter): string | undefined {
  const isSame = (at: number, lengthBytes: number): boolean => {
    if (at < FOOTER_BYTES && at !== 0) return false;
    const bytes = new Uint8Array(lengthBytes);
    file.read(at, bytes);
    return bytes.every((byte, i) => byte === footer.bytes[i]);
  };
  const end = file.sizeBytes - FOOTER_BYTES;
  if (!isSame(end, FOOTER_BYTES) && !isSame(end + 1, FOOTER_BYTES - 1))
    return `footer at offset ${end}: it is damaged; its copy at offset 0 is whole`;
  return isSame(0, FOOTER_BYTES - 1) ? undefined : 'copy of the footer at offset 0: it is not what the footer is';
}

function parseFooter(file: ByteFile, at: number): VhdFooter {
  const bytes = new Uint8Array(FOOTER_BYTES);
  file.read(at, bytes);
  const fields = new Fields(file, at, bytes, { name: 'footer', littleEndian: false });
  if (fields.text(0, 8) !== COOKIE) throw fields.corrupt('cookie', 0, 'there is no VHD footer');
  if (fields.u32(FOOTER.checksum) !== checksum(bytes, FOOTER.checksum))
    throw fields.corrupt('checksum', FOOTER.checksum, 'the checksum is wrong');
  if (fields.u16(12) !== 1)
    throw fields.unsupported('file_format_version', 12, `version ${fields.u16(12)}.x is not known`);
  const type = fields.u32(FOOTER.type);
  if (type < TYPE.fixed || type > TYPE.differencing)
    throw fields.unsupported('disk_type', FOOTER.type, `type ${type} is not known`);
  const sizeBytes = fields.u64(FOOTER.currentSize, 'current_size');
  if (sizeBytes === 0 || sizeBytes % 512 !== 0 || sizeBytes > VHD_BYTES_MAX)
    throw fields.corrupt('current_size', FOOTER.currentSize, `${sizeBytes} is no size`);
  return {
    type,
    sizeBytes,
    dataOffset: type === TYPE.fixed ? 0 : fields.u64(FOOTER.dataOffset, 'data_offset'),
    uuid: uuidText(bytes.subarray(FOOTER.uuid, FOOTER.uuid + UUID_BYTES), false),
    bytes,
  };
}

export function readDynamicHeader(file: ByteFile, footer: VhdFooter): VhdDynamicHeader {
  const { dataOffset } = footer;
  const fields = Fields.read(file, dataOffset, DYNAMIC_HEADER_BYTES, { name: 'dynamic_header', littleEndian: false });
  if (fields.text(0, 8) !== HEADER_COOKIE) throw fields.corrupt('cookie', 0, 'there is no dynamic disk header');
  if (fields.u32(DYNAMIC.checksum) !== checksum(fields.bytes, DYNAMIC.checksum))
    throw fields.corrupt('checksum', DYNAMIC.checksum, 'the checksum is wrong');
  if (fields.u16(DYNAMIC.version) !== 1)
    throw fields.unsupported(
      'header_version',
      DYNAMIC.version,
      `version ${fields.u16(DYNAMIC.version)}.x is not known`,
    );
  const blockBytes = fields.u32(DYNAMIC.blockBytes);
  if (blockBytes < 4096 || blockBytes > 256 * MIB || (blockBytes & (blockBytes - 1)) !== 0)
    throw fields.corrupt('block_size', DYNAMIC.blockBytes, `${blockBytes} is no block size`);
  const tableEntries = fields.u32(DYNAMIC.tableEntries);
  if (tableEntries > BLOCKS_MAX || tableEntries < Math.ceil(footer.sizeBytes / blockBytes))
    throw fields.corrupt(
      'max_table_entries',
      DYNAMIC.tableEntries,
      `${tableEntries} blocks do not fit ${footer.sizeBytes} bytes`,
    );
  const tableOffset = fields.u64(DYNAMIC.tableOffset, 'table_offset');
  if (tableOffset < FOOTER_BYTES || tableOffset % 512 !== 0 || tableOffset + tableEntries * 4 > file.sizeBytes)
    throw fields.corrupt('table_offset', DYNAMIC.tableOffset, `there is no table of ${tableEntries} blocks`);
  return {
    tableOffset,
    tableEntries,
    blockBytes,
    parentUuid: uuidText(fields.bytes.subarray(DYNAMIC.parentUuid, DYNAMIC.parentUuid + UUID_BYTES), false),
    parentNames: footer.type === TYPE.differencing ? readParentNames(fields) : [],
    bytes: fields.bytes,
  };
}

/** Windows paths from the parent locators, relative ones first, then the plain name; with slashes. */
function readParentNames(fields: Fields): string[] {
  const names: { readonly rank: number; readonly name: string }[] = [];
  for (let i = 0; i < LOCATORS; i++) {
    const at = DYNAMIC.locators + i * LOCATOR_BYTES;
    const code = fields.text(at, 4);
    const lengthBytes = fields.u32(at + 8);
    if (code !== 'W2ru' && code !== 'W2ku') continue;
    const place = fields.u64(at + 16, `parent_locator[${i}].data_offset`);
    if (lengthBytes > 4096 || place + lengthBytes > fields.file.sizeBytes)
      throw corrupt(fields.where(`parent_locator[${i}]`, at), `${lengthBytes} bytes at ${place} are no name`);
    const bytes = new Uint8Array(lengthBytes);
    fields.file.read(place, bytes);
    names.push({ rank: code === 'W2ru' ? 0 : 2, name: utf16(bytes, true) });
  }
  names.push({
    rank: 1,
    name: utf16(fields.bytes.subarray(DYNAMIC.parentName, DYNAMIC.parentName + PARENT_NAME_BYTES), false),
  });
  return names
    .sort((a, b) => a.rank - b.rank)
    .map(({ name }) => name.replaceAll('\\', '/'))
    .filter((name) => name !== '');
}

function utf16(bytes: Uint8Array, littleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    const unit = view.getUint16(i, littleEndian);
    if (unit === 0) break;
    text += String.fromCharCode(unit);
  }
  return text;
}

export function encodeUtf16(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), littleEndian);
  return new Uint8Array(view.buffer);
}

/** Cylinders, heads and sectors of a disk. The specification's appendix "CHS Calculation". */
export function chsOf(sizeBytes: number): { cylinders: number; heads: number; sectors: number } {
  const total = Math.min(Math.floor(sizeBytes / 512), 65535 * 16 * 255);
  if (total >= 65535 * 16 * 63) return { cylinders: Math.floor(total / (16 * 255)), heads: 16, sectors: 255 };
  let sectors = 17;
  let tracks = Math.floor(total / sectors);
  let heads = Math.max(Math.ceil(tracks / 1024), 4);
  if (tracks >= heads * 1024 || heads > 16) {
    sectors = 31;
    heads = 16;
    tracks = Math.floor(total / sectors);
  }
  if (tracks >= heads * 1024) {
    sectors = 63;
    heads = 16;
    tracks = Math.floor(total / sectors);
  }
  return { cylinders: Math.floor(tracks / heads), heads, sectors };
}

export interface NewFooter {
  readonly type: number;
  readonly sizeBytes: number;
  readonly uuid: Uint8Array;
  readonly nowMs: number;
}

export function encodeFooter({ type, sizeBytes, uuid, nowMs }: NewFooter): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const view = new DataView(bytes.buffer);
  const put = (at: number, text: string): void => bytes.set(new TextEncoder().encode(text), at);
  put(0, COOKIE);
  view.setUint32(8, 2); // reserved, always set
  view.setUint32(12, 0x00010000);
  view.setBigUint64(FOOTER.dataOffset, type === TYPE.fixed ? 0xffffffffffffffffn : BigInt(FOOTER_BYTES));
  view.setUint32(FOOTER.timeStamp, Math.max(Math.floor(nowMs / 1000) - EPOCH_SECONDS, 0));
  // Readers take the size from the geometry (rounded down) for Virtual PC's own images, from the size for Windows's.
  put(FOOTER.creatorApp, 'win ');
  view.setUint32(32, 0x000a0000);
  put(36, 'Wi2k');
  view.setBigUint64(FOOTER.originalSize, BigInt(sizeBytes));
  view.setUint32(FOOTER.type, type);
  bytes.set(uuid, FOOTER.uuid);
  return withSize(bytes, sizeBytes);
}

/** The footer for another size, with its checksum. */
export function withSize(footer: Uint8Array, sizeBytes: number): Uint8Array {
  const bytes = footer.slice();
  const view = new DataView(bytes.buffer);
  const { cylinders, heads, sectors } = chsOf(sizeBytes);
  view.setBigUint64(FOOTER.currentSize, BigInt(sizeBytes));
  view.setUint16(FOOTER.geometry, cylinders);
  view.setUint8(FOOTER.geometry + 2, heads);
  view.setUint8(FOOTER.geometry + 3, sectors);
  view.setUint32(FOOTER.checksum, checksum(bytes, FOOTER.checksum));
  return bytes;
}

export function encodeDynamicHeader(tableOffset: number, tableEntries: number, blockBytes: number): Uint8Array {
  const bytes = new Uint8Array(DYNAMIC_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(HEADER_COOKIE));
  view.setBigUint64(8, 0xffffffffffffffffn);
  view.setBigUint64(DYNAMIC.tableOffset, BigInt(tableOffset));
  view.setUint32(DYNAMIC.version, 0x00010000);
  view.setUint32(DYNAMIC.blockBytes, blockBytes);
  return withTableEntries(bytes, tableEntries);
}

export function withTableEntries(header: Uint8Array, tableEntries: number): Uint8Array {
  const bytes = header.slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(DYNAMIC.tableEntries, tableEntries);
  view.setUint32(DYNAMIC.checksum, checksum(bytes, DYNAMIC.checksum));
  return bytes;
}

/** Names the parent: its UUID, its file name, and a relative Windows path that lies at `locatorAt`. */
export function withParent(
  header: Uint8Array,
  parent: { readonly uuid: Uint8Array; readonly name: string; readonly locatorAt: number; readonly nowMs: number },
): { header: Uint8Array; locator: Uint8Array } {
  const bytes = header.slice();
  const view = new DataView(bytes.buffer);
  const path = parent.name.replaceAll('/', '\\');
  const base = path.slice(path.lastIndexOf('\\') + 1);
  const locator = encodeUtf16(path.includes('\\') ? path : `.\\${path}`, true);
  bytes.set(parent.uuid, DYNAMIC.parentUuid);
  view.setUint32(DYNAMIC.parentTimeStamp, Math.max(Math.floor(parent.nowMs / 1000) - EPOCH_SECONDS, 0));
  bytes.set(encodeUtf16(base, false).subarray(0, PARENT_NAME_BYTES - 2), DYNAMIC.parentName);
  bytes.set(new TextEncoder().encode('W2ru'), DYNAMIC.locators);
  view.setUint32(DYNAMIC.locators + 4, 512);
  view.setUint32(DYNAMIC.locators + 8, locator.length);
  view.setBigUint64(DYNAMIC.locators + 16, BigInt(parent.locatorAt));
  view.setUint32(DYNAMIC.checksum, checksum(bytes, DYNAMIC.checksum));
  return { header: bytes, locator };
}
