/** INT 13h AH=41h-4Bh: Phoenix Enhanced Disk Drive Specification 3.0; El Torito 1.0 for AH=4Bh. */
import { CD_STATE, STATUS, type Drives, type Target } from './drives.ts';
import { linear, type Guest } from './guest.ts';

const EDD_VERSION_3 = 0x30;
/** Fixed disk access and EDD support; no locking. */
const SUBSETS = 0x05;
const PACKET_BYTES = 0x10;
const FLAT_PACKET_BYTES = 0x18;
const MAX_SECTORS = 127;
/** Returned where AH is not to be changed. */
const KEEP_AH = -1;

export class Edd13 {
  readonly #guest: Guest;
  readonly #drives: Drives;

  constructor(guest: Guest, drives: Drives) {
    this.#guest = guest;
    this.#drives = drives;
  }

  /** A STATUS, or -1 for success with AH holding something else. */
  call(target: Target | undefined): number {
    const g = this.#guest;
    if (g.ah === 0x4b) return this.#elTorito();
    if (!target) return STATUS.BAD_COMMAND;
    switch (g.ah) {
      case 0x41:
        if (g.bx !== 0x55aa) return STATUS.BAD_COMMAND;
        g.bx = 0xaa55;
        g.ah = EDD_VERSION_3;
        g.cx = SUBSETS;
        return KEEP_AH;
      case 0x42:
        return this.#packet(target, 'read');
      case 0x43:
        return g.al > 2 ? STATUS.BAD_COMMAND : this.#packet(target, 'write');
      case 0x44:
        return this.#packet(target, 'verify');
      case 0x45: // lock and unlock
      case 0x46: // eject
        return target.kind === 'cdrom' ? STATUS.BAD_COMMAND : STATUS.NOT_REMOVABLE;
      case 0x47: {
        const lba = this.#lba(linear(g.cpu.ds, g.si));
        return lba < target.totalSectors ? STATUS.OK : STATUS.SECTOR_NOT_FOUND;
      }
      case 0x48:
        return this.#parameters(target);
      case 0x49:
        return target.kind === 'cdrom' && target.drive.takeChanged() ? STATUS.MEDIA_CHANGED : STATUS.OK;
      default:
        return STATUS.BAD_COMMAND;
    }
  }

  /** The 64-bit sector number of a packet; beyond 2^53 it is past any medium's end all the same. */
  #lba(packet: number): number {
    const g = this.#guest;
    return g.read32(packet + 8) + g.read32(packet + 12) * 0x100000000;
  }

  #packet(target: Target, action: 'read' | 'write' | 'verify'): number {
    const g = this.#guest;
    const at = linear(g.cpu.ds, g.si);
    const size = g.read8(at);
    const count = g.read16(at + 2);
    if (size < PACKET_BYTES || count > MAX_SECTORS) return STATUS.BAD_COMMAND;
    if (count === 0) return STATUS.OK;
    const offset = g.read16(at + 4);
    const segment = g.read16(at + 6);
    let address = linear(segment, offset);
    if (offset === 0xffff && segment === 0xffff && size >= FLAT_PACKET_BYTES) {
      if (g.read32(at + 0x14) !== 0) return STATUS.DMA_BOUNDARY;
      address = g.read32(at + 0x10);
      if (address + count * target.sectorBytes > 0x100000000) return STATUS.DMA_BOUNDARY;
    }
    const status = this.#drives.transfer(target, action, this.#lba(at), count, address);
    if (status !== STATUS.OK) g.write16(at + 2, 0);
    return status;
  }

  #parameters(target: Target): number {
    const g = this.#guest;
    const at = linear(g.cpu.ds, g.si);
    const size = g.read16(at);
    if (size < 0x1a) return STATUS.BAD_COMMAND;
    if (target.kind === 'cdrom' && !target.medium) return STATUS.NO_MEDIA;
    const cdrom = target.kind === 'cdrom';
    g.write16(at, size >= 0x1e ? 0x1e : 0x1a);
    // Bit 0: DMA boundaries are handled; bit 1: the geometry is valid; CD-ROM: removable, change line, lockable no.
    g.write16(at + 2, cdrom ? 0x0015 : 0x0003);
    // The drive's own geometry, not the translated one (EDD 3.0, 4.8): IDE's 16 heads of 63 sectors.
    g.write32(at + 4, cdrom ? 0xffffffff : Math.min(16383, Math.floor(target.totalSectors / 1008)));
    g.write32(at + 8, cdrom ? 0xffffffff : 16);
    g.write32(at + 12, cdrom ? 0xffffffff : 63);
    g.write64(at + 16, cdrom && target.totalSectors === 0 ? 0 : target.totalSectors);
    g.write16(at + 24, target.sectorBytes);
    if (size >= 0x1e) g.write32(at + 26, 0xffffffff); // no device parameter table
    return STATUS.OK;
  }

  /** AL=00h ends the emulation, 01h only asks; both fill the specification packet at DS:SI. */
  #elTorito(): number {
    const g = this.#guest;
    if (g.al > 1) return STATUS.BAD_COMMAND;
    const state = (offset: number): number => this.#drives.cdState(offset);
    const at = linear(g.cpu.ds, g.si);
    if (!this.#drives.emulating) return STATUS.BAD_COMMAND;
    g.write8(at, 0x13);
    g.write8(at + 1, g.ebda8(state(CD_STATE.MEDIA)));
    g.write8(at + 2, g.ebda8(state(CD_STATE.DRIVE)));
    g.write8(at + 3, g.ebda8(state(CD_STATE.CD_INDEX)));
    g.write32(at + 4, g.ebda32(state(CD_STATE.LBA)));
    g.write16(at + 8, 0);
    g.write16(at + 10, 0);
    g.write16(at + 12, g.ebda16(state(CD_STATE.LOAD_SEGMENT)));
    g.write16(at + 14, g.ebda16(state(CD_STATE.SECTOR_COUNT)));
    const { cylinders, heads, sectors } = this.#drives.emulatedGeometry();
    g.write8(at + 16, (cylinders - 1) & 0xff);
    g.write8(at + 17, (((cylinders - 1) >> 2) & 0xc0) | sectors);
    g.write8(at + 18, heads - 1);
    if (g.al === 0) g.setEbda8(state(CD_STATE.ACTIVE), 0);
    return STATUS.OK;
  }
}
