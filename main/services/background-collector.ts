import type { Disposable } from '../../core/base/index.ts';
import { StoreWorker, type Collected } from '../../core/store/index.ts';

const DELAY_MS = 500;

/** Gives space back some time after something was deleted, in a thread of its own: calls are answered meanwhile. */
export class BackgroundCollector implements Disposable {
  readonly #folder: string;
  readonly #warn: (message: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #worker: StoreWorker | undefined;

  constructor(libraryFolder: string, warn: (message: string) => void) {
    this.#folder = libraryFolder;
    this.#warn = warn;
  }

  soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.collect(false).catch((error: unknown) => this.#warn(`the collector stopped: ${(error as Error).message}`));
    }, DELAY_MS);
    // A command that ends does not wait for it: the next one collects.
    this.#timer.unref();
  }

  /** `fold`: also bring disks that nobody writes up to date. Undefined: another process collects. Throws FailureError. */
  collect(fold: boolean): Promise<Collected | undefined> {
    this.#worker ??= new StoreWorker(this.#folder);
    return this.#worker.run({ kind: 'collect', fold });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#worker?.dispose();
  }
}
