import { randomUUID } from 'node:crypto';
import { FailureError, err, ok, type Failure, type Result } from '../../core/base/index.ts';
import {
  fail,
  hardwareOf,
  mediumIdOf,
  mediumPath,
  parseConfig,
  type Attachment,
  type CallName,
  type CallResult,
  type MachineConfig,
  type MachineInfo,
  type TerrariumEvent,
} from '../../core/contract/index.ts';
import {
  ChunkReader,
  TreeReader,
  cloneMachine,
  deleteSnapshot,
  freeMediumName,
  getPosition,
  getSnapshot,
  keepSaved,
  listMedia,
  listSnapshots,
  lockMachine,
  presentDisks,
  refuseIfResumed,
  renameSnapshot,
  restoreSnapshot,
  takeSnapshot,
  usageOf,
  withMediaLocked,
  type Library,
  type Snapshot,
  type SnapshotDisk,
} from '../../core/store/index.ts';
import { askMachine } from '../vm-host/socket.ts';
import { attempt } from './attempt.ts';
import { compareStates } from './compare-snapshots.ts';
import { presentChanged } from './present-changed.ts';
import type { Removable } from './removals.ts';
import type { Handlers } from './services.ts';
import { shownSnapshots } from './shown-snapshots.ts';

export interface SnapshotContext {
  readonly library: Library;
  readonly get: (id: string) => Result<MachineConfig>;
  /** Whether a process of this or of another Terrarium runs it. */
  readonly isActive: (id: string) => boolean;
  readonly fire: (event: TerrariumEvent) => void;
  /** Ids of what is being removed. */
  readonly hidden: () => ReadonlySet<string>;
  /** The machine's row changed: tells the windows. */
  readonly changed: (config: MachineConfig) => MachineInfo;
  /** A fork, wherever this program's machines run. */
  readonly start: (id: string) => Promise<Result<MachineInfo>>;
  /** With a window of this program. */
  readonly startHere: (id: string) => Promise<Result<MachineInfo>>;
  readonly stop: (id: string) => Promise<Result<MachineInfo>>;
  /** Space may be given back now. */
  readonly collectSoon: () => void;
}

type SnapshotCalls = Extract<CallName, `snapshots.${string}` | 'machines.clone' | 'machines.fork'>;

interface StoredDisk {
  readonly place: string;
  readonly medium: string;
  readonly mode: Attachment['mode'];
}

/** Media of the library that a configuration attaches for writing. */
export function storedDisks(config: MachineConfig): StoredDisk[] {
  return [
    ...config.floppies.map((floppy, i) => ({ place: `floppy${i}`, attachment: floppy })),
    ...config.disks.map((disk, i) => ({ place: `disk${i}`, attachment: disk })),
  ].flatMap(({ place, attachment }) => {
    const medium = attachment?.writable ? mediumIdOf(attachment.path) : undefined;
    return medium === undefined ? [] : [{ place, medium, mode: attachment?.mode }];
  });
}

/**
 * A snapshot does not say what a write-through disk held, so a clone begins with a copy of what it holds now, as
 * VirtualBox's do: to write the same disk would be two machines on one file system. Throws FailureError `image.locked`
 * while a machine writes it.
 */
function writeThroughDisks(library: Library, { name, config }: Snapshot): SnapshotDisk[] {
  const media = new Set(listMedia(library).map(({ id }) => id));
  const disks = storedDisks(parseConfig(config, `the snapshot "${name}"`));
  return presentDisks(
    library,
    disks.filter(({ mode, medium }) => mode === 'write-through' && media.has(medium)),
  );
}

/** The first disk of which no snapshot can be taken: a file that the guest writes in place. */
function writtenInPlace(config: MachineConfig): Failure | undefined {
  const file = [...config.floppies, ...config.disks].find(
    (attachment) => attachment?.writable && mediumIdOf(attachment.path) === undefined,
  );
  return file
    ? fail(
        'snapshot.unsupported',
        `${file.path} is written in place: the library cannot keep what it held`,
        'import the image into the library, and attach that',
      )
    : undefined;
}

/** The same machine under another id and name, with other media. */
function configFor(config: string, id: string, name: string, media: ReadonlyMap<string, string>): string {
  const parsed = parseConfig(config, `"${name}"`);
  const attach = <T extends { path: string } | null>(attachment: T): T => {
    const own = attachment && media.get(mediumIdOf(attachment.path) ?? '');
    return own ? { ...attachment, path: mediumPath(own) } : attachment;
  };
  return JSON.stringify({
    ...parsed,
    // The machine's UUID to its guest, too.
    id,
    name,
    createdAt: new Date().toISOString(),
    floppies: parsed.floppies.map(attach),
    disks: parsed.disks.map(attach),
  });
}

