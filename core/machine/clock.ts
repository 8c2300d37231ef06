import type { Clock } from '../backends/index.ts';
import { create, defineState, f64, type StateOf } from '../state/index.ts';

/** Virtual time that one instruction takes: a nominal 100 million instructions per second. */
export const NS_PER_INSTRUCTION = 10;

export const MACHINE_CLOCK = defineState({
  name: 'machine-clock',
  version: 1,
  fields: {
    baseNs: f64({ doc: 'guest time that does not come from instructions: waits skipped, or the host clock at saving' }),
    instructions: f64({ doc: 'instructions retired since power-on' }),
  },
});

/** Guest time. Its state is declared; what it reads (retired instructions, host time) is injected. */
export interface MachineClock extends Clock {
  readonly state: StateOf<typeof MACHINE_CLOCK>;
  /** Guest time never passes the next alarm before that alarm has fired. */
  setCap(deadlineNs: number): void;
  /** Goes to `deadlineNs` while the processor waits. */
  skipTo(deadlineNs: number): void;
  preSave(): void;
  postLoad(): void;
}

/** Time is instructions: the same inputs give the same run. */
export class VirtualMachineClock implements MachineClock {
  readonly state = create(MACHINE_CLOCK);
  readonly #retired: () => number;

  constructor(retired: () => number) {
    this.#retired = retired;
  }
  get nowNs(): number {
    return this.state.baseNs + this.#retired() * NS_PER_INSTRUCTION;
  }
  setCap(): void {}
  skipTo(deadlineNs: number): void {
    this.state.baseNs += Math.max(0, deadlineNs - this.nowNs);
  }
  preSave(): void {}
  postLoad(): void {}
}

/**
 * Time follows the host. When the host was late, alarms still fire one by one at their own instants with instructions
 * between them (no timer tick is lost), until the guest is so far behind that it is let go.
 */
export class HostMachineClock implements MachineClock {
  static readonly MAX_LAG_NS = 500_000_000;
  readonly state = create(MACHINE_CLOCK);
  readonly #host: { readonly nowNs: number };
  #offsetNs: number;
  #capNs = Infinity;
  #lastNs = 0;

  constructor(host: { readonly nowNs: number }) {
    this.#host = host;
    this.#offsetNs = -host.nowNs;
  }
  get nowNs(): number {
    const host = this.#host.nowNs + this.#offsetNs;
    const capped = host - this.#capNs > HostMachineClock.MAX_LAG_NS ? host : Math.min(host, this.#capNs);
    if (capped > this.#lastNs) this.#lastNs = capped;
    return this.#lastNs;
  }
  setCap(deadlineNs: number): void {
    this.#capNs = deadlineNs;
  }
  skipTo(): void {}
  preSave(): void {
    this.state.baseNs = this.nowNs;
  }
  postLoad(): void {
    this.#offsetNs = this.state.baseNs - this.#host.nowNs;
    this.#lastNs = this.state.baseNs;
    this.#capNs = Infinity;
  }
}
