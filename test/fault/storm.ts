/**
 * A process that works on a library without a pause until it is killed: as a machine's process (writes, flushes, live
 * snapshots with memory) or as the app (snapshots of a stopped machine, restores, deletions, clones, imports).
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Machine } from '../../core/machine/machine.ts';
import { PhysicalMemory } from '../../core/memory/index.ts';
import { GuestMemory } from '../../core/snapshot/index.ts';
import {
  StoreDisk,
  collect,
  deleteSnapshot,
  listMedia,
  listSnapshots,
  lockMachine,
  openLibrary,
  type Library,
} from '../../core/store/index.ts';
import { createServices } from '../../main/services/services.ts';
import { MachineSnapshots } from '../../main/vm-host/machine-snapshots.ts';
import { BLOCK_BYTES, Random, stamped } from './stamps.ts';
import { DISK_BLOCKS, MEMORY_BYTES, type StormEvent, type StormOrders, type Work } from './storm-protocol.ts';

// It is loaded already when it is told what to do.
const orders = JSON.parse(readFileSync(0, 'utf8')) as StormOrders;
const random = new Random(orders.seed);
let version = orders.version;

/** In the pipe when it returns: what was said outlives the process. */
const say = (event: StormEvent): void => void writeSync(1, `${JSON.stringify(event)}\n`);

async function around(what: Work, action: () => unknown): Promise<void> {
  say({ event: 'begun', what });
  const result = (await action()) as Partial<Work> | undefined;
  say({ event: 'done', what: { ...what, ...result } as Work });
}

function writeSome(disk: StoreDisk): void {
  const first = random.below(DISK_BLOCKS);
  const count = Math.min(1 + random.below(24), DISK_BLOCKS - first);
  version++;
  say({ event: 'write', version, first, count });
  disk.write(first * BLOCK_BYTES, stamped(version, first, count));
}

function flush(disk: StoreDisk): void {
  disk.flush();
  say({ event: 'flushed', version });
}

const ownSnapshots = (library: Library): string[] => listSnapshots(library, orders.machine).map(({ id }) => id);

/** What MachineSnapshots asks of a machine: memory that changes, and some state, asked for while the guest stands still. */
function memoryOfItsOwn(standsStill: () => void) {
  const physical = new PhysicalMemory(new SharedArrayBuffer(MEMORY_BYTES));
  physical.mapRam(0, MEMORY_BYTES, 0);
  const memory = new GuestMemory(physical, 0, MEMORY_BYTES, () => {});
  const frame = { width: 8, height: 8, pixels: new Uint8ClampedArray(256) };
  const machine = {
    memory,
    saveState: () => {
      standsStill();
      return stamped(version, 0, 8);
    },
    display: { frame, text: () => [], refresh: () => [] },
  } as unknown as Machine;
  return { physical, machine };
}

async function liveAsMachine(library: Library): Promise<never> {
  lockMachine(library, orders.machine);
  const disk = StoreDisk.open(library, orders.medium, { mode: 'normal' });
  let standsStill = (): void => {};
  const { physical, machine } = memoryOfItsOwn(() => standsStill());
  const media = {
    stored: [{ place: 'disk0', disk, writeThrough: false, forgets: undefined }],
    obstacle: () => undefined,
  };
  const snapshots = new MachineSnapshots({ library, machineId: orders.machine, machine, media, log: () => {} });
  snapshots.beginEmpty();
  const touchMemory = (): void => {
    for (let i = 0; i < 6; i++) {
      const page = random.below(MEMORY_BYTES / BLOCK_BYTES);
      physical.dmaWrite(page * BLOCK_BYTES, stamped(++version, page, 1));
    }
  };
  say({ event: 'ready' });
  for (;;) {
    const what = orders.favours === 'take' ? [0, 9, 12, 12, 14][random.below(5)] : random.below(16);
    if (what < 9) writeSome(disk);
    else if (what < 12) flush(disk);
    else if (what < 14) {
      touchMemory();
      const id = randomUUID();
      const memory = createHash('sha256').update(physical.bytes.subarray(0, MEMORY_BYTES)).digest('hex');
      await around({ kind: 'take', id, memory }, async () => {
        const instant = new Promise<void>((resolve) => (standsStill = resolve));
        const taking = snapshots.take({ id, kind: 'snapshot', name: id, note: '', memory: true });
        await Promise.race([instant, taking]);
        // The instant is over: what comes now is not in it.
        touchMemory();
        writeSome(disk);
        flush(disk);
        await taking;
      });
    } else if (what === 14) {
      const known = ownSnapshots(library);
      if (known.length > 0) {
        const id = random.pick(known);
        await around({ kind: 'delete', id }, () => deleteSnapshot(library, id));
      }
    } else await around({ kind: 'collect' }, () => void collect(library));
    await nextTurn();
  }
}

