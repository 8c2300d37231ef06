import {
  decodeMachineMessage,
  encodeWindowMessage,
  type MachineMessage,
  type WindowMessage,
} from '../../core/contract/stream.ts';
import type { StreamConnection } from './client.ts';

type Kind = MachineMessage['type'];
type MessageOf<K extends Kind> = Extract<MachineMessage, { type: K }>;
type Listeners = { readonly [K in Kind]: Set<(message: MessageOf<K>) => void> };

/**
 * A machine's stream as typed messages. What the machine sends is what somebody here listens to: the first listener of
 * a kind asks for it (and gets the whole of it: picture, text, recent serial output), the last one's leaving ends it.
 */
export class MachineStream {
  readonly #listeners: Listeners = { frame: new Set(), text: new Set(), serial: new Set(), status: new Set() };
  #connection: StreamConnection | undefined;
  #watched = '';

  attach(connection: StreamConnection): void {
    this.#connection = connection;
    this.#watched = '';
    this.#watch();
  }

  detach(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** For the connection's onData. A message that does not decode is left out: the next whole picture repairs it. */
  receive(data: Uint8Array): void {
    const decoded = decodeMachineMessage(data);
    if (!decoded.ok) {
      console.error(decoded.error.message);
      return;
    }
    const message = decoded.value;
    const listeners = this.#listeners[message.type] as Set<(message: MachineMessage) => void>;
    for (const listener of [...listeners]) listener(message);
  }

  /** Returns the function that ends listening. */
  on<K extends Kind>(kind: K, listener: (message: MessageOf<K>) => void): () => void {
    const listeners: Set<(message: MessageOf<K>) => void> = this.#listeners[kind];
    listeners.add(listener);
    this.#watch();
    return () => {
      listeners.delete(listener);
      this.#watch();
    };
  }

  /** Goes nowhere while the machine is not connected, as a key pressed on a computer that is off. */
  send(message: WindowMessage): void {
    this.#connection?.send(encodeWindowMessage(message));
  }

  #watch(): void {
    const { frame, text, serial, status } = this.#listeners;
    const message: WindowMessage = {
      type: 'watch',
      frames: frame.size > 0,
      text: text.size > 0,
      serial: serial.size > 0,
      status: status.size > 0,
    };
    const key = JSON.stringify(message);
    if (!this.#connection || key === this.#watched) return;
    this.#watched = key;
    this.send(message);
  }
}
