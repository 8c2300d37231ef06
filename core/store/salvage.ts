import fs from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { FailureError, failure } from '../base/index.ts';
import { ioFailure } from './errors.ts';
import { tryLock } from './file-lock.ts';
import { hostIo } from './io.ts';
import { createDatabase, databasePath, keptDatabase } from './library.ts';
import { nameToBlob } from './name.ts';
import { scanPack } from './pack.ts';

/** What only the database knows; where chunks lie, their packs say too. A removal that waits is taken back. */
const TABLES = ['machine', 'medium', 'snapshot', 'position', 'log'] as const;
const HEADER_BYTES = 100;
const PAGE_BYTES = 4096;

/** Whether SQLite finds fault with a library's database, or cannot open it. */
export function databaseIsDamaged(folder: string): boolean {
  const path = databasePath(folder);
  if (!fs.existsSync(path)) return false;
  let database: Database.Database | undefined;
  try {
    database = new Database(path);
    return database.pragma('quick_check(1)', { simple: true }) !== 'ok';
  } catch (error) {
    if (error instanceof Database.SqliteError && /^SQLITE_(?:CORRUPT|NOTADB)/.test(error.code)) return true;
    throw error;
  } finally {
    database?.close();
  }
}

/**
 * Makes a new database of the rows that can be read in a damaged one, and of all packs. The damaged one stays beside it,
 * and while it does nothing is collected: what a lost row names is still there. The caller knows that nobody else has the
 * library open but by locks, which are looked at here. Returns what was done, in words; throws FailureError.
 */
