import { CTRL_ALT_DEL } from './keyboard-capture.ts';

/** Combinations that the host would take for itself. */
export const SPECIAL_KEYS: readonly { readonly label: string; readonly codes: readonly string[] }[] = [
  { label: 'Ctrl+Alt+Del', codes: CTRL_ALT_DEL },
  { label: 'Ctrl+Alt+Backspace', codes: ['ControlLeft', 'AltLeft', 'Backspace'] },
  ...[1, 2, 3, 7].map((number) => ({
    label: `Ctrl+Alt+F${number}`,
    codes: ['ControlLeft', 'AltLeft', `F${number}`],
  })),
  { label: 'Alt+Tab', codes: ['AltLeft', 'Tab'] },
  { label: 'Alt+F4', codes: ['AltLeft', 'F4'] },
  { label: 'Ctrl+Esc', codes: ['ControlLeft', 'Escape'] },
  { label: 'Ctrl+C', codes: ['ControlLeft', 'KeyC'] },
  { label: 'PrtSc', codes: ['PrintScreen'] },
  { label: 'Pause', codes: ['Pause'] },
  { label: 'Win', codes: ['MetaLeft'] },
  { label: '한/영', codes: ['Lang1'] },
  { label: '한자', codes: ['Lang2'] },
];
