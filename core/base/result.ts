/**
 * An error that a person or a script acts on. `code` is stable and dotted ("image.empty"), `message` says what is
 * wrong and with which file, offset or field, `hint` what to do about it.
 */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Where in a file it was found, for programs; the message says it too. */
  readonly place?: FailurePlace;
}

export interface FailurePlace {
  readonly file: string;
  readonly offsetBytes?: number;
  readonly field?: string;
}

export type Result<T, E = Failure> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });
export const err = <E = Failure>(error: E): Result<never, E> => ({ ok: false, error });

export function failure(code: string, message: string, hint?: string): Failure {
  return hint === undefined ? { code, message } : { code, message, hint };
}

/** Carries a Failure through code that can only throw; caught at the nearest boundary and turned into a value. */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(value: Failure) {
    super(value.message);
    this.name = 'FailureError';
    this.failure = value;
  }
}

/** A broken invariant of our own: never something that a guest or a file can cause. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
