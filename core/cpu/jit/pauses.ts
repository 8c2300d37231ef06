/** How long the guest stood still while its code was compiled: what a person would feel. */
export class Pauses {
  static readonly LIMITS_MS = [1, 2, 5, 10] as const;
  readonly #counts = new Float64Array(Pauses.LIMITS_MS.length + 1);
  totalNs = 0;
  longestNs = 0;

  note(ns: number): void {
    this.totalNs += ns;
    this.longestNs = Math.max(this.longestNs, ns);
    const at = Pauses.LIMITS_MS.findIndex((limit) => ns < limit * 1e6);
    this.#counts[at < 0 ? Pauses.LIMITS_MS.length : at]++;
  }

  /** Counts of pauses below each limit, of those that are longer, and the longest in microseconds. */
  report(): Record<string, number> {
    const counts = Array.from(this.#counts, (count, i) => {
      const limit = Pauses.LIMITS_MS[i];
      return [limit === undefined ? `${Pauses.LIMITS_MS.at(-1)} ms and more` : `under ${limit} ms`, count] as const;
    });
    return { ...Object.fromEntries(counts), 'longest, us': Math.round(this.longestNs / 1e3) };
  }
}
