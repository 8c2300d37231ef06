import type { FrameMessage } from '../../../core/contract/stream.ts';

export interface PainterOptions {
  /** The frame is on the screen: the machine may send another. */
  readonly onPainted: (sequence: number) => void;
  readonly onSize: (width: number, height: number) => void;
  readonly schedule?: (paint: () => void) => number;
  readonly cancel?: (handle: number) => void;
}

/**
 * Puts the changed rectangles of frames on a canvas, all that came since the last repaint at once. A window that is
 * not seen repaints nothing, so acknowledges nothing, so is sent nothing.
 */
export class ScreenPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #options: PainterOptions;
  readonly #schedule: (paint: () => void) => number;
  readonly #cancel: (handle: number) => void;
  #pending: FrameMessage[] = [];
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
    this.#scheduled ??= this.#schedule(() => this.#paint());
  }

  dispose(): void {
    if (this.#scheduled !== undefined) this.#cancel(this.#scheduled);
    this.#pending = [];
  }

  #paint(): void {
    this.#scheduled = undefined;
    const frames = this.#pending;
    this.#pending = [];
    for (const frame of frames) {
      const { width, height } = frame;
      if (width > 0 && height > 0) this.#draw(frame);
      this.#options.onPainted(frame.sequence);
    }
  }

  #draw({ width, height, rects }: FrameMessage): void {
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#options.onSize(width, height);
    }
    for (const rect of rects) {
      const { x, y, width: columns, height: rows } = rect;
      if (columns === 0 || rows === 0) continue;
      if ('from' in rect)
        this.#context?.drawImage(this.#canvas, rect.from.x, rect.from.y, columns, rows, x, y, columns, rows);
      else this.#context?.putImageData(new ImageData(rect.pixels, columns, rows), x, y);
    }
  }
}
