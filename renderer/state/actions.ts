import {
  buttonUnheard,
  type Failure,
  type MachineConfig,
  type MachineInfo,
  type MachineState,
} from '../../core/contract/index.ts';
import type { Client } from '../ipc/client.ts';
import { Store } from './store.ts';

/** What one call of the contract does to a machine. */
export const MACHINE_ACTIONS = [
  'start',
  'pause',
  'resume',
  'reset',
  'save',
  'powerButton',
  'stop',
  'discardSaved',
  'remove',
] as const;
export type MachineAction = (typeof MACHINE_ACTIONS)[number];

const ALLOWED: Readonly<Record<MachineState, readonly MachineAction[]>> = {
  stopped: ['start', 'remove', 'discardSaved'],
  aborted: ['start', 'remove', 'discardSaved'],
  starting: [],
  running: ['stop', 'reset', 'pause', 'save', 'powerButton'],
  paused: ['stop', 'reset', 'resume', 'save'],
  stopping: [],
};

/** What the machine's state lets people do; the services check again. */
export const allows = (machine: MachineInfo | undefined, action: MachineAction): boolean =>
  machine !== undefined &&
  ALLOWED[machine.status.state].includes(action) &&
  (action !== 'discardSaved' || machine.saved);

/** Running, or paused: it has a screen, and takes part in its stream. */
export const isLive = (machine: MachineInfo | undefined): boolean =>
  machine?.status.state === 'running' || machine?.status.state === 'paused';

/** Neither live nor on its way to or from it: what it is made of may change, unless it is saved. */
export const isIdle = (machine: MachineInfo | undefined): boolean =>
  machine?.status.state === 'stopped' || machine?.status.state === 'aborted';

/** What people asked of machines: the calls, and why the last one of a machine did not succeed. */
export class MachineActions {
  readonly failures = new Store<ReadonlyMap<string, Failure>>(new Map());
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Resolves with whether it succeeded; if not, `failures` holds the reason. */
  async run(action: MachineAction, id: string, options: { readonly throwAway?: boolean } = {}): Promise<boolean> {
    this.dismiss(id);
    const done =
      action === 'start'
        ? await this.#client.call('machines.start', { id, ...options })
        : await this.#client.call(`machines.${action}`, { id });
    if (!done.ok) this.failed(id, done.error);
    return done.ok;
  }

  /** Why nothing comes of it: that nobody in the guest hears it is no success. */
  async pressPowerButton({ id, name }: Pick<MachineConfig, 'id' | 'name'>): Promise<Failure | undefined> {
    const done = await this.#client.call('machines.powerButton', { id });
    if (!done.ok) return done.error;
    return done.value.heard ? undefined : buttonUnheard(name);
  }

  failed(id: string, failure: Failure): void {
    this.failures.update((failures) => new Map(failures).set(id, failure));
  }

  dismiss(id: string): void {
    if (!this.failures.get().has(id)) return;
    this.failures.update((failures) => new Map([...failures].filter(([of]) => of !== id)));
  }
}
