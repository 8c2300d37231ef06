import { err, type Result } from '../../core/base/index.ts';
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  fail,
  mediumIdOf,
  type CallResult,
  type MachineConfig,
  type Task,
  type TerrariumEvent,
} from '../../core/contract/index.ts';
import { FailureError } from '../../core/base/index.ts';
import { nodeCodecs } from '../../core/formats/file-codecs.ts';
import { openByteFile } from '../../core/formats/file-source.ts';
import { copyImage, createImage, openImage, type DiskImage } from '../../core/formats/index.ts';
import {
  CHUNK_BYTES,
  ChunkReader,
  StoreDisk,
  TreeReader,
  ZERO_NAME,
  checkLibrary,
  compactMedium,
  createMedium,
  getMedium,
  getSnapshot,
  importMedium,
  levelsFor,
  listMedia,
  removeMedium,
  repairLibrary,
  resizeMedium,
  snapshotsOf,
  usageOf,
  type Collected,
  type Library,
  type Medium,
} from '../../core/store/index.ts';
import { systemEntropy, systemWallClock } from '../vm-host/clocks.ts';
import { mediumBytes } from '../vm-host/image-file.ts';
import type { Handlers } from './services.ts';
import { attempt } from './snapshot-calls.ts';
import type { TaskRegistry } from './tasks.ts';

export interface MediaContext {
  readonly library: Library;
  readonly machines: () => MachineConfig[];
  readonly tasks: TaskRegistry;
  readonly fire: (event: TerrariumEvent) => void;
  /** Undefined: another process collects. */
  readonly collectNow: () => Promise<Collected | undefined>;
}

type MediaCalls =
  | `media.${'list' | 'create' | 'import' | 'export' | 'resize' | 'compact' | 'remove'}`
  | `store.${'check' | 'gc' | 'usage'}`;

/** How long a work goes on before others on this thread have their turn. */
const TURN_MS = 20;

export function mediaCalls({ library, machines, tasks, fire, collectNow }: MediaContext): Pick<Handlers, MediaCalls> {
  const usedBy = (id: string): string[] =>
    machines()
      .filter(({ floppies, disks, cdrom }) =>
        [...floppies, ...disks, cdrom].some((attachment) => attachment && mediumIdOf(attachment.path) === id),
      )
      .map(({ name }) => name);
  const infoOf = ({ id, name, kind, sizeBytes, createdAt }: Medium): CallResult<'media.create'> => ({
    ...{ id, name, kind, sizeBytes, createdAt },
    usedBy: usedBy(id),
  });
  const changed = (medium: Medium): CallResult<'media.create'> => {
    fire({ event: 'media.changed' });
    return infoOf(medium);
  };

  /** Drives a work step by step as a task: others have turns, progress is told, a cancel ends it with nothing kept. */
  const drive = async <S, T>(
    kind: Task['kind'],
    subject: string,
    work: Generator<S, T>,
    progress: (step: S) => readonly [doneBytes: number, totalBytes: number],
  ): Promise<T> => {
    const { promise, resolve } = Promise.withResolvers<Result<T>>();
    tasks.start(kind, subject, async ({ signal, onProgress }) => {
      const result = await attempt(subject, async () => {
        try {
          for (let turnMs = performance.now(); ;) {
            if (signal.aborted) throw new FailureError(fail('task.cancelled', `${subject}: the work was cancelled`));
            const step = work.next();
            if (step.done) return step.value;
            if (performance.now() - turnMs < TURN_MS) continue;
            onProgress(...progress(step.value));
            await nextTurn();
            turnMs = performance.now();
          }
        } finally {
          work.return(undefined as never);
        }
      });
      resolve(result as Result<T>);
      return result;
    });
    const result = await promise;
    if (!result.ok) throw new FailureError(result.error);
    return result.value;
  };

  return {
    'media.list': async () => attempt('media', () => ({ media: listMedia(library).map(infoOf) })),
    'media.create': async (draft) => attempt(`"${draft.name}"`, () => changed(createMedium(library, draft))),
    'media.import': async ({ path, name, kind }) => {
      const absolute = resolve(path);
      const image = openHostImage(absolute);
      if (!image.ok) return image;
      const source = image.value;
      return attempt(absolute, async () => {
        try {
          const sizeBytes = mediumBytes(kind, source.sizeBytes);
          const work = importMedium(
            library,
            { name, kind, sizeBytes },
            {
              ...{ sizeBytes: source.sizeBytes, readOnly: true },
              read: (at, target) => source.read(at, target),
              write: () => {},
              flush: () => {},
              nextData: (at) => nextData(source, at),
            },
          );
          const medium = await drive('import', absolute, work, (doneBytes) => [doneBytes, sizeBytes]);
          return changed(medium);
        } finally {
          source.dispose();
        }
      });
    },
    'media.export': async ({ id, snapshot, path, format }) => {
      const absolute = resolve(path);
      if (existsSync(absolute))
        return err(fail('file.exists', `${absolute} is there already`, 'name another file, or remove that one'));
      return attempt(absolute, async () => {
        const medium = getMedium(library, id);
        const then = snapshot === undefined ? undefined : getSnapshot(library, snapshot);
        const disk = then?.disks.find((at) => at.medium === id);
        if (then && !disk)
          throw new FailureError(fail('store.medium', `"${medium.name}" is not in "${then.name}"`, 'choose another'));
        const source = disk ? StoreDisk.ephemeral(library, disk) : StoreDisk.open(library, id, { mode: 'read-only' });
        const chunks = new ChunkReader(library);
        try {
          const target = createHostImage(absolute, format, source.sizeBytes);
          if (!target.ok) throw new FailureError(target.error);
          try {
            const extents = withExtents(source, new TreeReader(chunks), disk ?? medium, disk !== undefined);
            await drive('export', absolute, copyImage(extents, target.value), (step) => [
              step.doneBytes,
              step.totalBytes,
            ]);
            const closed = target.value.close();
            if (!closed.ok) throw new FailureError(closed.error);
          } catch (error) {
            target.value.dispose();
            rmSync(absolute, { force: true });
            throw error;
          }
          return { path: absolute, sizeBytes: source.sizeBytes };
        } finally {
          chunks.dispose();
          source.dispose();
        }
      });
    },
    'media.resize': async ({ id, sizeBytes, force }) =>
      attempt('resize', () => changed(resizeMedium(library, id, sizeBytes, force))),
    'media.compact': async ({ id }) => attempt('compact', () => changed(compactMedium(library, id))),
    'media.remove': async ({ id }) =>
      attempt('remove', () => {
        const { name } = getMedium(library, id);
        const needing = [
          ...usedBy(id).map((m) => `machine "${m}"`),
          ...snapshotsOf(library, id).map((s) => `snapshot "${s}"`),
        ];
        if (needing.length > 0)
          throw new FailureError(
            fail('store.in-use', `"${name}" is needed by ${needing.join(', ')}`, 'detach it, or remove these first'),
          );
        removeMedium(library, id);
        fire({ event: 'media.changed' });
        return {};
      }),
    'store.check': async ({ repair }) =>
      attempt('check', async () => {
        const work = repair ? repairLibrary(library) : checkLibrary(library);
        const { problems, repaired, chunks, bytes } = await drive('check', library.folder, work, () => [0, 0]);
        return { problems: [...problems], repaired: [...repaired], chunks, bytes };
      }),
    'store.gc': async () => attempt('collect', async () => (await collectNow()) ?? { chunks: 0, bytes: 0, packs: 0 }),
    'store.usage': async () =>
      attempt('usage', () => {
        const usage = usageOf(library);
        return { ...usage, owners: usage.owners.map((owner) => ({ ...owner, machine: owner.machine ?? null })) };
      }),
  };
}

