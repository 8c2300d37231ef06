import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import type { CharSink } from '../../core/backends/index.ts';
import { err, ok, type Disposable, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import { identityOf } from './image-file.ts';

/** Serial output appended to a host file; lines reach it whole, at the latest when the machine ends. */
export class SerialFile implements CharSink, Disposable {
  readonly #fd: number;
  #buffer: number[] = [];

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Refuses folders and special files without waiting, and any file in `inUse` (device and inode of images). */
  static open(path: string, inUse: ReadonlyMap<string, string> = new Map()): Result<SerialFile> {
    const present = statSync(path, { throwIfNoEntry: false });
    if (present?.isDirectory())
      return err(fail('file.directory', `${path} is a folder`, 'name a file for the serial output'));
    if (present && !present.isFile())
      return err(fail('file.special', `${path} is not a regular file`, 'name a file for the serial output'));
    if (present && inUse.has(identityOf(present)))
      return err(
        fail('file.unwritable', `${path} is an image of this machine`, 'name another file for the serial output'),
      );
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | (constants.O_NONBLOCK ?? 0);
      const fd = openSync(path, flags, 0o644);
      if (fstatSync(fd).isFile()) return ok(new SerialFile(fd));
      closeSync(fd);
      return err(fail('file.special', `${path} is not a regular file`, 'name a file for the serial output'));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      return err(
        fail('file.unwritable', `${path} cannot be written (${code})`, 'name a file in a folder that you may write'),
      );
    }
  }

  write(byte: number): void {
    this.#buffer.push(byte);
    if (byte === 0x0a || this.#buffer.length >= 512) this.#drain();
  }

  dispose(): void {
    this.#drain();
    closeSync(this.#fd);
  }

  /** A full disk must not end the machine: what cannot be written is dropped. */
  #drain(): void {
    const data = Uint8Array.from(this.#buffer);
    this.#buffer = [];
    try {
      for (let done = 0; done < data.length;) done += writeSync(this.#fd, data, done);
    } catch {
      return;
    }
  }
}
