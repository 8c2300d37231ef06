import { Worker } from 'node:worker_threads';
import { FailureError, failure, type Disposable, type Failure } from '../base/index.ts';
import type { FetchShare } from '../snapshot/index.ts';
import type { ChunkName } from './name.ts';
import type { SnapshotResult, SnapshotWork } from './take-snapshot.ts';

export type WorkerTask =
  | { readonly kind: 'snapshot'; readonly work: SnapshotWork }
  | { readonly kind: 'fold'; readonly medium: string; readonly lastLog: number }
  | { readonly kind: 'fetch'; readonly share: FetchShare; readonly root: ChunkName };

export interface WorkerReply {
  readonly id: number;
  readonly value?: SnapshotResult | undefined;
  readonly error?: Failure;
}

/** The entry is a file of its own in every form that Terrarium is run in: beside this one, or beside the bundle. */
function entry(): URL {
  const [extension] = /\.\w+$/.exec(import.meta.url)!;
  return new URL(extension === '.ts' ? './worker.ts' : `./store-worker${extension}`, import.meta.url);
}

/** Work for the store in a thread of its own. */
export class StoreWorker implements Disposable {
  readonly #worker: Worker;
  readonly #pending = new Map<number, (reply: WorkerReply) => void>();
  #next = 0;
  #ended: Failure | undefined;

  constructor(folder: string) {
    this.#worker = new Worker(entry(), { workerData: { folder } });
    this.#worker.on('message', (reply: WorkerReply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#end(`the store's thread failed: ${String(error)}`));
    this.#worker.on('exit', () => this.#end("the store's thread ended"));
    // An idle thread keeps no process alive.
    this.#worker.unref();
  }

  /** Throws FailureError. */
  async run(task: WorkerTask): Promise<SnapshotResult | undefined> {
    const id = this.#next++;
    const reply = await new Promise<WorkerReply>((resolve) => {
      if (this.#ended) return resolve({ id, error: this.#ended });
      this.#pending.set(id, resolve);
      this.#worker.postMessage({ id, task });
    });
    if (reply.error) throw new FailureError(reply.error);
    return reply.value;
  }

  #settle(reply: WorkerReply): void {
    this.#pending.get(reply.id)?.(reply);
    this.#pending.delete(reply.id);
  }

  #end(why: string): void {
    this.#ended ??= failure('store.io', why, 'try again');
    for (const id of [...this.#pending.keys()]) this.#settle({ id, error: this.#ended });
  }

  dispose(): void {
    void this.#worker.terminate();
  }
}
