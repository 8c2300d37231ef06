import type { ChordMessage, KeyMessage, ReleaseMessage } from '../../../core/contract/stream.ts';

export const CTRL_ALT_DEL = ['ControlLeft', 'AltLeft', 'Delete'] as const;

export interface CaptureTarget {
  readonly send: (message: KeyMessage | ReleaseMessage | ChordMessage) => void;
  /** Keyboard and mouse go back to the host. */
  readonly letGo: () => void;
  /** The host key and another: a command to this window, not a key for the guest. */
  readonly command: (code: string) => void;
  /** Pressed and let go alone it gives keyboard and mouse back. */
  readonly hostKey: string;
}

export interface KeyEvent {
  /** KeyboardEvent.code: the place of the key, whatever is printed on it. */
  readonly code: string;
}

/** The keyboard of a machine's screen while it has the focus: physical keys, and the host key. */
export class KeyboardCapture {
  readonly #target: CaptureTarget;
  #hostKey: 'up' | 'alone' | 'used' = 'up';

  constructor(target: CaptureTarget) {
    this.#target = target;
  }

  /** A repeated keydown is a repeated make code: the host's keyboard repeats for the guest. */
  down({ code }: KeyEvent): void {
    if (code === this.#target.hostKey) {
      if (this.#hostKey === 'up') this.#hostKey = 'alone';
      return;
    }
    if (code === '') return; // an input method, not a key
    if (this.#hostKey !== 'up') {
      this.#hostKey = 'used';
      if (code === 'Delete') this.#target.send({ type: 'chord', codes: CTRL_ALT_DEL });
      else this.#target.command(code);
      return;
    }
    this.#target.send({ type: 'key', code, down: true });
  }

  up({ code }: KeyEvent): void {
    if (code === this.#target.hostKey) {
      const alone = this.#hostKey === 'alone';
      this.#hostKey = 'up';
      if (alone) this.#target.letGo();
      return;
    }
    if (code !== '') this.#target.send({ type: 'key', code, down: false });
  }

  /** The focus went elsewhere, and with it the key-up events. */
  blur(): void {
    this.#hostKey = 'up';
    this.#target.send({ type: 'release' });
  }
}
