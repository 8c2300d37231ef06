import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { BlockIoError, type Block } from '../../core/backends/index.ts';
import { err, ok, type Disposable, type Failure, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import { hostReason } from '../../core/formats/file-source.ts';

export type FileKind = 'floppy' | 'disk' | 'cdrom' | 'rom' | 'kernel' | 'initrd';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

interface KindLimits {
  readonly name: string;
  readonly maxBytes: number;
  readonly maxText: string;
}

const LIMITS: Readonly<Record<FileKind, KindLimits>> = {
  floppy: { name: 'floppy', maxBytes: 2880 * KIB, maxText: '2.88 MB' },
  disk: { name: 'disk', maxBytes: 2048 * GIB, maxText: '2 TiB' },
  cdrom: { name: 'CD-ROM', maxBytes: 16 * GIB, maxText: '16 GiB' },
  rom: { name: 'firmware ROM', maxBytes: 16 * MIB, maxText: '16 MiB' },
  kernel: { name: 'kernel', maxBytes: 256 * MIB, maxText: '256 MiB' },
  initrd: { name: 'initrd', maxBytes: GIB, maxText: '1 GiB' },
};

/** Formats that a floppy drive knows, in KiB; an image is padded with zeros to the next one. */
const FLOPPY_KIB = [160, 180, 320, 360, 720, 1200, 1440, 1680, 1720, 2880] as const;

export const isFloppySize = (bytes: number): boolean => (FLOPPY_KIB as readonly number[]).includes(bytes / KIB);

/** An open regular file. `identity` is the same for every name (links, relative paths) of one file. */
export interface HostFile extends Disposable {
  readonly path: string;
  readonly fd: number;
  readonly sizeBytes: number;
  readonly identity: string;
}

export const identityOf = (stats: Pick<Stats, 'dev' | 'ino'>): string => `${stats.dev}-${stats.ino}`;

function failureOf(error: unknown, path: string, writing: boolean): Failure {
  const reason = hostReason(error);
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return fail('file.missing', `${path}: no such file`, 'check the name and the folder');
    case 'EISDIR':
      return fail('file.directory', `${path} is a folder`, 'name an image file');
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ETXTBSY':
      return writing && isReadable(path)
        ? fail(
            'file.unwritable',
            `${path} cannot be written (${reason})`,
            'change its permissions, or attach it without writing',
          )
        : fail(
            'file.unreadable',
            `${path} cannot be read (${reason})`,
            'change the permissions of the file or its folder',
          );
    default:
      return fail('file.io', `${path}: ${reason}`, 'check the disk that holds it');
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function checkStats(stats: Stats, path: string, kind: FileKind): Failure | undefined {
  const limits = LIMITS[kind];
  if (stats.isDirectory()) return fail('file.directory', `${path} is a folder`, `name a ${limits.name} image file`);
  if (!stats.isFile()) return fail('file.special', `${path} is not a regular file`, `name a ${limits.name} image file`);
  if (stats.size === 0) return fail('image.empty', `${path} is empty`, `name a ${limits.name} image with contents`);
  if (stats.size > limits.maxBytes)
    return fail(
      'image.oversized',
      `${path} has ${stats.size} bytes, a ${limits.name} at most ${limits.maxText}`,
      kind === 'floppy' ? 'attach it as a disk or a CD-ROM' : 'check that this is the right file',
    );
  return undefined;
}

/** Never waits: a pipe is refused before it is opened, and one that takes the file's place meanwhile does not block. */
export function openHostFile(path: string, kind: FileKind, writable = false): Result<HostFile> {
  let fd: number;
  try {
    const refused = checkStats(statSync(path), path, kind);
    if (refused) return err(refused);
    fd = openSync(path, (writable ? constants.O_RDWR : constants.O_RDONLY) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return err(failureOf(error, path, writable));
  }
  const stats = fstatSync(fd);
  const refused = checkStats(stats, path, kind);
  if (refused) {
    closeSync(fd);
    return err(refused);
  }
  return ok({ path, fd, sizeBytes: stats.size, identity: identityOf(stats), dispose: () => closeSync(fd) });
}

/** Whether a drive would take the file now. Opens nothing, and nobody waits for a disk that is slow to answer. */
export async function lookAtHostFile(
  path: string,
  kind: FileKind,
  writable: boolean,
): Promise<Result<{ readonly sizeBytes: number }>> {
  try {
    const stats = await stat(path);
    const refused = checkStats(stats, path, kind);
    if (refused) return err(refused);
    await access(path, constants.R_OK | (writable ? constants.W_OK : 0));
    return ok({ sizeBytes: stats.size });
  } catch (error) {
    return err(failureOf(error, path, writable));
  }
}

/** The medium's size: what a drive of its kind can hold, at least as large as the file. */
export function mediumBytes(kind: FileKind, fileBytes: number): number {
  if (kind === 'floppy') return FLOPPY_KIB.map((kib) => kib * KIB).find((bytes) => bytes >= fileBytes) ?? fileBytes;
  const sector = kind === 'cdrom' ? 2048 : 512;
  return Math.ceil(fileBytes / sector) * sector;
}

/** Fills `target`; what lies behind the end of the file reads as zeros. */
export function readFully(file: HostFile, offsetBytes: number, target: Uint8Array): void {
  let done = 0;
  while (done < target.length) {
    const count = readSync(file.fd, target, done, target.length - done, offsetBytes + done);
    if (count === 0) break;
    done += count;
  }
  target.fill(0, done);
}

/** A raw image in place. */
export class FileBlock implements Block {
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  readonly #file: HostFile;

  constructor(file: HostFile, sizeBytes: number, readOnly: boolean) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
    this.readOnly = readOnly;
  }

  read(offsetBytes: number, target: Uint8Array): void {
    this.#attempt('read', offsetBytes, () => readFully(this.#file, offsetBytes, target));
  }

  write(offsetBytes: number, data: Uint8Array): void {
    if (this.readOnly) throw new BlockIoError(`${this.#file.path}: opened read-only`, offsetBytes);
    this.#attempt('write', offsetBytes, () => {
      for (let done = 0; done < data.length;)
        done += writeSync(this.#file.fd, data, done, data.length - done, offsetBytes + done);
    });
  }

  flush(): void {
    if (!this.readOnly) this.#attempt('flush', 0, () => fsyncSync(this.#file.fd));
  }

  #attempt(what: string, offsetBytes: number, action: () => void): void {
    try {
      action();
    } catch (error) {
      throw new BlockIoError(`${this.#file.path}: ${what} at ${offsetBytes}: ${(error as Error).message}`, offsetBytes);
    }
  }
}

/** First bytes with which boot code without a signature (before PC DOS 2) begins: jumps, CLI, CLD, register set-up. */
const BOOT_CODE_STARTS = new Set([0xeb, 0xe9, 0xea, 0xe8, 0xfa, 0xfc, 0x31, 0x33, 0x29, 0x2b, 0x0e, 0x8c]);

/** Whether firmware would find something to start: a boot signature, boot code, or an El Torito record. */
export function looksBootable(medium: Pick<Block, 'sizeBytes' | 'read'>, kind: 'floppy' | 'disk' | 'cdrom'): boolean {
  const bytes = new Uint8Array(kind === 'cdrom' ? 0x27 : 512);
  const at = kind === 'cdrom' ? 17 * 2048 : 0;
  if (at + bytes.length > medium.sizeBytes) return false;
  medium.read(at, bytes);
  if (kind === 'cdrom') return new TextDecoder('latin1').decode(bytes).includes('EL TORITO SPECIFICATION');
  if (bytes[510] === 0x55 && bytes[511] === 0xaa) return true;
  return kind === 'floppy' && BOOT_CODE_STARTS.has(bytes[0]);
}
