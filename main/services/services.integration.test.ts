import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  decodeMachineMessage,
  encodeWindowMessage,
  type MachineInfo,
  type MachineMessage,
  type MachineState,
  type Task,
  type TerrariumEvent,
  type MachineStatus,
  type WindowMessage,
} from '../../core/contract/index.ts';
import { forkLauncher } from './host-process.ts';
import { openLibrary } from '../../core/store/index.ts';
import { createServices, type Services } from './services.ts';

const FAKE_ENTRY = join(import.meta.dirname, '../vm-host/testing/fake-entry.ts');

// A process of its own takes seconds to start while others keep the cores busy.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let services: Services;
let events: TerrariumEvent[];
let listeners: Set<() => void>;

function open(): Services {
  const opened = createServices({
    shell: 'web',
    version: '0.0.0',
    libraryFolder: join(folder, 'library'),
    launcher: forkLauncher(FAKE_ENTRY),
    supervisor: { heartbeatMs: 60, missedMax: 200, stopMs: 300, lockFolder: join(folder, 'locks') },
  });
  if (!opened.ok) throw new Error(opened.error.message);
  opened.value.events((event) => {
    events.push(event);
    for (const listener of [...listeners]) listener();
  });
  return opened.value;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'terrarium-services-'));
  events = [];
  listeners = new Set();
  services = open();
});
afterEach(async () => {
  await services.stopAll();
  services.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const lastOf = (id: string): MachineInfo | undefined =>
  events
    .filter((event) => event.event === 'machine.changed' && event.machine.config.id === id)
    .map((e) => (e as { machine: MachineInfo }).machine)
    .at(-1);

/** Resolves when an event has told that the machine is in this state. */
const becomes = (id: string, state: MachineState): Promise<MachineInfo> =>
  new Promise((resolve) => {
    const look = (): void => {
      const last = lastOf(id);
      if (last?.status.state !== state) return;
      listeners.delete(look);
      resolve(last);
    };
    listeners.add(look);
    look();
  });

const parts = {
  memoryMiB: 16,
  floppies: [],
  disks: [],
  cdrom: null,
  bootOrder: ['floppy' as const],
  clock: 'host' as const,
};
const rest = {
  group: '',
  note: '',
  template: 'other',
  serial: [{ mode: 'console' as const }],
  engine: 'auto' as const,
  cpuModel: 'default' as const,
  pointer: 'absolute' as const,
  paravirtual: true,
  balloonMiB: 0,
  bootMenu: 'off' as const,
  firmware: null,
  kernel: null,
};
const valueOf = <T>(result: { ok: true; value: T } | { ok: false; error: { message: string } }): T => {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};
const create = async (name: string, more: object = {}): Promise<string> =>
  valueOf(await services.handlers['machines.create']({ name, ...parts, ...rest, ...more })).config.id;
const start = async (name: string): Promise<string> => {
  const id = await create(name);
  expect(valueOf(await services.handlers['machines.start']({ id })).status.state).toBe('running');
  return id;
};

/** A window on a machine: keeps what arrives, and resolves when a message fits. */
function watch(id: string) {
  const messages: MachineMessage[] = [];
  const waiting = new Set<() => void>();
  const closed = Promise.withResolvers<void>();
  const stream = valueOf(
    services.openStream(id, {
      onData: (data) => {
        messages.push(valueOf(decodeMachineMessage(data)));
        for (const look of [...waiting]) look();
      },
      onClose: () => closed.resolve(),
    }),
  );
  const send = (message: WindowMessage): void => stream.send(encodeWindowMessage(message));
  const until = (fits: (message: MachineMessage) => boolean): Promise<MachineMessage> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = messages.find(fits);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  const screen = (text: string): Promise<MachineMessage> =>
    until((message) => message.type === 'text' && (message.rows ?? []).some((row) => row.includes(text)));
  return { messages, send, until, screen, stream, closed: closed.promise };
}
const EVERYTHING = { type: 'watch', frames: true, text: true, serial: true, status: true } as const;

describe('the library', () => {
  test('machines outlive the services', async () => {
    const id = await create('DOS');
    services.dispose();
    services = open();
    const { machines } = valueOf(await services.handlers['machines.list']({}));
    expect(machines.map(({ config }) => [config.id, config.name, config.memoryMiB])).toEqual([[id, 'DOS', 16]]);
  });

  test('a machine whose process ends after the services is no longer told of', async () => {
    const id = await create('DOS');
    valueOf(await services.handlers['machines.start']({ id }));
    const pid = services.pid(id)!;
    const told = events.length;
    services.dispose();
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 30_000 });
    expect(events).toHaveLength(told);
    services = open();
  });

  test('a name is given once, whatever its case', async () => {
    await create('DOS');
    const second = await create('other');
    expect(await services.handlers['machines.create']({ name: 'dos', ...parts, ...rest })).toMatchObject({
      error: { code: 'machine.exists' },
    });
    expect(await services.handlers['machines.update']({ id: second, changes: { name: 'DOS' } })).toMatchObject({
      error: { code: 'machine.exists' },
    });
  });

  test('a removed machine is unknown', async () => {
    const id = await create('DOS');
    await services.handlers['machines.remove']({ id });
    expect(events.at(-1)).toEqual({ event: 'machine.removed', id });
    expect(await services.handlers['machines.start']({ id })).toMatchObject({ error: { code: 'machine.unknown' } });
  });

  test('a damaged row is left out and reported, the others stay', async () => {
    const id = await create('good');
    const altered = await create('altered');
    const { database, dispose } = valueOf(openLibrary(join(folder, 'library')));
    database.prepare(`INSERT INTO machine (id, name, config) VALUES ('x', 'bad', '{"memoryMiB":-1}')`).run();
    database.prepare(`INSERT INTO machine (id, name, config) VALUES ('y', 'worse', 'not JSON')`).run();
    database.exec('DROP TRIGGER machine_changed');
    database
      .prepare(`UPDATE machine SET config = replace(config, '"memoryMiB":16', '"memoryMiB":17') WHERE id = ?`)
      .run(altered);
    dispose();
    events = [];
    const { machines } = valueOf(await services.handlers['machines.list']({}));
    expect(machines.map(({ config }) => config.id)).toEqual([id]);
    expect(events.filter(({ event }) => event === 'log')).toHaveLength(3);
    const { problems } = valueOf(await services.handlers['store.check']({ repair: false }));
    expect(problems).toEqual([{ where: `table machine, row ${altered}`, what: 'altered' }]);
  });

  test('a check of the library is a task beside other calls, which can be cancelled', async () => {
    const checked = services.handlers['store.check']({ repair: false });
    const running = (): Task | undefined => events.flatMap((e) => (e.event === 'task.changed' ? [e.task] : [])).at(-1);
    expect(running()).toMatchObject({ kind: 'check', state: 'running' });
    valueOf(await services.handlers['machines.list']({}));
    expect(running()).toMatchObject({ state: 'running' });
    valueOf(await services.handlers['tasks.cancel']({ id: running()!.id }));

    expect(await checked).toMatchObject({ error: { code: 'task.cancelled' } });
    expect(valueOf(await services.handlers['store.check']({ repair: true }))).toMatchObject({ problems: [] });
  });

  test('a library of a later version is refused and left alone, with what can be done where it is named', async () => {
    const later = join(folder, 'later');
    valueOf(openLibrary(later)).dispose();
    const database = new Database(join(later, 'library.db'));
    database.pragma('user_version = 99');
    database.close();
    const start = { shell: 'web', version: '0', libraryFolder: later, launcher: forkLauncher(FAKE_ENTRY) } as const;
    const refused = (hint: string) => ({ error: { code: 'library.newer', hint } });
    expect(createServices(start)).toMatchObject(refused('update Terrarium, or name another folder with --library'));
    expect(await services.handlers['library.choose']({ path: later })).toMatchObject(
      refused('update Terrarium, or choose another folder'),
    );
  });

  test('a folder that cannot be made is an error that names it', () => {
    expect(openLibrary('/dev/null/library')).toMatchObject({ error: { code: 'library.open' } });
  });
});

