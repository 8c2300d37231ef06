import { BlockIoError, type Block } from '../backends/index.ts';
import { checkRange } from './memory-block.ts';

export const OVERLAY_PAGE_BYTES = 4096;

/**
 * Copy on write over a medium that is never written: changed pages of 4 KiB live in memory and die with the overlay.
 * It holds at most the medium's own size. `readOnly` keeps a write-protect tab in place over any base.
 */
export class OverlayBlock implements Block {
  readonly readOnly: boolean;
  readonly #base: Block;
  readonly #pages = new Map<number, Uint8Array>();

  constructor(base: Block, options: { readonly readOnly?: boolean } = {}) {
    this.#base = base;
    this.readOnly = options.readOnly ?? false;
  }

  get sizeBytes(): number {
    return this.#base.sizeBytes;
  }

  /** Memory that the changes occupy. */
  get overlaidBytes(): number {
    return this.#pages.size * OVERLAY_PAGE_BYTES;
  }

  read(offsetBytes: number, target: Uint8Array): void {
    checkRange(this, offsetBytes, target.length);
    let cleanFrom = 0;
    for (let done = 0; done < target.length;) {
      const { page, within, length } = pieceAt(offsetBytes + done, target.length - done);
      const overlaid = this.#pages.get(page);
      if (overlaid) {
        if (cleanFrom < done) this.#base.read(offsetBytes + cleanFrom, target.subarray(cleanFrom, done));
        target.set(overlaid.subarray(within, within + length), done);
        cleanFrom = done + length;
      }
      done += length;
    }
    if (cleanFrom < target.length) this.#base.read(offsetBytes + cleanFrom, target.subarray(cleanFrom));
  }

  write(offsetBytes: number, data: Uint8Array): void {
    checkRange(this, offsetBytes, data.length);
    if (this.readOnly) throw new BlockIoError('the medium is read-only', offsetBytes);
    for (let done = 0; done < data.length;) {
      const { page, within, length } = pieceAt(offsetBytes + done, data.length - done);
      this.#own(page).set(data.subarray(done, done + length), within);
      done += length;
    }
  }

  flush(): void {}

  #own(page: number): Uint8Array {
    const present = this.#pages.get(page);
    if (present) return present;
    const start = page * OVERLAY_PAGE_BYTES;
    const copy = new Uint8Array(OVERLAY_PAGE_BYTES);
    this.#base.read(start, copy.subarray(0, Math.min(OVERLAY_PAGE_BYTES, this.sizeBytes - start)));
    this.#pages.set(page, copy);
    return copy;
  }
}

/** The part of a range that lies in its first page. */
function pieceAt(offsetBytes: number, lengthBytes: number): { page: number; within: number; length: number } {
  const page = Math.floor(offsetBytes / OVERLAY_PAGE_BYTES);
  const within = offsetBytes - page * OVERLAY_PAGE_BYTES;
  return { page, within, length: Math.min(lengthBytes, OVERLAY_PAGE_BYTES - within) };
}
