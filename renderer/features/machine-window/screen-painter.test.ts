import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FrameMessage } from '../../../core/contract/stream.ts';
import { ScreenPainter } from './screen-painter.ts';

class FakeImageData {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  constructor(width: number, height: number) {
    this.data = new Uint8ClampedArray(width * height * 4);
    this.width = width;
    this.height = height;
  }
}

function setUp() {
  /** What is put on the canvas: its place, and the first byte of each of its rows. */
  const drawn: string[] = [];
  const acknowledged: number[] = [];
  const sizes: string[] = [];
  const scheduled: (() => void)[] = [];
  const context = {
    putImageData: (image: FakeImageData, _x: number, _y: number, x: number, y: number, w: number, h: number) => {
      const rows = Array.from({ length: h }, (_, row) => image.data[((y + row) * image.width + x) * 4]);
      drawn.push(`${w}x${h}+${x}+${y}: ${rows.join(' ')}`);
    },
  };
  const enlarged: string[] = [];
  Object.assign(context, {
    drawImage: (_source: unknown, ...[x, y, w, h, toX, toY, toW, toH]: number[]) =>
      enlarged.push(`${w}x${h}+${x}+${y} -> ${toW}x${toH}+${toX}+${toY}`),
  });
  vi.stubGlobal(
    'OffscreenCanvas',
    class {
      getContext = () => ({ ...context, canvas: this });
    },
  );
  const canvas = { width: 300, height: 150, getContext: () => context } as unknown as HTMLCanvasElement;
  const painter = new ScreenPainter(canvas, {
    onPainted: (sequence) => acknowledged.push(sequence),
    onSize: (width, height) => sizes.push(`${width}x${height}`),
    schedule: (paint) => scheduled.push(paint),
    cancel: () => scheduled.splice(0),
  });
  const repaint = (): void => scheduled.shift()?.();
  return { drawn, enlarged, acknowledged, sizes, scheduled, canvas, painter, repaint };
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

  test('paints a frame at once, and those that come before the next repaint then, in their order', () => {
    const { painter, scheduled, drawn, acknowledged, repaint } = setUp();

    painter.push(frame(1, 8, 4, [0, 0, 8, 4]));
    expect(acknowledged).toEqual([1]);
    painter.push(frame(2, 8, 4, [2, 1, 3, 2], [0, 3, 1, 1]));
    painter.push(frame(3, 8, 4, [0, 0, 1, 1]));

    expect(scheduled).toHaveLength(1);
    expect(acknowledged).toEqual([1]);
    repaint();
    expect(drawn).toEqual(['8x4+0+0: 1 1 1 1', '3x2+2+1: 2 2', '1x1+0+3: 2', '1x1+0+0: 3']);
    expect(acknowledged).toEqual([1, 2, 3]);
    repaint();
    painter.push(frame(4, 8, 4, [0, 0, 1, 1]));
    expect(acknowledged).toEqual([1, 2, 3, 4]);
  });

  test.each([
    { where: 'up', y: 0, from: 1, rows: '2 3 4' },
    { where: 'down', y: 1, from: 0, rows: '1 2 3' },
  ])('moves $where what the picture has already', ({ y, from, rows }) => {
    const { painter, drawn, repaint } = setUp();
    const { rects, ...whole } = frame(1, 8, 4);
    const lines = [1, 2, 3, 4].map((n) => frame(n, 8, 4, [0, n - 1, 8, 1]).rects[0]);

    painter.push({ ...whole, rects: [...rects, ...lines] });
    painter.push({ ...whole, sequence: 2, rects: [{ x: 2, y, width: 3, height: 3, from: { x: 2, y: from } }] });
    repaint();

    expect(drawn.at(-1)).toBe(`3x3+2+${y}: ${rows}`);
  });

  test('takes on the size of the frame, and tells a change of it once', () => {
    const { painter, canvas, sizes, repaint } = setUp();

    painter.push(frame(1, 8, 4, [0, 0, 8, 4]));
    painter.push(frame(2, 8, 4, [0, 0, 1, 1]));
    painter.push(frame(3, 16, 8, [0, 0, 16, 8]));
    repaint();

    expect(sizes).toEqual(['8x4', '16x8']);
    expect([canvas.width, canvas.height]).toEqual([16, 8]);
  });

  test('draws what changes as squares on a canvas that is a multiple of the picture, and all of it when that changes', () => {
    const { painter, canvas, enlarged, drawn, repaint } = setUp();

    painter.push(frame(1, 8, 4, [0, 0, 8, 4]));
    painter.enlarge(3);
    expect([canvas.width, canvas.height]).toEqual([24, 12]);
    painter.push(frame(2, 8, 4, [2, 1, 3, 2]));
    repaint();
    expect(enlarged).toEqual(['8x4+0+0 -> 24x12+0+0', '3x2+2+1 -> 9x6+6+3']);
    painter.enlarge(1);

    expect([canvas.width, canvas.height]).toEqual([8, 4]);
    expect(drawn.at(-1)).toBe('8x4+0+0: 1 1 1 1');
  });

  test('acknowledges a frame without pixels, or the machine would wait for ever', () => {
    const { painter, acknowledged } = setUp();

    painter.push(frame(1, 0, 0));

    expect(acknowledged).toEqual([1]);
  });

  test('paints nothing after it was disposed of', () => {
    const { painter, scheduled, acknowledged } = setUp();
    painter.push(frame(1, 8, 4, [0, 0, 8, 4]));
    painter.push(frame(2, 8, 4, [0, 0, 8, 4]));

    painter.dispose();

    expect(scheduled).toEqual([]);
    expect(acknowledged).toEqual([1]);
  });
});
