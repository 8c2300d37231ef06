import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BlockIoError, type Block } from '../backends/index.ts';
import { FailureError, failure, type Disposable } from '../base/index.ts';
import { ChunkCache, type ChunkSource } from './chunk-cache.ts';
import { ChunkReader, ChunkWriter } from './chunks.ts';
import { damaged } from './errors.ts';
import { BLOCK_BYTES, DiskLog, LOG_HEADER_BYTES, type LogShare } from './disk-log.ts';
import { expectLog, forgetLog, logNumbers, logPath, lostLogs, undoPath } from './log-files.ts';
import { Session, lockInLibrary, logFolder, mediumLock, transactUntold, type Library } from './library.ts';
import { CHUNK_BYTES, ZERO_NAME, type ChunkName } from './name.ts';
import { getMedium, pin, putMedium, type Medium, type SnapshotDisk, type TreeRef } from './rows.ts';
import { TreeReader, chunkCount, levelsFor, updateTree } from './tree.ts';

const BLOCKS_PER_CHUNK = CHUNK_BYTES / BLOCK_BYTES;
/** A log that is worth bringing into the tree while the machine runs. */
export const LOG_BYTES_MAX = 256 << 20;
const LOG_BLOCKS_MAX = 1 << 17;

/** The tree of a disk and the logs over it, oldest first: what a disk holds at one moment. */
export interface DiskContents {
  readonly root: ChunkName;
  readonly sizeBytes: number;
  readonly logs: readonly DiskLog[];
}

/** Opens the logs of a medium that are not in its tree yet. Throws `store.damaged` when one of them is gone or cut off. */
export function openLogs(library: Library, medium: Medium): DiskLog[] {
  for (const { where, what } of lostLogs(library, medium)) throw damaged(`${where}: ${what}`);
  const logs: DiskLog[] = [];
  try {
    for (const number of logNumbers(library, medium.id))
      if (number >= medium.firstLog)
        logs.push(DiskLog.open(library.io, logPath(library, medium.id, number), medium.id, number));
    return logs;
  } catch (error) {
    for (const log of logs) log.dispose();
    throw error;
  }
}

/** Makes an empty log; it is on stable storage when this returns. What is there of that number was never written to. */
export function createLog(library: Library, medium: string, number: number): void {
  const path = logPath(library, medium, number);
  transactUntold(library, () => forgetLog(library, medium, number));
  library.io.remove(path);
  DiskLog.create(library.io, path, logFolder(library, medium), medium, number).dispose();
  transactUntold(library, () => expectLog(library, medium, number, LOG_HEADER_BYTES));
}

/** The tree with the logs in it. Chunks go through `writer`, which the caller commits. */
export function foldLogs(reader: TreeReader, writer: ChunkWriter, contents: DiskContents): ChunkName {
  const { root, sizeBytes, logs } = contents;
  const levels = levelsFor(sizeBytes);
  const byChunk = new Map<number, Map<number, DiskLog>>();
  for (const log of logs)
    for (const block of log.blocks.keys()) {
      const chunk = Math.floor(block / BLOCKS_PER_CHUNK);
      let blocks = byChunk.get(chunk);
      if (!blocks) byChunk.set(chunk, (blocks = new Map()));
      blocks.set(block, log);
    }
  const changes = new Map<number, ChunkName>();
  for (const [chunk, blocks] of [...byChunk].sort(([a], [b]) => a - b)) {
    const name = blocks.size === BLOCKS_PER_CHUNK ? ZERO_NAME : reader.leaf(root, levels, chunk);
    const data = name === ZERO_NAME ? Buffer.alloc(CHUNK_BYTES) : Buffer.from(reader.chunks.read(name));
    for (const [block, log] of blocks) {
      const at = (block % BLOCKS_PER_CHUNK) * BLOCK_BYTES;
      log.read(block, data.subarray(at, at + BLOCK_BYTES));
    }
    changes.set(chunk, writer.put(data));
  }
  return updateTree(reader, writer, root, levels, changes);
}

/** A medium that another machine writes. */
const locked = (medium: Medium): FailureError =>
  new FailureError(
    failure('image.locked', `"${medium.name}" is open for writing in another machine`, 'stop that machine'),
  );

