/** Whether what became hot is worth compiling: not in a guest that only ticks. */

/** Instructions that the guest must have run for a region, beside what idling takes. */
const REGION_COST = 50_000;
/** A guest that runs fewer in a second does nothing but tick. One that works runs a hundred million. */
const IDLE_PER_SECOND = 3e6;
const CREDIT_LIMIT = 200 * REGION_COST;

/**
 * The code of an idle guest's ticks gets hot within minutes, and compiling it takes more than running it in tier 0 for as
 * long again: a third of what such a guest took in its first minute. A guest that works does not notice.
 */
export class CompilingWorth {
  readonly #guest: { readonly retired: number };
  readonly #now: (() => number) | undefined;
  #credit = CREDIT_LIMIT;
  #lastRetired = 0;
  #lastNs: number;

  /** Without a clock everything is worth it, so that runs repeat. */
  constructor(guest: { readonly retired: number }, hostNowNs: (() => number) | undefined) {
    this.#guest = guest;
    this.#now = hostNowNs;
    this.#lastNs = hostNowNs?.() ?? 0;
  }

  /** Takes what one region costs; false where the guest has not run as much. */
  spend(): boolean {
    if (!this.#now) return true;
    const now = this.#now();
    const { retired } = this.#guest;
    const earned = retired - this.#lastRetired - ((now - this.#lastNs) / 1e9) * IDLE_PER_SECOND;
    this.#credit = Math.max(0, Math.min(CREDIT_LIMIT, this.#credit + earned));
    this.#lastRetired = retired;
    this.#lastNs = now;
    if (this.#credit < REGION_COST) return false;
    this.#credit -= REGION_COST;
    return true;
  }
}
