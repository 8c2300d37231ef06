import fs from 'node:fs';
import path from 'node:path';

export type Language = 'en' | 'ko';
/** What the interface says in a language: the catalogue's own words, filled in. */
export type Words = (key: string, values?: Readonly<Record<string, string | number>>) => string;

type Tree = { readonly [key: string]: string | Tree };

export function wordsOf(language: Language): Words {
  const file = path.resolve(import.meta.dirname, `../../../renderer/i18n/${language}.json`);
  const catalogue = JSON.parse(fs.readFileSync(file, 'utf8')) as Tree;
  return (key, values = {}) => {
    const found = key
      .split('.')
      .reduce<string | Tree | undefined>(
        (tree, part) => (typeof tree === 'object' ? tree[part] : undefined),
        catalogue,
      );
    if (typeof found !== 'string') throw new Error(`the catalogue ${language} has no "${key}"`);
    return found.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? `{{${name}}}`));
  };
}
