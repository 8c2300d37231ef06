import type { KeyboardInput } from '../../backends/index.ts';
import type { Device } from '../../bus/index.ts';
import { bool, bytes, create, defineState, fifo, resetState, u8, type StateOf } from '../../state/index.ts';
import type { Ps2Device } from './ps2-device.ts';
import { KEYS, keyIndex, set2ToSet1, type KeyDef } from './scancodes.ts';

/**
 * PS/2 keyboard, 101/102 keys and more. IBM PS/2 Technical Reference, "Keyboards (101- and 102-key)"; IBM 84F9735.
 * Typematic repetition is the host's (its repeated key events); rate and delay are kept for the guest alone. A break
 * code that finds the FIFO full is sent when there is room, where a real keyboard would lose it and leave a key stuck.
 */
export const Ps2Keyboard = defineState({
  name: 'ps2-keyboard',
  version: 1,
  fields: {
    replies: fifo(16, { doc: 'answers to commands; go before key codes' }),
    keys: fifo(17, { doc: 'key codes: 16 bytes and the overrun mark' }),
    overrun: bool({ doc: 'key codes were lost since the FIFO last had room' }),
    midSequence: bool({ doc: 'a prefix was sent: the next byte is its key code' }),
    set: u8({ doc: 'scan code set', reset: 2 }),
    scanning: bool({ doc: 'keys are reported', reset: true }),
    leds: u8({ doc: 'bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock' }),
    typematic: u8({ doc: 'typematic rate and delay', reset: 0x2b }),
    awaiting: u8({ doc: 'command whose argument comes next, 0 none' }),
    lastSent: u8({ doc: 'for Resend' }),
    held: bytes(256, { doc: 'by index of KEYS: HELD_* of a pressed key' }),
    owesBreak: bool({ doc: 'some held entry has HELD_OWED' }),
    keyTypes: bytes(256, { doc: 'set 3: by make code, KEY_TYPE_* if the guest chose, 0 as after reset' }),
  },
});

const HELD_PLAIN = 1;
/** Pressed with a Shift make before it that the break code has to undo. */
const HELD_FAKED = 2;
/** PrintScreen as SysRq, with Alt. */
const HELD_SYSRQ = 3;
/** Released, but the break code is still to be sent. */
const HELD_OWED = 0x80;

const KEY_TYPE_CHOSEN = 0x80;
const KEY_TYPE_BREAK = 0x01;
const KEY_TYPE_REPEAT = 0x02;

const FIFO_BYTES = 16;
const ACK = 0xfa;
const RESEND = 0xfe;
const BAT_OK = 0xaa;

/** Set 3 after reset: modifiers make/break, most of the left block typematic, the rest make only. */
const SET3_MAKE_BREAK = new Set([0x11, 0x12, 0x14, 0x19, 0x59]);
const SET3_MAKE_ONLY = new Set([
  0x07, 0x08, 0x0f, 0x17, 0x1f, 0x27, 0x2f, 0x37, 0x39, 0x3f, 0x47, 0x4f, 0x56, 0x57, 0x58, 0x5e, 0x5f, 0x62, 0x65,
  0x67, 0x69, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x79, 0x7a, 0x7d, 0x7e,
  0x84,
]);

/** One make or break within a sequence, in set 2 terms. */
interface Stroke {
  readonly prefix: 0 | 0xe0 | 0xe1;
  readonly code: number;
  readonly up: boolean;
}
const stroke = (prefix: Stroke['prefix'], code: number, up: boolean): Stroke => ({ prefix, code, up });

const PAUSE = [stroke(0xe1, 0x14, false), stroke(0, 0x77, false), stroke(0xe1, 0x14, true), stroke(0, 0x77, true)];
const CTRL_BREAK = [stroke(0xe0, 0x7e, false), stroke(0xe0, 0x7e, true)];

const INDEX_SHIFT_LEFT = keyIndex('ShiftLeft')!;
const INDEX_SHIFT_RIGHT = keyIndex('ShiftRight')!;
const INDEX_CTRL_LEFT = keyIndex('ControlLeft')!;
const INDEX_CTRL_RIGHT = keyIndex('ControlRight')!;
const INDEX_ALT_LEFT = keyIndex('AltLeft')!;
const INDEX_ALT_RIGHT = keyIndex('AltRight')!;

export class Ps2KeyboardDevice implements Device<typeof Ps2Keyboard>, Ps2Device, KeyboardInput {
  readonly id: string;
  readonly spec = Ps2Keyboard;
  readonly state: StateOf<typeof Ps2Keyboard> = create(Ps2Keyboard);
  onData: () => void = () => {};

  constructor(id: string) {
    this.id = id;
  }

  /** After power-on the self test has passed long before anyone listens, so no AAh waits. */
  reset(): void {
    resetState(Ps2Keyboard, this.state);
  }

  /** Bits: 0 Scroll Lock, 1 Num Lock, 2 Caps Lock. */
  get leds(): number {
    return this.state.leds;
  }

