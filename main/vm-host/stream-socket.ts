import { connect, type Socket } from 'node:net';
import { STREAM_BYTES_MAX, WINDOW_BYTES_MAX } from '../../core/contract/stream.ts';
import { STREAM_LINE, socketPath } from './socket.ts';

/*
 * A machine's stream on its socket. The line STREAM_LINE asks for it; from then on both sides send the messages of
 * core/contract/stream.ts, each with its length before it (u32, little-endian), and nothing else. Frames so go from the
 * machine's process to a browser's connection without being looked at, copied into an object or held back on the way.
 */
/** A window that reads slower than this falls behind is let go; it connects anew. */
const BUFFERED_MAX = 16 * 1024 * 1024;

const READ_BYTES = 256 * 1024;

/** One end of a machine's stream, outside its process. */
export interface StreamEnd {
  /** A message; with `framed`, whatever came of the messages with their lengths before them. */
  readonly onData: (data: Uint8Array) => void;
  /** The machine ended, or whoever carried the stream. Not called after `close`. */
  readonly onClose: () => void;
  readonly framed?: boolean;
}

export interface Stream {
  /** A message without its length. */
  send(data: Uint8Array): void;
  close(): void;
  /** Holds the machine's messages back, or no more: the machine then makes no further frames. */
  hold(held: boolean): void;
}

/** Where a machine shows itself to one window. */
export interface Window {
  receive(data: Uint8Array): void;
  close(): void;
}
export type OpenWindow = (send: (data: Uint8Array<ArrayBuffer>) => void) => Window;

/** Cuts what arrives into the messages that were sent. Throws RangeError at one that is too long. */
export class MessageSplitter {
  readonly #bytesMax: number;
  readonly #header = new Uint8Array(4);
  #headerBytes = 0;
  #message: Uint8Array | undefined;
  #filled = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  push(data: Uint8Array, take: (message: Uint8Array) => void): void {
    for (let at = 0; at < data.length || this.#isComplete();) {
      if (this.#message === undefined) {
        this.#header[this.#headerBytes++] = data[at++];
        if (this.#headerBytes < 4) continue;
        this.#headerBytes = 0;
        const length = new DataView(this.#header.buffer).getUint32(0, true);
        if (length > this.#bytesMax) throw new RangeError(`a stream message of ${length} bytes is too long`);
        this.#message = new Uint8Array(length);
        this.#filled = 0;
      }
      const part = data.subarray(at, at + this.#message.length - this.#filled);
      this.#message.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (!this.#isComplete()) continue;
      const message = this.#message;
      this.#message = undefined;
      take(message);
    }
  }

  #isComplete(): boolean {
    return this.#message !== undefined && this.#filled === this.#message.length;
  }
}

function sendMessage(socket: Socket, data: Uint8Array): void {
  if (socket.destroyed) return;
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, data.length, true);
  socket.cork();
  socket.write(header);
  socket.write(data);
  socket.uncork();
}

/** In the machine's process, after the line that asked for it. `early`: what came behind that line. */
export function serveWindow(socket: Socket, early: Uint8Array, open: OpenWindow): void {
  const window = open((data) => {
    if (socket.writableLength > BUFFERED_MAX) socket.destroy();
    else sendMessage(socket, data);
  });
  const splitter = new MessageSplitter(WINDOW_BYTES_MAX);
  const take = (data: Uint8Array): void => {
    try {
      splitter.push(data, (message) => window.receive(message));
    } catch {
      socket.destroy();
    }
  };
  socket.on('close', () => window.close());
  socket.on('data', take);
  take(early);
}

/** Shows a running machine to a window, whichever process runs it. What cannot be reached is closed at once. */
export function openMachineStream(libraryFolder: string, machine: string, end: StreamEnd): Stream {
  const splitter = new MessageSplitter(STREAM_BYTES_MAX);
  let ended = false;
  const take = (data: Uint8Array): void => {
    if (ended) return;
    if (end.framed) return end.onData(data);
    try {
      splitter.push(data, end.onData);
    } catch {
      socket.destroy();
    }
  };
  const socket: Socket = connect({
    path: socketPath(libraryFolder, machine),
    // As much as a socket holds, instead of 64 KiB at a time; whoever gets it may keep it.
    onread: {
      buffer: () => Buffer.allocUnsafe(READ_BYTES),
      callback: (bytes, buffer) => {
        take(buffer.subarray(0, bytes));
        return true;
      },
    },
  });
  socket.write(STREAM_LINE);
  socket.on('error', () => {});
  socket.on('close', () => {
    if (!ended) end.onClose();
    ended = true;
  });
  return {
    send: (data) => sendMessage(socket, data),
    close: () => {
      ended = true;
      socket.destroy();
    },
    hold: (held) => void (held ? socket.pause() : socket.resume()),
  };
}
