/** How long a guest is watched before it counts as one that only waits. */
const WATCH_MS = 1000;
/** What such a guest does at most: in one go, in all of WATCH_MS, and how often. A clock tick of 250 Hz is within. */
const SLICE_BUSY_MS = 2;
const BUSY_MS = 80;
const SLICES = 350;

/**
 * Whether a guest may be woken late (RunStatus.latestNs): it has done next to nothing for a while and nobody has given it
 * anything to do. What an idle guest costs is how often it is woken; docs/decisions.md has figures.
 */
export class Patience {
  #sinceMs: number | undefined;
  #busyMs = 0;
  #slices = 0;
  #granted = false;

  get granted(): boolean {
    return this.#granted;
  }

  /** The guest ran for `busyMs` until now. */
  note(nowMs: number, busyMs: number): void {
    if (busyMs > SLICE_BUSY_MS) this.end();
    if (this.#sinceMs === undefined) {
      this.#sinceMs = nowMs;
      this.#busyMs = this.#slices = 0;
      return;
    }
    this.#busyMs += busyMs;
    this.#slices++;
    if (nowMs - this.#sinceMs < WATCH_MS) return;
    this.#granted = this.#busyMs <= BUSY_MS && this.#slices <= SLICES;
    this.#sinceMs = undefined;
  }

  /** Somebody waits for the guest, or it works: it is woken in time, and watched anew. */
  end(): void {
    this.#granted = false;
    this.#sinceMs = undefined;
  }
}
