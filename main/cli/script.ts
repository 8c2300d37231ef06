import type { Machine } from '../../core/machine/machine.ts';
import { FailureError } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import { ScreenWatch } from './screen-watch.ts';
import type { SerialWatch } from './serial-watch.ts';

export type Action =
  { readonly kind: 'type'; readonly text: string } | { readonly kind: 'key'; readonly codes: readonly string[] };

/** `pattern` undefined: the actions before the first --until, done at power-on. */
export interface Step {
  readonly until: string | undefined;
  readonly pattern: RegExp | undefined;
  readonly actions: readonly Action[];
}

export interface Match {
  readonly until: string;
  readonly ms: number;
}

/** Plays --until, --type and --key in the order of the command line against a running machine. */
export class Script {
  readonly matches: Match[] = [];
  readonly #steps: readonly Step[];
  readonly #machine: Machine;
  readonly #serial: SerialWatch;
  readonly #elapsedMs: () => number;
  readonly #screen = new ScreenWatch();
  #next = 0;
  #todo: Action[] = [];
  /** The step whose pattern was looked for in vain, with nothing new to look at since. */
  #missed = -1;
  /** Input of the last look, which the machine has not run with yet. */
  #unseen = false;

  constructor(steps: readonly Step[], machine: Machine, serial: SerialWatch, elapsedMs: () => number) {
    this.#steps = steps;
    this.#machine = machine;
    this.#serial = serial;
    this.#elapsedMs = elapsedMs;
  }

  /** Every pattern was met, every action done, and the machine ran with it. */
  get done(): boolean {
    return this.#next === this.#steps.length && this.#todo.length === 0 && !this.#unseen && !this.#machine.typist.busy;
  }

  /** The pattern that is waited for. */
  get waitingFor(): string | undefined {
    return this.#steps[this.#next]?.until;
  }

  /**
   * A look at the machine between two slices. Returns whether input was given. A pattern is tried only when all typing
   * is done, against what appeared since the typing began (or since power-on).
   */
  poll(): boolean {
    if (this.#next === this.#steps.length && this.#todo.length === 0) {
      this.#unseen = false;
      return false;
    }
    const screenChanged = this.#screen.update(this.#machine.display.text());
    if (this.#serial.update() || screenChanged) this.#missed = -1;
    const acted = this.#advance();
    this.#unseen = acted;
    return acted;
  }

  #advance(): boolean {
    let acted = false;
    for (;;) {
      if (this.#machine.typist.busy) return acted;
      const action = this.#todo.shift();
      if (action) {
        this.#perform(action);
        acted = true;
        continue;
      }
      const step = this.#steps[this.#next];
      if (!step) return acted;
      if (this.#next === this.#missed) return acted;
      if (step.pattern && !this.#screen.matches(step.pattern) && !this.#serial.matches(step.pattern)) {
        this.#missed = this.#next;
        return acted;
      }
      if (step.until !== undefined)
        this.matches.push({ until: step.until, ms: Math.round(this.#elapsedMs() * 1000) / 1000 });
      this.#next++;
      if (step.actions.length === 0) continue;
      this.#screen.mark();
      this.#serial.mark();
      this.#todo = [...step.actions];
    }
  }

  #perform(action: Action): void {
    if (action.kind === 'type') this.#machine.typist.type(action.text);
    else if (!this.#machine.typist.chord(action.codes))
      throw new FailureError(
        fail('args.key', `the keyboard has no ${action.codes.join('+')}`, 'write codes as KeyboardEvent.code has them'),
      );
  }
}
