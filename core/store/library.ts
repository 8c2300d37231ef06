import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { FailureError, err, failure, ok, type Disposable, type Failure, type Result } from '../base/index.ts';
import { tryLock } from './file-lock.ts';
import { digestOf } from './digest.ts';
import { ioFailure } from './errors.ts';
import { hostIo, type StoreIo } from './io.ts';
import { MIGRATIONS } from './schema.ts';

export const LIBRARY_VERSION = MIGRATIONS.length;
/** How long a statement waits for another process's transaction. */
const BUSY_MS = 20_000;

/** An open library: one folder with a database, packs of chunks, logs of disks and locks. */
export interface Library extends Disposable {
  readonly folder: string;
  readonly database: Database.Database;
  readonly io: StoreIo;
}

export const packPath = (library: Library, pack: number): string => join(library.folder, 'packs', `${pack}.pack`);
export const logFolder = (library: Library, medium: string): string => join(library.folder, 'media', medium);
const lockPath = (library: Library, what: string): string => join(library.folder, 'locks', `${what}.lock`);

export const databasePath = (folder: string): string => join(folder, 'library.db');

const KEPT = /^library\.db\.damaged(?!.*-(?:wal|shm)$)/;

/** Where a damaged database is to be kept; while one is, its lost rows may name what looks like garbage. */
export function keptDatabase(folder: string): string {
  const day = new Date().toISOString().slice(0, 10);
  for (let number = 1; ; number++) {
    const path = `${databasePath(folder)}.damaged-${day}${number === 1 ? '' : `-${number}`}`;
    if (!existsSync(path)) return path;
  }
}

/** The names of those that are kept. */
export const keptDatabases = (folder: string): string[] => readdirSync(folder).filter((file) => KEPT.test(file));

/** Opens the library, made or brought up to date as needed. Codes `library.open`, `library.newer`, `store.damaged`. */
export function openLibrary(folder: string, io: StoreIo = hostIo): Result<Library> {
  let database: Database.Database | undefined;
  try {
    for (const part of ['packs', 'media', 'locks', 'run']) makeFolder(join(folder, part));
    const opened = connect(databasePath(folder));
    database = opened;
    const version = opened.pragma('user_version', { simple: true }) as number;
    if (version > LIBRARY_VERSION) {
      opened.close();
      return err(
        failure(
          'library.newer',
          `${folder} has version ${version}, this Terrarium reads ${LIBRARY_VERSION}`,
          'update Terrarium, or choose another folder',
        ),
      );
    }
    if (version < LIBRARY_VERSION) migrate(opened, (from) => from === 0 && refuseWhereDataLie(folder));
    return ok({ folder, database: opened, io, dispose: () => opened.close() });
  } catch (error) {
    database?.close();
    return err(openFailure(folder, error));
  }
}

/** A new database with the tables of this version, without a library around it. */
export function createDatabase(path: string): Database.Database {
  const database = connect(path);
  migrate(database, () => {});
  return database;
}

function connect(path: string): Database.Database {
  const opened = new Database(path, { timeout: BUSY_MS });
  try {
    opened.pragma('journal_mode = WAL');
    opened.pragma('synchronous = FULL');
    opened.pragma('foreign_keys = ON');
    // A flipped byte in the database file shows as an error of the cell, not as other values.
    opened.pragma('cell_size_check = ON');
    opened.function('digest_of', { deterministic: true, varargs: true }, (...values) => digestOf(values));
    return opened;
  } catch (error) {
    opened.close();
    throw error;
  }
}

function migrate(database: Database.Database, allow: (from: number) => void): void {
  database
    .transaction(() => {
      // Read again: another process may have brought it up to date meanwhile.
      const from = database.pragma('user_version', { simple: true }) as number;
      allow(from);
      for (const step of MIGRATIONS.slice(from)) database.exec(step);
      database.pragma(`user_version = ${LIBRARY_VERSION}`);
    })
    .immediate();
}

