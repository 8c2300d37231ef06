import type { FromHost, ToHost } from './protocol.ts';

/** A port that came with a message: a window's end of a stream. */
export interface HostPort {
  send(data: Uint8Array): void;
  onMessage(listener: (data: unknown) => void): void;
  onClose(listener: () => void): void;
}

/** The process that started this one. */
export interface Parent {
  send(message: FromHost): void;
  onMessage(listener: (message: ToHost, port: HostPort | undefined) => void): void;
  /** The parent is gone. */
  onGone(listener: () => void): void;
  /** Ends the process once everything sent is on its way. */
  exit(code: number): void;
}

interface ElectronPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void;
  on(event: 'close', listener: () => void): void;
  start(): void;
}

interface ElectronParentPort {
  postMessage(message: unknown): void;
  on(
    event: 'message',
    listener: (event: { readonly data: unknown; readonly ports: readonly ElectronPort[] }) => void,
  ): void;
}

/** parentPort does not tell when a message has left. */
const ELECTRON_FLUSH_MS = 50;

/** Electron's utilityProcess gives `process.parentPort`, Node's fork gives `process.send`. */
export function connectParent(): Parent {
  const electron = (process as { parentPort?: ElectronParentPort }).parentPort;
  if (electron)
    return {
      send: (message) => electron.postMessage(message),
      onMessage: (listener) =>
        electron.on('message', ({ data, ports }) => listener(data as ToHost, ports[0] && wrapPort(ports[0]))),
      onGone: () => {}, // Electron ends its utility processes itself
      exit: (code) => void setTimeout(() => process.exit(code), ELECTRON_FLUSH_MS),
    };
  const send = process.send?.bind(process);
  if (!send) throw new Error('this is the entry of a machine process: Terrarium starts it, not a person');
  let unsent = 0;
  let exitCode: number | undefined;
  const settled = (): void => {
    if (unsent === 0 && exitCode !== undefined) process.exit(exitCode);
  };
  return {
    send: (message) => {
      if (!process.connected) return;
      unsent++;
      send(message, () => {
        unsent--;
        settled();
      });
    },
    exit: (code) => {
      exitCode = code;
      setImmediate(settled);
    },
    onMessage: (listener) => process.on('message', (message) => listener(message as ToHost, undefined)),
    // A machine without a window goes on when whoever started it is gone.
    onGone: (listener) => void (process.argv.includes('--headless') || process.on('disconnect', listener)),
  };
}

function wrapPort(port: ElectronPort): HostPort {
  return {
    send: (data) => port.postMessage(data),
    onMessage: (listener) => {
      port.on('message', ({ data }) => listener(data));
      port.start();
    },
    onClose: (listener) => port.on('close', listener),
  };
}
