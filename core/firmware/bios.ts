/** The BIOS: what each call-out of the system ROM's stubs does. All that it remembers is in guest memory and CMOS. */
import { Boot } from './boot.ts';
import { BootMenu } from './boot-menu.ts';
import { BDA } from './bda.ts';
import { Disk13 } from './disk13.ts';
import { Drives, FIRST_DISK } from './drives.ts';
import type { BiosEnv } from './env.ts';
import { Floppy13 } from './floppy13.ts';
import { FLAG, Guest } from './guest.ts';
import { Int15 } from './int15.ts';
import { Int16 } from './int16.ts';
import { Keyboard } from './keyboard.ts';
import { CALLOUT } from './layout.ts';
import { Mouse15 } from './mouse15.ts';
import { Pci1a } from './pci1a.ts';
import { PortServices } from './ports.ts';
import { Post } from './post.ts';
import { TimerServices } from './timer.ts';
import { Video } from './video.ts';

const FLOPPY_INTERRUPT_SEEN = 0x80;
const DISK_INTERRUPT_FLAG = 0x8e;
/** INT 13h AH=4Bh names the emulation, whatever drive number it took. */
const EL_TORITO = 0x4b;
/** INT 1Ah AH=B1h. */
const PCI_BIOS = 0xb1;

export class Bios {
  readonly #guest: Guest;
  readonly #video: Video;
  readonly #floppy: Floppy13;
  readonly #disk: Disk13;
  readonly #keyboard: Keyboard;
  readonly #int16: Int16;
  readonly #timer: TimerServices;
  readonly #mouse: Mouse15;
  readonly #int15: Int15;
  readonly #ports: PortServices;
  readonly #pci: Pci1a;
  readonly #menu: BootMenu;
  readonly #boot: Boot;
  readonly #post: Post;

  constructor(env: BiosEnv) {
    const guest = new Guest(env);
    const drives = new Drives(guest);
    this.#guest = guest;
    this.#video = new Video(guest);
    this.#floppy = new Floppy13(guest, drives);
    this.#disk = new Disk13(guest, drives);
    this.#keyboard = new Keyboard(guest);
    this.#int16 = new Int16(guest, this.#keyboard);
    this.#timer = new TimerServices(guest);
    this.#mouse = new Mouse15(guest);
    this.#int15 = new Int15(guest, this.#timer, this.#mouse);
    this.#pci = new Pci1a(guest);
    this.#ports = new PortServices(guest, this.#video.text);
    this.#menu = new BootMenu(guest, this.#video);
    this.#boot = new Boot(guest, drives, this.#video, this.#menu);
    this.#post = new Post(guest, this.#video, this.#keyboard, this.#timer, this.#mouse);
  }

  /** Nothing to forget: POST, which the reset vector leads to, rebuilds everything in guest memory. */
  reset(): void {}

  /** Runs between two instructions of a stub, after it wrote `n` to CALLOUT_PHYS_ADDR. */
  callout(n: number): void {
    const g = this.#guest;
    if (n === CALLOUT.PCI32) {
      this.#pci.call32();
      return;
    }
    if (g.cpu.protectedMode && !(g.cpu.eflags & FLAG.VM)) {
      g.env.log(`firmware: call-out ${n.toString(16)}h from protected mode ignored`);
      return;
    }
    g.setLiveCarry(false);
    switch (n) {
      case 0x10:
        this.#video.call();
        break;
      case CALLOUT.INT10_MORE:
        this.#video.more();
        break;
      case 0x13:
        if (g.dl < FIRST_DISK && g.ah !== EL_TORITO) this.#floppy.call();
        else this.#disk.call();
        break;
      case 0x16:
        this.#int16.call();
        break;
      case 0x1a:
        if (g.ah === PCI_BIOS) this.#pci.call();
        else this.#timer.call();
        break;
      case 0x15:
        this.#int15.call();
        break;
      case CALLOUT.INT15_WAITING:
        this.#timer.waiting();
        break;
      case 0x11:
        g.ax = g.bda16(BDA.EQUIPMENT);
        break;
      case 0x12:
        g.ax = g.bda16(BDA.MEMORY_KIB);
        break;
      case 0x14:
        this.#ports.serial();
        break;
      case CALLOUT.INT14_RETRY:
        this.#ports.serialRetry();
        break;
      case 0x17:
        this.#ports.printer();
        break;
      case 0x05:
        this.#ports.printScreen();
        break;
      default:
        this.#interruptOrBoot(n);
    }
  }

  #interruptOrBoot(n: number): void {
    const g = this.#guest;
    switch (n) {
      case 0x08:
        this.#timer.tick();
        break;
      case CALLOUT.INT09_READ:
        this.#keyboard.read();
        break;
      case CALLOUT.INT09_TRANSLATE:
        this.#keyboard.translate();
        break;
      case CALLOUT.INT09_PAUSED:
        this.#keyboard.pollPause();
        break;
      case CALLOUT.INT09_END:
        this.#keyboard.endOfInterrupt();
        break;
      case 0x0e:
        g.setBda8(BDA.FLOPPY_RECALIBRATED, g.bda8(BDA.FLOPPY_RECALIBRATED) | FLOPPY_INTERRUPT_SEEN);
        this.#endOfInterrupt(false);
        break;
      case 0x70:
        this.#timer.realTimeClock();
        break;
      case 0x74:
        this.#mouse.interrupt();
        break;
      case 0x75: // the FPU's error line: acknowledged, then INT 02h as on the PC
        g.out8(0xf0, 0);
        this.#endOfInterrupt(true);
        break;
      case 0x76:
        g.setBda8(DISK_INTERRUPT_FLAG, 0xff);
        this.#endOfInterrupt(true);
        break;
      case CALLOUT.EOI_MASTER:
        this.#endOfInterrupt(false);
        break;
      case CALLOUT.EOI_SLAVE:
        this.#endOfInterrupt(true);
        break;
      case CALLOUT.POST:
        this.#post.run();
        break;
      case 0x18:
        this.#boot.next();
        break;
      case 0x19:
        this.#boot.start();
        break;
      case CALLOUT.BOOT_FAILED:
        this.#boot.explain();
        break;
      case CALLOUT.BOOT_MENU:
        this.#menu.poll();
        break;
      case CALLOUT.BOOT_KEY:
        this.#boot.pollKey();
        break;
      default:
        g.env.log(`firmware: unknown call-out ${n.toString(16)}h`);
    }
  }

  #endOfInterrupt(slave: boolean): void {
    if (slave) this.#guest.out8(0xa0, 0x20);
    this.#guest.out8(0x20, 0x20);
  }
}
