import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hostIo, type StoreIo } from '../io.ts';

interface UnsyncedFile {
  /** What was there at the last sync; undefined: the file's name is not on stable storage yet. */
  readonly base: Buffer | undefined;
  readonly writes: { readonly position: number; readonly data: Buffer }[];
}

const SECTOR_BYTES = 512;

/** What a power cut does to one write. */
type Fate = 'kept' | 'lost' | 'torn';
const FATES: readonly Fate[] = ['kept', 'kept', 'lost', 'torn'];

/**
 * `hostIo` up to call `cutAt`, from which on nothing works. `lose` then does to a copy of the folder what the cut may
 * have done: each write since its file's last sync is there, in part (any of its sectors), or not; a file whose folder
 * was not synced may be missing; one that was removed may be there again.
 */
export class PowerCutIo implements StoreIo {
  calls = 0;
  cutAt = Infinity;
  readonly #paths = new Map<number, string>();
  readonly #unsynced = new Map<string, UnsyncedFile>();
  readonly #removed = new Map<string, Buffer>();

  #work(): void {
    if (this.calls++ >= this.cutAt) throw Object.assign(new Error('EIO: the power is off'), { code: 'EIO' });
  }

  #track(path: string): UnsyncedFile {
    let file = this.#unsynced.get(path);
    if (!file) this.#unsynced.set(path, (file = { base: readFileSync(path), writes: [] }));
    return file;
  }

  open(path: string, flags: string, mode?: number): number {
    this.#work();
    const isNew = !existsSync(path);
    const fd = hostIo.open(path, flags, mode);
    this.#paths.set(fd, path);
    if (isNew) this.#unsynced.set(path, { base: undefined, writes: [] });
    return fd;
  }
  close(fd: number): void {
    this.#paths.delete(fd);
    hostIo.close(fd);
  }
  write(fd: number, parts: readonly Uint8Array[], position: number): void {
    this.#work();
    this.#track(this.#paths.get(fd)!).writes.push({ position, data: Buffer.concat(parts) });
    hostIo.write(fd, parts, position);
  }
  read(fd: number, target: Uint8Array, position: number): number {
    return hostIo.read(fd, target, position);
  }
  sync(fd: number): void {
    this.#work();
    const path = this.#paths.get(fd)!;
    const file = this.#unsynced.get(path);
    if (!file) return;
    // The data are safe; a name that is not stays so until its folder is synced.
    if (file.base === undefined) this.#unsynced.set(path, { base: undefined, writes: [] });
    else this.#unsynced.delete(path);
    this.#synced.set(path, readFileSync(path));
  }
  readonly #synced = new Map<string, Buffer>();

  syncFolder(folder: string): void {
    this.#work();
    for (const [path, file] of this.#unsynced)
      if (dirname(path) === folder && file.base === undefined)
        this.#unsynced.set(path, { base: this.#synced.get(path) ?? Buffer.alloc(0), writes: file.writes });
    for (const path of this.#removed.keys()) if (dirname(path) === folder) this.#removed.delete(path);
  }
  size(fd: number): number {
    return hostIo.size(fd);
  }
  cut(fd: number, sizeBytes: number): void {
    if (this.calls < this.cutAt) hostIo.cut(fd, sizeBytes);
  }
  remove(path: string): void {
    this.#work();
    if (existsSync(path)) this.#removed.set(path, readFileSync(path));
    this.#unsynced.delete(path);
    hostIo.remove(path);
  }

  /** `below(n)`: a random number from 0 to n - 1. Paths of `from` are those of `to` in the copy. */
  lose(from: string, to: string, below: (limit: number) => number): void {
    const there = (path: string): string => to + path.slice(from.length);
    for (const [path, { base, writes }] of this.#unsynced) {
      if (base === undefined && below(2) === 0) {
        rmSync(there(path), { force: true });
        continue;
      }
      const start = base ?? this.#synced.get(path) ?? Buffer.alloc(0);
      const image = Buffer.alloc(Math.max(start.length, ...writes.map((w) => w.position + w.data.length)));
      start.copy(image);
      let end = start.length;
      for (const { position, data } of writes) {
        const fate = FATES[below(FATES.length)];
        if (fate === 'lost') continue;
        // Sectors reach the disk in any order; the file's length is of another time than its data.
        for (let at = 0; at < data.length; at += SECTOR_BYTES)
          if (fate === 'kept' || below(2) === 0)
            data.copy(image, position + at, at, Math.min(at + SECTOR_BYTES, data.length));
        end = Math.max(end, position + data.length);
      }
      writeFileSync(there(path), image.subarray(0, end));
    }
    for (const [path, data] of this.#removed)
      if (below(2) === 0) {
        mkdirSync(dirname(there(path)), { recursive: true });
        writeFileSync(there(path), data);
      }
  }
}
