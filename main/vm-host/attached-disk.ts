import type { Block } from '../../core/backends/index.ts';
import type { Disposable } from '../../core/base/index.ts';
import type { DiskFile } from './disk-file.ts';

/** How long what a guest wrote may wait in memory: DOS never flushes. */
const FLUSH_MS = 5000;

/**
 * A disk image while a machine writes it. Formats keep their tables in memory until a flush; this flushes for guests
 * that do not, so that a process that is killed loses seconds, not everything.
 */
export class AttachedDisk implements Block, Disposable {
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  /** Where the format gives space back; a drive offers TRIM to its guest then. */
  readonly discard?: (offsetBytes: number, lengthBytes: number) => void;
  readonly #disk: DiskFile;
  readonly #log: (message: string) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(disk: DiskFile, log: (message: string) => void = () => {}) {
    this.#disk = disk;
    this.#log = log;
    this.sizeBytes = disk.image.sizeBytes;
    this.readOnly = disk.image.readOnly;
    if (disk.image.givesSpaceBack)
      this.discard = (offsetBytes, lengthBytes) => {
        disk.image.discard(offsetBytes, lengthBytes);
        this.#flushSoon();
      };
  }

  read(offsetBytes: number, target: Uint8Array): void {
    this.#disk.image.read(offsetBytes, target);
  }

  write(offsetBytes: number, data: Uint8Array): void {
    this.#disk.image.write(offsetBytes, data);
    this.#flushSoon();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#disk.image.flush();
  }

  #flushSoon(): void {
    if (this.#timer || this.#disk.image.format === 'raw') return;
    this.#timer = setTimeout(() => this.#flushLate(), FLUSH_MS);
    this.#timer.unref();
  }

  #flushLate(): void {
    try {
      this.flush();
    } catch (error) {
      this.#log((error as Error).message);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    const closed = this.#disk.image.close();
    if (!closed.ok) this.#log(closed.error.message);
  }
}
