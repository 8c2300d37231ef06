/** INT 15h: dispatch of the system services. IBM PS/2 and PC BIOS Interface Technical Reference, INT 15h. */
import { Apm15 } from './apm15.ts';
import type { Guest } from './guest.ts';
import { EBDA_SEGMENT, ROM, ROM_SEGMENT } from './layout.ts';
import { Memory15 } from './memory15.ts';
import { switchToProtectedMode } from './protected15.ts';
import type { Mouse15 } from './mouse15.ts';
import type { TimerServices } from './timer.ts';

const UNSUPPORTED = 0x86;
/** A20 can be switched by the keyboard controller and by port 92h. */
const A20_METHODS = 0x03;

export class Int15 {
  readonly #guest: Guest;
  readonly #timer: TimerServices;
  readonly #mouse: Mouse15;
  readonly #memory: Memory15;
  readonly #apm: Apm15;

  constructor(guest: Guest, timer: TimerServices, mouse: Mouse15) {
    this.#guest = guest;
    this.#timer = timer;
    this.#mouse = mouse;
    this.#memory = new Memory15(guest);
    this.#apm = new Apm15(guest);
  }

  /** Live carry set: the stub halts and asks `waiting`. */
  call(): void {
    const g = this.#guest;
    switch (g.ah) {
      case 0x24:
        this.#a20();
        break;
      case 0x4f: // carry set lets INT 09h translate the scan code in AL
        g.setCarry(true);
        break;
      case 0x53:
        this.#apm.call();
        break;
      case 0x83:
        this.#timer.eventWait();
        break;
      case 0x85: // SysRq, device wait, device posted: for others to hook
      case 0x90:
      case 0x91:
        this.#done();
        break;
      case 0x86:
        this.#timer.wait();
        break;
      case 0x87:
        this.#memory.blockMove();
        break;
      case 0x88:
        this.#memory.extendedSize();
        break;
      case 0x89:
        switchToProtectedMode(g);
        break;
      case 0x8a:
        this.#memory.bigExtendedSize();
        break;
      case 0xc0:
        g.cpu.setRealModeSegment('es', ROM_SEGMENT);
        g.bx = ROM.CONFIG_TABLE;
        this.#done();
        break;
      case 0xc1:
        g.cpu.setRealModeSegment('es', EBDA_SEGMENT);
        g.setCarry(false);
        break;
      case 0xc2:
        this.#mouse.call();
        break;
      case 0xe8:
        this.#memoryMap();
        break;
      default:
        this.#unsupported();
    }
  }

  #done(): void {
    this.#guest.ah = 0;
    this.#guest.setCarry(false);
  }
  #unsupported(): void {
    this.#guest.ah = UNSUPPORTED;
    this.#guest.setCarry(true);
  }

  #memoryMap(): void {
    switch (this.#guest.al) {
      case 0x01:
        this.#memory.splitSize(false);
        break;
      case 0x20:
        this.#memory.addressMap();
        break;
      case 0x81:
        this.#memory.splitSize(true);
        break;
      default:
        this.#unsupported();
    }
  }

  #a20(): void {
    const g = this.#guest;
    switch (g.al) {
      case 0x00:
      case 0x01:
        g.env.setA20(g.al === 1);
        break;
      case 0x02:
        g.al = g.env.getA20() ? 1 : 0;
        break;
      case 0x03:
        g.bx = A20_METHODS;
        break;
      default:
        this.#unsupported();
        return;
    }
    this.#done();
  }
}
