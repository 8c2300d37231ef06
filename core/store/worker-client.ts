import { Worker } from 'node:worker_threads';
import { FailureError, failure, type Disposable, type Failure } from '../base/index.ts';
import type { FetchShare } from '../snapshot/index.ts';
import type { CheckReport } from './check.ts';
import type { ReadAheadWork } from './read-ahead.ts';
import { newCodecGuard, waitForCodecs } from './codec-guard.ts';
import type { Collected } from './collect.ts';
import type { UndoShare } from './disk.ts';
import type { ChunkName } from './name.ts';
import type { Medium } from './rows.ts';
import type { Usage } from './usage.ts';
import type { SnapshotResult, SnapshotWork } from './take-snapshot.ts';

export type WorkerTask =
  | { readonly kind: 'snapshot'; readonly work: SnapshotWork }
  /** Empty logs for disks that are about to be sealed, and room for the picture. */
  | {
      readonly kind: 'prepare';
      readonly logs: readonly { readonly medium: string; readonly number: number }[];
      /** Memory that the host has given already: what is copied into it while a guest stands still waits for no page of it. */
      readonly roomBytes: number;
    }
  | { readonly kind: 'fold'; readonly medium: string; readonly lastLog: number }
  | { readonly kind: 'fold-throw-away'; readonly medium: string; readonly sizeBytes: number; readonly undo: UndoShare }
  /** `fold`: bring the logs of idle disks into their trees first. */
  | { readonly kind: 'collect'; readonly fold: boolean }
  | { readonly kind: 'usage' }
  | { readonly kind: 'check'; readonly repair: boolean }
  | { readonly kind: 'compact'; readonly medium: string }
  | {
      readonly kind: 'resize';
      readonly medium: string;
      readonly sizeBytes: number;
      readonly force: boolean;
      readonly copyName?: string | undefined;
    }
  | { readonly kind: 'fetch'; readonly share: FetchShare; readonly root: ChunkName };

/** What nobody waits for a reply to. */
export interface WorkerHint {
  readonly kind: 'read-ahead';
  readonly work: ReadAheadWork;
}

/** What each kind of task gives back. */
export interface WorkerResults {
  readonly snapshot: SnapshotResult;
  readonly prepare: SharedArrayBuffer;
  readonly fold: undefined;
  readonly 'fold-throw-away': ChunkName;
  readonly collect: Collected | undefined;
  readonly usage: Usage;
  readonly check: CheckReport;
  readonly compact: Medium;
  readonly resize: Medium;
  readonly fetch: undefined;
}

export interface WorkerReply {
  readonly id: number;
  readonly value?: WorkerResults[WorkerTask['kind']];
  readonly error?: Failure;
}

/** How far a task is, told now and then before its reply. */
export interface WorkerProgress {
  readonly id: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

interface Pending {
  readonly settle: (reply: WorkerReply) => void;
  readonly onProgress: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

/** Guards of the threads that are there. */
const atWork = new Set<Int32Array>();

/** The process terminates them when it ends, however it comes to that: nobody may have disposed of them. */
function endThreads(): void {
  for (const codecs of atWork) waitForCodecs(codecs);
}

/** The entry is a file of its own in every form that Terrarium is run in: beside this one, or beside the bundle. */
function entry(): URL {
  const [extension] = /\.\w+$/.exec(import.meta.url)!;
  return new URL(extension === '.ts' ? './worker.ts' : `./store-worker${extension}`, import.meta.url);
}

/** Work for the store in a thread of its own. */
export class StoreWorker implements Disposable {
  readonly #worker: Worker;
  readonly #codecs = newCodecGuard();
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #ended: Failure | undefined;

  constructor(folder: string) {
    this.#worker = new Worker(entry(), { workerData: { folder, codecs: this.#codecs } });
    atWork.add(this.#codecs);
    if (!process.listeners('exit').includes(endThreads)) process.on('exit', endThreads);
    this.#worker.on('message', (message: WorkerReply | WorkerProgress) => {
      if ('doneBytes' in message) this.#pending.get(message.id)?.onProgress?.(message.doneBytes, message.totalBytes);
      else this.#settle(message);
    });
    this.#worker.on('error', (error) => this.#end(`the store's thread failed: ${String(error)}`));
    this.#worker.on('exit', () => this.#end("the store's thread ended"));
    // An idle thread keeps no process alive.
    this.#worker.unref();
  }

  /** Throws FailureError. */
  async run<T extends WorkerTask>(
    task: T,
    onProgress?: (doneBytes: number, totalBytes: number) => void,
  ): Promise<WorkerResults[T['kind']]> {
    const id = this.#next++;
    const reply = await new Promise<WorkerReply>((resolve) => {
      if (this.#ended) return resolve({ id, error: this.#ended });
      this.#pending.set(id, { settle: resolve, onProgress });
      this.#worker.ref();
      this.#worker.postMessage({ id, task });
    });
    if (reply.error) throw new FailureError(reply.error);
    return reply.value as WorkerResults[T['kind']];
  }

  tell(hint: WorkerHint): void {
    if (!this.#ended) this.#worker.postMessage(hint);
  }

  #settle(reply: WorkerReply): void {
    this.#pending.get(reply.id)?.settle(reply);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#worker.unref();
  }

  #end(why: string): void {
    atWork.delete(this.#codecs);
    this.#ended ??= failure('store.io', why, 'try again');
    for (const id of [...this.#pending.keys()]) this.#settle({ id, error: this.#ended });
  }

  dispose(): void {
    atWork.delete(this.#codecs);
    waitForCodecs(this.#codecs);
    void this.#worker.terminate();
  }
}
