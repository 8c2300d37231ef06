/** Disk images of the host as people work with them: look, check, create, resize, convert. */
import { chmodSync, closeSync, fsyncSync, mkdtempSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { err, ok, type Failure, type Result } from '../../core/base/index.ts';
import {
  fail,
  type Conversion,
  type ImageCheck,
  type ImageDescription,
  type ImageRef,
  type NewImage,
} from '../../core/contract/index.ts';
import { nodeCodecs } from '../../core/formats/file-codecs.ts';
import { openByteFile, relatedFiles } from '../../core/formats/file-source.ts';
import {
  IMAGE_VARIANTS,
  attempt,
  copyImage,
  createImage,
  type DiskImage,
  type RelatedFiles,
} from '../../core/formats/index.ts';
import { systemEntropy, systemWallClock } from '../vm-host/clocks.ts';
import { openDiskFile, type DiskFile } from '../vm-host/disk-file.ts';
import { openHostFile } from '../vm-host/image-file.ts';
import { lockImage, lockImageToRead } from '../vm-host/image-lock.ts';
import { hostPath } from './host-path.ts';
import type { TaskContext } from './tasks.ts';

export function describeImage(ref: ImageRef): Result<ImageDescription> {
  return withImage(ref, false, ({ image, path, identities }) => ok(descriptionOf(image, path, identities.values())));
}

export function checkImageFile(ref: ImageRef, repair: boolean, lockFolder?: string): Promise<Result<ImageCheck>> {
  return whileNobodyWrites(ref.path, lockFolder, () =>
    withImage(ref, repair, ({ image, path }) => {
      const repaired = repair ? image.check({ repair }).repaired : 0;
      // What a repair could not put right is found again.
      const report = image.check();
      return ok({ path, format: image.format, ...report, repaired, errors: [...report.errors] });
    }),
  );
}

export function resizeImageFile(
  ref: ImageRef,
  sizeBytes: number,
  lockFolder?: string,
): Promise<Result<ImageDescription>> {
  return whileNobodyWrites(ref.path, lockFolder, () =>
    withImage(ref, true, ({ image, path, identities }) => {
      const resized = image.resize(sizeBytes);
      return resized.ok ? ok(descriptionOf(image, path, identities.values())) : resized;
    }),
  );
}

export function createImageFile(draft: NewImage): Result<ImageDescription> {
  const path = hostPath(draft.path);
  let parent: DiskFile | undefined;
  if (draft.parent) {
    const opened = openDiskFile({ ...draft.parent, path: hostPath(draft.parent.path), writable: false });
    if (!opened.ok) return opened;
    parent = opened.value;
  }
  const sizeBytes = draft.sizeBytes ?? parent?.image.sizeBytes;
  if (sizeBytes === undefined) {
    parent?.image.dispose();
    return err(fail('image.size', 'a new disk needs a size', 'name one, or a parent'));
  }
  const made = makeImage(
    path,
    draft,
    sizeBytes,
    parent && { image: parent.image, reference: relative(dirname(path), parent.path) },
  );
  if (!made.ok) {
    parent?.image.dispose();
    return made;
  }
  const { image, files } = made.value;
  const description = descriptionOf(image, path, files);
  const closed = image.close();
  if (closed.ok) return ok({ ...description, fileBytes: fileBytes(files) });
  removeAll(files);
  return closed;
}

export interface ConvertContext extends TaskContext {
  readonly lockFolder?: string | undefined;
}

/** How long the work may hold the event loop before others have their turn. */
const SLICE_MS = 10;

/** Nothing but the finished image stays: what was made is removed on an error or when it is cancelled. */
export function convertImageFile(conversion: Conversion, context: ConvertContext): Promise<Result<ImageDescription>> {
  const from = { ...conversion.from, path: hostPath(conversion.from.path) };
  return whileRead(from.path, context.lockFolder, async () => {
    const source = openDiskFile({ ...from, writable: false });
    if (!source.ok) return source;
    try {
      return await copyToNew(source.value.image, hostPath(conversion.to), conversion, context);
    } finally {
      source.value.image.dispose();
    }
  });
}

async function copyToNew(
  source: DiskImage,
  to: string,
  kind: ImageKind,
  context: TaskContext,
): Promise<Result<ImageDescription>> {
  const made = makeImage(to, kind, source.sizeBytes, undefined);
  if (!made.ok) return made;
  const { image, files } = made.value;
  const copied = await copyInSlices(source, image, to, context);
  const description = copied.ok ? descriptionOf(image, to, files) : undefined;
  const closed = copied.ok ? image.close() : copied;
  image.dispose();
  if (closed.ok && description) return ok({ ...description, fileBytes: fileBytes(files) });
  removeAll(files);
  return closed.ok ? err(fail('internal', 'an image without a description')) : closed;
}

/**
 * Writes an image anew without what is zeros, and puts that in its place: whatever happens, the old one or the new one is
 * there. Not for images whose other parts a copy would lose (code `image.unsupported`).
 */
export function compactImageFile(ref: ImageRef, context: ConvertContext): Promise<Result<ImageDescription>> {
  const path = hostPath(ref.path);
  return whileNobodyWrites(path, context.lockFolder, async () => {
    const source = openDiskFile({ ...ref, path, writable: false });
    if (!source.ok) return source;
    const { image, identities } = source.value;
    // Of the same name: some formats write it into the file.
    const folder = mkdtempSync(join(dirname(path), '.compact-'));
    const anew = join(folder, basename(path));
    try {
      const { format, variant, clusterBytes, parent, snapshots } = image.info();
      const obstacle = parent
        ? `${path} differs from a parent`
        : snapshots.length > 0
          ? `${path} holds snapshots`
          : identities.size > 1
            ? `${path} lies in several files`
            : undefined;
      if (obstacle !== undefined)
        return err(fail('image.unsupported', obstacle, 'convert it into a new image instead'));
      const kind = { format, variant, ...(format === 'qcow2' && { clusterBytes }) };
      const copied = await copyToNew(image, anew, kind, context);
      if (!copied.ok) return copied;
      syncFile(anew);
      chmodSync(anew, statSync(path).mode & 0o777);
      renameSync(anew, path);
      return ok({ ...copied.value, path });
    } catch (error) {
      return err(
        fail('file.io', `${path}: ${(error as Error).message}`, 'the image is as it was; make room beside it'),
      );
    } finally {
      image.dispose();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

function syncFile(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

async function copyInSlices(
  source: DiskImage,
  target: DiskImage,
  path: string,
  { signal, onProgress }: TaskContext,
): Promise<Result<void>> {
  const steps = copyImage(source, target);
  let cancelled: Failure | undefined;
  for (let done = false; !done && !cancelled;) {
    const slice = attempt({ name: path }, () => {
      const pauseAtMs = performance.now() + SLICE_MS;
      while (!done && performance.now() < pauseAtMs) {
        const step = steps.next();
        if (step.done) done = true;
        else onProgress(step.value.doneBytes, step.value.totalBytes);
      }
      return ok(undefined);
    });
    if (!slice.ok) return slice;
    await new Promise((resume) => setImmediate(resume));
    if (signal.aborted) cancelled = fail('task.cancelled', 'the conversion was cancelled', 'start it again');
  }
  return cancelled ? err(cancelled) : ok(undefined);
}

type ImageKind = Pick<NewImage, 'format' | 'variant' | 'clusterBytes' | 'compression'>;

interface MadeImage {
  readonly image: DiskImage;
  /** Paths of every file that was made for it. */
  readonly files: readonly string[];
}

function makeImage(
  path: string,
  { format, variant, clusterBytes, compression }: ImageKind,
  sizeBytes: number,
  parent: { readonly image: DiskImage; readonly reference: string } | undefined,
): Result<MadeImage> {
  const variants: readonly string[] = IMAGE_VARIANTS[format];
  if (variant !== undefined && !variants.includes(variant))
    return err(fail('image.unsupported', `${format} has no variant "${variant}"`, `choose ${variants.join(', ')}`));
  const file = openByteFile(path, 'create');
  if (!file.ok) return file;
  const files = [path];
  const plain = relatedFiles();
  const related: RelatedFiles = {
    open: (request) => plain.open(request),
    create(beside, name) {
      const made = plain.create(beside, name);
      if (made.ok) files.push(made.value.name);
      return made;
    },
  };
  const image = createImage(file.value, format, {
    codecs: nodeCodecs,
    related,
    sizeBytes,
    variant,
    clusterBytes,
    compression,
    parent,
    entropy: systemEntropy,
    wallClock: systemWallClock,
  });
  if (image.ok) return ok({ image: image.value, files });
  file.value.dispose();
  removeAll(files);
  return image;
}

const removeAll = (files: readonly string[]): void => files.forEach((file) => rmSync(file, { force: true }));

const fileBytes = (files: Iterable<string>): number =>
  [...files].reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);

function descriptionOf(image: DiskImage, path: string, files: Iterable<string>): ImageDescription {
  const { variant, clusterBytes, parent, snapshots, ...info } = image.info();
  return {
    ...info,
    path,
    fileBytes: fileBytes(image.parent ? [path] : files),
    snapshots: snapshots.map(({ createdAtMs, ...snapshot }) => ({
      ...snapshot,
      createdAt: new Date(createdAtMs).toISOString(),
    })),
    ...(variant === undefined ? {} : { variant }),
    ...(clusterBytes === undefined ? {} : { clusterBytes }),
    ...(parent && {
      parent: { reference: parent.reference, ...(parent.format && { format: parent.format }) },
    }),
  };
}

/** Opens an image for one action, and closes it with what the action wrote. */
function withImage<T>(ref: ImageRef, writable: boolean, action: (disk: DiskFile) => Result<T>): Result<T> {
  const path = hostPath(ref.path);
  const disk = openDiskFile({ ...ref, path, writable });
  if (!disk.ok) return disk;
  const { image } = disk.value;
  try {
    const result = attempt({ name: path }, () => action(disk.value));
    const closed = image.close();
    return result.ok && !closed.ok ? closed : result;
  } finally {
    image.dispose();
  }
}

type Action<T> = () => Result<T> | Promise<Result<T>>;

/** Nobody else writes the image meanwhile, or reads it to copy it. */
const whileNobodyWrites = <T>(path: string, folder: string | undefined, action: Action<T>): Promise<Result<T>> =>
  locked(path, folder, lockImage, action);

/** Nobody writes the image meanwhile: what is read is of one moment. */
export const whileRead = <T>(path: string, folder: string | undefined, action: Action<T>): Promise<Result<T>> =>
  locked(path, folder, lockImageToRead, action);

async function locked<T>(
  path: string,
  folder: string | undefined,
  lockIt: typeof lockImage,
  action: Action<T>,
): Promise<Result<T>> {
  const absolute = hostPath(path);
  const file = openHostFile(absolute, 'disk');
  if (!file.ok) return file;
  file.value.dispose();
  const lock = await lockIt(file.value.identity, absolute, folder);
  if (!lock.ok) return lock;
  try {
    return await action();
  } finally {
    lock.value.dispose();
  }
}
