import { HANGUL_KEY, hangulKeys } from './hangul.ts';

/**
 * What is printed on the keys of keyboards, so that text can be typed for a guest that was told it has one of them. A
 * layout's rows are the keys of KEYS in order: what a key gives alone, with Shift, and with AltGr where that is
 * something. A dead key puts its accent on the letter that follows, or stands alone before a space.
 */
export const LAYOUTS = [
  ...(['us', 'gb', 'de', 'ch', 'fr', 'be', 'es', 'latam', 'pt', 'br', 'it', 'se', 'no', 'dk'] as const),
  ...(['pl', 'cz', 'hu', 'tr', 'ru', 'jp', 'kr', 'dvorak'] as const),
] as const;
export type Layout = (typeof LAYOUTS)[number];

const KEYS = [
  ...['Backquote', 'Digit1', 'Digit2', 'Digit3', 'Digit4', 'Digit5', 'Digit6', 'Digit7', 'Digit8', 'Digit9', 'Digit0'],
  ...['Minus', 'Equal'],
  ...['KeyQ', 'KeyW', 'KeyE', 'KeyR', 'KeyT', 'KeyY', 'KeyU', 'KeyI', 'KeyO', 'KeyP', 'BracketLeft', 'BracketRight'],
  ...['KeyA', 'KeyS', 'KeyD', 'KeyF', 'KeyG', 'KeyH', 'KeyJ', 'KeyK', 'KeyL', 'Semicolon', 'Quote', 'Backslash'],
  ...['IntlBackslash', 'KeyZ', 'KeyX', 'KeyC', 'KeyV', 'KeyB', 'KeyN', 'KeyM', 'Comma', 'Period', 'Slash'],
  ...['IntlRo', 'IntlYen'],
];

type Chord = readonly string[];

/** A space stands for a key that gives nothing of its own there. */
const PRINTED: Readonly<
  Record<
    Layout,
    readonly [
      plain: string,
      shift: string,
      altGr: Readonly<Record<string, string>>,
      dead?: Readonly<Record<string, Chord>>,
    ]
  >
