/**
 * NAME ENGINE IMAGE MEDIUM END_NS: makes the machine of boots.ts anew, loads the image, runs to that instant and prints
 * its state.
 */
import { readFileSync } from 'node:fs';
import { FailureError } from '../../core/base/index.ts';
import type { PcConfig } from '../../core/machine/machine.ts';
import { BOOTS, endStateOf, type Boot } from './boots.ts';
import { INSTALLERS } from './installers.ts';

const [name, engine, image, medium, endNs] = process.argv.slice(2) as [
  keyof typeof BOOTS | keyof typeof INSTALLERS,
  PcConfig['engine'],
  string,
  string,
  string,
];
const boot: Boot = { ...BOOTS, ...INSTALLERS }[name];
const guest = await boot.create(engine, medium);
const loaded = guest.machine.load(readFileSync(image));
if (!loaded.ok) throw new FailureError(loaded.error);
guest.machine.run(Number(endNs));
process.stdout.write(JSON.stringify(endStateOf(guest)));
