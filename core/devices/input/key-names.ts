import { err, failure, ok, type Result } from '../../base/index.ts';
import { KEYS, keyIndex } from './scancodes.ts';
import { usLayoutKey } from './us-layout.ts';

/** Names that people write for keys, in lower case, beside characters and `KeyboardEvent.code` names. */
const NAMES: Readonly<Record<string, string>> = {
  ctrl: 'ControlLeft',
  control: 'ControlLeft',
  lctrl: 'ControlLeft',
  rctrl: 'ControlRight',
  alt: 'AltLeft',
  lalt: 'AltLeft',
  ralt: 'AltRight',
  altgr: 'AltRight',
  shift: 'ShiftLeft',
  lshift: 'ShiftLeft',
  rshift: 'ShiftRight',
  win: 'MetaLeft',
  meta: 'MetaLeft',
  super: 'MetaLeft',
  cmd: 'MetaLeft',
  rwin: 'MetaRight',
  menu: 'ContextMenu',
  apps: 'ContextMenu',
  enter: 'Enter',
  return: 'Enter',
  ret: 'Enter',
  esc: 'Escape',
  escape: 'Escape',
  tab: 'Tab',
  space: 'Space',
  spc: 'Space',
  backspace: 'Backspace',
  bksp: 'Backspace',
  bs: 'Backspace',
  del: 'Delete',
  delete: 'Delete',
  ins: 'Insert',
  insert: 'Insert',
  home: 'Home',
  end: 'End',
  pgup: 'PageUp',
  pageup: 'PageUp',
  pgdn: 'PageDown',
  pgdown: 'PageDown',
  pagedown: 'PageDown',
  up: 'ArrowUp',
  down: 'ArrowDown',
  left: 'ArrowLeft',
  right: 'ArrowRight',
  caps: 'CapsLock',
  capslock: 'CapsLock',
  num: 'NumLock',
  numlock: 'NumLock',
  scroll: 'ScrollLock',
  scrolllock: 'ScrollLock',
  print: 'PrintScreen',
  prtsc: 'PrintScreen',
  printscreen: 'PrintScreen',
  sysrq: 'PrintScreen',
  pause: 'Pause',
  break: 'Pause',
  plus: 'Equal',
  minus: 'Minus',
  comma: 'Comma',
  dot: 'Period',
};

const CODES_BY_LOWER_CASE = new Map(KEYS.map((key) => [key.code.toLowerCase(), key.code]));

/**
 * A chord as people write it ("ctrl+alt+del", "f2", "alt+f4", "a", "ctrl++") as code names in the order they are
 * pressed; a character that needs Shift brings it along. Errors: `key.empty`, `key.unknown`.
 */
export function parseKeyNames(text: string): Result<string[]> {
  const trimmed = text.length > 1 ? text.trim() : text;
  if (trimmed === '') return err(failure('key.empty', 'no key is named', 'name keys as in "ctrl+alt+del" or "f2"'));
  const parts =
    trimmed === '+' ? ['+'] : trimmed.endsWith('++') ? [...trimmed.slice(0, -2).split('+'), '+'] : trimmed.split('+');
  const codes: string[] = [];
  const press = (code: string): void => {
    if (!codes.includes(code)) codes.push(code);
  };
  for (const part of parts) {
    const name = part.length > 1 ? part.trim() : part;
    const character = name.length === 1 ? usLayoutKey(name) : undefined;
    if (character) {
      if (character.shift) press('ShiftLeft');
      press(character.code);
      continue;
    }
    const code = namedKey(name);
    if (code === undefined)
      return err(
        failure(
          'key.unknown',
          `"${part}" in "${text}" names no key`,
          'use names such as ctrl, alt, f2, enter, left, or a character',
        ),
      );
    press(code);
  }
  return ok(codes);
}

function namedKey(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (Object.hasOwn(NAMES, lower)) return NAMES[lower];
  return CODES_BY_LOWER_CASE.get(lower) ?? (keyIndex(name) === undefined ? undefined : name);
}
