import { isMainThread, workerData } from 'node:worker_threads';

/**
 * Node ends the whole process when a thread is terminated while it makes a compressor or decompressor (24.21, node_zlib.cc:
 * "close before init"). So a thread says when it is about to, and whoever terminates it waits until it is not.
 */
const INSIDE = 1;
const ENDING = 2;
/** Longer than any chunk or picture takes. */
const LONGEST_MS = 1000;

const own = isMainThread ? undefined : (workerData as { codecs?: Int32Array } | null)?.codecs;

/** For `workerData.codecs` of a thread that calls `guarded`. */
export const newCodecGuard = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

/** Runs what compresses or decompresses at once. */
export function guarded<T>(codec: () => T): T {
  if (!own) return codec();
  if (Atomics.or(own, 0, INSIDE) & ENDING) leave(own);
  try {
    return codec();
  } finally {
    leave(own);
  }
}

/** Does not return when the thread is to end. */
function leave(guard: Int32Array): void {
  const isEnding = (Atomics.and(guard, 0, ~INSIDE) & ENDING) !== 0;
  if (!isEnding) return;
  Atomics.notify(guard, 0);
  Atomics.wait(guard, 0, ENDING);
}

/** From here on the thread of this guard may be terminated: some microseconds at most. */
export function waitForCodecs(guard: Int32Array): void {
  Atomics.or(guard, 0, ENDING);
  Atomics.wait(guard, 0, INSIDE | ENDING, LONGEST_MS);
}
