/** Alarms in a row that were on the beat, until the next one is expected to be. */
const STEADY = 32;
/** How far an alarm may be off the beat: a guest counts from when it looked at the clock, and sets it a little later. */
const JITTER_NS = 100e3;
/** Beats that a guest may have slept through. */
const BEATS_MAX = 16;

/**
 * Tells a system's clock tick from other alarms when both are set one by one: ticks come at multiples of one period. An
 * alarm off the beat (a program's sleep) ends it. Not state: it is found again.
 */
export class AlarmBeat {
  #lastNs = -Infinity;
  #periodNs = 0;
  #steady = 0;

  /** Takes the next alarm. Returns whether it is one more of a beat that has been going on for a while. */
  follow(alarmNs: number): boolean {
    const passedNs = alarmNs - this.#lastNs;
    const beats = Math.round(passedNs / this.#periodNs);
    const isOnBeat = beats >= 1 && beats <= BEATS_MAX && Math.abs(passedNs - beats * this.#periodNs) <= JITTER_NS;
    this.#lastNs = alarmNs;
    if (isOnBeat) this.#steady++;
    else {
      this.#steady = 0;
      this.#periodNs = passedNs;
    }
    return this.#steady >= STEADY;
  }
}
