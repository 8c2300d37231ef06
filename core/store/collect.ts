import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError, failure } from '../base/index.ts';
import { ChunkReader, ChunkWriter, isDamage, nameOfRow } from './chunks.ts';
import { Session, keptDatabases, liveSessions, lockInLibrary, packPath, type Library } from './library.ts';
import { nameToBlob, type ChunkName } from './name.ts';
import { removeOldLogs } from './log-files.ts';
import { allRoots } from './rows.ts';
import { TreeReader, levelsFor } from './tree.ts';

const SWEEP_BATCH = 2000;
/** A pack of which less is wanted is written again. */
const WORTH_KEEPING = 0.5;

export interface Collected {
  readonly chunks: number;
  readonly bytes: number;
  readonly packs: number;
}

/** Names that are reachable, by eight of their bytes: one taken for another is kept for nothing, never lost. */
class MarkSet {
  readonly #prefixes = new Set<bigint>();
  #key(name: ChunkName): bigint {
    return nameToBlob(name).readBigUInt64LE(0);
  }
  add(name: ChunkName): boolean {
    const before = this.#prefixes.size;
    this.#prefixes.add(this.#key(name));
    return this.#prefixes.size > before;
  }
  has(name: ChunkName): boolean {
    return this.#prefixes.has(this.#key(name));
  }
}

/**
 * Gives back the space of chunks that nothing needs: marks from all roots, then sweeps. Others may read and write
 * meanwhile: a chunk that any of them wanted since this began, or since a session that still lives began, stays.
 * A damaged library is left as it is (throws `store.damaged`): what a broken tree or a lost row names must not be
 * thrown away.
 * Undefined: another process collects.
 */
export function collect(library: Library): Collected | undefined {
  const kept = keptDatabases(library.folder);
  if (kept.length > 0)
    throw new FailureError(
      failure(
        'store.damaged',
        'rows of a damaged database may be missing, so nothing is given back',
        `remove ${kept.join(', ')} from ${library.folder} when no disk or snapshot is missed`,
      ),
    );
  const alone = lockInLibrary(library, 'collector');
  if (!alone) return undefined;
  const reader = new ChunkReader(library);
  try {
    const pinned = beginEpoch(library);
    const marked = mark(library, reader);
    const swept = sweep(library, pinned, marked);
    rewriteSparsePacks(library, reader);
    const packs = removeEmptyPacks(library);
    removeOldLogs(library);
    return { ...swept, packs };
  } finally {
    reader.dispose();
    alone.dispose();
  }
}

/** Returns the epoch before which an unmarked chunk is nobody's. */
function beginEpoch(library: Library): number {
  const { database } = library;
  return database
    .transaction(() => {
      const sessions = liveSessions(library);
      database.prepare('UPDATE collection SET epoch = epoch + 1').run();
      const epoch = database.prepare('SELECT epoch FROM collection').pluck().get() as number;
      return Math.min(epoch, ...sessions.map((session) => session.epoch));
    })
    .immediate();
}

function mark(library: Library, reader: ChunkReader): MarkSet {
  const marked = new MarkSet();
  // Nodes are told apart by their whole name: one that is mistaken for another would hide what is below it.
  const seen = new Set<ChunkName>();
  const trees = new TreeReader(reader);
  const roots = library.database.transaction(() => allRoots(library))();
  for (const { root, sizeBytes } of roots)
    trees.walk(root, levelsFor(sizeBytes), (name, isNode) => {
      marked.add(name);
      if (!isNode) return false;
      if (seen.has(name)) return false;
      seen.add(name);
      return true;
    });
  return marked;
}

function sweep(library: Library, pinned: number, marked: MarkSet): Omit<Collected, 'packs'> {
  const { database } = library;
  const rows = database.prepare(
    'SELECT name, stored_bytes FROM chunk WHERE epoch < ? AND name > ? ORDER BY name LIMIT ?',
  );
  const drop = database.prepare('DELETE FROM chunk WHERE name = ? AND epoch < ?');
  let chunks = 0;
  let bytes = 0;
  for (let last: Uint8Array = new Uint8Array(0); ;) {
    const batch = rows.all(pinned, last, SWEEP_BATCH) as { name: Uint8Array; stored_bytes: number }[];
    if (batch.length === 0) return { chunks, bytes };
    last = batch[batch.length - 1].name;
    const dead = batch.filter((row) => !marked.has(nameOfRow(row)));
    if (dead.length === 0) continue;
    database
      .transaction(() => {
        for (const row of dead)
          if (drop.run(row.name, pinned).changes === 1) {
            chunks++;
            bytes += row.stored_bytes;
          }
      })
      .immediate();
  }
}

/** Packs whose writer has ended, with the bytes in them that are wanted. */
function closedPacks(library: Library): { id: number; wanted: number }[] {
  return library.database
    .prepare(
      `SELECT id, COALESCE((SELECT SUM(stored_bytes) FROM chunk WHERE pack = pack.id), 0) AS wanted
       FROM pack WHERE session NOT IN (SELECT id FROM session)`,
    )
    .all() as { id: number; wanted: number }[];
}

/** Moves what is wanted out of packs that are mostly garbage; they are then empty. */
function rewriteSparsePacks(library: Library, reader: ChunkReader): void {
  const { database, io } = library;
  const sparse = closedPacks(library).filter(({ id, wanted }) => {
    if (wanted === 0) return false;
    const fd = io.open(packPath(library, id), 'r');
    try {
      return wanted < io.size(fd) * WORTH_KEEPING;
    } finally {
      io.close(fd);
    }
  });
  if (sparse.length === 0) return;
  const session = new Session(library);
  const writer = new ChunkWriter(library, session);
  try {
    for (const { id } of sparse) {
      const names = database.prepare('SELECT name FROM chunk WHERE pack = ?').all(id) as { name: Uint8Array }[];
      for (const row of names) {
        const name = nameOfRow(row);
        try {
          writer.move(name, reader.read(name));
        } catch (error) {
          // What is damaged stays where it is, for the check to name.
          if (!isDamage(error)) throw error;
        }
      }
    }
    writer.commit(() => {});
  } finally {
    writer.dispose();
    session.dispose();
  }
}

function removeEmptyPacks(library: Library): number {
  const { database, io } = library;
  const empty = closedPacks(library).filter(({ wanted }) => wanted === 0);
  // The row goes first: a file without a row is garbage, a row without a file would be damage.
  for (const { id } of empty) database.prepare('DELETE FROM pack WHERE id = ?').run(id);
  const known = new Set(database.prepare('SELECT id FROM pack').pluck().all() as number[]);
  let removed = 0;
  for (const file of readdirSync(join(library.folder, 'packs'))) {
    const id = Number(/^(\d+)\.pack$/.exec(file)?.[1] ?? Number.NaN);
    // A newer id may belong to a row that was added since.
    if (Number.isNaN(id) || known.has(id) || id > lastPack(library)) continue;
    if (database.prepare('SELECT 1 FROM pack WHERE id = ?').get(id)) continue;
    io.remove(packPath(library, id));
    removed++;
  }
  return removed;
}

/** The last id given out; ids are not used again. */
const lastPack = (library: Library): number =>
  (library.database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'pack'").pluck().get() as
    number | undefined) ?? 0;
