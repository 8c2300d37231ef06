import { randomUUID } from 'node:crypto';
import { FailureError, err, ok, type Result } from '../../core/base/index.ts';
import { fail, type Task } from '../../core/contract/index.ts';
import { attempt } from './attempt.ts';

/** What work is given to report and to learn that it should stop. */
export interface TaskContext {
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
}

/** Progress is told at most this often. */
const TELL_MS = 100;
/** Ended tasks that are remembered. */
const ENDED_MAX = 50;

interface Entry {
  task: Task;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
  toldMs: number;
}

/** Long work of the services: begun by a call, told by events, ended by itself or by a cancel. */
export class TaskRegistry {
  readonly #tell: (task: Task) => void;
  readonly #entries = new Map<string, Entry>();

  constructor(tell: (task: Task) => void) {
    this.#tell = tell;
  }

  list(): Task[] {
    return [...this.#entries.values()].map(({ task }) => task);
  }

  start(kind: Task['kind'], subject: string, work: (context: TaskContext) => Promise<Result<unknown>>): Task {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const task: Task = {
      id: randomUUID(),
      kind,
      subject,
      doneBytes: 0,
      totalBytes: 0,
      state: 'running',
      startedAt: new Date().toISOString(),
    };
    const entry: Entry = { task, abort: new AbortController(), ended, toldMs: 0 };
    this.#entries.set(task.id, entry);
    this.#tell(task);
    void this.#run(entry, work).then(resolve);
    return task;
  }

  /** A call that is a task while it lasts, and that answers with what its work gives. Throws FailureError. */
  async perform<T>(kind: Task['kind'], subject: string, work: (context: TaskContext) => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<Result<Awaited<T>>>();
    this.start(kind, subject, async (context) => {
      const result = await attempt(subject, () => work(context));
      resolve(result);
      return result;
    });
    const result = await promise;
    if (!result.ok) throw new FailureError(result.error);
    return result.value;
  }

  async #run(entry: Entry, work: (context: TaskContext) => Promise<Result<unknown>>): Promise<void> {
    let result: Result<unknown>;
    try {
      result = await work({
        signal: entry.abort.signal,
        onProgress: (doneBytes, totalBytes) => {
          entry.task = { ...entry.task, doneBytes, totalBytes };
          const nowMs = performance.now();
          if (nowMs - entry.toldMs < TELL_MS) return;
          entry.toldMs = nowMs;
          this.#tell(entry.task);
        },
      });
    } catch (error) {
      result = err(fail('internal', String((error as Error).stack ?? error), 'please report this'));
    }
    if (result.ok) entry.task = { ...entry.task, state: 'done' };
    else if (result.error.code === 'task.cancelled') entry.task = { ...entry.task, state: 'cancelled' };
    else entry.task = { ...entry.task, state: 'failed', error: result.error };
    this.#forgetOldest();
    this.#tell(entry.task);
  }

  #forgetOldest(): void {
    const ended = [...this.#entries.values()].filter(({ task }) => task.state !== 'running');
    for (const { task } of ended.slice(0, Math.max(ended.length - ENDED_MAX, 0))) this.#entries.delete(task.id);
  }

  async cancel(id: string): Promise<Result<Task>> {
    const entry = this.#entries.get(id);
    if (!entry) return err(fail('task.unknown', `there is no work ${id}`, 'it may have ended: list the tasks again'));
    entry.abort.abort();
    await entry.ended;
    return ok(entry.task);
  }

  async cancelAll(): Promise<void> {
    for (const { abort } of this.#entries.values()) abort.abort();
    await Promise.all([...this.#entries.values()].map(({ ended }) => ended));
  }
}
