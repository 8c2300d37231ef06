import { constants, copyFileSync, existsSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { FailureError } from '../base/index.ts';
import { ChunkReader, nameOfRow } from './chunks.ts';
import { BLOCK_BYTES, DiskLog } from './disk-log.ts';
import { alteredLogRows, expectLog, forgetLog, logNumbers, logPath, lostLogs } from './log-files.ts';
import { keptDatabases, lockInLibrary, logFolder, mediumLock, packPath, type Library } from './library.ts';
import { nameToBlob, nameToHex, type ChunkName } from './name.ts';
import {
  PACK_HEADER_BYTES,
  decodeHeader,
  decodeRecord,
  packHeader,
  packHeaderIsGood,
  recordIsWhole,
  scanPack,
} from './pack.ts';
import { alteredRemovals, dropRemoval } from './removals.ts';
import { attachedMedia, getMedium, getPosition, getSnapshot, type Medium, type TreeRef } from './rows.ts';
import { TreeReader, levelsFor } from './tree.ts';

/** Something that is not as it was written. `where` names the file and offset, or the table and row. */
export interface Problem {
  readonly where: string;
  readonly what: string;
}

export interface CheckReport {
  readonly problems: readonly Problem[];
  readonly chunks: number;
  readonly bytes: number;
  /** With repair: what was put right. */
  readonly repaired: readonly string[];
}

/** How far a check is; the rows of owners come after all bytes. */
export interface CheckStep {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

const messageOf = (error: unknown): string =>
  error instanceof FailureError ? error.failure.message : error instanceof Error ? error.message : String(error);

/**
 * Reads everything in a library and compares it with its names, sums and digests. Yields how far it is, so that
 * the caller can show it and stop; returns the report. Changes nothing.
 */
export function* checkLibrary(library: Library): Generator<CheckStep, CheckReport> {
  const problems: Problem[] = [];
  const note = (where: string, what: string): void => void problems.push({ where, what });
  checkDatabase(library, note);
  const counted = { chunks: 0, bytes: 0 };
  try {
    yield* checkContents(library, note, counted);
  } catch (error) {
    // The rest is behind pages of the database that cannot be read.
    if (!(error instanceof Database.SqliteError)) throw error;
    note('library.db', error.message);
  }
  return { problems, ...counted, repaired: [] };
}

function* checkContents(
  library: Library,
  note: (where: string, what: string) => void,
  counted: { chunks: number; bytes: number },
): Generator<CheckStep> {
  const { database } = library;
  const totalBytes = database.prepare('SELECT COALESCE(SUM(stored_bytes), 0) FROM chunk').pluck().get() as number;
  const bad = new Set<ChunkName>();
  for (const pack of database.prepare('SELECT DISTINCT pack FROM chunk ORDER BY pack').pluck().all() as number[])
    for (const bytes of checkPack(library, pack, note, bad)) {
      counted.chunks++;
      counted.bytes += bytes;
      yield { doneBytes: counted.bytes, totalBytes };
    }
  for (const _ of checkOwners(library, note, bad)) yield { doneBytes: totalBytes, totalBytes };
}

function checkDatabase(library: Library, note: (where: string, what: string) => void): void {
  try {
    for (const row of library.database.pragma('integrity_check') as { integrity_check: string }[])
      if (row.integrity_check !== 'ok') note('library.db', row.integrity_check);
  } catch (error) {
    note('library.db', messageOf(error));
  }
}

/** Yields the size of every good record. */
function* checkPack(
  library: Library,
  pack: number,
  note: (where: string, what: string) => void,
  bad: Set<ChunkName>,
): Generator<number> {
  const { io, database } = library;
  const rows = database
    .prepare('SELECT name, offset, stored_bytes FROM chunk WHERE pack = ? ORDER BY offset')
    .all(pack) as { name: Uint8Array; offset: number; stored_bytes: number }[];
  let fd: number;
  try {
    fd = io.open(packPath(library, pack), 'r');
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    note(`pack ${pack}`, isGone ? `${packPath(library, pack)} is gone, with ${rows.length} chunks` : messageOf(error));
    for (const row of rows) bad.add(nameOfRow(row));
    return;
  }
  try {
    const header = Buffer.alloc(PACK_HEADER_BYTES);
    io.read(fd, header, 0);
    if (!packHeaderIsGood(header, pack)) note(`pack ${pack} at 0`, 'the header is damaged');
    for (const row of rows) {
      const name = nameOfRow(row);
      const where = `pack ${pack} at ${row.offset}, chunk ${nameToHex(name)}`;
      try {
        const record = Buffer.alloc(Math.min(row.stored_bytes, 1 << 17));
        if (io.read(fd, record, row.offset) !== row.stored_bytes) throw new Error('the pack is too short');
        decodeRecord(record, name, () => '');
        // Bytes of the record that decoding does not need are covered by its sum.
        if (!recordIsWhole(record, decodeHeader(record)!.crc)) throw new Error('the header of the record is damaged');
        yield row.stored_bytes;
      } catch (error) {
        note(where, messageOf(error).replace(/^: /, ''));
        bad.add(name);
      }
    }
  } finally {
    io.close(fd);
  }
}

/** Every medium, snapshot and position: their rows, their trees, their logs. */
function* checkOwners(
  library: Library,
  note: (where: string, what: string) => void,
  bad: ReadonlySet<ChunkName>,
): Generator<void> {
  const chunks = new ChunkReader(library);
  const trees = new TreeReader(chunks);
  const reached = new Set<ChunkName>();
  /** Of trees that are whole; what a broken one shares is named for everything that needs it. */
  const whole = new Set<string>();
  const attempt = (where: string, action: () => void): void => {
    try {
      action();
    } catch (error) {
      note(where, messageOf(error));
    }
  };
  const tree = (where: string, { root, sizeBytes }: TreeRef): void => {
    const met = new Set<string>();
    const broken: string[] = [];
    trees.walk(root, levelsFor(sizeBytes), (name, isNode) => {
      const key = `${isNode ? 'n' : 'c'}${name}`;
      if (whole.has(key) || met.has(key)) return false;
      met.add(key);
      reached.add(name);
      if (bad.has(name)) broken.push(`${nameToHex(name)}, which is damaged`);
      else if (!chunks.has(name)) broken.push(`${nameToHex(name)}, which is not in the library`);
      else return isNode;
      return false;
    });
    if (broken.length === 0) for (const key of met) whole.add(key);
    else note(where, `needs chunk ${broken[0]}${broken.length > 1 ? `, and ${broken.length - 1} more such` : ''}`);
  };
  try {
    const altered = library.database.prepare('SELECT id FROM machine WHERE digest IS NOT digest_of(id, name, config)');
    for (const id of altered.pluck().all() as string[]) note(`table machine, row ${id}`, 'altered');
    for (const [name, medium] of lostMedia(library)) note(`machine "${name}"`, `has medium ${medium}, which is lost`);
    for (const number of alteredRemovals(library)) note(`table removal, row ${number}`, 'altered');
    for (const row of alteredLogRows(library)) note(`table log, row ${row}`, 'altered');
    for (const id of ids(library, 'medium', 'id')) {
      yield;
      attempt(`table medium, row ${id}`, () => {
        const medium = getMedium(library, id);
        const where = `medium "${medium.name}"`;
        attempt(where, () => tree(where, medium));
        for (const lost of lostLogs(library, medium)) note(lost.where, lost.what);
        for (const number of logNumbers(library, id))
          if (number >= medium.firstLog) attempt(where, () => checkLog(library, medium, number, note));
      });
    }
    for (const id of ids(library, 'snapshot', 'id')) {
      yield;
      attempt(`table snapshot, row ${id}`, () => {
        const snapshot = getSnapshot(library, id);
        const where = `snapshot "${snapshot.name}"${ofMachine(library, snapshot.machine)}`;
        for (const disk of snapshot.disks) attempt(where, () => tree(`${where}, ${disk.place}`, disk));
        for (const part of ['memory', 'state', 'picture'] as const) {
          const ref = snapshot[part];
          if (ref) attempt(where, () => tree(`${where}, ${part}`, ref));
        }
      });
    }
    for (const machine of ids(library, 'position', 'machine'))
      attempt(`table position, row ${machine}`, () => {
        const { snapshot, resume } = getPosition(library, machine);
        for (const id of [snapshot, resume]) if (id !== undefined) getSnapshot(library, id);
      });
    checkLost(library, note, reached);
  } finally {
    chunks.dispose();
  }
}

/** What a damaged database named that was made again is still there while that is kept, and nobody knows whose it is. */
function checkLost(
  { folder, database }: Library,
  note: (where: string, what: string) => void,
  reached: ReadonlySet<ChunkName>,
): void {
  const kept = keptDatabases(folder);
  if (kept.length === 0) return;
  let chunks = 0;
  let bytes = 0;
  const rows = database.prepare('SELECT name, stored_bytes FROM chunk').iterate();
  for (const row of rows as IterableIterator<{ name: Uint8Array; stored_bytes: number }>)
    if (!reached.has(nameOfRow(row))) {
      chunks++;
      bytes += row.stored_bytes;
    }
  const known = new Set(database.prepare('SELECT id FROM medium').pluck().all());
  const logs = readdirSync(join(folder, 'media')).filter((medium) => !known.has(medium));
  if (chunks === 0 && logs.length === 0) return;
  note(
    kept.join(', '),
    `${chunks} chunks (${bytes} bytes) in packs, and the last writes to ${logs.length} disks in media, belong to no machine, ` +
      'disk or snapshot that is known: they were lost with this database, or removed since. All of it stays until the file ' +
      'is removed; a copy of library.db from before brings it back',
  );
}

function checkLog(
  library: Library,
  { id, name }: Medium,
  number: number,
  note: (where: string, what: string) => void,
): void {
  let log: DiskLog;
  try {
    log = DiskLog.open(library.io, logPath(library, id, number), id, number);
  } catch (error) {
    // Brought into the tree and removed meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  for (const block of log.damagedBlocks)
    note(log.path, `the data at byte ${block * BLOCK_BYTES} of "${name}" is damaged`);
  log.dispose();
}

const ofMachine = (library: Library, id: string): string => {
  const name = library.database.prepare('SELECT name FROM machine WHERE id = ?').pluck().get(id);
  return name === undefined ? '' : ` of "${String(name)}"`;
};

/** Media that machines attach, and the library has no row of. */
function lostMedia({ database }: Library): [machine: string, medium: string][] {
  const known = new Set(database.prepare('SELECT id FROM medium').pluck().all());
  const machines = database.prepare('SELECT name, config FROM machine').all() as { name: string; config: string }[];
  return machines.flatMap(({ name, config }) =>
    [...attachedMedia(config)].filter((medium) => !known.has(medium)).map((medium): [string, string] => [name, medium]),
  );
}

const ids = (library: Library, table: string, column: string): string[] =>
  library.database.prepare(`SELECT ${column} FROM ${table}`).pluck().all() as string[];

/**
 * Puts right what can be: chunks of which a pack holds another whole copy, rows that packs know better, logs with a
 * damaged record (their other records go on). Removes nothing: what it replaces is kept beside it.
 */
export function* repairLibrary(library: Library): Generator<CheckStep, CheckReport> {
  const before = yield* checkLibrary(library);
  if (before.problems.length === 0) return before;
  const repaired: string[] = [];
  rebuildIndex(library, repaired);
  for (const id of ids(library, 'medium', 'id')) repairLogs(library, id, repaired);
  for (const number of alteredRemovals(library))
    if (dropRemoval(library, number)) repaired.push(`table removal, row ${number}: what it named stays`);
  for (const row of alteredLogRows(library)) {
    library.database.prepare('DELETE FROM log WHERE rowid = ?').run(row);
    repaired.push(`table log, row ${row}: the logs that are there stay`);
  }
  const after = yield* checkLibrary(library);
  return { ...after, repaired };
}

function rebuildIndex(library: Library, repaired: string[]): void {
  const { io, database } = library;
  const chunks = new ChunkReader(library);
  const readable = (name: ChunkName): boolean => {
    try {
      chunks.read(name);
      return true;
    } catch {
      return false;
    }
  };
  const insert = database.prepare(
    `INSERT INTO chunk SELECT ?, ?, ?, ?, epoch FROM collection WHERE 1
     ON CONFLICT (name) DO UPDATE SET pack = excluded.pack, offset = excluded.offset, stored_bytes = excluded.stored_bytes`,
  );
  try {
    for (const pack of database.prepare('SELECT id FROM pack').pluck().all() as number[]) {
      let fd: number;
      try {
        fd = io.open(packPath(library, pack), 'r');
      } catch {
        continue;
      }
      try {
        for (const { name, offset, storedBytes } of scanPack(io, fd)) {
          if (readable(name)) continue;
          const record = Buffer.alloc(storedBytes);
          io.read(fd, record, offset);
          try {
            decodeRecord(record, name, () => `pack ${pack} at ${offset}`);
          } catch {
            continue;
          }
          insert.run(nameToBlob(name), pack, offset, storedBytes);
          repaired.push(`chunk ${nameToHex(name)} found again in pack ${pack} at ${offset}`);
        }
        const header = Buffer.alloc(PACK_HEADER_BYTES);
        io.read(fd, header, 0);
        if (!packHeaderIsGood(header, pack)) rewriteHeader(library, pack, repaired);
      } finally {
        io.close(fd);
      }
    }
  } finally {
    chunks.dispose();
  }
}

function rewriteHeader(library: Library, pack: number, repaired: string[]): void {
  const { io } = library;
  const fd = io.open(packPath(library, pack), 'r+');
  try {
    io.write(fd, [packHeader(pack)], 0);
    io.sync(fd);
    repaired.push(`pack ${pack}: header written again`);
  } finally {
    io.close(fd);
  }
}

/** Returns the path of a copy that no later repair replaces. */
function keepCopy(path: string): string {
  for (let number = 1; ; number++) {
    const copy = number === 1 ? `${path}.damaged` : `${path}.damaged-${number}`;
    if (existsSync(copy)) continue;
    copyFileSync(path, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return copy;
  }
}

/**
 * A log that does not open is written again without the record that is damaged; the old file stays as `.damaged`. What is
 * left of one that was cut off goes on, and of one that is gone everything else does.
 */
function repairLogs(library: Library, id: string, repaired: string[]): void {
  const lock = lockInLibrary(library, mediumLock(id));
  if (!lock) return;
  const { io } = library;
  try {
    const medium = getMedium(library, id);
    for (const { number, where, what, sizeBytes } of lostLogs(library, medium)) {
      if (sizeBytes === undefined) forgetLog(library, id, number);
      else expectLog(library, id, number, sizeBytes);
      repaired.push(`${where}: ${what}; "${medium.name}" goes on with the rest`);
    }
    for (const number of logNumbers(library, id)) {
      if (number < medium.firstLog) continue;
      const path = logPath(library, id, number);
      try {
        DiskLog.open(io, path, id, number).dispose();
      } catch {
        const old = DiskLog.open(io, path, id, number, true);
        io.remove(`${path}.repaired`); // of a repair that was cut short
        const fresh = DiskLog.create(io, `${path}.repaired`, dirname(path), id, number);
        const block = new Uint8Array(BLOCK_BYTES);
        for (const index of old.blocks.keys()) {
          old.read(index, block);
          fresh.append(index, block);
        }
        fresh.sync();
        fresh.dispose();
        // The log is there under its name at every moment, whatever ends this.
        const kept = keepCopy(path);
        forgetLog(library, id, number); // it is shorter now
        renameSync(`${path}.repaired`, path);
        io.syncFolder(logFolder(library, id));
        expectLog(library, id, number, fresh.syncedBytes);
        const left =
          old.blocks.size === 0 ? 'nothing in it can be read' : `${old.lostRecords} damaged records left out`;
        repaired.push(`${path}: ${left}; the file as it was is ${kept}`);
        old.dispose();
      }
    }
  } catch {
    // The check that follows says what is left.
  } finally {
    lock.dispose();
  }
}
