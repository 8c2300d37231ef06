import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { err, ok, type Result } from '../../core/base/index.ts';
import { fail, hardwareOf, type MachineConfig } from '../../core/contract/index.ts';
import { lockInLibrary, machineLock, type Library } from '../../core/store/index.ts';
import { socketPath } from '../vm-host/socket.ts';
import { fromHostSchema, type FromHost, type ToHost } from '../vm-host/protocol.ts';

/** Starts the entry of a machine's process so that it outlives this one. */
export interface Detach {
  readonly entry: string;
  readonly lockFolder?: string | undefined;
}

const FREE_POLL_MS = 20;
const FREE_MAX_MS = 10_000;

/** Whether any process holds the machine: its lock says so, and ends with that process however it ends. */
export function runsElsewhere(library: Library, machine: string): boolean {
  // A machine that runs has a socket, which is quicker to look for.
  if (process.platform !== 'win32' && !existsSync(socketPath(library.folder, machine))) return false;
  const lock = lockInLibrary(library, machineLock(machine));
  lock?.dispose();
  return lock === undefined;
}

/** Resolves when no process holds the machine any more. */
export async function untilFree(library: Library, machine: string): Promise<void> {
  for (const endMs = performance.now() + FREE_MAX_MS; performance.now() < endMs;) {
    if (!runsElsewhere(library, machine)) return;
    await new Promise((resolve) => setTimeout(resolve, FREE_POLL_MS));
  }
}

/** Resolves when the machine runs in a process of its own, or with the reason why it does not. */
export async function startDetached(
  detach: Detach,
  folder: string,
  config: MachineConfig,
  throwAway: boolean,
): Promise<Result<void>> {
  const { id } = config;
  const child = fork(detach.entry, ['--headless'], {
    detached: true,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
  });
  const start: ToHost = {
    kind: 'start',
    hardware: hardwareOf(config),
    library: { folder, machine: id, throwAway },
    ...(detach.lockFolder !== undefined && { lockFolder: detach.lockFolder }),
  };
  child.send(start, () => {});
  const first = await new Promise<FromHost | undefined>((resolve) => {
    child.on('message', (message) => {
      const parsed = fromHostSchema.safeParse(message);
      if (parsed.success && (parsed.data.kind === 'ready' || parsed.data.kind === 'failed')) resolve(parsed.data);
    });
    child.on('exit', () => resolve(undefined));
    child.on('error', () => resolve(undefined));
  });
  if (child.connected) child.disconnect();
  child.unref();
  if (first?.kind === 'ready') return ok(undefined);
  if (first?.kind !== 'failed') return err(fail('machine.crashed', 'its process ended at once', 'report this'));
  const { code, message, hint } = first.error;
  return err({ code, message, ...(hint !== undefined && { hint }) });
}
