/** Ten Debian machines cloned from one and then updated apart: bytes in the store, and in ten qcow2 overlays. */
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  StoreDisk,
  addMedium,
  collect,
  foldMedium,
  importMedium,
  openLibrary,
  type Library,
  type Medium,
} from '../../core/store/index.ts';
import { debianPackage } from '../fixtures/debian-package.ts';

const MACHINES = 10;
const DISK_BYTES = 192 << 20;
const UPDATED_FILES = 120;
/** Keys, logs and leases: what no two machines share. */
const OWN_FILES = 8;
const OWN_BYTES = 1 << 20;
const BLOCK_BYTES = 4096;
const MIB = 1 << 20;
const KERNEL = 'linux-image-6.1.0-50-686:i386';
const TOOLS = { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } };

const run = promisify(execFile);

/** Disk images: the one that all are cloned from, and each machine's after its update. */
export interface UpdatedMachines {
  readonly base: string;
  readonly updated: readonly string[];
}

/**
 * An ext4 with a system's files (half of a kernel package's modules). An update writes the same new files on every machine
 * (other modules), in an order of its own and between files that no other machine has.
 */
export async function updateMachines(workDir: string): Promise<UpdatedMachines> {
  const folder = fs.mkdtempSync(path.join(workDir, 'machines-'));
  const modules = path.join(await debianPackage(KERNEL), 'lib/modules');
  const files = fs.globSync('**/*.ko', { cwd: modules }).sort();
  const root = path.join(folder, 'root');
  files.forEach((file, i) => {
    const copy = path.join(root, path.dirname(file));
    fs.mkdirSync(copy, { recursive: true });
    if (i % 2 === 0) fs.copyFileSync(path.join(modules, file), path.join(root, file));
  });
  const update = files
    .filter((_, i) => i % 2 === 1)
    .filter((_, i, odd) => i % Math.ceil(odd.length / UPDATED_FILES) === 0);

  const base = path.join(folder, 'base.img');
  await run('mke2fs', ['-q', '-t', 'ext4', '-d', root, base, String(DISK_BYTES / 1024)], TOOLS);
  const updated: string[] = [];
  for (let machine = 0; machine < MACHINES; machine++) {
    const image = path.join(folder, `machine-${machine}.img`);
    await run('cp', ['--sparse=always', base, image]);
    const start = Math.floor((update.length * machine) / MACHINES);
    const commands = [...update.slice(start), ...update.slice(0, start)].map(
      (file) => `write ${path.join(modules, file)} ${path.basename(file)}`,
    );
    for (let i = 0; i < OWN_FILES; i++) {
      const own = path.join(folder, `own-${i}`);
      fs.writeFileSync(own, randomBytes(OWN_BYTES / OWN_FILES));
      commands.splice(Math.floor((commands.length * i) / OWN_FILES), 0, `write ${own} own-${i}`);
    }
    const script = path.join(folder, 'script');
    fs.writeFileSync(script, `${commands.join('\n')}\n`);
    await run('debugfs', ['-w', '-f', script, image], TOOLS);
    updated.push(image);
  }
  return { base, updated };
}

/** What the updates add to a library where the machines' disks are clones, MiB. */
export async function storeMib({ base, updated }: UpdatedMachines, workDir: string): Promise<number> {
  const opened = openLibrary(fs.mkdtempSync(path.join(workDir, 'clones-')));
  if (!opened.ok) throw new Error(opened.error.message);
  const library = opened.value;
  try {
    const original = fs.readFileSync(base);
    const root = importWhole(library, original);
    const before = storedBytes(library);
    for (const [i, image] of updated.entries()) {
      const clone = addMedium(library, { ...root, id: randomUUID(), name: `clone ${i}` });
      writeDifferences(library, clone.id, original, fs.readFileSync(image));
      foldMedium(library, clone.id);
    }
    collect(library);
    return (storedBytes(library) - before) / MIB;
  } finally {
    library.dispose();
  }
}

function importWhole(library: Library, data: Buffer): Medium {
  const source = {
    ...{ sizeBytes: data.length, readOnly: true, write: () => {}, flush: () => {} },
    read: (at: number, target: Uint8Array) => target.set(data.subarray(at, at + target.length)),
  };
  const work = importMedium(library, { name: 'base', kind: 'disk', sizeBytes: data.length }, source);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** As the guest's file system writes: in its blocks. */
function writeDifferences(library: Library, medium: string, from: Buffer, to: Buffer): void {
  const disk = StoreDisk.open(library, medium, { mode: 'normal' });
  for (let at = 0; at < to.length; at += BLOCK_BYTES)
    if (from.compare(to, at, at + BLOCK_BYTES, at, at + BLOCK_BYTES) !== 0)
      disk.write(at, to.subarray(at, at + BLOCK_BYTES));
  disk.flush();
  disk.dispose();
}

const storedBytes = (library: Library): number =>
  library.database.prepare('SELECT total(stored_bytes) FROM chunk').pluck().get() as number;

/** The same as qcow2 overlays over one base, MiB of their files. */
export async function overlaysMib({ base, updated }: UpdatedMachines, workDir: string): Promise<number> {
  const folder = fs.mkdtempSync(path.join(workDir, 'overlays-'));
  const backing = path.join(folder, 'base.qcow2');
  await run('qemu-img', ['convert', '-O', 'qcow2', base, backing]);
  let bytes = 0;
  for (const [i, image] of updated.entries()) {
    const overlay = path.join(folder, `${i}.qcow2`);
    // qemu-img's own way to make an overlay of what differs.
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', image, '-F', 'raw', overlay]);
    await run('qemu-img', ['rebase', '-b', backing, '-F', 'qcow2', overlay]);
    bytes += fs.statSync(overlay).size;
  }
  return bytes / MIB;
}
