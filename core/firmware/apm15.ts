/** INT 15h AH=53h: Advanced Power Management 1.2 through the real-mode interface. APM BIOS Interface Specification 1.2. */
import type { Guest } from './guest.ts';

const VERSION_BCD = 0x0102;
const SIGNATURE_PM = 0x504d;
const ALL_DEVICES = 0x0001;
const STATE_OFF = 3;
const ERROR = {
  NO_16BIT: 0x06,
  NO_32BIT: 0x08,
  UNKNOWN_DEVICE: 0x09,
  BAD_VALUE: 0x0a,
  NO_EVENT: 0x80,
  NOT_SUPPORTED: 0x86,
} as const;

export class Apm15 {
  readonly #guest: Guest;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  call(): void {
    const error = this.#service();
    if (error !== 0) this.#guest.ah = error;
    this.#guest.setCarry(error !== 0);
  }

  /** An APM error code, or 0. */
  #service(): number {
    const g = this.#guest;
    switch (g.al) {
      case 0x00:
        g.ax = VERSION_BCD;
        g.bx = SIGNATURE_PM;
        g.cx = 0; // no protected-mode interfaces; Idle does not slow the clock
        return 0;
      case 0x02:
        return ERROR.NO_16BIT;
      case 0x03:
        return ERROR.NO_32BIT;
      case 0x05: // CPU Idle: the stub halts until the next interrupt
        g.setLiveCarry(true);
        return 0;
      case 0x01: // connect
      case 0x04: // disconnect
      case 0x06: // CPU Busy
      case 0x08: // enable or disable
      case 0x09: // restore defaults
      case 0x0d: // device power management
      case 0x0f: // engage
        return 0;
      case 0x07:
        return this.#setState();
      case 0x0a: // on mains, no battery
        if (g.bx !== ALL_DEVICES) return ERROR.UNKNOWN_DEVICE;
        g.bx = 0x01ff;
        g.cx = 0x80ff;
        g.dx = 0xffff;
        return 0;
      case 0x0b:
        return ERROR.NO_EVENT;
      case 0x0c:
        g.cx = 0; // APM enabled
        return 0;
      case 0x0e:
        g.ax = VERSION_BCD;
        return 0;
      case 0x10:
        g.bl = 0;
        g.cx = 0;
        return 0;
      default:
        return ERROR.NOT_SUPPORTED;
    }
  }

  #setState(): number {
    const g = this.#guest;
    if (g.cx > STATE_OFF) return ERROR.BAD_VALUE;
    if (g.bx !== ALL_DEVICES) return g.bx === 0 ? ERROR.UNKNOWN_DEVICE : 0;
    if (g.cx === STATE_OFF) g.env.powerOff();
    return 0;
  }
}