  /** A key stroke made now would be reported, with nothing before it in the queue. */
  get ready(): boolean {
    return this.state.scanning && !this.hasData && this.state.awaiting === 0;
  }

  // KeyboardInput

  key(code: string, down: boolean): boolean {
    const index = keyIndex(code);
    if (index === undefined) return false;
    if (down) this.#press(index);
    else this.#release(index);
    return true;
  }

  releaseAll(): void {
    for (let index = 0; index < KEYS.length; index++) this.#release(index);
  }

  // Ps2Device

  get hasData(): boolean {
    return this.state.replies.size > 0 || this.state.keys.size > 0;
  }

  take(): number | undefined {
    const s = this.state;
    const reply = s.midSequence ? undefined : s.replies.shift();
    const byte = reply ?? s.keys.shift();
    if (byte === undefined) return undefined;
    if (reply === undefined) {
      s.midSequence = byte === 0xe0 || byte === 0xe1 || (byte === 0xf0 && s.set !== 1);
      if (s.keys.size < FIFO_BYTES) s.overrun = false;
      if (s.owesBreak) this.#sendOwed();
    }
    s.lastSent = byte;
    return byte;
  }

  write(byte: number): void {
    const command = this.state.awaiting;
    this.state.awaiting = 0;
    // A command in the place of an argument cancels the earlier command.
    if (command !== 0 && byte < 0xed) this.#argument(command, byte);
    else this.#command(byte);
    this.onData();
  }