async function liveAsApp(library: Library): Promise<never> {
  const opened = createServices({
    shell: 'web',
    version: '0',
    libraryFolder: orders.folder,
    launcher: () => {
      throw new Error('no machine is started');
    },
  });
  if (!opened.ok) throw new Error(opened.error.message);
  const { handlers } = opened.value;
  const done = <T>(result: { ok: true; value: T } | { ok: false; error: { message: string } }): T => {
    if (!result.ok) throw new Error(result.error.message);
    return result.value;
  };
  /** To its end, without its value. */
  const call = async (answer: Promise<Parameters<typeof done>[0]>): Promise<void> => void done(await answer);
  const { machine, favours } = orders;
  const FAVOURED = { write: 0, take: 2, restore: 3, delete: 4, clone: 5, import: 6 };
  say({ event: 'ready' });
  for (;;) {
    const known = ownSnapshots(library);
    const others = (await handlers['machines.list']({}).then(done)).machines.filter(
      ({ config }) => config.id !== machine,
    );
    // What is short is seldom met by a kill, unless it is done again and again; deletions need what they delete.
    const possible = favours !== 'write' && (favours === 'delete' ? known.length > 1 : known.length > 0);
    const again = possible && random.below(4) > 0;
    switch (again ? FAVOURED[favours] : favours === 'write' ? random.below(9) : random.below(3)) {
      case 0:
      case 1: {
        const disk = StoreDisk.open(library, orders.medium, { mode: 'normal' });
        for (let i = 0; i < 4; i++) writeSome(disk);
        disk.dispose();
        say({ event: 'flushed', version });
        break;
      }
      case 2:
        await around({ kind: 'take' }, async () => {
          const { id } = await handlers['snapshots.take']({ machine, name: 's', note: '', memory: true }).then(done);
          return { id };
        });
        break;
      case 3:
        if (known.length > 0) {
          const id = random.pick(known);
          await around({ kind: 'restore', id }, () => call(handlers['snapshots.restore']({ id })));
        }
        break;
      case 4:
        if (known.length > (again ? 1 : 3)) {
          const id = random.pick(known);
          await around({ kind: 'delete', id }, () => call(handlers['snapshots.delete']({ id })));
        }
        break;
      case 5:
        await around({ kind: 'clone' }, async () => {
          const name = `clone ${randomUUID().slice(0, 8)}`;
          const made = await handlers['machines.clone']({ id: machine, name, full: random.below(2) === 0 }).then(done);
          return { id: made.config.id };
        });
        break;
      case 6: {
        const data = stamped(++version, 0, 40);
        const path = join(orders.folder, 'import.img');
        writeFileSync(path, data);
        const sha256 = createHash('sha256').update(data).digest('hex');
        await around({ kind: 'import', sha256 }, async () => {
          const name = `import ${sha256}`;
          const { id } = await handlers['media.import']({ path, name, kind: 'disk' }).then(done);
          return { id };
        });
        break;
      }
      case 7:
        if (others.length > 1) {
          const { id } = others[0].config;
          await around({ kind: 'remove', id }, async () => {
            await handlers['machines.remove']({ id }).then(done);
            for (const medium of listMedia(library))
              if (medium.name.startsWith(others[0].config.name)) await handlers['media.remove']({ id: medium.id });
          });
        }
        break;
      case 8:
        await around({ kind: 'compact' }, () => call(handlers['media.compact']({ id: orders.medium })));
        await around({ kind: 'collect' }, () => call(handlers['store.gc']({})));
        break;
    }
  }
}

// The store's thread keeps no process alive.
setInterval(() => {}, 60_000);
const library = openLibrary(orders.folder);
if (!library.ok) throw new Error(library.error.message);
await (orders.mode === 'machine' ? liveAsMachine(library.value) : liveAsApp(library.value));
