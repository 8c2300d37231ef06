import type { Readable } from 'node:stream';
import { FailureError, type Failure } from '../../core/base/index.ts';

/** The command's surroundings; tests bring their own. */
export interface CliIo {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(mode: boolean): unknown };
  readonly stdout: {
    write(data: string | Uint8Array): unknown;
    readonly isTTY?: boolean;
    readonly rows?: number;
    readonly columns?: number;
  };
  readonly stderr: { write(data: string | Uint8Array): unknown };
  /** Calls back once for each of SIGINT and SIGTERM; returns the function that stops listening. */
  onSignal(listener: (signal: 'SIGINT' | 'SIGTERM') => void): () => void;
}

export const processIo: CliIo = {
  // Opening standard input costs time that most runs can save.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  onSignal(listener) {
    process.on('SIGINT', listener);
    process.on('SIGTERM', listener);
    return () => {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    };
  },
};

/** A name or text of the user's inside a one-line message: control characters are shown, not obeyed. */
export const oneLine = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** The one line of every error: `terrarium: CODE: message; hint`. */
export const failureLine = ({ code, message, hint }: Failure): string =>
  `terrarium: ${code}: ${oneLine(message)}${hint === undefined ? '' : `; ${oneLine(hint)}`}\n`;

/** A signal ended the work: the status is the signal's, as of every command that one ends. */
export class InterruptedError extends FailureError {
  readonly exit: number;
  constructor(failure: Failure, signal: 'SIGINT' | 'SIGTERM') {
    super(failure);
    this.exit = signal === 'SIGINT' ? 130 : 143;
  }
}
