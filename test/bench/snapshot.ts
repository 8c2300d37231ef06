/**
 * Snapshots of a running Linux guest with 256 MiB beside QEMU's savevm and loadvm and v86's save_state and
 * restore_state, all of them of the same guest that idles at its shell.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DisposableStore } from '../../core/base/index.ts';
import {
  machineDraftSchema,
  mediumPath,
  type CallName,
  type CallParams,
  type CallResult,
} from '../../core/contract/index.ts';
import { compiledHandlers, encodeCommonHandlers } from '../../core/cpu/index.ts';
import { createPc } from '../../core/machine/pc.ts';
import { openBeginning } from '../../main/cli/run-from.ts';
import { forkLauncher } from '../../main/services/host-process.ts';
import { createServices } from '../../main/services/services.ts';
import { ActivityMeter } from '../../main/vm-host/activity.ts';
import { buildMachine, type MachineFactory } from '../../main/vm-host/build.ts';
import { HostClock } from '../../main/vm-host/clocks.ts';
import { tuneV8 } from '../../main/vm-host/tune-v8.ts';
import { overlaysMib, storeMib, updateMachines, type UpdatedMachines } from './clones.ts';
import { benchGuest } from '../fixtures/linux-guests.ts';
import type { Bench, BenchCase } from './harness.ts';
import type { KernelRun } from './peers/process.ts';
import { qemuSnapshots } from './peers/qemu.ts';
import { v86States } from './peers/v86.ts';

const MEMORY_MIB = 256;
const MIB = 1 << 20;
const UP = /BOOT-OK/;
const TIMEOUT_MS = 300_000;
const FORKS = 10;
const DISK_BYTES = 64 * MIB;
const ROOT = path.resolve(import.meta.dirname, '../..');
/** As people have it; `npm run bench` makes it anew. */
const VM_HOST = path.join(ROOT, 'dist/cli/vm-host.mjs');
const COMMAND = path.join(ROOT, 'main/cli/terrarium.mjs');
/** The app's process for the next machine is ready by then. */
const RESERVE_MS = 5000;

type Figures = Record<string, number>;

/** Rows have their unit in their name: not all of them are times. */
const FIGURE = {
  pause: 'first snapshot: guest stands still, ms',
  bytes: 'first snapshot: bytes, MiB',
  whole: 'first snapshot: until it is stored, ms',
  again: 'a second later: guest stands still, ms',
  againBytes: 'a second later: bytes, MiB',
  resume: 'resume until the guest goes on, ms',
  resumeRuns: 'resume until its first slice (1 ms) is over, ms',
  delete: 'delete in the middle of the chain, ms',
  fork: 'fork: until the second machine is whole, ms',
  forkPause: 'fork: guest stands still, ms',
  start: 'start until the first guest instruction, ms',
  forkRuns: 'fork: until its first guest instruction, ms',
  runFrom: 'run --from: one command, whole process, ms',
  forks: 'ten forks: share of one memory, %',
} as const;

