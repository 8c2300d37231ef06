import type { Failure, Removal } from '../../core/contract/index.ts';
import type { Client } from '../ipc/client.ts';
import { Store } from './store.ts';

/** Removals that can still be taken back, whichever window or program asked for them: one list, then events. */
export class RemovalsStore extends Store<readonly Removal[]> {
  readonly #client: Client;

  constructor(client: Client) {
    super([]);
    this.#client = client;
  }

  start(): () => void {
    return this.#client.subscribe({
      onConnected: () => void this.#load(),
      onEvent: (event) => {
        if (event.event === 'removals.changed') this.set(event.removals);
      },
      onDisconnected: () => {},
    });
  }

  /** Resolves with why not; the services wait with it, not this window. */
  async remove(items: readonly { readonly kind: Removal['items'][number]['kind']; readonly id: string }[]) {
    const begun = await this.#client.call('removals.begin', { items: [...items] });
    return begun.ok ? undefined : begun.error;
  }

  async undo(id: string): Promise<Failure | undefined> {
    const undone = await this.#client.call('removals.undo', { id });
    return undone.ok ? undefined : undone.error;
  }

  async #load(): Promise<void> {
    const listed = await this.#client.call('removals.list', {});
    if (listed.ok) this.set(listed.value.removals);
  }
}
