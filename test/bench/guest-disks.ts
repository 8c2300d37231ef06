/**
 * Disks as a Linux guest sees them, past its own cache: disk-bench on two disks of one machine in turn, the first one
 * in the store (QEMU: a qcow2), the second a raw file. MiB/s, and the first one's share of the second.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { machineDraftSchema, mediumPath } from '../../core/contract/index.ts';
import { openLibrary } from '../../core/store/index.ts';
import { forkLauncher } from '../../main/services/host-process.ts';
import { createServices } from '../../main/services/services.ts';
import { diskGuest } from '../fixtures/linux-guests.ts';
import type { BenchCase } from './harness.ts';
import type { KernelRun } from './peers/process.ts';
import { qemuKernel } from './peers/qemu.ts';
import { filledDisk } from './store-disk.ts';

const MIB = 1 << 20;
const DISK_BYTES = 128 * MIB;
const ROUNDS = 8;
const TIMEOUT_MS = 300_000;
const END = /ALL-DONE [\d.]+/;
const FIGURE = /^DB \/dev\/(sd[ab]) (\S+) ([\d.]+)\r?$/gm;
const VM_HOST = path.resolve(import.meta.dirname, '../../dist/cli/vm-host.mjs');

type Figures = Record<string, number>;

/** What a program's files are like: they compress to half. */
function contents(): Buffer {
  const data = Buffer.alloc(DISK_BYTES);
  const fd = fs.openSync(process.execPath, 'r');
  const length = fs.readSync(fd, data, 0, DISK_BYTES, 0);
  fs.closeSync(fd);
  for (let at = length; at < DISK_BYTES; at += length) data.copyWithin(at, 0, length);
  return data;
}

function figures(output: string): Figures {
  const speeds = new Map([...output.matchAll(FIGURE)].map(([, disk, pattern, speed]) => [`${disk} ${pattern}`, speed]));
  const found: Figures = {};
  for (const [key, value] of speeds) {
    const [disk, pattern] = key.split(' ');
    found[`guest, ${disk === 'sda' ? 'store' : 'raw file'}: ${pattern!.replaceAll('-', ' ')}, MiB/s`] = Number(value);
  }
  for (const key of speeds.keys()) {
    const [disk, pattern] = key.split(' ');
    if (disk === 'sda')
      found[`guest, store over raw file: ${pattern!.replaceAll('-', ' ')}`] =
        Number(speeds.get(key)) / Number(speeds.get(`sdb ${pattern}`));
  }
  if (Object.keys(found).length !== 12) throw new Error(`disk-bench said: ${output}`);
  return found;
}

async function ours(guest: KernelRun, workDir: string): Promise<Figures> {
  const folder = fs.mkdtempSync(path.join(workDir, 'library-'));
  const raw = path.join(workDir, 'beside.raw');
  const serial = path.join(folder, 'serial.txt');
  const data = contents();
  fs.writeFileSync(raw, data);
  const medium = fillMedium(folder, data);
  const opened = createServices({
    ...{ shell: 'web', version: 'bench', libraryFolder: folder },
    launcher: forkLauncher(VM_HOST),
  });
  if (!opened.ok) throw new Error(opened.error.message);
  const { handlers, dispose } = opened.value;
  try {
    const draft = machineDraftSchema.parse({
      ...{ name: 'linux', memoryMiB: guest.memoryMiB, bootMenu: 'off' },
      disks: [
        { path: mediumPath(medium), writable: true },
        { path: raw, writable: true, format: 'raw' },
      ],
      serial: [{ mode: 'file', path: serial }],
      kernel: { image: guest.kernel, initrd: [guest.initrd], append: guest.commandLine },
    });
    const created = await handlers['machines.create'](draft);
    if (!created.ok) throw new Error(created.error.message);
    const { id } = created.value.config;
    const started = await handlers['machines.start']({ id });
    if (!started.ok) throw new Error(started.error.message);
    for (let output = '', untilMs = performance.now() + TIMEOUT_MS; ;) {
      if (fs.existsSync(serial)) output = fs.readFileSync(serial, 'latin1');
      if (END.test(output)) return figures(output);
      if (performance.now() > untilMs) throw new Error(`the guest said: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  } finally {
    dispose();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** A disk of the store whose every chunk is in its tree, as after a snapshot. */
function fillMedium(folder: string, data: Buffer): string {
  const library = openLibrary(folder);
  if (!library.ok) throw new Error(library.error.message);
  try {
    return filledDisk(library.value, DISK_BYTES, (at) => data.subarray(at, at + MIB));
  } finally {
    library.value.dispose();
  }
}

async function qemu(guest: KernelRun, workDir: string): Promise<Figures> {
  const raw = path.join(workDir, 'beside.raw');
  const qcow2 = path.join(workDir, 'guest.qcow2');
  fs.writeFileSync(raw, contents());
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2]);
  const drive = (file: string, format: string, index: number): string[] => [
    ...['-drive', `file=${file},format=${format},if=ide,index=${index},cache=writeback,discard=unmap`],
  ];
  await using running = qemuKernel(guest, [...drive(qcow2, 'qcow2', 0), ...drive(raw, 'raw', 1)]);
  const { match } = await running.output(new RegExp(`[^]*${END.source}`), TIMEOUT_MS);
  return figures(match[0]);
}

/** Rows have their unit in their name: not all of them are speeds. */
export async function guestDiskCases(workDir: string): Promise<BenchCase[]> {
  const commandLine = `console=ttyS0 quiet rounds=${ROUNDS}`;
  const guest = { ...(await diskGuest()), commandLine, memoryMiB: 128 };
  return [{ name: 'guest', run: { terrarium: () => ours(guest, workDir), qemu: () => qemu(guest, workDir) } }];
}
