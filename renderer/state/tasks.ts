import type { Task } from '../../core/contract/index.ts';
import type { Client } from '../ipc/client.ts';
import { Store } from './store.ts';

/** Long works of the services, newest first: one list when the window connects, then events. */
export class TasksStore extends Store<readonly Task[]> {
  readonly #client: Client;
  /** Kinds of work whose end a dialog tells. */
  readonly #toldElsewhere = new Map<Task['kind'], number>();

  constructor(client: Client) {
    super([]);
    this.#client = client;
  }

  start(): () => void {
    return this.#client.subscribe({
      onConnected: () => void this.#load(),
      onEvent: (event) => {
        if (event.event === 'task.changed') this.#put(event.task);
      },
      onDisconnected: () => {},
    });
  }

  async cancel(id: string): Promise<void> {
    const cancelled = await this.#client.call('tasks.cancel', { id });
    if (cancelled.ok) this.#put(cancelled.value);
  }

  /** An ended work need not be looked at any more. */
  dismiss(id: string): void {
    this.update((tasks) => tasks.filter((task) => task.id !== id));
  }

  /** While a dialog tells how works of the kind end, failed ones do not stand in the list; until what is returned is called. */
  toldElsewhere(kind: Task['kind']): () => void {
    const count = (by: number): void => void this.#toldElsewhere.set(kind, (this.#toldElsewhere.get(kind) ?? 0) + by);
    count(1);
    return () => count(-1);
  }

  #put(task: Task): void {
    if (task.state === 'failed' && (this.#toldElsewhere.get(task.kind) ?? 0) > 0) return this.dismiss(task.id);
    this.update((tasks) =>
      tasks.some(({ id }) => id === task.id)
        ? tasks.map((known) => (known.id === task.id ? task : known))
        : [task, ...tasks],
    );
  }

  async #load(): Promise<void> {
    const before = new Set(this.get());
    const listed = await this.#client.call('tasks.list', {});
    if (!listed.ok) return;
    // What events told while the list was on its way is newer than the list.
    const told = this.get().filter((task) => !before.has(task));
    this.set([...listed.value.tasks].reverse());
    for (const task of told.reverse()) this.#put(task);
  }
}
