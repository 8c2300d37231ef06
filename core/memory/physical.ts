import type { DmaMemory, IoWidth, Mmio } from './access.ts';

export const PAGE_BYTES = 4096;
export const PAGE_SHIFT = 12;
/** 4 GiB in pages: what 32-bit physical addresses reach. */
const PAGE_COUNT = 1 << 20;

/**
 * Where the tables of a PhysicalMemory lie that keeps them at `at` of its buffer: a word that is nonzero while somebody
 * wants to see a page before it is written; offsets of pages (i32 each), then a byte each for kind, code and dirt.
 */
export const physicalTables = (at: number) => ({
  watched: at,
  hostPage: at + TABLES_HEAD_BYTES,
  kind: at + TABLES_HEAD_BYTES + 4 * PAGE_COUNT,
  hasCode: at + TABLES_HEAD_BYTES + 5 * PAGE_COUNT,
  dirty: at + TABLES_HEAD_BYTES + 6 * PAGE_COUNT,
  end: at + TABLES_HEAD_BYTES + 7 * PAGE_COUNT,
});
/** Before the tables of pages. */
const TABLES_HEAD_BYTES = 16;

/** What lies behind a physical page. ABSENT: RAM whose contents are still to be fetched; `hostPage` is -1 until then. */
export const PAGE_KIND = { NONE: 0, RAM: 1, ROM: 2, MMIO: 3, ABSENT: 4 } as const;

export interface MmioMapping {
  readonly base: number;
  readonly size: number;
  readonly device: Mmio;
  readonly range?: number;
}

interface MmioSlot {
  readonly base: number;
  readonly device: Mmio;
  readonly range: number;
}

/**
 * The physical address space of a machine. RAM and ROM pages lie somewhere in the machine's linear memory; others are
 * memory-mapped I/O or nothing (reads as ones, swallows writes). Also keeps which pages hold decoded code and which
 * were written, which generated code notes too (cpu/insn/page-walk.ts).
 */
