import { describe, expect, test } from 'vitest';
import type { MachineInfo, MachineState } from '../../core/contract/index.ts';
import type { Client, EventHandlers } from '../ipc/client.ts';
import { MachinesStore } from './machines.ts';

const machine = (name: string, state: 'stopped' | 'running' = 'stopped') =>
  ({ config: { id: `id of ${name}`, name }, status: { state, since: '2026-01-01T00:00:00.000Z' } }) as MachineInfo;

/** A client whose list is answered when the test says so. */
function setUp() {
  const answers: ((machines: MachineInfo[] | 'failure') => Promise<void>)[] = [];
  let handlers: EventHandlers | undefined;
  const client = {
    shell: 'web',
    call: () =>
      new Promise((resolve) =>
        answers.push(async (machines) => {
          resolve(
            machines === 'failure'
              ? { ok: false, error: { code: 'library.open', message: 'no' } }
              : { ok: true, value: { machines } },
          );
          await Promise.resolve();
          await Promise.resolve();
        }),
      ),
    subscribe: (given: EventHandlers) => {
      handlers = given;
      return () => undefined;
    },
    openStream: () => Promise.reject(new Error('not here')),
  } as unknown as Client;
  const store = new MachinesStore(client);
  store.start();
  if (!handlers) throw new Error('the store does not listen');
  const shown = (): [string, MachineState][] =>
    store.get().machines.map(({ config, status }): [string, MachineState] => [config.name, status.state]);
  return { store, events: handlers, answers, shown };
}

describe('the machines that a window knows', () => {
  test('are listed once it is connected, by name, numbers as people count', async () => {
    const { store, events, answers, shown } = setUp();

    events.onConnected();
    await answers[0]([machine('DOS 10'), machine('DOS 9')]);

    expect(store.get().connection).toBe('connected');
    expect(shown()).toEqual([
      ['DOS 9', 'stopped'],
      ['DOS 10', 'stopped'],
    ]);
  });

  test('follow events', async () => {
    const { events, answers, shown } = setUp();
    events.onConnected();
    await answers[0]([machine('a'), machine('b')]);

    events.onEvent({ event: 'machine.changed', machine: machine('a', 'running') });
    events.onEvent({ event: 'machine.changed', machine: machine('c') });
    events.onEvent({ event: 'machine.removed', id: 'id of b' });

    expect(shown()).toEqual([
      ['a', 'running'],
      ['c', 'stopped'],
    ]);
  });

  test('an event that overtakes the list is not undone by it', async () => {
    const { events, answers, shown } = setUp();
    events.onConnected();

    events.onEvent({ event: 'machine.changed', machine: machine('a', 'running') });
    await answers[0]([machine('a', 'stopped')]);

    expect(shown()).toEqual([['a', 'running']]);
  });

  test('are asked for again after the connection was lost, and the older answer is ignored', async () => {
    const { store, events, answers, shown } = setUp();
    events.onConnected();
    events.onDisconnected();
    expect(store.get().connection).toBe('disconnected');

    events.onConnected();
    await answers[1]([machine('new')]);
    await answers[0]([machine('old')]);

    expect(store.get().connection).toBe('connected');
    expect(shown()).toEqual([['new', 'stopped']]);
  });

  test('a server that does not know the page is told from one that does not answer, until it is connected to', async () => {
    const { store, events, answers } = setUp();
    events.onDisconnected();
    events.onDisconnected(true);
    events.onDisconnected();
    expect(store.get().connection).toBe('refused');

    events.onConnected();
    await answers[0]([]);

    expect(store.get().connection).toBe('connected');
  });

  test('keep what is known when they cannot be read, and say why', async () => {
    const { store, events, answers, shown } = setUp();
    events.onConnected();
    await answers[0]([machine('a')]);

    events.onConnected();
    await answers[1]('failure');

    expect(store.get().failure?.code).toBe('library.open');
    expect(shown()).toEqual([['a', 'stopped']]);
  });
});
