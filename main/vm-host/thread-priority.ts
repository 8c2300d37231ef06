import { readFileSync, readdirSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Weighs a thirtieth of a thread of normal priority where both want a core, and as much as any where one is free. */
const BACKGROUND = 15;

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
      if (V8_POOL.test(readFileSync(`/proc/self/task/${id}/comm`, 'latin1'))) setPriority(Number(id), BACKGROUND);
    } catch {
      // A thread that ended meanwhile.
    }
}

/** The same for the thread that calls. */
export function lowerThisThread(): void {
  if (canLower) setPriority(0, BACKGROUND);
}
