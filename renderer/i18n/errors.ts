import type { TFunction } from 'i18next';

/** What a failure is, in the person's language; its message, from the services, names the file or field. */
export function failureTitle(t: TFunction, code: string): string {
  return t([`errors.${code}`, 'errors.unknown'] as unknown as 'errors.unknown');
}
