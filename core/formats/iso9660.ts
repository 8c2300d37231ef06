/**
 * ISO 9660 volumes, read only: what a CD is, whether it boots, and its files, with the names of Rock Ridge or Joliet
 * where it has them. ECMA-119; Joliet specification; IEEE P1281 (SUSP), P1282 (RRIP); El Torito 1.0.
 */
import type { Block } from '../backends/index.ts';
import { ok, type Result } from '../base/index.ts';
import { attempt, corrupt, imageError, type Where } from './failure.ts';
import { rockRidgeName } from './rock-ridge.ts';

const SECTOR_BYTES = 2048;
const DESCRIPTORS_AT = 16;
const DESCRIPTORS_MAX = 64;
/** Of one directory: more than a hundred thousand names. */
const DIRECTORY_BYTES_MAX = 16 * 1024 * 1024;
const FLAG = { directory: 2, moreExtents: 0x80 } as const;
const EL_TORITO = 'EL TORITO SPECIFICATION';

/** A medium with a name for messages. */
export type IsoSource = Pick<Block, 'sizeBytes' | 'read'> & { readonly name: string };

export interface IsoEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly sizeBytes: number;
  /** Where its bytes lie on the medium, in order. */
  readonly extents: readonly { readonly offsetBytes: number; readonly lengthBytes: number }[];
}

export interface IsoBoot {
  readonly platform: 'x86' | 'PowerPC' | 'Mac' | 'EFI' | 'unknown';
  /** How the firmware is to show the boot image: as it is, or as a floppy or a disk. */
  readonly emulation: 'none' | 'floppy' | 'disk';
  readonly offsetBytes: number;
  readonly loadSectors: number;
}

export interface IsoInfo {
  readonly volumeId: string;
  readonly systemId: string;
  readonly publisher: string;
  readonly application: string;
  /** Of the volume, which may be less than the medium. */
  readonly sizeBytes: number;
  readonly names: 'plain' | 'joliet' | 'rock-ridge';
  /** What an El Torito firmware starts by default; undefined for a CD that does not boot. */
  readonly boot: IsoBoot | undefined;
}

interface Volume {
  readonly root: IsoEntry;
  readonly joliet: boolean;
  readonly descriptor: Uint8Array;
}

/** Codes: image.format for what is no ISO 9660 volume, image.corrupt, image.truncated, file.io. */
export function openIso(source: IsoSource): Result<IsoVolume> {
  return attempt(source, () => ok(IsoVolume.open(source)));
}

export class IsoVolume {
  readonly info: IsoInfo;
  readonly root: IsoEntry;
  readonly #source: IsoSource;
  /** Bytes of a record's system use area that are not Rock Ridge's. */
  readonly #skip: number;

  static open(source: IsoSource): IsoVolume {
    let primary: Volume | undefined;
    let joliet: Volume | undefined;
    let boot: IsoBoot | undefined;
    for (let i = 0; ; i++) {
      const at = (DESCRIPTORS_AT + i) * SECTOR_BYTES;
      const where: Where = { file: source, offsetBytes: at, field: 'volume descriptor' };
      if (i === 0 && at + SECTOR_BYTES > source.sizeBytes)
        throw imageError('image.format', { file: source }, 'this is no ISO 9660 volume');
      if (i === DESCRIPTORS_MAX) throw corrupt(where, 'the set of descriptors has no end');
      const bytes = readAt(source, at, SECTOR_BYTES, 'volume descriptor');
      if (latin1(bytes.subarray(1, 6)) !== 'CD001') {
        if (i === 0) throw imageError('image.format', { file: source }, 'this is no ISO 9660 volume');
        throw corrupt(where, 'the set of descriptors breaks off');
      }
      const type = bytes[0];
      if (type === 255) break;
      if (type === 0 && latin1(bytes.subarray(7, 39)).startsWith(EL_TORITO)) boot ??= readBoot(source, bytes);
      if (type === 1) primary ??= { root: rootOf(source, at, bytes), joliet: false, descriptor: bytes };
      if (type === 2 && isJoliet(bytes))
        joliet ??= { root: rootOf(source, at, bytes), joliet: true, descriptor: bytes };
    }
    if (!primary) throw corrupt({ file: source, field: 'volume descriptor' }, 'there is no primary one');
    return new IsoVolume(source, primary, joliet, boot);
  }

