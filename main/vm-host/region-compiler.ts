import { Worker } from 'node:worker_threads';
import type { CompiledRegions, RegionRequest } from '../../core/cpu/index.ts';

export interface RegionTask {
  readonly id: number;
  readonly requests: readonly RegionRequest[];
  readonly limits: { readonly minPages: number; readonly maxPages: number };
}

export interface RegionReply {
  readonly id: number;
  readonly compiled: CompiledRegions;
}

interface Waiting {
  readonly resolve: (compiled: CompiledRegions) => void;
  readonly reject: (error: Error) => void;
}

const waiting = new Map<number, Waiting>();
let worker: Worker | undefined;
let next = 0;

/** Compiles regions in a thread that all machines of the process share. Rejects when that ends. */
export function compileRegionsLater(
  requests: RegionTask['requests'],
  limits: RegionTask['limits'],
): Promise<CompiledRegions> {
  worker ??= start();
  const id = next++;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker!.postMessage({
      id,
      requests: requests.map(({ slot, plan }) => ({ slot, plan })),
      limits,
    } satisfies RegionTask);
  });
}

function start(): Worker {
  const [extension] = /\.\w+$/.exec(import.meta.url)!;
  const started = new Worker(new URL(`./region-worker${extension}`, import.meta.url));
  started.on('message', ({ id, compiled }: RegionReply) => {
    waiting.get(id)!.resolve(compiled);
    waiting.delete(id);
  });
  const end = (error: Error): void => {
    worker = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  started.on('error', end);
  started.on('exit', () => end(new Error('the thread that compiles ended')));
  // What it works on keeps no process alive.
  started.unref();
  return started;
}
