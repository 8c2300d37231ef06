import type { Disposable } from '../../core/base/index.ts';
import type { HostProcess, Launcher } from './host-process.ts';

/** A machine that was just started has the host to itself for so long. */
const REFILL_MS = 2_000;
/** After so long without a start the memory is given back; the next start is a slow one, those after it are not. */
const KEEP_MS = 15 * 60_000;

interface Spare {
  readonly process: HostProcess;
  isAlive: boolean;
}

/**
 * Keeps one machine process ready that has loaded everything and serves no machine yet: starts, resumes and forks do not
 * wait for a process. It knows nothing until it is told what to start, so it is as good as a fresh one.
 */
export class Reserve implements Disposable {
  readonly #launcher: Launcher;
  #spare: Spare | undefined;
  #refill: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;

  constructor(launcher: Launcher) {
    this.#launcher = launcher;
    this.#refillSoon();
  }

  /** The process that is ready, or a fresh one. */
  readonly launch: Launcher = (machineName) => {
    const spare = this.#spare;
    this.#spare = undefined;
    this.#refillSoon();
    return spare?.isAlive ? spare.process : this.#launcher(machineName);
  };

  #refillSoon(): void {
    this.#stopTimers();
    this.#refill = setTimeout(() => this.#fill(), REFILL_MS).unref();
  }

  #fill(): void {
    if (this.#spare?.isAlive) return;
    const process = this.#launcher('ready');
    const spare: Spare = { process, isAlive: true };
    this.#spare = spare;
    process.onExit(() => (spare.isAlive = false));
    process.post({ kind: 'prepare' });
    this.#expiry = setTimeout(() => this.#drop(), KEEP_MS).unref();
  }

  #drop(): void {
    this.#spare?.process.kill();
    this.#spare = undefined;
  }

  #stopTimers(): void {
    clearTimeout(this.#refill);
    clearTimeout(this.#expiry);
  }

  dispose(): void {
    this.#stopTimers();
    this.#drop();
  }
}
