import { crc32 } from 'node:zlib';
import { damaged } from './errors.ts';
import type { StoreIo } from './io.ts';
import { isZero } from './name.ts';

/**
 * What a guest wrote to a disk since its tree was last brought up to date: a file of records, only ever appended.
 *
 *     header: u32 magic, u32 version, u32 log number, 16 bytes of the medium's id, u32 CRC
 *     record: u32 magic, u32 kind, u32 blocks, u32 CRC of the block CRCs, f64 first block, f64 synced bytes, u32 salt,
 *             u32 CRC of all this; of a data record then a u32 CRC for each block, and the blocks
 *
 * A SYNCED record follows every sync, so that the last one is known too.
 *
 * "Synced bytes" is how long the file was when it was last known to be on stable storage. A damaged record behind that
 * is a write that a crash cut short: nobody was told that it was safe, and the log ends there. A damaged record before
 * it is damage. The salt is the header's CRC, so that no bytes of another file pass for a record.
 */
export const BLOCK_BYTES = 4096;
export const LOG_HEADER_BYTES = 32;
const LOG_MAGIC = 0x474c5254; // "TRLG"
const LOG_VERSION = 1;
const RECORD_MAGIC = 0x524c5254; // "TRLR"
const RECORD_BYTES = 40;
const KIND = { DATA: 1, ZERO: 2, SYNCED: 3 } as const;
const RECORD_BLOCKS_MAX = 1 << 16;

/** Where a block's bytes lie. `at` ZEROS: nowhere, they are zeros; BAD: what lies there is damaged. */
export interface LogBlock {
  readonly at: number;
  readonly crc: number;
}

/** A log as another thread of the same process reads it. */
export interface LogShare {
  readonly fd: number;
  readonly path: string;
  readonly number: number;
  readonly sizeBytes: number;
}
const ZEROS = -1;
const BAD = -2;

const headerOf = (medium: string, log: number): Buffer => {
  const header = Buffer.alloc(LOG_HEADER_BYTES);
  header.writeUInt32LE(LOG_MAGIC, 0);
  header.writeUInt32LE(LOG_VERSION, 4);
  header.writeUInt32LE(log, 8);
  Buffer.from(medium.replaceAll('-', ''), 'hex').copy(header, 12);
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28);
  return header;
};

interface RecordHead {
  readonly kind: number;
  readonly count: number;
  readonly crcOfCrcs: number;
  readonly first: number;
  readonly syncedBytes: number;
}

function decodeHead(bytes: Buffer, salt: number): RecordHead | undefined {
  if (bytes.length < RECORD_BYTES || bytes.readUInt32LE(0) !== RECORD_MAGIC) return undefined;
  if (bytes.readUInt32LE(32) !== salt || bytes.readUInt32LE(36) !== crc32(bytes.subarray(0, 36))) return undefined;
  return {
    kind: bytes.readUInt32LE(4),
    count: bytes.readUInt32LE(8),
    crcOfCrcs: bytes.readUInt32LE(12),
    first: bytes.readDoubleLE(16),
    syncedBytes: bytes.readDoubleLE(24),
  };
}

export class DiskLog {
  readonly number: number;
  readonly path: string;
  readonly #io: StoreIo;
  readonly #fd: number;
  readonly #salt: number;
  readonly #blocks = new Map<number, LogBlock>();
  #end: number;
  #synced: number;
  #unsynced = false;
  #broken: unknown;

  private constructor(
    io: StoreIo,
    fd: number,
    path: string,
    number: number,
    salt: number,
    end: number,
    synced: number,
  ) {
    this.#io = io;
    this.#fd = fd;
    this.path = path;
    this.number = number;
    this.#salt = salt;
    this.#end = end;
    this.#synced = synced;
  }

