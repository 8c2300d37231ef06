/** A Linux guest at its prompt with nothing to do: what it holds of the host's memory, and how much of a core it takes. */
import { setTimeout as delay } from 'node:timers/promises';
import { benchGuest } from '../fixtures/linux-guests.ts';
import { cpuSeconds, residentBytes } from '../fixtures/processes.ts';
import type { Bench } from './harness.ts';
import type { PeerProcess } from './peers/process.ts';
import { qemuKernel } from './peers/qemu.ts';
import { terrariumKernel } from './peers/terrarium.ts';
import { v86Kernel } from './peers/v86.ts';

const MEMORY_MIB = 256;
const BOOT_TIMEOUT_MS = 300_000;
/** The kernel still tidies up after its start. */
const SETTLE_MS = 10_000;
const WATCH_MS = 20_000;

async function figures(peer: PeerProcess): Promise<Record<string, number>> {
  await using running = peer;
  await running.output(/BOOT-OK/, BOOT_TIMEOUT_MS);
  await delay(SETTLE_MS);
  const pid = running.child.pid!;
  const [cpuBefore, startMs] = [cpuSeconds(pid), performance.now()];
  await delay(WATCH_MS);
  const share = (cpuSeconds(pid) - cpuBefore) / ((performance.now() - startMs) / 1000);
  return { 'resident memory, MiB': residentBytes(pid) / 2 ** 20, 'share of a core, %': share * 100 };
}

export const idle: Bench = {
  name: 'idle',
  unit: '',
  better: 'lower',
  async cases() {
    const linux = { ...(await benchGuest()), commandLine: 'console=ttyS0 quiet', memoryMiB: MEMORY_MIB };
    return [
      {
        name: `idle Linux, ${MEMORY_MIB} MiB`,
        run: {
          terrarium: () => figures(terrariumKernel(linux)),
          qemu: () => figures(qemuKernel(linux)),
          v86: () => figures(v86Kernel(linux)),
        },
      },
    ];
  },
};
