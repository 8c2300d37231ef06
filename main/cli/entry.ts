import { expectPc, pcFactory } from '../vm-host/pc-factory.ts';
import { main } from './cli.ts';
import { processIo } from './io.ts';

/** What terrarium.mjs starts with the pinned Node. */
// The reader of our output went away (`| head`): nothing is left to do.
process.stdout.on('error', () => process.exit());
if (process.argv[2] === 'run') expectPc();
process.exitCode = await main(process.argv.slice(2), { io: processIo, factory: pcFactory });
