import { randomUUID } from 'node:crypto';
import type { Disposable, Failure } from '../../core/base/index.ts';
import { FailureError } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import type { Machine } from '../../core/machine/machine.ts';
import {
  ChunkReader,
  Session,
  StoreWorker,
  TreeReader,
  ZERO_NAME,
  dropSaved,
  getPosition,
  getSnapshot,
  levelsFor,
  pin,
  putPosition,
  type ForkDraft,
  type Library,
  type Snapshot,
  type SnapshotDisk,
  type SnapshotWorkDisk,
  type StoreDisk,
} from '../../core/store/index.ts';

export interface StoreAttachment {
  /** "disk0", "floppy1", … */
  readonly place: string;
  readonly disk: StoreDisk;
  /** `write-through`: left out of snapshots. */
  readonly writeThrough: boolean;
  /** It is as it was before at power-off. */
  readonly forgets: SnapshotDisk['forgets'];
}

/** What is in the machine's drives now. */
export interface AttachedMedia {
  readonly stored: readonly StoreAttachment[];
  /** Why no snapshot can be taken (a disk that the library does not hold); undefined: it can. */
  obstacle(): Failure | undefined;
}

export interface SnapshotRequest {
  readonly id: string;
  readonly kind: Snapshot['kind'];
  readonly name: string;
  readonly note: string;
  readonly memory: boolean;
  readonly fork?: ForkDraft;
}

export interface SnapshotTimes {
  /** How long the guest stood still. */
  readonly pauseMs: number;
  readonly totalMs: number;
  readonly addedBytes: number;
}

export interface MachineInLibrary {
  readonly library: Library;
  readonly machineId: string;
  readonly machine: Machine;
  readonly media: AttachedMedia;
  readonly log: (message: string) => void;
}

/**
 * Snapshots of a running machine, and its beginning from one. The guest stands still while the instant is marked:
 * device state is copied, logs are sealed, memory is guarded. All else happens beside it, in a thread.
 */
export class MachineSnapshots implements Disposable {
  readonly #in: MachineInLibrary;
  /** Started when it is first needed. */
  #worker: StoreWorker | undefined;
  /** Brings in memory; a thread of its own, so that a snapshot does not wait for it. */
  #fetcher: StoreWorker | undefined;
  readonly #keeper: Session;
  readonly #chunks: ChunkReader;
  /** Memory's tree at the last capture: what is not dirty is as there. */
  #base: string | undefined;
  /** One after another. */
  #last: Promise<unknown> = Promise.resolve();
  #folding = false;
  /** The last snapshot of a session that is to be thrown away. */
  #sessionSnapshot: string | undefined;

  constructor(options: MachineInLibrary) {
    this.#in = options;
    this.#keeper = new Session(options.library, 'pins');
    this.#chunks = new ChunkReader(options.library);
  }

  /**
   * A machine that boots, before it runs. Memory is zeros, so that the first snapshot looks at what was written alone.
   * And the first look at all state and the first picture take ten times as long as later ones (code that never ran,
   * video memory that nobody touched): the guest would stand still for it at its first snapshot.
   */
  beginEmpty(): void {
    this.#base = ZERO_NAME;
    this.#in.machine.saveState();
    this.#in.machine.display.refresh();
  }

  get #work(): StoreWorker {
    return (this.#worker ??= new StoreWorker(this.#in.library.folder));
  }

