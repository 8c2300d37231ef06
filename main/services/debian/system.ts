/** A small Debian for the 32-bit PC out of packages: a kernel, an initial RAM disk, an empty file system to live on. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { FailureError } from '../../../core/base/index.ts';
import { fail } from '../../../core/contract/index.ts';
import { cpioArchive, type ArchiveEntry } from './cpio.ts';
import { INIT, MODULES, SYSTEM_FILES, SYSTEM_FOLDERS } from './guest-files.ts';
import { modulesInOrder } from './kernel-modules.ts';
import { PackageCache, run, type FetchOptions } from './packages.ts';

export interface DebianSystem {
  /** Paths of files that machines share, and that no machine writes. */
  readonly kernel: string;
  readonly initrd: string;
  /** The kernel's command line. */
  readonly append: string;
}

/** Stands for the newest kernel that runs on every 32-bit processor. */
const KERNEL = 'linux-image-686:i386';
const BUSYBOX = 'busybox-static:i386';
/** The last message goes to the screen, both have a shell. */
const APPEND = 'console=ttyS0 console=tty0 quiet loglevel=3';

/**
 * The system, made in a folder of its kernel's version below `systemsFolder` unless it is there. Packages are kept in
 * `cacheFolder`. Throws FailureError, and leaves nothing half made.
 */
export async function buildDebianSystem(
  cacheFolder: string,
  systemsFolder: string,
  options: FetchOptions,
): Promise<DebianSystem> {
  const { signal, onProgress } = options;
  const packages = new PackageCache(cacheFolder);
  const image = await packages.dependencyOf(KERNEL, signal);
  const [, release] = /^linux-image-([\w.+-]+):i386$/.exec(image) ?? [];
  if (release === undefined) throw new FailureError(fail('debian.package', `${KERNEL} stands for ${image}`));
  const recipe = createHash('sha256').update(JSON.stringify([INIT, MODULES, SYSTEM_FILES, SYSTEM_FOLDERS]));
  const folder = join(systemsFolder, `debian-${release}-${recipe.digest('hex').slice(0, 8)}`);
  const system = { kernel: join(folder, 'linux'), initrd: join(folder, 'initrd.gz'), append: APPEND };
  if (existsSync(folder)) return system;

  const [kernelPackage, busyboxPackage] = await packages.fetch([image, BUSYBOX], options);
  onProgress?.(0, 0);
  mkdirSync(systemsFolder, { recursive: true, mode: 0o700 });
  const work = mkdtempSync(join(systemsFolder, '.work-'));
  try {
    const [kernelFiles, busyboxFiles, made] = ['kernel', 'busybox', 'made'].map((name) => join(work, name));
    await packages.extract(kernelPackage, kernelFiles, signal);
    await packages.extract(busyboxPackage, busyboxFiles, signal);
    mkdirSync(made);
    const [boot] = readdirSync(join(kernelFiles, 'boot')).filter((file) => file.startsWith('vmlinuz-'));
    if (boot === undefined) throw new FailureError(fail('debian.package', `${image} holds no kernel`));
    renameSync(join(kernelFiles, 'boot', boot), join(made, 'linux'));
    const archive = cpioArchive(
      entriesOf(
        release,
        readFileSync(join(busyboxFiles, 'bin/busybox')),
        modulesInOrder(join(kernelFiles, 'lib/modules', release), MODULES),
      ),
    );
    writeFileSync(join(made, 'initrd.gz'), await promisify(gzip)(archive));
    signal?.throwIfAborted();
    // Whole or not at all, whoever else makes it.
    if (!existsSync(folder)) renameSync(made, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return system;
}

/** A new file with an empty ext4 file system, sparse. */
export async function makeFileSystem(path: string, sizeBytes: number, signal?: AbortSignal): Promise<void> {
  const features = 'root_owner=0:0,lazy_itable_init=1,lazy_journal_init=1';
  await run('mke2fs', ['-q', '-t', 'ext4', '-L', 'debian', '-E', features, path, `${sizeBytes / 1024}k`], { signal });
}

function entriesOf(
  release: string,
  busybox: Uint8Array,
  modules: readonly { readonly name: string; readonly file: string }[],
): ArchiveEntry[] {
  const text = (path: string, content: string): ArchiveEntry => ({
    ...{ path, content: Buffer.from(content) },
    executable: content.startsWith('#!'),
  });
  return [
    ...['bin', 'dev', 'disk', 'modules', 'system', ...SYSTEM_FOLDERS.map((folder) => `system/${folder}`)].map(
      (path): ArchiveEntry => ({ path, folder: true }),
    ),
    text('init', INIT),
    text('release', `${release}\n`),
    { path: 'bin/busybox', content: busybox, executable: true },
    ...Object.entries(SYSTEM_FILES).map(([path, content]) => text(`system/${path}`, content)),
    text('modules/order', modules.map(({ name }) => `${name}\n`).join('')),
    ...modules.map(({ name, file }): ArchiveEntry => ({ path: `modules/${name}.ko`, content: readFileSync(file) })),
  ];
}
