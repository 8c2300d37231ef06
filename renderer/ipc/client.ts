import type { CallName, CallParams, CallResult, Result, TerrariumEvent } from '../../core/contract/index.ts';

export interface StreamHandlers {
  onData(data: Uint8Array): void;
  /** The machine ended, or the connection did. Not called after `close`. */
  onClose(): void;
}

export interface StreamConnection {
  send(data: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

export interface StreamOptions {
  /** The picture is shown in its full size: a shell that has a quicker way for long messages takes it. */
  readonly large?: boolean;
}

export interface EventHandlers {
  /** Events flow from now on; what happened before has to be asked for. */
  onConnected(): void;
  onEvent(event: TerrariumEvent): void;
  /** Nothing is heard until onConnected is called again. `refused`: a server answers that does not know this page. */
  onDisconnected(refused?: boolean): void;
}

export interface ImportOptions {
  /** Of the bytes on their way to the services, 0 to 1; the import itself is a task. */
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

/** The contract as the interface uses it, whichever shell carries it. No call throws: trouble is a value. */
export interface Client {
  readonly shell: 'electron' | 'web';
  call<N extends CallName>(name: N, params: CallParams<N>): Promise<Result<CallResult<N>>>;
  /** Returns the function that ends the subscription. */
  subscribe(handlers: EventHandlers): () => void;
  /** Brings an image that was dropped or chosen into the library. */
  importFile(
    file: File,
    draft: Omit<CallParams<'media.import'>, 'path'>,
    options?: ImportOptions,
  ): Promise<Result<CallResult<'media.import'>>>;
  openStream(machineId: string, handlers: StreamHandlers, options?: StreamOptions): Promise<Result<StreamConnection>>;
}

/** What the interface itself has to say about a shell that it cannot reach; not a code of the contract. */
export const UNREACHABLE = 'shell.unreachable';
