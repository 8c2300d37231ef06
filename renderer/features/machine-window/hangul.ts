/**
 * Hangul on a Korean keyboard of two sets (KS X 5002): consonants left, vowels right, and the guest's input method puts
 * syllables together. The key beside the space bar changes between Hangul and Latin letters.
 */
export const HANGUL_KEY = 'Lang1';

const KEYS: Readonly<Record<string, string>> = {
  ...{ ㅂ: 'Q', ㅈ: 'W', ㄷ: 'E', ㄱ: 'R', ㅅ: 'T', ㅛ: 'Y', ㅕ: 'U', ㅑ: 'I', ㅐ: 'O', ㅔ: 'P' },
  ...{ ㅁ: 'A', ㄴ: 'S', ㅇ: 'D', ㄹ: 'F', ㅎ: 'G', ㅗ: 'H', ㅓ: 'J', ㅏ: 'K', ㅣ: 'L' },
  ...{ ㅋ: 'Z', ㅌ: 'X', ㅊ: 'C', ㅍ: 'V', ㅠ: 'B', ㅜ: 'N', ㅡ: 'M' },
};
const WITH_SHIFT: Readonly<Record<string, string>> = { ㅃ: 'Q', ㅉ: 'W', ㄸ: 'E', ㄲ: 'R', ㅆ: 'T', ㅒ: 'O', ㅖ: 'P' };
const OF_TWO: Readonly<Record<string, string>> = {
  ...{ ㅘ: 'ㅗㅏ', ㅙ: 'ㅗㅐ', ㅚ: 'ㅗㅣ', ㅝ: 'ㅜㅓ', ㅞ: 'ㅜㅔ', ㅟ: 'ㅜㅣ', ㅢ: 'ㅡㅣ' },
  ...{
    ㄳ: 'ㄱㅅ',
    ㄵ: 'ㄴㅈ',
    ㄶ: 'ㄴㅎ',
    ㄺ: 'ㄹㄱ',
    ㄻ: 'ㄹㅁ',
    ㄼ: 'ㄹㅂ',
    ㄽ: 'ㄹㅅ',
    ㄾ: 'ㄹㅌ',
    ㄿ: 'ㄹㅍ',
    ㅀ: 'ㄹㅎ',
    ㅄ: 'ㅂㅅ',
  },
};

const FIRST = [...'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ'];
const MIDDLE = [...'ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ'];
const LAST = ['', ...'ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ'];
const SYLLABLES_AT = 0xac00;
const SYLLABLES = FIRST.length * MIDDLE.length * LAST.length;

/** The keys of a syllable or a letter of Hangul, one after the other; undefined for anything else. */
export function hangulKeys(char: string): readonly (readonly string[])[] | undefined {
  const index = (char.codePointAt(0) ?? 0) - SYLLABLES_AT;
  const isSyllable = index >= 0 && index < SYLLABLES;
  const letters = isSyllable
    ? [
        FIRST[Math.floor(index / (MIDDLE.length * LAST.length))],
        MIDDLE[Math.floor(index / LAST.length) % MIDDLE.length],
        LAST[index % LAST.length],
      ].join('')
    : char;
  const keys = [...letters]
    .flatMap((letter) => [...(OF_TWO[letter] ?? letter)])
    .map((letter) =>
      KEYS[letter]
        ? [`Key${KEYS[letter]}`]
        : WITH_SHIFT[letter]
          ? ['ShiftLeft', `Key${WITH_SHIFT[letter]}`]
          : undefined,
    );
  return keys.every((key) => key !== undefined) ? keys : undefined;
}
