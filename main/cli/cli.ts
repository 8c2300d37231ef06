import { readFileSync } from 'node:fs';
import { FailureError } from '../../core/base/index.ts';
import { exitCodeOf, fail } from '../../core/contract/codes.ts';
import type { MachineFactory } from '../vm-host/build.ts';
import { InterruptedError, failureLine, type CliIo } from './io.ts';

/** What a command needs from outside; each is loaded by the command that uses it. */
export interface CliParts {
  readonly io: CliIo;
  readonly factory: MachineFactory;
  /** What `serve` hosts; default: the built interface and the real machine. */
  readonly serve?: { readonly rendererFolder: string; readonly vmHostEntry: string };
}

/** The `terrarium` command. Returns the exit status: 0, or that of the failure's kind (`exitCodeOf`). */
export async function main(args: readonly string[], parts: CliParts): Promise<number> {
  const { io } = parts;
  try {
    const [command, ...rest] = args;
    if (command === '--version') {
      io.stdout.write(`${version()}\n`);
      return 0;
    }
    if (command === undefined || command === 'help' || args.includes('--help')) {
      const { help } = await import('./help.ts');
      io.stdout.write(help(version(), command === 'help' ? rest : args.slice(0, args.indexOf('--help'))));
      return command === undefined ? 2 : 0;
    }
    if (command === 'run') {
      const { run } = await import('./run.ts');
      return await run(rest, io, parts.factory);
    }
    if (command === 'serve') {
      const { serve } = await import('./serve.ts');
      return await serve(rest, io, version(), parts.serve);
    }
    const { isImageCommand } = await import('./media-options.ts');
    if (command === 'media' && isImageCommand(rest[0])) {
      const { media } = await import('./media.ts');
      return await media(rest, io);
    }
    const { isLibraryCommand } = await import('./library-options.ts');
    if (isLibraryCommand(command)) {
      const { libraryCommand } = await import('./library-commands.ts');
      return await libraryCommand(args, io, version(), parts.serve?.vmHostEntry);
    }
    throw new FailureError(
      fail('args.invalid', `there is no command "${command}"`, 'terrarium --help lists the commands'),
    );
  } catch (error) {
    const failure =
      error instanceof FailureError
        ? error.failure
        : fail('internal', String((error as Error).stack ?? error), 'please report this');
    io.stderr.write(failureLine(failure));
    // Programs read one object from standard output, whatever the end.
    if (args.includes('--json')) io.stdout.write(`${JSON.stringify({ error: failure })}\n`);
    return error instanceof InterruptedError ? error.exit : exitCodeOf(failure.code);
  }
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