export function snapshotCalls(context: SnapshotContext): {
  calls: Pick<Handlers, SnapshotCalls>;
  removable: Removable;
} {
  const { library, get, isActive, fire, hidden, changed } = context;
  const visible = (id: string): Snapshot => {
    if (hidden().has(id))
      throw new FailureError(fail('store.snapshot', 'the snapshot is being removed', 'undo that, or choose another'));
    return getSnapshot(library, id);
  };
  const shownTree = (machine: string): Snapshot[] => {
    const aside = hidden();
    return listSnapshots(library, machine).filter(({ kind, id }) => kind === 'snapshot' && !aside.has(id));
  };

  const withLock = <T>(machine: string, action: () => T): T => {
    const lock = lockMachine(library, machine);
    try {
      return action();
    } finally {
      lock.dispose();
    }
  };

  const takeStopped = (config: MachineConfig, id: string, name: string, note: string, memory: boolean) => {
    const startMs = performance.now();
    const createdAt = new Date().toISOString();
    const disks = storedDisks(config).filter(({ mode }) => mode !== 'write-through');
    const media = disks.map(({ medium }) => medium);
    const addedBytes = withMediaLocked(library, media, () =>
      memory && keepSaved(library, config.id, { id, name, note, createdAt })
        ? 0
        : takeSnapshot(library, {
            id,
            machine: config.id,
            kind: 'snapshot',
            name,
            note,
            config: JSON.stringify(config),
            createdAt,
            disks: disks.map(({ place, medium, mode }) => ({
              place,
              medium,
              lastLog: Infinity,
              forgets: mode === 'immutable' ? ('disk' as const) : undefined,
            })),
          }).addedBytes,
    );
    return { pauseMs: 0, totalMs: performance.now() - startMs, addedBytes };
  };

  const take = async (
    config: MachineConfig,
    name: string,
    note: string,
    memory: boolean,
  ): Promise<Result<CallResult<'snapshots.take'>>> => {
    const id = randomUUID();
    const refused = writtenInPlace(config);
    if (refused) return err(refused);
    const captured = isActive(config.id)
      ? await askMachine(library.folder, config.id, 'snapshot', { id, name, note, memory })
      : await attempt(`snapshot "${name}"`, () =>
          withLock(config.id, () => takeStopped(config, id, name, note, memory)),
        );
    if (!captured.ok) return captured;
    fire({ event: 'snapshots.changed', machine: config.id });
    return ok({ id, captured: captured.value });
  };

  const removable: Removable = {
    check: (id) => {
      const snapshot = getSnapshot(library, id);
      refuseIfResumed(library, snapshot);
      return snapshot.name;
    },
    remove: (id) => {
      const snapshot = listSnapshots(library).find((one) => one.id === id);
      if (!snapshot) return;
      deleteSnapshot(library, id);
      fire({ event: 'snapshots.changed', machine: snapshot.machine });
      context.collectSoon();
    },
    changed: (id) => {
      const snapshot = listSnapshots(library).find((one) => one.id === id);
      if (snapshot) fire({ event: 'snapshots.changed', machine: snapshot.machine });
    },
  };

  const calls: Pick<Handlers, SnapshotCalls> = {
    'snapshots.list': async ({ machine }) => {
      const config = get(machine);
      if (!config.ok) return config;
      return attempt('snapshots', () => {
        const { owners } = usageOf(library, { byMachine: false });
        const position = getPosition(library, machine);
        const bytesOf = new Map(owners.map((owner) => [owner.id, owner]));
        const snapshots = listSnapshots(library, machine)
          .filter(({ kind }) => kind === 'snapshot')
          .map((snapshot) => ({
            id: snapshot.id,
            machine,
            parent: snapshot.parent ?? null,
            name: snapshot.name,
            note: snapshot.note,
            createdAt: snapshot.createdAt,
            hasMemory: snapshot.memory !== undefined,
            hasPicture: snapshot.picture !== undefined,
            current: position.snapshot === snapshot.id,
            bytes: bytesOf.get(snapshot.id)?.bytes ?? 0,
            uniqueBytes: bytesOf.get(snapshot.id)?.uniqueBytes ?? 0,
          }));
        const shown = shownSnapshots(snapshots, hidden());
        const from = shown.find(({ current }) => current);
        const changed =
          from === undefined
            ? null
            : isActive(machine) || presentChanged(library, config.value, getSnapshot(library, from.id));
        return { snapshots: shown, changed };
      });
    },
    'snapshots.take': async ({ machine, name, note, memory }) => {
      const config = get(machine);
      return config.ok ? take(config.value, name, note, memory) : config;
    },
    'snapshots.restore': async ({ id, keepCurrent, stop, start }) => {
      const snapshot = await attempt('restore', () => visible(id));
      if (!snapshot.ok) return snapshot;
      const config = get(snapshot.value.machine);
      if (!config.ok) return config;
      if (isActive(config.value.id) && !stop)
        return err(fail('machine.running', `"${config.value.name}" is running`, 'stop it first'));
      // While it still runs, so that its memory is kept as well.
      if (keepCurrent !== undefined) {
        const kept = await take(config.value, keepCurrent, '', true);
        if (!kept.ok) return kept;
      }
      if (isActive(config.value.id)) {
        const stopped = await context.stop(config.value.id);
        if (!stopped.ok) return stopped;
      }
      const restored = await attempt(`restore "${snapshot.value.name}"`, () =>
        withLock(config.value.id, () => {
          // What people call it and where they put it is the machine's own; its parts are as they were then.
          const then = parseConfig(snapshot.value.config, `the snapshot "${snapshot.value.name}"`);
          restoreSnapshot(library, snapshot.value);
          const now = { ...config.value, ...hardwareOf(then) };
          library.database.prepare('UPDATE machine SET config = ? WHERE id = ?').run(JSON.stringify(now), now.id);
          return now;
        }),
      );
      if (!restored.ok) return restored;
      fire({ event: 'snapshots.changed', machine: config.value.id });
      context.collectSoon();
      const info = changed(restored.value);
      return start ? context.startHere(config.value.id) : ok(info);
    },
    'snapshots.delete': async ({ id }) =>
      attempt('delete', () => {
        visible(id);
        removable.remove(id);
        return {};
      }),
    'snapshots.edit': async ({ id, name, note }) =>
      attempt('edit', () => {
        visible(id);
        const changes = { ...(name !== undefined && { name }), ...(note !== undefined && { note }) };
        fire({ event: 'snapshots.changed', machine: renameSnapshot(library, id, changes).machine });
        return {};
      }),
    'snapshots.compare': async ({ machine, first, second }) => {
      const config = get(machine);
      if (!config.ok) return config;
      return attempt('compare', () =>
        compareStates(library, machine, storedDisks(config.value), [first ?? undefined, second ?? undefined]),
      );
    },
    'snapshots.picture': async ({ id }) =>
      attempt('picture', () => {
        const { picture } = getSnapshot(library, id);
        if (!picture) return { png: null };
        const chunks = new ChunkReader(library);
        try {
          const png = new TreeReader(chunks).readAll(picture.root, picture.sizeBytes);
          return { png: Buffer.from(png).toString('base64') };
        } finally {
          chunks.dispose();
        }
      }),
    'machines.clone': async ({ id, snapshot, name, full }) => {
      const config = get(id);
      if (!config.ok) return config;
      if (snapshot === undefined && isActive(id))
        return err(
          fail('machine.running', `"${config.value.name}" is running`, 'stop it, name a snapshot, or fork the machine'),
        );
      const cloned = await attempt(`clone "${config.value.name}"`, () => {
        const clone = randomUUID();
        const draft = {
          id: clone,
          name,
          configFor: (text: string, media: ReadonlyMap<string, string>) => configFor(text, clone, name, media),
        };
        const tree = full ? shownTree(id) : [];
        if (snapshot !== undefined) {
          const from = visible(snapshot);
          const disks = [...from.disks, ...writeThroughDisks(library, from)];
          cloneMachine(library, { ...from, disks, snapshot: from.id }, draft, tree);
        } else
          withLock(id, () =>
            cloneMachine(
              library,
              {
                config: JSON.stringify(config.value),
                disks: presentDisks(library, storedDisks(config.value)),
                snapshot: getPosition(library, id).snapshot,
              },
              draft,
              tree,
            ),
          );
        return clone;
      });
      if (!cloned.ok) return cloned;
      const made = get(cloned.value);
      if (!made.ok) return made;
      fire({ event: 'media.changed' });
      return ok(changed(made.value));
    },
    'machines.fork': async ({ id, name, start }) => {
      const config = get(id);
      if (!config.ok) return config;
      const refused = writtenInPlace(config.value);
      if (refused) return err(refused);
      const fork = randomUUID();
      const media = storedDisks(config.value).map(({ place, medium }) => ({
        from: medium,
        id: randomUUID() as string,
        name: freeMediumName(library, `${name} ${place}`),
      }));
      const own = new Map(media.map(({ from, id: to }) => [from, to]));
      const captured = await askMachine(library.folder, id, 'fork', {
        id: fork,
        name,
        config: configFor(JSON.stringify(config.value), fork, name, own),
        media,
      });
      if (!captured.ok) return captured;
      const made = get(fork);
      if (!made.ok) return made;
      fire({ event: 'media.changed' });
      const info = changed(made.value);
      const started = start ? await context.start(fork) : ok(info);
      return started.ok ? ok({ machine: started.value, captured: captured.value }) : started;
    },
  };
  return { calls, removable };
}
