/**
 * INT 09h: from scan codes to the keyboard buffer, shift states, and the keys that act at once.
 * IBM PS/2 and PC BIOS Interface Technical Reference, "Keyboard"; scan code set 1 as the 8042 translates it.
 */
import { BDA, BDA_BASE } from './bda.ts';
import type { Guest } from './guest.ts';
import { extendedKeymap, isLetter, keymap, keypadDigit } from './keymap.ts';
import { KEY_ACTION } from './stubs.ts';

/** 40:17. */
export const FLAGS1 = {
  RIGHT_SHIFT: 0x01,
  LEFT_SHIFT: 0x02,
  CTRL: 0x04,
  ALT: 0x08,
  SCROLL: 0x10,
  NUM: 0x20,
  CAPS: 0x40,
  INSERT: 0x80,
} as const;
/** 40:18. */
export const FLAGS2 = {
  LEFT_CTRL: 0x01,
  LEFT_ALT: 0x02,
  SYSRQ: 0x04,
  PAUSED: 0x08,
  SCROLL: 0x10,
  NUM: 0x20,
  CAPS: 0x40,
  INSERT: 0x80,
} as const;
/** 40:96. */
export const FLAGS3 = { LAST_E1: 0x01, LAST_E0: 0x02, RIGHT_CTRL: 0x04, RIGHT_ALT: 0x08, ENHANCED: 0x10 } as const;

const DATA = 0x60;
const STATUS = 0x64;
const STATUS_FULL = 0x01;
const STATUS_AUX = 0x20;
const RELEASED = 0x80;
const ACK = 0xfa;
const RESEND = 0xfe;
const SET_LEDS = 0xed;
const WARM_BOOT = 0x1234;
const BREAK_WAS_PRESSED = 0x80;

const CODE = {
  CTRL: 0x1d,
  LEFT_SHIFT: 0x2a,
  RIGHT_SHIFT: 0x36,
  PRINT: 0x37,
  ALT: 0x38,
  CAPS: 0x3a,
  NUM: 0x45,
  SCROLL: 0x46,
  INSERT: 0x52,
  DELETE: 0x53,
  SYSRQ: 0x54,
} as const;

