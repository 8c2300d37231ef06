/** guest-bench under Debian's i386 kernel: what a guest's processor spends its time on, timed by the guest's own clock. */
import { benchGuest } from '../fixtures/linux-guests.ts';
import type { Bench } from './harness.ts';
import type { PeerProcess } from './peers/process.ts';
import { qemuKernel } from './peers/qemu.ts';
import { terrariumKernel } from './peers/terrarium.ts';
import { v86Kernel } from './peers/v86.ts';

const MEMORY_MIB = 256;
const TIMEOUT_MS = 300_000;
const FIGURE = /^GB (\w+) ([\d.]+)\r?$/gm;
/** A figure counts when the guest's clock kept to the host's: a busy host makes a guest measure its clock wrongly. */
const CLOCK_TOLERANCE = 0.05;
const ATTEMPTS = 3;

type Figures = Record<string, number>;

async function figures(start: () => PeerProcess): Promise<Figures> {
  for (let attempt = 1; ; attempt++) {
    const { clockRate, byKernel } = await measure(start);
    if (Math.abs(clockRate - 1) <= CLOCK_TOLERANCE) return byKernel;
    if (attempt === ATTEMPTS)
      throw new Error(`the guest's clock ran ${clockRate.toFixed(2)} times as fast as the host's`);
  }
}

/** Milliseconds of each kernel, the faster of the two runs that guest-bench makes; guest seconds per host second. */
async function measure(start: () => PeerProcess): Promise<{ clockRate: number; byKernel: Figures }> {
  await using running = start();
  const from = await running.output(/BENCH-START ([\d.]+)\s/, TIMEOUT_MS);
  const to = await running.output(/[^]*ALL-DONE ([\d.]+)\s/, TIMEOUT_MS);
  const guestMs = (Number(to.match[1]) - Number(from.match[1])) * 1000;
  return {
    clockRate: guestMs / (to.ms - from.ms),
    byKernel: Object.fromEntries([...to.match[0].matchAll(FIGURE)].map(([, name, ms]) => [name!, Number(ms)])),
  };
}

export const guest: Bench = {
  name: 'guest',
  unit: 'ms',
  better: 'lower',
  geometricMean: true,
  async cases() {
    const linux = { ...(await benchGuest()), commandLine: 'console=ttyS0 quiet bench', memoryMiB: MEMORY_MIB };
    return [
      {
        name: 'guest-bench',
        run: {
          terrarium: () => figures(() => terrariumKernel(linux)),
          qemu: () => figures(() => qemuKernel(linux)),
          v86: () => figures(() => v86Kernel(linux)),
        },
      },
    ];
  },
};
