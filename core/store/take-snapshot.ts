import type { Frame } from '../backends/index.ts';
import { FailureError, failure } from '../base/index.ts';
import { CHUNK_BYTES, captureReader, type CaptureShare } from '../snapshot/index.ts';
import type { ChunkWriter } from './chunks.ts';
import { foldLogs, openLogs, prepareFold, type UndoShare } from './disk.ts';
import { DiskLog } from './disk-log.ts';
import type { Library } from './library.ts';
import { addMedium, withWriter } from './media.ts';
import { ZERO_NAME, isZero, type ChunkName } from './name.ts';
import { encodePng } from './png.ts';
import {
  getMedium,
  getPosition,
  hasSnapshot,
  pin,
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

export interface SnapshotWorkDisk {
  readonly place: string;
  readonly medium: string;
  /** Logs of the medium up to this one belong to the snapshot. */
  readonly lastLog: number;
  /** Of a throw-away disk: what the guest wrote, which is in the snapshot alone. */
  readonly undo?: UndoShare | undefined;
  readonly forgets?: SnapshotDisk['forgets'];
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
  readonly disks: readonly SnapshotWorkDisk[];
  readonly state?: Uint8Array | undefined;
  readonly memory?: { readonly share: CaptureShare; readonly base: ChunkName | undefined } | undefined;
  readonly frame?: Frame | undefined;
  /** The session that goes on from this memory: its next snapshot builds on it. */
  readonly keeper?: string | undefined;
  /**
   * The session is to be thrown away, so the machine keeps its place in its tree; the session's own snapshots follow
   * each other, `parent` is the last one.
   */
  readonly session?: { readonly parent: string | undefined } | undefined;
  readonly fork?: ForkDraft | undefined;
}

export interface SnapshotResult {
  readonly memoryRoot: ChunkName | undefined;
  /** What each disk held. */
  readonly diskRoots: readonly ChunkName[];
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
    const disks = work.disks.map(({ place, undo, forgets }, i) => ({
      place,
      medium: media[i].id,
      root: undo ? foldUndo(library, trees, writer, media[i].id, media[i].sizeBytes, undo) : media[i].root,
      sizeBytes: media[i].sizeBytes,
      ...(forgets && { forgets }),
    }));
    writer.commit(() => {
      for (const medium of media) putMedium(library, medium);
      const own = work.fork ? addFork(library, work.fork, disks, media) : disks;
      const { snapshot, resume } = getPosition(library, work.machine);
      const before = work.session?.parent;
      const { id, machine, kind, name, note, createdAt, config } = work;
      putSnapshot(library, {
        ...{ id, machine, kind, name, note, createdAt, config },
        parent: kind === 'saved' ? undefined : before !== undefined && hasSnapshot(library, before) ? before : snapshot,
        disks: own,
        state,
        memory,
        picture,
      });
      if (kind === 'saved') putPosition(library, machine, { snapshot, resume: id });
      else if (!work.session) putPosition(library, machine, { snapshot: id, resume });
      if (work.keeper !== undefined && memory) pin(library, work.keeper, memory);
      work.disks.forEach(({ undo }, i) => undo && pin(library, undo.keeper, disks[i]));
    });
    return { memoryRoot: memory?.root, diskRoots: disks.map(({ root }) => root), addedBytes: writer.addedBytes };
  });
}

/**
 * Makes a tree of what a throw-away disk holds, for its session alone, which pins it: what the session wrote since the
 * last one takes no more space than it would in a disk that stays. Returns its root.
 */
export function foldThrowAway(library: Library, medium: string, sizeBytes: number, undo: UndoShare): ChunkName {
  return withWriter(library, (trees, writer) => {
    // The disk forgets all logs that it reads now, the medium's own too.
    const folded = undo.base === undefined ? prepareFold(library, trees, writer, medium, Infinity) : undefined;
    const root = foldUndo(library, trees, writer, medium, sizeBytes, undo);
    writer.commit(() => {
      if (folded) putMedium(library, folded);
      pin(library, undo.keeper, { root, sizeBytes });
    });
    return root;
  });
}

/** Over what the medium holds: as its row says, since what was folded in this work cannot be read yet. */
function foldUndo(
  library: Library,
  trees: TreeReader,
  writer: ChunkWriter,
  id: string,
  sizeBytes: number,
  { base, logs }: UndoShare,
): ChunkName {
  const medium = base === undefined ? getMedium(library, id) : undefined;
  const own = medium ? openLogs(library, medium) : [];
  try {
    const shared = logs.map((log) => DiskLog.shared(library.io, log, id));
    const root = medium?.root ?? base!;
    return foldLogs(trees, writer, { root, sizeBytes, logs: [...own, ...shared] });
  } finally {
    for (const log of own) log.dispose();
  }
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
      // An immutable disk is at its next start what the original is at its own.
      root: disk.forgets ? media[i].root : disk.root,
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
