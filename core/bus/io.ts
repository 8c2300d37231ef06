import type { IoWidth } from '../memory/access.ts';

/** A device's side of port I/O. `range` tells which of its mappings was hit, `offset` is relative to that mapping. */
export interface PortIo {
  ioRead(range: number, offset: number, width: IoWidth): number;
  ioWrite(range: number, offset: number, width: IoWidth, value: number): void;
}

export interface PortMapping {
  readonly base: number;
  readonly size: number;
  readonly device: PortIo;
  /** Passed back to the device; tells several mappings of one device apart. Default 0. */
  readonly range?: number;
  /** Widest access the device takes whole; wider ones reach it as several, low address first. Default 1. */
  readonly maxWidth?: IoWidth;
}

interface Slot {
  readonly device: PortIo;
  readonly range: number;
  readonly base: number;
  readonly end: number;
  readonly maxWidth: IoWidth;
}

const PORT_COUNT = 0x10000;

/** The 64 Ki I/O ports. An unmapped port reads as all ones and swallows writes. */
export class IoBus {
  readonly #slots: (Slot | undefined)[] = new Array<Slot | undefined>(PORT_COUNT);
  /** Grows with every access, so that others can tell whether there was one. */
  accesses = 0;

  map(mapping: PortMapping): void {
    const slot: Slot = {
      device: mapping.device,
      range: mapping.range ?? 0,
      base: mapping.base,
      end: mapping.base + mapping.size,
      maxWidth: mapping.maxWidth ?? 1,
    };
    for (let port = slot.base; port < slot.end; port++) this.#slots[port] = slot;
  }

  unmap(base: number, size: number): void {
    for (let port = base; port < base + size; port++) this.#slots[port] = undefined;
  }

  /** Unsigned result. A width wider than the device takes is split, as the ISA bridge does. */
  read(port: number, width: IoWidth): number {
    this.accesses++;
    const slot = this.#slots[port];
    if (slot && width <= slot.maxWidth && port + width <= slot.end)
      return slot.device.ioRead(slot.range, port - slot.base, width) >>> 0;
    if (width === 1) return 0xff;
    const half = (width >> 1) as IoWidth;
    const low = this.read(port, half);
    const high = this.read((port + half) & 0xffff, half);
    return (low | (high << (half * 8))) >>> 0;
  }

  write(port: number, width: IoWidth, value: number): void {
    this.accesses++;
    const slot = this.#slots[port];
    if (slot && width <= slot.maxWidth && port + width <= slot.end) {
      slot.device.ioWrite(slot.range, port - slot.base, width, value);
      return;
    }
    if (width === 1) return;
    const half = (width >> 1) as IoWidth;
    this.write(port, half, half === 1 ? value & 0xff : value & 0xffff);
    this.write((port + half) & 0xffff, half, value >>> (half * 8));
  }
}
