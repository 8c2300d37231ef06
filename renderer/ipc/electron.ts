import type {
  CallName,
  CallParams,
  CallResponse,
  CallResult,
  Result,
  StreamPortMessage,
  TerrariumBridge,
} from '../../core/contract/index.ts';
import { UNREACHABLE, type Client, type EventHandlers, type StreamConnection, type StreamHandlers } from './client.ts';

const isPortMessage = (data: unknown): data is StreamPortMessage =>
  typeof data === 'object' && data !== null && (data as Partial<StreamPortMessage>).kind === 'terrarium.stream';

/** The contract over the preload bridge; a machine's stream over the MessagePort that arrives beside the answer. */
export class ElectronClient implements Client {
  readonly shell = 'electron';
  readonly #bridge: TerrariumBridge;
  /** Who asked for which machine's port, oldest first: ports arrive in the order of the requests. */
  readonly #waiting: { readonly machineId: string; readonly take: (port: MessagePort) => void }[] = [];

  constructor(bridge: TerrariumBridge) {
    this.#bridge = bridge;
    window.addEventListener('message', (event: MessageEvent<unknown>) => {
      if (event.source !== window || !isPortMessage(event.data)) return;
      const { machineId } = event.data;
      const index = this.#waiting.findIndex((waiter) => waiter.machineId === machineId);
      if (index >= 0) this.#waiting.splice(index, 1)[0].take(event.ports[0]);
      else event.ports[0].close();
    });
  }

  async call<N extends CallName>(name: N, params: CallParams<N>): Promise<Result<CallResult<N>>> {
    return (await this.#answer(this.#bridge.call(name, params))) as Result<CallResult<N>>;
  }

  async #answer(pending: Promise<CallResponse>): Promise<CallResponse> {
    try {
      return await pending;
    } catch (error) {
      return {
        ok: false,
        error: { code: UNREACHABLE, message: error instanceof Error ? error.message : String(error) },
      };
    }
  }

  async importFile(file: File, draft: Omit<CallParams<'media.import'>, 'path'>) {
    return this.call('media.import', { ...draft, path: this.#bridge.pathOf(file) });
  }

  subscribe(handlers: EventHandlers): () => void {
    const end = this.#bridge.onEvent((event) => handlers.onEvent(event));
    handlers.onConnected();
    return end;
  }

  async openStream(machineId: string, handlers: StreamHandlers): Promise<Result<StreamConnection>> {
    const arrived = Promise.withResolvers<MessagePort>();
    const waiter = { machineId, take: arrived.resolve };
    this.#waiting.push(waiter);
    const answer = await this.#answer(this.#bridge.openStream(machineId));
    if (!answer.ok) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      return answer as Result<StreamConnection>;
    }
    const port = await arrived.promise;
    port.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer | Uint8Array>) =>
      handlers.onData(data instanceof Uint8Array ? data : new Uint8Array(data)),
    );
    port.addEventListener('close', () => handlers.onClose());
    port.start();
    return {
      ok: true,
      value: { send: (data) => port.postMessage(data, [data.buffer]), close: () => port.close() },
    };
  }
}
