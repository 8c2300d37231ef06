import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lockInLibrary, logFolder, mediumLock, type Library } from './library.ts';
import { listMedia } from './rows.ts';

export const logPath = (library: Library, medium: string, log: number): string =>
  join(logFolder(library, medium), `${log}.log`);

/** The logs of a throw-away session, beside each other: no other opens them. */
export const undoPath = (library: Library, medium: string): string => join(logFolder(library, medium), 'undo');

/** Removes what a throw-away session that was killed left behind. */
function removeUndo(library: Library, medium: string): void {
  for (const file of readdirSync(logFolder(library, medium)))
    if (file.startsWith('undo')) library.io.remove(join(logFolder(library, medium), file));
}

/** Numbers of a medium's logs, oldest first. */
export function logNumbers(library: Library, medium: string): number[] {
  try {
    return readdirSync(logFolder(library, medium))
      .map((file) => Number(/^(\d+)\.log$/.exec(file)?.[1] ?? Number.NaN))
      .filter((log) => !Number.isNaN(log))
      .sort((a, b) => a - b);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Removes logs whose contents are in their medium's tree, and those of media that are gone. */
export function removeOldLogs(library: Library): void {
  const firstLogs = new Map(listMedia(library).map(({ id, firstLog }) => [id, firstLog]));
  for (const medium of readdirSync(join(library.folder, 'media'))) {
    // Whoever writes it also tidies up after itself.
    const lock = lockInLibrary(library, mediumLock(medium));
    if (!lock) continue;
    const first = firstLogs.get(medium);
    // Looked at under the lock: the medium may be new.
    const known = library.database.prepare('SELECT first_log FROM medium WHERE id = ?').pluck().get(medium) as
      number | undefined;
    if (first === undefined && known === undefined)
      rmSync(logFolder(library, medium), { recursive: true, force: true });
    else {
      removeUndo(library, medium);
      for (const log of logNumbers(library, medium))
        if (log < (known ?? first!)) library.io.remove(logPath(library, medium, log));
    }
    lock.dispose();
  }
}
