/** From process start until a system shows that it is up: on the screen, Linux on its serial console. */
import { guestImage } from '../fixtures/guests.ts';
import { benchGuest } from '../fixtures/linux-guests.ts';
import type { Bench, BenchCase } from './harness.ts';
import type { KernelRun, PeerProcess } from './peers/process.ts';
import type { DesktopRun } from './peers/picture.ts';
import { qemuFloppyUntilScreen, qemuKernel, qemuUntilDesktop } from './peers/qemu.ts';
import { kernelOptions, terrariumUntilDesktop, terrariumWallMs } from './peers/terrarium.ts';
import { v86FloppyUntilScreen, v86Kernel } from './peers/v86.ts';

const MEMORY_MIB = 32;
const TIMEOUT_MS = 60_000;

const GUESTS = [
  { name: 'FreeDOS prompt', image: 'freedos.img', until: /A:\\>/m },
  { name: 'MikeOS dialog', image: 'mikeos.img', until: /Thanks for trying out MikeOS!/m },
];

function bootCase(guest: (typeof GUESTS)[number], workDir: string): BenchCase {
  const image = guestImage(guest.image);
  const { until } = guest;
  const limits = { memoryMiB: MEMORY_MIB, timeoutMs: TIMEOUT_MS };
  return {
    name: guest.name,
    run: {
      // The whole process, its end included: that is what a user of the command waits for.
      terrarium: async () => {
        const args = ['--floppy', image, '--memory', `${MEMORY_MIB}`, '--until', until.source];
        return await terrariumWallMs([...args, '--timeout', `${TIMEOUT_MS / 1000}`]);
      },
      qemu: () => qemuFloppyUntilScreen(image, { until, workDir, ...limits }),
      v86: () => v86FloppyUntilScreen(image, { until, jit: true, ...limits }),
    },
  };
}

/** The panel, the background behind all of it, and icons, which are drawn again when the background is there. */
const KOLIBRI_DESKTOP = {
  ...{ width: 1024, height: 768 },
  pixels: [
    { x: 4, y: 760, colour: '687796' },
    { x: 500, y: 250, colour: '182028' },
    { x: 660, y: 300, colour: '9594a2' },
    { x: 238, y: 26, colour: 'f0ebe1' },
    { x: 238, y: 162, colour: '69ccfc' },
    { x: 854, y: 26, colour: 'b0c0d8' },
    { x: 34, y: 630, colour: 'b09870' },
    { x: 990, y: 162, colour: '766054' },
  ],
};

/** `timeoutMs` each. */
export function kolibriCase(workDir: string, timeoutMs = TIMEOUT_MS): BenchCase {
  const run: DesktopRun = {
    image: guestImage('kolibri.img'),
    memoryMiB: 64,
    menu: 'press \\[Enter\\] to continue booting',
    until: KOLIBRI_DESKTOP,
  };
  return {
    name: 'KolibriOS desktop',
    run: {
      terrarium: () => terrariumUntilDesktop(run, timeoutMs),
      qemu: () => qemuUntilDesktop(run, { timeoutMs, workDir }),
    },
  };
}

const LINUX_MEMORY_MIB = 256;
const LINUX_TIMEOUT_MS = 300_000;
const LINUX_UP = /BOOT-OK/;

/** The peers without what Terrarium has an option for: each as fast as it can. */
function linuxCase(name: string, guest: KernelRun, ...own: readonly string[]): BenchCase {
  const untilUp = async (peer: PeerProcess): Promise<number> => {
    await using running = peer;
    return (await running.output(LINUX_UP, LINUX_TIMEOUT_MS)).ms;
  };
  const options = [...own, '--until', LINUX_UP.source, '--timeout', `${LINUX_TIMEOUT_MS / 1000}`];
  return {
    name,
    run: {
      terrarium: () => terrariumWallMs([...kernelOptions(guest), ...options]),
      qemu: () => untilUp(qemuKernel(guest)),
      v86: () => untilUp(v86Kernel(guest)),
    },
  };
}

async function linuxCases(): Promise<BenchCase[]> {
  const guest = { ...(await benchGuest()), commandLine: 'console=ttyS0 quiet', memoryMiB: LINUX_MEMORY_MIB };
  const unpacking = ['--unpack', 'guest'];
  return [
    // The host unpacks the kernel here, and keeps it from the first round on; guests of the peers do that themselves.
    linuxCase('Linux shell', guest),
    linuxCase('Linux shell, unpacked by the guest', guest, ...unpacking),
    linuxCase('Linux shell, interpreter', guest, ...unpacking, '--engine', 'interpreter'),
  ];
}

export const boot: Bench = {
  name: 'boot',
  unit: 'ms',
  better: 'lower',
  cases: async (workDir) => [
    ...GUESTS.map((guest) => bootCase(guest, workDir)),
    kolibriCase(workDir),
    ...(await linuxCases()),
  ],
};
