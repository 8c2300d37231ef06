/** INT 13h, diskette functions. IBM PS/2 and PC BIOS Interface Technical Reference, INT 13h diskette. */
import { BDA } from './bda.ts';
import { DEFAULT_FLOPPY, STATUS, floppyFormat, type Drives, type Geometry, type Target } from './drives.ts';
import { linear, type Guest } from './guest.ts';
import { ROM, ROM_SEGMENT } from './layout.ts';

const MOTOR_OFF_TICKS = 0x25;
const VECTOR_1E = 0x1e * 4;
const FILL_BYTE_OFFSET = 8;
const MEDIA_KNOWN: Readonly<Record<number, number>> = { 1: 0x93, 2: 0x15, 3: 0x97, 4: 0x17, 5: 0xd7 };
const CHANGE_LINE = 2;

export class Floppy13 {
  readonly #guest: Guest;
  readonly #drives: Drives;

  constructor(guest: Guest, drives: Drives) {
    this.#guest = guest;
    this.#drives = drives;
  }

  call(): void {
    const g = this.#guest;
    switch (g.ah) {
      case 0x00:
        g.setBda8(BDA.FLOPPY_RECALIBRATED, 0);
        this.#finish(g.dl < 0x80 && this.#drives.count('floppy') > 0 ? STATUS.OK : STATUS.BAD_COMMAND);
        break;
      case 0x01: {
        const status = g.bda8(BDA.FLOPPY_STATUS);
        g.ah = status;
        g.setCarry(status !== 0);
        break;
      }
      case 0x02:
        this.#transfer('read');
        break;
      case 0x03:
        this.#transfer('write');
        break;
      case 0x04:
        this.#transfer('verify');
        break;
      case 0x05:
        this.#finish(this.#format());
        break;
      case 0x08:
        this.#parameters();
        break;
      case 0x15:
        g.ah = this.#drives.find(g.dl) ? CHANGE_LINE : 0;
        g.setCarry(false);
        break;
      case 0x16:
        this.#finish(this.#changed());
        break;
      case 0x17:
        this.#finish(this.#drives.find(g.dl) && g.al >= 1 && g.al <= 4 ? STATUS.OK : STATUS.BAD_COMMAND);
        break;
      case 0x18:
        this.#setMediaType();
        break;
      default:
        this.#finish(STATUS.BAD_COMMAND);
    }
  }

