/** A library that processes are killed over: what was acknowledged in it, and whether all of that is there. */
import { createHash, randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { machineConfigSchema, machineDraftSchema, mediumPath } from '../../core/contract/index.ts';
import {
  ChunkReader,
  StoreDisk,
  TreeReader,
  addMachine,
  checkLibrary,
  createMedium,
  deleteSnapshot,
  forgetMachine,
  getMedium,
  listMedia,
  listSnapshots,
  lockMachine,
  openLibrary,
  removeMedium,
  type CheckReport,
  type Library,
} from '../../core/store/index.ts';
import { BLOCK_BYTES, versionsOf } from './stamps.ts';
import { DISK_BLOCKS, type StormEvent, type Work } from './storm-protocol.ts';

/** Of snapshots, clones and imports each, so that every check stays short. */
const KEPT = 5;

export interface World {
  readonly folder: string;
  readonly machine: string;
  readonly medium: string;
  version: number;
  /** Version of every block: what was acknowledged, and stands there for certain. */
  disk: number[];
  /** Finished snapshots: their disk, and the hash of their memory. */
  readonly snapshots: Map<string, { readonly disk: readonly number[]; readonly memory: string | undefined }>;
  readonly clones: Map<string, readonly number[]>;
  readonly imports: Map<string, string>;
  /** Machines of the same library that others work on. */
  readonly others: Set<string>;
}

export function newWorld(folder: string, name = 'm'): World {
  const machine = randomUUID();
  const medium = opened(folder, (library) => {
    const { id } = createMedium(library, {
      name: `disk of ${name}`,
      kind: 'disk',
      sizeBytes: DISK_BLOCKS * BLOCK_BYTES,
    });
    const draft = machineDraftSchema.parse({ name, disks: [{ path: mediumPath(id), writable: true }] });
    const config = machineConfigSchema.parse({ ...draft, id: machine, createdAt: new Date().toISOString() });
    addMachine(library, machine, name, JSON.stringify(config));
    return id;
  });
  return {
    ...{ folder, machine, medium, version: 0 },
    disk: new Array<number>(DISK_BLOCKS).fill(0),
    snapshots: new Map(),
    clones: new Map(),
    imports: new Map(),
    others: new Set(),
  };
}

function opened<T>(folder: string, action: (library: Library) => T): T {
  const library = openLibrary(folder);
  if (!library.ok) throw new Error(library.error.message);
  try {
    return action(library.value);
  } finally {
    library.value.dispose();
  }
}

/** For every block, the versions that may stand there: the last acknowledged one, and any that came after it. */
class Allowed {
  readonly #sets: number[][];
  constructor(disk: readonly number[]) {
    this.#sets = disk.map((version) => [version]);
  }
  write(first: number, count: number, version: number): void {
    for (let i = first; i < first + count; i++) this.#sets[i].push(version);
  }
  flushed(version: number): void {
    this.#sets.forEach(
      (set, i) => (this.#sets[i] = [set.findLast((v) => v <= version) ?? set[0], ...set.filter((v) => v > version)]),
    );
  }
  get latest(): number[] {
    return this.#sets.map((set) => set[set.length - 1]);
  }
  accept(versions: readonly number[]): boolean {
    return versions.every((version, i) => this.#sets[i].includes(version));
  }
}

/** Follows what was said into the world; returns what may be on the disk now, and the work that was not finished. */
export function follow(
  world: World,
  events: readonly StormEvent[],
): { readonly states: Allowed[]; readonly begun: Work | undefined } {
  let allowed = new Allowed(world.disk);
  let begun: Work | undefined;
  let atInstant: number[] = [];
  for (const event of events) {
    if (event.event === 'write') {
      world.version = event.version;
      allowed.write(event.first, event.count, event.version);
    } else if (event.event === 'flushed') allowed.flushed(event.version);
    else if (event.event === 'begun') {
      begun = event.what;
      atInstant = allowed.latest;
    } else if (event.event === 'done') {
      begun = undefined;
      const { what } = event;
      switch (what.kind) {
        case 'take':
          world.snapshots.set(what.id!, { disk: atInstant, memory: what.memory });
          break;
        case 'restore':
          allowed = new Allowed(world.snapshots.get(what.id)!.disk);
          break;
        case 'delete':
          world.snapshots.delete(what.id);
          break;
        case 'clone':
          world.clones.set(what.id!, atInstant);
          break;
        case 'import':
          world.imports.set(what.id!, what.sha256);
          break;
        case 'remove':
          world.clones.delete(what.id);
          break;
        case 'collect':
        case 'compact':
          break;
      }
    }
  }
  const states = [allowed];
  if (begun?.kind === 'restore') states.push(new Allowed(world.snapshots.get(begun.id)!.disk));
  // One that was being taken may be there, whole.
  if (begun?.kind === 'take' && begun.id !== undefined)
    world.snapshots.set(begun.id, { disk: atInstant, memory: begun.memory });
  world.version += 1000; // numbers that memory and imports had are not used again
  return { states, begun };
}

function read(disk: StoreDisk): Buffer {
  const data = Buffer.alloc(disk.sizeBytes);
  disk.read(0, data);
  disk.dispose();
  return data;
}

/** Of the only disk in a machine's configuration. */
const mediumOf = (config: string): string =>
  machineConfigSchema.parse(JSON.parse(config)).disks[0].path.slice('medium:'.length);

/** Everything that was acknowledged is there, byte for byte, and nothing is between two states. */
export function verify(world: World, states: readonly Allowed[], begun: Work | undefined): void {
  opened(world.folder, (library) => {
    expect(check(library).problems).toEqual([]);
    // A lock left by the kill frees itself.
    lockMachine(library, world.machine).dispose();

    const now = versionsOf(read(StoreDisk.open(library, world.medium, { mode: 'read-only' })));
    expect(
      states.some((state) => state.accept(now)),
      `the disk after ${JSON.stringify(begun)}`,
    ).toBe(true);
    world.disk = now;

    const chunks = new ChunkReader(library);
    const trees = new TreeReader(chunks);
    const there = new Map(listSnapshots(library, world.machine).map((snapshot) => [snapshot.id, snapshot]));
    for (const [id, { disk, memory }] of world.snapshots) {
      const snapshot = there.get(id);
      if (!snapshot && begun && 'id' in begun && begun.id === id) {
        world.snapshots.delete(id); // it was being taken, or deleted
        continue;
      }
      expect(snapshot, `snapshot ${id}`).toBeDefined();
      expect(versionsOf(read(StoreDisk.ephemeral(library, snapshot!.disks[0])))).toEqual(disk);
      if (memory === undefined) continue;
      const bytes = trees.readAll(snapshot!.memory!.root, snapshot!.memory!.sizeBytes);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(memory);
    }
    // What the app had not told yet is whole all the same.
    for (const snapshot of there.values()) {
      if (world.snapshots.has(snapshot.id)) continue;
      expect(begun?.kind).toBe('take');
      expect(versionsOf(read(StoreDisk.ephemeral(library, snapshot.disks[0])))).toEqual(now);
      world.snapshots.set(snapshot.id, { disk: now, memory: undefined });
    }
    chunks.dispose();

    const machines = library.database.prepare('SELECT id, config FROM machine').all() as {
      id: string;
      config: string;
    }[];
    for (const [id, disk] of world.clones) {
      const row = machines.find((machine) => machine.id === id);
      if (!row && begun?.kind === 'remove' && begun.id === id) {
        world.clones.delete(id); // gone, though it could not tell
        continue;
      }
      const medium = StoreDisk.open(library, mediumOf(row!.config), { mode: 'read-only' });
      expect(versionsOf(read(medium))).toEqual(disk);
    }
    for (const { id } of machines)
      if (id !== world.machine && !world.clones.has(id) && !world.others.has(id)) {
        expect(begun?.kind).toBe('clone');
        world.clones.set(id, now);
      }
    for (const medium of listMedia(library)) {
      const expected = world.imports.get(medium.id) ?? /^import (\w+)$/.exec(medium.name)?.[1];
      if (expected === undefined) continue;
      const data = read(StoreDisk.open(library, medium.id, { mode: 'read-only' }));
      expect(createHash('sha256').update(data).digest('hex')).toBe(expected);
    }
    for (const id of world.imports.keys()) expect(getMedium(library, id).id).toBe(id);
    // Few enough that every check stays short.
    for (const id of [...world.snapshots.keys()].slice(0, -KEPT)) {
      deleteSnapshot(library, id);
      world.snapshots.delete(id);
    }
    for (const id of [...world.clones.keys()].slice(0, -KEPT)) {
      const { config } = machines.find((machine) => machine.id === id)!;
      forgetMachine(library, id);
      library.database.prepare('DELETE FROM machine WHERE id = ?').run(id);
      removeMedium(library, mediumOf(config));
      world.clones.delete(id);
    }
    const imports = listMedia(library).filter(({ name }) => name.startsWith('import '));
    for (const { id } of imports.slice(0, -KEPT)) {
      removeMedium(library, id);
      world.imports.delete(id);
    }
  });
}

function check(library: Library): CheckReport {
  const work = checkLibrary(library);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