> = {
  us: ["`1234567890-=qwertyuiop[]asdfghjkl;'\\ zxcvbnm,./", '~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"| ZXCVBNM<>?', {}],
  gb: [
    "`1234567890-=qwertyuiop[]asdfghjkl;'#\\zxcvbnm,./",
    '¬!"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@~|ZXCVBNM<>?',
    { '€': 'Digit4', '¦': 'Backquote' },
  ],
  de: [
    ' 1234567890ß qwertzuiopü+asdfghjklöä#<yxcvbnm,.-',
    '°!"§$%&/()=? QWERTZUIOPÜ*ASDFGHJKLÖÄ\'>YXCVBNM;:_',
    {
      ...{ '@': 'KeyQ', '€': 'KeyE', '{': 'Digit7', '[': 'Digit8', ']': 'Digit9', '}': 'Digit0', '\\': 'Minus' },
      ...{ '~': 'BracketRight', '|': 'IntlBackslash', µ: 'KeyM', '²': 'Digit2', '³': 'Digit3' },
    },
    { '^': ['Backquote'], '´': ['Equal'], '`': ['ShiftLeft', 'Equal'] },
  ],
  fr: [
    '²&é"\'(-è_çà)=azertyuiop $qsdfghjklmù*<wxcvbn,;:!',
    ' 1234567890°+AZERTYUIOP £QSDFGHJKLM%µ>WXCVBN?./§',
    {
      ...{ '~': 'Digit2', '#': 'Digit3', '{': 'Digit4', '[': 'Digit5', '|': 'Digit6', '`': 'Digit7', '\\': 'Digit8' },
      ...{ '^': 'Digit9', '@': 'Digit0', ']': 'Minus', '}': 'Equal', '€': 'KeyE' },
    },
    { '^': ['BracketLeft'], '¨': ['ShiftLeft', 'BracketLeft'] },
  ],
  es: [
    "º1234567890'¡qwertyuiop +asdfghjklñ ç<zxcvbnm,.-",
    'ª!"·$%&/()=?¿QWERTYUIOP *ASDFGHJKLÑ Ç>ZXCVBNM;:_',
    {
      ...{ '\\': 'Backquote', '|': 'Digit1', '@': 'Digit2', '#': 'Digit3', '~': 'Digit4', '€': 'KeyE' },
      ...{ '[': 'BracketLeft', ']': 'BracketRight', '{': 'Quote', '}': 'Backslash' },
    },
    { '`': ['BracketLeft'], '^': ['ShiftLeft', 'BracketLeft'], '´': ['Quote'], '¨': ['ShiftLeft', 'Quote'] },
  ],
  ch: [
    "§1234567890' qwertzuiopü asdfghjklöä$<yxcvbnm,.-",
    '°+"*ç%&/()=? QWERTZUIOPè!ASDFGHJKLéà£>YXCVBNM;:_',
    {
      '|': 'Digit7',
      '@': 'KeyQ',
      '#': 'Digit3',
      ']': 'BracketRight',
      '}': 'Backslash',
      '€': 'KeyE',
      '[': 'BracketLeft',
      '{': 'Quote',
      '\\': 'IntlBackslash',
    },
    {
      '´': ['AltRight', 'Minus'],
      '^': ['Equal'],
      '`': ['ShiftLeft', 'Equal'],
      '~': ['AltRight', 'Equal'],
      '¨': ['BracketRight'],
    },
  ],
  be: [
    '²&é"\'(§è!çà)-azertyuiop $qsdfghjklmùµ<wxcvbn,;:=',
    '³1234567890°_AZERTYUIOP *QSDFGHJKLM%£>WXCVBN?./+',
    {
      '|': 'Digit1',
      '@': 'KeyQ',
      '#': 'Digit3',
      '^': 'Digit6',
      '{': 'Digit9',
      '[': 'BracketLeft',
      '}': 'Digit0',
      '\\': 'IntlBackslash',
      '€': 'KeyE',
      ']': 'BracketRight',
    },
    {
      '^': ['BracketLeft'],
      '¨': ['ShiftLeft', 'BracketLeft'],
      '´': ['AltRight', 'Semicolon'],
      '`': ['AltRight', 'Backslash'],
      '~': ['AltRight', 'Slash'],
    },
  ],
  latam: [
    "|1234567890'¿qwertyuiop +asdfghjklñ{}<zxcvbnm,.-",
    '°!"#$%&/()=?¡QWERTYUIOP *ASDFGHJKLÑ[]>ZXCVBNM;:_',
    { '@': 'KeyQ', '~': 'Semicolon', '\\': 'IntlBackslash', '€': 'KeyE' },
    {
      '´': ['BracketLeft'],
      '¨': ['ShiftLeft', 'BracketLeft'],
      '^': ['AltRight', 'Quote'],
      '`': ['AltRight', 'Backslash'],
    },
  ],
  pt: [
    "\\1234567890'«qwertyuiop+ asdfghjklçº <zxcvbnm,.-",
    '|!"#$%&/()=?»QWERTYUIOP* ASDFGHJKLÇª >ZXCVBNM;:_',
    { '@': 'KeyQ', '{': 'Digit7', '[': 'Digit8', ']': 'Digit9', '}': 'Digit0', '€': 'KeyE' },
    { '´': ['BracketRight'], '`': ['ShiftLeft', 'BracketRight'], '~': ['Backslash'], '^': ['ShiftLeft', 'Backslash'] },
  ],
  br: [
    "'1234567890-=qwertyuiop [asdfghjklç ]\\zxcvbnm,.;/",
    '"!@#$% &*()_+QWERTYUIOP {ASDFGHJKLÇ }|ZXCVBNM<>:?',
    { '~': 'Quote' },
    {
      '¨': ['ShiftLeft', 'Digit6'],
      '´': ['BracketLeft'],
      '`': ['ShiftLeft', 'BracketLeft'],
      '~': ['Quote'],
      '^': ['ShiftLeft', 'Quote'],
    },
  ],
  it: [
    "\\1234567890'ìqwertyuiopè+asdfghjklòàù<zxcvbnm,.-",
    '|!"£$%&/()=?^QWERTYUIOPé*ASDFGHJKLç°§>ZXCVBNM;:_',
    {
      '{': 'Digit7',
      '[': 'BracketLeft',
      ']': 'BracketRight',
      '}': 'Digit0',
      '`': 'Minus',
      '~': 'Equal',
      '@': 'Semicolon',
      '€': 'KeyE',
      '#': 'Quote',
    },
    { '´': ['AltRight', 'Comma'] },
  ],
  se: [
    "§1234567890+ qwertyuiopå asdfghjklöä'<zxcvbnm,.-",
    '½!"#¤%&/()=? QWERTYUIOPÅ ASDFGHJKLÖÄ*>ZXCVBNM;:_',
    {
      '@': 'KeyQ',
      $: 'Digit4',
      '€': 'KeyE',
      '{': 'Digit7',
      '[': 'Digit8',
      ']': 'Digit9',
      '}': 'Digit0',
      '\\': 'Minus',
      '|': 'IntlBackslash',
    },
    {
      '´': ['Equal'],
      '`': ['ShiftLeft', 'Equal'],
      '¨': ['BracketRight'],
      '^': ['ShiftLeft', 'BracketRight'],
      '~': ['AltRight', 'BracketRight'],
    },
  ],
  no: [
    "|1234567890+\\qwertyuiopå asdfghjkløæ'<zxcvbnm,.-",
    '§!"#¤%&/()=? QWERTYUIOPÅ ASDFGHJKLØÆ*>ZXCVBNM;:_',
    { '@': 'KeyQ', $: 'Digit4', '{': 'Digit7', '[': 'Digit8', ']': 'Digit9', '}': 'Digit0', '€': 'KeyE' },
    {
      '`': ['ShiftLeft', 'Equal'],
      '´': ['AltRight', 'Equal'],
      '¨': ['BracketRight'],
      '^': ['ShiftLeft', 'BracketRight'],
      '~': ['AltRight', 'BracketRight'],
    },
  ],
  dk: [
    "½1234567890+ qwertyuiopå asdfghjklæø'<zxcvbnm,.-",
    '§!"#¤%&/()=? QWERTYUIOPÅ ASDFGHJKLÆØ*>ZXCVBNM;:_',
    {
      '@': 'KeyQ',
      $: 'Digit4',
      '{': 'Digit7',
      '[': 'Digit8',
      ']': 'Digit9',
      '}': 'Digit0',
      '|': 'Equal',
      '€': 'KeyE',
      '\\': 'IntlBackslash',
    },
    {
      '´': ['Equal'],
      '`': ['ShiftLeft', 'Equal'],
      '¨': ['BracketRight'],
      '^': ['ShiftLeft', 'BracketRight'],
      '~': ['AltRight', 'BracketRight'],
    },
  ],
  pl: [
    "`1234567890-=qwertyuiop[]asdfghjkl;'\\ zxcvbnm,./",
    '~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"| ZXCVBNM<>?',
    {
      '€': 'Digit5',
      ę: 'KeyE',
      ó: 'KeyO',
      ą: 'KeyA',
      ś: 'KeyS',
      ł: 'KeyL',
      ż: 'KeyZ',
      ź: 'KeyX',
      ć: 'KeyC',
      ń: 'KeyN',
    },
  ],
  cz: [
    ';+ěščřžýáíé= qwertzuiopú)asdfghjklů§ \\yxcvbnm,.-',
    ' 1234567890% QWERTZUIOP/(ASDFGHJKL"!\'|YXCVBNM?:_',
    {
      '`': 'KeyH',
      '@': 'KeyV',
      '#': 'KeyX',
      $: 'Semicolon',
      '^': 'KeyM',
      '&': 'KeyC',
      '*': 'Slash',
      '{': 'KeyB',
      '}': 'KeyN',
      '€': 'KeyE',
      '[': 'KeyF',
      ']': 'KeyG',
      '~': 'KeyA',
      đ: 'KeyS',
      Đ: 'KeyD',
      ł: 'KeyK',
      Ł: 'KeyL',
      '<': 'Comma',
      '>': 'Period',
    },
    { '˚': ['ShiftLeft', 'Backquote'], '´': ['Equal'], ˇ: ['ShiftLeft', 'Equal'], '¨': ['Backslash'] },
  ],
  hu: [
    '0123456789öüóqwertzuiopőúasdfghjkléáűíyxcvbnm,.-',
    '§\'"+!%/=()ÖÜÓQWERTZUIOPŐÚASDFGHJKLÉÁŰÍYXCVBNM?:_',
    {
      '~': 'Digit1',
      '^': 'Digit3',
      '`': 'Digit7',
      '\\': 'KeyQ',
      '|': 'KeyW',
      Ä: 'KeyE',
      '€': 'KeyU',
      ä: 'KeyA',
      đ: 'KeyS',
      Đ: 'KeyD',
      '[': 'KeyF',
      ']': 'KeyG',
      ł: 'KeyK',
      Ł: 'KeyL',
      $: 'Semicolon',
      ß: 'Quote',
      '<': 'KeyM',
      '>': 'Period',
      '#': 'KeyX',
      '&': 'KeyC',
      '@': 'KeyV',
      '{': 'KeyB',
      '}': 'KeyN',
      ';': 'Comma',
      '*': 'Slash',
    },
    {
      ˇ: ['AltRight', 'Digit2'],
      '˘': ['AltRight', 'Digit4'],
      '˚': ['AltRight', 'Digit5'],
      '˛': ['AltRight', 'Digit6'],
      '´': ['AltRight', 'Digit9'],
      '˝': ['AltRight', 'Digit0'],
      '¨': ['AltRight', 'Minus'],
      '¸': ['AltRight', 'Equal'],
    },
  ],
  tr: [
    '"1234567890*-qwertyuıopğüasdfghjklşi,<zxcvbnmöç.',
    "é!'^+%&/()=?_QWERTYUIOPĞÜASDFGHJKLŞİ;>ZXCVBNMÖÇ:",
    {
      '#': 'Digit3',
      $: 'Digit4',
      '{': 'Digit7',
      '[': 'Digit8',
      ']': 'Digit9',
      '}': 'Digit0',
      '\\': 'Minus',
      '|': 'IntlBackslash',
      '@': 'KeyQ',
      '€': 'KeyE',
      '~': 'BracketRight',
      '`': 'Backslash',
    },
  ],
  ru: ['ё1234567890-=йцукенгшщзхъфывапролджэ\\/ячсмитьбю.', 'Ё!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ/|ЯЧСМИТЬБЮ,', {}],
  jp: [
    ' 1234567890-^qwertyuiop@[asdfghjkl;:] zxcvbnm,./\\\\',
    ' !"#$%&\'() =~QWERTYUIOP`{ASDFGHJKL+*} ZXCVBNM<>?_|',
    {},
  ],
  kr: ["`1234567890-=qwertyuiop[]asdfghjkl;'\\ zxcvbnm,./", '~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"| ZXCVBNM<>?', {}],
  dvorak: ["`1234567890[]',.pyfgcrl/=aoeuidhtns-\\ ;qjkxbmwvz", '~!@#$%^&*(){}"<>PYFGCRL?+AOEUIDHTNS_| :QJKXBMWVZ', {}],
};

