/** Host files as images see them, and the rule by which an image may refer to others. */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  readdirSync,
  realpathSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { BlockIoError, type ByteFile } from '../backends/index.ts';
import { err, failure, ok, type Failure, type Result } from '../base/index.ts';
import type { RelatedFiles, RelatedRequest } from './disk-image.ts';
import { UUID_BYTES, uuidText } from './uuid.ts';
import { VDI_MODIFICATION_UUID_AT, VDI_UUID_AT } from './vdi.ts';

/** VDI files of a folder that are looked at for a parent. */
const VDI_FILES_MAX = 1000;

/** An open file descriptor as a ByteFile, which owns it. */
export class DescriptorFile implements ByteFile {
  readonly name: string;
  readonly identity: string;
  readonly readOnly: boolean;
  readonly #fd: number;
  #sizeBytes: number;
  #open = true;

  constructor(name: string, fd: number, readOnly: boolean) {
    const stats = fstatSync(fd);
    this.name = name;
    this.identity = `${stats.dev}-${stats.ino}`;
    this.readOnly = readOnly;
    this.#fd = fd;
    this.#sizeBytes = stats.size;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  read(offsetBytes: number, target: Uint8Array): void {
    this.#attempt('read', offsetBytes, () => {
      let done = 0;
      while (done < target.length) {
        const count = readSync(this.#fd, target, done, target.length - done, offsetBytes + done);
        if (count === 0) break;
        done += count;
      }
      target.fill(0, done);
    });
  }

  write(offsetBytes: number, data: Uint8Array): void {
    this.#attempt('write', offsetBytes, () => {
      for (let done = 0; done < data.length;)
        done += writeSync(this.#fd, data, done, data.length - done, offsetBytes + done);
    });
    this.#sizeBytes = Math.max(this.#sizeBytes, offsetBytes + data.length);
  }

  truncate(sizeBytes: number): void {
    this.#attempt('truncate', sizeBytes, () => ftruncateSync(this.#fd, sizeBytes));
    this.#sizeBytes = sizeBytes;
  }

  flush(): void {
    if (!this.readOnly) this.#attempt('flush', 0, () => fsyncSync(this.#fd));
  }

  dispose(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#fd);
  }

  /** A closed descriptor's number may be another file's by now: it is never used again. */
  #attempt(what: string, offsetBytes: number, action: () => void): void {
    if (!this.#open) throw new BlockIoError(`${this.name}: ${what} at ${offsetBytes}: the file is closed`, offsetBytes);
    if (this.readOnly && (what === 'write' || what === 'truncate'))
      throw new BlockIoError(`${this.name}: opened read-only`, offsetBytes);
    try {
      action();
    } catch (error) {
      throw new BlockIoError(`${this.name}: ${what} at ${offsetBytes}: ${(error as Error).message}`, offsetBytes);
    }
  }
}

export type FileAccess = 'read' | 'write' | 'create';

const FLAGS: Readonly<Record<FileAccess, number>> = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
};

/** Opens a regular file; `create` refuses one that exists. Never waits at a pipe. */
export function openByteFile(path: string, access: FileAccess): Result<ByteFile> {
  let fd: number | undefined;
  try {
    const refused = access === 'create' ? undefined : refusal(statSync(path), path);
    if (refused) return err(refused);
    fd = openSync(path, FLAGS[access] | (constants.O_NONBLOCK ?? 0), 0o644);
    const changed = refusal(fstatSync(fd), path);
    if (changed) {
      closeSync(fd);
      return err(changed);
    }
    return ok(new DescriptorFile(path, fd, access === 'read'));
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    return err(openFailure(error, path, access));
  }
}

function refusal(stats: Stats, path: string): Failure | undefined {
  if (stats.isFile()) return undefined;
  return stats.isDirectory()
    ? failure('file.directory', `${path} is a folder`, 'name an image file')
    : failure('file.special', `${path} is not a regular file`, 'name an image file');
}

/** What the host says of an error, without the path: "EACCES: permission denied". */
export function hostReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return /^E[A-Z0-9]+: [^,]+/.exec(message)?.[0] ?? code ?? 'unknown error';
}

