/**
 * The local APIC's timer: counts down from the initial count, once or over and over. Intel SDM volume 3A, section
 * 11.5.4. The bus clock is 1 GHz.
 */
export const APIC_BUS_HZ = 1e9;
const NS_PER_TICK = 1e9 / APIC_BUS_HZ;
/** A period shorter than an interrupt handler would leave the machine nothing else to do: alarms keep this distance. */
const MIN_ALARM_DISTANCE_NS = 2_000;

/** Divide configuration register: bits 0, 1 and 3. */
export function apicDivisor(dcr: number): number {
  const code = (dcr & 3) | ((dcr >> 1) & 4);
  return code === 7 ? 1 : 2 << code;
}

export interface ApicTimerRegisters {
  readonly initialCount: number;
  readonly periodic: boolean;
  readonly divisor: number;
  /** When the count began. */
  readonly startNs: number;
}

const periodNs = (t: ApicTimerRegisters): number => t.initialCount * t.divisor * NS_PER_TICK;

export function currentCount(t: ApicTimerRegisters, nowNs: number): number {
  if (t.initialCount === 0) return 0;
  const ticks = Math.floor((nowNs - t.startNs) / (t.divisor * NS_PER_TICK));
  if (t.periodic) return t.initialCount - (ticks % t.initialCount);
  return Math.max(0, t.initialCount - ticks);
}

/** The first end of a count after `afterNs`; Infinity when there is none any more. */
export function nextExpiry(t: ApicTimerRegisters, afterNs: number): number {
  if (t.initialCount === 0) return Infinity;
  const period = periodNs(t);
  const first = t.startNs + period;
  if (!t.periodic) return first > afterNs ? first : Infinity;
  if (first > afterNs) return first;
  const passed = Math.floor((afterNs - t.startNs) / period);
  const next = t.startNs + (passed + 1) * period;
  if (period >= MIN_ALARM_DISTANCE_NS) return next;
  return next + Math.ceil(MIN_ALARM_DISTANCE_NS / period) * period;
}
