import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { DisposableStore, err, ok, type Failure, type Result } from '../../core/base/index.ts';
import {
  API_CALL_PATH,
  API_EVENTS_PATH,
  API_IMPORT_PATH,
  CALL_BYTES_MAX,
  WINDOW_BYTES_MAX,
  fail,
  httpStatusOf,
  bulkPath,
  machineIdSchema,
  streamPath,
  type CallResponse,
} from '../../core/contract/index.ts';
import type { Router } from '../ipc/router.ts';
import type { Services } from '../services/services.ts';
import type { Stream } from '../vm-host/stream-socket.ts';
import { Guard, newToken, type Verdict } from './guard.ts';
import { listStaticFiles, type StaticFile } from './static-files.ts';
import { clearRemains, importUpload } from './upload.ts';

export interface WebServerOptions {
  readonly services: Pick<Services, 'events' | 'log' | 'openStream'>;
  readonly router: Router;
  /** The built interface. */
  readonly rendererFolder: string;
  /** Where images that a browser sends stand until they are imported. */
  readonly uploadFolder: string;
  /** 0: any free one. */
  readonly port: number;
  /** That of a server that this one goes on for; default: a new one. */
  readonly token?: string | undefined;
}

export interface WebServer {
  readonly port: number;
  readonly token: string;
  /** With the token: whoever has it may use every machine. */
  readonly url: string;
  close(): Promise<void>;
}

const SOCKETS_MAX = 64;
/** A browser that reads slower than this falls behind is let go; it connects anew. */
const BUFFERED_MAX = 16 * 1024 * 1024;

/** The interface and the contract on 127.0.0.1, for one person with a browser on this computer. */
export async function startWebServer(options: WebServerOptions): Promise<Result<WebServer>> {
  const files = listStaticFiles(options.rendererFolder);
  if (!files)
    return err(fail('serve.renderer', `${options.rendererFolder}: the interface is not built`, 'run npm run build'));
  clearRemains(options.uploadFolder);
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port: options.port, exclusive: true }, resolve);
    });
  } catch (error) {
    return err(addressFailure(options.port, error as NodeJS.ErrnoException));
  }
  const { port } = server.address() as AddressInfo;
  const token = options.token ?? newToken();
  const handler = new WebHandler(options, server, files, new Guard(token, port), port);
  return ok({ port, token, url: `http://127.0.0.1:${port}/?token=${token}`, close: () => handler.close() });
}

function addressFailure(port: number, { code, message }: NodeJS.ErrnoException): Failure {
  if (code === 'EADDRINUSE')
    return fail(
      'serve.address',
      `port ${port} of 127.0.0.1 is in use by another program, or by another "terrarium serve"`,
      'choose another --port, leave it out for any free one, or end that program',
    );
  if (code === 'EACCES')
    return fail(
      'serve.address',
      `port ${port} of 127.0.0.1 is kept for programs of the administrator`,
      'choose a --port from 1024 on, or leave it out for any free one',
    );
  return fail(
    'serve.address',
    `127.0.0.1:${port} cannot be used: ${message}`,
    'choose another --port, or leave it out',
  );
}

