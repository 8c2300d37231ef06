import { readFileSync, readdirSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Weighs a third of a thread of normal priority where both want a core, and as much as any where one is free. With less,
 * a machine on a busy host waits for its code for ever.
 */
const BACKGROUND = 5;

/** V8's pool, as Node and as Electron name its threads. */
const V8_POOL = /^(V8Worker|ThreadPoolForeg)/;

/**
 * Puts the threads of V8 that optimize code behind the thread that executes it: a burst of new code is seconds of work
 * for them, and the machine had to wait for its core meanwhile. Figures: docs/decisions.md 37.
 */
export function lowerV8Threads(): void {
  // Linux alone takes a thread's id for a process': elsewhere all of the process would go to the background.
  if (process.platform !== 'linux') return;
  for (const id of readdirSync('/proc/self/task'))
    try {
      if (V8_POOL.test(readFileSync(`/proc/self/task/${id}/comm`, 'latin1'))) setPriority(Number(id), BACKGROUND);
    } catch {
      // A thread that ended meanwhile.
    }
}
