import { hostIo, type StoreIo } from '../io.ts';

/** An error as the operating system reports it. */
const hostError = (code: string): Error => Object.assign(new Error(`${code}: injected`), { code });

/** `hostIo`, but the call with number `failAt` fails with `code`: a write after half of its bytes. Counts from 0. */
export class FaultyIo implements StoreIo {
  calls = 0;
  failAt = Infinity;
  code = 'EIO';

  #fails(): boolean {
    return this.calls++ === this.failAt;
  }
  open(path: string, flags: string, mode?: number): number {
    if (this.#fails()) throw hostError(this.code === 'ENOSPC' ? 'ENOSPC' : 'EMFILE');
    return hostIo.open(path, flags, mode);
  }
  close(fd: number): void {
    hostIo.close(fd);
  }
  write(fd: number, parts: readonly Uint8Array[], position: number): void {
    if (this.#fails()) {
      const all = Buffer.concat(parts);
      hostIo.write(fd, [all.subarray(0, all.length >> 1)], position);
      throw hostError(this.code);
    }
    hostIo.write(fd, parts, position);
  }
  read(fd: number, target: Uint8Array, position: number): number {
    if (this.#fails()) throw hostError('EIO');
    return hostIo.read(fd, target, position);
  }
  sync(fd: number): void {
    if (this.#fails()) throw hostError(this.code);
    hostIo.sync(fd);
  }
  syncFolder(path: string): void {
    if (this.#fails()) throw hostError(this.code);
    hostIo.syncFolder(path);
  }
  size(fd: number): number {
    return hostIo.size(fd);
  }
  cut(fd: number, sizeBytes: number): void {
    hostIo.cut(fd, sizeBytes);
  }
  remove(path: string): void {
    hostIo.remove(path);
  }
}

interface Write {
  readonly path: string;
  readonly position: number;
  readonly data: Buffer;
}

/** `hostIo` that also keeps what was written to files since their last sync, so that a power cut can be played. */
export class RecordingIo implements StoreIo {
  readonly #paths = new Map<number, string>();
  /** Writes that a power cut may lose, each or in part. */
  readonly unsynced: Write[] = [];
  readonly synced: Write[] = [];

  open(path: string, flags: string, mode?: number): number {
    const fd = hostIo.open(path, flags, mode);
    this.#paths.set(fd, path);
    return fd;
  }
  close(fd: number): void {
    this.#paths.delete(fd);
    hostIo.close(fd);
  }
  write(fd: number, parts: readonly Uint8Array[], position: number): void {
    this.unsynced.push({ path: this.#paths.get(fd)!, position, data: Buffer.concat(parts) });
    hostIo.write(fd, parts, position);
  }
  read(fd: number, target: Uint8Array, position: number): number {
    return hostIo.read(fd, target, position);
  }
  sync(fd: number): void {
    hostIo.sync(fd);
    const path = this.#paths.get(fd)!;
    this.synced.push(...this.unsynced.filter((write) => write.path === path));
    const rest = this.unsynced.filter((write) => write.path !== path);
    this.unsynced.splice(0, this.unsynced.length, ...rest);
  }
  syncFolder(path: string): void {
    hostIo.syncFolder(path);
  }
  size(fd: number): number {
    return hostIo.size(fd);
  }
  cut(fd: number, sizeBytes: number): void {
    hostIo.cut(fd, sizeBytes);
  }
  remove(path: string): void {
    hostIo.remove(path);
  }
}
