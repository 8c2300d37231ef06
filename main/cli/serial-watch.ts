const KEPT_CHARACTERS = 64 * 1024;
/** Colours and cursor movements, which a pattern cannot be expected to spell out. */
const CONTROL_SEQUENCE = /\x1b\[[0-9;?]*[A-Za-z]/g;

/** What arrived on the serial port since a mark, as text for patterns. */
export class SerialWatch {
  readonly #decoder = new TextDecoder('utf-8');
  #bytes: number[] = [];
  #text = '';

  push(byte: number): void {
    this.#bytes.push(byte);
  }

  mark(): void {
    this.update();
    this.#text = '';
  }

  /** Returns whether anything arrived since the last call. */
  update(): boolean {
    if (this.#bytes.length === 0) return false;
    const text = this.#text + this.#decoder.decode(Uint8Array.from(this.#bytes), { stream: true });
    this.#bytes = [];
    this.#text = text.replaceAll('\r', '').replace(CONTROL_SEQUENCE, '').slice(-KEPT_CHARACTERS);
    return true;
  }

  matches(pattern: RegExp): boolean {
    return this.#text.search(pattern) >= 0;
  }
}
