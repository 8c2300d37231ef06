import type { StatusMessage } from '../../../core/contract/stream.ts';

/** What a machine did in one interval between two statuses. */
export interface Sample {
  /** Host time, in seconds. */
  readonly at: number;
  /** Of a core; above 1 where several threads work. */
  readonly cpu: number;
  /** Million guest instructions per second. */
  readonly mips: number;
  readonly residentBytes: number;
  /** Of the resident bytes; null where the host does not tell. */
  readonly sharedBytes: number | null;
  readonly readPerSecond: number;
  readonly writtenPerSecond: number;
  /** Spent in compiled code, in the interpreter, and beside the guest: together they are `cpu`. */
  readonly compiled: number;
  readonly interpreted: number;
  readonly beside: number;
}

/** Two minutes of statuses. */
export const SAMPLES_MAX = 240;

/** Rates come from the difference of counters: the first status of a machine makes no sample. */
export class Sampler {
  #before: { readonly at: number; readonly status: StatusMessage } | undefined;

  take(status: StatusMessage, at: number): Sample | undefined {
    const before = this.#before;
    this.#before = { at, status };
    if (!before || at <= before.at) return undefined;
    const rate = (field: 'readBytes' | 'writtenBytes'): number =>
      Math.max(0, status[field] - before.status[field]) / (at - before.at);
    return {
      at,
      cpu: status.busyShare,
      mips: status.instructionsPerSecond / 1e6,
      residentBytes: status.residentBytes,
      sharedBytes: status.sharedBytes ?? null,
      readPerSecond: rate('readBytes'),
      writtenPerSecond: rate('writtenBytes'),
      compiled: status.guestShare * status.compiledShare,
      interpreted: status.guestShare * (1 - status.compiledShare),
      beside: Math.max(0, status.busyShare - status.guestShare),
    };
  }
}

/** All machines together, second by second; a machine that has no sample in one counts as it last was. */
export function totalsOf(
  machines: readonly (readonly Sample[])[],
): { readonly at: number; readonly cpu: number; readonly mips: number; readonly residentBytes: number }[] {
  const seconds = [...new Set(machines.flatMap((samples) => samples.map(({ at }) => Math.floor(at))))].sort(
    (a, b) => a - b,
  );
  return seconds.map((second) => {
    const last = machines.flatMap((samples) => samples.findLast(({ at }) => at < second + 1) ?? []);
    const sum = (value: (sample: Sample) => number): number => last.reduce((total, sample) => total + value(sample), 0);
    return {
      at: second,
      cpu: sum(({ cpu }) => cpu),
      mips: sum(({ mips }) => mips),
      residentBytes: sum(({ residentBytes }) => residentBytes),
    };
  });
}
