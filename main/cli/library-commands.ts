import { resolve } from 'node:path';
import { FailureError } from '../../core/base/index.ts';
import { fail } from '../../core/contract/index.ts';
import { forkLauncher } from '../services/host-process.ts';
import { libraryFolder, repairDatabase } from '../services/library.ts';
import { machineEntry } from '../services/machine-entry.ts';
import { createServices } from '../services/services.ts';
import { CommandContext, type Commands, type Outcome } from './command-context.ts';
import type { CliIo } from './io.ts';
import { COMMANDS, LIBRARY_OPTIONS, type CommandSpec } from './library-options.ts';
import { MACHINE_COMMANDS } from './machine-commands.ts';
import { MEDIA_COMMANDS } from './media-options.ts';
import { parseOptions } from './options.ts';
import { SNAPSHOT_COMMANDS } from './snapshot-commands.ts';
import { STORE_COMMANDS, checkOutcome } from './store-commands.ts';

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
  if (positionals.length < spec.takes.length || positionals.length > spec.takes.length + (spec.takesMore ?? 0))
    throw new FailureError(
      fail('args.invalid', `${spec.name} takes ${spec.takes.join(' ') || 'no names'}`, `write: ${usageLine(spec)}`),
    );
  const has = (option: string): boolean => given.some(({ name }) => name === option);
  const tell = (outcome: Outcome): number => {
    io.stdout.write(
      has('json') ? `${JSON.stringify(outcome.value)}\n` : outcome.lines.map((line) => `${line}\n`).join(''),
    );
    return outcome.exit ?? 0;
  };
  const named = given.find(({ name }) => name === 'library')?.value;
  const folder = named === undefined ? libraryFolder() : resolve(named);
  const isCheck = spec.name === 'store check';
  const salvaged = isCheck && has('repair') ? await repairDatabase(folder) : [];
  const services = createServices({
    shell: 'web',
    version,
    libraryFolder: folder,
    launcher: forkLauncher(vmHostEntry),
    detach: { entry: vmHostEntry },
  });
  if (!services.ok) {
    const { code, message, hint } = services.error;
    // What a check is asked for is found, where nothing else can be looked at.
    if (isCheck && code === 'store.damaged')
      return tell(
        checkOutcome({
          problems: [{ where: 'library.db', what: `${message}; ${hint}` }],
          repaired: [],
          chunks: 0,
          bytes: 0,
        }),
      );
    throw new FailureError(services.error);
  }
  try {
    const perform = HANDLERS[spec.name];
    return tell(await perform(new CommandContext(services.value, io, given, positionals, salvaged)));
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
  const among = [...COMMANDS.map(({ name }) => name), ...MEDIA_COMMANDS.map(({ name }) => `media ${name}`)].filter(
    (name) => name.startsWith(`${args[0]} `),
  );
  throw new FailureError(fail('args.invalid', `there is no command "${two.trim()}"`, `there are: ${among.join(', ')}`));
}
