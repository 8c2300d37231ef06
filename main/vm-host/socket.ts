import { createHash } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { err, ok, type Disposable, type Failure, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import {
  REQUESTS,
  isRequestName,
  socketRequestSchema,
  type RequestName,
  type RequestParams,
  type RequestResult,
} from './requests.ts';

/** The operating system's limit on a socket's path, less the final NUL. */
const PATH_MAX = 100;
const LINE_MAX = 8 << 20;
const NEWLINE = 0x0a;

/**
 * Where a machine of a library can be spoken to. In the library's folder, which is its user's alone; a socket's path
 * may not be long, so a library that lies deep has them in the folder for temporary files, also for its user alone.
 */
export function socketPath(libraryFolder: string, machine: string): string {
  if (process.platform === 'win32') {
    const key = createHash('sha256').update(`${libraryFolder}\0${machine}`).digest('hex').slice(0, 32);
    return `\\\\.\\pipe\\terrarium-${key}`;
  }
  const inside = join(libraryFolder, 'run', `${machine}.sock`);
  if (inside.length <= PATH_MAX) return inside;
  const key = createHash('sha256').update(inside).digest('hex').slice(0, 24);
  return join(tmpdir(), `terrarium-${key}.sock`);
}

export type RequestHandler = (request: RequestName, params: never) => Promise<Result<unknown>>;

/** Whom a connection that asked for the machine's stream is given to, with what came behind that request. */
export type TakeStream = (socket: Socket, early: Uint8Array) => void;

/** Answers requests on a machine's socket. The caller holds the machine's lock: an old socket file is nobody's. */
export async function listenOnSocket(
  path: string,
  handle: RequestHandler,
  takeStream: TakeStream,
): Promise<Disposable> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    let unread: Buffer[] = [];
    let bytes = 0;
    const read = (data: Buffer): void => {
      bytes += data.length;
      unread.push(data);
      if (!data.includes(NEWLINE)) {
        if (bytes > LINE_MAX) socket.destroy();
        return;
      }
      let rest = Buffer.concat(unread);
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        const line = rest.toString('utf8', 0, end);
        rest = rest.subarray(end + 1);
        if (isStreamRequest(line)) {
          socket.off('data', read);
          return takeStream(socket, rest);
        }
        void answer(line, handle).then((reply) => {
          if (!socket.destroyed) socket.write(`${JSON.stringify(reply)}\n`);
        });
      }
      unread = [rest];
      bytes = rest.length;
    };
    socket.on('data', read);
  });
  await listenPrivately(server, path);
  return {
    dispose: () => {
      server.close();
      for (const socket of open) socket.end();
      if (process.platform !== 'win32') rmSync(path, { force: true });
    },
  };
}

/** Listens where this user alone can connect. An old socket file in its place is nobody's: the caller knows that. */
export async function listenPrivately(server: Server, path: string): Promise<void> {
  if (process.platform !== 'win32') rmSync(path, { force: true });
  // The file appears with the rights that are asked for: nobody else can come first.
  const mask = process.platform === 'win32' ? undefined : process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
      if (mask !== undefined) process.umask(mask);
    });
  } catch (error) {
    server.close();
    throw error;
  }
  if (process.platform !== 'win32') chmodSync(path, 0o600);
  server.on('error', () => {});
}

/** The line after which a connection carries the machine's stream (stream-socket.ts), and no more requests. */
export const STREAM_LINE = `${JSON.stringify({ request: 'stream' })}\n`;
const isStreamRequest = (line: string): boolean => line === STREAM_LINE.trimEnd();

type SocketReply = { readonly id: number } & ({ readonly value: unknown } | { readonly error: Failure });

async function answer(line: string, handle: RequestHandler): Promise<SocketReply> {
  let id = -1;
  const refuse = (why: string): SocketReply => ({ id, error: fail('call.malformed', why) });
  try {
    const parsed = socketRequestSchema.safeParse(JSON.parse(line));
    if (!parsed.success) return refuse('not a request');
    ({ id } = parsed.data);
    const { request, params } = parsed.data;
    if (!isRequestName(request)) return refuse(`there is no request ${request}`);
    const checked = REQUESTS[request].params.safeParse(params);
    if (!checked.success) return refuse(`${request}: ${checked.error.issues[0]?.message}`);
    const result = await handle(request, checked.data as never);
    return result.ok ? { id, value: result.value } : { id, error: result.error };
  } catch (error) {
    return { id, error: fail('internal', String((error as Error).stack ?? error)) };
  }
}

/** Asks a running machine. Code `machine.not-running` when nothing listens there, or it ended before it answered. */
export function askMachine<N extends RequestName>(
  libraryFolder: string,
  machine: string,
  request: N,
  params: RequestParams<N>,
): Promise<Result<RequestResult<N>>> {
  const gone = err(fail('machine.not-running', 'the machine is not running', 'start it first'));
  return new Promise((resolve) => {
    const socket = connect(socketPath(libraryFolder, machine));
    let text = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify({ id: 1, request, params })}\n`));
    socket.on('error', () => resolve(gone));
    socket.on('close', () => resolve(gone));
    socket.on('data', (data: string) => {
      text += data;
      const end = text.indexOf('\n');
      if (end < 0) return;
      socket.destroy();
      const reply = JSON.parse(text.slice(0, end)) as { value?: unknown; error?: Failure };
      if (reply.error) return resolve(err(reply.error));
      const value = REQUESTS[request].result.safeParse(reply.value);
      resolve(
        value.success
          ? ok(value.data as RequestResult<N>)
          : err(fail('call.malformed', `the machine's process answered ${request} with something else`)),
      );
    });
  });
}
