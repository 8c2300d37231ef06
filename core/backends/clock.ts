/** Virtual time of a machine in nanoseconds since it was powered on; never goes back. */
export interface Clock {
  readonly nowNs: number;
}

/** Civil time for the RTC at power-on, in milliseconds since 1970-01-01 UTC. */
export interface WallClock {
  readonly nowMs: number;
}

/** Fills with random bytes; deterministic in a replayed run. */
export interface Entropy {
  fill(target: Uint8Array): void;
}