async function ours(guest: KernelRun, workDir: string): Promise<Figures> {
  const folder = fs.mkdtempSync(path.join(workDir, 'library-'));
  const opened = createServices({
    ...{ shell: 'web', version: 'bench', libraryFolder: folder },
    launcher: forkLauncher(VM_HOST),
    keepReady: true,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  const services = opened.value;
  const call = async <N extends CallName>(name: N, params: CallParams<N>): Promise<CallResult<N>> => {
    const result = await services.handlers[name](params as never);
    if (!result.ok) throw new Error(`${name}: ${result.error.message}`);
    return result.value as CallResult<N>;
  };
  try {
    const disk = await call('media.create', { name: 'disk', kind: 'disk', sizeBytes: DISK_BYTES });
    const draft = machineDraftSchema.parse({
      ...{ name: 'linux', memoryMiB: guest.memoryMiB, bootMenu: 'off' },
      disks: [{ path: mediumPath(disk.id), writable: true }],
      kernel: { image: guest.kernel, initrd: [guest.initrd], append: guest.commandLine },
    });
    const { id } = (await call('machines.create', draft)).config;
    await sleep(RESERVE_MS);
    const started = await timed(() => call('machines.start', { id }));
    const { matched } = await call('machines.wait', { id, until: UP.source, timeoutMs: TIMEOUT_MS });
    if (!matched) throw new Error('the guest did not start');
    await sleep(1000);

    const take = async (name: string) =>
      (await call('snapshots.take', { machine: id, name, note: '', memory: true })).captured;
    const first = await take('first');
    await sleep(1000);
    const second = await take('second');
    await take('third');
    const usageBefore = await call('store.usage', {});

    const fork = await timed(() => call('machines.fork', { id, name: 'fork 0', start: false }));
    for (let i = 1; i < FORKS; i++) await call('machines.fork', { id, name: `fork ${i}`, start: false });
    const usageAfter = await call('store.usage', {});
    await sleep(RESERVE_MS);
    const running = await timed(() => call('machines.fork', { id, name: 'running fork', start: true }));

    const { snapshots } = await call('snapshots.list', { machine: id });
    const middle = snapshots.find(({ name }) => name === 'second')!.id;
    const deleted = await timed(() => call('snapshots.delete', { id: middle }));
    for (const { config, status } of (await call('machines.list', {})).machines)
      if (status.state === 'running') await call('machines.stop', { id: config.id });
    return {
      [FIGURE.pause]: first.pauseMs,
      [FIGURE.whole]: first.totalMs,
      [FIGURE.bytes]: first.addedBytes / MIB,
      [FIGURE.again]: second.pauseMs,
      [FIGURE.againBytes]: second.addedBytes / MIB,
      ...(await resumeTimes(folder, 'linux/third')),
      [FIGURE.delete]: deleted.ms,
      [FIGURE.fork]: fork.ms,
      [FIGURE.forkPause]: fork.value.captured.pauseMs,
      [FIGURE.start]: started.ms,
      [FIGURE.forkRuns]: running.ms,
      [FIGURE.runFrom]: (await timed(() => oneCommand(folder, 'linux/third'))).ms,
      [FIGURE.forks]: (100 * (first.addedBytes + usageAfter.storedBytes - usageBefore.storedBytes)) / first.addedBytes,
    };
  } finally {
    services.dispose();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function timed<T>(action: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const startMs = performance.now();
  const value = await action();
  return { value, ms: performance.now() - startMs };
}

/** `terrarium run --from` until the guest's shell has answered a command. */
async function oneCommand(library: string, snapshot: string): Promise<void> {
  const args = ['run', '--from', snapshot, '--library', library, '--serial', 'stdio', '--until', 'answer-2'];
  const child = spawn(process.execPath, [COMMAND, ...args, '--timeout', '60'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin.end('echo answer-$((1+1))\n');
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`run --from ended with ${code}`);
}

/** As the bundle has it, which this process does not run from. */
const withCommonHandlers: MachineFactory = (config, backends) => {
  tuneV8();
  const commonHandlers = compiledHandlers(encodeCommonHandlers());
  return createPc(config, { ...backends, commonHandlers });
};

/** From a built machine (as loadvm has it) to its first instruction, and to the end of its first slice. */
async function resumeTimes(library: string, snapshot: string): Promise<Figures> {
  const resources = new DisposableStore();
  try {
    const beginning = openBeginning(snapshot, library, resources);
    const hostClock = new HostClock();
    const built = await buildMachine(beginning.hardware, {
      ...beginning.options,
      ...{ factory: withCommonHandlers, hostClock, meter: new ActivityMeter(), mustBoot: false, log: () => {} },
      openSerial: () => ({ ok: true, value: [{ write: () => {} }] }),
    });
    if (!built.ok) throw new Error(built.error.message);
    resources.add(built.value);
    const { machine } = built.value;
    const startMs = performance.now();
    resources.add(beginning.resume(built.value)!);
    hostClock.resume();
    const resumedMs = performance.now();
    machine.run(Infinity, 1);
    return { [FIGURE.resume]: resumedMs - startMs, [FIGURE.resumeRuns]: performance.now() - startMs };
  } finally {
    resources.dispose();
  }
}

async function qemu(guest: KernelRun, workDir: string): Promise<Figures> {
  const { saveMs, saveBytes, againMs, againBytes, loadMs, deleteMs } = await qemuSnapshots(guest, {
    ...{ up: UP, timeoutMs: TIMEOUT_MS, workDir, diskBytes: DISK_BYTES },
  });
  return {
    // savevm stops the guest for all of it.
    [FIGURE.pause]: saveMs,
    [FIGURE.whole]: saveMs,
    [FIGURE.bytes]: saveBytes / MIB,
    [FIGURE.again]: againMs,
    [FIGURE.againBytes]: againBytes / MIB,
    [FIGURE.resume]: loadMs,
    [FIGURE.delete]: deleteMs,
  };
}

async function v86(guest: KernelRun): Promise<Figures> {
  const { saveMs, bytes, againMs, restoreMs } = await v86States(guest, { up: UP, timeoutMs: TIMEOUT_MS });
  return {
    [FIGURE.pause]: saveMs,
    [FIGURE.whole]: saveMs,
    [FIGURE.bytes]: bytes / MIB,
    [FIGURE.again]: againMs,
    [FIGURE.againBytes]: bytes / MIB,
    [FIGURE.resume]: restoreMs,
  };
}

function clonesCase(workDir: string): BenchCase {
  let machines: Promise<UpdatedMachines> | undefined;
  const made = () => (machines ??= updateMachines(workDir));
  return {
    name: 'ten machines cloned, then updated apart: bytes, MiB',
    run: {
      terrarium: async () => storeMib(await made(), workDir),
      qemu: async () => overlaysMib(await made(), workDir),
    },
  };
}

export const snapshot: Bench = {
  name: 'snapshot',
  unit: '',
  better: 'lower',
  async cases(workDir) {
    const guest = { ...(await benchGuest()), commandLine: 'console=ttyS0 quiet', memoryMiB: MEMORY_MIB };
    return [
      {
        name: 'snapshot',
        run: { terrarium: () => ours(guest, workDir), qemu: () => qemu(guest, workDir), v86: () => v86(guest) },
      },
      clonesCase(workDir),
    ];
  },
};
