import { setImmediate as nextTurn } from 'node:timers/promises';
import { FailureError } from '../../core/base/index.ts';
import { fail } from '../../core/contract/index.ts';
import type { TaskContext } from './tasks.ts';

/** How long a work goes on before others on this thread have their turn. */
const TURN_MS = 20;

/** Drives a work step by step: others have turns, progress is told, a cancel ends it with nothing kept. Throws FailureError. */
export async function driveSteps<S, T>(
  subject: string,
  work: Generator<S, T>,
  { signal, onProgress }: TaskContext,
  progress: (step: S) => readonly [doneBytes: number, totalBytes: number],
): Promise<T> {
  try {
    for (let turnMs = performance.now(); ;) {
      if (signal.aborted) throw new FailureError(fail('task.cancelled', `${subject}: the work was cancelled`));
      const step = work.next();
      if (step.done) return step.value;
      if (performance.now() - turnMs < TURN_MS) continue;
      onProgress(...progress(step.value));
      await nextTurn();
      turnMs = performance.now();
    }
  } finally {
    work.return(undefined as never);
  }
}
