import { expect, test } from 'vitest';
import type { Task, TerrariumEvent } from '../../core/contract/index.ts';
import type { Client } from '../ipc/client.ts';
import { TasksStore } from './tasks.ts';

const task = (id: string, state: Task['state']): Task => ({
  ...{ id, kind: 'import', subject: id, doneBytes: 0, totalBytes: 0, state },
  startedAt: '2026-01-01T00:00:00.000Z',
});

function connected(listed: readonly Task[]) {
  const list = Promise.withResolvers<void>();
  let tell = (_: TerrariumEvent): void => {};
  const client = {
    call: () => list.promise.then(() => ({ ok: true, value: { tasks: listed } })),
    subscribe: ({ onConnected, onEvent }: { onConnected(): void; onEvent(event: TerrariumEvent): void }) => {
      tell = onEvent;
      onConnected();
      return () => {};
    },
  } as unknown as Client;
  const store = new TasksStore(client);
  store.start();
  return { store, tell: (one: Task) => tell({ event: 'task.changed', task: one }), answer: () => list.resolve() };
}

const states = (store: TasksStore): string[] => store.get().map(({ id, state }) => `${id} ${state}`);

test('a work that ended while the list was on its way has ended', async () => {
  const { store, tell, answer } = connected([task('old', 'done'), task('new', 'running')]);

  tell(task('new', 'done'));
  answer();
  await expect.poll(() => states(store)).toEqual(['new done', 'old done']);
});

test('a failure that a dialog tells does not stand in the list, too', () => {
  const { store, tell } = connected([]);

  const end = store.toldElsewhere('import');
  tell(task('first', 'running'));
  tell(task('first', 'failed'));
  end();
  tell(task('second', 'failed'));

  expect(states(store)).toEqual(['second failed']);
});