export interface DiskOptions {
  /** `throw-away`: what is written goes when the disk is closed. */
  readonly mode: 'normal' | 'throw-away' | 'read-only';
  /** Of a throw-away disk: what it holds at first, in place of what the medium holds. */
  readonly from?: TreeRef | undefined;
  /** A thread may read ahead of whoever reads it in order: for a machine's disk. */
  readonly readsAhead?: boolean;
}

/** A medium that others may write, as it was at one moment, and the session that keeps what its tree needs. */
interface Held {
  readonly medium: Medium;
  readonly logs: DiskLog[];
  readonly keeper: Session | undefined;
}

function holdMedium(library: Library, id: string): Held {
  const keeper = readersSession(library, id);
  try {
    for (;;) {
      const medium = keeper ? pinMedium(library, id, keeper) : getMedium(library, id);
      const logs = openLogsUnless(library, medium, () => getMedium(library, id).firstLog !== medium.firstLog);
      if (logs) return { medium, logs, keeper };
    }
  } catch (error) {
    keeper?.dispose();
    throw error;
  }
}

const pinMedium = (library: Library, id: string, keeper: Session): Medium =>
  transactUntold(library, () => {
    const medium = getMedium(library, id);
    pin(library, keeper.id, medium);
    return medium;
  });

/** Undefined where the host has no room for a row: from a full disk, too, people want their data. */
function readersSession(library: Library, id: string): Session | undefined {
  let session: Session | undefined;
  try {
    session = new Session(library, 'pins');
    pinMedium(library, id, session);
    return session;
  } catch {
    session?.dispose();
    return undefined;
  }
}

/** Undefined: someone brought logs into the tree meanwhile, so that they may be gone. */
function openLogsUnless(library: Library, medium: Medium, isOutdated: () => boolean): DiskLog[] | undefined {
  let logs: DiskLog[] = [];
  try {
    logs = openLogs(library, medium);
  } catch (error) {
    if (!isOutdated()) throw error;
  }
  if (!isOutdated()) return logs;
  for (const log of logs) log.dispose();
  return undefined;
}

/** What a throw-away disk holds at an instant, for a thread of this process that makes a tree of it. */
export interface UndoShare {
  /** What lies under the logs; undefined: the medium. */
  readonly base: ChunkName | undefined;
  readonly logs: readonly LogShare[];
  /** The session that pins the tree, on which the disk goes on. */
  readonly keeper: string;
}

/**
 * A disk of the store, for one machine. Writes go to a log, so they cost what they cost in a raw file; a flush syncs
 * the log. Whoever brings the log into the tree (a snapshot, closing, a log that grew) does it beside the guest.
 */
export class StoreDisk implements Block, Disposable {
  readonly id: string;
  readonly sizeBytes: number;
  readonly readOnly: boolean;
  readonly #library: Library;
  readonly #lock: Disposable | undefined;
  readonly #chunks: ChunkReader;
  readonly #trees: TreeReader;
  readonly #levels: number;
  /** Of a disk that is not written for good: keeps what its tree needs, once that is not the medium's. */
  readonly #keeper: Session | undefined;
  readonly isThrowAway: boolean;
  readonly #undo: string;
  readonly #cache: ChunkCache;
  #root: ChunkName;
  /** Oldest first; the last one takes writes, unless the disk is read-only. */
  #logs: DiskLog[];
  /** Those of them that go with the session. */
  #undoLogs: DiskLog[] = [];
  #undoNumber = 0;
  /** The tree is not the medium's. */
  #isApart: boolean;

  private constructor(
    library: Library,
    medium: Medium,
    mode: DiskOptions['mode'],
    lock: Disposable | undefined,
    apart?: { readonly from: TreeRef; readonly undo: string },
    readsAhead = false,
    held?: Held,
  ) {
    this.id = medium.id;
    this.#undo = apart?.undo ?? undoPath(library, medium.id);
    this.#isApart = apart !== undefined;
    this.#library = library;
    this.sizeBytes = medium.sizeBytes;
    this.readOnly = mode === 'read-only';
    this.#lock = lock;
    this.#root = apart?.from.root ?? medium.root;
    this.#levels = levelsFor(medium.sizeBytes);
    this.#chunks = new ChunkReader(library);
    this.#trees = new TreeReader(this.#chunks);
    const source: ChunkSource = {
      count: chunkCount(medium.sizeBytes),
      nameAt: (index) => {
        const name = this.#trees.leaf(this.#root, this.#levels, index);
        return name === ZERO_NAME ? undefined : name;
      },
      read: (index, room) => this.#trees.chunk(this.#root, this.#levels, index, room),
    };
    this.#cache = new ChunkCache(source, readsAhead ? library.folder : undefined);
    this.#logs = apart ? [] : (held?.logs ?? openLogs(library, medium));
    this.isThrowAway = mode === 'throw-away';
    const keeper = this.isThrowAway ? new Session(library, 'pins') : held?.keeper;
    if (keeper && apart) transactUntold(library, () => pin(library, keeper.id, apart.from));
    this.#keeper = keeper;
    if (this.isThrowAway) this.#openUndo();
    else if (!this.readOnly) this.seal();
  }

