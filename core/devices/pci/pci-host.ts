/**
 * What PCI functions ask of the board: a place in the I/O and memory spaces for their base address registers. The two
 * spaces here resolve overlaps, so that a guest that moves a register over something else gets it back afterwards.
 */
import { IoBus, type IoWidth, type Mmio, type PortIo } from '../../bus/index.ts';
import type { PhysicalMemory } from '../../memory/index.ts';

export interface PciPortRegion {
  readonly base: number;
  readonly sizeBytes: number;
  readonly device: PortIo;
  readonly range: number;
}

export interface PciMemoryRegion {
  readonly base: number;
  readonly sizeBytes: number;
  readonly device: Mmio;
  readonly range: number;
  /** The bytes themselves where reads and writes have no side effect (a frame buffer): the board may map them as RAM. */
  readonly backing?: Uint8Array;
}

/** Every region that was mapped is unmapped with the same object. */
export interface PciHost {
  mapPorts(region: PciPortRegion): void;
  unmapPorts(region: PciPortRegion): void;
  mapMemory(region: PciMemoryRegion): void;
  unmapMemory(region: PciMemoryRegion): void;
}

/**
 * The ports that no ISA part answers to. The board maps it first over all 64 Ki ports (range 0, width 4) and the fixed
 * parts over it, which therefore win.
 */
export class PciPortSpace implements PortIo {
  readonly #bus = new IoBus();
  readonly #regions: PciPortRegion[] = [];

  map(region: PciPortRegion): void {
    this.#regions.push(region);
    this.#place(region);
  }

  unmap(region: PciPortRegion): void {
    const at = this.#regions.indexOf(region);
    if (at < 0) return;
    this.#regions.splice(at, 1);
    this.#bus.unmap(region.base, region.sizeBytes);
    for (const other of this.#regions) if (overlap(region, other)) this.#place(other);
  }

  #place({ base, sizeBytes, device, range }: PciPortRegion): void {
    this.#bus.map({ base, size: sizeBytes, device, range, maxWidth: 4 });
  }

  ioRead(_range: number, offset: number, width: IoWidth): number {
    return this.#bus.read(offset, width);
  }

  ioWrite(_range: number, offset: number, width: IoWidth, value: number): void {
    this.#bus.write(offset, width, value);
  }
}

/** Where PciMemorySpace puts regions: the part of PhysicalMemory that it uses. */
export interface PciMemoryTarget {
  mapMmio(mapping: { base: number; size: number; device: Mmio; range: number }): void;
  /** Plain memory; undefined where the target cannot map these bytes directly. */
  mapBacking?: ((base: number, backing: Uint8Array) => boolean) | undefined;
  unmap(base: number, sizeBytes: number): void;
}

/** Bytes that lie in the machine's own linear memory are mapped as RAM, others as memory-mapped I/O. */
export function pciMemoryTarget(memory: PhysicalMemory): PciMemoryTarget {
  return {
    mapMmio: (mapping) => memory.mapMmio(mapping),
    mapBacking(base, backing) {
      if (backing.buffer !== memory.bytes.buffer) return false;
      memory.mapRam(base, backing.length, backing.byteOffset);
      return true;
    },
    unmap: (base, sizeBytes) => memory.unmap(base, sizeBytes),
  };
}

/** A board's I/O and memory spaces as the PCI functions see them. */
export function pciHost(ports: PciPortSpace, memory: PciMemorySpace): PciHost {
  return {
    mapPorts: (region) => ports.map(region),
    unmapPorts: (region) => ports.unmap(region),
    mapMemory: (region) => memory.map(region),
    unmapMemory: (region) => memory.unmap(region),
  };
}

/** The hole for PCI memory: what lies outside (RAM, the APICs, the firmware) is never replaced by a register. */
export class PciMemorySpace {
  readonly #target: PciMemoryTarget;
  readonly #base: number;
  readonly #end: number;
  readonly #regions: PciMemoryRegion[] = [];
  /** Called after each change, for whoever caches translations. */
  onChange: () => void = () => {};

  constructor(target: PciMemoryTarget, hole: { readonly base: number; readonly end: number }) {
    this.#target = target;
    this.#base = hole.base;
    this.#end = hole.end;
  }

  map(region: PciMemoryRegion): void {
    this.#regions.push(region);
    this.#place(region);
    this.onChange();
  }

  unmap(region: PciMemoryRegion): void {
    const at = this.#regions.indexOf(region);
    if (at < 0) return;
    this.#regions.splice(at, 1);
    if (this.#reachable(region)) this.#target.unmap(region.base, region.sizeBytes);
    for (const other of this.#regions) if (overlap(region, other)) this.#place(other);
    this.onChange();
  }

  #reachable(region: PciMemoryRegion): boolean {
    return region.base >= this.#base && region.base + region.sizeBytes <= this.#end;
  }

  #place(region: PciMemoryRegion): void {
    if (!this.#reachable(region)) return;
    const { base, sizeBytes, device, range, backing } = region;
    if (backing && this.#target.mapBacking?.(base, backing)) return;
    this.#target.mapMmio({ base, size: sizeBytes, device, range });
  }
}

interface Extent {
  readonly base: number;
  readonly sizeBytes: number;
}

function overlap(a: Extent, b: Extent): boolean {
  return a.base < b.base + b.sizeBytes && b.base < a.base + a.sizeBytes;
}
