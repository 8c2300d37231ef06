/** The 8254's CLK input: 1193182 Hz, edge `tick` at virtual time tick/1193182 s. Exact for any uptime: no drift. */

export const PIT_HZ = 1_193_182;

/** PIT_HZ / 10^9 in lowest terms: 596591 ticks in half a second. */
const TICKS = 596_591;
const SPAN_NS = 500_000_000;
/** After 104 days a sum may round below the instant it stands for; this is enough to get past it for 36 years. */
const ROUNDING_NS = 512;

/** Number of the last CLK edge at or before `nowNs`. */
export function pitTickAt(nowNs: number): number {
  const spans = Math.floor(nowNs / SPAN_NS);
  return spans * TICKS + Math.floor(((nowNs - spans * SPAN_NS) * TICKS) / SPAN_NS);
}

/** First whole nanosecond at which `pitTickAt` gives `tick`. */
export function pitTickNs(tick: number): number {
  const spans = Math.floor(tick / TICKS);
  const ns = spans * SPAN_NS + Math.ceil(((tick - spans * TICKS) * SPAN_NS) / TICKS);
  return pitTickAt(ns) < tick ? ns + ROUNDING_NS : ns;
}
