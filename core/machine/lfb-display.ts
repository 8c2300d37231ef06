/** The adapter as whoever shows the screen sees it: what the processor wrote straight into the frame buffer is found. */
import type { DirtyRect, DisplaySource, Frame } from '../backends/index.ts';
import type { Vga } from '../devices/display/index.ts';
import { PAGE_BYTES, PAGE_SHIFT, type PhysicalMemory } from '../memory/index.ts';

export interface LfbDisplayParts {
  readonly vga: Vga;
  readonly memory: PhysicalMemory;
  /** Physical address of the linear frame buffer, -1 while it is not decoded. */
  readonly lfbBase: () => number;
  /** Makes the processor claim pages anew before it writes them. */
  readonly revokeWrites: () => void;
}

export class LfbDisplay implements DisplaySource {
  readonly #parts: LfbDisplayParts;

  constructor(parts: LfbDisplayParts) {
    this.#parts = parts;
  }

  refresh(): readonly DirtyRect[] {
    this.#collect();
    return this.#parts.vga.refresh();
  }

  get frame(): Frame {
    return this.#parts.vga.frame;
  }

  text(): readonly string[] | undefined {
    return this.#parts.vga.text();
  }

  #collect(): void {
    const { vga, memory, lfbBase, revokeWrites } = this.#parts;
    const base = lfbBase();
    if (base < 0) return;
    const first = base >>> PAGE_SHIFT;
    const dirty = memory.dirty.subarray(first, first + vga.state.vram.length / PAGE_BYTES);
    let found = false;
    for (let page = dirty.indexOf(1); page >= 0; page = dirty.indexOf(1, page + 1)) {
      vga.markDirty(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
      dirty[page] = 0;
      found = true;
    }
    if (found) revokeWrites();
  }
}
