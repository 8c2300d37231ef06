import type { Disposable } from '../../core/base/index.ts';
import { collect, type Library } from '../../core/store/index.ts';

const DELAY_MS = 500;

/** Gives space back some time after something was deleted, in small pieces of this process's time. */
export class BackgroundCollector implements Disposable {
  readonly #library: Library;
  readonly #warn: (message: string) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(library: Library, warn: (message: string) => void) {
    this.#library = library;
    this.#warn = warn;
  }

  soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#collect(), DELAY_MS);
    // A command that ends does not wait for it: the next one collects.
    this.#timer.unref();
  }

  #collect(): void {
    try {
      collect(this.#library);
    } catch (error) {
      this.#warn(`the collector stopped: ${(error as Error).message}`);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }
}
