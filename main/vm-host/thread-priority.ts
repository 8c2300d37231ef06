import { readFileSync, readdirSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Nice values; by each, a thread weighs a fifth less than by the one before where threads want the same core, and as much
 * as any where one is free. The thread that makes regions comes before those that optimize them: with much less, a machine
 * on a busy host waits for its code for ever.
 */
const NICE = { regions: 5, optimizing: 10 } as const;

/** V8's pool, as Node and as Electron name its threads. */
const V8_POOL = /^(V8Worker|ThreadPoolForeg)/;

/** Linux alone takes a thread's id for a process': elsewhere all of the process would go to the background. */
const canLower = process.platform === 'linux';

/**
 * Puts the threads of V8 that optimize code behind the thread that executes it: a burst of new code is seconds of work
 * for them, and the machine had to wait for its core meanwhile. Figures: docs/decisions.md 37.
 */
export function lowerV8Threads(): void {
  if (!canLower) return;
  for (const id of readdirSync('/proc/self/task'))
    try {
      if (V8_POOL.test(readFileSync(`/proc/self/task/${id}/comm`, 'latin1'))) setPriority(Number(id), NICE.optimizing);
    } catch {
      // A thread that ended meanwhile.
    }
}

/** The same for the calling thread, which makes regions. */
export function lowerThisThread(): void {
  if (canLower) setPriority(0, NICE.regions);
}
