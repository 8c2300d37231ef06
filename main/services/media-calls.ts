import { FailureError, type Result } from '../../core/base/index.ts';
import { rmSync, statSync } from 'node:fs';
import {
  fail,
  mediumIdOf,
  mediumPath,
  type CallResult,
  type ImageFormatName,
  type MachineConfig,
  type Task,
  type TerrariumEvent,
} from '../../core/contract/index.ts';
import { openByteFile, relatedFiles } from '../../core/formats/file-source.ts';
import { copyImage, createImage, type DiskImage } from '../../core/formats/index.ts';
import {
  StoreDisk,
  StoreWorker,
  createMedium,
  getMedium,
  getSnapshot,
  listMedia,
  removeMedium,
  snapshotsOf,
  type Collected,
  type Library,
  type Medium,
  type WorkerResults,
  type WorkerTask,
} from '../../core/store/index.ts';
import { attempt } from './attempt.ts';
import { examineMedium } from './examine-medium.ts';
import { guessMedium } from './guess-medium.ts';
import { hostImagesOf } from './host-images.ts';
import { hostPath } from './host-path.ts';
import { whileRead } from './images.ts';
import { imageHost, importImage } from './import-image.ts';
import type { Removable } from './removals.ts';
import type { Handlers } from './services.ts';
import { driveSteps } from './steps.ts';
import type { TaskContext, TaskRegistry } from './tasks.ts';

export interface MediaContext {
  readonly library: Library;
  readonly machines: () => MachineConfig[];
  /** Whether any process runs the machine. */
  readonly isActive: (machine: string) => boolean;
  /** Puts the file into the drives that hold the medium. */
  readonly reattach: (config: MachineConfig, from: string, to: string) => void;
  readonly tasks: TaskRegistry;
  readonly fire: (event: TerrariumEvent) => void;
  /** Ids of what is being removed. */
  readonly hidden: () => ReadonlySet<string>;
  readonly collectSoon: () => void;
  /** Undefined: another process collects. */
  readonly collectNow: () => Promise<Collected | undefined>;
}

type MediaCalls =
  | `media.${'list' | 'create' | 'import' | 'export' | 'move' | 'examine' | 'guess' | 'resize' | 'compact' | 'remove'}`
  | `store.${'check' | 'gc' | 'usage'}`;