export function salvageDatabase(folder: string): string[] {
  refuseWhereInUse(folder);
  const made = `${databasePath(folder)}.new`;
  const copy = `${databasePath(folder)}.salvage`;
  const kept = keptDatabase(folder);
  try {
    for (const path of [made, copy]) removeDatabase(path);
    const fresh = createDatabase(made);
    let counts: Map<string, number>;
    try {
      // What moves no bytes is spared syncs: the new database counts when it has its name.
      fresh.pragma('synchronous = OFF');
      fresh.pragma('wal_checkpoint(TRUNCATE)');
      copyDatabase(folder, copy, made);
      counts = fresh.transaction(() => copyRows(copy, fresh)).immediate();
      counts.set('chunk', fresh.transaction(() => indexPacks(folder, fresh)).immediate());
      fresh.pragma('journal_mode = DELETE');
    } finally {
      fresh.close();
    }
    syncFile(made);
    fs.copyFileSync(databasePath(folder), kept, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
    if (fs.existsSync(`${databasePath(folder)}-wal`)) fs.renameSync(`${databasePath(folder)}-wal`, `${kept}-wal`);
    fs.rmSync(`${databasePath(folder)}-shm`, { force: true });
    fs.renameSync(made, databasePath(folder));
    hostIo.syncFolder(folder);
    const of = (table: string, what: string): string => `${counts.get(table)} ${what}`;
    return [
      `library.db: made again with ${of('machine', 'machines')}, ${of('medium', 'media')}, ${of('snapshot', 'snapshots')} ` +
        `and ${of('chunk', 'chunks')}; the damaged one is kept as ${kept}, and nothing is collected while it is there`,
    ];
  } catch (error) {
    throw new FailureError(ioFailure(error, 'repair of library.db'));
  } finally {
    for (const path of [made, copy]) removeDatabase(path);
  }
}

function refuseWhereInUse(folder: string): void {
  const locks = join(folder, 'locks');
  for (const file of fs.existsSync(locks) ? fs.readdirSync(locks) : []) {
    const lock = tryLock(join(locks, file));
    if (!lock)
      throw new FailureError(
        failure('store.in-use', 'something uses the library: its database cannot be made again', 'stop all machines'),
      );
    lock.dispose();
  }
}

const removeDatabase = (path: string): void => {
  for (const suffix of ['', '-wal', '-shm', '-journal']) fs.rmSync(`${path}${suffix}`, { force: true });
};

function syncFile(path: string): void {
  const fd = fs.openSync(path, 'r+');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * The damaged database once more, such that SQLite opens it if anything helps: in whole pages, and with the header or
 * even the first page of a fresh one, which lays out its tables in the same places.
 */
function copyDatabase(folder: string, copy: string, fresh: string): void {
  const attempts = [() => {}, () => patch(copy, fresh, HEADER_BYTES), () => patch(copy, fresh, PAGE_BYTES)];
  for (const attempt of attempts) {
    removeDatabase(copy);
    fs.copyFileSync(databasePath(folder), copy);
    const wal = `${databasePath(folder)}-wal`;
    if (fs.existsSync(wal)) fs.copyFileSync(wal, `${copy}-wal`);
    attempt();
    if (opensAt(copy)) return;
  }
}

function patch(path: string, fresh: string, bytes: number): void {
  const head = fs.readFileSync(fresh).subarray(0, bytes);
  const pages = Math.max(Math.ceil(fs.statSync(path).size / PAGE_BYTES), fs.statSync(fresh).size / PAGE_BYTES);
  // Without free pages: they are reached from what the damaged header said.
  head.writeUInt32BE(pages, 28);
  head.fill(0, 32, 40);
  const fd = fs.openSync(path, 'r+');
  try {
    fs.ftruncateSync(fd, pages * PAGE_BYTES);
    fs.writeSync(fd, head, 0, bytes, 0);
  } finally {
    fs.closeSync(fd);
  }
}

function opensAt(path: string): boolean {
  let database: Database.Database | undefined;
  try {
    database = new Database(path);
    return database.prepare("SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table'").pluck().get() !== 0;
  } catch {
    return false;
  } finally {
    database?.close();
  }
}

/** Rows as they are, whatever their digests say: the check names those that were altered. */
function copyRows(from: string, into: Database.Database): Map<string, number> {
  const counts = new Map<string, number>(TABLES.map((table) => [table, 0]));
  let source: Database.Database;
  try {
    source = new Database(from);
  } catch {
    return counts;
  }
  try {
    for (const table of TABLES) {
      // From both ends, since a page that cannot be read ends the one or the other.
      for (const order of ['ASC', 'DESC'])
        try {
          const rows = source.prepare(`SELECT * FROM ${table} NOT INDEXED ORDER BY rowid ${order}`).iterate();
          for (const row of rows) copyRow(into, table, row as Record<string, unknown>);
        } catch (error) {
          if (!(error instanceof Database.SqliteError)) throw error;
        }
      counts.set(table, into.prepare(`SELECT COUNT(*) FROM ${table}`).pluck().get() as number);
    }
    return counts;
  } finally {
    source.close();
  }
}

function copyRow(into: Database.Database, table: string, row: Record<string, unknown>): void {
  // Names of columns come out of the damaged file, too.
  const columns = Object.keys(row).map((name) => `"${name.replaceAll('"', '""')}"`);
  const values = columns.map(() => '?');
  try {
    into
      .prepare(`INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${values.join(', ')})`)
      .run(...Object.values(row));
    // The trigger gave the row the digest that its values have, not the one that was stored with them.
    if (table === 'machine') into.prepare('UPDATE machine SET digest = ? WHERE id = ?').run(row.digest, row.id);
  } catch (error) {
    // A value that the table does not take is no row of ours.
    if (!(error instanceof Database.SqliteError)) throw error;
  }
}

/** The index of chunks, from all packs that are there. */
function indexPacks(folder: string, into: Database.Database): number {
  const addPack = into.prepare("INSERT INTO pack VALUES (?, '')");
  const addChunk = into.prepare('INSERT OR IGNORE INTO chunk VALUES (?, ?, ?, ?, 1)');
  const packs = fs
    .readdirSync(join(folder, 'packs'))
    .map((file) => Number(/^([1-9]\d*)\.pack$/.exec(file)?.[1] ?? Number.NaN))
    .filter((pack) => Number.isSafeInteger(pack))
    .sort((a, b) => a - b);
  let chunks = 0;
  for (const pack of packs) {
    addPack.run(pack);
    const fd = hostIo.open(join(folder, 'packs', `${pack}.pack`), 'r');
    try {
      for (const { name, offset, storedBytes } of scanPack(hostIo, fd))
        chunks += addChunk.run(nameToBlob(name), pack, offset, storedBytes).changes;
    } finally {
      hostIo.close(fd);
    }
  }
  return chunks;
}
