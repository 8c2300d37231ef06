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

const KINDS = ['frame', 'text', 'serial', 'status'] as const satisfies readonly Kind[];

/**
 * A machine's stream as typed messages. What the machine sends is what somebody here listens to: the first listener of
 * a kind asks for it (and gets the whole of it: picture, text, recent serial output), the last one's leaving ends it.
 * Comings and goings of one turn of the event loop are told together.
 */
export class MachineStream {
  readonly #listeners: Listeners = { frame: new Set(), text: new Set(), serial: new Set(), status: new Set() };
  readonly #connectedListeners = new Set<() => void>();
  #connection: StreamConnection | undefined;
  /** What the machine was last told that somebody listens to. */
  #watched = new Set<Kind>();
  /** Kinds that everyone left since then: who comes now has seen nothing of it. */
  #left = new Set<Kind>();
  #telling = false;

  attach(connection: StreamConnection): void {
    this.#connection = connection;
    this.#watched.clear();
    this.#left.clear();
    for (const listener of [...this.#connectedListeners]) listener();
    this.#tell();
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
    this.#tellSoon();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#left.add(kind);
      this.#tellSoon();
    };
  }

  /** Called before the first message of every new connection. Returns the function that ends listening. */
  onConnected(listener: () => void): () => void {
    this.#connectedListeners.add(listener);
    return () => this.#connectedListeners.delete(listener);
  }

  /** Goes nowhere while the machine is not connected, as a key pressed on a computer that is off. */
  send(message: WindowMessage): void {
    this.#connection?.send(encodeWindowMessage(message));
  }

  #tellSoon(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      this.#tell();
    });
  }

  #tell(): void {
    if (!this.#connection) return;
    this.#watch(new Set(KINDS.filter((kind) => this.#watched.has(kind) && !this.#left.has(kind))));
    this.#left.clear();
    this.#watch(new Set(KINDS.filter((kind) => this.#listeners[kind].size > 0)));
  }

  #watch(kinds: Set<Kind>): void {
    if (KINDS.every((kind) => kinds.has(kind) === this.#watched.has(kind))) return;
    this.#watched = kinds;
    this.send({
      type: 'watch',
      frames: kinds.has('frame'),
      text: kinds.has('text'),
      serial: kinds.has('serial'),
      status: kinds.has('status'),
    });
  }
}
