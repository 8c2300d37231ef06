/** IDENTIFY DEVICE data of a disk. ATA/ATAPI-7 volume 1, section 6.17; TRIM: ACS-2, 7.17. */
import { MAX_MULTIPLE, TRIM_BLOCKS_MAX } from './ata-commands.ts';
import { dmaModes, putAtaString, wordsToBytes } from './ide-drive.ts';
import type { DriveState } from './ide-state.ts';

export interface AtaIdentity {
  /** Up to 40 characters. */
  readonly model: string;
  /** Up to 20 characters; unlike any other drive's of the machine. */
  readonly serial: string;
  /** Up to 8 characters. */
  readonly firmware: string;
}

export interface AtaGeometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

/** Annex C of ATA/ATAPI-5: 16 heads and 63 sectors, at most 16383 cylinders. */
export function defaultGeometry(totalSectors: number): AtaGeometry {
  const cylinders = Math.floor(totalSectors / (16 * 63));
  return { cylinders: Math.max(2, Math.min(16383, cylinders)), heads: 16, sectors: 63 };
}

const put32 = (words: Uint16Array, at: number, value: number): void => {
  words[at] = value & 0xffff;
  words[at + 1] = (value >>> 16) & 0xffff;
};

/** `totalSectors`: what SET MAX left of the native ones. `hasTrim`: the medium gives space back. */
export function identifyDisk(
  s: DriveState,
  identity: AtaIdentity,
  nativeSectors: number,
  totalSectors: number,
  hasTrim: boolean,
): Uint8Array {
  const w = new Uint16Array(256);
  const geometry = defaultGeometry(nativeSectors);
  w[0] = 0x0040; // a fixed drive
  w[1] = geometry.cylinders;
  w[3] = geometry.heads;
  w[6] = geometry.sectors;
  putAtaString(w, 10, 10, identity.serial);
  w[20] = 3;
  w[21] = 512;
  w[22] = 4;
  putAtaString(w, 23, 4, identity.firmware);
  putAtaString(w, 27, 20, identity.model);
  w[47] = 0x8000 | MAX_MULTIPLE;
  w[48] = 1; // 32-bit data port
  w[49] = 0x2f00; // standby timer, IORDY, LBA, DMA
  w[50] = 0x4000;
  w[51] = 0x0200;
  w[52] = 0x0200;
  w[53] = 0x0007;
  const tracks = s.heads * s.sectors;
  const cylinders = Math.min(16383, Math.floor(totalSectors / tracks));
  w[54] = cylinders;
  w[55] = s.heads;
  w[56] = s.sectors;
  put32(w, 57, cylinders * tracks);
  w[59] = s.multiple > 0 ? 0x0100 | s.multiple : 0;
  put32(w, 60, Math.min(totalSectors, 0x0fffffff));
  w[63] = dmaModes(s.transferMode, 'multiword', 0x07);
  w[64] = 0x0003;
  w.fill(120, 65, 69); // nanoseconds a cycle
  w[80] = 0x00f0; // ATA/ATAPI-4 to 7
  w[82] = 0x4428; // NOP, host protected area, write cache, power management
  w[83] = 0x7400; // FLUSH CACHE (EXT), 48-bit addresses
  w[84] = 0x4040; // forced unit access
  w[85] = 0x4408 | (s.writeCache ? 0x20 : 0);
  w[86] = 0x3400;
  w[87] = 0x4040;
  w[88] = dmaModes(s.transferMode, 'ultra', 0x3f);
  w[93] = 0x6001; // 80-conductor cable
  put32(w, 100, totalSectors % 0x100000000);
  put32(w, 102, Math.floor(totalSectors / 0x100000000));
  if (hasTrim) {
    w[105] = TRIM_BLOCKS_MAX;
    w[169] = 0x0001;
  }
  w[106] = 0x6000; // logical sectors are physical sectors
  const data = wordsToBytes(w);
  data[510] = 0xa5;
  data[511] = -data.reduce((sum, byte) => sum + byte, 0) & 0xff;
  return data;
}
