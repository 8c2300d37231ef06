import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Emitter, err, ok } from '../../core/base/index.ts';
import { CALL_BYTES_MAX, fail, type LogEntry, type TerrariumEvent } from '../../core/contract/index.ts';
import type { Sender } from '../ipc/router.ts';
import type { StreamEnd } from '../vm-host/stream-socket.ts';
import { startWebServer, type WebServer } from './server.ts';
import { clearRemains, importUpload } from './upload.ts';

const ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

let folder: string;
let server: WebServer;
let events: Emitter<TerrariumEvent>;
let logged: Omit<LogEntry, 'at'>[];
let routed: { sender: Sender; request: unknown }[];
let streamEnds: StreamEnd[];
let received: Uint8Array[];
const sockets: WebSocket[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'terrarium-web-'));
  mkdirSync(join(folder, 'dist/assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'dist/index.html'), '<!doctype html>interface');
  writeFileSync(join(folder, 'dist/assets/app-1234.js'), 'let x;');
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'dist/link.txt'));
  events = new Emitter();
  logged = [];
  routed = [];
  streamEnds = [];
  received = [];
  const started = await startWebServer({
    services: {
      events: events.event,
      log: (entry) => void logged.push(entry),
      openStream: (id, end) => {
        if (id !== ID) return err(fail('machine.not-running', 'no'));
        streamEnds.push(end);
        return ok({
          send: (data) => void received.push(data),
          close: () => void received.push(new Uint8Array(0)),
          hold() {},
        });
      },
    },
    router: async (sender, request) => {
      routed.push({ sender, request });
      return sender.trusted ? { ok: true, value: {} } : { ok: false, error: fail('call.sender', 'no') };
    },
    rendererFolder: join(folder, 'dist'),
    uploadFolder: join(folder, 'incoming'),
    port: 0,
  });
  if (!started.ok) throw new Error(started.error.message);
  server = started.value;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends the path as it is written, dots and all. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET', body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: server.port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
const origin = (): string => `http://127.0.0.1:${server.port}`;
const cookie = (): string => `terrarium-${server.port}=${server.token}`;
const json = { 'Content-Type': 'application/json' };
const call = (headers: Record<string, string>, body = '{"call":"machines.list"}'): Promise<Answer> =>
  ask('/api/call', { ...json, ...headers }, 'POST', body);

/** What becomes of a WebSocket: opened, or the HTTP status of the refusal. */
function dial(path: string, headers: Record<string, string>): Promise<WebSocket | number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers });
    sockets.push(socket);
    socket.on('open', () => resolve(socket));
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
    socket.on('error', () => {});
  });
}

