import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { err, ok, type Disposable, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/index.ts';

/** Where a user's machines are kept: by the platform's convention, or TERRARIUM_LIBRARY. */
export function libraryFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.TERRARIUM_LIBRARY) return resolve(env.TERRARIUM_LIBRARY);
  if (process.platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Terrarium');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Terrarium');
  return join(env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'terrarium');
}

export interface Library extends Disposable {
  readonly folder: string;
  readonly database: Database.Database;
}

/** Each entry takes the schema from its index to the next version; entries are never changed, only added. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE machine (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE COLLATE NOCASE,
     config TEXT NOT NULL
   ) STRICT`,
];

/** Opens the library, made or brought up to date as needed. Codes `library.open`, `library.newer`. */
export function openLibrary(folder: string): Result<Library> {
  let database: Database.Database | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const opened = new Database(join(folder, 'library.db'));
    database = opened;
    opened.pragma('journal_mode = WAL');
    opened.pragma('foreign_keys = ON');
    const version = opened.pragma('user_version', { simple: true }) as number;
    if (version > MIGRATIONS.length) {
      opened.close();
      return err(
        fail(
          'library.newer',
          `${folder} has version ${version}, this Terrarium reads ${MIGRATIONS.length}`,
          'update Terrarium, or name another folder with --library',
        ),
      );
    }
    opened
      .transaction(() => {
        // Read again: another process may have brought it up to date meanwhile.
        const from = opened.pragma('user_version', { simple: true }) as number;
        for (const step of MIGRATIONS.slice(from)) opened.exec(step);
        opened.pragma(`user_version = ${MIGRATIONS.length}`);
      })
      .immediate();
    return ok({ folder, database: opened, dispose: () => opened.close() });
  } catch (error) {
    database?.close();
    return err(
      fail(
        'library.open',
        `${folder}: ${(error as Error).message}`,
        'make the folder writable, or name another with --library',
      ),
    );
  }
}
