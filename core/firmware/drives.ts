/**
 * Which medium a BIOS drive number means, and its geometry. Numbers 00h up are floppies, 80h up disks, E0h up CD-ROMs;
 * an El Torito emulation takes the first floppy or disk number and shifts the rest up by one.
 */
import { BlockIoError, type Block } from '../backends/index.ts';
import type { BiosDrive } from './env.ts';
import type { Guest } from './guest.ts';
import { EBDA } from './layout.ts';

export const STATUS = {
  OK: 0x00,
  BAD_COMMAND: 0x01,
  WRITE_PROTECTED: 0x03,
  SECTOR_NOT_FOUND: 0x04,
  MEDIA_CHANGED: 0x06,
  DMA_BOUNDARY: 0x09,
  UNKNOWN_MEDIA: 0x0c,
  CRC: 0x10,
  NOT_REMOVABLE: 0xb2,
  NO_MEDIA: 0x31,
  TIME_OUT: 0x80,
} as const;

export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

/** INT 13h AH=08h, BL: drive type. */
interface FloppyFormat extends Geometry {
  readonly sizeKib: number;
  readonly driveType: number;
}

/** IBM PC formats, and 1.68 MB (distribution disks). */
export const floppyFormats: readonly FloppyFormat[] = [
  { sizeKib: 160, cylinders: 40, heads: 1, sectors: 8, driveType: 1 },
  { sizeKib: 180, cylinders: 40, heads: 1, sectors: 9, driveType: 1 },
  { sizeKib: 320, cylinders: 40, heads: 2, sectors: 8, driveType: 1 },
  { sizeKib: 360, cylinders: 40, heads: 2, sectors: 9, driveType: 1 },
  { sizeKib: 720, cylinders: 80, heads: 2, sectors: 9, driveType: 3 },
  { sizeKib: 1200, cylinders: 80, heads: 2, sectors: 15, driveType: 2 },
  { sizeKib: 1440, cylinders: 80, heads: 2, sectors: 18, driveType: 4 },
  { sizeKib: 1680, cylinders: 80, heads: 2, sectors: 21, driveType: 4 },
  { sizeKib: 1722, cylinders: 82, heads: 2, sectors: 21, driveType: 4 },
  { sizeKib: 2880, cylinders: 80, heads: 2, sectors: 36, driveType: 5 },
];
export const DEFAULT_FLOPPY: FloppyFormat = floppyFormats[6];

/** The smallest format that holds the image: images are often cut short after their last used sector. */
export function floppyFormat(sizeBytes: number): FloppyFormat {
  return floppyFormats.find((format) => sizeBytes <= format.sizeKib * 1024) ?? floppyFormats[floppyFormats.length - 1];
}

/** Phoenix EDD 3.0, LBA-assisted translation: 63 sectors, heads doubled until 1024 cylinders suffice. */
export function diskGeometry(totalSectors: number): Geometry {
  const sectors = 63;
  const tracks = totalSectors / sectors / 1024;
  const heads = tracks > 128 ? 255 : tracks > 64 ? 128 : tracks > 32 ? 64 : tracks > 16 ? 32 : 16;
  return { cylinders: Math.min(1024, Math.max(1, Math.floor(totalSectors / (heads * sectors)))), heads, sectors };
}

/** Media types of an El Torito boot entry. */
export const EMULATION = { NONE: 0, FLOPPY_1200: 1, FLOPPY_1440: 2, FLOPPY_2880: 3, DISK: 4 } as const;

/** El Torito state in the EBDA, relative to EBDA.CD_EMULATION. */
export const CD_STATE = {
  ACTIVE: 0,
  MEDIA: 1,
  DRIVE: 2,
  LBA: 4,
  SECTOR_COUNT: 8,
  LOAD_SEGMENT: 10,
  SECTORS: 12,
  HEADS: 13,
  CYLINDERS: 14,
  CD_INDEX: 16,
} as const;

export const FIRST_DISK = 0x80;
export const FIRST_CDROM = 0xe0;
const CD_SECTOR_BYTES = 2048;

/** What a drive number means just now. `baseBytes` is where an emulated medium starts on the CD. */
export interface Target {
  kind: 'floppy' | 'disk' | 'cdrom';
  index: number;
  drive: BiosDrive;
  medium: Block | undefined;
  emulated: boolean;
  baseBytes: number;
  sectorBytes: number;
  /** In sectors of `sectorBytes`. */
  totalSectors: number;
}