test('what each disk of the library needs is counted in a thread', async () => {
  const { id } = valueOf(await services.handlers['media.create']({ name: 'empty', kind: 'disk', sizeBytes: 1 << 20 }));

  const usage = valueOf(await services.handlers['store.usage']({}));

  expect(usage).toMatchObject({ storedBytes: 0, owners: [{ kind: 'medium', id, bytes: 0, machine: null }] });
});

describe('disk images', () => {
  test('are made and converted by calls; events tell how the work ends', async () => {
    const from = join(folder, 'a.qcow2');
    const to = join(folder, 'b.vdi');
    const call = services.handlers;
    valueOf(await call['media.createImage']({ path: from, format: 'qcow2', sizeBytes: 4 * 2 ** 20 }));
    const ended = Promise.withResolvers<Task>();
    listeners.add(() => {
      const last = events.at(-1);
      if (last?.event === 'task.changed' && last.task.state !== 'running') ended.resolve(last.task);
    });

    const task = valueOf(await call['media.convert']({ from: { path: from }, to, format: 'vdi' }));

    expect(await ended.promise).toMatchObject({ id: task.id, state: 'done', subject: to });
    expect(await call['media.info']({ path: to })).toMatchObject({ value: { format: 'vdi', sizeBytes: 4 * 2 ** 20 } });
    expect(await call['media.verify']({ path: to, repair: false })).toMatchObject({ value: { errorCount: 0 } });
    expect(await call['media.check']({ path: to, kind: 'disk', writable: true })).toMatchObject({
      value: { format: 'vdi', sizeBytes: 4 * 2 ** 20, bootable: false },
    });
    expect(valueOf(await call['tasks.list']({})).tasks).toMatchObject([{ id: task.id, state: 'done' }]);
  });
});

