/** NAME ENGINE IMAGE: makes the machine of boots.ts anew, loads the image, runs to the boot's end and prints its state. */
import { readFileSync } from 'node:fs';
import { FailureError } from '../../core/base/index.ts';
import type { PcConfig } from '../../core/machine/machine.ts';
import { BOOTS, endStateOf, type BootName } from './boots.ts';

const [name, engine, image] = process.argv.slice(2) as [BootName, PcConfig['engine'], string];
const guest = await BOOTS[name].create(engine);
const loaded = guest.machine.load(readFileSync(image));
if (!loaded.ok) throw new FailureError(loaded.error);
guest.machine.run(BOOTS[name].endNs);
process.stdout.write(JSON.stringify(endStateOf(guest)));
