import type { DirtyRect, Frame } from '../../backends/index.ts';

const TOUCHED_NONE = 0x7fffffff;

/**
 * The picture and what changed in it. A renderer composes a row in `line` and commits it: only pixels that really
 * differ count as changed, so that drawing something again costs the viewer nothing. Pixels are written as 32-bit words
 * A B G R, which in memory are the bytes R G B A (every host that runs this is little-endian).
 */
export class FrameBuffer {
  width = 0;
  height = 0;
  frame: Frame;
  pixels = new Uint32Array(0);
  /** Scratch row; a little wider than the frame, for parts of characters that panning cuts off. */
  line = new Uint32Array(0);
  #left = new Int32Array(0);
  #right = new Int32Array(0);
  #top = TOUCHED_NONE;
  #bottom = -1;

  constructor(width: number, height: number) {
    this.frame = { width: 0, height: 0, pixels: new Uint8ClampedArray(0) };
    this.resize(width, height);
  }

  /** Black, all of it changed. */
  resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    const pixels = new Uint8ClampedArray(width * height * 4);
    this.frame = { width, height, pixels };
    this.pixels = new Uint32Array(pixels.buffer).fill(0xff000000);
    this.line = new Uint32Array(width + 64);
    this.#left = new Int32Array(height).fill(TOUCHED_NONE);
    this.#right = new Int32Array(height).fill(-1);
    this.touch(0, 0, width, height);
  }

  touch(x: number, y: number, width: number, height: number): void {
    for (let row = y; row < y + height; row++) {
      if (x < this.#left[row]) this.#left[row] = x;
      if (x + width > this.#right[row]) this.#right[row] = x + width;
    }
    if (y < this.#top) this.#top = y;
    if (y + height > this.#bottom) this.#bottom = y + height;
  }

  /** Puts `line`, from its pixel `from`, into row `y`. */
  commitLine(y: number, from = 0): void {
    const { pixels, line, width } = this;
    const base = y * width;
    let first = 0;
    while (first < width && pixels[base + first] === line[from + first]) first++;
    if (first === width) return;
    let last = width - 1;
    while (pixels[base + last] === line[from + last]) last--;
    pixels.set(line.subarray(from + first, from + last + 1), base + first);
    this.touch(first, y, last - first + 1, 1);
  }

  fill(colour: number): void {
    this.line.fill(colour);
    for (let y = 0; y < this.height; y++) this.commitLine(y);
  }

  /** Touched areas as rectangles: rows that follow each other and overlap share one. Forgets them. */
  takeDirty(): readonly DirtyRect[] {
    const rects: DirtyRect[] = [];
    let top = 0;
    let left = TOUCHED_NONE;
    let right = -1;
    const end = Math.min(this.#bottom, this.height);
    const finish = (bottom: number): void => {
      if (right > left) rects.push({ x: left, y: top, width: right - left, height: bottom - top });
      left = TOUCHED_NONE;
      right = -1;
    };
    for (let y = this.#top; y < end; y++) {
      const rowLeft = this.#left[y];
      const rowRight = this.#right[y];
      this.#left[y] = TOUCHED_NONE;
      this.#right[y] = -1;
      if (rowRight <= rowLeft || rowLeft >= right || rowRight <= left) {
        finish(y);
        top = y;
      }
      if (rowRight > rowLeft) {
        left = Math.min(left, rowLeft);
        right = Math.max(right, rowRight);
      }
    }
    finish(end);
    this.#top = TOUCHED_NONE;
    this.#bottom = -1;
    return rects;
  }
}
