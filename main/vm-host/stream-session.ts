import type { DirtyRect, Frame } from '../../core/backends/index.ts';
import {
  FRAMES_IN_FLIGHT,
  encodeFrame,
  encodeMachineMessage,
  type StatusMessage,
  type MovedRect,
  type WatchMessage,
} from '../../core/contract/stream.ts';
import { findScroll, type Picture } from './scroll.ts';

/** More rectangles than this are sent as the one that holds them all. */
const RECTS_MAX = 16;
/** Changes of so many pixels are looked at: something may have scrolled. */
const SCROLL_PIXELS_MIN = 1 << 15;

/** What one window has seen of a machine: what it watches, what it has not been sent, what it has not acknowledged. */
export class StreamSession {
  readonly #send: (data: Uint8Array<ArrayBuffer>) => void;
  #watch: WatchMessage = { type: 'watch', frames: false, text: false, serial: false, status: false };
  #pending: DirtyRect[] = [];
  #wholePicture = false;
  #inFlight: number[] = [];
  #sequence = 0;
  #sentText: string | undefined;
  /** What the window has on its canvas when it has painted all that was sent; kept once much has changed. */
  #seen: Picture | undefined;

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
    if (this.#wholePicture) {
      this.#pending = [{ x: 0, y: 0, width: frame.width, height: frame.height }];
      this.#seen = undefined;
    }
    if (this.#pending.length === 0) return;
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#inFlight.push(this.#sequence);
    this.#send(encodeFrame(this.#sequence, frame, this.#scrolled(frame)));
    this.#pending = [];
    this.#wholePicture = false;
  }

  /** What is pending, without what the window has at another place already. */
  #scrolled(frame: Frame): readonly (DirtyRect | MovedRect)[] {
    const changes = this.#pending.reduce((sum, { width, height }) => sum + width * height, 0);
    const isMuch = changes >= SCROLL_PIXELS_MIN && !this.#wholePicture;
    if (!this.#seen && !isMuch) return this.#pending;
    const { pixels, width, height } = frame;
    const now = { width, height, words: new Uint32Array(pixels.buffer, pixels.byteOffset, width * height) };
    const area = boundsOf(this.#pending);
    const scroll = this.#seen && isMuch ? findScroll(this.#seen, now, area) : undefined;
    if (this.#seen) copyRects(now, this.#seen, this.#pending);
    else this.#seen = { ...now, words: now.words.slice() };
    if (!scroll) return this.#pending;
    const { rect, fromY } = scroll;
    const below = rect.y + rect.height;
    return [
      { ...rect, from: { x: rect.x, y: fromY } },
      ...[
        { ...area, height: rect.y - area.y },
        { ...area, y: below, height: area.y + area.height - below },
      ].filter((rest) => rest.height > 0),
    ];
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

function copyRects(from: Picture, to: Picture, rects: readonly DirtyRect[]): void {
  for (const { x, y, width, height } of rects)
    for (let at = y * from.width + x; at < (y + height) * from.width; at += from.width)
      to.words.set(from.words.subarray(at, at + width), at);
}
