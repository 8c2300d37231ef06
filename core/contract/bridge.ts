import type { CallResponse } from './calls.ts';
import type { TerrariumEvent } from './events.ts';

/**
 * What the Electron preload puts on `window.terrarium`. The web shell has no bridge; there the same things are:
 * - call: `POST /api/call` with a CallRequest as JSON; the body of the answer is a CallResponse at any HTTP status;
 * - events: WebSocket `/api/events`, one TerrariumEvent as JSON per text message;
 * - stream: WebSocket `/api/machines/<id>/stream`, one stream message (see stream.ts) per binary message. A browser takes
 *   long to receive long messages that way: with `?bulk=<key>`, any key that nobody guesses, the socket is for what the
 *   window sends, and the body of `POST` to bulkPath is what the machine sends, each message with its length before it
 *   (u32, little-endian). The socket is opened first; the end of one ends the other.
 * The page is opened with `?token=…`; the server answers with a cookie, so that nothing else needs the token.
 */
export interface TerrariumBridge {
  readonly shell: 'electron';
  call(name: string, params: unknown): Promise<CallResponse>;
  /** The host's path of a File that was dropped or chosen; empty for one that was made by a page. */
  pathOf(file: object): string;
  /** Returns the function that ends the subscription. */
  onEvent(listener: (event: TerrariumEvent) => void): () => void;
  /**
   * Asks for the stream of a running machine. A MessagePort cannot cross the bridge itself: it arrives at the page as
   * a `message` event from `window` with StreamPortMessage as data and the port in `ports[0]`, before the promise
   * resolves. Messages on the port are ArrayBuffers or Uint8Arrays, always copied: a buffer in the transfer list of
   * postMessage does not reach the other end (electron/electron#34905). The port is closed when the machine ends.
   */
  openStream(machineId: string): Promise<CallResponse>;
}

export interface StreamPortMessage {
  readonly kind: 'terrarium.stream';
  readonly machineId: string;
}

export const API_CALL_PATH = '/api/call';
/** Imports the image that is the body: `?name=…&kind=disk|floppy|cdrom`; answers as `media.import`. */
export const API_IMPORT_PATH = '/api/import';
export const API_EVENTS_PATH = '/api/events';
export const streamPath = (machineId: string): string => `/api/machines/${machineId}/stream`;
export const bulkPath = (machineId: string, key: string): string => `${streamPath(machineId)}/${key}`;

/** Electron's channels between the preload script and the app. */
export const IPC_CALL = 'terrarium:call';
export const IPC_EVENT = 'terrarium:event';
export const IPC_STREAM = 'terrarium:stream';