  /** Throws FailureError (`store.medium`, `image.locked`, `store.damaged`) or the host's error. */
  static open(library: Library, id: string, { mode, from, readsAhead }: DiskOptions): StoreDisk {
    if (mode === 'read-only') {
      const held = holdMedium(library, id);
      return new StoreDisk(library, held.medium, mode, undefined, undefined, readsAhead, held);
    }
    const lock = lockInLibrary(library, mediumLock(id), 150);
    if (!lock) throw locked(getMedium(library, id));
    try {
      mkdirSync(logFolder(library, id), { recursive: true, mode: 0o700 });
      const apart = from && { from, undo: undoPath(library, id) };
      return new StoreDisk(library, getMedium(library, id), mode, lock, apart, readsAhead);
    } catch (error) {
      lock?.dispose();
      throw error;
    }
  }

  /** A disk as it was in a snapshot, for a machine that is thrown away: nothing else is touched. */
  static ephemeral(library: Library, disk: SnapshotDisk, readsAhead = false): StoreDisk {
    const medium = { ...disk, id: disk.medium, name: '', kind: 'disk' as const, firstLog: 0, createdAt: '' };
    const undo = join(library.folder, 'run', `${randomUUID()}.undo`);
    return new StoreDisk(library, medium, 'throw-away', undefined, { from: disk, undo }, readsAhead);
  }

  // --- the guest's side -------------------------------------------------------------------------------------------------------

