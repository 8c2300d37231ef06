import type { DirtyRect, Frame } from '../../core/backends/index.ts';
import {
  FRAMES_IN_FLIGHT,
  encodeFrame,
  encodeMachineMessage,
  type StatusMessage,
  type WatchMessage,
} from '../../core/contract/stream.ts';

/** More rectangles than this are sent as the one that holds them all. */
const RECTS_MAX = 16;

/** What one window has seen of a machine: what it watches, what it has not been sent, what it has not acknowledged. */
export class StreamSession {
  readonly #send: (data: Uint8Array<ArrayBuffer>) => void;
  #watch: WatchMessage = { type: 'watch', frames: false, text: false, serial: false, status: false };
  #pending: DirtyRect[] = [];
  #wholePicture = false;
  #inFlight: number[] = [];
  #sequence = 0;
  #sentText: string | undefined;

  constructor(send: (data: Uint8Array<ArrayBuffer>) => void) {
    this.#send = send;
  }

  get watches(): WatchMessage {
    return this.#watch;
  }

  /** Whether a frame could be sent now if something changed. */
  get readyForFrame(): boolean {
    return this.#watch.frames && this.#inFlight.length < FRAMES_IN_FLIGHT;
  }

  /** Returns whether serial output is wanted that was not before: the caller then sends the recent past. */
  watch(message: WatchMessage): boolean {
    const before = this.#watch;
    this.#watch = message;
    if (message.frames && !before.frames) {
      this.#wholePicture = true;
      this.#inFlight = [];
    }
    if (message.text && !before.text) this.#sentText = undefined;
    return message.serial && !before.serial;
  }

  acknowledge(sequence: number): void {
    this.#inFlight = this.#inFlight.filter((sent) => sent !== sequence);
  }

  /** `resized`: the picture has another size than before, so all of it is new. */
  note(changed: readonly DirtyRect[], resized: boolean): void {
    if (!this.#watch.frames) return; // a new watcher begins with the whole picture anyway
    if (resized) this.#wholePicture = true;
    if (this.#wholePicture) return;
    this.#pending.push(...changed);
    if (this.#pending.length > RECTS_MAX) this.#pending = [boundsOf(this.#pending)];
  }

  sendFrame(frame: Frame): void {
    if (!this.readyForFrame) return;
    if (this.#wholePicture) this.#pending = [{ x: 0, y: 0, width: frame.width, height: frame.height }];
    if (this.#pending.length === 0) return;
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#inFlight.push(this.#sequence);
    this.#send(encodeFrame(this.#sequence, frame, this.#pending));
    this.#pending = [];
    this.#wholePicture = false;
  }

  sendText(rows: readonly string[] | undefined): void {
    if (!this.#watch.text) return;
    const text = rows === undefined ? '\0graphics' : rows.join('\n');
    if (text === this.#sentText) return;
    this.#sentText = text;
    this.#send(encodeMachineMessage({ type: 'text', rows }));
  }

  sendSerial(port: number, data: Uint8Array): void {
    if (this.#watch.serial && data.length > 0) this.#send(encodeMachineMessage({ type: 'serial', port, data }));
  }

  sendStatus(status: StatusMessage): void {
    if (this.#watch.status) this.#send(encodeMachineMessage(status));
  }
}

function boundsOf(rects: readonly DirtyRect[]): DirtyRect {
  const x = Math.min(...rects.map((r) => r.x));
  const y = Math.min(...rects.map((r) => r.y));
  const right = Math.max(...rects.map((r) => r.x + r.width));
  const bottom = Math.max(...rects.map((r) => r.y + r.height));
  return { x, y, width: right - x, height: bottom - y };
}
