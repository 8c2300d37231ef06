/** How long a Linux guest stands still while its code is compiled, from power-on to the end of guest-bench: a histogram. */
import { benchGuest } from '../fixtures/linux-guests.ts';
import type { Bench } from './harness.ts';
import { kernelOptions, terrariumRun } from './peers/terrarium.ts';

export const pauses: Bench = {
  name: 'pauses',
  unit: 'pauses',
  better: 'lower',
  async cases() {
    const linux = { ...(await benchGuest()), commandLine: 'console=ttyS0 quiet bench', memoryMiB: 256 };
    const args = [...kernelOptions(linux), '--until', 'ALL-DONE', '--timeout', '300', '--stats'];
    return [
      { name: 'boot and guest-bench', run: { terrarium: async () => (await terrariumRun(args)).report.stats!.pauses } },
    ];
  },
};