describe('a running machine', () => {
  test('shows its screen, takes keys and says its serial output', async () => {
    const id = await start('DOS');
    const window = watch(id);
    window.send(EVERYTHING);
    await window.screen('A:\\>');
    for (const code of ['KeyV', 'KeyE', 'KeyR', 'Enter']) window.send({ type: 'key', code, down: true });
    await window.screen('FakeDOS version 1');

    const frame = await window.until(({ type }) => type === 'frame');
    expect(frame).toMatchObject({ width: 40, height: 12, rects: [{ x: 0, y: 0, width: 40, height: 12 }] });
    expect(await window.until(({ type }) => type === 'serial')).toMatchObject({ port: 0 });
    expect(await window.until(({ type }) => type === 'status')).toMatchObject({ paused: false });
  });

  test('sends no more than two frames without acknowledgement', async () => {
    const id = await start('DOS');
    const window = watch(id);
    window.send(EVERYTHING);
    await window.screen('A:\\>');
    window.send({ type: 'type', text: 'aaaaaaaaaaaaaaaa' });
    await window.screen('aaaaaaaaaaaaaaaa');
    const sequences = (): number[] => window.messages.filter((m) => m.type === 'frame').map((m) => m.sequence);
    expect(sequences().length).toBeLessThanOrEqual(2);
    window.send({ type: 'ack', sequence: 1 });
    window.send({ type: 'ack', sequence: 2 });
    await window.until((m) => m.type === 'frame' && m.sequence === 3);
  });

  test('pauses, resumes and resets', async () => {
    const id = await start('DOS');
    expect(valueOf(await services.handlers['machines.pause']({ id })).status.state).toBe('paused');
    expect(valueOf(await services.handlers['machines.resume']({ id })).status.state).toBe('running');
    expect(valueOf(await services.handlers['machines.reset']({ id })).status.state).toBe('running');
    expect(valueOf(await services.handlers['machines.inspect']({ id })).devices).toHaveProperty('fake');
  });

  test('is stopped by a call, and its process is gone', async () => {
    const id = await start('DOS');
    const pid = services.pid(id)!;
    const window = watch(id);
    expect(valueOf(await services.handlers['machines.stop']({ id })).status).toMatchObject({ state: 'stopped' });
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await window.closed;
    expect(await services.handlers['machines.stop']({ id })).toMatchObject({ error: { code: 'machine.not-running' } });
  });

  test('cannot be started twice, changed or removed', async () => {
    const id = await start('DOS');
    expect(await services.handlers['machines.start']({ id })).toMatchObject({ error: { code: 'machine.running' } });
    expect(await services.handlers['machines.update']({ id, changes: { memoryMiB: 8 } })).toMatchObject({
      error: { code: 'machine.running' },
    });
    expect(await services.handlers['machines.remove']({ id })).toMatchObject({ error: { code: 'machine.running' } });
  });

  test('does not start when an image is missing, and says why', async () => {
    const id = await create('DOS', { disks: [{ path: join(folder, 'none.img'), writable: false }] });
    expect(await services.handlers['machines.start']({ id })).toMatchObject({ error: { code: 'file.missing' } });
    expect(lastOf(id)?.status).toMatchObject({ state: 'stopped', reason: expect.stringContaining('none.img') });
  });

  test('locks an image that it writes against other machines until it is killed', async () => {
    const path = join(folder, 'disk.img');
    writeFileSync(path, new Uint8Array(1024));
    const disks = [{ path, writable: true }];
    const first = await create('first', { disks });
    const second = await create('second', { disks });
    valueOf(await services.handlers['machines.start']({ id: first }));
    expect(await services.handlers['machines.start']({ id: second })).toMatchObject({
      error: { code: 'image.locked' },
    });
    process.kill(services.pid(first)!, 'SIGKILL');
    await becomes(first, 'aborted');
    expect(await services.handlers['machines.start']({ id: second })).toMatchObject({ ok: true });
  });
});

