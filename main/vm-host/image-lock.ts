import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { err, ok, type Disposable, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';

/**
 * One writer per image, on every path to it. The lock is an open exclusive transaction on a small SQLite database
 * named after the file's device and inode: SQLite holds it with the operating system's own file locks, which end with
 * the process however it ends. One folder per user, whichever library is in use; TERRARIUM_LOCKS names another.
 */
export function lockFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.TERRARIUM_LOCKS) return env.TERRARIUM_LOCKS;
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Terrarium', 'locks');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'Terrarium', 'locks');
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'terrarium', 'locks');
}

/** Long enough for another process to lose its race for the lock, short enough for an answer in under a second. */
const WAIT_MS = 150;

export async function lockImage(
  identity: string,
  path: string,
  folder: string = lockFolder(),
): Promise<Result<Disposable>> {
  try {
    // Loaded here: only writers pay for it.
    const { default: Database } = await import('better-sqlite3');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const database = new Database(join(folder, `${identity}.lock`), { timeout: WAIT_MS });
    try {
      database.pragma('journal_mode = MEMORY');
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY'))
        return err(
          fail(
            'image.locked',
            `${path} is open for writing in another machine`,
            'stop that machine, or attach the image without writing',
          ),
        );
      throw error;
    }
    return ok({ dispose: () => database.close() });
  } catch (error) {
    return err(
      fail(
        'file.io',
        `${path} cannot be locked in ${folder}: ${(error as Error).message}`,
        'make that folder writable',
      ),
    );
  }
}