  read(offsetBytes: number, target: Uint8Array): void {
    this.#attempt('read', offsetBytes, () => {
      for (let done = 0; done < target.length;) {
        const at = offsetBytes + done;
        const within = at % BLOCK_BYTES;
        const block = (at - within) / BLOCK_BYTES;
        const left = target.length - done;
        const wholeBlocks = within === 0 ? Math.floor(left / BLOCK_BYTES) : 0;
        if (wholeBlocks > 0) done += this.#readBlocks(block, target.subarray(done, done + wholeBlocks * BLOCK_BYTES));
        else {
          const length = Math.min(left, BLOCK_BYTES - within);
          const whole = new Uint8Array(BLOCK_BYTES);
          this.#readBlocks(block, whole);
          target.set(whole.subarray(within, within + length), done);
          done += length;
        }
      }
    });
  }

  /** Fills the beginning of `target` with blocks that lie together. Returns how many bytes. */
  #readBlocks(first: number, target: Uint8Array): number {
    const blocks = target.length / BLOCK_BYTES;
    /** Older logs, and the tree, have a block only where no newer log has it. */
    let limit = blocks;
    for (let i = this.#logs.length - 1; i >= 0; i--) {
      const run = this.#logs[i].runOf(first, limit);
      if (run > 0) {
        this.#logs[i].read(first, target.subarray(0, run * BLOCK_BYTES));
        return run * BLOCK_BYTES;
      }
      limit = this.#logs[i].gapOf(first, limit);
    }
    const within = first % BLOCKS_PER_CHUNK;
    const length = Math.min(limit, BLOCKS_PER_CHUNK - within) * BLOCK_BYTES;
    const chunk = this.#cache.get((first - within) / BLOCKS_PER_CHUNK);
    if (!chunk) target.fill(0, 0, length);
    else target.set(chunk.subarray(within * BLOCK_BYTES, within * BLOCK_BYTES + length));
    return length;
  }

  write(offsetBytes: number, data: Uint8Array): void {
    if (this.readOnly) throw new BlockIoError(`${this.id}: opened read-only`, offsetBytes);
    this.#attempt('write', offsetBytes, () => {
      const first = Math.floor(offsetBytes / BLOCK_BYTES);
      const within = offsetBytes - first * BLOCK_BYTES;
      if (within === 0 && data.length % BLOCK_BYTES === 0) return this.#log.append(first, data);
      // Blocks that are written in part keep the rest of what they hold.
      const blocks = Math.ceil((within + data.length) / BLOCK_BYTES);
      const whole = new Uint8Array(blocks * BLOCK_BYTES);
      this.#readBlocks(first, whole.subarray(0, BLOCK_BYTES));
      if (blocks > 1) this.#readBlocks(first + blocks - 1, whole.subarray((blocks - 1) * BLOCK_BYTES));
      whole.set(data, within);
      this.#log.append(first, whole);
    });
  }

  /** What lies wholly in the range reads as zeros afterwards, and takes no space. */
  discard(offsetBytes: number, lengthBytes: number): void {
    if (this.readOnly) throw new BlockIoError(`${this.id}: opened read-only`, offsetBytes);
    this.#attempt('discard', offsetBytes, () => {
      const first = Math.ceil(offsetBytes / BLOCK_BYTES);
      const end = Math.floor((offsetBytes + lengthBytes) / BLOCK_BYTES);
      let start: number | undefined;
      for (let block = first; block < end; block++) {
        const skip = this.#knownZeros(block, end);
        if (skip === 0) start ??= block;
        else {
          if (start !== undefined) this.#log.zero(start, block - start);
          start = undefined;
          block += skip - 1;
        }
      }
      if (start !== undefined) this.#log.zero(start, end - start);
    });
  }

  /** How many blocks from `block` on, up to `end`, are zeros in a chunk that no log touches and the tree does not have. */
  #knownZeros(block: number, end: number): number {
    const chunk = Math.floor(block / BLOCKS_PER_CHUNK);
    if (this.#trees.leaf(this.#root, this.#levels, chunk) !== ZERO_NAME) return 0;
    const stop = Math.min(end, (chunk + 1) * BLOCKS_PER_CHUNK);
    for (let at = block; at < stop; at++) if (this.#logs.some((log) => log.blocks.has(at))) return at - block;
    return stop - block;
  }

  /** How many bytes from there on are known to be zeros, without reading any: 0 where something may be. */
  zerosAt(offsetBytes: number, maxBytes: number): number {
    const first = Math.floor(offsetBytes / BLOCK_BYTES);
    const end = Math.ceil((offsetBytes + maxBytes) / BLOCK_BYTES);
    let block = first;
    for (let zeros = 1; zeros > 0 && block < end; block += zeros) zeros = this.#knownZeros(block, end);
    return Math.min(Math.max(block * BLOCK_BYTES - offsetBytes, 0), maxBytes);
  }

  flush(): void {
    if (this.readOnly || this.isThrowAway) return;
    this.#attempt('flush', 0, () => {
      for (const log of this.#logs) log.sync();
    });
  }

  get #log(): DiskLog {
    return this.#logs[this.#logs.length - 1];
  }

  #attempt(what: string, offsetBytes: number, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (error instanceof BlockIoError) throw error;
      const { message } = error as Error;
      throw new BlockIoError(`disk ${this.id}: ${what} at ${offsetBytes}: ${message}`, offsetBytes, error);
    }
  }

  // --- the store's side -------------------------------------------------------------------------------------------------------

  /** The log has grown so much that it should be folded into the tree. */
  get wantsFolding(): boolean {
    const { sizeBytes, blocks } = this.#log;
    return !this.readOnly && (sizeBytes > LOG_BYTES_MAX || blocks.size > LOG_BLOCKS_MAX);
  }

  /** The number of the log that `seal` will go on with. */
  get nextLog(): number {
    return (this.#logs.at(-1)?.number ?? this.#medium.firstLog - 1) + 1;
  }

  /**
   * Writes go to a new log from here on. Returns the last number before it: the disk at this moment. `isMade`: another
   * thread has called `createLog` for it, so that the guest need not wait for the host's syncs.
   */
  seal(isMade = false): number {
    const { io } = this.#library;
    const number = this.nextLog;
    if (!isMade) createLog(this.#library, this.id, number);
    this.#logs.push(DiskLog.adopt(io, logPath(this.#library, this.id, number), this.id, number));
    return number - 1;
  }

  #openUndo(): void {
    const number = this.#undoNumber++;
    const path = `${this.#undo}${number === 0 ? '' : `-${number}`}`;
    this.#library.io.remove(path); // of a session that was killed
    const log = DiskLog.create(this.#library.io, path, undefined, this.id, number);
    this.#undoLogs.push(log);
    this.#logs.push(log);
    // Where the host allows it the file has no name from here on, and goes with the process.
    if (process.platform !== 'win32') this.#library.io.remove(path);
  }

  /** As `seal`, for a throw-away disk: the medium stays as it is. */
  sealUndo(): UndoShare {
    const logs = this.#undoLogs.map((log) => log.share);
    this.#openUndo();
    return { base: this.#isApart ? this.#root : undefined, logs, keeper: this.#keeper!.id };
  }

  /** After someone made a tree of what `sealUndo` gave, and pinned it: the disk goes on from that. */
  undoFolded({ logs }: UndoShare, root: ChunkName): void {
    this.#root = root;
    this.#isApart = true;
    this.#cache.clear();
    const going = new Set(logs.map(({ number }) => number));
    this.#undoLogs = this.#undoLogs.filter(({ number }) => !going.has(number));
    const done = this.#logs.filter((log) => !this.#undoLogs.includes(log));
    this.#logs = [...this.#undoLogs];
    for (const log of done) this.#forget(log);
  }

  #forget(log: DiskLog): void {
    log.dispose();
    this.#library.io.remove(log.path);
  }

  get #medium(): Medium {
    return getMedium(this.#library, this.id);
  }

  /** After someone folded the logs up to `lastLog` into the medium's tree: forgets them. */
  folded(lastLog: number): void {
    this.#root = this.#medium.root;
    this.#cache.clear();
    const done = this.#logs.filter(({ number }) => number <= lastLog);
    this.#logs = this.#logs.filter(({ number }) => number > lastLog);
    for (const log of done) this.#forget(log);
  }

  /** Nothing is appended to its logs any more: from here on a shorter one is damage. */
  #expectLogs(): void {
    const written = this.#logs.filter((log) => !this.#undoLogs.includes(log) && log.syncedBytes > LOG_HEADER_BYTES);
    if (written.length === 0) return;
    try {
      transactUntold(this.#library, () => {
        for (const { number, syncedBytes } of written) expectLog(this.#library, this.id, number, syncedBytes);
      });
    } catch {
      // What is written is safe; a full disk takes this one means of noticing a later loss.
    }
  }

  /** Closes it, with all that was written on stable storage; a throw-away disk is as it was when it was opened. */
  dispose(): void {
    try {
      this.flush();
    } finally {
      this.#expectLogs();
      for (const log of this.#logs)
        if (this.#undoLogs.includes(log)) this.#forget(log);
        else log.dispose();
      this.#cache.dispose();
      this.#chunks.dispose();
      this.#keeper?.dispose();
      this.#lock?.dispose();
    }
  }
}

/**
 * Brings the logs of a medium up to `lastLog` (default: all) into its tree, in one transaction with `also`. The caller
 * holds the medium's lock, or is the machine that does. Throws FailureError or the host's error; nothing changed then.
 */
export function foldMedium(library: Library, id: string, lastLog = Infinity): Medium {
  const session = new Session(library);
  const writer = new ChunkWriter(library, session);
  const chunks = new ChunkReader(library);
  try {
    const folded = prepareFold(library, new TreeReader(chunks), writer, id, lastLog);
    return writer.commit(() => {
      putMedium(library, folded);
      return folded;
    });
  } finally {
    writer.dispose();
    chunks.dispose();
    session.dispose();
  }
}

/** The medium's row with the logs in its tree; the caller writes it in the transaction that commits `writer`. */
export function prepareFold(
  library: Library,
  reader: TreeReader,
  writer: ChunkWriter,
  id: string,
  lastLog: number,
): Medium {
  const medium = getMedium(library, id);
  const open = openLogs(library, medium);
  try {
    const logs = open.filter(({ number }) => number <= lastLog);
    if (logs.length === 0) return medium;
    const root = foldLogs(reader, writer, { root: medium.root, sizeBytes: medium.sizeBytes, logs });
    return { ...medium, root, firstLog: logs[logs.length - 1].number + 1 };
  } finally {
    for (const log of open) log.dispose();
  }
}
