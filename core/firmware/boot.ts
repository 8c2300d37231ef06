/** INT 19h and 18h: tries the boot order, and says on the screen why nothing boots. BIOS Boot Specification 1.01. */
import { BlockIoError, type Block } from '../backends/index.ts';
import { BDA } from './bda.ts';
import { CD_STATE, FIRST_DISK, floppyFormat, type Drives } from './drives.ts';
import { readBootEntry, startBootEntry } from './eltorito.ts';
import type { BootMenu } from './boot-menu.ts';
import type { BiosEnv } from './env.ts';
import { FLAG, linear, type Guest } from './guest.ts';
import { EBDA, ROM_SEGMENT } from './layout.ts';
import { stubOffset } from './rom.ts';
import { loadKernel } from './kernel.ts';
import type { Video } from './video.ts';

type Device = BiosEnv['bootOrder'][number];

const BOOT_ADDRESS = 0x7c00;
const SECTOR_BYTES = 512;
const IRET_FRAME_BYTES = 6;
/** EBDA.BOOT_INDEX while what runs was chosen in the menu: the order is still to come. */
const BEFORE_FIRST = 0xff;
const NAMES: Readonly<Record<Device, string>> = { floppy: 'Floppy A', disk: 'Hard disk', cdrom: 'CD-ROM' };

export class Boot {
  readonly #guest: Guest;
  readonly #drives: Drives;
  readonly #video: Video;
  readonly #menu: BootMenu;

  constructor(guest: Guest, drives: Drives, video: Video, menu: BootMenu) {
    this.#guest = guest;
    this.#drives = drives;
    this.#video = video;
    this.#menu = menu;
  }