export class Keyboard {
  readonly #guest: Guest;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  initialise(): void {
    const g = this.#guest;
    g.setBda16(BDA.KEY_BUFFER_START, BDA.KEY_BUFFER);
    g.setBda16(BDA.KEY_BUFFER_END, BDA.KEY_BUFFER + 32);
    g.setBda16(BDA.KEY_HEAD, BDA.KEY_BUFFER);
    g.setBda16(BDA.KEY_TAIL, BDA.KEY_BUFFER);
    g.setBda8(BDA.KEY_FLAGS3, FLAGS3.ENHANCED);
  }

  /** First step: AL is the scan code; live carry set when there is nothing to translate. */
  read(): void {
    const g = this.#guest;
    const status = g.in8(STATUS);
    if ((status & (STATUS_FULL | STATUS_AUX)) === (STATUS_FULL | STATUS_AUX)) {
      g.setLiveCarry(true); // the mouse's byte is INT 74h's
      return;
    }
    const code = g.in8(DATA);
    g.al = code;
    if (code === ACK || code === RESEND) {
      g.setBda8(BDA.KEY_FLAGS4, g.bda8(BDA.KEY_FLAGS4) | (code === ACK ? 0x10 : 0x20));
      g.setLiveCarry(true);
      return;
    }
    g.setLiveCarry(code === 0 || code === 0xff);
  }

  /** Second step, after INT 15h AH=4Fh let the code through: AL becomes a KEY_ACTION. */
  translate(): void {
    this.endOfInterrupt(); // first: Ctrl-Alt-Del leaves nothing to acknowledge
    this.#guest.al = this.#act(this.#guest.al);
  }

  endOfInterrupt(): void {
    this.#guest.out8(0x20, 0x20);
  }

  /** Live carry set while Pause holds the machine. */
  pollPause(): void {
    this.#guest.setLiveCarry((this.#guest.bda8(BDA.KEY_FLAGS2) & FLAGS2.PAUSED) !== 0);
  }

  #set(offset: number, mask: number, on: boolean): void {
    const g = this.#guest;
    const value = g.bda8(offset);
    g.setBda8(offset, on ? value | mask : value & ~mask);
  }

  #act(raw: number): number {
    const g = this.#guest;
    const prefix = g.bda8(BDA.KEY_FLAGS3) & (FLAGS3.LAST_E0 | FLAGS3.LAST_E1);
    if (raw === 0xe0 || raw === 0xe1) {
      this.#set(BDA.KEY_FLAGS3, FLAGS3.LAST_E0 | FLAGS3.LAST_E1, false);
      this.#set(BDA.KEY_FLAGS3, raw === 0xe0 ? FLAGS3.LAST_E0 : FLAGS3.LAST_E1, true);
      return KEY_ACTION.NONE;
    }
    const code = raw & 0x7f;
    const pressed = (raw & RELEASED) === 0;
    if (prefix & FLAGS3.LAST_E1) {
      // Pause is E1 1D 45 E1 9D C5: the prefix holds until 45.
      if (code === CODE.CTRL) return KEY_ACTION.NONE;
      this.#set(BDA.KEY_FLAGS3, FLAGS3.LAST_E1, false);
      return code === CODE.NUM && pressed ? this.#pause() : KEY_ACTION.NONE;
    }
    const extended = (prefix & FLAGS3.LAST_E0) !== 0;
    this.#set(BDA.KEY_FLAGS3, FLAGS3.LAST_E0, false);
    if (this.#modifier(code, pressed, extended)) return KEY_ACTION.NONE;
    if (code === CODE.SYSRQ) return this.#sysRq(pressed);
    if (!pressed) {
      if (code === CODE.INSERT) this.#set(BDA.KEY_FLAGS2, FLAGS2.INSERT, false);
      this.#lockReleased(code);
      return KEY_ACTION.NONE;
    }
    return this.#pressed(code, extended);
  }

  /** Shift, Ctrl and Alt. True when `code` is one of them (or the fake shifts around extended keys). */
  #modifier(code: number, pressed: boolean, extended: boolean): boolean {
    const g = this.#guest;
    switch (code) {
      case CODE.LEFT_SHIFT:
      case CODE.RIGHT_SHIFT:
        if (!extended)
          this.#set(BDA.KEY_FLAGS1, code === CODE.LEFT_SHIFT ? FLAGS1.LEFT_SHIFT : FLAGS1.RIGHT_SHIFT, pressed);
        return true;
      case CODE.CTRL: {
        if (extended) this.#set(BDA.KEY_FLAGS3, FLAGS3.RIGHT_CTRL, pressed);
        else this.#set(BDA.KEY_FLAGS2, FLAGS2.LEFT_CTRL, pressed);
        const held = (g.bda8(BDA.KEY_FLAGS2) & FLAGS2.LEFT_CTRL) | (g.bda8(BDA.KEY_FLAGS3) & FLAGS3.RIGHT_CTRL);
        this.#set(BDA.KEY_FLAGS1, FLAGS1.CTRL, held !== 0);
        return true;
      }
      case CODE.ALT: {
        if (extended) this.#set(BDA.KEY_FLAGS3, FLAGS3.RIGHT_ALT, pressed);
        else this.#set(BDA.KEY_FLAGS2, FLAGS2.LEFT_ALT, pressed);
        const held = (g.bda8(BDA.KEY_FLAGS2) & FLAGS2.LEFT_ALT) | (g.bda8(BDA.KEY_FLAGS3) & FLAGS3.RIGHT_ALT);
        this.#set(BDA.KEY_FLAGS1, FLAGS1.ALT, held !== 0);
        if (held === 0) this.#endAltNumpad();
        return true;
      }
      default:
        return false;
    }
  }

  #endAltNumpad(): void {
    const g = this.#guest;
    const character = g.bda8(BDA.ALT_NUMPAD);
    g.setBda8(BDA.ALT_NUMPAD, 0);
    if (character !== 0) this.store(character);
  }

  #sysRq(pressed: boolean): number {
    const down = (this.#guest.bda8(BDA.KEY_FLAGS2) & FLAGS2.SYSRQ) !== 0;
    this.#set(BDA.KEY_FLAGS2, FLAGS2.SYSRQ, pressed);
    if (pressed) return down ? KEY_ACTION.NONE : KEY_ACTION.SYSRQ_DOWN;
    return KEY_ACTION.SYSRQ_UP;
  }

  #pause(): number {
    if (this.#guest.bda8(BDA.KEY_FLAGS1) & FLAGS1.CTRL) return this.#break();
    this.#set(BDA.KEY_FLAGS2, FLAGS2.PAUSED, true);
    return KEY_ACTION.PAUSE;
  }

  #break(): number {
    const g = this.#guest;
    g.setBda8(BDA.BREAK_FLAG, BREAK_WAS_PRESSED);
    g.setBda16(BDA.KEY_HEAD, g.bda16(BDA.KEY_BUFFER_START));
    g.setBda16(BDA.KEY_TAIL, g.bda16(BDA.KEY_BUFFER_START));
    this.store(0);
    return KEY_ACTION.BREAK;
  }

  #pressed(code: number, extended: boolean): number {
    const g = this.#guest;
    const flags = g.bda8(BDA.KEY_FLAGS1);
    const ctrl = (flags & FLAGS1.CTRL) !== 0;
    const alt = (flags & FLAGS1.ALT) !== 0;
    if (code === CODE.DELETE && ctrl && alt) {
      g.setBda16(BDA.SOFT_RESET, WARM_BOOT);
      g.env.reset();
      return KEY_ACTION.NONE;
    }
    if (code === CODE.SCROLL && ctrl) return this.#break();
    if (g.bda8(BDA.KEY_FLAGS2) & FLAGS2.PAUSED) {
      this.#set(BDA.KEY_FLAGS2, FLAGS2.PAUSED, false); // any key ends the pause and is used up by it
      return KEY_ACTION.NONE;
    }
    if (code === CODE.NUM && ctrl && !extended) return this.#pause();
    if (this.#lock(code)) return KEY_ACTION.NONE;
    if (code === CODE.PRINT && extended) {
      if (ctrl) return this.#post(0x7200);
      return KEY_ACTION.PRINT_SCREEN;
    }
    const digit = extended ? -1 : keypadDigit(code);
    if (alt && digit >= 0) {
      g.setBda8(BDA.ALT_NUMPAD, g.bda8(BDA.ALT_NUMPAD) * 10 + digit);
      return KEY_ACTION.NONE;
    }
    if (code === CODE.INSERT && !alt && !ctrl) this.#insert(flags, extended);
    return this.#post(this.#word(code, extended, flags));
  }

  #word(code: number, extended: boolean, flags: number): number {
    const words = (extended ? extendedKeymap : keymap).get(code);
    if (!words) return 0;
    if (flags & FLAGS1.ALT) return words[3];
    if (flags & FLAGS1.CTRL) return words[2];
    let shift = (flags & (FLAGS1.LEFT_SHIFT | FLAGS1.RIGHT_SHIFT)) !== 0;
    if (!extended && isLetter(code) && flags & FLAGS1.CAPS) shift = !shift;
    if (!extended && code >= 0x47 && code <= 0x53 && flags & FLAGS1.NUM) shift = !shift;
    return words[shift ? 1 : 0];
  }

  /** Toggles once per press; repeats find the key already down. The keypad's Ins types 0 when NumLock says so. */
  #insert(flags: number, extended: boolean): void {
    const shift = (flags & (FLAGS1.LEFT_SHIFT | FLAGS1.RIGHT_SHIFT)) !== 0;
    if (!extended && shift !== ((flags & FLAGS1.NUM) !== 0)) return;
    if (this.#guest.bda8(BDA.KEY_FLAGS2) & FLAGS2.INSERT) return;
    this.#set(BDA.KEY_FLAGS2, FLAGS2.INSERT, true);
    this.#set(BDA.KEY_FLAGS1, FLAGS1.INSERT, (flags & FLAGS1.INSERT) === 0);
  }

  #lockMask(code: number): number {
    return code === CODE.CAPS ? FLAGS1.CAPS : code === CODE.NUM ? FLAGS1.NUM : code === CODE.SCROLL ? FLAGS1.SCROLL : 0;
  }

  #lock(code: number): boolean {
    const g = this.#guest;
    const mask = this.#lockMask(code);
    if (mask === 0) return false;
    if (g.bda8(BDA.KEY_FLAGS2) & mask) return true; // held down: a repeat
    this.#set(BDA.KEY_FLAGS2, mask, true);
    g.setBda8(BDA.KEY_FLAGS1, g.bda8(BDA.KEY_FLAGS1) ^ mask);
    this.updateLeds();
    return true;
  }
  #lockReleased(code: number): void {
    const mask = this.#lockMask(code);
    if (mask !== 0) this.#set(BDA.KEY_FLAGS2, mask, false);
  }

  /** Tells the keyboard when the lock states are not what its lights show. Its acknowledgements come as interrupts. */
  updateLeds(): void {
    const g = this.#guest;
    const leds = (g.bda8(BDA.KEY_FLAGS1) >> 4) & 7;
    const shown = g.bda8(BDA.KEY_FLAGS4);
    if ((shown & 7) === leds) return;
    g.setBda8(BDA.KEY_FLAGS4, (shown & 0xf8) | leds);
    g.out8(DATA, SET_LEDS);
    g.out8(DATA, leds);
  }

  #post(word: number): number {
    if (word === 0) return KEY_ACTION.NONE;
    return this.store(word) ? KEY_ACTION.POSTED : KEY_ACTION.NONE;
  }

  /** False when the buffer is full; the key is lost, as on the real machine (which beeps). */
  store(word: number): boolean {
    const g = this.#guest;
    const tail = g.bda16(BDA.KEY_TAIL);
    const next = nextSlot(g, tail);
    if (next === g.bda16(BDA.KEY_HEAD)) return false;
    g.write16(BDA_BASE + tail, word);
    g.setBda16(BDA.KEY_TAIL, next);
    return true;
  }
}

/** The slot after `slot` in the ring that the data area describes. */
export function nextSlot(g: Guest, slot: number): number {
  const next = slot + 2;
  return next >= g.bda16(BDA.KEY_BUFFER_END) ? g.bda16(BDA.KEY_BUFFER_START) : next & 0xffff;
}