const imageHost = { codecs: nodeCodecs, entropy: systemEntropy, wallClock: systemWallClock };

/** A file to read from, whatever its format. An image that needs another file is refused. */
function openHostImage(path: string): Result<DiskImage> {
  const file = openByteFile(path, 'read');
  if (!file.ok) return file;
  const image = openImage(file.value, { ...imageHost, readOnly: true });
  if (!image.ok) file.value.dispose();
  return image;
}

function createHostImage(
  path: string,
  format: CallResult<'media.check'>['format'],
  sizeBytes: number,
): Result<DiskImage> {
  const file = openByteFile(path, 'create');
  if (!file.ok) return file;
  const image = createImage(file.value, format as 'raw', { ...imageHost, sizeBytes });
  if (!image.ok) {
    file.value.dispose();
    rmSync(path, { force: true });
  }
  return image;
}

function nextData(image: DiskImage, offsetBytes: number): number {
  let at = offsetBytes;
  while (at < image.sizeBytes) {
    const extent = image.extentAt(at, image.sizeBytes - at);
    if (!extent.zero) return at;
    at += extent.lengthBytes;
  }
  return at;
}

/** Zeros that the tree knows of are skipped, unless logs lie over it. */
function withExtents(
  disk: StoreDisk,
  trees: TreeReader,
  { root, sizeBytes }: { readonly root: string; readonly sizeBytes: number },
  treeAlone: boolean,
): Pick<DiskImage, 'sizeBytes' | 'read' | 'extentAt'> {
  const levels = levelsFor(sizeBytes);
  const isHole = (at: number): boolean =>
    treeAlone && trees.leaf(root, levels, Math.floor(at / CHUNK_BYTES)) === ZERO_NAME;
  return {
    sizeBytes: disk.sizeBytes,
    read: (at, target) => disk.read(at, target),
    extentAt(offsetBytes, maxBytes) {
      const zero = isHole(offsetBytes);
      const limit = Math.min(offsetBytes + maxBytes, disk.sizeBytes, offsetBytes + (64 << 20));
      let end = offsetBytes;
      while (end < limit && isHole(end) === zero) end = (Math.floor(end / CHUNK_BYTES) + 1) * CHUNK_BYTES;
      return { lengthBytes: Math.min(end, limit) - offsetBytes, zero, depth: 0 };
    },
  };
}
