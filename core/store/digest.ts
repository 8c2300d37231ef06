import { createHash } from 'node:crypto';

/** Of a row's values, in the order of its columns. */
export const digestOf = (values: readonly unknown[]): Buffer =>
  createHash('sha256')
    .update(JSON.stringify(values, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)))
    .digest();
