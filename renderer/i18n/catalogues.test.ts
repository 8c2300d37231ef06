import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { CODES } from '../../core/contract/index.ts';
import en from './en.json' with { type: 'json' };
import ko from './ko.json' with { type: 'json' };

const rendererFolder = path.resolve(import.meta.dirname, '..');

type Tree = { readonly [key: string]: string | Tree };

function flatten(tree: Tree, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...flatten(value, `${prefix}${key}.`)],
    ),
  );
}

/** A key with a form for one and one for more (i18next's plurals) is asked for without either. */
const withoutPlural = (key: string): string => key.replace(/_(?:one|other)$/, '');

const catalogues = { en: flatten(en), ko: flatten(ko) };
const askable = new Set([...catalogues.en.keys()].map(withoutPlural));

/** `t('a.b')` names a key; `t(`a.${x}`)` names all that fit. */
function usedKeys(): { readonly exact: ReadonlySet<string>; readonly patterns: readonly RegExp[] } {
  const exact = new Set<string>();
  const patterns: RegExp[] = [];
  for (const file of fs.readdirSync(rendererFolder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(file) || file.includes('.test.')) continue;
    const source = fs.readFileSync(path.join(rendererFolder, file), 'utf8');
    for (const [call] of source.matchAll(/\bt\((?:[^()`'"]|`[^`]*`|'[^']*'|\([^()]*\))*\)/g)) {
      for (const [, key] of call.matchAll(/'([A-Za-z][\w-]*(?:\.[\w-]+)+)'/g)) exact.add(key);
      for (const [, template] of call.matchAll(/`([^`]+)`/g))
        patterns.push(new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\$\{[^}]*\}/g, '[\\w.-]+')}$`));
    }
  }
  return { exact, patterns };
}

const placeholders = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

describe('the catalogues', () => {
  test('English and Korean have the same keys', () => {
    expect([...catalogues.ko.keys()].sort()).toEqual([...catalogues.en.keys()].sort());
  });

  test('a translation fills in the same values as the original', () => {
    const different = [...catalogues.en].filter(
      ([key, text]) => placeholders(text).join() !== placeholders(catalogues.ko.get(key) ?? '').join(),
    );
    expect(different).toEqual([]);
  });

  test('what has a form for one has one for more', () => {
    const keys = [...catalogues.en.keys()];
    const alone = keys.filter((key) => key.endsWith('_one') && !catalogues.en.has(key.replace(/_one$/, '_other')));
    expect(alone).toEqual([]);
  });

  test('every key that the interface asks for exists', () => {
    const { exact, patterns } = usedKeys();
    expect(exact.size).toBeGreaterThan(50);
    expect([...exact].filter((key) => !askable.has(key))).toEqual([]);
    expect(patterns.filter((pattern) => ![...askable].some((key) => pattern.test(key)))).toEqual([]);
  });

  test('every key is asked for', () => {
    const { exact, patterns } = usedKeys();
    const unused = [...askable].filter((key) => !exact.has(key) && !patterns.some((pattern) => pattern.test(key)));
    expect(unused).toEqual([]);
  });

  test('every error code that can reach a window has words', () => {
    const ofCommandLine = /^(args|run|engine)\./;
    const codes = Object.keys(CODES).filter((code) => !ofCommandLine.test(code));
    expect(codes.filter((code) => !catalogues.en.has(`errors.${code}`))).toEqual([]);
  });
});
