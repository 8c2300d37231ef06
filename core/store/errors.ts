import { failure, type Failure, FailureError } from '../base/index.ts';

/** Something in the library is not as it was written. Names where, so that a check and a person find the same place. */
export const damaged = (what: string): FailureError =>
  new FailureError(
    failure('store.damaged', what, 'run "terrarium store check", and restore the library from a copy if it says so'),
  );

/** The last one: SQLite has no room for the memory that processes share, which it makes when a library is opened. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE']);

/** What the host said while the store was written or read. */
export function ioFailure(error: unknown, what: string): Failure {
  if (error instanceof FailureError) return error.failure;
  if (error instanceof Error && error.cause instanceof FailureError)
    return { ...error.cause.failure, message: `${what}: ${error.message}` };
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (FULL.has(code))
    return failure('store.full', `${what}: the disk is full`, 'free some space; what was stored before is whole');
  return failure('store.io', `${what}: ${(error as Error).message}`, 'check the disk that holds the library');
}