export function mediaCalls(context: MediaContext): { calls: Pick<Handlers, MediaCalls>; removable: Removable } {
  const { library, machines, isActive, reattach, tasks, fire, hidden, collectSoon, collectNow } = context;
  const visible = (id: string): Medium => {
    if (hidden().has(id))
      throw new FailureError(fail('store.medium', 'the medium is being removed', 'undo that, or use another'));
    return getMedium(library, id);
  };
  const usedBy = (id: string): string[] =>
    machines()
      .filter((config) => usesMedium(config, id))
      .map(({ name }) => name);
  const infoOf = ({ id, name, kind, sizeBytes, createdAt }: Medium): CallResult<'media.create'> => ({
    ...{ id, name, kind, sizeBytes, createdAt },
    usedBy: usedBy(id),
  });
  const changed = (medium: Medium): CallResult<'media.create'> => {
    fire({ event: 'media.changed' });
    return infoOf(medium);
  };

  const drive = <S, T>(
    kind: Task['kind'],
    subject: string,
    work: Generator<S, T>,
    progress: (step: S) => readonly [doneBytes: number, totalBytes: number],
  ): Promise<T> => tasks.perform(kind, subject, (context) => driveSteps(subject, work, context, progress));

  /** A medium, or as it was in a snapshot, as a new file; nothing of it stays when the work fails or is cancelled. */
  const writeOut = async (
    task: 'export' | 'move',
    id: string,
    snapshot: string | undefined,
    path: string,
    format: ImageFormatName,
  ): Promise<CallResult<'media.export'>> => {
    const present = statSync(path, { throwIfNoEntry: false });
    if (present?.isDirectory())
      throw new FailureError(fail('file.directory', `${path} is a folder`, 'add the name of the new file'));
    if (present)
      throw new FailureError(fail('file.exists', `${path} is there already`, 'name another file, or remove that one'));
    const medium = visible(id);
    const then = snapshot === undefined ? undefined : getSnapshot(library, snapshot);
    const disk = then?.disks.find((at) => at.medium === id);
    if (then && !disk)
      throw new FailureError(fail('store.medium', `"${medium.name}" is not in "${then.name}"`, 'choose another'));
    const source = disk ? StoreDisk.ephemeral(library, disk) : StoreDisk.open(library, id, { mode: 'read-only' });
    try {
      const target = createHostImage(path, format, source.sizeBytes);
      if (!target.ok) throw new FailureError(target.error);
      try {
        await drive(task, path, copyImage(withExtents(source), target.value), (step) => [
          step.doneBytes,
          step.totalBytes,
        ]);
        const closed = target.value.close();
        if (!closed.ok) throw new FailureError(closed.error);
      } catch (error) {
        target.value.dispose();
        rmSync(path, { force: true });
        throw error;
      }
      return { path, sizeBytes: source.sizeBytes };
    } finally {
      source.dispose();
    }
  };

  const refuseIfNeeded = ({ id, name }: Medium, isLeftAside: (id: string) => boolean): void => {
    const snapshots = snapshotsOf(library, id).filter((of) => !isLeftAside(of.id) && !isLeftAside(of.machine));
    const needing = [...usedBy(id).map((m) => `machine "${m}"`), ...snapshots.map((s) => `snapshot "${s.name}"`)];
    if (needing.length > 0)
      throw new FailureError(
        fail('store.in-use', `"${name}" is needed by ${needing.join(', ')}`, 'detach it, or remove these first'),
      );
  };
  const removable: Removable = {
    check: (id) => {
      const medium = getMedium(library, id);
      const aside = hidden();
      refuseIfNeeded(medium, (one) => aside.has(one));
      return medium.name;
    },
    remove: (id) => {
      const medium = listMedia(library).find((one) => one.id === id);
      if (!medium) return;
      refuseIfNeeded(medium, () => false);
      removeMedium(library, id);
      fire({ event: 'media.changed' });
    },
    changed: () => fire({ event: 'media.changed' }),
  };

  const calls: Pick<Handlers, MediaCalls> = {
    'media.list': async () =>
      attempt('media', async () => {
        const aside = hidden();
        const media = listMedia(library).flatMap((medium) => (aside.has(medium.id) ? [] : [infoOf(medium)]));
        return { media, files: await hostImagesOf(machines().filter(({ id }) => !aside.has(id))) };
      }),
    'media.create': async (draft) => attempt(`"${draft.name}"`, () => changed(createMedium(library, draft))),
    'media.import': async ({ path, name, kind, allow, alone }) => {
      const absolute = hostPath(path);
      const related = alone ? undefined : relatedFiles({ allowed: allow ?? [] });
      const imported = await whileRead(absolute, undefined, () =>
        attempt(absolute, async () =>
          changed(
            await drive('import', absolute, importImage(library, absolute, { name, kind, related }), (step) => step),
          ),
        ),
      );
      // What was stored of it is nobody's.
      if (!imported.ok) collectSoon();
      return imported;
    },
    'media.export': async ({ id, snapshot, path, format }) => {
      const absolute = hostPath(path);
      return attempt(absolute, () => writeOut('export', id, snapshot, absolute, format));
    },
    'media.move': async ({ id, path, format }) => {
      const absolute = hostPath(path);
      return attempt(absolute, async () => {
        const { name } = visible(id);
        const machine = machines().find((config) => usesMedium(config, id) && isActive(config.id));
        if (machine)
          throw new FailureError(
            fail('store.in-use', `"${machine.name}", which runs, uses "${name}"`, 'stop it first'),
          );
        const [snapshot] = snapshotsOf(library, id);
        if (snapshot !== undefined)
          throw new FailureError(
            fail(
              'store.in-use',
              `the snapshot "${snapshot.name}" needs "${name}"`,
              'export a copy, or delete the snapshot',
            ),
          );
        const written = await writeOut('move', id, undefined, absolute, format);
        for (const config of machines().filter((one) => usesMedium(one, id)))
          reattach(config, mediumPath(id), absolute);
        removeMedium(library, id);
        fire({ event: 'media.changed' });
        return written;
      });
    },
    'media.examine': async ({ id }) =>
      attempt('examine', async () => {
        const { name } = visible(id);
        return drive('check', name, examineMedium(library, id), (step) => step);
      }),
    'media.guess': async ({ path }) => guessMedium(hostPath(path)),
    'media.resize': async ({ id, sizeBytes, force, keepAs }) =>
      attempt('resize', async () =>
        changed(await beside(library.folder, { kind: 'resize', medium: id, sizeBytes, force, copyName: keepAs })),
      ),
    'media.compact': async ({ id }) =>
      attempt('compact', async () => changed(await beside(library.folder, { kind: 'compact', medium: id }))),
    'media.remove': async ({ id }) =>
      attempt('remove', () => {
        visible(id);
        removable.remove(id);
        return {};
      }),
    'store.check': async ({ repair }) =>
      attempt('check', async () => {
        const { problems, repaired, chunks, bytes } = await tasks.perform('check', library.folder, (context) =>
          beside(library.folder, { kind: 'check', repair }, context),
        );
        return { problems: [...problems], repaired: [...repaired], chunks, bytes };
      }),
    'store.gc': async () => attempt('collect', async () => (await collectNow()) ?? { chunks: 0, bytes: 0, packs: 0 }),
    'store.usage': async () =>
      attempt('usage', async () => {
        const usage = await beside(library.folder, { kind: 'usage' });
        return {
          ...usage,
          machines: [...usage.machines],
          owners: usage.owners.map((owner) => ({ ...owner, machine: owner.machine ?? null })),
        };
      }),
  };
  return { calls, removable };
}

