import type { Failure, MachineInfo, TerrariumEvent } from '../../core/contract/index.ts';
import type { Client } from '../ipc/client.ts';
import { Store } from './store.ts';

export interface MachinesView {
  /** By name. */
  readonly machines: readonly MachineInfo[];
  /** `loading` until the first list; `disconnected`: what is shown may be old. */
  readonly connection: 'loading' | 'connected' | 'disconnected' | 'refused';
  /** Why the list could not be read. */
  readonly failure: Failure | undefined;
}

const names = new Intl.Collator(undefined, { numeric: true });
const byName = (a: MachineInfo, b: MachineInfo): number => names.compare(a.config.name, b.config.name);

/** What this window knows of the library: one list when it connects, then events. */
export class MachinesStore extends Store<MachinesView> {
  readonly #client: Client;
  /** Events that arrive while a list is on its way: they may be newer than it, and go on top of it. */
  #early: TerrariumEvent[] | undefined;
  #round = 0;

  constructor(client: Client) {
    super({ machines: [], connection: 'loading', failure: undefined });
    this.#client = client;
  }

  /** Returns the function that ends listening. */
  start(): () => void {
    return this.#client.subscribe({
      onConnected: () => void this.#load(),
      onEvent: (event) => this.apply(event),
      onDisconnected: (refused = false) =>
        this.update((view) => ({
          ...view,
          // Until a try succeeds that stays so.
          connection: refused || view.connection === 'refused' ? 'refused' : 'disconnected',
        })),
    });
  }

  apply(event: TerrariumEvent): void {
    if (this.#early) this.#early.push(event);
    else this.#apply(event);
  }

  #apply(event: TerrariumEvent): void {
    if (event.event === 'machine.changed') {
      const { machine } = event;
      this.#setMachines([...this.get().machines.filter(({ config }) => config.id !== machine.config.id), machine]);
    } else if (event.event === 'machine.removed') {
      this.#setMachines(this.get().machines.filter(({ config }) => config.id !== event.id));
    }
  }

  #setMachines(machines: MachineInfo[]): void {
    this.update((view) => ({ ...view, machines: machines.sort(byName) }));
  }

  async #load(): Promise<void> {
    const round = ++this.#round;
    this.#early = [];
    const listed = await this.#client.call('machines.list', {});
    if (round !== this.#round) return;
    const early = this.#early;
    this.#early = undefined;
    if (listed.ok)
      this.set({ machines: [...listed.value.machines].sort(byName), connection: 'connected', failure: undefined });
    else this.update((view) => ({ ...view, connection: 'disconnected', failure: listed.error }));
    for (const event of early) this.#apply(event);
  }
}