const SPECIAL: Readonly<Record<string, Chord>> = { ' ': ['Space'], '\n': ['Enter'], '\t': ['Tab'] };

/** The accents of dead keys as Unicode combines them with letters. */
const COMBINING: Readonly<Record<string, string>> = {
  ...{ '`': '\u0300', '´': '\u0301', '^': '\u0302', '~': '\u0303', '˘': '\u0306', '¨': '\u0308', '˚': '\u030a' },
  ...{ '˝': '\u030b', ˇ: '\u030c', '¸': '\u0327', '˛': '\u0328' },
};

/** Systems know dead keys for the letters of their code page, and leave accent and letter apart for all others. */
const LETTERS = (codePage: string): ReadonlySet<string> =>
  new Set(new TextDecoder(codePage).decode(Uint8Array.from({ length: 0x60 }, (_, i) => 0xa0 + i)));
const WESTERN = LETTERS('iso-8859-1');
const CENTRAL = LETTERS('iso-8859-2');

/** Keys for each character, one chord after the other. */
function tableOf(layout: Layout): ReadonlyMap<string, readonly Chord[]> {
  const [plain, shift, altGr, dead = {}] = PRINTED[layout];
  const table = new Map<string, readonly Chord[]>(Object.entries(SPECIAL).map(([char, chord]) => [char, [chord]]));
  const add = (char: string | undefined, ...chords: readonly Chord[]): void => {
    if (char !== undefined && char !== ' ' && !table.has(char)) table.set(char, chords);
  };
  KEYS.forEach((code, index) => {
    add(plain[index], [code]);
    add(shift[index], ['ShiftLeft', code]);
  });
  for (const [char, code] of Object.entries(altGr)) add(char, ['AltRight', code]);
  // A capital letter that has a key of its own is typed by that.
  for (const [char, code] of Object.entries(altGr)) add(char.toUpperCase(), ['ShiftLeft', 'AltRight', code]);
  const letters = [...table].filter(([char]) => /^[a-z]$/i.test(char));
  const known = layout === 'cz' || layout === 'hu' ? CENTRAL : WESTERN;
  for (const [accent, chord] of Object.entries(dead)) {
    add(accent, chord, ['Space']);
    for (const [letter, chords] of letters) {
      const accented = `${letter}${COMBINING[accent]}`.normalize('NFC');
      if (known.has(accented)) add(accented, chord, ...chords);
    }
  }
  return table;
}

export interface Typing {
  /** Key by key, each with what is held for it. */
  readonly chords: readonly Chord[];
  /** Characters that the layout has no key for; they are passed over. */
  readonly missing: readonly string[];
}

/** The keys that make the text on a keyboard of the layout. */
export function typingOf(text: string, layout: Layout): Typing {
  const table = tableOf(layout);
  const chords: Chord[] = [];
  const missing = new Set<string>();
  let inHangul = false;
  for (const char of text.normalize('NFC').replaceAll(/\r\n?/g, '\n')) {
    const hangul = layout === 'kr' ? hangulKeys(char) : undefined;
    const found = hangul ?? table.get(char);
    if (!found) {
      missing.add(char);
      continue;
    }
    // What both have (spaces, digits, signs) is typed in whichever it is.
    const wantsHangul: boolean = hangul !== undefined || (inHangul && !/[A-Za-z]/.test(char));
    if (layout === 'kr' && wantsHangul !== inHangul) chords.push([HANGUL_KEY]);
    inHangul = layout === 'kr' && wantsHangul;
    chords.push(...found);
  }
  if (inHangul) chords.push([HANGUL_KEY]);
  return { chords, missing: [...missing] };
}