/** A database without tables beside packs or logs is one that was lost: a new one would call all of them garbage. */
function refuseWhereDataLie(folder: string): void {
  const left = [...readdirSync(join(folder, 'packs')), ...readdirSync(join(folder, 'media'))];
  if (left.length === 0) return;
  throw new FailureError(
    failure(
      'store.damaged',
      `${folder}: library.db is gone or empty, but disks are there`,
      'put library.db back from a copy; nothing in the folder was touched',
    ),
  );
}

function openFailure(folder: string, error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  const { message, code } = error as Error & { code?: string };
  const told = ioFailure(error, folder);
  if (told.code === 'store.full') return told;
  return /^SQLITE_(?:CORRUPT|NOTADB)/.test(code ?? '')
    ? failure(
        'store.damaged',
        `${folder}: library.db is damaged: ${message}`,
        'run "terrarium store check --repair", which keeps what can be read, or put library.db back from a copy',
      )
    : failure('library.open', `${folder}: ${message}`, 'make the folder writable, or choose another');
}

/** With those above it. Node's own recursion does not end where the host refuses folders in a folder that is there (/proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been quicker.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Undefined: another process holds it. Freed by `dispose` or the end of this process. */
export const lockInLibrary = (library: Library, what: string, waitMs = 0): Disposable | undefined =>
  tryLock(lockPath(library, what), waitMs);

/** The lock of whoever writes a disk. */
export const mediumLock = (medium: string): string => `medium-${medium}`;
/** The lock of whoever runs a machine or changes what it holds. */
export const machineLock = (machine: string): string => `machine-${machine}`;
const sessionLock = (session: string): string => `session-${session}`;

/**
 * A transaction that nobody is told of: it becomes durable with the next one that somebody is, at the latest, and spares
 * the host a sync. (WAL with synchronous = NORMAL: a power cut loses the end of the log, never its middle.)
 */
export function transactUntold<T>({ database }: Library, action: () => T): T {
  if (database.inTransaction) return action();
  database.pragma('synchronous = NORMAL');
  try {
    return database.transaction(action).immediate();
  } finally {
    database.pragma('synchronous = FULL');
  }
}

/**
 * A writer of chunks. What it wants is kept by the collector while it lives, whether a root names it yet or not. With
 * `pins` it wants its pinned trees and nothing else, and may live for days.
 */
export class Session implements Disposable {
  readonly id = randomUUID();
  readonly #library: Library;
  readonly #lock: Disposable;

  constructor(library: Library, wants: 'everything' | 'pins' = 'everything') {
    this.#library = library;
    const lock = lockInLibrary(library, sessionLock(this.id));
    if (!lock) throw new Error('a new lock is taken');
    this.#lock = lock;
    transactUntold(library, () =>
      library.database
        .prepare('INSERT INTO session SELECT ?, CASE ? WHEN 1 THEN epoch ELSE 9007199254740991 END FROM collection')
        .run(this.id, wants === 'everything' ? 1 : 0),
    );
  }

  dispose(): void {
    try {
      transactUntold(this.#library, () =>
        this.#library.database.prepare('DELETE FROM session WHERE id = ?').run(this.id),
      );
    } catch {
      // On a full disk; the collector forgets sessions whose lock is free.
    }
    this.#lock.dispose();
    this.#library.io.remove(lockPath(this.#library, sessionLock(this.id)));
  }
}

/** Forgets sessions whose process is gone; returns those that live. Call it inside a write transaction. */
export function liveSessions(library: Library): { readonly id: string; readonly epoch: number }[] {
  const { database } = library;
  const rows = database.prepare('SELECT id, epoch FROM session').all() as { id: string; epoch: number }[];
  return rows.filter(({ id }) => {
    const lock = lockInLibrary(library, sessionLock(id));
    if (!lock) return true;
    database.prepare('DELETE FROM session WHERE id = ?').run(id);
    lock.dispose();
    library.io.remove(lockPath(library, sessionLock(id)));
    return false;
  });
}
