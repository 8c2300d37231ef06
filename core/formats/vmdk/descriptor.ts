/** The text part of VMDK images. VMware "Virtual Disk Format 5.0", "The Descriptor File". */
import type { ByteFile } from '../../backends/index.ts';
import { corrupt, imageError } from '../failure.ts';

export const SECTOR_BYTES = 512;
export const NO_PARENT_CID = 0xffffffff;
const DESCRIPTOR_BYTES_MAX = 64 * 1024;
const EXTENTS_MAX = 4096;

export interface ExtentLine {
  readonly access: 'RW' | 'RDONLY';
  readonly sectors: number;
  readonly kind: 'SPARSE' | 'FLAT' | 'ZERO';
  readonly fileName: string;
  /** Where in a flat file the extent begins. */
  readonly offsetSectors: number;
}

export interface Descriptor {
  readonly createType: string;
  cid: number;
  readonly parentCid: number;
  readonly parentName: string | undefined;
  readonly extents: readonly ExtentLine[];
  /** Where the text lies, and the room that it has: the whole file for one of its own. */
  readonly at: number;
  readonly roomBytes: number;
  text: string;
}

export function readDescriptor(file: ByteFile, at: number, roomBytes: number): Descriptor {
  const where = { file, offsetBytes: at, field: 'descriptor' };
  if (roomBytes === 0 || roomBytes > DESCRIPTOR_BYTES_MAX) throw corrupt(where, `${roomBytes} bytes are no descriptor`);
  if (at + roomBytes > file.sizeBytes)
    throw imageError('image.truncated', where, `the file ends at ${file.sizeBytes}, inside the descriptor`);
  const bytes = new Uint8Array(roomBytes);
  file.read(at, bytes);
  const end = bytes.indexOf(0);
  const text = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  const field = (name: string): string | undefined =>
    new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*"?([^"\\r\\n]*)"?[ \\t]*\\r?$`, 'im').exec(text)?.[1];
  const hex = (name: string): number | undefined => {
    const value = field(name);
    if (value === undefined) return undefined;
    if (!/^[0-9a-f]{1,8}$/i.test(value.trim())) throw corrupt({ ...where, field: name }, `"${value}" is no content id`);
    return Number.parseInt(value, 16);
  };
  const createType = field('createType');
  if (createType === undefined) throw corrupt({ ...where, field: 'createType' }, 'the descriptor does not say it');
  return {
    createType,
    cid: hex('CID') ?? 0xfffffffe,
    parentCid: hex('parentCID') ?? NO_PARENT_CID,
    parentName: field('parentFileNameHint'),
    extents: readExtents(text, file, at),
    at,
    roomBytes,
    text,
  };
}

const EXTENT = /^(RW|RDONLY|NOACCESS)[ \t]+(\d{1,15})[ \t]+([A-Z]+)(?:[ \t]+"([^"]*)"(?:[ \t]+(\d{1,15}))?)?/;

function readExtents(text: string, file: ByteFile, at: number): ExtentLine[] {
  const extents: ExtentLine[] = [];
  for (const line of text.split('\n')) {
    const match = EXTENT.exec(line.trim());
    if (!match) continue;
    const where = { file, offsetBytes: at, field: `extent ${extents.length}` };
    const [, access, sectors, type, fileName, offset] = match;
    const kind = type === 'VMFS' ? 'FLAT' : type;
    if (access === 'NOACCESS') throw imageError('image.unsupported', where, 'it may not be accessed');
    if (kind !== 'SPARSE' && kind !== 'FLAT' && kind !== 'ZERO')
      throw imageError('image.unsupported', where, `extents of type ${type} are not supported`);
    if (kind !== 'ZERO' && (fileName ?? '') === '') throw corrupt(where, 'it names no file');
    if (extents.length >= EXTENTS_MAX) throw corrupt(where, 'there are too many extents');
    extents.push({
      access: access as 'RW' | 'RDONLY',
      sectors: Number(sectors),
      kind,
      fileName: fileName ?? '',
      offsetSectors: Number(offset ?? 0),
    });
  }
  return extents;
}

export interface NewDescriptor {
  readonly createType: string;
  readonly cid: number;
  readonly parent: { readonly cid: number; readonly name: string } | undefined;
  readonly extents: readonly ExtentLine[];
  readonly sizeBytes: number;
}

const hex8 = (value: number): string => value.toString(16).padStart(8, '0');

export function writeDescriptor({ createType, cid, parent, extents, sizeBytes }: NewDescriptor): string {
  const heads = 16;
  const sectors = 63;
  const cylinders = Math.min(Math.floor(sizeBytes / SECTOR_BYTES / heads / sectors), 16383);
  const lines = extents.map((extent) => {
    const flat = extent.kind === 'FLAT' ? ` ${extent.offsetSectors}` : '';
    return `${extent.access} ${extent.sectors} ${extent.kind} "${extent.fileName}"${flat}`;
  });
  return [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${hex8(cid)}`,
    `parentCID=${hex8(parent?.cid ?? NO_PARENT_CID)}`,
    `createType="${createType}"`,
    ...(parent ? [`parentFileNameHint="${parent.name}"`] : []),
    '',
    '# Extent description',
    ...lines,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    'ddb.virtualHWVersion = "4"',
    `ddb.geometry.cylinders = "${cylinders}"`,
    `ddb.geometry.heads = "${heads}"`,
    `ddb.geometry.sectors = "${sectors}"`,
    'ddb.adapterType = "ide"',
    '',
  ].join('\n');
}

/** The text with another content id, of the same length. */
export const withCid = (text: string, cid: number): string =>
  text.replace(/^([ \t]*CID[ \t]*=[ \t]*)[0-9a-f]+/im, (_, head: string) => `${head}${hex8(cid)}`);

/** The text with other sizes of its extents. */
export const withExtentSectors = (text: string, from: ExtentLine, sectors: number): string =>
  text.replace(
    new RegExp(`^((?:RW|RDONLY)[ \\t]+)${from.sectors}(?=[ \\t]+[A-Z]+[ \\t]+"${escapeText(from.fileName)}")`, 'm'),
    (_, head: string) => `${head}${sectors}`,
  );

const escapeText = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
