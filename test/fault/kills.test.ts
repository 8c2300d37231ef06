import { createHash, randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
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
import { BLOCK_BYTES, Random, versionsOf } from './stamps.ts';
import { DISK_BLOCKS, FAVOURS, type StormEvent, type StormOrders, type Work } from './storm-protocol.ts';

/** Of each kind of process in the midst of each kind of work; `npm run torture` has 500. */
const KILLS = Number(process.env.TERRARIUM_STORE_KILLS ?? 1);
const SEED = Number(process.env.TERRARIUM_TORTURE_SEED ?? 1);
const KEPT = 5;
/** About how long each kind of work takes, so that kills meet all of it. */
const LENGTH_MS = { take: 60, restore: 12, delete: 12, clone: 12, import: 30 };
const NODE_ARGUMENTS = [join(import.meta.dirname, 'storm.ts')];

interface World {
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

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'terrarium-kills-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function newWorld(folder = newFolder(), name = 'm'): World {
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

/** Starts the process, kills it after `afterMs` of work (or of what it favours), and returns what it said. */
async function stormUntilKilled(orders: StormOrders, afterMs: number): Promise<StormEvent[]> {
  const child = spawn(process.execPath, [...NODE_ARGUMENTS, JSON.stringify(orders)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let errors = '';
  let ready = (): void => {};
  const isReady = new Promise<void>((resolve) => (ready = resolve));
  const sign = orders.favours === 'write' ? '"ready"' : `"begun","what":{"kind":"${orders.favours}"`;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.includes(sign)) ready();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const closed = once(child, 'close');
  await Promise.race([isReady, closed]);
  await Promise.race([sleep(afterMs), closed]);
  child.kill('SIGKILL');
  const [code, signal] = (await closed) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`the process ended by itself (${code}): ${errors}`);
  return said
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as StormEvent);
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
function follow(
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
function verify(world: World, states: readonly Allowed[], begun: Work | undefined): void {
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

test.each(['machine', 'app'] as const)(
  'kill -9 of the %s at any moment loses nothing that was acknowledged',
  async (mode) => {
    const world = newWorld();
    const random = new Random(SEED);
    const interrupted = new Map<string, number>();
    for (let kill = 0; kill < KILLS * FAVOURS[mode].length; kill++) {
      const { folder, machine, medium, version } = world;
      const favours = FAVOURS[mode][kill % FAVOURS[mode].length];
      const orders = { mode, folder, machine, medium, version, favours, seed: SEED * 1000 + kill };
      const events = await stormUntilKilled(orders, random.below(favours === 'write' ? 300 : LENGTH_MS[favours]));

      const { states, begun } = follow(world, events);

      verify(world, states, begun);
      interrupted.set(begun?.kind ?? 'write', (interrupted.get(begun?.kind ?? 'write') ?? 0) + 1);
    }
    console.log(
      `${KILLS * FAVOURS[mode].length} kills of the ${mode}, in the middle of: ${[...interrupted].map(([what, n]) => `${what} ${n}`).join(', ')}`,
    );
  },
  60_000 + KILLS * 120_000,
);

test('two processes work on one library at once, both are killed, and each finds all of its own', async () => {
  const left = newWorld(undefined, 'left');
  const right = newWorld(left.folder, 'right');
  left.others.add(right.machine);
  right.others.add(left.machine);
  const storm = ({ folder, machine, medium, version }: World, seed: number): Promise<StormEvent[]> =>
    stormUntilKilled({ mode: 'machine', favours: 'write', folder, machine, medium, version, seed }, 600);
  for (let round = 0; round < Math.max(2, KILLS / 10); round++) {
    const told = await Promise.all([storm(left, SEED * 1000 + round), storm(right, SEED * 2000 + round)]);

    [left, right].forEach((world, i) => {
      const { states, begun } = follow(world, told[i]);
      verify(world, states, begun);
    });
  }
});
