/** INT 13h, fixed disks by cylinder, head and sector. IBM PS/2 and PC BIOS Interface Technical Reference, INT 13h. */
import { BDA } from './bda.ts';
import { STATUS, diskGeometry, type Drives, type Geometry, type Target } from './drives.ts';
import { Edd13 } from './edd13.ts';
import { linear, type Guest } from './guest.ts';

const FIXED_DISK = 3;

export class Disk13 {
  readonly #guest: Guest;
  readonly #drives: Drives;
  readonly #edd: Edd13;

  constructor(guest: Guest, drives: Drives) {
    this.#guest = guest;
    this.#drives = drives;
    this.#edd = new Edd13(guest, drives);
  }

  call(): void {
    const g = this.#guest;
    if (g.ah === 0x01) {
      const status = g.bda8(BDA.DISK_STATUS);
      g.ah = status;
      g.setBda8(BDA.DISK_STATUS, 0);
      g.setCarry(status !== 0);
      return;
    }
    const target = this.#drives.find(g.dl);
    if (g.ah === 0x15) {
      this.#driveType(target);
      return;
    }
    if (g.ah >= 0x41 && g.ah <= 0x4f) {
      this.#finish(this.#edd.call(target));
      return;
    }
    this.#finish(target && target.kind === 'disk' ? this.#service(target) : STATUS.BAD_COMMAND);
  }

  #finish(status: number): void {
    const g = this.#guest;
    if (status >= 0) {
      g.ah = status;
      g.setBda8(BDA.DISK_STATUS, status);
    }
    g.setCarry(status > STATUS.OK);
  }

  #geometry(target: Target): Geometry {
    return target.emulated ? this.#drives.emulatedGeometry() : diskGeometry(target.totalSectors);
  }

  #service(target: Target): number {
    const g = this.#guest;
    switch (g.ah) {
      case 0x00: // resets
      case 0x0d:
      case 0x09: // initialise with parameters
      case 0x10: // test ready
      case 0x11: // recalibrate
      case 0x14: // controller diagnostic
        return STATUS.OK;
      case 0x02:
        return this.#transfer(target, 'read');
      case 0x03:
        return this.#transfer(target, 'write');
      case 0x04:
        return this.#transfer(target, 'verify');
      case 0x05: // an IDE drive ignores the track's layout
        return this.#drives.readOnly(target) ? STATUS.WRITE_PROTECTED : STATUS.OK;
      case 0x08:
        return this.#parameters(target);
      case 0x0c: {
        const { heads } = this.#geometry(target);
        return g.dh < heads ? STATUS.OK : STATUS.BAD_COMMAND;
      }
      default: // 0Ah, 0Bh too: no drive since IDE has the 4-byte ECC they want
        return STATUS.BAD_COMMAND;
    }
  }

  #transfer(target: Target, action: 'read' | 'write' | 'verify'): number {
    const g = this.#guest;
    const { heads, sectors } = this.#geometry(target);
    const cylinder = g.ch | ((g.cl & 0xc0) << 2);
    const sector = g.cl & 0x3f;
    if (g.al === 0 || g.al > 128 || sector < 1) return STATUS.BAD_COMMAND;
    if (g.dh >= heads || sector > sectors) return STATUS.SECTOR_NOT_FOUND;
    const status = this.#drives.transfer(
      target,
      action,
      (cylinder * heads + g.dh) * sectors + sector - 1,
      g.al,
      linear(g.cpu.es, g.bx),
    );
    if (status !== STATUS.OK) g.al = 0;
    return status;
  }

  #parameters(target: Target): number {
    const g = this.#guest;
    const { cylinders, heads, sectors } = this.#geometry(target);
    const last = cylinders - 1;
    g.ax = 0;
    g.ch = last & 0xff;
    g.cl = ((last >> 2) & 0xc0) | sectors;
    g.dh = heads - 1;
    g.dl = this.#drives.count('disk');
    return STATUS.OK;
  }

  #driveType(target: Target | undefined): void {
    const g = this.#guest;
    g.setBda8(BDA.DISK_STATUS, 0);
    g.setCarry(false);
    if (target?.kind !== 'disk') {
      g.ax = 0;
      g.cx = 0;
      g.dx = 0;
      return;
    }
    const { cylinders, heads, sectors } = this.#geometry(target);
    const total = cylinders * heads * sectors;
    g.cx = (total >>> 16) & 0xffff;
    g.dx = total & 0xffff;
    g.ah = FIXED_DISK;
  }
}