/** What reads or writes much, in a thread of its own: others are answered meanwhile. A cancel ends the thread. */
async function beside<T extends WorkerTask>(
  folder: string,
  task: T,
  context?: TaskContext,
): Promise<WorkerResults[T['kind']]> {
  const worker = new StoreWorker(folder);
  const cancel = (): void => worker.dispose();
  context?.signal.addEventListener('abort', cancel);
  try {
    return await worker.run(task, context?.onProgress);
  } catch (error) {
    if (context?.signal.aborted) throw new FailureError(fail('task.cancelled', `${folder}: the work was cancelled`));
    throw error;
  } finally {
    worker.dispose();
  }
}

const usesMedium = ({ floppies, disks, cdrom }: MachineConfig, id: string): boolean =>
  [...floppies, ...disks, cdrom].some((attachment) => attachment && mediumIdOf(attachment.path) === id);

function createHostImage(path: string, format: ImageFormatName, sizeBytes: number): Result<DiskImage> {
  const file = openByteFile(path, 'create');
  if (!file.ok) return file;
  const image = createImage(file.value, format, { ...imageHost, sizeBytes });
  if (!image.ok) {
    file.value.dispose();
    rmSync(path, { force: true });
  }
  return image;
}

/** How far zeros are looked for at a time: others have their turn between. */
const LOOK_BYTES = 1 << 30;

/** What the store does not hold is skipped, not read as zeros: a large disk that is mostly empty is written in moments. */
function withExtents(disk: StoreDisk): Pick<DiskImage, 'sizeBytes' | 'read' | 'extentAt'> {
  return {
    sizeBytes: disk.sizeBytes,
    read: (at, target) => disk.read(at, target),
    extentAt(offsetBytes, maxBytes) {
      const limit = Math.min(maxBytes, disk.sizeBytes - offsetBytes, LOOK_BYTES);
      const zeros = disk.zerosAt(offsetBytes, limit);
      return { lengthBytes: zeros > 0 ? zeros : limit, zero: zeros > 0, depth: 0 };
    },
  };
}
