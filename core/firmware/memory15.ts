/**
 * INT 15h memory services: block move (87h), sizes (88h, 8Ah, E801h, E881h) and the address map (E820h).
 * IBM PC AT Technical Reference; ACPI 6.5, section 15.1 "INT 15H, E820H".
 */
import { EBDA_BASE } from './layout.ts';
import { linear, type Guest } from './guest.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const FOUR_GIB = 0x100000000;
/** Memory ends here at the latest; what is left of it goes on at 4 GiB. */
const PCI_HOLE = 0xe0000000;
const SMAP = 0x534d4150;
const RAM = 1;
const RESERVED = 2;
const ACPI = 3;

interface Region {
  readonly base: number;
  readonly length: number;
  readonly type: number;
}

const region = (base: number, end: number, type: number): Region => ({ base, length: end - base, type });

/** The E820 map of a board with `sizeBytes` of memory, ACPI tables in it from `acpiAddr` to its end. */
export function addressMap(sizeBytes: number, acpiAddr?: number): readonly Region[] {
  const below4g = Math.min(sizeBytes, PCI_HOLE);
  const map = [region(0, EBDA_BASE, RAM), region(EBDA_BASE, 0xa0000, RESERVED), region(0xf0000, MIB, RESERVED)];
  if (below4g > MIB) map.push(region(MIB, acpiAddr ?? below4g, RAM));
  if (acpiAddr !== undefined) map.push(region(acpiAddr, below4g, ACPI));
  map.push(region(0xfffc0000, FOUR_GIB, RESERVED));
  if (sizeBytes > PCI_HOLE) map.push(region(FOUR_GIB, FOUR_GIB + sizeBytes - PCI_HOLE, RAM));
  return map;
}

export class Memory15 {
  readonly #guest: Guest;
  readonly #buffer = new Uint8Array(0x10000 * 2);
  readonly #map: readonly Region[];

  constructor(guest: Guest) {
    this.#guest = guest;
    this.#map = addressMap(guest.memory.sizeBytes, guest.env.acpi?.physAddr);
  }

  get #extendedKib(): number {
    return Math.max(0, Math.min(this.#guest.usableBytes, PCI_HOLE) - MIB) / KIB;
  }

  /** AH=87h: CX words by the descriptors at ES:SI+10h (source) and +18h (destination). */
  blockMove(): void {
    const g = this.#guest;
    const table = linear(g.cpu.es, g.si);
    const bytes = g.cx * 2;
    const source = this.#descriptor(table + 0x10, bytes);
    const target = this.#descriptor(table + 0x18, bytes);
    if (g.cx > 0x8000 || source < 0 || target < 0) {
      g.ah = 0x02; // as an exception in the real BIOS's protected mode code
      g.setCarry(true);
      return;
    }
    const data = this.#buffer.subarray(0, bytes);
    g.memory.readBytes(source, data);
    g.memory.writeBytes(target, data);
    g.ah = 0;
    g.setCarry(false);
  }

  /** Base of a segment descriptor, or -1 if its limit does not hold the block or it would pass 4 GiB. */
  #descriptor(at: number, bytes: number): number {
    const g = this.#guest;
    const limit = g.read16(at) | ((g.read8(at + 6) & 0x0f) << 16);
    const base = (g.read16(at + 2) | (g.read8(at + 4) << 16) | (g.read8(at + 7) << 24)) >>> 0;
    const size = g.read8(at + 6) & 0x80 ? (limit + 1) * 0x1000 : limit + 1;
    return bytes > size || base + bytes > FOUR_GIB ? -1 : base;
  }

  /** AH=88h: KiB above 1 MiB, at most 63 MiB as 16-bit software expects. */
  extendedSize(): void {
    const g = this.#guest;
    g.ax = Math.min(this.#extendedKib, 63 * KIB);
    g.setCarry(false);
  }

  /** AH=8Ah: the same without the bound, in DX:AX. */
  bigExtendedSize(): void {
    const g = this.#guest;
    const kib = this.#extendedKib;
    g.ax = kib & 0xffff;
    g.dx = Math.floor(kib / 0x10000);
    g.setCarry(false);
  }

  /** AX=E801h and E881h (32-bit registers): KiB to 16 MiB, 64 KiB blocks above. */
  splitSize(wide: boolean): void {
    const g = this.#guest;
    const low = Math.min(this.#extendedKib, 15 * KIB);
    const high = Math.floor(Math.max(0, this.#extendedKib - 15 * KIB) / 64);
    if (wide) {
      g.cpu.eax = low;
      g.cpu.ecx = low;
      g.cpu.ebx = high;
      g.cpu.edx = high;
    } else {
      g.ax = low;
      g.cx = low;
      g.bx = high;
      g.dx = high;
    }
    g.setCarry(false);
  }

  /** AX=E820h: one region a call, EBX its number. */
  addressMap(): void {
    const g = this.#guest;
    const entry = this.#map[g.cpu.ebx];
    if (g.cpu.edx !== SMAP || g.cpu.ecx < 20 || !entry) {
      g.ah = 0x86;
      g.setCarry(true);
      return;
    }
    const at = linear(g.cpu.es, g.di);
    g.write64(at, entry.base);
    g.write64(at + 8, entry.length);
    g.write32(at + 16, entry.type);
    g.cpu.eax = SMAP;
    g.cpu.ecx = 20;
    g.cpu.ebx = g.cpu.ebx + 1 < this.#map.length ? g.cpu.ebx + 1 : 0;
    g.setCarry(false);
  }
}
