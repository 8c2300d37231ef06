import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import type { Block } from '../backends/index.ts';
import { FailureError, failure } from '../base/index.ts';
import { ChunkReader, ChunkWriter } from './chunks.ts';
import { prepareFold } from './disk.ts';
import { Session, lockInLibrary, logFolder, mediumLock, type Library } from './library.ts';
import { CHUNK_BYTES, ZERO_NAME, isZero, type ChunkName } from './name.ts';
import { getMedium, listMedia, listSnapshots, putMedium, type Medium, type Snapshot } from './rows.ts';
import { TreeReader, levelsFor, resizeTree, updateTree } from './tree.ts';

const SECTOR_BYTES = 512;
export const DISK_BYTES_MAX = 2048 * 2 ** 30;

export interface MediumDraft {
  readonly name: string;
  readonly kind: Medium['kind'];
  readonly sizeBytes: number;
}

const fresh = (draft: MediumDraft, root: ChunkName): Medium => ({
  ...draft,
  id: randomUUID(),
  root,
  firstLog: 0,
  createdAt: new Date().toISOString(),
});

/** Throws FailureError `store.name-taken` when another medium has the name. */
export function addMedium(library: Library, medium: Medium): Medium {
  try {
    putMedium(library, medium);
  } catch (error) {
    if ((error as { code?: string }).code !== 'SQLITE_CONSTRAINT_UNIQUE') throw error;
    throw new FailureError(
      failure('store.name-taken', `there is a medium named "${medium.name}"`, 'choose another name'),
    );
  }
  mkdirSync(logFolder(library, medium.id), { recursive: true, mode: 0o700 });
  return medium;
}

function checkSize(sizeBytes: number): void {
  if (sizeBytes > 0 && sizeBytes <= DISK_BYTES_MAX && sizeBytes % SECTOR_BYTES === 0) return;
  throw new FailureError(
    failure('store.size', `a disk cannot have ${sizeBytes} bytes`, 'choose a multiple of 512, at most 2 TiB'),
  );
}

/** A disk of zeros; it takes no space. */
export function createMedium(library: Library, draft: MediumDraft): Medium {
  checkSize(draft.sizeBytes);
  return addMedium(library, fresh(draft, ZERO_NAME));
}

/** Runs what needs chunks written, and always closes what that opened. */
export function withWriter<T>(library: Library, action: (trees: TreeReader, writer: ChunkWriter) => T): T {
  const session = new Session(library);
  const writer = new ChunkWriter(library, session);
  const chunks = new ChunkReader(library);
  try {
    return action(new TreeReader(chunks), writer);
  } finally {
    writer.dispose();
    chunks.dispose();
    session.dispose();
  }
}

export interface Progress {
  /** Bytes done of the whole. Throwing ends the work, and nothing of it stays. */
  (doneBytes: number, totalBytes: number): void;
}

/** Holes of a sparse source: the next offset at or after `offsetBytes` where data may lie. */
export interface SparseSource extends Block {
  nextData?(offsetBytes: number): number;
}

const STEP_CHUNKS = 64;

/**
 * Copies a medium into the store. A generator, so that the caller can do other things between the steps (and stop):
 * it yields the bytes done, and returns the medium.
 */
export function* importMedium(library: Library, draft: MediumDraft, source: SparseSource): Generator<number, Medium> {
  checkSize(draft.sizeBytes);
  const session = new Session(library);
  const writer = new ChunkWriter(library, session);
  const chunks = new ChunkReader(library);
  try {
    const changes = new Map<number, ChunkName>();
    const step = new Uint8Array(STEP_CHUNKS * CHUNK_BYTES);
    for (let at = 0; at < source.sizeBytes; at += step.length) {
      const skipTo = Math.floor((source.nextData?.(at) ?? at) / step.length) * step.length;
      if (skipTo > at) at = skipTo;
      if (at >= source.sizeBytes) break;
      const part = step.subarray(0, Math.min(step.length, source.sizeBytes - at));
      step.fill(0, part.length);
      source.read(at, part);
      for (let i = 0; i * CHUNK_BYTES < part.length; i++) {
        const chunk = step.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
        if (!isZero(chunk)) changes.set(at / CHUNK_BYTES + i, writer.put(chunk));
      }
      yield Math.min(at + step.length, source.sizeBytes);
    }
    const root = updateTree(new TreeReader(chunks), writer, ZERO_NAME, levelsFor(draft.sizeBytes), changes);
    return writer.commit(() => addMedium(library, fresh(draft, root)));
  } finally {
    writer.dispose();
    chunks.dispose();
    session.dispose();
  }
}

