import fs from 'node:fs';

/**
 * The file system as packs and logs use it. Tests give one that fails at call k, fills up, or records what was written
 * between two syncs; nothing else in the store writes a file (SQLite writes its own).
 */
export interface StoreIo {
  open(path: string, flags: string, mode?: number): number;
  close(fd: number): void;
  /** Writes all of it; throws the host's error otherwise, and then any part of it may be in the file. */
  write(fd: number, parts: readonly Uint8Array[], position: number): void;
  /** Returns the bytes read, fewer only at the end of the file. */
  read(fd: number, target: Uint8Array, position: number): number;
  /** When it returns, everything written to `fd` is on stable storage. */
  sync(fd: number): void;
  /** As sync, for the names in a folder. */
  syncFolder(path: string): void;
  size(fd: number): number;
  /** Gives back what lies behind `sizeBytes`, which nothing needs: it may be there again after a power cut. */
  cut(fd: number, sizeBytes: number): void;
  remove(path: string): void;
}

export const hostIo: StoreIo = {
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  close: (fd) => fs.closeSync(fd),
  write(fd, parts, position) {
    const total = parts.reduce((sum, part) => sum + part.length, 0);
    let done = fs.writevSync(fd, parts as NodeJS.ArrayBufferView[], position);
    if (done === total) return;
    // A short write: the rest again, so that the disk's own error comes out.
    const all = Buffer.concat(parts);
    while (done < total) done += fs.writeSync(fd, all, done, total - done, position + done);
  },
  read(fd, target, position) {
    let done = 0;
    while (done < target.length) {
      const count = fs.readSync(fd, target, done, target.length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  },
  sync: (fd) => fs.fdatasyncSync(fd),
  syncFolder(path) {
    // Windows cannot open a folder; there NTFS journals names.
    if (process.platform === 'win32') return;
    const fd = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },
  size: (fd) => fs.fstatSync(fd).size,
  cut: (fd, sizeBytes) => fs.ftruncateSync(fd, sizeBytes),
  remove: (path) => fs.rmSync(path, { force: true }),
};
