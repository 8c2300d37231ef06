import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  mediumPath,
  type CallName,
  type CallParams,
  type CallResult,
  type MachineConfig,
} from '../../core/contract/index.ts';
import { StoreDisk, openLibrary, type Library } from '../../core/store/index.ts';
import { forkLauncher } from './host-process.ts';
import { createServices, type Services } from './services.ts';

/** Snapshots and clones of machines that are stopped, by how their disks are attached. */
const NO_ENTRY = join(import.meta.dirname, 'no-machine-runs-here.ts');
let folder: string;
let library: Library;
let services: Services;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'terrarium-snapshots-'));
  const opened = openLibrary(folder);
  const made = createServices({
    shell: 'web',
    version: '0.0.0',
    libraryFolder: folder,
    launcher: forkLauncher(NO_ENTRY),
    supervisor: {},
  });
  if (!opened.ok || !made.ok) throw new Error('the library does not open');
  library = opened.value;
  services = made.value;
});
afterEach(() => {
  services.dispose();
  library.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function call<N extends CallName>(name: N, params: CallParams<N>): Promise<CallResult<N>> {
  const result = await services.handlers[name](params as never);
  if (!result.ok) throw new Error(result.error.message);
  return result.value as CallResult<N>;
}

const medium = async (name: string): Promise<string> =>
  (await call('media.create', { name, kind: 'disk', sizeBytes: 1 << 20 })).id;

function write(id: string, value: number): void {
  const disk = StoreDisk.open(library, id, { mode: 'normal' });
  disk.write(0, new Uint8Array(512).fill(value));
  disk.dispose();
}

function firstByte(id: string): number {
  const disk = StoreDisk.open(library, id, { mode: 'read-only' });
  const data = new Uint8Array(1);
  disk.read(0, data);
  disk.dispose();
  return data[0];
}

const machineWith = async (disks: readonly { path: string; writable: true; mode?: 'immutable' | 'write-through' }[]) =>
  (
    await call('machines.create', {
      name: 'three',
      group: '',
      note: '',
      template: 'other',
      memoryMiB: 16,
      floppies: [],
      disks: [...disks],
      cdrom: null,
      bootOrder: ['disk'],
      clock: 'host',
      serial: [],
      engine: 'auto',
      cpuModel: 'default',
      pointer: 'absolute',
      paravirtual: true,
      balloonMiB: 0,
      bootMenu: 'off',
      firmware: null,
      kernel: null,
    })
  ).config.id;

test('a restore leaves write-through disks as they are, and a clone has disks of its own in every mode', async () => {
  const [normal, through, fixed] = [await medium('normal'), await medium('through'), await medium('fixed')];
  const machine = await machineWith([
    { path: mediumPath(normal), writable: true },
    { path: mediumPath(through), writable: true, mode: 'write-through' },
    { path: mediumPath(fixed), writable: true, mode: 'immutable' },
  ]);
  for (const id of [normal, through, fixed]) write(id, 1);
  const { id: snapshot } = await call('snapshots.take', { machine, name: 'one', note: '', memory: true });
  for (const id of [normal, through]) write(id, 2);

  const { config } = await call('machines.clone', { id: machine, name: 'copy', full: false });
  const then = await call('machines.clone', { id: machine, snapshot, name: 'then', full: true });
  const writer = StoreDisk.open(library, through, { mode: 'normal' });
  await expect(call('machines.clone', { id: machine, snapshot, name: 'torn', full: false })).rejects.toThrow('in use');
  writer.dispose();
  await call('snapshots.restore', { id: snapshot });

  expect([normal, through, fixed].map(firstByte)).toEqual([1, 2, 1]);
  const mediaOf = (of: MachineConfig): string[] => of.disks.map(({ path }) => path.slice('medium:'.length));
  const own = [...mediaOf(config), ...mediaOf(then.config)];
  // What a write-through disk held at a snapshot, nobody knows: a clone of it begins with what it holds now.
  expect(own.map(firstByte)).toEqual([2, 2, 1, 1, 2, 1]);
  expect(new Set([...own, normal, through, fixed]).size).toBe(9);
});

test('a snapshot is refused while another machine writes one of the disks', async () => {
  const shared = await medium('shared');
  const machine = await machineWith([{ path: mediumPath(shared), writable: true }]);
  const elsewhere = StoreDisk.open(library, shared, { mode: 'normal' });
  elsewhere.write(0, new Uint8Array(512).fill(1));

  await expect(call('snapshots.take', { machine, name: 'one', note: '', memory: true })).rejects.toThrow('in use');

  elsewhere.write(0, new Uint8Array(512).fill(2));
  elsewhere.dispose();
  expect(firstByte(shared)).toBe(2);
});

test('two states are compared part by part: what both hold, and what only one of them does', async () => {
  const disk = await medium('compared');
  const machine = await machineWith([{ path: mediumPath(disk), writable: true }]);
  const fill = (atChunk: number, value: number): void => {
    const opened = StoreDisk.open(library, disk, { mode: 'normal' });
    // Bytes that do not pack, each chunk its own.
    let random = value;
    const data = Uint8Array.from({ length: 16384 }, () => (random = Math.imul(random, 1664525) + 1013904223) >>> 24);
    opened.write(atChunk * 16384, data);
    opened.dispose();
  };
  fill(0, 1);
  fill(1, 2);
  const { id: first } = await call('snapshots.take', { machine, name: 'one', note: '', memory: true });
  fill(1, 3);
  const { id: second } = await call('snapshots.take', { machine, name: 'two', note: '', memory: true });

  const [snapshots, itself] = [
    await call('snapshots.compare', { machine, first, second }),
    await call('snapshots.compare', { machine, first: null, second: null }),
  ];
  fill(2, 4);
  const present = await call('snapshots.compare', { machine, first: second, second: null });

  const [part] = snapshots.parts;
  expect(snapshots.parts).toHaveLength(1);
  expect(part).toMatchObject({ place: 'disk0', inFirst: true, inSecond: true });
  // Of two chunks one is the same; the other, and the node above them, are not.
  for (const bytes of [part.firstBytes, part.secondBytes]) expect(bytes).toBeGreaterThan(part.sharedBytes + 16000);
  expect(part.sharedBytes).toBeGreaterThan(10_000);
  expect(itself.parts[0].sharedBytes).toBe(itself.parts[0].firstBytes);
  // What was written since lies in a log.
  expect(present.parts[0].secondBytes - present.parts[0].sharedBytes).toBeGreaterThan(16000);
  expect(present.parts[0].sharedBytes).toBe(present.parts[0].firstBytes);
});

test('whether a machine has changed since its snapshot is told, by its disks and by its parts', async () => {
  const disk = await medium('watched');
  const machine = await machineWith([{ path: mediumPath(disk), writable: true }]);
  const changed = async () => (await call('snapshots.list', { machine })).changed;
  const before = await changed();
  write(disk, 1);

  const { id } = await call('snapshots.take', { machine, name: 'one', note: '', memory: true });
  const taken = await changed();
  write(disk, 2);
  const written = await changed();
  await call('snapshots.restore', { id });
  const restored = await changed();
  await call('machines.update', { id: machine, changes: { note: 'mine', memoryMiB: 32 } });
  const equipped = await changed();
  await call('machines.update', { id: machine, changes: { memoryMiB: 16 } });

  expect([before, taken, written, restored, equipped]).toEqual([null, false, true, false, true]);
  expect(await changed()).toBe(false);
});
