/** The US keyboard (ISO/IEC 9995; ANSI INCITS 154): which key, with or without Shift, gives a character. */
export interface LayoutKey {
  readonly code: string;
  readonly shift: boolean;
}

const KEYS = new Map<string, LayoutKey>();

function pair(code: string, plain: string, shifted: string): void {
  KEYS.set(plain, { code, shift: false });
  KEYS.set(shifted, { code, shift: true });
}

for (const letter of 'abcdefghijklmnopqrstuvwxyz') pair(`Key${letter.toUpperCase()}`, letter, letter.toUpperCase());
[...')!@#$%^&*('].forEach((shifted, digit) => pair(`Digit${digit}`, String(digit), shifted));
pair('Backquote', '`', '~');
pair('Minus', '-', '_');
pair('Equal', '=', '+');
pair('BracketLeft', '[', '{');
pair('BracketRight', ']', '}');
pair('Backslash', '\\', '|');
pair('Semicolon', ';', ':');
pair('Quote', "'", '"');
pair('Comma', ',', '<');
pair('Period', '.', '>');
pair('Slash', '/', '?');
for (const [character, code] of [
  [' ', 'Space'],
  ['\n', 'Enter'],
  ['\t', 'Tab'],
  ['\b', 'Backspace'],
  ['\x1b', 'Escape'],
] as const)
  KEYS.set(character, { code, shift: false });

/** Undefined for a character that a US keyboard cannot type. Control characters: \n \t \b and ESC. */
export function usLayoutKey(character: string): LayoutKey | undefined {
  return KEYS.get(character);
}
