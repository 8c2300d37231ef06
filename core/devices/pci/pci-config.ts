/**
 * The configuration registers of one PCI function at work: masks, base address registers, command bits, interrupt pin.
 * PCI Local Bus Specification 2.2, chapter 6; 2.3 for the interrupt status and disable bits.
 */
import type { IoWidth, IrqLine, Mmio, PortIo } from '../../bus/index.ts';
import type { PciHost, PciMemoryRegion, PciPortRegion } from './pci-host.ts';
import { barOffset, PCI, PCI_COMMAND, PCI_STATUS, type PciBarSpec, type PciLayout } from './pci-layout.ts';

/** What answers behind a base address register: `range` is passed to the device. */
export interface PciBarTarget {
  readonly index: number;
  readonly port?: PortIo;
  readonly mmio?: Mmio;
  readonly range?: number;
  readonly backing?: Uint8Array;
}

type Placed =
  | { readonly kind: 'io'; readonly region: PciPortRegion }
  | { readonly kind: 'memory'; readonly region: PciMemoryRegion };

interface Bar {
  readonly spec: PciBarSpec;
  readonly target: PciBarTarget;
  placed: Placed | undefined;
}

/** Registers are in the owner's state; what is mapped where is derived from them by `apply`. */
export class PciConfig {
  readonly bytes: Uint8Array;
  readonly #layout: PciLayout;
  readonly #host: PciHost;
  readonly #bars: readonly Bar[];
  #line: IrqLine | undefined;
  /** After a write that reached registers from `offset` on: for what is special about a function. */
  onWrite: (offset: number, width: IoWidth) => void = () => {};
  /** Before a read, for registers whose value is fetched from elsewhere. */
  onRead: (offset: number, width: IoWidth) => void = () => {};

  constructor(bytes: Uint8Array, layout: PciLayout, host: PciHost, targets: readonly PciBarTarget[] = []) {
    this.bytes = bytes;
    this.#layout = layout;
    this.#host = host;
    this.#bars = layout.bars.flatMap((spec) => {
      const target = targets.find((each) => each.index === spec.index);
      return target ? [{ spec, target, placed: undefined }] : [];
    });
  }

  /** Called by the bus when the function is plugged in. */
  connect(line: IrqLine): void {
    this.#line = line;
  }

  /** 1 is INTA#, 0 none. */
  get interruptPin(): number {
    return this.#layout.initial[PCI.INTERRUPT_PIN];
  }

  read8(offset: number): number {
    return this.bytes[offset & 0xff];
  }
  read16(offset: number): number {
    return this.read8(offset) | (this.read8(offset + 1) << 8);
  }
  read32(offset: number): number {
    return (this.read16(offset) | (this.read16(offset + 2) << 16)) >>> 0;
  }

  get command(): number {
    return this.read16(PCI.COMMAND);
  }
  get isBusMaster(): boolean {
    return (this.command & PCI_COMMAND.MASTER) !== 0;
  }

  configRead(offset: number, width: IoWidth): number {
    this.onRead(offset, width);
    return width === 1 ? this.read8(offset) : width === 2 ? this.read16(offset) : this.read32(offset);
  }

  configWrite(offset: number, width: IoWidth, value: number): void {
    const { bytes } = this;
    const { writable, clearing } = this.#layout;
    for (let i = 0; i < width; i++) {
      const at = (offset + i) & 0xff;
      const byte = (value >>> (i * 8)) & 0xff;
      bytes[at] = ((bytes[at] & ~writable[at]) | (byte & writable[at])) & ~(byte & clearing[at]);
    }
    const touches = (first: number, size: number): boolean => offset < first + size && offset + width > first;
    if (touches(PCI.COMMAND, 2)) {
      this.#place();
      this.#drive();
    } else if (touches(PCI.BAR0, 24) || touches(PCI.ROM_BAR, 4)) this.#place();
    this.onWrite(offset, width);
  }

  /** The function's interrupt request, before INTx disable. */
  setInterrupt(level: boolean): void {
    const { bytes } = this;
    bytes[PCI.STATUS] = level ? bytes[PCI.STATUS] | PCI_STATUS.INTERRUPT : bytes[PCI.STATUS] & ~PCI_STATUS.INTERRUPT;
    this.#drive();
  }

  /** Takes over registers that changed as a whole: after a reset or a load. */
  apply(): void {
    this.#place();
    this.#drive();
  }

  /** Address of a base address register as it decodes now, or -1. */
  barBase(index: number): number {
    const bar = this.#bars.find((each) => each.spec.index === index);
    return bar?.placed ? bar.placed.region.base : -1;
  }

  #drive(): void {
    const asserted = (this.bytes[PCI.STATUS] & PCI_STATUS.INTERRUPT) !== 0;
    this.#line?.set(asserted && !(this.command & PCI_COMMAND.INTX_DISABLE));
  }

  #place(): void {
    // All moves of one write first leave their old places: two registers may swap.
    const wanted = this.#bars.map((bar) => this.#wanted(bar.spec));
    this.#bars.forEach((bar, i) => {
      if (bar.placed && bar.placed.region.base !== wanted[i]) this.#remove(bar);
    });
    this.#bars.forEach((bar, i) => {
      if (!bar.placed && wanted[i] >= 0) this.#add(bar, wanted[i]);
    });
  }

  /** Where a register decodes, -1 for nowhere. An address that ends at the top is a size inquiry under way. */
  #wanted(spec: PciBarSpec): number {
    const value = this.read32(barOffset(spec.index));
    const base = (value & ~(spec.sizeBytes - 1)) >>> 0;
    const enable = spec.kind === 'io' ? PCI_COMMAND.IO : PCI_COMMAND.MEMORY;
    const top = spec.kind === 'io' ? 0x10000 : 0x100000000;
    if (!(this.command & enable) || (spec.kind === 'rom' && !(value & 1))) return -1;
    return base === 0 || base + spec.sizeBytes >= top ? -1 : base;
  }

  #add(bar: Bar, base: number): void {
    const { sizeBytes } = bar.spec;
    const { port, mmio, backing, range = 0 } = bar.target;
    if (bar.spec.kind === 'io' && port) {
      const region: PciPortRegion = { base, sizeBytes, device: port, range };
      bar.placed = { kind: 'io', region };
      this.#host.mapPorts(region);
    } else if (mmio) {
      const region: PciMemoryRegion = { base, sizeBytes, device: mmio, range, ...(backing ? { backing } : {}) };
      bar.placed = { kind: 'memory', region };
      this.#host.mapMemory(region);
    }
  }

  #remove(bar: Bar): void {
    const placed = bar.placed;
    bar.placed = undefined;
    if (placed?.kind === 'io') this.#host.unmapPorts(placed.region);
    else if (placed) this.#host.unmapMemory(placed.region);
  }
}
