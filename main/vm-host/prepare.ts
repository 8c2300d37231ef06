import { HostClock, systemEntropy, systemWallClock } from './clocks.ts';
import { pcFactory } from './pc-factory.ts';

/** Guest time that the smallest machine is given: its firmware's first steps. */
const WARM_UP_MS = 20;

/**
 * For a process that waits for its machine: loads what one needs, and has the smallest machine go through what a start
 * does, so that the code for it is compiled. Nothing of that machine stays.
 */
export async function prepare(): Promise<void> {
  const hostClock = new HostClock();
  const machine = await pcFactory(
    { memoryMiB: 1, bootOrder: [], clock: 'host', engine: 'auto' },
    {
      ...{ hostClock, wallClock: systemWallClock, entropy: systemEntropy },
      ...{ floppies: [], disks: [], serial: [], log: () => {} },
    },
  );
  hostClock.resume();
  machine.run(Infinity, WARM_UP_MS);
  machine.loadState(machine.saveState());
  machine.display.refresh();
  await Promise.all([import('./disk-file.ts'), import('./machine-snapshots.ts')]);
}
