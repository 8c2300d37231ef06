import type { StateOf, StateSpec } from '../state/index.ts';

/** `power`: as after switching on. `hard`: the reset line, which some parts' memory (CMOS, VRAM) survives. */
export type ResetKind = 'power' | 'hard';

/**
 * A part of the board. `state` is its only mutable data (caches that preSave/postLoad rebuild aside); `id` is its
 * stable key in a snapshot.
 */
export interface Device<S extends StateSpec = StateSpec> {
  readonly id: string;
  readonly spec: S;
  readonly state: StateOf<S>;
  reset(kind: ResetKind): void;
  /** Folds running time and caches into `state`. */
  preSave?(): void;
  /** Drives lines, arms timers and rebuilds caches from `state`. */
  postLoad?(): void;
}

/** Where a device reports what it does not implement; counted per message, never thrown. */
export interface DeviceLog {
  unimplemented(device: string, what: string): void;
}

export const silentLog: DeviceLog = { unimplemented() {} };
