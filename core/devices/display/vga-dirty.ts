import { VRAM_PAGE_SIZE } from './vga-state.ts';

/**
 * What changed since the screen was last drawn. Not state: after a load everything counts as changed. Memory writes
 * note pages; register writes note what kind of redraw they cause.
 */
export class VgaChanges {
  /** One byte per 4 KiB page of VRAM; not 0 is dirty. */
  readonly pages: Uint8Array;
  /** Plane 2 was written, where text modes keep their fonts. */
  font = true;
  /** A register that shapes the picture changed. */
  layout = true;
  /** A colour changed. */
  palette = true;

  constructor(vramSize: number) {
    this.pages = new Uint8Array(vramSize / VRAM_PAGE_SIZE).fill(1);
  }

  /** VRAM bytes `start` to `end` - 1. */
  markRange(start: number, end: number): void {
    if (end > start) this.pages.fill(1, Math.floor(start / VRAM_PAGE_SIZE), Math.ceil(end / VRAM_PAGE_SIZE));
    this.font = true;
  }

  markAll(): void {
    this.pages.fill(1);
    this.font = true;
    this.layout = true;
    this.palette = true;
  }

  isRangeDirty(start: number, end: number): boolean {
    const last = (end - 1) >> 12;
    for (let page = start >> 12; page <= last; page++) if (this.pages[page] !== 0) return true;
    return false;
  }
}
