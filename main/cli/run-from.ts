import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { FailureError, type Disposable, type DisposableStore } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import { hardwareOf, type Hardware } from '../../core/contract/machine.ts';
import { parseConfig } from '../../core/contract/stored-machine.ts';
import { findSnapshot, listSnapshots, type Library, type Snapshot, type SnapshotDisk } from '../../core/store/index.ts';
import { libraryFolder, openLibraryAtStart } from '../services/library.ts';
import type { BuiltMachine } from '../vm-host/build.ts';
import { MachineSnapshots } from '../vm-host/machine-snapshots.ts';

/** A snapshot of the library as the beginning of a machine that leaves nothing behind. */
export interface RunBeginning {
  readonly hardware: Hardware;
  /** For `buildMachine`. */
  readonly options: {
    readonly library: Library;
    readonly snapshotDisks: readonly SnapshotDisk[];
    readonly throwAway: true;
    /** Its own: it is another machine than the one that the snapshot is of. */
    readonly uuid: string;
  };
  /** Puts the machine where the snapshot was, if that has memory; else it boots from the disks of then. */
  resume(built: BuiltMachine): Resumed;
}

export interface Resumed extends Disposable {
  /** Now and then: what the guest wrote takes no more space than it would in a disk that stays. */
  foldGrownLogs(): void;
}

/** `name`: "MACHINE/SNAPSHOT", a snapshot's id, or its name where only one machine has it. Throws FailureError. */
export function openBeginning(name: string, folder: string | undefined, resources: DisposableStore): RunBeginning {
  const opened = openLibraryAtStart(folder === undefined ? libraryFolder() : resolve(folder));
  if (!opened.ok) throw new FailureError(opened.error);
  const library = resources.add(opened.value);
  const snapshot = snapshotNamed(library, name);
  return {
    hardware: hardwareOf(parseConfig(snapshot.config, `the snapshot "${snapshot.name}"`)),
    options: { library, snapshotDisks: snapshot.disks, throwAway: true, uuid: randomUUID() },
    resume({ machine, media }) {
      const snapshots = new MachineSnapshots({ library, machineId: snapshot.machine, machine, media, log: () => {} });
      try {
        if (snapshot.memory) snapshots.resume(snapshot.id, true);
      } catch (error) {
        snapshots.dispose();
        throw error;
      }
      return snapshots;
    },
  };
}

function snapshotNamed(library: Library, name: string): Snapshot {
  const slash = name.indexOf('/');
  if (slash < 0) return onlySnapshotNamed(library, name);
  const machine = library.database
    .prepare('SELECT id FROM machine WHERE id = :name OR name = :name COLLATE NOCASE')
    .pluck()
    .get({ name: name.slice(0, slash) }) as string | undefined;
  if (machine === undefined)
    throw new FailureError(
      fail('machine.unknown', `there is no machine "${name.slice(0, slash)}"`, 'terrarium list shows them'),
    );
  return findSnapshot(library, machine, name.slice(slash + 1));
}

function onlySnapshotNamed(library: Library, nameOrId: string): Snapshot {
  const all = listSnapshots(library).filter(({ kind }) => kind === 'snapshot');
  const byId = all.find(({ id }) => id === nameOrId);
  if (byId) return byId;
  const named = all.filter(({ name }) => name.toLowerCase() === nameOrId.toLowerCase());
  if (new Set(named.map(({ machine }) => machine)).size > 1)
    throw new FailureError(
      fail('args.invalid', `several machines have a snapshot "${nameOrId}"`, 'write MACHINE/SNAPSHOT'),
    );
  const found = named.at(-1);
  if (!found)
    throw new FailureError(
      fail('store.snapshot', `there is no snapshot "${nameOrId}"`, 'terrarium snapshot list MACHINE shows them'),
    );
  return found;
}
