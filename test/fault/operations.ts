/** A small library with everything in it, what can be done to it, and what it holds: for faults at every step. */
import { createHash, randomUUID } from 'node:crypto';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  ChunkReader,
  StoreDisk,
  TreeReader,
  addMachine,
  checkLibrary,
  cloneMachine,
  collect,
  compactMedium,
  createMedium,
  deleteSnapshot,
  findMedium,
  findSnapshot,
  foldMedium,
  getPosition,
  importMedium,
  listMedia,
  listSnapshots,
  lockMachine,
  openLibrary,
  presentDisks,
  removeMedium,
  resizeMedium,
  restoreSnapshot,
  takeSnapshot,
  type Library,
  type StoreIo,
} from '../../core/store/index.ts';
import { BLOCK_BYTES, stamped } from './stamps.ts';

const BLOCKS = 64;
const MACHINE = '6a0a8c5e-0000-4000-8000-000000000001';

/** Throws what the library says. */
export function openOrThrow(folder: string, io?: StoreIo): Library {
  const library = openLibrary(folder, io);
  if (!library.ok) throw new Error(`${library.error.code}: ${library.error.message}`);
  return library.value;
}

function write(library: Library, version: number, first: number, count: number): void {
  const disk = StoreDisk.open(library, findMedium(library, 'disk').id, { mode: 'normal' });
  try {
    disk.write(first * BLOCK_BYTES, stamped(version, first, count));
    disk.flush();
  } finally {
    disk.dispose();
  }
}

function take(library: Library, name: string): void {
  takeSnapshot(library, {
    id: randomUUID(),
    machine: MACHINE,
    kind: 'snapshot',
    name,
    note: '',
    config: '{}',
    createdAt: '2026-01-01T00:00:00.000Z',
    disks: [{ place: 'disk0', medium: findMedium(library, 'disk').id, lastLog: Infinity }],
    state: stamped(99, 0, 3),
  });
}

export function makeLibrary(folder: string): void {
  const library = openOrThrow(folder);
  createMedium(library, { name: 'disk', kind: 'disk', sizeBytes: BLOCKS * BLOCK_BYTES });
  createMedium(library, { name: 'spare', kind: 'disk', sizeBytes: 1 << 20 });
  addMachine(library, MACHINE, 'm', '{}');
  write(library, 1, 0, BLOCKS);
  take(library, 'first');
  write(library, 2, 8, 16);
  take(library, 'second');
  write(library, 3, 30, 20);
  foldMedium(library, findMedium(library, 'disk').id);
  write(library, 4, 0, 4); // is in a log
  library.dispose();
}

/** A fresh copy of the library in `folder`/base, beside it. */
export function copyOfBase(folder: string, name: string): string {
  const copy = join(folder, name);
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(folder, 'base'), copy, { recursive: true });
  return copy;
}

export type Operation = (library: Library) => void;

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  write: (library) => write(library, 5, 20, 9),
  fold: (library) => void foldMedium(library, findMedium(library, 'disk').id),
  compact: (library) => void compactMedium(library, findMedium(library, 'disk').id),
  take: (library) => take(library, 'third'),
  restore: (library) => void restoreSnapshot(library, findSnapshot(library, MACHINE, 'first')),
  delete: (library) => deleteSnapshot(library, findSnapshot(library, MACHINE, 'first').id),
  clone(library) {
    const lock = lockMachine(library, MACHINE);
    try {
      const disks = presentDisks(library, [{ place: 'disk0', medium: findMedium(library, 'disk').id }]);
      const draft = { id: randomUUID(), name: 'clone', configFor: () => '{}' };
      const tree = listSnapshots(library, MACHINE);
      cloneMachine(library, { config: '{}', disks, snapshot: getPosition(library, MACHINE).snapshot }, draft, tree);
    } finally {
      lock.dispose();
    }
  },
  import(library) {
    const data = stamped(6, 0, 200);
    const source = {
      ...{ sizeBytes: data.length, readOnly: true, write: () => {}, flush: () => {} },
      read: (at: number, target: Uint8Array) => target.set(data.subarray(at, at + target.length)),
    };
    const work = importMedium(library, { name: 'imported', kind: 'disk', sizeBytes: data.length }, source);
    while (!work.next().done);
  },
  resize: (library) => void resizeMedium(library, findMedium(library, 'disk').id, 2 << 20, false),
  remove: (library) => removeMedium(library, findMedium(library, 'spare').id),
  collect(library) {
    deleteSnapshot(library, findSnapshot(library, MACHINE, 'first').id);
    deleteSnapshot(library, findSnapshot(library, MACHINE, 'second').id);
    if (!collect(library)) throw new Error('somebody else collects');
  },
};

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex').slice(0, 16);

function contents(disk: StoreDisk): Buffer {
  try {
    const data = Buffer.alloc(disk.sizeBytes);
    disk.read(0, data);
    return data;
  } finally {
    disk.dispose();
  }
}

export const diskContents = (library: Library): Buffer =>
  contents(StoreDisk.open(library, findMedium(library, 'disk').id, { mode: 'read-only' }));

/** All that a library holds, by name: what a person would miss. */
export function holdings(library: Library): string[] {
  const chunks = new ChunkReader(library);
  const trees = new TreeReader(chunks);
  try {
    const nameOf = new Map(listSnapshots(library).map(({ id, name }) => [id, name]));
    const machines = library.database.prepare('SELECT id, name, config FROM machine ORDER BY name').all() as {
      id: string;
      name: string;
      config: string;
    }[];
    return [
      ...listMedia(library).map(
        ({ id, name, kind }) =>
          `medium ${name} ${kind} ${sha256(contents(StoreDisk.open(library, id, { mode: 'read-only' })))}`,
      ),
      ...listSnapshots(library).map(
        ({ machine, name, parent, disks, state }) =>
          `snapshot ${machines.findIndex(({ id }) => id === machine)} ${name} of ${parent && nameOf.get(parent)}: ` +
          disks.map((disk) => sha256(contents(StoreDisk.ephemeral(library, disk)))).join() +
          (state ? ` ${sha256(trees.readAll(state.root, state.sizeBytes))}` : ''),
      ),
      ...machines.map(({ id, name, config }) => {
        const { snapshot } = getPosition(library, id);
        return `machine ${name} ${config} at ${snapshot && nameOf.get(snapshot)}`;
      }),
    ].sort();
  } finally {
    chunks.dispose();
  }
}

/** Problems that the check finds. */
export function problemsOf(library: Library): string[] {
  const work = checkLibrary(library);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value.problems.map(({ where, what }) => `${where}: ${what}`);
  }
}
