import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lockInLibrary, logFolder, mediumLock, type Library } from './library.ts';
import { listMedia, type Medium } from './rows.ts';

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

/** From now on it is missed when it is gone, or shorter than that. The file is on stable storage so far. */
export function expectLog({ database }: Library, medium: string, number: number, bytes: number): void {
  database
    .prepare(
      `INSERT INTO log VALUES (@medium, @number, @bytes, digest_of(@medium, @number, @bytes))
       ON CONFLICT (medium, number) DO UPDATE SET bytes = excluded.bytes, digest = excluded.digest`,
    )
    .run({ medium, number, bytes });
}

export const forgetLog = ({ database }: Library, medium: string, number: number): void => {
  database.prepare('DELETE FROM log WHERE medium = ? AND number = ?').run(medium, number);
};

/** A log of a medium that is gone, or lost its end. */
export interface LostLog {
  readonly number: number;
  readonly path: string;
  /** What is there of it; undefined: nothing. */
  readonly sizeBytes: number | undefined;
  /** Where in the file, and what is wrong. */
  readonly where: string;
  readonly what: string;
}

/** The logs over a medium's tree that are not what they were, oldest first. */
export function lostLogs(library: Library, { id, name }: Pick<Medium, 'id' | 'name'>): LostLog[] {
  const expected = library.database.prepare(
    `SELECT number, bytes FROM made_log
     WHERE medium = @id AND number >= (SELECT first_log FROM medium WHERE id = @id) ORDER BY number`,
  );
  const look = (): LostLog[] =>
    (expected.all({ id }) as { number: number; bytes: number }[]).flatMap(({ number, bytes }): LostLog[] => {
      const path = logPath(library, id, number);
      const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size;
      if (sizeBytes === undefined)
        return [{ number, path, sizeBytes, where: path, what: `the log is gone, with what "${name}" was given last` }];
      const what = `the log of "${name}" ends here and had ${bytes} bytes`;
      return sizeBytes < bytes ? [{ number, path, sizeBytes, where: `${path} at ${sizeBytes}`, what }] : [];
    });
  // Whoever brings a log into the tree removes the file after the row: what is missed twice is lost.
  return look().length === 0 ? [] : look();
}

/** Rows that are not as they were written: which log they were about is not known. */
export const alteredLogRows = ({ database }: Library): number[] =>
  database
    .prepare('SELECT rowid FROM log WHERE digest IS NOT digest_of(medium, number, bytes)')
    .pluck()
    .all() as number[];

/** Numbers of a medium's logs, of those too that are lost. */
export function knownLogNumbers(library: Library, medium: string): number[] {
  const made = library.database.prepare('SELECT number FROM made_log WHERE medium = ?').pluck().all(medium) as number[];
  return [...logNumbers(library, medium), ...made];
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
