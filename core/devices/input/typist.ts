import type { TypistInput } from '../../backends/index.ts';
import type { Device, Timer, TimerQueue } from '../../bus/index.ts';
import { create, defineState, f64, fifo, resetState, u16, type StateOf } from '../../state/index.ts';
import { KEYS, keyIndex } from './scancodes.ts';
import { usLayoutKey } from './us-layout.ts';

/** Types text at a person's pace of guest time. No hardware: the hands on the keyboard, with a queue that is saved. */
export const Typist = defineState({
  name: 'typist',
  version: 2,
  fields: {
    queue: fifo(65536, { doc: 'characters; 80h + n is followed by n key indexes of a chord' }),
    presses: fifo(16, { doc: 'key indexes to press next, in order' }),
    releases: fifo(16, { doc: 'key indexes to release next, in order' }),
    nextNs: f64({ doc: 'next press or release, -1: nothing to do', reset: -1 }),
    biosTail: u16({ doc: "tail of the BIOS's key buffer when the last stroke began" }),
  },
});

const PRESS_NS = 14_000_000;
const RELEASE_NS = 14_000_000;
/** Between the keys of a chord, and how soon to look again while the guest has not taken the last key. */
const RETRY_NS = 2_000_000;
const CHORD = 0x80;
const MAX_CHORD_KEYS = 16;
const COMMAND_KEYS = ['ControlLeft', 'ControlRight', 'AltLeft'].map((code) => keyIndex(code)!);
const SHIFT = keyIndex('ShiftLeft')!;

/** The ring in the BIOS data area where INT 09h puts keys until a program asks for them. */
export interface BiosKeyBuffer {
  /** Where the next key goes, offset from 0040:0000. */
  readonly tail: number;
  /** How many more keys it takes. What comes then is lost, with a beep. */
  readonly room: number;
}

export interface TypistConfig {
  readonly timers: TimerQueue;
  readonly keyboard: { key(code: string, down: boolean): boolean; readonly ready: boolean };
  readonly biosKeyBuffer: () => BiosKeyBuffer;
  /** What could not be typed, in words. */
  readonly report: (message: string) => void;
}

export class KeyTypist implements Device<typeof Typist>, TypistInput {
  readonly id: string;
  readonly spec = Typist;
  readonly state: StateOf<typeof Typist> = create(Typist);
  readonly #cfg: TypistConfig;
  readonly #timer: Timer;

  constructor(id: string, cfg: TypistConfig) {
    this.id = id;
    this.#cfg = cfg;
    this.#timer = cfg.timers.create(`${id}.key`, () => this.#step());
  }

  /** A press of the reset button does not stop the hands: Ctrl+Alt+Del may be what resets. */
  reset(kind: 'power' | 'hard'): void {
    if (kind === 'hard') return;
    resetState(Typist, this.state);
    this.#timer.disarm();
  }

  postLoad(): void {
    if (this.state.nextNs >= 0) this.#timer.arm(this.state.nextNs);
    else this.#timer.disarm();
  }

  get busy(): boolean {
    return this.state.nextNs >= 0;
  }

  get waiting(): number {
    return this.state.queue.size;
  }

  stop(): void {
    this.state.queue.clear();
  }

  /** Characters that a US keyboard lacks, and what does not fit the queue, are reported and left out. */
  type(text: string): void {
    const unknown = new Set<string>();
    let dropped = 0;
    for (const character of text.replaceAll('\r\n', '\n').replaceAll('\r', '\n')) {
      if (!usLayoutKey(character)) unknown.add(character);
      else if (!this.state.queue.push(character.charCodeAt(0))) dropped++;
    }
    if (unknown.size > 0)
      this.#cfg.report(`a US keyboard cannot type ${JSON.stringify([...unknown].join(''))}: left out`);
    if (dropped > 0) this.#cfg.report(`too much to type at once: the last ${dropped} characters are left out`);
    this.#wake();
  }

  chord(codes: readonly string[]): boolean {
    const indexes = codes.map(keyIndex);
    if (indexes.length === 0 || indexes.length > MAX_CHORD_KEYS || indexes.includes(undefined)) return false;
    const { queue } = this.state;
    if (queue.size + 1 + indexes.length > queue.capacity) return false;
    queue.push(CHORD | indexes.length);
    for (const index of indexes) queue.push(index!);
    this.#wake();
    return true;
  }

  #wake(): void {
    if (this.state.nextNs < 0 && this.state.queue.size > 0) this.#next(0);
  }

  #next(delayNs: number): void {
    this.state.nextNs = this.#cfg.timers.nowNs + delayNs;
    this.#timer.arm(this.state.nextNs);
  }

  #step(): void {
    const s = this.state;
    if (s.presses.size === 0 && s.releases.size === 0 && s.queue.size === 0) {
      s.nextNs = -1;
      return;
    }
    if (!this.#cfg.keyboard.ready) return this.#next(RETRY_NS);
    if (s.presses.size === 0 && s.releases.size === 0) {
      if (this.#wouldBeLost()) return this.#next(RETRY_NS);
      const keys = this.#nextStroke();
      for (const index of keys) s.presses.push(index);
      for (const index of keys.reverse()) s.releases.push(index);
    }
    // One key at a time: the codes of a whole chord may not fit the keyboard's FIFO together.
    if (s.presses.size > 0) {
      this.#key(s.presses.shift()!, true);
      return this.#next(s.presses.size > 0 ? RETRY_NS : PRESS_NS);
    }
    if (s.releases.size > 0) this.#key(s.releases.shift()!, false);
    this.#next(s.releases.size > 0 ? RETRY_NS : RELEASE_NS);
  }

  /**
   * The BIOS's key buffer is full but for a key that INT 09h may just be storing, and its guest uses it, which the last
   * stroke shows by having moved the tail: in the memory of any other system it is what was left there when that started,
   * and nobody will ever empty it.
   */
  #wouldBeLost(): boolean {
    const { tail, room } = this.#cfg.biosKeyBuffer();
    if (room < 2 && tail !== this.state.biosTail && !this.#isCommand()) return true;
    this.state.biosTail = tail;
    return false;
  }

  /** Ctrl or the left Alt is in the next chord: what ends or resets a program that takes no keys must not wait for it. */
  #isCommand(): boolean {
    const [head, ...rest] = this.state.queue.toArray().slice(0, 1 + MAX_CHORD_KEYS);
    return head >= CHORD && rest.slice(0, head & 0x7f).some((index) => COMMAND_KEYS.includes(index));
  }

  #nextStroke(): number[] {
    const { queue } = this.state;
    const head = queue.shift()!;
    if (head < CHORD) {
      const key = usLayoutKey(String.fromCharCode(head));
      if (!key) return [];
      const index = keyIndex(key.code)!;
      return key.shift ? [SHIFT, index] : [index];
    }
    const keys: number[] = [];
    for (let n = Math.min(head & 0x7f, MAX_CHORD_KEYS); n > 0 && queue.size > 0; n--) keys.push(queue.shift()!);
    return keys;
  }

  #key(index: number, down: boolean): void {
    const key = KEYS[index];
    if (key) this.#cfg.keyboard.key(key.code, down);
  }
}
