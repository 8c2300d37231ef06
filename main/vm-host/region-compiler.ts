import { getCompileCacheDir } from 'node:module';
import { join } from 'node:path';
import { MessageChannel, Worker, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { CompiledRegions, RegionCompiler, RegionRequest } from '../../core/cpu/index.ts';

/** What the thread begins with. */
export interface RegionWorkerData {
  /** Where V8's code of its modules is kept; undefined: nowhere. */
  readonly codeCache: string | undefined;
}

/** What the thread gets once for each machine. */
export interface CompilerConnection {
  readonly port: MessagePort;
  /** Counts answers, so that asking for one costs a machine no call. */
  readonly answers: Int32Array;
}

/** What it gets by such a port. */
export interface RegionTask {
  readonly requests: readonly RegionRequest[];
}

/** What it answers. */
export type RegionReply = CompiledRegions | { readonly error: unknown };

let worker: Worker | undefined;
let ended: Error | undefined;

/** The thread that compiles for all machines of the process. */
export function compilerThread(): Worker {
  if (worker) return worker;
  const [extension] = /\.\w+$/.exec(import.meta.url)!;
  const parents = getCompileCacheDir();
  const workerData: RegionWorkerData = { codeCache: parents && join(parents, 'regions') };
  worker = new Worker(new URL(`./region-worker${extension}`, import.meta.url), { workerData });
  worker.on('error', (error: Error) => (ended = error));
  worker.on('exit', () => (ended ??= new Error('the thread that compiles ended')));
  // What it works on keeps no process alive.
  worker.unref();
  return worker;
}

/** A machine's connection to it. The machine looks for answers itself: it need not wait for the event loop. */
export class ThreadCompiler implements RegionCompiler {
  #port: MessagePort | undefined;
  readonly #answers = new Int32Array(new SharedArrayBuffer(4));
  #taken = 0;

  /** The thread begins with the first of them: short runs do without. */
  start(requests: readonly RegionRequest[]): void {
    this.#port ??= this.#connect();
    this.#port.postMessage({
      requests: requests.map(({ slot, plan }) => ({ slot, plan })),
    } satisfies RegionTask);
  }

  take(): CompiledRegions | undefined {
    if (ended) throw ended;
    if (Atomics.load(this.#answers, 0) === this.#taken) return undefined;
    this.#taken++;
    const { message } = receiveMessageOnPort(this.#port!) as { message: RegionReply };
    if ('error' in message) throw message.error;
    return message;
  }

  #connect(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    compilerThread().postMessage({ port: port2, answers: this.#answers } satisfies CompilerConnection, [port2]);
    return port1;
  }
}
