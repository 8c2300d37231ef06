/** IDENTIFY PACKET DEVICE data of a CD-ROM drive. ATA/ATAPI-7 volume 1, section 6.18. */
import type { AtaIdentity } from './ata-identify.ts';
import { dmaModes, putAtaString, wordsToBytes } from './ide-drive.ts';
import type { DriveState } from './ide-state.ts';

export function identifyCdrom(s: DriveState, identity: AtaIdentity): Uint8Array {
  const w = new Uint16Array(256);
  w[0] = 0x85c0; // ATAPI, CD-ROM, removable, 12-byte packets, DRQ within 50 us
  putAtaString(w, 10, 10, identity.serial);
  w[20] = 3;
  w[21] = 512;
  w[22] = 4;
  putAtaString(w, 23, 4, identity.firmware);
  putAtaString(w, 27, 20, identity.model);
  w[48] = 1;
  w[49] = 0x0b00; // IORDY, LBA, DMA
  w[53] = 0x0007;
  w[63] = dmaModes(s.transferMode, 'multiword', 0x07);
  w[64] = 0x0003;
  w.fill(120, 65, 69);
  w[71] = 30; // ns to bus release and to service
  w[72] = 30;
  w[80] = 0x001e;
  w[82] = 0x4214; // NOP, DEVICE RESET, PACKET, removable media
  w[83] = 0x4000;
  w[84] = 0x4000;
  w[85] = 0x4214;
  w[87] = 0x4000;
  w[88] = dmaModes(s.transferMode, 'ultra', 0x3f);
  w[93] = 0x6001;
  return wordsToBytes(w);
}
