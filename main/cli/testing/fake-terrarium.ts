import { fakeFactory } from '../../vm-host/testing/fake-machine.ts';
import { main } from '../cli.ts';
import { processIo } from '../io.ts';

/** The command with the fake machine, for tests of the process around it. */
process.exitCode = await main(process.argv.slice(2), { io: processIo, factory: fakeFactory });
