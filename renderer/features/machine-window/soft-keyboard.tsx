import { UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineStream } from '../../ipc/machine-stream.ts';
import classes from './soft-keyboard.module.css';

/** KeyboardEvent.code, what is printed, and how many quarters of a key it is wide. */
type Key = readonly [code: string, label: string, quarters?: number];

const ROWS: readonly (readonly Key[])[] = [
  [
    ['Escape', 'Esc', 5],
    ...Array.from({ length: 12 }, (_, i): Key => [`F${i + 1}`, `F${i + 1}`]),
    ['PrintScreen', 'PrtSc'],
    ['ScrollLock', 'ScrLk'],
    ['Pause', 'Pause'],
  ],
  [
    ['Backquote', '`'],
    ...[...'1234567890'].map((digit): Key => [`Digit${digit}`, digit]),
    ['Minus', '-'],
    ['Equal', '='],
    ['Backspace', '⌫', 8],
    ['Insert', 'Ins'],
    ['Home', 'Home'],
    ['PageUp', 'PgUp'],
  ],
  [
    ['Tab', 'Tab', 6],
    ...[...'QWERTYUIOP'].map((letter): Key => [`Key${letter}`, letter]),
    ['BracketLeft', '['],
    ['BracketRight', ']'],
    ['Backslash', '\\', 6],
    ['Delete', 'Del'],
    ['End', 'End'],
    ['PageDown', 'PgDn'],
  ],
  [
    ['CapsLock', 'Caps', 7],
    ...[...'ASDFGHJKL'].map((letter): Key => [`Key${letter}`, letter]),
    ['Semicolon', ';'],
    ['Quote', "'"],
    ['Enter', '⏎', 9],
    ['NumLock', 'Num'],
    ['ArrowUp', '↑'],
    ['ContextMenu', '☰'],
  ],
  [
    ['ShiftLeft', '⇧', 9],
    ...[...'ZXCVBNM'].map((letter): Key => [`Key${letter}`, letter]),
    ['Comma', ','],
    ['Period', '.'],
    ['Slash', '/'],
    ['ShiftRight', '⇧', 11],
    ['ArrowLeft', '←'],
    ['ArrowDown', '↓'],
    ['ArrowRight', '→'],
  ],
  [
    ['ControlLeft', 'Ctrl', 6],
    ['MetaLeft', '❖', 5],
    ['AltLeft', 'Alt', 5],
    ['Space', '␣', 28],
    ['AltRight', 'AltGr', 6],
    ['MetaRight', '❖', 5],
    ['ControlRight', 'Ctrl', 6],
  ],
];

const HELD = /^(?:Shift|Control|Alt|Meta)/;

/** A PC's keyboard to click on. Shift, Ctrl, Alt and the like stay down until the next key, as on a phone. */
export function SoftKeyboard({ stream }: { readonly stream: MachineStream }) {
  const { t } = useTranslation();
  const [held, setHeld] = useState<readonly string[]>([]);
  const press = (code: string): void => {
    if (HELD.test(code)) {
      setHeld((before) => (before.includes(code) ? before.filter((one) => one !== code) : [...before, code]));
      return;
    }
    stream.send({ type: 'chord', codes: [...held, code] });
    setHeld([]);
  };
  return (
    <div
      className={classes['keyboard']}
      role="group"
      aria-label={t('window.softKeyboard')}
      // The guest goes on having the focus.
      onMouseDown={(event) => event.preventDefault()}
    >
      {ROWS.map((row, index) => (
        <div key={index} className={classes['row']}>
          {row.map(([code, label, quarters = 4]) => (
            <UnstyledButton
              key={code}
              className={classes['key']}
              style={{ flexGrow: quarters }}
              aria-label={code}
              aria-pressed={HELD.test(code) ? held.includes(code) : undefined}
              onClick={() => press(code)}
            >
              {label}
            </UnstyledButton>
          ))}
        </div>
      ))}
    </div>
  );
}
