import { parentPort, workerData } from 'node:worker_threads';
import { FailureError } from '../base/index.ts';
import { CHUNK_BYTES, giveChunk, type FetchShare } from '../snapshot/index.ts';
import { checkLibrary, repairLibrary, type CheckStep } from './check.ts';
import { ChunkReader } from './chunks.ts';
import { collect } from './collect.ts';
import { createLog, foldMedium } from './disk.ts';
import { compactMedium, foldIdle, resizeMedium } from './media.ts';
import { ioFailure } from './errors.ts';
import { openLibrary, type Library } from './library.ts';
import type { ChunkName } from './name.ts';
import { foldThrowAway, takeSnapshot } from './take-snapshot.ts';
import { TreeReader, levelsFor } from './tree.ts';
import { usageOf } from './usage.ts';
import { readAhead } from './read-ahead.ts';
import type { WorkerHint, WorkerProgress, WorkerReply, WorkerTask } from './worker-client.ts';

/**
 * A thread that compresses, hashes and writes beside the guest, or beside the services. One task after another; the
 * library is opened with the first.
 */
const { folder } = workerData as { folder: string };
let library: Library | undefined;
const HOST_PAGE_BYTES = 4096;
/** Progress is told at most this often. */
const TELL_MS = 100;

function open(): Library {
  if (library) return library;
  const opened = openLibrary(folder);
  if (!opened.ok) throw new FailureError(opened.error);
  return (library = opened.value);
}

/** Brings in what the guest has not touched yet. A chunk that cannot be read is left to the guest's own touch. */
function fetchMemory(share: FetchShare, root: ChunkName): void {
  const chunks = new ChunkReader(open());
  try {
    const leaves = new TreeReader(chunks).leaves(root, levelsFor(share.sizeBytes));
    const room = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    for (const [index, name] of leaves) {
      const data = chunks.read(name, room);
      giveChunk(share, index, data.subarray(0, Math.min(CHUNK_BYTES, share.sizeBytes - index * CHUNK_BYTES)));
    }
    touch(new Uint8Array(share.buffer, 0, share.offset));
    touch(new Uint8Array(share.buffer, share.offset + share.sizeBytes));
  } finally {
    chunks.dispose();
  }
}

/**
 * What lies beside guest RAM (video memory, tables): the host maps pages when they are first touched, better here than
 * when the guest stands still for a snapshot.
 */
function touch(memory: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < memory.length; at += HOST_PAGE_BYTES) sum += memory[at];
  return sum;
}

function toEnd<T>(id: number, work: Generator<CheckStep, T>): T {
  for (let toldMs = performance.now(); ;) {
    const step = work.next();
    if (step.done) return step.value;
    if (performance.now() - toldMs < TELL_MS) continue;
    toldMs = performance.now();
    parentPort!.postMessage({ id, ...step.value } satisfies WorkerProgress);
  }
}

function perform(id: number, task: WorkerTask): WorkerReply['value'] {
  switch (task.kind) {
    case 'snapshot':
      return takeSnapshot(open(), task.work);
    case 'prepare': {
      for (const { medium, number } of task.logs) createLog(open(), medium, number);
      const room = new SharedArrayBuffer(task.roomBytes);
      new Uint8Array(room).fill(1);
      return room;
    }
    case 'fold':
      foldMedium(open(), task.medium, task.lastLog);
      return undefined;
    case 'fold-throw-away':
      return foldThrowAway(open(), task.medium, task.sizeBytes, task.undo);
    case 'collect':
      if (task.fold) foldIdle(open());
      return collect(open());
    case 'usage':
      return usageOf(open());
    case 'check':
      return toEnd(id, task.repair ? repairLibrary(open()) : checkLibrary(open()));
    case 'compact':
      return compactMedium(open(), task.medium);
    case 'resize':
      return resizeMedium(open(), task.medium, task.sizeBytes, task.force, task.copyName);
    case 'fetch':
      fetchMemory(task.share, task.root);
      return undefined;
  }
}

let ahead: ChunkReader | undefined;

parentPort!.on('message', (message: { id: number; task: WorkerTask } | WorkerHint) => {
  if ('kind' in message) return readAhead((ahead ??= new ChunkReader(open())), message.work);
  const { id, task } = message;
  let reply: WorkerReply;
  try {
    reply = { id, value: perform(id, task) };
  } catch (error) {
    reply = { id, error: ioFailure(error, task.kind) };
  }
  parentPort!.postMessage(reply);
});
