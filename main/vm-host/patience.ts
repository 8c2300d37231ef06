/** How long a guest is watched before it counts as one that only waits. */
const WATCH_MS = 1000;
/**
 * What such a guest does at most, in instructions, since time says little on a busy host: in one go, in all of WATCH_MS,
 * and how often. A clock tick of 250 Hz is within.
 */
const SLICE_INSTRUCTIONS = 200_000;
const WATCH_INSTRUCTIONS = 8_000_000;
const WATCH_SLICES = 350;

/**
 * Whether a guest may be woken late (RunStatus.latestNs): it has done next to nothing for a while and nobody has given it
 * anything to do. What an idle guest costs is how often it is woken; docs/decisions.md has figures.
 */
export class Patience {
  #sinceMs: number | undefined;
  #instructions = 0;
  #slices = 0;
  #granted = false;

  get granted(): boolean {
    return this.#granted;
  }

  /** The guest ran so many instructions in one go, until now. */
  note(nowMs: number, instructions: number): void {
    if (instructions > SLICE_INSTRUCTIONS) this.end();
    if (this.#sinceMs === undefined) {
      this.#sinceMs = nowMs;
      this.#instructions = this.#slices = 0;
      return;
    }
    this.#instructions += instructions;
    this.#slices++;
    if (nowMs - this.#sinceMs < WATCH_MS) return;
    this.#granted = this.#instructions <= WATCH_INSTRUCTIONS && this.#slices <= WATCH_SLICES;
    this.#sinceMs = undefined;
  }

  /** Somebody waits for the guest, or it works: it is woken in time, and watched anew. */
  end(): void {
    this.#granted = false;
    this.#sinceMs = undefined;
  }
}
