import { Worker } from 'node:worker_threads';
import { linuxPayload, type LinuxPayload } from '../../core/firmware/index.ts';

/** What the thread begins with. */
export type UnpackTask = LinuxPayload;

/** What it answers; undefined: it could not. */
export type Unpacked = Uint8Array | undefined;

/** Gives `value` the first time, and does not hold it any longer. */
export function once<T>(value: T | undefined): () => T | undefined {
  let held = value;
  return () => {
    const taken = held;
    held = undefined;
    return taken;
  };
}

/**
 * The kernel in a bzImage, unpacked by a thread of its own: done in the guest that takes seconds. Undefined where there is
 * none that the guest's setup code could enter; what it gives is undefined where it is packed in another way than with
 * gzip, xz or zstd, or damaged. The kernel unpacks itself then.
 */
export function unpackKernel(image: Uint8Array): Promise<Unpacked> | undefined {
  const payload = linuxPayload(image);
  if (!payload) return undefined;
  const [extension] = /\.\w+$/.exec(import.meta.url)!;
  const worker = new Worker(new URL(`./unpack-worker${extension}`, import.meta.url), {
    workerData: payload satisfies UnpackTask,
  });
  return new Promise((resolve) => {
    worker.once('message', (unpacked: Unpacked) => resolve(unpacked));
    worker.once('error', () => resolve(undefined));
    worker.once('exit', () => resolve(undefined));
  });
}
