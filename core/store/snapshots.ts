import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { FailureError, failure, type Disposable } from '../base/index.ts';
import { lockInLibrary, machineLock, mediumLock, type Library } from './library.ts';
import { cloneMedium, freeMediumName, withWriter } from './media.ts';
import { LOG_HEADER_BYTES } from './disk-log.ts';
import { prepareFold } from './disk.ts';
import { knownLogNumbers, logNumbers, logPath } from './log-files.ts';
import { addMachine } from './take-snapshot.ts';
import {
  getMedium,
  getPosition,
  getSnapshot,
  listMedia,
  listSnapshots,
  putMedium,
  putPosition,
  putSnapshot,
  type Snapshot,
  type SnapshotDisk,
} from './rows.ts';

/** By id, or by name within the machine: the last of that name. Throws FailureError `store.snapshot`. */
export function findSnapshot(library: Library, machine: string, nameOrId: string): Snapshot {
  const all = listSnapshots(library, machine).filter(({ kind }) => kind === 'snapshot');
  const found =
    all.find(({ id }) => id === nameOrId) ?? all.findLast(({ name }) => name.toLowerCase() === nameOrId.toLowerCase());
  if (!found)
    throw new FailureError(
      failure('store.snapshot', `the machine has no snapshot "${nameOrId}"`, 'list its snapshots'),
    );
  return found;
}

/** Throws FailureError `machine.running` when a process runs the machine or changes it. */
export function lockMachine(library: Library, machine: string): Disposable {
  const lock = lockInLibrary(library, machineLock(machine), 150);
  if (lock) return lock;
  throw new FailureError(failure('machine.running', 'the machine is in use by another process', 'stop it first'));
}

/** Runs what changes media with all of their locks held. Throws FailureError `image.locked`. */
export function withMediaLocked<T>(library: Library, media: readonly string[], action: () => T): T {
  const locks: Disposable[] = [];
  try {
    for (const medium of media) {
      const lock = lockInLibrary(library, mediumLock(medium), 150);
      if (!lock)
        throw new FailureError(
          failure('image.locked', `"${getMedium(library, medium).name}" is in use by a machine`, 'stop that machine'),
        );
      locks.push(lock);
    }
    return action();
  } finally {
    for (const lock of locks) lock.dispose();
  }
}

/**
 * Puts a stopped machine's disks back to what they were; with memory in the snapshot the next start resumes there.
 * Returns the configuration of then. The caller holds the machine's lock. What the disks hold now is lost, unless a
 * snapshot has it.
 */
export function restoreSnapshot(library: Library, snapshot: Snapshot): string {
  const disks = snapshot.disks.filter(({ forgets }) => forgets === undefined);
  withMediaLocked(
    library,
    disks.map(({ medium }) => medium),
    () =>
      library.database
        .transaction(() => {
          for (const disk of disks) putBack(library, disk);
          dropSaved(library, snapshot.machine);
          putPosition(library, snapshot.machine, {
            snapshot: snapshot.id,
            resume: snapshot.memory ? snapshot.id : undefined,
          });
        })
        .immediate(),
  );
  return snapshot.config;
}

/** Whether a disk no longer holds what it held then, or was written since. */
export function diskDiffers(library: Library, { medium: id, root, sizeBytes }: SnapshotDisk): boolean {
  const medium = listMedia(library).find((one) => one.id === id);
  if (medium?.root !== root || medium.sizeBytes !== sizeBytes) return true;
  const logs = logNumbers(library, id).filter((log) => log >= medium.firstLog);
  return logs.some((log) => {
    const file = statSync(logPath(library, id, log), { throwIfNoEntry: false });
    return file !== undefined && file.size > LOG_HEADER_BYTES;
  });
}

function putBack(library: Library, disk: SnapshotDisk): void {
  const medium = getMedium(library, disk.medium);
  // Its logs are what was written since: behind the highest of them begins the new life.
  const firstLog = Math.max(medium.firstLog, ...knownLogNumbers(library, disk.medium).map((log) => log + 1));
  putMedium(library, { ...medium, root: disk.root, sizeBytes: disk.sizeBytes, firstLog });
}

/**
 * What a machine was saved with, as a snapshot of its tree; the machine still goes on from there. Undefined: nothing is
 * saved. The caller holds the machine's lock.
 */
export function keepSaved(
  library: Library,
  machine: string,
  as: Pick<Snapshot, 'id' | 'name' | 'note' | 'createdAt'>,
): Snapshot | undefined {
  return library.database
    .transaction(() => {
      const { snapshot: parent, resume } = getPosition(library, machine);
      const saved = resume === undefined ? undefined : getSnapshot(library, resume);
      if (saved?.kind !== 'saved') return undefined;
      const kept: Snapshot = { ...saved, ...as, kind: 'snapshot', parent };
      putSnapshot(library, kept);
      putPosition(library, machine, { snapshot: kept.id, resume });
      return kept;
    })
    .immediate();
}

