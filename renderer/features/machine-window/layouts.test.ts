import { describe, expect, test } from 'vitest';
import { LAYOUTS, typingOf } from './layouts.ts';

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

  test.each(LAYOUTS)('every letter, digit and sign of ASCII has a key on the keyboard %s', (layout) => {
    const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
    const dead = { us: '', gb: '', dvorak: '', de: '`^', fr: '', es: '`^' }[layout];
    expect(typingOf(ascii, layout).missing.join('')).toBe(
      [...dead].sort((a, b) => ascii.indexOf(a) - ascii.indexOf(b)).join(''),
    );
  });
});
