import { utilityProcess, type MessagePortMain } from 'electron';
import type { Launcher } from '../services/host-process.ts';

const STDERR_TAIL = 2048;

/** Starts a machine in Electron's utility process, which can be given one end of a MessageChannel. */
export const utilityLauncher =
  (entry: string): Launcher =>
  (machineName) => {
    const child = utilityProcess.fork(entry, [], {
      serviceName: `Terrarium: ${machineName}`,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let tail = '';
    child.stderr?.on('data', (data: Buffer) => (tail = (tail + data.toString('utf8')).slice(-STDERR_TAIL)));
    return {
      get pid() {
        return child.pid;
      },
      post: (message, port) => child.postMessage(message, port === undefined ? [] : [port as MessagePortMain]),
      onMessage: (listener) => void child.on('message', listener),
      onExit: (listener) => void child.once('exit', (code) => listener({ code, signal: null, reason: tail.trim() })),
      // kill() asks politely, which a process that hangs does not hear.
      kill: () => {
        if (child.pid === undefined) child.kill();
        else process.kill(child.pid, 'SIGKILL');
      },
    };
  };
