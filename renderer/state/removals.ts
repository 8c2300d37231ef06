import { Store } from './store.ts';

/** How long a removal can be taken back. */
export const UNDO_MS = 7000;

/**
 * Removals that can be taken back: what is removed is out of sight at once and gone when the time is over. A window that
 * is closed before has removed nothing.
 */
export class Removals extends Store<ReadonlySet<string>> {
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor() {
    super(new Set());
  }

  /** `remove` is called when the time for second thoughts is over; what it could not remove is shown again. */
  later(id: string, remove: () => Promise<unknown>): void {
    this.update((hidden) => new Set(hidden).add(id));
    this.#timers.set(
      id,
      setTimeout(() => {
        this.#timers.delete(id);
        void remove().finally(() => this.#show(id));
      }, UNDO_MS),
    );
  }

  undo(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.#show(id);
  }

  #show(id: string): void {
    this.update((hidden) => new Set([...hidden].filter((other) => other !== id)));
  }
}
