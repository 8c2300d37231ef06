import type { FrameMessage, MovedRect, PixelRect } from '../../../core/contract/stream.ts';

type Area = Pick<PixelRect, 'x' | 'y' | 'width' | 'height'>;

export interface PainterOptions {
  /** The frame is on the screen: the machine may send another. */
  readonly onPainted: (sequence: number) => void;
  readonly onSize: (width: number, height: number) => void;
  readonly schedule?: (paint: () => void) => number;
  readonly cancel?: (handle: number) => void;
}

/**
 * Puts the changed rectangles of frames on a canvas: at once when the screen has repainted since the last time, else all
 * that came until it does. A window that is not seen repaints nothing, so acknowledges nothing more, so is sent nothing.
 *
 * The picture is kept beside the canvas, where what scrolled is moved: a canvas that is drawn onto itself is copied first,
 * which takes five times as long.
 *
 * A picture that is not shown in whole multiples is drawn larger than it is, each pixel as a square of them, and reduced by
 * the browser: so its pixels stay sharp, and all equally wide to the eye.
 */
export class ScreenPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #options: PainterOptions;
  readonly #schedule: (paint: () => void) => number;
  readonly #cancel: (handle: number) => void;
  #picture = new ImageData(1, 1);
  /** Pixels of the canvas, in each direction, for one of the picture. */
  #multiple = 1;
  /** The picture once more, where it can be drawn enlarged from. */
  #source: OffscreenCanvasRenderingContext2D | null = null;
  #pending: FrameMessage[] = [];
  /** Until the screen repaints. */
  #scheduled: number | undefined;

  constructor(canvas: HTMLCanvasElement, options: PainterOptions) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false });
    this.#options = options;
    this.#schedule = options.schedule ?? ((paint) => requestAnimationFrame(paint));
    this.#cancel = options.cancel ?? ((handle) => cancelAnimationFrame(handle));
  }

  push(frame: FrameMessage): void {
    this.#pending.push(frame);
    if (this.#scheduled === undefined) this.#paint();
  }

  enlarge(multiple: number): void {
    if (multiple === this.#multiple) return;
    this.#multiple = multiple;
    this.#resize();
    this.#show({ x: 0, y: 0, width: this.#picture.width, height: this.#picture.height });
  }

  dispose(): void {
    if (this.#scheduled !== undefined) this.#cancel(this.#scheduled);
    this.#pending = [];
  }

  #paint(): void {
    this.#scheduled = undefined;
    const frames = this.#pending;
    if (frames.length === 0) return;
    this.#pending = [];
    this.#scheduled = this.#schedule(() => this.#paint());
    for (const frame of frames) {
      const { width, height } = frame;
      if (width > 0 && height > 0) this.#draw(frame);
      this.#options.onPainted(frame.sequence);
    }
  }

  #draw({ width, height, rects }: FrameMessage): void {
    if (this.#picture.width !== width || this.#picture.height !== height) {
      this.#picture = new ImageData(width, height);
      this.#resize();
      this.#options.onSize(width, height);
    }
    for (const rect of rects) {
      if ('from' in rect) moveRows(this.#picture, rect);
      else putRows(this.#picture, rect);
      this.#show(rect);
    }
  }

  #resize(): void {
    const { width, height } = this.#picture;
    this.#canvas.width = width * this.#multiple;
    this.#canvas.height = height * this.#multiple;
    this.#source = this.#multiple === 1 ? null : new OffscreenCanvas(width, height).getContext('2d', { alpha: false });
    if (this.#context) this.#context.imageSmoothingEnabled = false;
  }

  #show({ x, y, width, height }: Area): void {
    const n = this.#multiple;
    if (!this.#source) return this.#context?.putImageData(this.#picture, 0, 0, x, y, width, height);
    this.#source.putImageData(this.#picture, 0, 0, x, y, width, height);
    this.#context?.drawImage(this.#source.canvas, x, y, width, height, x * n, y * n, width * n, height * n);
  }
}

function putRows({ data, width: stride }: ImageData, { x, y, width, height, pixels }: PixelRect): void {
  if (width === stride) return data.set(pixels, y * stride * 4);
  for (let row = 0; row < height; row++)
    data.set(pixels.subarray(row * width * 4, (row + 1) * width * 4), ((y + row) * stride + x) * 4);
}

/** From the end that is not overwritten by the other. */
function moveRows({ data, width: stride }: ImageData, { x, y, width, height, from }: MovedRect): void {
  for (let n = 0; n < height; n++) {
    const row = from.y < y ? height - 1 - n : n;
    const start = ((from.y + row) * stride + from.x) * 4;
    data.copyWithin(((y + row) * stride + x) * 4, start, start + width * 4);
  }
}
