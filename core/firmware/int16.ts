/** INT 16h: keyboard services. IBM PS/2 and PC BIOS Interface Technical Reference, INT 16h. */
import { BDA, BDA_BASE } from './bda.ts';
import { FLAG, type Guest } from './guest.ts';
import { nextSlot, type Keyboard } from './keyboard.ts';

/** AH=09h: functions 03h (AL=5), 10h-12h and 05h exist. */
const CAPABILITIES = 0x20 | 0x08;
/** Highest scan code that 83-key software knows: Ctrl-PgUp. */
const LAST_CLASSIC_CODE = 0x84;
const KEYBOARD_ID = 0x41ab;
const SET_TYPEMATIC = 0xf3;

export class Int16 {
  readonly #guest: Guest;
  readonly #keyboard: Keyboard;

  constructor(guest: Guest, keyboard: Keyboard) {
    this.#guest = guest;
    this.#keyboard = keyboard;
  }

  /** Live carry set: nothing is typed yet, the stub waits for an interrupt and calls again with AX unchanged. */
  call(): void {
    const g = this.#guest;
    switch (g.ah) {
      case 0x00:
      case 0x10:
      case 0x20:
        this.#take(g.ah !== 0);
        break;
      case 0x01:
      case 0x11:
      case 0x21:
        this.#peek(g.ah !== 1);
        break;
      case 0x02:
        g.al = g.bda8(BDA.KEY_FLAGS1);
        break;
      case 0x03:
        if (g.al === 0x05) {
          g.out8(0x60, SET_TYPEMATIC);
          g.out8(0x60, ((g.bh & 3) << 5) | (g.bl & 0x1f));
        }
        break;
      case 0x05:
        g.al = this.#keyboard.store(g.cx) ? 0 : 1;
        break;
      case 0x09:
        g.al = CAPABILITIES;
        break;
      case 0x0a:
        g.bx = KEYBOARD_ID;
        break;
      case 0x12:
      case 0x22:
        g.al = g.bda8(BDA.KEY_FLAGS1);
        g.ah = this.#extendedFlags();
        break;
      default:
        g.ah = 0;
    }
  }

  #extendedFlags(): number {
    const flags2 = this.#guest.bda8(BDA.KEY_FLAGS2);
    const flags3 = this.#guest.bda8(BDA.KEY_FLAGS3);
    const sysRq = flags2 & 0x04 ? 0x80 : 0;
    return (flags2 & 0x73) | (flags3 & 0x0c) | sysRq;
  }

  /** The next key word without taking it, or -1. Classic calls drop keys that 83-key software does not know. */
  #next(enhanced: boolean): number {
    const g = this.#guest;
    for (let slots = 0; slots < 0x8000; slots++) {
      const head = g.bda16(BDA.KEY_HEAD);
      if (head === g.bda16(BDA.KEY_TAIL)) return -1;
      const word = g.read16(BDA_BASE + head);
      const seen = enhanced ? enhancedWord(word) : classicWord(word);
      if (seen >= 0) return seen;
      g.setBda16(BDA.KEY_HEAD, nextSlot(g, head));
    }
    return -1; // a ring that never ends: head and tail are the guest's nonsense
  }

  #take(enhanced: boolean): void {
    const g = this.#guest;
    const word = this.#next(enhanced);
    if (word < 0) {
      g.setLiveCarry(true);
      return;
    }
    g.setBda16(BDA.KEY_HEAD, nextSlot(g, g.bda16(BDA.KEY_HEAD)));
    g.ax = word;
    this.#keyboard.updateLeds();
  }

  #peek(enhanced: boolean): void {
    const g = this.#guest;
    const word = this.#next(enhanced);
    this.#keyboard.updateLeds();
    if (word < 0 && g.frameFlags & FLAG.IF && g.env.pollsInVain?.()) {
      g.setLiveCarry(true);
      return;
    }
    g.setFrameFlag(FLAG.ZF, word < 0);
    if (word >= 0) g.ax = word;
  }
}

/** F0h in AL marks a key that only the enhanced calls return; the mark itself is not for the program. */
function enhancedWord(word: number): number {
  return (word & 0xff) === 0xf0 && word >> 8 !== 0 ? word & 0xff00 : word;
}

/** The word as an 83-key keyboard would have made it, or -1 where it has no such key. */
function classicWord(word: number): number {
  const code = word >> 8;
  const character = word & 0xff;
  if (code === 0xe0) return character === 0x0d || character === 0x0a ? 0x1c00 | character : 0x3500 | character;
  if (code > LAST_CLASSIC_CODE || (character === 0xf0 && code !== 0)) return -1;
  return character === 0xe0 && code !== 0 ? code << 8 : word;
}