  #finish(status: number): void {
    const g = this.#guest;
    g.ah = status;
    g.setBda8(BDA.FLOPPY_STATUS, status);
    g.setCarry(status !== STATUS.OK);
  }

  #geometry(target: Target): Geometry {
    if (target.emulated) return this.#drives.emulatedGeometry();
    return target.medium ? floppyFormat(target.medium.sizeBytes) : DEFAULT_FLOPPY;
  }

  /** Motor and media bytes as after a real access; takes the change line's message, once. */
  #access(target: Target): number {
    const g = this.#guest;
    const bit = 1 << (target.index & 3);
    g.setBda8(BDA.FLOPPY_MOTORS, (g.bda8(BDA.FLOPPY_MOTORS) & 0x70) | bit);
    g.setBda8(BDA.FLOPPY_MOTOR_COUNT, MOTOR_OFF_TICKS);
    if (!target.medium) return STATUS.TIME_OUT;
    if (!target.emulated && target.drive.takeChanged()) return STATUS.MEDIA_CHANGED;
    g.setBda8(BDA.FLOPPY_RECALIBRATED, g.bda8(BDA.FLOPPY_RECALIBRATED) | bit);
    if (target.index < 2) {
      const type = target.emulated ? DEFAULT_FLOPPY.driveType : floppyFormat(target.medium.sizeBytes).driveType;
      g.setBda8(BDA.FLOPPY_MEDIA_STATE + target.index, MEDIA_KNOWN[type] ?? 0x17);
      g.setBda8(BDA.FLOPPY_TRACK + target.index, g.ch);
    }
    return STATUS.OK;
  }

  #transfer(action: 'read' | 'write' | 'verify'): void {
    const g = this.#guest;
    const target = this.#drives.find(g.dl);
    if (!target || g.al === 0) {
      g.al = 0;
      this.#finish(STATUS.BAD_COMMAND);
      return;
    }
    let status = this.#access(target);
    if (status === STATUS.OK) {
      const { cylinders, heads, sectors } = this.#geometry(target);
      const cylinder = g.ch;
      const sector = g.cl & 0x3f;
      if (cylinder >= cylinders || g.dh >= heads || sector < 1 || sector > sectors) status = STATUS.SECTOR_NOT_FOUND;
      else
        status = this.#drives.transfer(
          target,
          action,
          (cylinder * heads + g.dh) * sectors + sector - 1,
          g.al,
          linear(g.cpu.es, g.bx),
        );
    }
    if (status !== STATUS.OK) g.al = 0;
    this.#finish(status);
  }

  /** ES:BX names the address fields (cylinder, head, sector, size code) of the track's AL sectors. */
  #format(): number {
    const g = this.#guest;
    const target = this.#drives.find(g.dl);
    if (!target) return STATUS.BAD_COMMAND;
    const ready = this.#access(target);
    if (ready !== STATUS.OK) return ready;
    const { cylinders, heads, sectors } = this.#geometry(target);
    if (g.ch >= cylinders || g.dh >= heads) return STATUS.SECTOR_NOT_FOUND;
    const fill = g.read8(linear(g.read16(VECTOR_1E + 2), g.read16(VECTOR_1E) + FILL_BYTE_OFFSET));
    for (let i = 0; i < g.al; i++) {
      const sector = g.read8(linear(g.cpu.es, g.bx + 4 * i + 2));
      if (sector < 1 || sector > sectors) return STATUS.SECTOR_NOT_FOUND;
      const status = this.#drives.fill(target, (g.ch * heads + g.dh) * sectors + sector - 1, fill);
      if (status !== STATUS.OK) return status;
    }
    return STATUS.OK;
  }

  #parameters(): void {
    const g = this.#guest;
    const target = this.#drives.find(g.dl);
    const drives = this.#drives.count('floppy');
    if (!target) {
      g.ax = 0;
      g.bx = 0;
      g.cx = 0;
      g.dx = drives;
      g.di = 0;
      g.cpu.setRealModeSegment('es', 0);
      this.#finish(STATUS.BAD_COMMAND);
      return;
    }
    const geometry = this.#geometry(target);
    const type =
      target.medium && !target.emulated ? floppyFormat(target.medium.sizeBytes).driveType : DEFAULT_FLOPPY.driveType;
    g.ax = 0;
    g.bx = type;
    g.ch = geometry.cylinders - 1;
    g.cl = geometry.sectors;
    g.dh = geometry.heads - 1;
    g.dl = drives;
    g.di = ROM.DISKETTE_TABLE;
    g.cpu.setRealModeSegment('es', ROM_SEGMENT);
    this.#finish(STATUS.OK);
  }

  #changed(): number {
    const target = this.#drives.find(this.#guest.dl);
    if (!target) return STATUS.BAD_COMMAND;
    if (!target.medium) return STATUS.TIME_OUT;
    return !target.emulated && target.drive.takeChanged() ? STATUS.MEDIA_CHANGED : STATUS.OK;
  }

  /** CH and CL as AH=08h returns them. */
  #setMediaType(): void {
    const g = this.#guest;
    const target = this.#drives.find(g.dl);
    if (!target) {
      this.#finish(STATUS.BAD_COMMAND);
      return;
    }
    const { cylinders, sectors } = this.#geometry(target);
    const tracks = g.ch | ((g.cl & 0xc0) << 2);
    if (tracks !== cylinders - 1 || (g.cl & 0x3f) !== sectors) {
      this.#finish(STATUS.UNKNOWN_MEDIA);
      return;
    }
    g.di = ROM.DISKETTE_TABLE;
    g.cpu.setRealModeSegment('es', ROM_SEGMENT);
    this.#finish(STATUS.OK);
  }
}
