import type { Failure, MachineInfo, MachineState } from '../../core/contract/index.ts';
import type { Client } from '../ipc/client.ts';
import { Store } from './store.ts';

export type MachineAction = 'start' | 'stop' | 'reset' | 'pause' | 'resume' | 'remove';

const ALLOWED: Readonly<Record<MachineState, readonly MachineAction[]>> = {
  stopped: ['start', 'remove'],
  aborted: ['start', 'remove'],
  starting: [],
  running: ['stop', 'reset', 'pause'],
  paused: ['stop', 'reset', 'resume'],
  stopping: [],
};

/** What the machine's state lets people do; the services check again. */
export const allows = (machine: MachineInfo | undefined, action: MachineAction): boolean =>
  machine !== undefined && ALLOWED[machine.status.state].includes(action);

/** Running, or paused: it has a screen, and takes part in its stream. */
export const isLive = (machine: MachineInfo | undefined): boolean =>
  machine?.status.state === 'running' || machine?.status.state === 'paused';

/** What people asked of machines: the calls, and why the last one of a machine did not succeed. */
export class MachineActions {
  readonly failures = new Store<ReadonlyMap<string, Failure>>(new Map());
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Resolves with whether it succeeded; if not, `failures` holds the reason. */
  async run(action: MachineAction, id: string): Promise<boolean> {
    this.dismiss(id);
    const done = await this.#client.call(`machines.${action}`, { id });
    if (!done.ok) {
      this.failures.update((failures) => new Map(failures).set(id, done.error));
      return false;
    }
    return true;
  }

  dismiss(id: string): void {
    if (!this.failures.get().has(id)) return;
    this.failures.update((failures) => {
      const rest = new Map(failures);
      rest.delete(id);
      return rest;
    });
  }
}