describe('the page', () => {
  test('opens with the token, which then leaves the address for a cookie that scripts cannot read', async () => {
    const first = await ask(new URL(server.url).pathname + new URL(server.url).search);
    expect([first.status, first.headers.location]).toEqual([303, '/']);
    expect(first.headers['set-cookie']?.[0]).toBe(`${cookie()}; HttpOnly; SameSite=Lax; Path=/`);
    const page = await ask('/', { Cookie: cookie() });
    expect([page.status, page.body]).toEqual([200, '<!doctype html>interface']);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';");
    expect(page.headers['x-content-type-options']).toBe('nosniff');
  });

  test('and every file of it is refused without the token, or with another', async () => {
    for (const path of [
      '/',
      '/?token=',
      `/?token=${server.token}x`,
      `/?token=${server.token.slice(1)}`,
      '/assets/app-1234.js',
      '/nothing',
    ])
      expect((await ask(path)).status, path).toBe(401);
    expect((await ask('/', { Cookie: `terrarium-${server.port}=wrong` })).status).toBe(401);
    expect((await ask('/', { Cookie: `terrarium-1=${server.token}` })).status).toBe(401);
    expect(logged[0]).toMatchObject({ source: 'web', code: 'call.sender' });
    expect(JSON.stringify(logged)).not.toContain(server.token);
  });

  test('is not given to a foreign host name, even with the token', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${server.port}`,
      '127.0.0.1',
      `127.0.0.1:${server.port}.evil.example`,
    ])
      expect((await ask('/', { Host: host, Cookie: cookie() })).status, host).toBe(421);
  });

  test('no path leads out of its folder', async () => {
    const paths = [
      '/../secret.txt',
      '/assets/../../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..\\..\\secret.txt',
    ];
    for (const path of [
      ...paths,
      '//secret.txt',
      '/link.txt',
      '/assets',
      `/${join(folder, 'secret.txt')}`,
      '/index.html%00.js',
      '/../../../../etc/passwd',
    ]) {
      const answer = await ask(path, { Cookie: cookie() });
      expect(answer.status, path).toBe(404);
      expect(answer.body).not.toContain('secret');
    }
    expect((await ask('/assets/app-1234.js', { Cookie: cookie() })).status).toBe(200);
  });

  test('a request that is no HTTP does not hurt', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write('\0\x01garbage\r\n\r\n'));
      socket.on('close', () => resolve());
      socket.on('error', () => {});
      socket.resume();
    });
    expect((await ask('/', { Cookie: cookie() })).status).toBe(200);
  });
});

describe('calls', () => {
  test('from our page, or from a program with the token, reach the router', async () => {
    expect((await call({ Origin: origin(), Cookie: cookie() })).status).toBe(200);
    expect((await call({ Authorization: `Bearer ${server.token}` })).status).toBe(200);
    expect(routed.map(({ sender }) => sender.trusted)).toEqual([true, true]);
    expect(routed[0].request).toEqual({ call: 'machines.list' });
  });

  test('from a foreign origin, without origin, or without token are refused as a foreign sender', async () => {
    expect((await call({ Origin: 'https://evil.example', Cookie: cookie() })).status).toBe(403);
    expect((await call({ Origin: 'null', Cookie: cookie() })).status).toBe(403);
    expect((await call({ Origin: `http://localhost:${server.port}`, Cookie: cookie() })).status).toBe(403);
    expect((await call({ Cookie: cookie() })).status).toBe(401);
    expect((await call({ Origin: origin() })).status).toBe(401);
    expect((await call({ Authorization: 'Bearer wrong' })).status).toBe(401);
    expect(routed.every(({ sender, request }) => !sender.trusted && request === undefined)).toBe(true);
  });

  test('that are too long, or no JSON, are refused', async () => {
    const ours = { Origin: origin(), Cookie: cookie() };
    const long = JSON.stringify({ call: 'x'.repeat(CALL_BYTES_MAX) });
    expect((await call(ours, long)).status).toBe(413);
    expect((await call({ ...ours, 'Transfer-Encoding': 'chunked' }, long)).status).toBe(413);
    expect((await ask('/api/call', { ...ours, 'Content-Type': 'text/plain' }, 'POST', '{}')).status).toBe(415);
    expect(routed).toEqual([]);
    await call(ours, 'no JSON');
    expect(routed[0].request).toBeUndefined();
  });

  test('of other methods are refused', async () => {
    expect((await ask('/api/call', { Cookie: cookie(), Origin: origin() }, 'PUT')).status).toBe(405);
    expect((await ask('/', { Cookie: cookie() }, 'POST')).status).toBe(405);
  });
});

describe('sockets', () => {
  const ours = () => ({ Origin: origin(), Cookie: cookie() });

  test('of foreign pages and of nobody are refused', async () => {
    expect(await dial('/api/events', { Origin: 'https://evil.example', Cookie: cookie() })).toBe(403);
    expect(await dial('/api/events', { Cookie: cookie() })).toBe(401);
    expect(await dial('/api/events', { Origin: origin() })).toBe(401);
    expect(await dial('/api/events', { ...ours(), Host: 'evil.example' })).toBe(421);
    expect(await dial('/api/machines/x/stream', ours())).toBe(404);
    expect(await dial(`/api/machines/${ID}/stream/more`, ours())).toBe(404);
  });

  test('hear every event as JSON', async () => {
    const socket = (await dial('/api/events', ours())) as WebSocket;
    const heard = new Promise<string>((resolve) => socket.on('message', (data) => resolve(String(data))));
    events.fire({ event: 'machine.removed', id: ID });
    expect(JSON.parse(await heard)).toEqual({ event: 'machine.removed', id: ID });
  });

  test('carry the bytes of a stream both ways, and close with the machine', async () => {
    const socket = (await dial(`/api/machines/${ID}/stream`, ours())) as WebSocket;
    const heard = new Promise<Buffer>((resolve) => socket.once('message', (data) => resolve(data as Buffer)));
    streamEnds[0].onData(Uint8Array.of(2, 0, 0, 0));
    expect([...(await heard)]).toEqual([2, 0, 0, 0]);
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    socket.send(Uint8Array.of(0x84));
    socket.ping();
    await new Promise((resolve) => socket.once('pong', resolve));
    expect([...received[0]]).toEqual([0x84]);
    streamEnds[0].onClose();
    expect(await closed).toBe(1000);
  });

  test('for what a window sends alone have a response beside them that carries what it is shown', async () => {
    const path = `/api/machines/${ID}/stream`;
    const bulk = (headers: Record<string, string>): Promise<IncomingMessage> =>
      new Promise((resolve) =>
        httpRequest(
          { host: '127.0.0.1', port: server.port, path: `${path}/k3y`, method: 'POST', headers },
          resolve,
        ).end(),
      );
    const socket = (await dial(`${path}?bulk=k3y`, ours())) as WebSocket;
    expect([(await bulk({ Origin: origin() })).statusCode, streamEnds.length]).toEqual([401, 0]);

    const response = await bulk(ours());
    const heard = new Promise<Buffer>((resolve) => response.once('data', resolve));
    streamEnds[0].onData(Uint8Array.of(1, 0, 0, 0, 7));
    socket.send(Uint8Array.of(0x84));
    socket.ping();
    await new Promise((resolve) => socket.once('pong', resolve));

    expect([streamEnds[0].framed, response.statusCode, ...(await heard)]).toEqual([true, 200, 1, 0, 0, 0, 7]);
    const ended = new Promise((resolve) => response.on('end', resolve));
    expect((await bulk(ours())).statusCode).toBe(405);
    streamEnds[0].onClose();
    await ended;
    expect(received.map((data) => [...data])).toContainEqual([0x84]);
  });

  test('are closed when they send text or too much, and the stream with them', async () => {
    for (const message of ['text', new Uint8Array(100_000)]) {
      const socket = (await dial(`/api/machines/${ID}/stream`, ours())) as WebSocket;
      const closed = new Promise<number>((resolve) => socket.on('close', resolve));
      socket.send(message);
      expect(await closed).toBe(typeof message === 'string' ? 1003 : 1009);
    }
  });

  test('to a machine that does not run are closed with the code', async () => {
    const socket = (await dial(`/api/machines/${ID.replace('6', '7')}/stream`, ours())) as WebSocket;
    const reason = await new Promise<string>((resolve) => socket.on('close', (_, text) => resolve(String(text))));
    expect(reason).toBe('machine.not-running');
  });
});