/** A machine that was saved and is not resumed any more forgets its saved state. */
export function dropSaved(library: Library, machine: string): void {
  library.database.prepare("DELETE FROM snapshot WHERE machine = ? AND kind = 'saved'").run(machine);
  putPosition(library, machine, { ...getPosition(library, machine), resume: undefined });
}

/** Throws FailureError `store.in-use` while the machine's next start needs the snapshot's memory. */
export function refuseIfResumed(library: Library, { id, machine, name }: Snapshot): void {
  if (getPosition(library, machine).resume !== id) return;
  throw new FailureError(
    failure('store.in-use', `the machine resumes from "${name}"`, 'start the machine, or restore another'),
  );
}

/**
 * Forgets a snapshot. Nothing is copied or merged: its children become its parent's, and the collector takes what only
 * it needed.
 */
export function deleteSnapshot(library: Library, id: string): void {
  library.database
    .transaction(() => {
      const snapshot = getSnapshot(library, id);
      refuseIfResumed(library, snapshot);
      for (const child of listSnapshots(library, snapshot.machine))
        if (child.parent === id) putSnapshot(library, { ...child, parent: snapshot.parent });
      const position = getPosition(library, snapshot.machine);
      if (position.snapshot === id) putPosition(library, snapshot.machine, { ...position, snapshot: snapshot.parent });
      library.database.prepare('DELETE FROM snapshot WHERE id = ?').run(id);
    })
    .immediate();
}

/** Changes what people wrote about a snapshot. */
export function renameSnapshot(library: Library, id: string, changes: { name?: string; note?: string }): Snapshot {
  return library.database
    .transaction(() => {
      const renamed = { ...getSnapshot(library, id), ...changes };
      putSnapshot(library, renamed);
      return renamed;
    })
    .immediate();
}

export interface CloneDraft {
  readonly id: string;
  readonly name: string;
  /** The configuration as JSON for these media (old id, new id). */
  readonly configFor: (config: string, media: ReadonlyMap<string, string>) => string;
}

/**
 * A new machine with the disks of a snapshot, or of a stopped machine as it is now (the caller holds its lock). Every
 * chunk is shared and neither needs the other: what either writes is its own, and each can be removed. `tree` (a full
 * clone): these snapshots of the original come along, as the clone's own.
 */
export function cloneMachine(
  library: Library,
  from: { readonly config: string; readonly disks: readonly SnapshotDisk[]; readonly snapshot: string | undefined },
  draft: CloneDraft,
  tree: readonly Snapshot[] = [],
): void {
  library.database
    .transaction(() => {
      const media = new Map<string, string>();
      for (const disk of from.disks) {
        const medium = getMedium(library, disk.medium);
        const name = freeMediumName(library, `${draft.name} ${disk.place}`);
        media.set(disk.medium, cloneMedium(library, { ...medium, ...disk }, name).id);
      }
      addMachine(library, draft.id, draft.name, draft.configFor(from.config, media));
      const ids = new Map(tree.map(({ id }) => [id, randomUUID() as string]));
      for (const snapshot of tree)
        putSnapshot(library, {
          ...snapshot,
          id: ids.get(snapshot.id)!,
          machine: draft.id,
          parent: snapshot.parent && ids.get(snapshot.parent),
          config: draft.configFor(snapshot.config, media),
          disks: snapshot.disks.map((disk) => ({ ...disk, medium: media.get(disk.medium) ?? disk.medium })),
        });
      const snapshot = from.snapshot && ids.get(from.snapshot);
      if (snapshot) putPosition(library, draft.id, { snapshot, resume: undefined });
    })
    .immediate();
}

/** The disks of a stopped machine as they are, brought into their trees. The caller holds the machine's lock. */
export function presentDisks(
  library: Library,
  disks: readonly { readonly place: string; readonly medium: string }[],
): SnapshotDisk[] {
  const ids = disks.map(({ medium }) => medium);
  return withMediaLocked(library, ids, () =>
    withWriter(library, (trees, writer) => {
      const folded = ids.map((id) => prepareFold(library, trees, writer, id, Infinity));
      writer.commit(() => folded.forEach((medium) => putMedium(library, medium)));
      return disks.map(({ place }, i) => ({
        place,
        medium: folded[i].id,
        root: folded[i].root,
        sizeBytes: folded[i].sizeBytes,
      }));
    }),
  );
}

/** Forgets all snapshots of a machine that is gone. Its disks stay, as files would. */
export function forgetMachine(library: Library, machine: string): void {
  library.database
    .transaction(() => {
      library.database.prepare('DELETE FROM snapshot WHERE machine = ?').run(machine);
      library.database.prepare('DELETE FROM position WHERE machine = ?').run(machine);
    })
    .immediate();
}
