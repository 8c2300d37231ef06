import type { Disposable } from '../../core/base/index.ts';
import type { Machine } from '../../core/machine/machine.ts';
import type { HostClock } from './clocks.ts';
import { Patience } from './patience.ts';

export type StopReason = 'power-off' | 'cpu-shutdown';

export interface RunnerOptions {
  readonly hostClock: HostClock;
  /** A machine with the virtual clock never waits by itself: it is held back to host time. */
  readonly virtualClock: boolean;
  /** After each slice, before the next one is scheduled. `waits`: the guest has done what it had to do. */
  readonly afterSlice: (waits: boolean) => void;
  readonly onStopped: (reason: StopReason) => void;
  /** A defect of ours; the machine does not run on. */
  readonly onError: (error: unknown) => void;
}

export const SLICE_MS = 5;
const VIRTUAL_STEP_NS = 10e6;
/** Node clamps longer timers to 1 ms. */
const SLEEP_MAX_MS = 2 ** 31 - 1;

/** Runs a machine in short slices on the event loop, and sleeps while it waits. */
export class MachineRunner implements Disposable {
  readonly #machine: Machine;
  readonly #options: RunnerOptions;
  #state: 'new' | 'running' | 'paused' | 'stopped' = 'new';
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #slices = 0;
  readonly #patience = new Patience();

  constructor(machine: Machine, options: RunnerOptions) {
    this.#machine = machine;
    this.#options = options;
  }

  get paused(): boolean {
    return this.#state === 'paused';
  }

  /** Grows whenever the machine ran, so that others can tell whether anything may have changed. */
  get slices(): number {
    return this.#slices;
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#options.hostClock.resume();
    this.#soon();
  }

  pause(): void {
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    this.#options.hostClock.pause();
    this.#cancel();
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    this.#options.hostClock.resume();
    this.#soon();
  }

  /** Input arrived, or the machine was reset: a waiting machine looks at it now. */
  wake(): void {
    this.#patience.end();
    if (this.#state === 'running' && this.#timer) this.#soon();
  }

  dispose(): void {
    this.#state = 'stopped';
    this.#cancel();
  }

  #cancel(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
  }

  #soon(): void {
    this.#cancel();
    this.#immediate = setImmediate(() => this.#slice());
  }

  #sleep(ns: number): void {
    this.#cancel();
    if (ns === Infinity) ns = SLEEP_MAX_MS * 1e6;
    this.#timer = setTimeout(() => this.#slice(), Math.min(SLEEP_MAX_MS, Math.max(1, Math.ceil(ns / 1e6))));
  }

  #slice(): void {
    this.#cancel();
    try {
      this.#run();
    } catch (error) {
      this.dispose();
      this.#options.onError(error);
    }
  }

  #run(): void {
    const { hostClock, virtualClock, afterSlice, onStopped } = this.#options;
    if (virtualClock) {
      const aheadNs = this.#machine.nowNs - hostClock.nowNs;
      if (aheadNs > 0) return this.#sleep(aheadNs);
    }
    const { instructions } = this.#machine;
    const status = this.#machine.run(virtualClock ? this.#machine.nowNs + VIRTUAL_STEP_NS : Infinity, SLICE_MS);
    this.#patience.note(performance.now(), this.#machine.instructions - instructions);
    this.#slices++;
    afterSlice(status.kind === 'idle');
    if (this.#state !== 'running') return;
    switch (status.kind) {
      case 'running':
        this.#soon();
        break;
      case 'idle':
        this.#sleep((this.#patience.granted ? status.latestNs : status.wakeNs) - this.#machine.nowNs);
        break;
      case 'stopped':
        this.dispose();
        onStopped(status.reason);
        break;
    }
  }
}
