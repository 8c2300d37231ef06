import type { Frame } from '../backends/index.ts';
import { FailureError, failure } from '../base/index.ts';
import { CHUNK_BYTES, captureReader, type CaptureShare } from '../snapshot/index.ts';
import type { ChunkWriter } from './chunks.ts';
import { prepareFold } from './disk.ts';
import type { Library } from './library.ts';
import { addMedium, withWriter } from './media.ts';
import { ZERO_NAME, isZero, nameToBlob, type ChunkName } from './name.ts';
import { encodePng } from './png.ts';
import {
  getPosition,
  putMedium,
  putPosition,
  putSnapshot,
  type Medium,
  type Snapshot,
  type SnapshotDisk,
  type TreeRef,
} from './rows.ts';
import { chunkCount, levelsFor, putBytes, updateTree, type TreeReader } from './tree.ts';

/** A machine that begins its life at the instant of a snapshot. */
export interface ForkDraft {
  readonly id: string;
  readonly name: string;
  /** Its configuration as JSON, with `media` attached. */
  readonly config: string;
  /** For each disk of the snapshot: the new machine's own. */
  readonly media: readonly { readonly from: string; readonly id: string; readonly name: string }[];
}

/** Everything that a snapshot is made of, as of its instant. Crosses to a worker as it is. */
export interface SnapshotWork {
  readonly id: string;
  readonly machine: string;
  readonly kind: Snapshot['kind'];
  readonly name: string;
  readonly note: string;
  readonly config: string;
  readonly createdAt: string;
  /** Logs up to `lastLog` belong to the snapshot. */
  readonly disks: readonly { readonly place: string; readonly medium: string; readonly lastLog: number }[];
  readonly state?: Uint8Array | undefined;
  readonly memory?: { readonly share: CaptureShare; readonly base: ChunkName | undefined } | undefined;
  readonly frame?: Frame | undefined;
  /** The session that goes on from this memory: its next snapshot builds on it. */
  readonly keeper?: string | undefined;
  readonly fork?: ForkDraft | undefined;
}

export interface SnapshotResult {
  readonly memoryRoot: ChunkName | undefined;
  /** Bytes that the library had not before. */
  readonly addedBytes: number;
}

/**
 * Stores a snapshot; all of it appears in one transaction, or nothing. Throws FailureError or the host's error. The
 * caller holds the locks of the machine and its media, or is the machine.
 */
export function takeSnapshot(library: Library, work: SnapshotWork): SnapshotResult {
  return withWriter(library, (trees, writer) => {
    const memory = work.memory && storeMemory(trees, writer, work.memory.share, work.memory.base);
    const bytes = (data: Uint8Array | undefined): TreeRef | undefined =>
      data && { root: putBytes(trees, writer, data), sizeBytes: data.length };
    const state = bytes(work.state);
    const picture = bytes(work.frame && encodePng(work.frame));
    const media = work.disks.map(({ medium, lastLog }) => prepareFold(library, trees, writer, medium, lastLog));
    const disks = work.disks.map(({ place }, i) => ({
      place,
      medium: media[i].id,
      root: media[i].root,
      sizeBytes: media[i].sizeBytes,
    }));
    writer.commit(() => {
      for (const medium of media) putMedium(library, medium);
      const own = work.fork ? addFork(library, work.fork, disks, media) : disks;
      const { snapshot } = getPosition(library, work.machine);
      const { id, machine, kind, name, note, createdAt, config } = work;
      putSnapshot(library, {
        ...{ id, machine, kind, name, note, createdAt, config },
        parent: kind === 'snapshot' ? snapshot : undefined,
        disks: own,
        state,
        memory,
        picture,
      });
      putPosition(
        library,
        machine,
        kind === 'snapshot' ? { snapshot: id, resume: undefined } : { snapshot, resume: id },
      );
      if (work.keeper !== undefined && memory) pin(library, work.keeper, memory);
    });
    return { memoryRoot: memory?.root, addedBytes: writer.addedBytes };
  });
}

function storeMemory(
  trees: TreeReader,
  writer: ChunkWriter,
  share: CaptureShare,
  base: ChunkName | undefined,
): TreeRef {
  const changes = new Map<number, ChunkName>();
  const count = chunkCount(share.sizeBytes);
  const take = captureReader(share, isZero);
  const data = Buffer.alloc(CHUNK_BYTES);
  for (let chunk = 0; chunk < count; chunk++) {
    const taken = take(chunk, data);
    if (taken === 'clean') continue;
    const name = taken === 'zeros' ? ZERO_NAME : writer.put(data);
    if (name !== ZERO_NAME || base !== undefined) changes.set(chunk, name);
  }
  const root = updateTree(trees, writer, base ?? ZERO_NAME, levelsFor(share.sizeBytes), changes);
  return { root, sizeBytes: share.sizeBytes };
}

/** The new machine's row and its own media, which share every chunk with those of the snapshot. */
function addFork(
  library: Library,
  fork: ForkDraft,
  disks: readonly SnapshotDisk[],
  media: readonly Medium[],
): SnapshotDisk[] {
  addMachine(library, fork.id, fork.name, fork.config);
  return disks.map((disk, i) => {
    const own = fork.media.find(({ from }) => from === disk.medium);
    if (!own) return disk;
    addMedium(library, {
      ...media[i],
      id: own.id,
      name: own.name,
      firstLog: 0,
      createdAt: new Date().toISOString(),
    });
    return { ...disk, medium: own.id };
  });
}

/** Throws FailureError `machine.exists`. */
export function addMachine(library: Library, id: string, name: string, config: string): void {
  try {
    library.database.prepare('INSERT INTO machine (id, name, config) VALUES (?, ?, ?)').run(id, name, config);
  } catch (error) {
    if ((error as { code?: string }).code !== 'SQLITE_CONSTRAINT_UNIQUE') throw error;
    throw new FailureError(failure('machine.exists', `there is a machine named "${name}"`, 'choose another name'));
  }
}

/** The collector keeps this tree for a session, in place of the one before. */
export function pin(library: Library, session: string, { root, sizeBytes }: TreeRef): void {
  library.database.prepare('DELETE FROM pin WHERE session = ?').run(session);
  library.database.prepare('INSERT INTO pin VALUES (?, ?, ?)').run(session, nameToBlob(root), sizeBytes);
}
