/**
 * The Debian packages that tests and benchmarks use, known by what they put on the machine; installs those missing.
 * Plain JavaScript for Node 20: it runs before anything else does.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** Package and what shows that it is there: a command on the PATH, or one of these files. */
const PACKAGES = [
  { name: 'chromium', command: 'chromium' },
  { name: 'fonts-noto-cjk', files: ['/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc'] },
  { name: 'qemu-system-x86', command: 'qemu-system-i386' },
  { name: 'qemu-utils', command: 'qemu-img' },
  { name: 'seabios', files: ['/usr/share/seabios/bios.bin'] },
  { name: 'nasm', command: 'nasm' },
  { name: 'gcc', command: 'gcc' },
  {
    name: 'libc6-dev',
    files: ['/usr/include/x86_64-linux-gnu/sys/mman.h', '/usr/include/aarch64-linux-gnu/sys/mman.h'],
  },
  {
    name: 'gcc-multilib',
    files: ['/usr/include/gnu/stubs-32.h', '/usr/include/x86_64-linux-gnu/gnu/stubs-32.h'],
    onlyOn: 'x64',
  },
  { name: 'binutils', command: 'objdump' },
  { name: 'acpica-tools', command: 'iasl' },
  { name: 'mtools', command: 'mcopy' },
  { name: 'e2fsprogs', files: ['/usr/sbin/debugfs'] },
  { name: 'xorriso', command: 'xorriso' },
  { name: 'isolinux', files: ['/usr/lib/ISOLINUX/isolinux.bin'] },
  { name: 'cpio', command: 'cpio' },
];

const onPath = (command) =>
  (process.env.PATH ?? '').split(path.delimiter).some((dir) => dir !== '' && fs.existsSync(path.join(dir, command)));

function isMissing({ command, files, onlyOn }) {
  if (onlyOn && onlyOn !== process.arch) return false;
  return command ? !onPath(command) : !files.some((file) => fs.existsSync(file));
}

/** How to run something as root without being asked for a password, or undefined. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  if (onPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0)
    return ['sudo', '-n', '-E'];
  return undefined;
}

/** Names of packages that are still missing afterwards. */
export function installMissingPackages(log = console.log) {
  const missing = PACKAGES.filter(isMissing);
  if (missing.length === 0) return [];
  const names = missing.map((p) => p.name);
  const prefix = rootPrefix();
  if (!onPath('apt-get') || !prefix) return names;

  log(`installing Debian packages: ${names.join(' ')}`);
  const aptGet = (...args) => {
    const [command, ...rest] = [...prefix, 'apt-get', ...args];
    return spawnSync(command, rest, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status;
  };
  const install = ['-qq', 'install', '-y', '--no-install-recommends', ...names];
  // The package lists may be old or absent: fetch them when the first try fails.
  if (aptGet(...install) !== 0 && aptGet('-qq', 'update') === 0) aptGet(...install);
  return missing.filter(isMissing).map((p) => p.name);
}
