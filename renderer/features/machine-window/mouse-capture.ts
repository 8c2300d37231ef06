import type { MouseMessage, PointerMessage } from '../../../core/contract/stream.ts';

/** One notch of a wheel in CSS pixels, as browsers report it (DOM_DELTA_PIXEL), and in lines. */
const NOTCH_PIXELS = 100;
const NOTCH_LINES = 3;
/** The right and lower edge of the screen in a position. */
const POSITION_MAX = 0xffff;

export interface MouseCaptureOptions {
  readonly send: (message: MouseMessage | PointerMessage) => void;
  /** Movements between two repaints are sent as one. */
  readonly schedule?: (flush: () => void) => number;
  readonly cancel?: (handle: number) => void;
}

type Movement = Pick<MouseEvent, 'movementX' | 'movementY' | 'buttons'>;
type Place = Pick<MouseEvent, 'clientX' | 'clientY' | 'buttons'>;
type Area = Pick<DOMRect, 'left' | 'top' | 'width' | 'height'>;
type Turn = Pick<WheelEvent, 'deltaY' | 'deltaMode' | 'buttons'>;

/**
 * The mouse of a guest: relative movement while the pointer is locked, positions over the picture for a guest that takes
 * them; three buttons, wheel.
 */
export class MouseCapture {
  readonly #send: MouseCaptureOptions['send'];
  readonly #schedule: (flush: () => void) => number;
  readonly #cancel: (handle: number) => void;
  #scheduled: number | undefined;
  #dx = 0;
  #dy = 0;
  #notches = 0;
  #buttons = 0;
  /** Where the pointer is, once the guest was told a position. */
  #position: { readonly x: number; readonly y: number } | undefined;

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

  /** The pointer is over this place of the picture that fills `area`; beyond it the nearest edge counts. */
  moveTo({ clientX, clientY, buttons }: Place, area: Area): void {
    const part = (at: number, length: number): number =>
      Math.round(Math.max(0, Math.min(1, at / Math.max(1, length))) * POSITION_MAX);
    this.#position = { x: part(clientX - area.left, area.width), y: part(clientY - area.top, area.height) };
    const changed = this.#buttons !== (buttons & 7);
    this.#buttons = buttons & 7;
    if (changed) this.flush();
    else this.#scheduled ??= this.#schedule(() => this.flush());
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
    const held = this.#buttons !== 0;
    this.#buttons = 0;
    if (held) this.flush();
    this.#position = undefined;
  }

  flush(): void {
    if (this.#scheduled !== undefined) this.#cancel(this.#scheduled);
    this.#scheduled = undefined;
    const [dx, dy, wheel] = [Math.trunc(this.#dx), Math.trunc(this.#dy), Math.trunc(this.#notches)];
    this.#dx -= dx;
    this.#dy -= dy;
    this.#notches -= wheel;
    if (this.#position) this.#send({ type: 'pointer', ...this.#position, wheel, buttons: this.#buttons });
    else this.#send({ type: 'mouse', dx, dy, wheel, buttons: this.#buttons });
  }
}