class WebHandler {
  readonly #options: WebServerOptions;
  readonly #server: Server;
  readonly #files: ReadonlyMap<string, StaticFile>;
  readonly #guard: Guard;
  readonly #headers: Readonly<Record<string, string>>;
  /** Windows that wait for the response that will carry what they are shown, by its path. */
  readonly #bulk = new Map<string, (response: ServerResponse) => void>();
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: WINDOW_BYTES_MAX, perMessageDeflate: false });

  constructor(
    options: WebServerOptions,
    server: Server,
    files: ReadonlyMap<string, StaticFile>,
    guard: Guard,
    port: number,
  ) {
    this.#options = options;
    this.#server = server;
    this.#files = files;
    this.#guard = guard;
    this.#headers = securityHeaders(port);
    server.on('request', (request, response) => void this.#request(request, response));
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('clientError', (_, socket) => socket.destroy());
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      // As it was sent: nothing is resolved or decoded, it is only compared.
      const [path, query] = (request.url ?? '/').split('?', 2);
      const host = this.#guard.checkHost(request);
      if (!host.ok) return this.#refuse(request, response, host);
      if (path === API_CALL_PATH && request.method === 'POST') return await this.#call(request, response);
      if (path === API_IMPORT_PATH && request.method === 'POST') return await this.#import(request, query, response);
      if (request.method === 'POST' && this.#bulk.has(path)) return await this.#serveBulk(request, response, path);
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return this.#plain(response, 405, 'this is only to be read');
      const token = new URLSearchParams(query).get('token');
      if (path === '/' && token !== null && this.#guard.isToken(token)) {
        // The token does not stay in the address bar, the history or a screenshot.
        response
          .writeHead(303, {
            ...this.#headers,
            'Set-Cookie': this.#guard.setCookie,
            Location: '/',
            'Cache-Control': 'no-store',
          })
          .end();
        return;
      }
      const read = this.#guard.checkRead(request);
      if (!read.ok) return this.#refuse(request, response, read);
      this.#file(path, request.method === 'HEAD', response);
    } catch (error) {
      this.#options.services.log({
        level: 'error',
        source: 'web',
        code: 'internal',
        message: (error as Error).message,
      });
      if (!response.headersSent) this.#plain(response, 500, 'a defect of Terrarium; its log tells more');
      else response.destroy();
    }
  }

  #file(path: string, headOnly: boolean, response: ServerResponse): void {
    const file = this.#files.get(path);
    if (!file) return this.#plain(response, 404, 'there is no such page');
    const caching = file.immutable ? 'private, max-age=31536000, immutable' : 'no-store';
    const body = file.read();
    response.writeHead(200, {
      ...this.#headers,
      'Content-Type': file.type,
      'Content-Length': body.length,
      'Cache-Control': caching,
    });
    response.end(headOnly ? undefined : body);
  }

  /** Undefined when the sender is refused, which it is then told. */
  async #trusted(request: IncomingMessage, response: ServerResponse): Promise<string | undefined> {
    const sender = this.#guard.checkAction(request);
    const description = `web ${request.headers.origin ?? 'program'}`;
    if (sender.ok) return description;
    const answer = await this.#options.router(
      { trusted: false, description: `${description} (${sender.reason})` },
      undefined,
    );
    request.resume();
    this.#answer(response, answer, sender.status);
    return undefined;
  }

  async #import(request: IncomingMessage, query: string | undefined, response: ServerResponse): Promise<void> {
    const description = await this.#trusted(request, response);
    if (description === undefined) return;
    const answer = await importUpload(request, query, this.#options.uploadFolder, (call) =>
      this.#options.router({ trusted: true, description }, call),
    );
    this.#answer(response, answer, answer.ok ? 200 : httpStatusOf(answer.error.code));
  }

  async #call(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const description = await this.#trusted(request, response);
    if (description === undefined) return;
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
      return this.#answer(
        response,
        { ok: false, error: fail('call.malformed', 'a call is sent as application/json') },
        415,
      );
    const body = await readBody(request);
    if (body === undefined) {
      response.setHeader('Connection', 'close');
      return this.#answer(
        response,
        { ok: false, error: fail('call.too-large', `a call has at most ${CALL_BYTES_MAX} bytes`) },
        413,
      );
    }
    let parsed: unknown;
    try {
      parsed = JSON.parse(body.toString('utf8'));
    } catch {
      parsed = undefined; // the router refuses and logs it
    }
    const answer = await this.#options.router({ trusted: true, description }, parsed);
    this.#answer(response, answer, answer.ok ? 200 : httpStatusOf(answer.error.code));
  }

  #answer(response: ServerResponse, answer: CallResponse, status: number): void {
    response.writeHead(status, { ...this.#headers, 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
    response.end(JSON.stringify(answer));
  }

  #plain(response: ServerResponse, status: number, text: string): void {
    response.writeHead(status, {
      ...this.#headers,
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
    });
    response.end(`${text}\n`);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, verdict: Exclude<Verdict, { ok: true }>): void {
    this.#logRefusal(request, verdict.reason);
    this.#plain(response, verdict.status, 'Open the address with the token that Terrarium printed when it started.');
  }

  #logRefusal(request: IncomingMessage, reason: string): void {
    const path = (request.url ?? '').split('?')[0].slice(0, 120);
    this.#options.services.log({
      level: 'warning',
      source: 'web',
      code: 'call.sender',
      message: `${request.method} ${path}: ${reason}`,
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const deny = (status: number, reason: string): void => {
      this.#logRefusal(request, reason);
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    };
    const host = this.#guard.checkHost(request);
    if (!host.ok) return deny(host.status, host.reason);
    const sender = this.#guard.checkAction(request);
    if (!sender.ok) return deny(sender.status, sender.reason);
    if (this.#sockets.clients.size >= SOCKETS_MAX) return deny(503, 'too many connections');
    const [path, query] = (request.url ?? '').split('?', 2);
    const id = machineIdSchema.safeParse(path.split('/')[3]);
    if (path === API_EVENTS_PATH)
      this.#sockets.handleUpgrade(request, socket, head, (client) => this.#serveEvents(client));
    else if (id.success && path === streamPath(id.data))
      this.#sockets.handleUpgrade(request, socket, head, (client) => {
        const bulk = new URLSearchParams(query).get('bulk');
        if (bulk === null) this.#serveStream(client, id.data, (data) => sendOrDrop(client, data));
        else this.#expectBulk(client, id.data, bulkPath(id.data, bulk));
      });
    else deny(404, 'there is no such socket');
  }

  #serveEvents(client: WebSocket): void {
    client.on('error', () => client.terminate());
    const subscription = this.#options.services.events((event) => sendOrDrop(client, JSON.stringify(event)));
    client.on('close', () => subscription.dispose());
  }

  /** `framed`: `onData` gets the messages with their lengths before them. Undefined: the window was told why not. */
  #serveStream(client: WebSocket, id: string, onData: (data: Uint8Array) => void, framed = false): Stream | undefined {
    const resources = new DisposableStore();
    client.on('error', () => client.terminate());
    client.on('close', () => resources.dispose());
    const stream = this.#options.services.openStream(id, {
      framed,
      onData,
      onClose: () => client.close(1000, 'the machine ended'),
    });
    if (!stream.ok) {
      client.close(4000, stream.error.code);
      return undefined;
    }
    resources.add({ dispose: () => stream.value.close() });
    client.on('message', (data, isBinary) => {
      if (isBinary && Buffer.isBuffer(data)) stream.value.send(new Uint8Array(data));
      else client.close(1003, 'stream.malformed');
    });
    return stream.value;
  }

  /** The socket is only for what the window sends: what it is shown goes by a response (see bridge.ts). */
  #expectBulk(client: WebSocket, id: string, path: string): void {
    if (this.#bulk.has(path)) return client.close(1003, 'stream.malformed');
    client.on('close', () => this.#bulk.delete(path));
    this.#bulk.set(path, (response) => {
      this.#bulk.delete(path);
      response.writeHead(200, {
        ...this.#headers,
        'Content-Type': 'application/octet-stream',
        'Cache-Control': 'no-store',
      });
      response.flushHeaders();
      client.on('close', () => response.end());
      response.on('close', () => client.close());
      const stream = this.#serveStream(
        client,
        id,
        (data) => {
          if (!response.write(data)) stream?.hold(true);
        },
        true,
      );
      response.on('drain', () => stream?.hold(false));
    });
  }

  async #serveBulk(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const description = await this.#trusted(request, response);
    if (description === undefined) return;
    request.resume();
    this.#bulk.get(path)?.(response);
  }
}

function sendOrDrop(client: WebSocket, data: string | Uint8Array): void {
  if (client.readyState !== client.OPEN) return;
  if (client.bufferedAmount > BUFFERED_MAX) client.terminate();
  else client.send(data);
}

/** Undefined when it is too long; the rest is then not read. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > CALL_BYTES_MAX) return undefined;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > CALL_BYTES_MAX) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function securityHeaders(port: number): Record<string, string> {
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      // The design system sets its variables in style elements and attributes.
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data: blob:",
      "font-src 'self' data:",
      `connect-src 'self' ws://127.0.0.1:${port} ws://localhost:${port}`,
      "worker-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  };
}
