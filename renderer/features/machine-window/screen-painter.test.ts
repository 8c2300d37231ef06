import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FrameMessage } from '../../../core/contract/stream.ts';
import { ScreenPainter } from './screen-painter.ts';

class FakeImageData {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}

function setUp() {
  const drawn: string[] = [];
  const acknowledged: number[] = [];
  const sizes: string[] = [];
  const scheduled: (() => void)[] = [];
  const context = {
    putImageData: (image: FakeImageData, x: number, y: number) =>
      drawn.push(`${image.width}x${image.height}+${x}+${y}:${image.data[0]}`),
    drawImage: (_: unknown, fromX: number, fromY: number, w: number, h: number, x: number, y: number) =>
      drawn.push(`${w}x${h}+${fromX}+${fromY} to +${x}+${y}`),
  };
  const canvas = { width: 300, height: 150, getContext: () => context } as unknown as HTMLCanvasElement;
  const painter = new ScreenPainter(canvas, {
    onPainted: (sequence) => acknowledged.push(sequence),
    onSize: (width, height) => sizes.push(`${width}x${height}`),
    schedule: (paint) => scheduled.push(paint),
    cancel: () => scheduled.splice(0),
  });
  return { drawn, acknowledged, sizes, scheduled, canvas, painter };
}

function frame(
  sequence: number,
  width: number,
  height: number,
  ...areas: readonly (readonly number[])[]
): FrameMessage {
  const rects = areas.map(([x, y, w, h]) => ({
    x,
    y,
    width: w,
    height: h,
    pixels: new Uint8ClampedArray(w * h * 4).fill(sequence),
  }));
  return { type: 'frame', sequence, width, height, rects };
}

describe('the painter of a screen', () => {
  beforeEach(() => void vi.stubGlobal('ImageData', FakeImageData));
  afterEach(() => void vi.unstubAllGlobals());

  test('paints all frames since the last repaint at once, in their order, then acknowledges them', () => {
    const { painter, scheduled, drawn, acknowledged } = setUp();

    painter.push(frame(1, 8, 4, [0, 0, 8, 4]));
    painter.push(frame(2, 8, 4, [2, 1, 3, 2], [0, 3, 1, 1]));

    expect(scheduled).toHaveLength(1);
    expect(acknowledged).toEqual([]);
    scheduled[0]();
    expect(drawn).toEqual(['8x4+0+0:1', '3x2+2+1:2', '1x1+0+3:2']);
    expect(acknowledged).toEqual([1, 2]);
  });

  test('moves what the canvas has already, in its turn', () => {
    const { painter, scheduled, drawn } = setUp();

    painter.push(frame(1, 8, 4, [0, 0, 8, 4]));
    const { rects, ...scrolled } = frame(2, 8, 4, [0, 3, 8, 1]);
    painter.push({ ...scrolled, rects: [{ x: 0, y: 0, width: 8, height: 3, from: { x: 0, y: 1 } }, ...rects] });
    scheduled[0]();

    expect(drawn).toEqual(['8x4+0+0:1', '8x3+0+1 to +0+0', '8x1+0+3:2']);
  });

  test('takes on the size of the frame, and tells a change of it once', () => {
    const { painter, scheduled, canvas, sizes } = setUp();

    painter.push(frame(1, 8, 4, [0, 0, 8, 4]));
    painter.push(frame(2, 8, 4, [0, 0, 1, 1]));
    painter.push(frame(3, 16, 8, [0, 0, 16, 8]));
    scheduled[0]();

    expect(sizes).toEqual(['8x4', '16x8']);
    expect([canvas.width, canvas.height]).toEqual([16, 8]);
  });

  test('acknowledges a frame without pixels, or the machine would wait for ever', () => {
    const { painter, scheduled, acknowledged } = setUp();

    painter.push(frame(1, 0, 0));
    scheduled[0]();

    expect(acknowledged).toEqual([1]);
  });

  test('paints nothing after it was disposed of', () => {
    const { painter, scheduled, acknowledged } = setUp();
    painter.push(frame(1, 8, 4, [0, 0, 8, 4]));

    painter.dispose();

    expect(scheduled).toEqual([]);
    expect(acknowledged).toEqual([]);
  });
});