  /** Throws FailureError. */
  take(request: SnapshotRequest): Promise<SnapshotTimes> {
    return this.exclusive(() => this.#take(request));
  }

  /** Nothing is captured or folded while `action` goes on. */
  exclusive<T>(action: () => Promise<T>): Promise<T> {
    const next = this.#last.then(action, action);
    this.#last = next.catch(() => {});
    return next;
  }

  async #take(request: SnapshotRequest): Promise<SnapshotTimes> {
    const { library, machine, machineId, media } = this.#in;
    const obstacle = media.obstacle();
    if (obstacle) throw new FailureError(obstacle);
    const config = library.database.prepare('SELECT config FROM machine WHERE id = ?').pluck().get(machineId);
    const disks = media.stored.filter((attached) => belongs(attached, request));
    const throwAway = media.stored.some(({ forgets }) => forgets === 'session');

    const startMs = performance.now();
    // The host's syncs and its giving of memory, before the guest has to wait.
    const written = disks.filter(({ disk }) => !disk.isThrowAway);
    const logs = written.map(({ disk }) => ({ medium: disk.id, number: disk.nextLog }));
    const roomBytes = machine.display.frame.pixels.length;
    const room = new Uint8ClampedArray(await this.#work.run({ kind: 'prepare', logs, roomBytes }));

    // From here to the next await the guest, which runs on this thread, stands still.
    const pausedMs = performance.now();
    // Without a tree to build on, everything has to be there.
    if (request.memory && this.#base === undefined) machine.memory.finishFetching();
    const state = request.memory ? machine.saveState() : undefined;
    const share = request.memory ? machine.memory.beginCapture(this.#base === undefined) : undefined;
    const sealed = disks.map((attached) => seal(attached, request));
    machine.display.refresh();
    const { width, height, pixels } = machine.display.frame;
    try {
      const working = this.#work.run({
        kind: 'snapshot',
        work: {
          ...request,
          machine: request.fork?.id ?? machineId,
          config: request.fork?.config ?? String(config),
          createdAt: new Date().toISOString(),
          disks: sealed,
          state,
          memory: share && { share, base: this.#base },
          frame: { width, height, pixels: copyInto(room, pixels) },
          keeper: this.#keeper.id,
          session: throwAway ? { parent: this.#sessionSnapshot } : undefined,
        },
      });
      const pauseMs = performance.now() - pausedMs;
      const done = await working;
      if (share) this.#base = done!.memoryRoot;
      if (request.kind === 'snapshot') this.#sessionSnapshot = request.id;
      disks.forEach(({ disk }, i) => {
        const { undo, lastLog } = sealed[i];
        if (undo) disk.undoFolded(undo, done!.diskRoots[i]);
        else disk.folded(lastLog);
      });
      return { pauseMs, totalMs: performance.now() - startMs, addedBytes: done!.addedBytes };
    } catch (error) {
      // What was dirty is not known any more.
      if (share) this.#base = undefined;
      throw error;
    } finally {
      if (share) machine.memory.endCapture();
    }
  }

  /**
   * Puts the machine where the snapshot was; memory comes in as it is touched, and beside the guest. From here on the
   * snapshot is not resumed again by the next start. Throws FailureError.
   */
  resume(id: string, ephemeral: boolean): void {
    const { library, machine, machineId } = this.#in;
    const snapshot = library.database
      .transaction(() => {
        const found = getSnapshot(library, id);
        if (found.memory) pin(library, this.#keeper.id, found.memory);
        return found;
      })
      .immediate();
    const { memory, state } = snapshot;
    if (!memory || !state)
      throw new FailureError(fail('store.snapshot', `"${snapshot.name}" has no memory`, 'start from its disks'));
    if (memory.sizeBytes !== machine.memory.sizeBytes)
      throw new FailureError(
        fail(
          'image.memory',
          `"${snapshot.name}" has ${memory.sizeBytes >>> 20} MiB of memory`,
          'set the memory to that',
        ),
      );
    const trees = new TreeReader(this.#chunks);
    const loaded = machine.loadState(trees.readAll(state.root, state.sizeBytes));
    if (!loaded.ok)
      throw new FailureError(
        fail(
          'snapshot.state',
          `"${snapshot.name}": ${loaded.error.message}`,
          'restore another snapshot, or use the version of Terrarium that made this one',
        ),
      );
    const names = new Map(trees.leaves(memory.root, levelsFor(memory.sizeBytes)));
    const share = machine.memory.beginFetching(
      (chunk) => !names.has(chunk),
      (chunk, target) => target.set(this.#chunks.read(names.get(chunk)!).subarray(0, target.length)),
    );
    this.#base = memory.root;
    this.#fetcher = new StoreWorker(library.folder);
    void this.#fetcher
      .run({ kind: 'fetch', share, root: memory.root })
      .then(() => machine.memory.finishFetching())
      .catch((error: unknown) => this.#in.log(`memory is fetched as it is touched: ${(error as Error).message}`))
      .finally(() => this.#fetcher?.dispose());
    if (ephemeral) return;
    library.database
      .transaction(() => {
        if (snapshot.kind === 'saved') dropSaved(library, machineId);
        else putPosition(library, machineId, { ...getPosition(library, machineId), resume: undefined });
      })
      .immediate();
  }

  /** Brings logs that have grown into their trees, beside the guest. */
  foldGrownLogs(): void {
    if (this.#folding) return;
    const grown = this.#in.media.stored.find(({ disk }) => disk.wantsFolding);
    if (!grown) return;
    this.#folding = true;
    const { disk } = grown;
    const fold = async (): Promise<void> => {
      // The medium may have been taken out meanwhile.
      if (!this.#in.media.stored.some((stored) => stored.disk === disk)) return;
      if (disk.isThrowAway) {
        const { id: medium, sizeBytes } = disk;
        const undo = disk.sealUndo();
        return disk.undoFolded(undo, await this.#work.run({ kind: 'fold-throw-away', medium, sizeBytes, undo }));
      }
      const lastLog = disk.seal();
      await this.#work.run({ kind: 'fold', medium: disk.id, lastLog });
      disk.folded(lastLog);
    };
    void this.exclusive(fold)
      .catch((error: unknown) => this.#in.log(`disk ${disk.id}: ${(error as Error).message}`))
      .finally(() => (this.#folding = false));
  }

  /** For a saved state or a fork: nobody sees its name. */
  static hidden(fork?: ForkDraft): SnapshotRequest {
    return { id: randomUUID(), kind: 'saved', name: 'saved state', note: '', memory: true, ...(fork && { fork }) };
  }

  dispose(): void {
    this.#fetcher?.dispose();
    this.#worker?.dispose();
    this.#chunks.dispose();
    this.#keeper.dispose();
  }
}

/** The picture may have become another size since there was room for it. */
function copyInto(room: Uint8ClampedArray, pixels: Uint8ClampedArray): Uint8ClampedArray {
  if (room.length < pixels.length) return pixels.slice();
  room.set(pixels);
  return room;
}

/** A disk of which a snapshot has a copy: without it the guest could not go on. A fork needs disks of its own. */
const belongs = ({ writeThrough, forgets }: StoreAttachment, { kind, fork }: SnapshotRequest): boolean =>
  !writeThrough || fork !== undefined || (kind === 'saved' && forgets === 'session');

/** The disk at this moment. */
function seal({ place, disk, forgets }: StoreAttachment, { kind, fork }: SnapshotRequest): SnapshotWorkDisk {
  if (!disk.isThrowAway) return { place, medium: disk.id, lastLog: disk.seal(true) };
  // A saved session is still to be thrown away; a snapshot of it, and a fork, are there to stay.
  const stays = forgets === 'session' && (kind === 'snapshot' || fork !== undefined);
  return { place, medium: disk.id, lastLog: Infinity, undo: disk.sealUndo(), forgets: stays ? undefined : forgets };
}
