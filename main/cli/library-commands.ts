import { resolve } from 'node:path';
import { FailureError } from '../../core/base/index.ts';
import { fail } from '../../core/contract/index.ts';
import { forkLauncher } from '../services/host-process.ts';
import { libraryFolder } from '../services/library.ts';
import { machineEntry } from '../services/machine-entry.ts';
import { createServices } from '../services/services.ts';
import { CommandContext, type Commands } from './command-context.ts';
import type { CliIo } from './io.ts';
import { COMMANDS, LIBRARY_OPTIONS, type CommandSpec } from './library-options.ts';
import { MACHINE_COMMANDS } from './machine-commands.ts';
import { parseOptions } from './options.ts';
import { SNAPSHOT_COMMANDS } from './snapshot-commands.ts';
import { STORE_COMMANDS } from './store-commands.ts';

/** What each of COMMANDS does. */
export const HANDLERS: Commands = { ...MACHINE_COMMANDS, ...SNAPSHOT_COMMANDS, ...STORE_COMMANDS };

/** Runs a command on a library: `create`, `list`, `snapshot take`, … Returns the exit status. */
export async function libraryCommand(
  args: readonly string[],
  io: CliIo,
  version: string,
  vmHostEntry = machineEntry(),
): Promise<number> {
  const spec = commandOf(args);
  const positionals: string[] = [];
  const given = parseOptions([...spec.options, ...LIBRARY_OPTIONS], args.slice(spec.name.split(' ').length), {
    names: [],
    found: positionals,
    more: true,
  });
  if (positionals.length < spec.takes.length || (positionals.length > spec.takes.length && !spec.takesMore))
    throw new FailureError(
      fail('args.invalid', `${spec.name} takes ${spec.takes.join(' ') || 'no names'}`, `write: ${usageLine(spec)}`),
    );
  const folder = given.find(({ name }) => name === 'library')?.value;
  const services = createServices({
    shell: 'web',
    version,
    libraryFolder: folder === undefined ? libraryFolder() : resolve(folder),
    launcher: forkLauncher(vmHostEntry),
    detach: { entry: vmHostEntry },
  });
  if (!services.ok) throw new FailureError(services.error);
  try {
    const perform = HANDLERS[spec.name];
    const outcome = await perform(new CommandContext(services.value, io, given, positionals));
    const json = given.some(({ name }) => name === 'json');
    io.stdout.write(json ? `${JSON.stringify(outcome.value)}\n` : outcome.lines.map((line) => `${line}\n`).join(''));
    return outcome.exit ?? 0;
  } finally {
    await services.value.told();
    services.value.dispose();
  }
}

const usageLine = (spec: CommandSpec): string => `terrarium ${[spec.name, ...spec.takes].join(' ')}`;

function commandOf(args: readonly string[]): CommandSpec {
  const two = `${args[0]} ${args[1] ?? ''}`;
  const found = COMMANDS.find(({ name }) => name === two) ?? COMMANDS.find(({ name }) => name === args[0]);
  if (found) return found;
  const among = COMMANDS.filter(({ name }) => name.startsWith(`${args[0]} `)).map(({ name }) => name);
  throw new FailureError(fail('args.invalid', `there is no command "${two.trim()}"`, `there are: ${among.join(', ')}`));
}
