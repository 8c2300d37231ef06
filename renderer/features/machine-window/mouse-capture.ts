import type { MouseMessage } from '../../../core/contract/stream.ts';

/** One notch of a wheel in CSS pixels, as browsers report it (DOM_DELTA_PIXEL), and in lines. */
const NOTCH_PIXELS = 100;
const NOTCH_LINES = 3;

export interface MouseCaptureOptions {
  readonly send: (message: MouseMessage) => void;
  /** Movements between two repaints are sent as one. */
  readonly schedule?: (flush: () => void) => number;
  readonly cancel?: (handle: number) => void;
}

type Movement = Pick<MouseEvent, 'movementX' | 'movementY' | 'buttons'>;
type Turn = Pick<WheelEvent, 'deltaY' | 'deltaMode' | 'buttons'>;

/** The mouse while the pointer is locked: relative movement, three buttons, wheel. */
export class MouseCapture {
  readonly #send: MouseCaptureOptions['send'];
  readonly #schedule: (flush: () => void) => number;
  readonly #cancel: (handle: number) => void;
  #scheduled: number | undefined;
  #dx = 0;
  #dy = 0;
  #notches = 0;
  #buttons = 0;

  constructor(options: MouseCaptureOptions) {
    this.#send = options.send;
    this.#schedule = options.schedule ?? ((flush) => requestAnimationFrame(flush));
    this.#cancel = options.cancel ?? ((handle) => cancelAnimationFrame(handle));
  }

  move({ movementX, movementY, buttons }: Movement): void {
    this.#dx += movementX;
    this.#dy += movementY;
    this.#buttons = buttons & 7;
    this.#scheduled ??= this.#schedule(() => this.flush());
  }

  /** Down or up. What moved before is sent first: the guest clicks where the pointer was. */
  button({ buttons }: Pick<MouseEvent, 'buttons'>): void {
    if (this.#dx !== 0 || this.#dy !== 0) this.flush();
    this.#buttons = buttons & 7;
    this.flush();
  }

  /** Towards the person is positive, here as there. */
  wheel({ deltaY, deltaMode, buttons }: Turn): void {
    const notch = { 0: NOTCH_PIXELS, 1: NOTCH_LINES }[deltaMode] ?? 1;
    this.#notches += deltaY / notch;
    this.#buttons = buttons & 7;
    if (Math.abs(this.#notches) >= 1) this.flush();
  }

  /** The pointer is the host's again: no button stays down in the guest. */
  release(): void {
    this.#dx = 0;
    this.#dy = 0;
    this.#notches = 0;
    if (this.#buttons === 0) return;
    this.#buttons = 0;
    this.flush();
  }

  flush(): void {
    if (this.#scheduled !== undefined) this.#cancel(this.#scheduled);
    this.#scheduled = undefined;
    const [dx, dy, wheel] = [Math.trunc(this.#dx), Math.trunc(this.#dy), Math.trunc(this.#notches)];
    this.#dx -= dx;
    this.#dy -= dy;
    this.#notches -= wheel;
    this.#send({ type: 'mouse', dx, dy, wheel, buttons: this.#buttons });
  }
}
