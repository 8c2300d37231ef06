import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** Those used last stay. */
const KERNELS_MAX = 8;
const CRC_BYTES = 4;

/** Where programs keep what they can make again, by the platform's convention. */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/Terrarium');
  if (process.platform === 'win32') return join(LOCALAPPDATA ?? join(homedir(), 'AppData/Local'), 'Terrarium/Cache');
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'terrarium');
}

/**
 * Unpacked kernels by what they were unpacked from, a CRC32 behind each: xz takes a second. What cannot be read or written is
 * as if it were not there.
 */
export class KernelCache {
  readonly #folder: string;

  constructor(folder = join(cacheFolder(), 'kernels')) {
    this.#folder = folder;
  }

  async read(packed: Uint8Array, unpackedBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const path = this.#path(packed);
    try {
      await using file = await open(path, 'r');
      const bytes = new Uint8Array(unpackedBytes + CRC_BYTES);
      const { size } = await file.stat();
      if (size !== bytes.length || (await file.read(bytes)).bytesRead !== size) return undefined;
      const unpacked = bytes.subarray(0, unpackedBytes);
      if (crc32(unpacked) !== new DataView(bytes.buffer).getUint32(unpackedBytes, true)) return undefined;
      const now = new Date();
      await utimes(path, now, now);
      return unpacked;
    } catch {
      return undefined;
    }
  }

  async write(packed: Uint8Array, unpacked: Uint8Array): Promise<void> {
    const path = this.#path(packed);
    const temporary = `${path}.${randomUUID()}`;
    const crc = new Uint8Array(CRC_BYTES);
    new DataView(crc.buffer).setUint32(0, crc32(unpacked), true);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(temporary, [unpacked, crc], { mode: 0o600 });
      await rename(temporary, path);
      await this.#tidy();
    } catch {
      await rm(temporary, { force: true }).catch(() => {});
    }
  }

  async #tidy(): Promise<void> {
    const paths = (await readdir(this.#folder)).map((name) => join(this.#folder, name));
    const files = await Promise.all(paths.map(async (path) => ({ path, mtimeMs: (await stat(path)).mtimeMs })));
    files.sort((a, b) => b.mtimeMs - a.mtimeMs);
    await Promise.all(files.slice(KERNELS_MAX).map(({ path }) => rm(path, { force: true })));
  }

  #path(packed: Uint8Array): string {
    return join(this.#folder, createHash('sha256').update(packed).digest('hex'));
  }
}
