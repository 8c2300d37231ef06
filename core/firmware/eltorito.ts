/** "El Torito" Bootable CD-ROM Format Specification 1.0: the boot catalogue and what its first entry starts. */
import { BlockIoError, type Block } from '../backends/index.ts';
import { CD_STATE, EMULATION, FIRST_CDROM, FIRST_DISK, floppyFormats, type Drives, type Geometry } from './drives.ts';
import type { Guest } from './guest.ts';

const SECTOR_BYTES = 2048;
const ONE_MIB = 0x100000;
const BOOT_RECORD_SECTOR = 17;
const CATALOGUE_POINTER = 0x47;
const BOOTABLE = 0x88;
const DEFAULT_LOAD_SEGMENT = 0x7c0;
const IDENTIFIER = 'EL TORITO SPECIFICATION';

export interface BootEntry {
  readonly media: number;
  readonly loadSegment: number;
  /** In sectors of 512 bytes. */
  readonly sectorCount: number;
  readonly lba: number;
}

/** The initial entry of the boot catalogue, or why there is none. */
export function readBootEntry(medium: Block): BootEntry | string {
  const sector = new Uint8Array(SECTOR_BYTES);
  const view = new DataView(sector.buffer);
  const read = (lba: number): boolean => {
    if ((lba + 1) * SECTOR_BYTES > medium.sizeBytes) return false;
    try {
      medium.read(lba * SECTOR_BYTES, sector);
      return true;
    } catch (error) {
      if (error instanceof BlockIoError) return false;
      throw error;
    }
  };
  const text = (at: number, length: number): string => String.fromCharCode(...sector.subarray(at, at + length));
  if (!read(BOOT_RECORD_SECTOR)) return 'the disc cannot be read';
  if (sector[0] !== 0 || text(1, 5) !== 'CD001' || text(7, IDENTIFIER.length) !== IDENTIFIER)
    return 'the disc is not bootable';
  if (!read(view.getUint32(CATALOGUE_POINTER, true))) return 'its boot catalogue cannot be read';
  if (view.getUint8(0) !== 1 || view.getUint16(0x1e, true) !== 0xaa55) return 'its boot catalogue is damaged';
  if (sector[0x20] !== BOOTABLE) return 'its boot entry is marked not bootable';
  return {
    media: sector[0x21] & 0x0f,
    loadSegment: view.getUint16(0x22, true) || DEFAULT_LOAD_SEGMENT,
    sectorCount: view.getUint16(0x26, true) || 1,
    lba: view.getUint32(0x28, true),
  };
}

function emulatedGeometry(medium: Block, entry: BootEntry): Geometry {
  if (entry.media === EMULATION.FLOPPY_1200) return floppyFormats[5];
  if (entry.media === EMULATION.FLOPPY_1440) return floppyFormats[6];
  if (entry.media === EMULATION.FLOPPY_2880) return floppyFormats[9];
  // The first partition's end names the disk's last cylinder, head and sector.
  const mbr = new Uint8Array(512);
  medium.read(entry.lba * SECTOR_BYTES, mbr);
  const [head, sector, cylinder] = [mbr[0x1c3], mbr[0x1c4], mbr[0x1c5]];
  return {
    heads: Math.min(255, head + 1),
    sectors: sector & 0x3f || 1,
    cylinders: (cylinder | ((sector & 0xc0) << 2)) + 1,
  };
}

/**
 * Loads the entry's image and sets up emulation; returns the drive number for DL, or why it does not work.
 */
export function startBootEntry(guest: Guest, drives: Drives, medium: Block, entry: BootEntry): number | string {
  const bytes = Math.min(entry.sectorCount * 512, Math.max(512, ONE_MIB - (entry.loadSegment << 4)));
  const start = entry.lba * SECTOR_BYTES;
  if (entry.media > EMULATION.DISK) return `its boot entry has the unknown media type ${entry.media}`;
  if (start + 512 > medium.sizeBytes) return 'its boot image lies beyond the end of the disc';
  const data = new Uint8Array(bytes);
  let geometry: Geometry = { cylinders: 0, heads: 0, sectors: 0 };
  try {
    medium.read(start, data.subarray(0, Math.min(bytes, medium.sizeBytes - start)));
    if (entry.media !== EMULATION.NONE) geometry = emulatedGeometry(medium, entry);
  } catch (error) {
    if (error instanceof BlockIoError) return 'its boot image cannot be read';
    throw error;
  }
  guest.writeBytes(entry.loadSegment << 4, data);
  const drive = entry.media === EMULATION.NONE ? FIRST_CDROM : entry.media === EMULATION.DISK ? FIRST_DISK : 0;
  const at = (offset: number): number => drives.cdState(offset);
  guest.setEbda8(at(CD_STATE.ACTIVE), 1);
  guest.setEbda8(at(CD_STATE.MEDIA), entry.media);
  guest.setEbda8(at(CD_STATE.DRIVE), drive);
  guest.setEbda32(at(CD_STATE.LBA), entry.lba);
  guest.setEbda16(at(CD_STATE.SECTOR_COUNT), entry.sectorCount);
  guest.setEbda16(at(CD_STATE.LOAD_SEGMENT), entry.loadSegment);
  guest.setEbda8(at(CD_STATE.SECTORS), geometry.sectors);
  guest.setEbda8(at(CD_STATE.HEADS), geometry.heads);
  guest.setEbda16(at(CD_STATE.CYLINDERS), geometry.cylinders);
  guest.setEbda8(at(CD_STATE.CD_INDEX), 0);
  return drive;
}
