/**
 * What is printed on the keys of keyboards, so that text can be typed for a guest that was told it has one of them. A
 * layout's rows are the keys of KEYS in order: what a key gives alone, with Shift, and with AltGr where that is
 * something. Dead keys are left out: text that needs them is typed without.
 */
export const LAYOUTS = ['us', 'gb', 'de', 'fr', 'es', 'dvorak'] as const;
export type Layout = (typeof LAYOUTS)[number];

const KEYS = [
  ...['Backquote', 'Digit1', 'Digit2', 'Digit3', 'Digit4', 'Digit5', 'Digit6', 'Digit7', 'Digit8', 'Digit9', 'Digit0'],
  ...['Minus', 'Equal'],
  ...['KeyQ', 'KeyW', 'KeyE', 'KeyR', 'KeyT', 'KeyY', 'KeyU', 'KeyI', 'KeyO', 'KeyP', 'BracketLeft', 'BracketRight'],
  ...['KeyA', 'KeyS', 'KeyD', 'KeyF', 'KeyG', 'KeyH', 'KeyJ', 'KeyK', 'KeyL', 'Semicolon', 'Quote', 'Backslash'],
  ...['IntlBackslash', 'KeyZ', 'KeyX', 'KeyC', 'KeyV', 'KeyB', 'KeyN', 'KeyM', 'Comma', 'Period', 'Slash'],
];

/** A space stands for a key that gives nothing of its own there. */
const PRINTED: Readonly<
  Record<Layout, readonly [plain: string, shift: string, altGr: Readonly<Record<string, string>>]>
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
  ],
  fr: [
    '²&é"\'(-è_çà)=azertyuiop $qsdfghjklmù*<wxcvbn,;:!',
    ' 1234567890°+AZERTYUIOP £QSDFGHJKLM%µ>WXCVBN?./§',
    {
      ...{ '~': 'Digit2', '#': 'Digit3', '{': 'Digit4', '[': 'Digit5', '|': 'Digit6', '`': 'Digit7', '\\': 'Digit8' },
      ...{ '^': 'Digit9', '@': 'Digit0', ']': 'Minus', '}': 'Equal', '€': 'KeyE' },
    },
  ],
  es: [
    "º1234567890'¡qwertyuiop +asdfghjklñ ç<zxcvbnm,.-",
    'ª!"·$%&/()=?¿QWERTYUIOP *ASDFGHJKLÑ Ç>ZXCVBNM;:_',
    {
      ...{ '\\': 'Backquote', '|': 'Digit1', '@': 'Digit2', '#': 'Digit3', '~': 'Digit4', '€': 'KeyE' },
      ...{ '[': 'BracketLeft', ']': 'BracketRight', '{': 'Quote', '}': 'Backslash' },
    },
  ],
  dvorak: ["`1234567890[]',.pyfgcrl/=aoeuidhtns-\\ ;qjkxbmwvz", '~!@#$%^&*(){}"<>PYFGCRL?+AOEUIDHTNS_| :QJKXBMWVZ', {}],
};

const SPECIAL: Readonly<Record<string, readonly string[]>> = { ' ': ['Space'], '\n': ['Enter'], '\t': ['Tab'] };

function tableOf(layout: Layout): ReadonlyMap<string, readonly string[]> {
  const [plain, shift, altGr] = PRINTED[layout];
  const table = new Map<string, readonly string[]>(Object.entries(SPECIAL));
  const add = (char: string, codes: readonly string[]): void => {
    if (char !== ' ' && !table.has(char)) table.set(char, codes);
  };
  KEYS.forEach((code, index) => {
    add(plain[index], [code]);
    add(shift[index], ['ShiftLeft', code]);
  });
  for (const [char, code] of Object.entries(altGr)) add(char, ['AltRight', code]);
  return table;
}

export interface Typing {
  /** Key by key, each with what is held for it. */
  readonly chords: readonly (readonly string[])[];
  /** Characters that the layout has no key for; they are passed over. */
  readonly missing: readonly string[];
}

/** The keys that make the text on a keyboard of the layout. */
export function typingOf(text: string, layout: Layout): Typing {
  const table = tableOf(layout);
  const chords: (readonly string[])[] = [];
  const missing = new Set<string>();
  for (const char of text.replaceAll(/\r\n?/g, '\n')) {
    const chord = table.get(char);
    if (chord) chords.push(chord);
    else missing.add(char);
  }
  return { chords, missing: [...missing] };
}