describe("the end of a machine's process", () => {
  const typed = async (id: string, text: string): Promise<void> => {
    const window = watch(id);
    window.send(EVERYTHING);
    await window.screen('A:\\>');
    window.send({ type: 'type', text });
  };

  test('kill -9 makes that machine aborted, tells why, and leaves its neighbour running', async () => {
    const victim = await start('victim');
    const neighbour = await start('neighbour');
    process.kill(services.pid(victim)!, 'SIGKILL');
    expect((await becomes(victim, 'aborted')).status).toMatchObject({ reason: { code: 'machine.killed' } });
    // Another Terrarium, and one that is opened later, see what became of it.
    const other = open();
    const seen = async (): Promise<MachineStatus | undefined> =>
      valueOf(await other.handlers['machines.list']({})).machines.find(({ config }) => config.id === victim)?.status;
    expect(await seen()).toMatchObject({ state: 'aborted', reason: { code: 'machine.crashed' } });
    const window = watch(neighbour);
    window.send(EVERYTHING);
    await window.screen('A:\\>');
    expect(valueOf(await services.handlers['machines.start']({ id: victim })).status.state).toBe('running');
    expect(await seen()).toMatchObject({ state: 'running' });
    valueOf(await services.handlers['machines.stop']({ id: victim }));
    expect(await seen()).toMatchObject({ state: 'stopped' });
    other.dispose();
  });

  test('an exception inside makes it aborted, with the message in the log', async () => {
    const id = await start('DOS');
    await typed(id, 'crash\n');
    expect((await becomes(id, 'aborted')).status).toMatchObject({ reason: { code: 'machine.crashed' } });
    expect(events.some((e) => e.event === 'log' && e.entry.message.includes('told to crash'))).toBe(true);
  });

  test('an exit from inside makes it aborted', async () => {
    const id = await start('DOS');
    await typed(id, 'exit\n');
    expect((await becomes(id, 'aborted')).status).toMatchObject({
      reason: { code: 'machine.crashed', message: expect.stringContaining('77') },
    });
  });

  test('a hang is found by its missing heartbeat, and ended', async () => {
    const id = await start('DOS');
    await typed(id, 'hang\n');
    expect((await becomes(id, 'aborted')).status).toMatchObject({ reason: { code: 'machine.hung' } });
  });

  test('a stop of a process that hangs kills it in time', async () => {
    const id = await start('DOS');
    const pid = services.pid(id)!;
    process.kill(pid, 'SIGSTOP');
    expect(valueOf(await services.handlers['machines.stop']({ id })).status.state).toBe('stopped');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test('a guest that powers off is stopped, not aborted; a triple fault is told', async () => {
    const id = await start('DOS');
    await typed(id, 'off\n');
    expect((await becomes(id, 'stopped')).status).not.toHaveProperty('reason');
    valueOf(await services.handlers['machines.start']({ id }));
    await typed(id, 'fault\n');
    expect((await becomes(id, 'stopped')).status).toMatchObject({ reason: expect.stringContaining('triple fault') });
  });
});

test.runIf(process.platform === 'linux')('machines do not outlive the app, even when it is killed', async () => {
  const app = fork(join(import.meta.dirname, 'testing/orphan-parent.ts'));
  const [{ pid }] = (await once(app, 'message')) as [{ pid: number }];
  app.kill('SIGKILL');
  const isAlive = (): boolean => {
    try {
      // A process that has ended stays in the table until somebody asks for its status.
      return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    } catch {
      return false;
    }
  };
  while (isAlive()) await new Promise((resolve) => setImmediate(resolve));
  expect(isAlive()).toBe(false);
});
