/** PCI BIOS: INT 1Ah AH=B1h, and the 32-bit service. PCI BIOS Specification 2.1, chapter 3. */
import type { IoWidth } from '../bus/index.ts';
import type { Guest } from './guest.ts';
import { PciAccess, PCI_REGISTER } from './pci-config.ts';

const SIGNATURE = 0x20494350; // "PCI "
const VERSION_BCD = 0x0210;
const MECHANISM_1 = 0x01;
const STATUS = {
  OK: 0x00,
  UNSUPPORTED: 0x81,
  BAD_VENDOR: 0x83,
  NOT_FOUND: 0x86,
  BAD_REGISTER: 0x87,
} as const;
const FUNCTION = { PRESENT: 0x01, FIND_DEVICE: 0x02, FIND_CLASS: 0x03, READ_BYTE: 0x08, WRITE_DWORD: 0x0d } as const;

export class Pci1a {
  readonly #guest: Guest;
  readonly #pci: PciAccess;

  constructor(guest: Guest) {
    this.#guest = guest;
    this.#pci = new PciAccess(guest.io);
  }

  /** By INT 1Ah. */
  call(): void {
    this.#guest.setCarry(!this.#run());
  }

  /** By a far call in protected mode: carry is the processor's. */
  call32(): void {
    this.#guest.setLiveCarry(!this.#run());
  }

  #run(): boolean {
    const g = this.#guest;
    const status = this.#pci.present ? this.#service(g.al) : STATUS.UNSUPPORTED;
    g.ah = status;
    return status === STATUS.OK;
  }

  #service(service: number): number {
    const g = this.#guest;
    switch (service) {
      case FUNCTION.PRESENT:
        g.cpu.edx = SIGNATURE;
        g.bx = VERSION_BCD;
        g.al = MECHANISM_1;
        g.cl = 0; // the last bus
        return STATUS.OK;
      case FUNCTION.FIND_DEVICE:
        if (g.dx === 0xffff) return STATUS.BAD_VENDOR;
        return this.#find(
          g.si,
          (bdf) => this.#pci.read(bdf, PCI_REGISTER.VENDOR_ID, 4) === ((g.cx << 16) | g.dx) >>> 0,
        );
      case FUNCTION.FIND_CLASS:
        return this.#find(g.si, (bdf) => this.#pci.read(bdf, PCI_REGISTER.CLASS, 4) >>> 8 === (g.cpu.ecx & 0xffffff));
      default:
        return service >= FUNCTION.READ_BYTE && service <= FUNCTION.WRITE_DWORD
          ? this.#register(service - FUNCTION.READ_BYTE)
          : STATUS.UNSUPPORTED;
    }
  }

  /** BX gets the function number `index` of those that match. */
  #find(index: number, matches: (bdf: number) => boolean): number {
    let left = index;
    for (const bdf of this.#pci.functions()) {
      if (!matches(bdf) || left-- > 0) continue;
      this.#guest.bx = bdf;
      return STATUS.OK;
    }
    return STATUS.NOT_FOUND;
  }

  /** Read byte, word, double word; write byte, word, double word: register DI of function BX, value in ECX. */
  #register(which: number): number {
    const g = this.#guest;
    const width = (1 << (which % 3)) as IoWidth;
    const register = g.di;
    if (register > 0xff || register & (width - 1)) return STATUS.BAD_REGISTER;
    if (which >= 3) {
      const value = width === 1 ? g.cl : width === 2 ? g.cx : g.cpu.ecx;
      this.#pci.write(g.bx, register, width, value);
      return STATUS.OK;
    }
    const value = this.#pci.read(g.bx, register, width);
    if (width === 1) g.cl = value;
    else if (width === 2) g.cx = value;
    else g.cpu.ecx = value;
    return STATUS.OK;
  }
}