  /** INT 19h: what was chosen in the menu, then from the start of the order. */
  start(): void {
    const g = this.#guest;
    const chosen = this.#menu.takeChoice();
    g.setEbda8(EBDA.FIRST_DISK, chosen?.device === 'disk' ? chosen.index : 0);
    if (!chosen) {
      if (!this.#startKernel()) this.#from(0);
      return;
    }
    g.setEbda8(this.#drives.cdState(CD_STATE.ACTIVE), 0);
    g.setEbda8(EBDA.BOOT_INDEX, BEFORE_FIRST);
    if (this.#load(chosen.device)) g.setLiveCarry(false);
    else {
      g.setEbda8(EBDA.FIRST_DISK, 0);
      this.#from(0);
    }
  }

  /** Starts the kernel that the machine was given, if any. */
  #startKernel(): boolean {
    const g = this.#guest;
    const { kernel } = g.env;
    if (!kernel) return false;
    const loaded = loadKernel(g, kernel);
    if (!loaded.ok) {
      g.env.log(`firmware: ${loaded.error.message}`);
      return false;
    }
    const start = loaded.value;
    if (start.mode === 'real') this.#enter(start.segment, start.offset, 0, { segment: start.data, top: start.sp });
    else {
      this.#enter(ROM_SEGMENT, stubOffset('protected_start'), 0);
      g.cpu.eax = start.eax;
      g.cpu.ebx = start.ebx;
      g.cpu.ecx = start.entry;
    }
    g.setLiveCarry(false);
    return true;
  }
  /** INT 18h: what was started gave up; goes on with the next. */
  next(): void {
    this.#from((this.#guest.ebda8(EBDA.BOOT_INDEX) + 1) & 0xff);
  }

  /** Live carry set when nothing is left; else the stub's IRET enters the boot code. */
  #from(first: number): void {
    const g = this.#guest;
    const order = g.env.bootOrder;
    g.setEbda8(this.#drives.cdState(CD_STATE.ACTIVE), 0);
    for (let i = first; i < order.length; i++) {
      g.setEbda8(EBDA.BOOT_INDEX, i);
      if (this.#load(order[i])) {
        g.setLiveCarry(false);
        return;
      }
    }
    g.setLiveCarry(true);
  }

  #medium(device: Device): Block | undefined {
    const { floppies, disks, cdroms } = this.#guest.env;
    if (device === 'disk') return disks[this.#guest.ebda8(EBDA.FIRST_DISK)]?.medium;
    return (device === 'floppy' ? floppies : cdroms)[0]?.medium;
  }

  #load(device: Device): boolean {
    const medium = this.#medium(device);
    if (!medium) return false;
    if (device === 'cdrom') {
      const entry = readBootEntry(medium);
      if (typeof entry === 'string') return false;
      const drive = startBootEntry(this.#guest, this.#drives, medium, entry);
      if (typeof drive === 'string') return false;
      const start = entry.loadSegment << 4;
      this.#enter((start >> 4) & 0xf000, start & 0xffff, drive);
      return true;
    }
    if (device === 'floppy') this.#guest.env.floppies[0].takeChanged();
    const sector = new Uint8Array(SECTOR_BYTES);
    if (this.#bootSector(device, medium, sector) !== undefined) return false;
    this.#guest.writeBytes(BOOT_ADDRESS, sector);
    this.#enter(0, BOOT_ADDRESS, device === 'disk' ? FIRST_DISK : 0);
    return true;
  }

  /** Reads the boot sector; returns why it does not count as one. */
  #bootSector(device: Device, medium: Block, sector: Uint8Array): string | undefined {
    if (medium.sizeBytes < SECTOR_BYTES) return 'the medium is smaller than one sector';
    try {
      medium.read(0, sector);
    } catch (error) {
      if (error instanceof BlockIoError) return 'its boot sector cannot be read';
      throw error;
    }
    if (device === 'disk')
      return sector[510] === 0x55 && sector[511] === 0xaa ? undefined : 'no boot signature (55AAh) in its first sector';
    return sector.every((byte) => byte === 0) ? 'its boot sector is empty' : undefined;
  }

  /** Registers as boot code expects them: DL the drive, interrupts on, the rest zero. */
  #enter(segment: number, offset: number, drive: number, data = { segment: 0, top: BOOT_ADDRESS }): void {
    const { cpu } = this.#guest;
    cpu.eax = 0xaa55;
    cpu.ebx = 0;
    cpu.ecx = 0;
    cpu.edx = drive;
    cpu.esi = 0;
    cpu.edi = 0;
    cpu.ebp = 0;
    for (const name of ['ds', 'es', 'ss'] as const) cpu.setRealModeSegment(name, data.segment);
    cpu.esp = data.top - IRET_FRAME_BYTES;
    const frame = linear(data.segment, cpu.esp);
    this.#guest.write16(frame, offset);
    this.#guest.write16(frame + 2, segment);
    this.#guest.write16(frame + 4, FLAG.IF | 0x02);
  }

  /** Names each device that was tried and what is wrong with it. */
  explain(): void {
    const g = this.#guest;
    if (this.#video.mode.current?.kind !== 'text') this.#video.mode.set(3, false);
    const order = g.env.bootOrder;
    const lines = order.map((device) => `  ${NAMES[device]}: ${this.#reason(device)}.\n`);
    if (lines.length === 0) lines.push('  The boot order is empty.\n');
    this.#video.print(
      `\nNo bootable medium:\n${lines.join('')}\nInsert or attach a bootable medium, then press any key to try again.\n`,
    );
  }

  #reason(device: Device): string {
    const { floppies, disks, cdroms } = this.#guest.env;
    const drives = device === 'floppy' ? floppies : device === 'disk' ? disks : cdroms;
    if (drives.length === 0) return device === 'disk' ? 'none attached' : 'no such drive';
    const medium = drives[0].medium;
    if (!medium) return 'the drive is empty';
    if (device === 'cdrom') {
      const entry = readBootEntry(medium);
      if (typeof entry === 'string') return entry;
      if (entry.media > 4) return `its boot entry has the unknown media type ${entry.media}`;
      return 'was started but gave control back';
    }
    const problem = this.#bootSector(device, medium, new Uint8Array(SECTOR_BYTES));
    if (problem) return problem;
    if (device === 'floppy' && medium.sizeBytes > floppyFormat(medium.sizeBytes).sizeKib * 1024)
      return 'its size is that of no floppy disk';
    return 'was started but gave control back';
  }

  /** Live carry set while no key has been pressed; takes the key. */
  pollKey(): void {
    const g = this.#guest;
    const pressed = g.bda16(BDA.KEY_HEAD) !== g.bda16(BDA.KEY_TAIL);
    if (pressed) g.setBda16(BDA.KEY_HEAD, g.bda16(BDA.KEY_TAIL));
    g.setLiveCarry(!pressed);
  }
}