  /** A new log. Its name is durable when this returns, if there is a `folder` to sync; throws the host's error. */
  static create(io: StoreIo, path: string, folder: string | undefined, medium: string, number: number): DiskLog {
    const header = headerOf(medium, number);
    const fd = io.open(path, 'wx+', 0o600);
    try {
      io.write(fd, [header], 0);
      if (folder !== undefined) {
        io.sync(fd);
        io.syncFolder(folder);
      }
    } catch (error) {
      io.close(fd);
      io.remove(path);
      throw error;
    }
    return new DiskLog(io, fd, path, number, header.readUInt32LE(28), LOG_HEADER_BYTES, LOG_HEADER_BYTES);
  }

  /** A log that `create` has just made, maybe in another thread; nothing was written to it. */
  static adopt(io: StoreIo, path: string, medium: string, number: number): DiskLog {
    const salt = headerOf(medium, number).readUInt32LE(28);
    return new DiskLog(io, io.open(path, 'r+'), path, number, salt, LOG_HEADER_BYTES, LOG_HEADER_BYTES);
  }

  /**
   * An existing log, to be read. Throws `store.damaged` when a record that was safe is not whole and its header does
   * not tell which blocks it held; damaged blocks that are known fail when they are read. `salvage`: goes on behind
   * such a record instead, and counts it in `lostRecords`.
   */
  static open(io: StoreIo, path: string, medium: string, number: number, salvage = false): DiskLog {
    const fd = io.open(path, 'r');
    try {
      const header = Buffer.alloc(LOG_HEADER_BYTES);
      const length = io.read(fd, header, 0);
      const expected = headerOf(medium, number);
      if (!header.equals(expected)) {
        // A crash right after it was made: nothing was written yet.
        if (io.size(fd) <= LOG_HEADER_BYTES && (length < LOG_HEADER_BYTES || isZero(header)))
          return new DiskLog(io, fd, path, number, expected.readUInt32LE(28), LOG_HEADER_BYTES, LOG_HEADER_BYTES);
        if (!salvage) throw damaged(`${path} at 0: the header of the log`);
      }
      const log = new DiskLog(io, fd, path, number, expected.readUInt32LE(28), LOG_HEADER_BYTES, LOG_HEADER_BYTES);
      log.#scan(salvage);
      return log;
    } catch (error) {
      io.close(fd);
      throw error;
    }
  }

