import { FailureError } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
const SIZE = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i;

export const looksLikeSize = (text: string): boolean => SIZE.test(text);

const DISK_BYTES_MAX = 2 * 2 ** 40;

/** "512M", "8G", "1.5GiB" in bytes, a multiple of 512. Throws FailureError `args.invalid` or `store.size`. */
export function parseSize(text: string): number {
  const match = SIZE.exec(text);
  if (!match)
    throw new FailureError(fail('args.invalid', `"${text}" is no size`, 'write for example 512M, 8G or 1.5G'));
  const bytes = Math.round((Number(match[1]) * UNITS[match[2].toUpperCase()]) / 512) * 512;
  if (bytes > 0 && bytes <= DISK_BYTES_MAX) return bytes;
  throw new FailureError(
    fail('store.size', `a disk cannot have the size "${text}"`, 'choose one of 512 bytes to 2T, for example 8G'),
  );
}

/** For people: three digits and a unit. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toPrecision(3)} ${units[unit]}`;
}
