/** Configuration mechanism #1 as the firmware uses it. PCI Local Bus Specification 2.2, section 3.2.2.3.2. */
import type { IoBus, IoWidth } from '../bus/index.ts';

const ADDRESS = 0xcf8;
const DATA = 0xcfc;
const ENABLE = 0x80000000;

export const PCI_REGISTER = {
  VENDOR_ID: 0x00,
  COMMAND: 0x04,
  CLASS: 0x08,
  HEADER_TYPE: 0x0e,
  BAR0: 0x10,
  INTERRUPT_LINE: 0x3c,
  INTERRUPT_PIN: 0x3d,
} as const;
const MULTI_FUNCTION = 0x80;

/** `bdf`: bus, device and function as PCI BIOS has them in BX. */
export class PciAccess {
  readonly io: IoBus;

  constructor(io: IoBus) {
    this.io = io;
  }

  get present(): boolean {
    this.io.write(ADDRESS, 4, ENABLE);
    return this.io.read(ADDRESS, 4) === ENABLE;
  }

  #select(bdf: number, register: number): void {
    this.io.write(ADDRESS, 4, (ENABLE | (bdf << 8) | (register & 0xfc)) >>> 0);
  }

  read(bdf: number, register: number, width: IoWidth): number {
    this.#select(bdf, register);
    return this.io.read(DATA + (register & 3), width);
  }

  write(bdf: number, register: number, width: IoWidth, value: number): void {
    this.#select(bdf, register);
    this.io.write(DATA + (register & 3), width, value);
  }

  /** Functions of bus 0 in ascending order. */
  *functions(): Generator<number> {
    for (let device = 0; device < 32; device++)
      for (let fn = 0; fn < 8; fn++) {
        const bdf = (device << 3) | fn;
        const exists = this.read(bdf, PCI_REGISTER.VENDOR_ID, 2) !== 0xffff;
        if (exists) yield bdf;
        if (fn === 0 && !(exists && this.read(bdf, PCI_REGISTER.HEADER_TYPE, 1) & MULTI_FUNCTION)) break;
      }
  }
}
