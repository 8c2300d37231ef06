/** Bytes of a single access to a port or to memory. */
export type IoWidth = 1 | 2 | 4;

/**
 * A device's side of memory-mapped I/O. `range` tells which of its mappings was hit, `offset` is relative to that
 * mapping. Values are unsigned.
 */
export interface Mmio {
  mmioRead(range: number, offset: number, width: IoWidth): number;
  mmioWrite(range: number, offset: number, width: IoWidth, value: number): void;
}

/** Physical memory as a bus master (DMA) sees it. Addresses outside memory read as ones and swallow writes. */
export interface DmaMemory {
  dmaRead(physAddr: number, target: Uint8Array): void;
  dmaWrite(physAddr: number, data: Uint8Array): void;
}