  /** What another thread of this process needs to read it: nothing is appended to it any more. */
  get share(): LogShare {
    return { fd: this.#fd, path: this.path, number: this.number, sizeBytes: this.#end };
  }

  /** The log of another thread, to be read; its file stays the other's, so it is not disposed. Throws `store.damaged`. */
  static shared(io: StoreIo, { fd, path, number, sizeBytes }: LogShare, medium: string): DiskLog {
    const salt = headerOf(medium, number).readUInt32LE(28);
    const log = new DiskLog(io, fd, path, number, salt, LOG_HEADER_BYTES, LOG_HEADER_BYTES);
    log.#scan(false);
    if (log.#end !== sizeBytes) throw damaged(`${path} at ${log.#end}: a record of the log`);
    return log;
  }

  lostRecords = 0;

  get sizeBytes(): number {
    return this.#end;
  }

  /** What is surely on stable storage. */
  get syncedBytes(): number {
    return this.#synced;
  }

  get blocks(): ReadonlyMap<number, LogBlock> {
    return this.#blocks;
  }

  /** Whether any block of the log is damaged: its number. */
  get damagedBlocks(): number[] {
    return [...this.#blocks].filter(([, { at }]) => at === BAD).map(([block]) => block);
  }

  #scan(salvage: boolean): void {
    const size = this.#io.size(this.#fd);
    const head = Buffer.alloc(RECORD_BYTES);
    while (this.#end < size) {
      const length = this.#io.read(this.#fd, head, this.#end);
      const record = decodeHead(head.subarray(0, length), this.#salt);
      if (!record) {
        const next = this.#nextRecord(this.#end + 1, size);
        if (next === undefined) return;
        if (!salvage) throw damaged(`${this.path} at ${this.#end}: a record of the log`);
        this.lostRecords++;
        this.#end = next;
        continue;
      }
      if (!this.#replay(record, size)) return;
    }
  }

  /** False: the log ends within this record. */
  #replay(record: RecordHead, size: number): boolean {
    const start = this.#end;
    if (record.kind === KIND.SYNCED) {
      this.#end = start + RECORD_BYTES;
      return true;
    }
    if (record.kind === KIND.ZERO) {
      for (let i = 0; i < record.count; i++) this.#blocks.set(record.first + i, { at: ZEROS, crc: 0 });
      this.#end = start + RECORD_BYTES;
      return true;
    }
    const dataAt = start + RECORD_BYTES + record.count * 4;
    const end = dataAt + record.count * BLOCK_BYTES;
    const body = Buffer.allocUnsafe(Math.max(0, Math.min(end, size) - start - RECORD_BYTES));
    this.#io.read(this.#fd, body, start + RECORD_BYTES);
    const crcs = body.subarray(0, record.count * 4);
    const crcsGood = crcs.length === record.count * 4 && crc32(crcs) === record.crcOfCrcs;
    const good = (i: number): boolean => {
      const block = body.subarray(record.count * 4 + i * BLOCK_BYTES, record.count * 4 + (i + 1) * BLOCK_BYTES);
      return crcsGood && block.length === BLOCK_BYTES && crc32(block) === crcs.readUInt32LE(i * 4);
    };
    const whole = Array.from({ length: record.count }, (_, i) => good(i));
    // Cut short by a crash, unless somebody was told that it was safe.
    if (whole.includes(false) && !this.#wasSafe(end, size)) return false;
    whole.forEach((isWhole, i) =>
      this.#blocks.set(
        record.first + i,
        isWhole ? { at: dataAt + i * BLOCK_BYTES, crc: crcs.readUInt32LE(i * 4) } : { at: BAD, crc: 0 },
      ),
    );
    this.#end = end;
    return true;
  }

  #wasSafe(end: number, size: number): boolean {
    const next = this.#nextRecord(end, size, end);
    return next !== undefined;
  }

  /** The first record from `from` on which says that the file was synced at least up to there. */
  #nextRecord(from: number, size: number, safeBytes = from): number | undefined {
    const magic = Buffer.alloc(4);
    magic.writeUInt32LE(RECORD_MAGIC, 0);
    const window = Buffer.alloc(1 << 20);
    for (let at = from; at + RECORD_BYTES <= size;) {
      const filled = this.#io.read(this.#fd, window, at);
      const view = window.subarray(0, filled);
      for (let found = view.indexOf(magic); found >= 0; found = view.indexOf(magic, found + 1)) {
        const record = decodeHead(view.subarray(found, found + RECORD_BYTES), this.#salt);
        if (record && record.syncedBytes >= safeBytes) return at + found;
      }
      if (at + filled >= size) return undefined;
      at += filled - RECORD_BYTES;
    }
    return undefined;
  }

  // --- writing ----------------------------------------------------------------------------------------------------------------

  /** Whole blocks from `first` on. Throws the host's error; the log is then as before. */
  append(first: number, data: Uint8Array): void {
    const count = data.length / BLOCK_BYTES;
    for (let start = 0; start < count;) {
      const zero = isZero(data.subarray(start * BLOCK_BYTES, (start + 1) * BLOCK_BYTES));
      let end = start + 1;
      while (
        end < count &&
        end - start < RECORD_BLOCKS_MAX &&
        isZero(data.subarray(end * BLOCK_BYTES, (end + 1) * BLOCK_BYTES)) === zero
      )
        end++;
      if (zero) this.zero(first + start, end - start);
      else this.#appendData(first + start, data.subarray(start * BLOCK_BYTES, end * BLOCK_BYTES));
      start = end;
    }
  }

  #appendData(first: number, data: Uint8Array): void {
    const count = data.length / BLOCK_BYTES;
    const crcs = Buffer.allocUnsafe(count * 4);
    for (let i = 0; i < count; i++)
      crcs.writeUInt32LE(crc32(data.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES)), i * 4);
    this.#write([this.#head(KIND.DATA, first, count, crc32(crcs)), crcs, data]);
    const dataAt = this.#end - data.length;
    for (let i = 0; i < count; i++)
      this.#blocks.set(first + i, { at: dataAt + i * BLOCK_BYTES, crc: crcs.readUInt32LE(i * 4) });
  }

