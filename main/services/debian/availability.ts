import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Why a system cannot be built out of this computer's packages, or that it can. */
export type DebianAvailability = 'available' | 'no-debian' | 'no-kernel' | 'no-tools';

const TOOLS = ['apt-get', 'apt-cache', 'dpkg', 'dpkg-deb', 'flock', 'mke2fs'];
/** The last version whose archive has a kernel for 32-bit processors. */
const LAST_WITH_KERNEL = 12;

/** `version`: of /etc/debian_version; Ubuntu, whose archive has no 32-bit kernel either, writes a name there. */
export function judgeDebian(version: string | undefined, hasTool: (name: string) => boolean): DebianAvailability {
  if (version === undefined) return 'no-debian';
  const [, major] = /^(\d+)(?:\.|$)/.exec(version.trim()) ?? [];
  if (major === undefined || Number(major) > LAST_WITH_KERNEL) return 'no-kernel';
  return TOOLS.every(hasTool) ? 'available' : 'no-tools';
}

export function debianAvailability(): DebianAvailability {
  if (process.platform !== 'linux') return 'no-debian';
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return judgeDebian(versionOf('/etc/debian_version'), (name) =>
    folders.some((folder) => folder !== '' && isProgram(join(folder, name))),
  );
}

function versionOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
