import { homedir } from 'node:os';
import { join } from 'node:path';
import { err, ok, type Disposable, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';

/**
 * One writer per image, on every path to it. The lock is named after the file's device and inode, and ends with the
 * process however that ends. One folder per user, whichever library is in use; TERRARIUM_LOCKS names another.
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
    const { tryLock } = await import('../../core/store/file-lock.ts');
    const lock = tryLock(join(folder, `${identity}.lock`), WAIT_MS);
    if (lock) return ok(lock);
    return err(
      fail(
        'image.locked',
        `${path} is open for writing in another machine`,
        'stop that machine, or attach the image without writing',
      ),
    );
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

interface Readers {
  count: number;
  readonly lock: Promise<Result<Disposable>>;
}

/** By the file of the lock. */
const reading = new Map<string, Readers>();

/** Keeps writers out as a writer does, but not other works of this process that read the image, too. */
export async function lockImageToRead(
  identity: string,
  path: string,
  folder: string = lockFolder(),
): Promise<Result<Disposable>> {
  const key = join(folder, identity);
  const readers = reading.get(key) ?? { count: 0, lock: lockImage(identity, path, folder) };
  reading.set(key, readers);
  readers.count++;
  const lock = await readers.lock;
  const leave = (): void => {
    if (--readers.count > 0) return;
    reading.delete(key);
    if (lock.ok) lock.value.dispose();
  };
  if (lock.ok) return ok({ dispose: leave });
  leave();
  return lock;
}
