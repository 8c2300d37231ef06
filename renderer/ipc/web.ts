import {
  API_CALL_PATH,
  API_EVENTS_PATH,
  API_IMPORT_PATH,
  streamPath,
  type TerrariumBridge,
} from '../../core/contract/bridge.ts';
import type {
  CallName,
  CallParams,
  CallResponse,
  CallResult,
  Result,
  TerrariumEvent,
} from '../../core/contract/index.ts';
import {
  UNREACHABLE,
  type Client,
  type EventHandlers,
  type ImportOptions,
  type StreamConnection,
  type StreamHandlers,
  type StreamOptions,
} from './client.ts';
import { readBulk, takeBulkPlace } from './bulk-stream.ts';

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 8000;

const unreachable = (message: string): { readonly ok: false; readonly error: { code: string; message: string } } => ({
  ok: false,
  error: { code: UNREACHABLE, message },
});

/** Another server than the one whose token this page has: it was started anew. */
const isRefused = (): Promise<boolean> =>
  fetch(API_EVENTS_PATH).then(
    ({ status }) => status === 401,
    () => false,
  );

function socketTo(path: string): WebSocket {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  return socket;
}

/**
 * The contract over HTTP and WebSocket. The token of the address has become a cookie before the page is loaded: this
 * page never sees it.
 */
export class WebClient implements Client {
  readonly shell: Exclude<Client['shell'], TerrariumBridge['shell']> = 'web';

  async call<N extends CallName>(name: N, params: CallParams<N>): Promise<Result<CallResult<N>>> {
    try {
      const response = await fetch(API_CALL_PATH, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ call: name, params }),
      });
      return (await response.json()) as CallResponse as Result<CallResult<N>>;
    } catch (error) {
      return unreachable(error instanceof Error ? error.message : String(error));
    }
  }

  /** XMLHttpRequest, because fetch does not tell how much of a body has been sent. */
  importFile(
    file: File,
    { name, kind }: Omit<CallParams<'media.import'>, 'path'>,
    { onProgress, signal }: ImportOptions = {},
  ): Promise<Result<CallResult<'media.import'>>> {
    const request = new XMLHttpRequest();
    const query = new URLSearchParams({ name, kind: kind ?? 'disk' });
    return new Promise((resolve) => {
      request.upload.addEventListener('progress', ({ loaded, total }) => onProgress?.(total > 0 ? loaded / total : 1));
      request.addEventListener('load', () => {
        try {
          resolve(JSON.parse(request.responseText) as CallResponse as Result<CallResult<'media.import'>>);
        } catch {
          resolve(unreachable(request.statusText));
        }
      });
      request.addEventListener('error', () => resolve(unreachable(file.name)));
      request.addEventListener('abort', () =>
        resolve({ ok: false, error: { code: 'task.cancelled', message: `${file.name} was not sent to its end` } }),
      );
      signal?.addEventListener('abort', () => request.abort());
      request.open('POST', `${API_IMPORT_PATH}?${query}`);
      request.send(file);
    });
  }

  subscribe(handlers: EventHandlers): () => void {
    let socket: WebSocket | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let delayMs = RETRY_MS_MIN;
    let ended = false;
    const open = (): void => {
      const current = socketTo(API_EVENTS_PATH);
      socket = current;
      let opened = false;
      current.addEventListener('open', () => {
        if (ended) return;
        opened = true;
        delayMs = RETRY_MS_MIN;
        handlers.onConnected();
      });
      current.addEventListener('message', ({ data }: MessageEvent<string>) => {
        if (!ended) handlers.onEvent(JSON.parse(data) as TerrariumEvent);
      });
      current.addEventListener('close', () => {
        if (ended) return;
        handlers.onDisconnected();
        // Why it was not opened, a socket does not tell.
        if (!opened) void isRefused().then((refused) => refused && !ended && handlers.onDisconnected(true));
        retry = setTimeout(open, delayMs);
        delayMs = Math.min(delayMs * 2, RETRY_MS_MAX);
      });
    };
    open();
    return () => {
      ended = true;
      clearTimeout(retry);
      socket?.close();
    };
  }

  async openStream(
    machineId: string,
    handlers: StreamHandlers,
    { large = false }: StreamOptions = {},
  ): Promise<Result<StreamConnection>> {
    const leave = large ? await takeBulkPlace() : undefined;
    const key = crypto.randomUUID();
    const socket = socketTo(`${streamPath(machineId)}${leave ? `?bulk=${key}` : ''}`);
    let opened = false;
    let closedByUs = false;
    return new Promise((resolve) => {
      const open = (): void => {
        opened = true;
        resolve({
          ok: true,
          value: {
            send: (data) => {
              if (socket.readyState === WebSocket.OPEN) socket.send(data);
            },
            close: () => {
              closedByUs = true;
              socket.close();
            },
          },
        });
      };
      socket.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) =>
        handlers.onData(new Uint8Array(data)),
      );
      socket.addEventListener('close', ({ reason }) => {
        leave?.();
        if (!opened) resolve(unreachable(reason));
        else if (!closedByUs) handlers.onClose();
      });
      socket.addEventListener('open', () => {
        if (!leave) return open();
        // Whatever ends the response ends the socket, which tells whoever waits.
        void readBulk(machineId, key, open, (data) => handlers.onData(data))
          .catch(() => {})
          .finally(() => socket.close());
      });
    });
  }
}