export class PhysicalMemory implements DmaMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Offset in linear memory of each page, -1 where there is none. */
  readonly hostPage: Int32Array;
  readonly kind: Uint8Array;
  /** 1: instructions of this page are decoded; a write must be told to `codeWritten`. */
  readonly hasCode: Uint8Array;
  /** 1: written since the flag was last cleared. */
  readonly dirty: Uint8Array;
  readonly #mmio: (MmioSlot | undefined)[] = [];
  codeWritten: (physAddr: number, length: number) => void = () => {};
  /** A write to a ROM page, which changes nothing; the firmware's call-outs arrive here. */
  romWritten: (physAddr: number, width: IoWidth, value: number) => void = () => {};

  readonly #watched: Int32Array;
  #beforeFirstWrite: ((page: number) => void) | undefined;
  /** Maps an absent page with its contents there. */
  fetchPage: (page: number) => void = () => {};

  /** `tablesAt`: where in the buffer the tables lie, for generated code; absent: elsewhere. */
  constructor(buffer: ArrayBufferLike, tablesAt?: number) {
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    const at = physicalTables(tablesAt ?? 0);
    const tables = tablesAt === undefined ? new ArrayBuffer(at.end) : buffer;
    this.hostPage = new Int32Array(tables, at.hostPage, PAGE_COUNT).fill(-1);
    this.kind = new Uint8Array(tables, at.kind, PAGE_COUNT);
    this.hasCode = new Uint8Array(tables, at.hasCode, PAGE_COUNT);
    this.dirty = new Uint8Array(tables, at.dirty, PAGE_COUNT);
    this.#watched = new Int32Array(tables, at.watched, 1);
  }

  /** Called before the first write to a page since its `dirty` flag was cleared. */
  set beforeFirstWrite(call: ((page: number) => void) | undefined) {
    this.#beforeFirstWrite = call;
    this.#watched[0] = call ? 1 : 0;
  }

  mapRam(physAddr: number, sizeBytes: number, hostOffset: number): void {
    this.#map(physAddr, sizeBytes, hostOffset, PAGE_KIND.RAM);
  }

  mapRom(physAddr: number, sizeBytes: number, hostOffset: number): void {
    this.#map(physAddr, sizeBytes, hostOffset, PAGE_KIND.ROM);
  }

  #map(physAddr: number, sizeBytes: number, hostOffset: number, kind: number): void {
    for (let done = 0; done < sizeBytes; done += PAGE_BYTES) {
      const page = (physAddr + done) >>> PAGE_SHIFT;
      this.hostPage[page] = hostOffset + done;
      this.kind[page] = kind;
    }
  }

  mapMmio(mapping: MmioMapping): void {
    const slot: MmioSlot = { base: mapping.base, device: mapping.device, range: mapping.range ?? 0 };
    for (let done = 0; done < mapping.size; done += PAGE_BYTES) {
      const page = (mapping.base + done) >>> PAGE_SHIFT;
      this.hostPage[page] = -1;
      this.kind[page] = PAGE_KIND.MMIO;
      this.#mmio[page] = slot;
    }
  }

  unmap(physAddr: number, sizeBytes: number): void {
    for (let done = 0; done < sizeBytes; done += PAGE_BYTES) {
      const page = (physAddr + done) >>> PAGE_SHIFT;
      this.hostPage[page] = -1;
      this.kind[page] = PAGE_KIND.NONE;
      this.#mmio[page] = undefined;
    }
  }

  // --- single accesses: 1, 2 or 4 bytes that do not cross a page; values unsigned ---------------------------------------

  read(physAddr: number, width: IoWidth): number {
    const page = physAddr >>> PAGE_SHIFT;
    const host = this.hostPage[page];
    if (host >= 0) {
      const at = host + (physAddr & (PAGE_BYTES - 1));
      return width === 1 ? this.bytes[at] : width === 2 ? this.view.getUint16(at, true) : this.view.getUint32(at, true);
    }
    const slot = this.#mmio[page];
    if (slot) return slot.device.mmioRead(slot.range, physAddr - slot.base, width) >>> 0;
    if (this.kind[page] === PAGE_KIND.ABSENT) {
      this.fetchPage(page);
      return this.read(physAddr, width);
    }
    return width === 1 ? 0xff : width === 2 ? 0xffff : 0xffffffff;
  }

  write(physAddr: number, width: IoWidth, value: number): void {
    const page = physAddr >>> PAGE_SHIFT;
    switch (this.kind[page]) {
      case PAGE_KIND.RAM: {
        if (this.dirty[page] === 0) this.#firstWrite(page);
        if (this.hasCode[page]) this.codeWritten(physAddr, width);
        const at = this.hostPage[page] + (physAddr & (PAGE_BYTES - 1));
        if (width === 1) this.bytes[at] = value;
        else if (width === 2) this.view.setUint16(at, value, true);
        else this.view.setUint32(at, value, true);
        return;
      }
      case PAGE_KIND.MMIO: {
        const slot = this.#mmio[page]!;
        slot.device.mmioWrite(slot.range, physAddr - slot.base, width, value >>> 0);
        return;
      }
      case PAGE_KIND.ABSENT:
        this.fetchPage(page);
        return this.write(physAddr, width, value);
      case PAGE_KIND.ROM:
        this.romWritten(physAddr, width, value);
    }
  }

  #firstWrite(page: number): void {
    this.#beforeFirstWrite?.(page);
    this.dirty[page] = 1;
  }

  // --- any address, any length -------------------------------------------------------------------------------------------

  dmaRead(physAddr: number, target: Uint8Array): void {
    this.#pieces(physAddr, target.length, (at, page, offset, length) => {
      const host = this.hostPage[page];
      if (host >= 0) target.set(this.bytes.subarray(host + offset, host + offset + length), at);
      else for (let i = 0; i < length; i++) target[at + i] = this.read(page * PAGE_BYTES + offset + i, 1);
    });
  }

  dmaWrite(physAddr: number, data: Uint8Array): void {
    this.#pieces(physAddr, data.length, (at, page, offset, length) => {
      if (this.kind[page] === PAGE_KIND.RAM) {
        if (this.dirty[page] === 0) this.#firstWrite(page);
        if (this.hasCode[page]) this.codeWritten(page * PAGE_BYTES + offset, length);
        this.bytes.set(data.subarray(at, at + length), this.hostPage[page] + offset);
      } else for (let i = 0; i < length; i++) this.write(page * PAGE_BYTES + offset + i, 1, data[at + i]);
    });
  }

  /** Calls for each page that a range touches; addresses wrap at 4 GiB. */
  #pieces(
    physAddr: number,
    length: number,
    piece: (at: number, page: number, offset: number, length: number) => void,
  ): void {
    let at = 0;
    while (at < length) {
      const address = (physAddr + at) >>> 0;
      const offset = address & (PAGE_BYTES - 1);
      const count = Math.min(length - at, PAGE_BYTES - offset);
      if (this.kind[address >>> PAGE_SHIFT] === PAGE_KIND.ABSENT) this.fetchPage(address >>> PAGE_SHIFT);
      piece(at, address >>> PAGE_SHIFT, offset, count);
      at += count;
    }
  }
}
