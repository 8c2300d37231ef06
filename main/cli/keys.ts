import { FailureError } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import { parseKeyNames } from '../../core/devices/input/key-names.ts';

/** "ctrl+alt+del" (or with hyphens) is one chord, "down,down,enter" are three presses. Throws FailureError `args.key`. */
export function parseKeys(text: string): string[][] {
  return text.split(/[,\s]+/).map((chord) => {
    const keys = parseKeyNames(chord.replace(/(?<=[^+-])-(?=.)/g, '+'));
    if (!keys.ok) throw new FailureError(fail('args.key', keys.error.message, keys.error.hint));
    return keys.value;
  });
}

/** `\n` is Enter and `\\` a backslash; any other backslash is itself, as DOS paths have them. */
export const parseTyped = (text: string): string =>
  text.replace(/\\(n|\\)/g, (_, char: string) => (char === 'n' ? '\n' : '\\'));
