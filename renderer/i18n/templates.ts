import type { TFunction } from 'i18next';

/** What a template is called in the person's language; one that a newer version made is "another system". */
export function templateName(t: TFunction, id: string): string {
  return t([`template.${id}`, 'template.other'] as unknown as 'template.other');
}