  /** The blocks are zeros from now on, and take no space. */
  zero(first: number, count: number): void {
    this.#write([this.#head(KIND.ZERO, first, count, 0)]);
    for (let i = 0; i < count; i++) this.#blocks.set(first + i, { at: ZEROS, crc: 0 });
  }

  #head(kind: number, first: number, count: number, crcOfCrcs: number): Buffer {
    const head = Buffer.allocUnsafe(RECORD_BYTES);
    head.writeUInt32LE(RECORD_MAGIC, 0);
    head.writeUInt32LE(kind, 4);
    head.writeUInt32LE(count, 8);
    head.writeUInt32LE(crcOfCrcs, 12);
    head.writeDoubleLE(first, 16);
    head.writeDoubleLE(this.#synced, 24);
    head.writeUInt32LE(this.#salt, 32);
    head.writeUInt32LE(crc32(head.subarray(0, 36)), 36);
    return head;
  }

  #write(parts: readonly Uint8Array[]): void {
    this.#checkBroken();
    this.#io.write(this.#fd, parts, this.#end);
    this.#end += parts.reduce((sum, part) => sum + part.length, 0);
    this.#unsynced = true;
  }

  /**
   * When it returns, everything appended is on stable storage. Once it failed the log takes nothing more: what the
   * host dropped then it will not write later, whatever a second sync says.
   */
  sync(): void {
    this.#checkBroken();
    if (!this.#unsynced) return;
    try {
      this.#io.sync(this.#fd);
    } catch (error) {
      this.#broken = error;
      throw error;
    }
    this.#synced = this.#end;
    this.#unsynced = false;
    try {
      this.#io.write(this.#fd, [this.#head(KIND.SYNCED, 0, 0, 0)], this.#end);
      this.#end += RECORD_BYTES;
    } catch {
      // On a full disk the next record tells it.
    }
  }

  #checkBroken(): void {
    if (this.#broken !== undefined) throw this.#broken as Error;
  }

  // --- reading ----------------------------------------------------------------------------------------------------------------

  /** How many of the blocks from `first` on, at most `limit`, lie here one behind the other; 0: it has no such block. */
  runOf(first: number, limit: number): number {
    const start = this.#blocks.get(first);
    if (!start) return 0;
    let count = 1;
    while (
      count < limit &&
      this.#blocks.get(first + count)?.at === (start.at < 0 ? start.at : start.at + count * BLOCK_BYTES)
    )
      count++;
    return count;
  }

  /** How many of the blocks from `first` on, at most `limit`, it does not have. */
  gapOf(first: number, limit: number): number {
    let count = 0;
    while (count < limit && !this.#blocks.has(first + count)) count++;
    return count;
  }

  /** Fills `target` with the blocks from `first` on, which `runOf` counted. Throws `store.damaged`. */
  read(first: number, target: Uint8Array): void {
    const { at } = this.#blocks.get(first)!;
    if (at === ZEROS) {
      target.fill(0);
      return;
    }
    const filled = at === BAD ? 0 : this.#io.read(this.#fd, target, at);
    for (let done = 0; done < target.length; done += BLOCK_BYTES) {
      const block = first + done / BLOCK_BYTES;
      const isGood =
        done + BLOCK_BYTES <= filled &&
        crc32(target.subarray(done, done + BLOCK_BYTES)) === this.#blocks.get(block)!.crc;
      if (!isGood) throw damaged(`${this.path}: block ${block} at ${at < 0 ? at : at + done}`);
    }
  }

  dispose(): void {
    this.#io.close(this.#fd);
  }
}