export class Drives {
  readonly #guest: Guest;
  readonly #buffer = new Uint8Array(0x20000);
  /** One object for all calls; valid until the next `find`. */
  #target: Target | undefined;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  cdState(offset: number): number {
    return EBDA.CD_EMULATION + offset;
  }
  get emulating(): boolean {
    return this.#guest.ebda8(this.cdState(CD_STATE.ACTIVE)) === 1;
  }
  /** EMULATION.*, NONE when no emulation is on. */
  get emulatedMedia(): number {
    return this.emulating ? this.#guest.ebda8(this.cdState(CD_STATE.MEDIA)) & 0x0f : EMULATION.NONE;
  }
  #emulates(kind: 'floppy' | 'disk'): boolean {
    const media = this.emulatedMedia;
    return kind === 'disk'
      ? media === EMULATION.DISK
      : media >= EMULATION.FLOPPY_1200 && media <= EMULATION.FLOPPY_2880;
  }

  /** Drives of a kind, the emulated one included. */
  count(kind: 'floppy' | 'disk'): number {
    const real = kind === 'floppy' ? this.#guest.env.floppies.length : this.#guest.env.disks.length;
    return real + (this.#emulates(kind) ? 1 : 0);
  }

  /** The place among the disks of the one with the number 80h + `index`. */
  #diskAt(index: number): number {
    const first = this.#guest.ebda8(EBDA.FIRST_DISK);
    return index === 0 ? first : index === first ? 0 : index;
  }

  #real(kind: 'floppy' | 'disk', index: number): Target | undefined {
    const { floppies, disks } = this.#guest.env;
    if (kind === 'floppy') return this.#set(kind, index, floppies[index], 512);
    const place = this.#diskAt(index);
    return this.#set(kind, place, disks[place], 512);
  }

  /** Undefined where no such drive exists; a drive without medium has `medium` undefined. */
  find(number: number): Target | undefined {
    const env = this.#guest.env;
    if (number >= FIRST_CDROM)
      return this.#set('cdrom', number - FIRST_CDROM, env.cdroms[number - FIRST_CDROM], CD_SECTOR_BYTES);
    const kind = number >= FIRST_DISK ? 'disk' : 'floppy';
    const index = number & 0x7f;
    if (!this.#emulates(kind)) return this.#real(kind, index);
    if (index > 0) return this.#real(kind, index - 1);
    const target = this.#set(kind, 0, env.cdroms[this.#guest.ebda8(this.cdState(CD_STATE.CD_INDEX))], 512);
    if (target?.medium) {
      target.emulated = true;
      target.baseBytes = Math.min(
        this.#guest.ebda32(this.cdState(CD_STATE.LBA)) * CD_SECTOR_BYTES,
        target.medium.sizeBytes,
      );
      const available = Math.floor((target.medium.sizeBytes - target.baseBytes) / 512);
      const geometry = this.emulatedGeometry();
      target.totalSectors = Math.min(available, geometry.cylinders * geometry.heads * geometry.sectors);
    }
    return target;
  }

  emulatedGeometry(): Geometry {
    const g = this.#guest;
    return {
      cylinders: g.ebda16(this.cdState(CD_STATE.CYLINDERS)),
      heads: g.ebda8(this.cdState(CD_STATE.HEADS)),
      sectors: g.ebda8(this.cdState(CD_STATE.SECTORS)),
    };
  }

  #set(kind: Target['kind'], index: number, drive: BiosDrive | undefined, sectorBytes: number): Target | undefined {
    if (!drive) return undefined;
    const medium = drive.medium;
    const totalSectors = medium ? Math.floor(medium.sizeBytes / sectorBytes) : 0;
    this.#target ??= { kind, index, drive, medium, emulated: false, baseBytes: 0, sectorBytes, totalSectors };
    const target = this.#target;
    target.kind = kind;
    target.index = index;
    target.drive = drive;
    target.medium = medium;
    target.emulated = false;
    target.baseBytes = 0;
    target.sectorBytes = sectorBytes;
    target.totalSectors = totalSectors;
    return target;
  }

  readOnly(target: Target): boolean {
    return target.emulated || target.kind === 'cdrom' || (target.medium?.readOnly ?? true);
  }

  /**
   * Moves `count` sectors between the medium and guest memory at `address`; returns a STATUS. `verify` moves nothing.
   * Ranges beyond the medium are SECTOR_NOT_FOUND, host errors CRC.
   */
  transfer(target: Target, action: 'read' | 'write' | 'verify', lba: number, count: number, address: number): number {
    const medium = target.medium;
    if (!medium) return target.kind === 'floppy' ? STATUS.TIME_OUT : STATUS.NO_MEDIA;
    if (lba + count > target.totalSectors) return STATUS.SECTOR_NOT_FOUND;
    if (action === 'write' && this.readOnly(target)) return STATUS.WRITE_PROTECTED;
    if (action === 'verify') return STATUS.OK;
    const chunk = this.#buffer.length;
    const total = count * target.sectorBytes;
    const start = target.baseBytes + lba * target.sectorBytes;
    try {
      for (let done = 0; done < total; done += chunk) {
        const part = this.#buffer.subarray(0, Math.min(chunk, total - done));
        if (action === 'read') {
          medium.read(start + done, part);
          this.#guest.writeBytes(address + done, part);
        } else {
          this.#guest.readBytes(address + done, part);
          medium.write(start + done, part);
        }
      }
    } catch (error) {
      if (error instanceof BlockIoError) return STATUS.CRC;
      throw error;
    }
    return STATUS.OK;
  }

  /** Fills sectors with one byte: formatting. */
  fill(target: Target, lba: number, byte: number): number {
    const medium = target.medium;
    if (!medium) return STATUS.TIME_OUT;
    if (this.readOnly(target)) return STATUS.WRITE_PROTECTED;
    if (lba >= target.totalSectors) return STATUS.SECTOR_NOT_FOUND;
    const sector = this.#buffer.subarray(0, target.sectorBytes).fill(byte);
    try {
      medium.write(target.baseBytes + lba * target.sectorBytes, sector);
    } catch (error) {
      if (error instanceof BlockIoError) return STATUS.CRC;
      throw error;
    }
    return STATUS.OK;
  }
}
