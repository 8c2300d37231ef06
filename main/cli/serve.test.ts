import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  decodeMachineMessage,
  encodeWindowMessage,
  streamPath,
  type CallResponse,
  type MachineInfo,
} from '../../core/contract/index.ts';
import { fakeFactory } from '../vm-host/testing/fake-machine.ts';
import { libraryFolder } from '../services/library.ts';
import { main } from './cli.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'terrarium-serve-'));
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'dist/index.html'), 'interface');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function serve(...args: string[]) {
  const printed = Promise.withResolvers<string>();
  let interrupt = (_: 'SIGINT'): void => {};
  const errors: string[] = [];
  const exit = main(['serve', '--library', join(folder, 'library'), ...args], {
    factory: fakeFactory,
    serve: {
      rendererFolder: join(folder, 'dist'),
      vmHostEntry: join(import.meta.dirname, '../vm-host/testing/fake-entry.ts'),
    },
    io: {
      stdin: new PassThrough(),
      stdout: { write: (text) => printed.resolve(String(text)) },
      stderr: { write: (text) => void errors.push(String(text)) },
      onSignal: (listener) => {
        interrupt = listener;
        return () => {};
      },
    },
  });
  return { exit, printed: printed.promise, errors, interrupt: () => interrupt('SIGINT') };
}

test('a browser creates a machine, starts it, types into it and reads its answer', async () => {
  const { exit, printed, interrupt } = serve();
  const url = new URL(/http:\S+/.exec(await printed)![0]);
  const entrance = await fetch(url, { redirect: 'manual' });
  const cookie = entrance.headers.get('set-cookie')!.split(';')[0];
  const headers = { Cookie: cookie, Origin: url.origin, 'Content-Type': 'application/json' };
  const call = async (name: string, params: object): Promise<MachineInfo> => {
    const answer = await fetch(new URL('/api/call', url), {
      method: 'POST',
      headers,
      body: JSON.stringify({ call: name, params }),
    });
    const body = (await answer.json()) as CallResponse;
    if (!body.ok) throw new Error(body.error.message);
    return body.value as MachineInfo;
  };

  const { config } = await call('machines.create', { name: 'DOS', memoryMiB: 8 });
  expect((await call('machines.start', { id: config.id })).status.state).toBe('running');
  const socket = new WebSocket(`ws://${url.host}${streamPath(config.id)}`, {
    headers: { Cookie: cookie, Origin: url.origin },
  });
  const answered = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const message = decodeMachineMessage(new Uint8Array(data));
      if (
        message.ok &&
        message.value.type === 'text' &&
        message.value.rows?.some((row) => row.startsWith('FakeDOS version'))
      )
        resolve();
    });
  });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(encodeWindowMessage({ type: 'watch', frames: true, text: true, serial: true, status: true }));
  socket.send(encodeWindowMessage({ type: 'type', text: 'ver\n' }));
  await answered;

  const second = serve('--port', url.port);
  expect(await second.exit).toBe(2);
  expect(second.errors.join('')).toMatch(
    new RegExp(`^terrarium: serve\\.address: port ${url.port} of 127\\.0\\.0\\.1 is in use by .*choose another --port`),
  );

  const closed = new Promise((resolve) => socket.on('close', resolve));
  interrupt();
  expect(await exit).toBe(0);
  await closed;
});

test('a library that is chosen in a browser is open after a restart, at the same address and without a new token', async () => {
  vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'config'));
  vi.stubEnv('LOCALAPPDATA', join(folder, 'config'));
  const { exit, printed, errors, interrupt } = serve();
  const url = new URL(/http:\S+/.exec(await printed)![0]);
  const cookie = (await fetch(url, { redirect: 'manual' })).headers.get('set-cookie')!.split(';')[0];
  const headers = { Cookie: cookie, Origin: url.origin, 'Content-Type': 'application/json' };
  const call = async (name: string, params: object): Promise<unknown> => {
    const body = JSON.stringify({ call: name, params });
    return (await fetch(new URL('/api/call', url), { method: 'POST', headers, body })).json();
  };
  const [first, second] = [join(folder, 'library'), join(folder, 'second')];
  expect(await call('app.info', {})).toMatchObject({ value: { libraryPath: first, nextLibraryPath: null } });
  expect(await call('library.choose', { path: '/dev/null/x' })).toMatchObject({ error: { code: 'library.open' } });
  expect(await call('library.choose', { path: 'machines' })).toMatchObject({ error: { code: 'library.open' } });
  // A folder of something else is not filled with a library's files.
  expect(await call('library.choose', { path: folder })).toMatchObject({
    error: { message: `${folder} holds other files and no library` },
  });
  expect(await call('library.choose', { path: second })).toMatchObject({ value: { path: second } });
  expect(await call('app.info', {})).toMatchObject({ value: { libraryPath: first, nextLibraryPath: second } });

  const events = new WebSocket(`ws://${url.host}/api/events`, { headers: { Cookie: cookie, Origin: url.origin } });
  await new Promise((resolve) => events.once('open', resolve));
  const gone = new Promise((resolve) => events.on('close', resolve));
  await call('app.restart', {});
  await gone;
  const again = async (): Promise<unknown> => call('app.info', {}).catch(again);

  expect(await again()).toMatchObject({ value: { libraryPath: second, nextLibraryPath: null } });
  expect(libraryFolder({ ...process.env, TERRARIUM_LIBRARY: undefined })).toBe(second);
  // One that cannot be opened when the time has come leaves people with the one that they have.
  const third = join(folder, 'third');
  expect(await call('library.choose', { path: third })).toMatchObject({ value: { path: third } });
  writeFileSync(join(third, 'library.db'), 'damaged');
  rmSync(join(third, 'library.db-wal'), { force: true });
  await call('app.restart', {});
  await vi.waitFor(() => expect(errors.join('')).toContain('store.damaged'), { timeout: 30_000, interval: 20 });
  expect(await again()).toMatchObject({ value: { libraryPath: second } });
  interrupt();
  expect(await exit).toBe(0);
});

test.each([
  [['--port', '99999'], 'args.invalid'],
  [['--port', 'http'], 'args.invalid'],
  [['--library', '/dev/null/x'], 'args.invalid'],
])('%j is one line and exit status 2', async (args, code) => {
  const { exit, errors } = serve(...args);
  expect(await exit).toBe(2);
  expect(errors).toEqual([expect.stringMatching(new RegExp(`^terrarium: ${code.replace('.', '\\.')}: [^\\n]+\\n$`))]);
});
