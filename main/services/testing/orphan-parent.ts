import { join } from 'node:path';
import { hardwareSchema } from '../../../core/contract/index.ts';
import { forkLauncher } from '../host-process.ts';
import { SupervisedMachine } from '../supervised.ts';

/** Starts a machine, tells its process id, and waits to be killed. */
const launch = forkLauncher(join(import.meta.dirname, '../../vm-host/testing/fake-entry.ts'));
const machine = new SupervisedMachine(launch('child'), hardwareSchema.parse({}), {
  heartbeatMs: 1000,
  missedMax: 10,
  stopMs: 1000,
  onStatus() {},
  log() {},
});
await machine.started;
process.send?.({ pid: machine.pid });
