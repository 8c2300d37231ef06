import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError, err, ok, type Result } from '../../core/base/index.ts';
import {
  DEBIAN_PACKAGES,
  MACHINE_TEMPLATES,
  fail,
  machineDraftSchema,
  mediumPath,
  type CallArguments,
  type MachineConfig,
  type MachineInfo,
} from '../../core/contract/index.ts';
import { freeMediumName, removeMedium, type Library } from '../../core/store/index.ts';
import { attempt } from './attempt.ts';
import { debianAvailability } from './debian/availability.ts';
import { buildDebianSystem, makeFileSystem } from './debian/system.ts';
import { importImage } from './import-image.ts';
import { driveSteps } from './steps.ts';
import type { TaskContext, TaskRegistry } from './tasks.ts';

export interface DebianContext {
  readonly library: Library;
  readonly tasks: TaskRegistry;
  readonly isNameTaken: (name: string) => boolean;
  readonly create: (draft: CallArguments<'machines.create'>) => Result<MachineConfig>;
  readonly changed: (config: MachineConfig) => MachineInfo;
  readonly mediaChanged: () => void;
}

const WHY_NOT = {
  'no-debian': 'this computer does not run Debian',
  'no-kernel': "this computer's archive has no kernel for 32-bit processors (Debian 12 is the last that has)",
  'no-tools': 'this computer lacks apt-get, dpkg-deb, flock or mke2fs',
};

/** `machines.buildDebian`: packages, a system, a disk, a machine; a task while it lasts. */
export async function buildDebian(
  { library, tasks, isNameTaken, create, changed, mediaChanged }: DebianContext,
  { name, group, memoryMiB, diskBytes }: CallArguments<'machines.buildDebian'>,
): Promise<Result<MachineInfo>> {
  const availability = debianAvailability();
  if (availability !== 'available')
    return err(fail('debian.unavailable', WHY_NOT[availability], 'use an image of a system instead'));
  if (isNameTaken(name))
    return err(fail('machine.exists', `there is a machine named "${name}"`, 'choose another name'));

  const work = async (context: TaskContext): Promise<MachineConfig> => {
    const system = await buildDebianSystem(
      join(library.folder, 'cache', 'debian'),
      join(library.folder, 'systems'),
      context,
    );
    const medium = await newDisk(library, freeMediumName(library, `${name} disk0`), diskBytes, context);
    const config = create(
      machineDraftSchema.parse({
        ...MACHINE_TEMPLATES.find(({ id }) => id === DEBIAN_PACKAGES)?.hardware,
        ...{ name, group, memoryMiB, template: DEBIAN_PACKAGES },
        disks: [{ path: mediumPath(medium), writable: true }],
        kernel: { image: system.kernel, initrd: [system.initrd], append: system.append },
      }),
    );
    if (config.ok) return config.value;
    removeMedium(library, medium);
    throw new FailureError(config.error);
  };
  const built = await attempt(name, () => tasks.perform('build', name, work));
  if (!built.ok) return built;
  mediaChanged();
  return ok(changed(built.value));
}

/** The id of a new disk with an empty file system. */
async function newDisk(library: Library, name: string, sizeBytes: number, context: TaskContext): Promise<string> {
  const incoming = join(library.folder, 'incoming');
  mkdirSync(incoming, { recursive: true, mode: 0o700 });
  const work = mkdtempSync(join(incoming, 'disk-'));
  try {
    const file = join(work, 'disk.img');
    await makeFileSystem(file, sizeBytes, context.signal);
    const copying = importImage(library, file, { name, kind: 'disk' });
    return (await driveSteps(name, copying, context, (step) => step)).id;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
