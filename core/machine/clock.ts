import type { Clock } from '../backends/index.ts';
import { create, defineState, f64, type StateOf } from '../state/index.ts';

/** Virtual time that one instruction takes: a nominal 100 million instructions per second. */
export const NS_PER_INSTRUCTION = 10;

export const MACHINE_CLOCK = defineState({
  name: 'machine-clock',
  version: 1,
  fields: {
    baseNs: f64({ doc: 'guest time when saved, less what the virtual clock makes of the instructions' }),
    instructions: f64({ doc: 'instructions retired since power-on' }),
  },
});

/** Guest time. Its state is declared; what it reads (retired instructions, host time) is injected. */
export interface MachineClock extends Clock {
  readonly state: StateOf<typeof MACHINE_CLOCK>;
  /**
   * Looks at the time. From here on it moves with instructions only (what one of them, or one alarm, asks of devices
   * happens at one instant), and never passes the next alarm, at `deadlineNs`, before that has fired. Returns the host's
   * time in nanoseconds, 0 where it is not looked at.
   */
  pin(deadlineNs: number): number;
  /** The machine stands: time moves by itself again. */
  unpin(): void;
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
  pin(): number {
    return 0;
  }
  unpin(): void {}
  skipTo(deadlineNs: number): void {
    this.state.baseNs += Math.max(0, deadlineNs - this.nowNs);
  }
  preSave(): void {}
  postLoad(): void {}
}

/**
 * Time follows the host, between instructions: a device that reads it twice in one access has the same answer twice,
 * however long the host took in between. When the host was late, alarms still fire one by one at their own instants with instructions
 * between them (no timer tick is lost), until the guest is so far behind that it is let go.
 */
export class HostMachineClock implements MachineClock {
  static readonly MAX_LAG_NS = 500_000_000;
  readonly state = create(MACHINE_CLOCK);
  readonly #host: { readonly nowNs: number };
  readonly #retired: () => number;
  readonly #onDue: () => void;
  #offsetNs: number;
  #capNs = Infinity;
  #lastNs = 0;
  #pinned = false;
  /** Instructions retired when the host's clock was read last. */
  #lastRetired = 0;

  /**
   * @param onDue someone asked for the time when the next alarm was due: until it fires time stands still, and a guest
   *   that waits for time to pass would go on asking until its slice ends.
   */
  constructor(host: { readonly nowNs: number }, retired: () => number, onDue: () => void) {
    this.#host = host;
    this.#retired = retired;
    this.#onDue = onDue;
    this.#offsetNs = -host.nowNs;
  }
  get nowNs(): number {
    const retired = this.#retired();
    if (!this.#pinned || retired !== this.#lastRetired) {
      this.#lastRetired = retired;
      this.#follow();
      if (this.#pinned && this.#lastNs >= this.#capNs) this.#onDue();
    }
    return this.#lastNs;
  }
  #follow(): number {
    const hostNs = this.#host.nowNs;
    const now = hostNs + this.#offsetNs;
    const capped = now - this.#capNs > HostMachineClock.MAX_LAG_NS ? now : Math.min(now, this.#capNs);
    if (capped > this.#lastNs) this.#lastNs = capped;
    return hostNs;
  }
  pin(deadlineNs: number): number {
    this.#capNs = deadlineNs;
    this.#pinned = true;
    this.#lastRetired = this.#retired();
    return this.#follow();
  }
  unpin(): void {
    this.#pinned = false;
  }
  skipTo(): void {}
  preSave(): void {
    this.state.baseNs = this.nowNs - this.state.instructions * NS_PER_INSTRUCTION;
  }
  postLoad(): void {
    this.#lastNs = this.state.baseNs + this.state.instructions * NS_PER_INSTRUCTION;
    this.#offsetNs = this.#lastNs - this.#host.nowNs;
    this.#capNs = Infinity;
  }
}
