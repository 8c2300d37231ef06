import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { Disposable } from '../base/index.ts';

/**
 * A lock between processes that ends with its holder, however that ends: an open exclusive transaction on a small
 * SQLite database, which SQLite holds by the operating system's own file locks. Undefined: another holds it. Throws
 * the host's error when the file cannot be made.
 */
export function tryLock(path: string, waitMs = 0): Disposable | undefined {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = new Database(path, { timeout: waitMs });
  try {
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
  return { dispose: () => database.close() };
}
