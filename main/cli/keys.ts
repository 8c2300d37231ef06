import { FailureError } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';

/** Names that people type, to `KeyboardEvent.code`. Codes themselves ("KeyA", "NumpadAdd") are taken as they are. */
const NAMES: Readonly<Record<string, string>> = {
  enter: 'Enter',
  return: 'Enter',
  esc: 'Escape',
  escape: 'Escape',
  tab: 'Tab',
  space: 'Space',
  backspace: 'Backspace',
  del: 'Delete',
  delete: 'Delete',
  ins: 'Insert',
  insert: 'Insert',
  home: 'Home',
  end: 'End',
  pgup: 'PageUp',
  pageup: 'PageUp',
  pgdn: 'PageDown',
  pagedown: 'PageDown',
  up: 'ArrowUp',
  down: 'ArrowDown',
  left: 'ArrowLeft',
  right: 'ArrowRight',
  ctrl: 'ControlLeft',
  control: 'ControlLeft',
  alt: 'AltLeft',
  altgr: 'AltRight',
  shift: 'ShiftLeft',
  meta: 'MetaLeft',
  win: 'MetaLeft',
  menu: 'ContextMenu',
  capslock: 'CapsLock',
  numlock: 'NumLock',
  scrolllock: 'ScrollLock',
  print: 'PrintScreen',
  pause: 'Pause',
  minus: 'Minus',
  equal: 'Equal',
  comma: 'Comma',
  dot: 'Period',
  period: 'Period',
  slash: 'Slash',
  backslash: 'Backslash',
  semicolon: 'Semicolon',
  quote: 'Quote',
  backquote: 'Backquote',
};

function codeOf(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (Object.hasOwn(NAMES, lower)) return NAMES[lower];
  if (/^[a-z]$/.test(lower)) return `Key${lower.toUpperCase()}`;
  if (/^[0-9]$/.test(lower)) return `Digit${lower}`;
  if (/^f([1-9]|1[0-2])$/.test(lower)) return lower.toUpperCase();
  if (/^[A-Z][A-Za-z]+[0-9]?$/.test(name)) return name;
  return undefined;
}

/** "ctrl+alt+del" is one chord, "down,down,enter" are three presses. Throws FailureError `args.key`. */
export function parseKeys(text: string): string[][] {
  return text.split(/[,\s]+/).map((chord) =>
    chord.split(/[+-]/).map((name) => {
      const code = codeOf(name);
      if (!code)
        throw new FailureError(
          fail(
            'args.key',
            `"${name}" in --key "${text}" is no key`,
            'write names like enter, f5, up, ctrl+alt+del, or codes like NumpadAdd',
          ),
        );
      return code;
    }),
  );
}

/** `\n` is Enter and `\\` a backslash; any other backslash is itself, as DOS paths have them. */
export const parseTyped = (text: string): string =>
  text.replace(/\\(n|\\)/g, (_, char: string) => (char === 'n' ? '\n' : '\\'));