function openFailure(error: unknown, path: string, access: FileAccess): Failure {
  const { code } = error as NodeJS.ErrnoException;
  const reason = hostReason(error);
  if (code === 'EEXIST') return failure('file.exists', `${path} exists already`, 'name another file, or remove it');
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG')
    return failure('file.missing', `${path}: no such file or folder`, 'check the name and the folder');
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return access === 'read'
      ? failure(
          'file.unreadable',
          `${path} cannot be read (${reason})`,
          'change the permissions of the file or its folder',
        )
      : failure(
          'file.unwritable',
          `${path} cannot be written (${reason})`,
          'change the permissions of the file or its folder',
        );
  return failure('file.io', `${path}: ${reason}`, 'check the disk that holds it');
}

export interface RelatedFileRules {
  /** Files and folders beside the image's own folder that its parents and extents may lie in. */
  readonly allowed?: readonly string[];
}

/**
 * The files that an image names, found relative to the image's folder. What lies outside that folder, after symbolic
 * links, is refused (`image.parent`) unless the user allowed it.
 */
export function relatedFiles(rules: RelatedFileRules = {}): RelatedFiles {
  return {
    open({ from, reference, uuid, modificationUuid, writable }) {
      if (reference === undefined && uuid !== undefined)
        return openVdi(from.name, { uuid, modificationUuid }, rules.allowed ?? []);
      if (reference === undefined || reference === '' || reference.includes('\0'))
        return err(failure('image.parent', 'it is not named', 'name the parent file'));
      const folder = dirname(resolve(from.name));
      const path = resolve(folder, reference);
      try {
        const real = realpathSync(path);
        const permitted = [realpathSync(folder), ...(rules.allowed ?? []).map((name) => realpathSync(name))];
        if (!permitted.some((place) => contains(place, real)))
          return err(
            failure(
              'image.parent',
              `${reference} lies outside the image's folder`,
              'allow that file, or move it beside the image',
            ),
          );
        return openByteFile(real, writable ? 'write' : 'read');
      } catch (error) {
        return err(openFailure(error, path, 'read'));
      }
    },
    create: (beside, name) => openByteFile(join(dirname(resolve(beside.name)), name), 'create'),
  };
}

/**
 * VDI names parents by UUID alone: they are looked for among the VDI files of the image's folder and the allowed ones. A copy
 * of the parent that went another way has its UUID too: it is opened where there is no better one, and refused with reason.
 */
function openVdi(
  imagePath: string,
  { uuid, modificationUuid }: Pick<RelatedRequest, 'uuid' | 'modificationUuid'>,
  allowed: readonly string[],
): Result<ByteFile> {
  let other: ByteFile | undefined;
  for (const place of [dirname(resolve(imagePath)), ...allowed]) {
    const names = statSync(place, { throwIfNoEntry: false })?.isDirectory()
      ? readdirSync(place)
          .filter((name) => /\.vdi$/i.test(name))
          .slice(0, VDI_FILES_MAX)
          .map((name) => join(place, name))
      : [place];
    for (const path of names) {
      const file = openByteFile(path, 'read');
      if (!file.ok) continue;
      if (vdiUuid(file.value, VDI_UUID_AT) !== uuid) file.value.dispose();
      else if (vdiUuid(file.value, VDI_MODIFICATION_UUID_AT) === modificationUuid) {
        other?.dispose();
        return file;
      } else if (other) file.value.dispose();
      else other = file.value;
    }
  }
  if (other) return ok(other);
  return err(
    failure(
      'image.parent',
      `no VDI in the image's folder has the UUID ${uuid}`,
      'allow the file that has, or move it there',
    ),
  );
}

/** Undefined: the file ends before it. */
function vdiUuid(file: ByteFile, at: number): string | undefined {
  if (file.sizeBytes < at + UUID_BYTES) return undefined;
  const bytes = new Uint8Array(UUID_BYTES);
  file.read(at, bytes);
  return uuidText(bytes, true);
}

/** Whether `path` is `place` or lies in it; both are real paths. */
function contains(place: string, path: string): boolean {
  const inside = relative(place, path);
  return !isAbsolute(inside) && inside.split(sep)[0] !== '..';
}