describe('an image that a browser sends', () => {
  const path = '/api/import?name=Disk%20of%20mine&kind=floppy';

  test('is imported under its name, and the copy goes', async () => {
    const answer = await ask(path, { Origin: origin(), Cookie: cookie() }, 'POST', 'bytes of an image');

    expect(answer.status).toBe(200);
    expect(routed[0]).toMatchObject({
      sender: { trusted: true },
      request: { call: 'media.import', params: { name: 'Disk of mine', kind: 'floppy' } },
    });
    expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
  });

  test('that is refused is called by its own name, not by that of its copy', async () => {
    const answer = await importUpload(
      Readable.from(['bytes']) as IncomingMessage,
      'name=Disk%20of%20mine&kind=disk',
      join(folder, 'incoming'),
      async ({ params }) => ({
        ok: false,
        error: fail('image.size', `${(params as { path: string }).path}: it is empty`),
      }),
    );

    expect(answer).toMatchObject({ error: { code: 'image.size', message: 'Disk of mine: it is empty' } });
  });

  test('that cannot be written, or whose window is closed meanwhile, leaves nothing, and says why', async () => {
    const incoming = join(folder, 'incoming');
    writeFileSync(incoming, 'in the way of a folder');
    const unwritten = await ask(path, { Origin: origin(), Cookie: cookie() }, 'POST', 'bytes of an image');
    rmSync(incoming);
    const closed = new Readable({ read() {} });
    closed.push('the first bytes');
    const cut = importUpload(closed as IncomingMessage, 'name=a', incoming, async () => ({ ok: true, value: 0 }));
    closed.destroy();
    writeFileSync(join(incoming, 'old.part'), '');
    clearRemains(incoming);
    const young = readdirSync(incoming);
    clearRemains(incoming, Date.now() + 7200_000);

    expect(JSON.parse(unwritten.body)).toMatchObject({
      error: { code: 'store.io', message: expect.stringMatching(/^Disk of mine: E/) as string },
    });
    expect(await cut).toMatchObject({ error: { message: 'a: the connection ended' } });
    expect(young).toContain('old.part');
    expect(readdirSync(incoming)).toEqual([]);
  });

  test('is refused from another origin, and nothing is written', async () => {
    const answer = await ask(path, { Cookie: cookie(), Origin: 'http://evil.example' }, 'POST', 'bytes');

    expect(answer.status).toBe(403);
    expect(existsSync(join(folder, 'incoming'))).toBe(false);
  });
});

test('an occupied port and a missing interface are errors with a code', async () => {
  const options = {
    services: { events: events.event, log() {}, openStream: () => err(fail('internal', '')) },
    router: async () => ({ ok: true, value: 0 }) as const,
    uploadFolder: join(folder, 'incoming'),
  };
  expect(await startWebServer({ ...options, rendererFolder: join(folder, 'dist'), port: server.port })).toMatchObject({
    error: { code: 'serve.address' },
  });
  expect(await startWebServer({ ...options, rendererFolder: folder, port: 0 })).toMatchObject({
    error: { code: 'serve.renderer' },
  });
});