  private constructor(source: IsoSource, primary: Volume, joliet: Volume | undefined, boot: IsoBoot | undefined) {
    this.#source = source;
    const skip = suspSkip(source, primary.root);
    const names = skip !== undefined ? 'rock-ridge' : joliet ? 'joliet' : 'plain';
    this.#skip = skip ?? 0;
    this.root = (names === 'joliet' && joliet ? joliet : primary).root;
    const text = (from: number, to: number): string => latin1(primary.descriptor.subarray(from, to)).trimEnd();
    this.info = {
      volumeId: text(40, 72),
      systemId: text(8, 40),
      publisher: text(318, 446),
      application: text(574, 702),
      sizeBytes: viewOf(primary.descriptor).getUint32(80, true) * SECTOR_BYTES,
      names,
      boot,
    };
  }

  /** The entries of a directory, without itself and its parent. Throws ImageError. */
  list(directory: IsoEntry): IsoEntry[] {
    const where: Where = { file: this.#source, field: 'directory' };
    if (!directory.isDirectory) throw corrupt(where, `${directory.name} is no directory`);
    const entries: IsoEntry[] = [];
    let begun: IsoEntry | undefined;
    for (const { record, flags } of recordsOf(this.#source, directory)) {
      const nameLength = record[32];
      if (nameLength === 1 && record[33] < 2) continue;
      const extent = extentOf(this.#source, record);
      const previous = begun?.extents ?? [];
      const entry: IsoEntry = {
        name: begun?.name ?? this.#nameOf(record, nameLength),
        isDirectory: (flags & FLAG.directory) !== 0,
        sizeBytes: (begun?.sizeBytes ?? 0) + extent.lengthBytes,
        extents: [...previous, extent],
      };
      begun = flags & FLAG.moreExtents ? entry : undefined;
      if (!begun) entries.push(entry);
      else if (entry.extents.length > 1024) throw corrupt(where, `${entry.name} has too many extents`);
    }
    return entries;
  }

  #nameOf(record: Uint8Array, nameLength: number): string {
    const name = record.subarray(33, 33 + nameLength);
    if (this.info.names === 'joliet') return utf16(name).replace(/;\d*$/, '');
    if (this.info.names === 'rock-ridge') {
      const used = 33 + nameLength + (nameLength % 2 === 0 ? 1 : 0) + this.#skip;
      const found = rockRidgeName(record.subarray(used), (sector, offset, length) =>
        readAt(this.#source, sector * SECTOR_BYTES + offset, length, 'continuation area'),
      );
      if (found !== undefined) return found;
    }
    return latin1(name).replace(/;\d*$/, '').replace(/\.$/, '');
  }

  /** An entry by its path, with slashes; case matters. Undefined when there is none. */
  find(path: string): IsoEntry | undefined {
    let entry: IsoEntry | undefined = this.root;
    for (const part of path.split('/').filter((name) => name !== '')) {
      if (!entry?.isDirectory) return undefined;
      entry = this.list(entry).find(({ name }) => name === part);
    }
    return entry;
  }

  /** Fills `target` from a file's bytes; the range lies within the file. */
  read(entry: IsoEntry, offsetBytes: number, target: Uint8Array): void {
    let start = 0;
    for (const extent of entry.extents) {
      const from = Math.max(offsetBytes, start);
      const to = Math.min(offsetBytes + target.length, start + extent.lengthBytes);
      if (from < to)
        this.#source.read(extent.offsetBytes + from - start, target.subarray(from - offsetBytes, to - offsetBytes));
      start += extent.lengthBytes;
    }
  }
}

const latin1 = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function utf16(bytes: Uint8Array): string {
  const view = viewOf(bytes);
  let text = '';
  for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode(view.getUint16(i));
  return text;
}

function readAt(source: IsoSource, at: number, lengthBytes: number, field: string): Uint8Array {
  if (at + lengthBytes > source.sizeBytes)
    throw imageError(
      'image.truncated',
      { file: source, offsetBytes: at, field },
      `the medium ends at ${source.sizeBytes}, ${lengthBytes} bytes are needed here`,
    );
  const bytes = new Uint8Array(lengthBytes);
  source.read(at, bytes);
  return bytes;
}

/** Joliet's escape sequences for UCS-2 level 1 to 3. */
const isJoliet = (descriptor: Uint8Array): boolean => /^%\/[@CE]/.test(latin1(descriptor.subarray(88, 91)));

function rootOf(source: IsoSource, at: number, descriptor: Uint8Array): IsoEntry {
  const blockBytes = viewOf(descriptor).getUint16(128, true);
  if (blockBytes !== SECTOR_BYTES)
    throw imageError(
      'image.unsupported',
      { file: source, offsetBytes: at + 128, field: 'logical block size' },
      `blocks of ${blockBytes} bytes are not supported`,
    );
  const extent = extentOf(source, descriptor.subarray(156, 190));
  return { name: '', isDirectory: true, sizeBytes: extent.lengthBytes, extents: [extent] };
}

function extentOf(source: IsoSource, record: Uint8Array): { offsetBytes: number; lengthBytes: number } {
  const view = viewOf(record);
  const offsetBytes = (view.getUint32(2, true) + record[1]) * SECTOR_BYTES;
  const lengthBytes = view.getUint32(10, true);
  if (offsetBytes + lengthBytes > source.sizeBytes)
    throw imageError(
      'image.truncated',
      { file: source, offsetBytes, field: 'extent' },
      `${lengthBytes} bytes at ${offsetBytes} lie behind the end of the medium at ${source.sizeBytes}`,
    );
  return { offsetBytes, lengthBytes };
}

/** Records do not cross sectors: a length of 0 means that the next one is in the next sector. */
function* recordsOf(source: IsoSource, directory: IsoEntry): Generator<{ record: Uint8Array; flags: number }> {
  const [{ offsetBytes, lengthBytes }] = directory.extents;
  const where = (at: number): Where => ({ file: source, offsetBytes: offsetBytes + at, field: 'directory record' });
  if (lengthBytes > DIRECTORY_BYTES_MAX) throw corrupt(where(0), `a directory of ${lengthBytes} bytes is too large`);
  const bytes = readAt(source, offsetBytes, lengthBytes, 'directory');
  for (let at = 0; at < bytes.length;) {
    const length = bytes[at];
    if (length === 0) {
      at = (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES;
      continue;
    }
    const record = bytes.subarray(at, at + length);
    if (
      length < 34 ||
      record.length < length ||
      33 + record[32] > length ||
      (at % SECTOR_BYTES) + length > SECTOR_BYTES
    )
      throw corrupt(where(at), `a record of ${length} bytes cannot be here`);
    yield { record, flags: record[25] };
    at += length;
  }
}

/** Rock Ridge says so in the root's own record, and how many bytes of each record are somebody else's. */
function suspSkip(source: IsoSource, root: IsoEntry): number | undefined {
  const [first] = recordsOf(source, root);
  const area = first?.record.subarray(34);
  if (!area || area.length < 7 || latin1(area.subarray(0, 2)) !== 'SP') return undefined;
  return area[4] === 0xbe && area[5] === 0xef ? area[6] : undefined;
}

/** The validation entry and the default entry of the boot catalogue. */
function readBoot(source: IsoSource, descriptor: Uint8Array): IsoBoot | undefined {
  const at = viewOf(descriptor).getUint32(71, true) * SECTOR_BYTES;
  const catalogue = readAt(source, at, 64, 'boot catalogue');
  const view = viewOf(catalogue);
  let sum = 0;
  for (let i = 0; i < 32; i += 2) sum = (sum + view.getUint16(i, true)) & 0xffff;
  if (catalogue[0] !== 1 || view.getUint16(30, true) !== 0xaa55 || sum !== 0)
    throw corrupt({ file: source, offsetBytes: at, field: 'boot catalogue' }, 'its validation entry is wrong');
  if (catalogue[32] !== 0x88) return undefined;
  const media = catalogue[33] & 0x0f;
  const platforms: Readonly<Record<number, IsoBoot['platform']>> = { 0: 'x86', 1: 'PowerPC', 2: 'Mac', 0xef: 'EFI' };
  return {
    platform: platforms[catalogue[1]] ?? 'unknown',
    emulation: media === 0 ? 'none' : media === 4 ? 'disk' : 'floppy',
    offsetBytes: view.getUint32(40, true) * SECTOR_BYTES,
    loadSectors: view.getUint16(38, true),
  };
}
