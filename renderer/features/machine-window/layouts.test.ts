import { describe, expect, test } from 'vitest';
import { LAYOUTS, typingOf, type Layout } from './layouts.ts';

describe('text for a guest', () => {
  test('is typed as its keyboard has it', () => {
    expect(typingOf('z@', 'us').chords).toEqual([['KeyZ'], ['ShiftLeft', 'Digit2']]);
    expect(typingOf('z@', 'de').chords).toEqual([['KeyY'], ['AltRight', 'KeyQ']]);
    expect(typingOf('a1', 'fr').chords).toEqual([['KeyQ'], ['ShiftLeft', 'Digit1']]);
    expect(typingOf('a;', 'dvorak').chords).toEqual([['KeyA'], ['KeyZ']]);
  });

  test('ends its lines with Enter, however they are ended', () => {
    expect(typingOf('a\r\nb\n', 'us').chords).toEqual([['KeyA'], ['Enter'], ['KeyB'], ['Enter']]);
  });

  test('is told where the keyboard has no key for it', () => {
    expect(typingOf('aß가', 'us')).toEqual({ chords: [['KeyA']], missing: ['ß', '가'] });
  });

  test('has accents by the keys that are dead, before a letter or before a space', () => {
    expect(typingOf('â^', 'de').chords).toEqual([['Backquote'], ['KeyA'], ['Backquote'], ['Space']]);
    expect(typingOf('Ñã', 'pt').chords).toEqual([['Backslash'], ['ShiftLeft', 'KeyN'], ['Backslash'], ['KeyA']]);
    expect(typingOf('żŻ', 'pl').chords).toEqual([
      ['AltRight', 'KeyZ'],
      ['ShiftLeft', 'AltRight', 'KeyZ'],
    ]);
    expect(typingOf('đĐ', 'hu').chords).toEqual([
      ['AltRight', 'KeyS'],
      ['AltRight', 'KeyD'],
    ]);
    // Systems for German keyboards have no ć to put together, those for Hungarian ones have.
    expect(typingOf('ć', 'de').missing).toEqual(['ć']);
    expect(typingOf('ć', 'hu').chords).toEqual([['AltRight', 'Digit9'], ['KeyC']]);
    // The same letter in two parts, as some systems write it.
    expect(typingOf('e\u0301', 'es')).toEqual({ chords: [['Quote'], ['KeyE']], missing: [] });
  });

  test('is Hangul by its letters, with the key that changes to it and back', () => {
    expect(typingOf('값 ok', 'kr').chords).toEqual([
      ['Lang1'],
      ...[['KeyR'], ['KeyK'], ['KeyQ'], ['KeyT'], ['Space']],
      ['Lang1'],
      ...[['KeyO'], ['KeyK']],
    ]);
    expect(typingOf('와ㅆ!', 'kr').chords).toEqual([
      ['Lang1'],
      ...[['KeyD'], ['KeyH'], ['KeyK'], ['ShiftLeft', 'KeyT'], ['ShiftLeft', 'Digit1']],
      ['Lang1'],
    ]);
  });

  /** What they have by AltGr and a number alone, or not at all. */
  const MISSING: Readonly<Partial<Record<Layout, string>>> = {
    ru: "#$&'<>@[]^`{}~" + 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
  };
  test.each(LAYOUTS)('every letter, digit and sign of ASCII has a key on the keyboard %s', (layout) => {
    const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
    const { missing } = typingOf(ascii.join(''), layout);
    expect([...missing].sort().join('')).toBe([...(MISSING[layout] ?? '')].sort().join(''));
  });
});
