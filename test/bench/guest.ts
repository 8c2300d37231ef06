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

/** Milliseconds of each kernel: the faster of the two runs that guest-bench makes. */
async function figures(peer: PeerProcess): Promise<Record<string, number>> {
  await using running = peer;
  const { match } = await running.output(/[^]*GB-DONE/, TIMEOUT_MS);
  return Object.fromEntries([...match[0].matchAll(FIGURE)].map(([, name, ms]) => [name!, Number(ms)]));
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
          terrarium: () => figures(terrariumKernel(linux)),
          qemu: () => figures(qemuKernel(linux)),
          v86: () => figures(v86Kernel(linux)),
        },
      },
    ];
  },
};
