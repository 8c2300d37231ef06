/** From process start until a floppy's system shows that it is up. */
import { guestImage } from '../fixtures/guests.ts';
import type { Bench, BenchCase } from './harness.ts';
import { qemuFloppyUntilScreen } from './peers/qemu.ts';
import { terrariumWallMs } from './peers/terrarium.ts';
import { v86FloppyUntilScreen } from './peers/v86.ts';

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

export const boot: Bench = {
  name: 'boot',
  unit: 'ms',
  better: 'lower',
  cases: async (workDir) => GUESTS.map((guest) => bootCase(guest, workDir)),
};
