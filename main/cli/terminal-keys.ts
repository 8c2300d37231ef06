import type { Machine } from '../../core/machine/machine.ts';

/** xterm's sequences for keys without a character (ctlseqs, "PC-Style Function Keys"), to KeyboardEvent.code. */
const SEQUENCES: Readonly<Record<string, string>> = {
  '[A': 'ArrowUp',
  '[B': 'ArrowDown',
  '[C': 'ArrowRight',
  '[D': 'ArrowLeft',
  '[H': 'Home',
  '[F': 'End',
  '[1~': 'Home',
  '[2~': 'Insert',
  '[3~': 'Delete',
  '[4~': 'End',
  '[5~': 'PageUp',
  '[6~': 'PageDown',
  OP: 'F1',
  OQ: 'F2',
  OR: 'F3',
  OS: 'F4',
  '[15~': 'F5',
  '[17~': 'F6',
  '[18~': 'F7',
  '[19~': 'F8',
  '[20~': 'F9',
  '[21~': 'F10',
  '[23~': 'F11',
  '[24~': 'F12',
};

const CONTROL: Readonly<Record<number, string>> = { 0x08: 'Backspace', 0x09: 'Tab', 0x0d: 'Enter', 0x7f: 'Backspace' };

/** Turns what a terminal sends for keys into key strokes of the guest. */
export class TerminalKeys {
  readonly #typist: Pick<Machine['typist'], 'type' | 'chord'>;

  constructor(machine: { readonly typist: Pick<Machine['typist'], 'type' | 'chord'> }) {
    this.#typist = machine.typist;
  }

  /** One read of the terminal: a lone ESC in it is the Escape key, ESC and a character is Alt and that key. */
  receive(data: Uint8Array): void {
    const text = new TextDecoder().decode(data);
    for (let at = 0; at < text.length;) at += this.#one(text.slice(at));
  }

  /** Returns how many characters were used. */
  #one(text: string): number {
    const code = text.charCodeAt(0);
    if (code === 0x1b) return this.#escape(text);
    const named = CONTROL[code];
    if (named) this.#typist.chord([named]);
    else if (code >= 1 && code <= 26) this.#typist.chord(['ControlLeft', `Key${String.fromCharCode(code + 0x40)}`]);
    else if (code >= 0x20) this.#typist.type(text[0]);
    return 1;
  }

  #escape(text: string): number {
    const sequence = /^\x1b(\[[0-9;]*[A-Z~]|O[A-Z])/.exec(text);
    if (sequence) {
      const name = SEQUENCES[sequence[1]];
      if (name) this.#typist.chord([name]);
      return sequence[0].length;
    }
    const letter = /^\x1b([a-zA-Z])/.exec(text);
    if (letter) {
      this.#typist.chord(['AltLeft', `Key${letter[1].toUpperCase()}`]);
      return 2;
    }
    this.#typist.chord(['Escape']);
    return 1;
  }
}
