import type { Task } from '../../core/contract/index.ts';
import type { Client } from '../ipc/client.ts';
import { Store } from './store.ts';

/** Long works of the services, newest first: one list when the window connects, then events. */
export class TasksStore extends Store<readonly Task[]> {
  readonly #client: Client;

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

  #put(task: Task): void {
    this.update((tasks) =>
      tasks.some(({ id }) => id === task.id)
        ? tasks.map((known) => (known.id === task.id ? task : known))
        : [task, ...tasks],
    );
  }

  async #load(): Promise<void> {
    const listed = await this.#client.call('tasks.list', {});
    if (listed.ok) this.set([...listed.value.tasks].reverse());
  }
}