  #command(byte: number): void {
    const s = this.state;
    switch (byte) {
      case 0xed: // Set/Reset LEDs
      case 0xf0: // Select Alternate Scan Codes
      case 0xf3: // Set Typematic Rate/Delay
      case 0xfb: // Set Key Type Typematic
      case 0xfc: // Set Key Type Make/Break
      case 0xfd: // Set Key Type Make
        if (byte > 0xf3) s.scanning = false;
        s.awaiting = byte;
        return this.#reply(ACK);
      case 0xee: // Echo
        return this.#reply(0xee);
      case 0xf2: // Read ID
        return this.#reply(ACK, 0xab, 0x83);
      case 0xf4: // Enable
        this.#clearKeys();
        s.scanning = true;
        return this.#reply(ACK);
      case 0xf5: // Default Disable
      case 0xf6: // Set Default
        this.#setDefaults();
        if (byte === 0xf5) s.scanning = false;
        return this.#reply(ACK);
      case 0xf7: // Set All Keys Typematic
      case 0xf8: // Make/Break
      case 0xf9: // Make
      case 0xfa: // Typematic/Make/Break
        this.#clearKeys();
        s.keyTypes.fill(
          [KEY_TYPE_REPEAT, KEY_TYPE_BREAK, 0, KEY_TYPE_REPEAT | KEY_TYPE_BREAK][byte - 0xf7] | KEY_TYPE_CHOSEN,
        );
        return this.#reply(ACK);
      case 0xfe: // Resend
        return this.#reply(s.lastSent);
      case 0xff: // Reset
        resetState(Ps2Keyboard, s);
        return this.#reply(ACK, BAT_OK);
      default:
        return this.#reply(RESEND);
    }
  }

  #argument(command: number, value: number): void {
    const s = this.state;
    switch (command) {
      case 0xed:
        s.leds = value & 0x07;
        break;
      case 0xf0:
        if (value > 3) return this.#reply(RESEND);
        this.#clearKeys();
        if (value === 0) return this.#reply(ACK, s.set);
        s.set = value;
        break;
      case 0xf3:
        s.typematic = value & 0x7f;
        break;
      default: // FBh to FDh take make codes until another command comes
        s.keyTypes[value] = [KEY_TYPE_REPEAT, KEY_TYPE_BREAK, 0][command - 0xfb] | KEY_TYPE_CHOSEN;
        s.awaiting = command;
    }
    this.#reply(ACK);
  }

  #reply(...answer: number[]): void {
    for (const byte of answer) this.state.replies.push(byte);
  }

  #clearKeys(): void {
    this.state.keys.clear();
    this.state.overrun = false;
    this.state.midSequence = false;
  }

  #setDefaults(): void {
    const s = this.state;
    this.#clearKeys();
    s.set = 2;
    s.typematic = 0x2b;
    s.keyTypes.fill(0);
  }

  /** KEY_TYPE_BREAK and KEY_TYPE_REPEAT of a set 3 make code. */
  #keyType(code: number): number {
    const chosen = this.state.keyTypes[code];
    if (chosen !== 0) return chosen;
    if (SET3_MAKE_BREAK.has(code)) return KEY_TYPE_BREAK;
    return SET3_MAKE_ONLY.has(code) ? 0 : KEY_TYPE_REPEAT;
  }

  // Keys

  #isHeld(index: number): boolean {
    const held = this.state.held[index];
    return held !== 0 && held < HELD_OWED;
  }

  #press(index: number): void {
    const s = this.state;
    const key = KEYS[index];
    const repeat = this.#isHeld(index);
    if (s.held[index] >= HELD_OWED) s.held[index] = 0; // pressed again before its release was reported
    const ctrl = this.#isHeld(INDEX_CTRL_LEFT) || this.#isHeld(INDEX_CTRL_RIGHT);
    const alt = this.#isHeld(INDEX_ALT_LEFT) || this.#isHeld(INDEX_ALT_RIGHT);
    const shift = this.#isHeld(INDEX_SHIFT_LEFT) || this.#isHeld(INDEX_SHIFT_RIGHT);
    const numLock = (s.leds & 2) !== 0;

    if (!repeat) {
      s.held[index] = HELD_PLAIN;
      if (key.kind === 'printScreen') s.held[index] = alt ? HELD_SYSRQ : ctrl || shift ? HELD_PLAIN : HELD_FAKED;
      else if (key.kind === 'grey' && numLock && !shift) s.held[index] = HELD_FAKED;
    }
    if (!s.scanning) return;
    if (s.set === 3) {
      if (key.set3 !== 0 && !(repeat && (this.#keyType(key.set3) & KEY_TYPE_REPEAT) === 0)) this.#send([key.set3]);
      return;
    }
    if (key.kind === 'pause') {
      if (!repeat) this.#send(this.#encode(ctrl ? CTRL_BREAK : PAUSE));
      return;
    }
    const strokes = [this.#own(key, index, false)];
    if (!repeat) {
      if (s.held[index] === HELD_FAKED) strokes.unshift(stroke(0xe0, 0x12, false));
      else strokes.unshift(...this.#shiftsHidden(key, true));
    }
    this.#send(this.#encode(strokes));
  }

  #release(index: number): void {
    const s = this.state;
    if (!this.#isHeld(index)) return;
    const sequence = this.#breakCode(index);
    if (s.scanning && sequence.length > 0 && s.keys.size + sequence.length > FIFO_BYTES) {
      s.held[index] |= HELD_OWED;
      s.owesBreak = true;
      return;
    }
    s.held[index] = 0;
    if (s.scanning) this.#send(sequence);
  }

  #breakCode(index: number): number[] {
    const s = this.state;
    const key = KEYS[index];
    if (s.set === 3) return key.set3 !== 0 && this.#keyType(key.set3) & KEY_TYPE_BREAK ? [0xf0, key.set3] : [];
    if (key.kind === 'pause' || key.kind === 'makeOnly') return [];
    const strokes = [this.#own(key, index, true)];
    if ((s.held[index] & ~HELD_OWED) === HELD_FAKED) strokes.push(stroke(0xe0, 0x12, true));
    else strokes.push(...this.#shiftsHidden(key, false));
    return this.#encode(strokes);
  }

  #sendOwed(): void {
    const s = this.state;
    s.owesBreak = false;
    for (let index = 0; index < KEYS.length; index++) {
      if (s.held[index] < HELD_OWED) continue;
      const sequence = this.#breakCode(index);
      if (s.keys.size + sequence.length > FIFO_BYTES) {
        s.owesBreak = true;
        return;
      }
      s.held[index] = 0;
      if (s.scanning) this.#send(sequence);
    }
  }

  #own(key: KeyDef, index: number, up: boolean): Stroke {
    if ((this.state.held[index] & ~HELD_OWED) === HELD_SYSRQ) return stroke(0, 0x84, up);
    return stroke(key.set2 & 0x100 ? 0xe0 : 0, key.set2 & 0xff, up);
  }

  /** The breaks (`up`) and makes of held Shift keys around a key that is to look unshifted. */
  #shiftsHidden(key: KeyDef, up: boolean): Stroke[] {
    const hides = key.kind === 'divide' || (key.kind === 'grey' && (this.state.leds & 2) === 0);
    if (!hides) return [];
    const strokes: Stroke[] = [];
    if (this.#isHeld(INDEX_SHIFT_LEFT)) strokes.push(stroke(0xe0, 0x12, up));
    if (this.#isHeld(INDEX_SHIFT_RIGHT)) strokes.push(stroke(0xe0, 0x59, up));
    return strokes;
  }

  #encode(strokes: readonly Stroke[]): number[] {
    const out: number[] = [];
    for (const { prefix, code, up } of strokes) {
      if (prefix !== 0) out.push(prefix);
      if (this.state.set === 1) out.push(set2ToSet1(code) | (up ? 0x80 : 0));
      else out.push(...(up ? [0xf0, code] : [code]));
    }
    return out;
  }

  #send(sequence: readonly number[]): void {
    const s = this.state;
    if (s.keys.size + sequence.length <= FIFO_BYTES) {
      for (const byte of sequence) s.keys.push(byte);
    } else if (!s.overrun) {
      s.overrun = true;
      s.keys.push(s.set === 1 ? 0xff : 0x00);
    }
    this.onData();
  }
}
