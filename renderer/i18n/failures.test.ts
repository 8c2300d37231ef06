import { describe, expect, test } from 'vitest';
import { failureTexts } from '../../test/fixtures/failure-texts.ts';
import en from './en.json' with { type: 'json' };
import { translatorOf, type FailureCatalogue } from './failure-translator.ts';
import ko from './failures.ko.json' with { type: 'json' };

const catalogue: FailureCatalogue = ko;
const said = failureTexts();
const withoutNames = (text: string): string => text.replaceAll(/\{\w+\}/g, '{}');
const placesIn = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
const translate = translatorOf(catalogue);

/** Of the renderer's own making. */
const OWN_REASONS = ['{} was not sent to its end'];

describe('what the services say about failures, in Korean', () => {
  test('every code that they use has a title', () => {
    const hasTitle = (code: string): boolean =>
      typeof code.split('.').reduce<unknown>((tree, part) => (tree as Record<string, unknown>)?.[part], en.errors) ===
      'string';
    const ofCommandLine = /^(?:args|run)\./;
    expect([...said.reasons.keys()].filter((code) => !ofCommandLine.test(code) && !hasTitle(code))).toEqual([]);
  });

  test('every reason is in the catalogue, or its code says what it means', () => {
    const missing = [...said.reasons].flatMap(([code, texts]) => {
      const known = catalogue.reasons[code] ?? {};
      if (known[''] !== undefined) return [];
      const translated = new Set(Object.keys(known).map(withoutNames));
      return [...texts].filter((text) => !translated.has(text)).map((text) => `${code}: ${text}`);
    });
    expect(missing).toEqual([]);
  });

  test('a code whose reason comes from elsewhere says what it means', () => {
    expect([...said.open].filter((code) => catalogue.reasons[code]?.[''] === undefined)).toEqual([]);
  });

  test('every hint is in the catalogue', () => {
    const translated = new Set(Object.keys(catalogue.hints).map(withoutNames));
    expect([...said.hints].filter((text) => !translated.has(text))).toEqual([]);
  });

  test('the catalogue has no text that nobody says', () => {
    const unsaid = Object.entries(catalogue.reasons).flatMap(([code, texts]) =>
      Object.keys(texts)
        .map(withoutNames)
        .filter((text) => text !== '' && !said.reasons.get(code)?.has(text) && !OWN_REASONS.includes(text))
        .map((text) => `${code}: ${text}`),
    );
    expect([...unsaid, ...Object.keys(catalogue.hints).filter((text) => !said.hints.has(withoutNames(text)))]).toEqual(
      [],
    );
  });

  test('a translation fills in what the original does, but for what no reader knows', () => {
    const all = [...Object.values(catalogue.reasons), catalogue.hints, catalogue.words.what].flatMap((texts) =>
      Object.entries(texts).filter(([text]) => text !== ''),
    );
    const isFaithful = (text: string, translation: string): boolean => {
      const [original, own] = [placesIn(text), placesIn(translation)];
      return (
        own.every((name) => original.includes(name)) && original.every((name) => own.includes(name) || name === 'id')
      );
    };
    expect(all.filter(([text, translation]) => !isFaithful(text, translation))).toEqual([]);
  });
});

describe('a translated failure', () => {
  test('says why and what to do, with what was filled in', () => {
    expect(
      translate({
        code: 'machine.exists',
        message: 'there is a machine named "is running"',
        hint: 'choose another name',
      }),
    ).toEqual({ reason: '이름이 “is running”인 머신이 있습니다.', hint: '다른 이름을 고르세요.' });
  });

  test('translates what is filled in where that is a word', () => {
    expect(translate({ code: 'machine.running', message: '"Retro" is paused', hint: 'stop it first' }).reason).toBe(
      '“Retro”의 상태: 일시 정지됨.',
    );
    expect(
      translate({ code: 'file.io', message: "/a/b: EACCES: permission denied, open '/a/b'", hint: 'check' }).reason,
    ).toBe('/a/b: 권한이 없습니다, EACCES.');
    expect(translate({ code: 'store.full', message: 'snapshot "before": the disk is full' }).reason).toBe(
      '스냅샷 “before”: 디스크가 가득 찼습니다.',
    );
  });

  test('names the place in a file, and keeps the words that only a developer needs as they are', () => {
    const place = { file: '/a.vdi', offsetBytes: 76, field: 'header.image_type' };
    const message = '/a.vdi: header.image_type at offset 76: 9 is no type';
    expect(translate({ code: 'image.corrupt', message, place })).toEqual({
      reason: '/a.vdi, header.image_type: 이미지의 내부 구조가 서로 맞지 않습니다.',
      original: message,
    });
    expect(
      translate({ code: 'image.size', message: '/a.vhd: a VHD has at most 2040 GiB', place: { file: '/a.vhd' } })
        .reason,
    ).toBe('/a.vhd: VHD는 2040 GiB까지입니다.');
  });
});
