import { fork } from 'node:child_process';
import type { ToHost } from '../vm-host/protocol.ts';

/** A machine's process as the supervisor sees it; Node's fork here, Electron's utilityProcess in main/app. */
export interface HostProcess {
  readonly pid: number | undefined;
  /** `port`: the machine's end of a MessageChannel, only with Electron. */
  post(message: ToHost, port?: unknown): void;
  /** Unchecked: whatever the process sent. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called once. `reason` is what the process last wrote on standard error. */
  onExit(
    listener: (exit: { readonly code: number | null; readonly signal: string | null; readonly reason: string }) => void,
  ): void;
  /** At once and without asking. */
  kill(): void;
}

export type Launcher = (machineName: string) => HostProcess;

const STDERR_TAIL = 2048;

/** Starts `entry` (a TypeScript or JavaScript file) as a child of this Node. */
export const forkLauncher =
  (entry: string): Launcher =>
  () => {
    const child = fork(entry, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    let tail = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-STDERR_TAIL)));
    return {
      pid: child.pid,
      post: (message) => {
        // A process that is just ending cannot be told anything; its exit says the rest.
        if (child.connected) child.send(message, () => {});
      },
      onMessage: (listener) => child.on('message', listener),
      onExit: (listener) => {
        let told = false;
        const tell = (code: number | null, signal: string | null, reason: string): void => {
          if (told) return;
          told = true;
          listener({ code, signal, reason });
        };
        child.on('close', (code, signal) => tell(code, signal, tail.trim()));
        child.on('error', (error) => child.pid === undefined && tell(null, null, error.message));
      },
      kill: () => void child.kill('SIGKILL'),
    };
  };
