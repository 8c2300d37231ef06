import type { Clock } from '../backends/index.ts';

/** One alarm of a device. Not state: a device re-arms it in postLoad from what it declared. */
export interface Timer {
  readonly id: string;
  /** Infinity when disarmed. */
  readonly deadlineNs: number;
  /**
   * Fires once when the clock reaches `deadlineNs`; arming again replaces the deadline. Before `wakeNs` (default: the
   * deadline) nothing comes of it that a waiting processor would notice: a host that sleeps need not get up for it.
   * Until `latestNs` (default: `wakeNs`) a host may leave a guest asleep that does nothing anybody could see.
   */
  arm(deadlineNs: number, wakeNs?: number, latestNs?: number): void;
  disarm(): void;
}

class QueuedTimer implements Timer {
  deadlineNs = Infinity;
  wakeNs = Infinity;
  latestNs = Infinity;
  readonly id: string;
  readonly fire: (deadlineNs: number) => void;
  readonly #queue: TimerQueue;

  constructor(queue: TimerQueue, id: string, fire: (deadlineNs: number) => void) {
    this.#queue = queue;
    this.id = id;
    this.fire = fire;
  }
  arm(deadlineNs: number, wakeNs = deadlineNs, latestNs = wakeNs): void {
    this.deadlineNs = deadlineNs;
    this.wakeNs = wakeNs;
    this.latestNs = latestNs;
    this.#queue.changed();
  }
  disarm(): void {
    this.arm(Infinity);
  }
}

/**
 * All alarms of a machine against its virtual clock. Alarms due at the same instant fire in order of creation, so a
 * run is repeatable. A machine has a few dozen alarms: a scan beats a heap.
 */
export class TimerQueue {
  readonly clock: Clock;
  #timers: QueuedTimer[] = [];
  #nextNs = Infinity;
  /** Called when the earliest deadline moved, so that the run loop can shorten its slice. */
  onChange: () => void = () => {};

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get nowNs(): number {
    return this.clock.nowNs;
  }

  /** Earliest deadline, Infinity when nothing is armed. */
  get nextDeadlineNs(): number {
    return this.#nextNs;
  }

  /** When a processor that waits for an interrupt must be looked after at the latest, Infinity: never. */
  get nextWakeNs(): number {
    let next = Infinity;
    for (const { wakeNs } of this.#timers) if (wakeNs < next) next = wakeNs;
    return next;
  }

  /** As nextWakeNs, for a guest that does nothing anybody could see. */
  get latestWakeNs(): number {
    let next = Infinity;
    for (const { latestNs } of this.#timers) if (latestNs < next) next = latestNs;
    return next;
  }

  create(id: string, fire: (deadlineNs: number) => void): Timer {
    const timer = new QueuedTimer(this, id, fire);
    this.#timers.push(timer);
    return timer;
  }

  changed(): void {
    let next = Infinity;
    for (const timer of this.#timers) if (timer.deadlineNs < next) next = timer.deadlineNs;
    if (next !== this.#nextNs) {
      this.#nextNs = next;
      this.onChange();
    }
  }

  /**
   * Fires everything due now, earliest first; true when something was. A callback that re-arms in the past fires again
   * at the next call.
   */
  runDue(): boolean {
    const now = this.nowNs;
    if (this.#nextNs > now) return false;
    const due: QueuedTimer[] = [];
    for (const timer of this.#timers) if (timer.deadlineNs <= now) due.push(timer);
    if (due.length > 1) due.sort((a, b) => a.deadlineNs - b.deadlineNs);
    for (const timer of due) {
      const deadline = timer.deadlineNs;
      if (deadline > now) continue; // an earlier callback moved it
      timer.deadlineNs = timer.wakeNs = timer.latestNs = Infinity;
      timer.fire(deadline);
    }
    this.changed();
    return true;
  }
}

/** A clock that tests move by hand. */
export class ManualClock implements Clock {
  nowNs = 0;
}

/** Moves a manual clock to `untilNs`, firing every alarm at its own instant on the way. */
export function advance(clock: ManualClock, timers: TimerQueue, untilNs: number): void {
  while (timers.nextDeadlineNs <= untilNs) {
    clock.nowNs = Math.max(clock.nowNs, timers.nextDeadlineNs);
    timers.runDue();
  }
  clock.nowNs = untilNs;
}