/** Throws FailureError `image.locked` when a machine has it open. */
export function withMediumLocked<T>(library: Library, id: string, action: () => T): T {
  const medium = getMedium(library, id);
  const lock = lockInLibrary(library, mediumLock(id), 150);
  if (!lock)
    throw new FailureError(failure('image.locked', `"${medium.name}" is in use by a machine`, 'stop that machine'));
  try {
    return action();
  } finally {
    lock.dispose();
  }
}

/**
 * Changes the size; a shrink that would cut off data needs `force`. `copyName`: the medium as it was is kept under this
 * name, with a number where that is taken. Throws FailureError `store.shrink`.
 */
export function resizeMedium(library: Library, id: string, toBytes: number, force: boolean, copyName?: string): Medium {
  checkSize(toBytes);
  return withMediumLocked(library, id, () =>
    withWriter(library, (trees, writer) => {
      const medium = prepareFold(library, trees, writer, id, Infinity);
      // Of its own, since what is to be cut off is read from the library.
      writer.commit(() => putMedium(library, medium));
      if (toBytes < medium.sizeBytes && !force) {
        const first = Math.floor(toBytes / CHUNK_BYTES);
        for (const [index, name] of trees.leaves(medium.root, levelsFor(medium.sizeBytes))) {
          const kept = index === first ? toBytes % CHUNK_BYTES : 0;
          if (index < first || isZero(trees.chunks.read(name).subarray(kept))) continue;
          throw new FailureError(
            failure(
              'store.shrink',
              `"${medium.name}" has data at byte ${index * CHUNK_BYTES}, behind the new end`,
              'shrink the file system and the partition first, or have the data cut off (--force)',
            ),
          );
        }
      }
      const root = resizeTree(trees, writer, medium.root, medium.sizeBytes, toBytes);
      const resized = { ...medium, root, sizeBytes: toBytes };
      writer.commit(() => {
        putMedium(library, resized);
        if (copyName !== undefined) cloneMedium(library, medium, freeMediumName(library, copyName));
      });
      return resized;
    }),
  );
}

/** Brings the logs into the tree: each chunk once, compressed. */
export const compactMedium = (library: Library, id: string): Medium =>
  withMediumLocked(library, id, () =>
    withWriter(library, (trees, writer) => {
      const folded = prepareFold(library, trees, writer, id, Infinity);
      writer.commit(() => putMedium(library, folded));
      return folded;
    }),
  );

/** Forgets a medium; its space comes back with the next collection. Throws `store.medium`, `image.locked`. */
export function removeMedium(library: Library, id: string): void {
  withMediumLocked(library, id, () => {
    library.database.prepare('DELETE FROM medium WHERE id = ?').run(id);
    rmSync(logFolder(library, id), { recursive: true, force: true });
  });
}

/** By id or by name. Throws FailureError `store.medium`. */
export function findMedium(library: Library, nameOrId: string): Medium {
  const found = listMedia(library).find(
    ({ id, name }) => id === nameOrId || name.toLowerCase() === nameOrId.toLowerCase(),
  );
  if (!found) throw new FailureError(failure('store.medium', `there is no medium "${nameOrId}"`, 'list the media'));
  return found;
}

/** The name, with a number where another medium has it: one that an earlier machine of the name left behind, say. */
export function freeMediumName(library: Library, wanted: string): string {
  const taken = new Set(listMedia(library).map(({ name }) => name));
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted} (${number})`;
    if (!taken.has(name)) return name;
  }
}

/** Another medium with the same contents, which they share until either is written. Runs in the caller's transaction. */
export const cloneMedium = (
  library: Library,
  from: Pick<Medium, 'sizeBytes' | 'kind' | 'root'>,
  name: string,
): Medium => addMedium(library, fresh({ name, kind: from.kind, sizeBytes: from.sizeBytes }, from.root));

/** The snapshots that hold contents of a medium. */
export const snapshotsOf = (library: Library, medium: string): Snapshot[] =>
  listSnapshots(library).filter(({ disks }) => disks.some((disk) => disk.medium === medium));

/** Brings the logs of disks that nobody writes into their trees. */
export function foldIdle(library: Library): void {
  for (const { id } of listMedia(library))
    try {
      compactMedium(library, id);
    } catch (error) {
      // In use, or damaged: the one is tidied when its machine ends, the other is for the check.
      if (!(error instanceof FailureError)) throw error;
    }
}
