import { err, ok, type Result } from '../../core/base/index.ts';
import { ioFailure } from '../../core/store/index.ts';

/** Runs what throws FailureErrors and the host's errors. */
export async function attempt<T>(what: string, action: () => T | Promise<T>): Promise<Result<Awaited<T>>> {
  try {
    return ok(await action());
  } catch (error) {
    return err(ioFailure(error, what));
  }
}
