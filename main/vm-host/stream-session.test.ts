import { expect, test } from 'vitest';
import type { DirtyRect } from '../../core/backends/index.ts';
import { decodeMachineMessage, type FrameMessage } from '../../core/contract/stream.ts';
import { StreamSession } from './stream-session.ts';

const WIDTH = 320;
const HEIGHT = 240;
const WHOLE: DirtyRect = { x: 0, y: 0, width: WIDTH, height: HEIGHT };

/** A session, and a window that paints what it is sent. */
function setUp() {
  const frames: FrameMessage[] = [];
  const canvas = new Uint32Array(WIDTH * HEIGHT);
  const session = new StreamSession((data) => {
    const message = decodeMachineMessage(data);
    if (!message.ok || message.value.type !== 'frame') throw new Error('no frame');
    frames.push(message.value);
    for (const rect of message.value.rects) {
      const before = canvas.slice();
      const pixels = 'pixels' in rect ? new Uint32Array(rect.pixels.slice().buffer) : undefined;
      for (let y = 0; y < rect.height; y++)
        for (let x = 0; x < rect.width; x++)
          canvas[(rect.y + y) * WIDTH + rect.x + x] =
            'from' in rect ? before[(rect.from.y + y) * WIDTH + rect.from.x + x] : (pixels?.[y * rect.width + x] ?? 0);
    }
    session.acknowledge(message.value.sequence);
  });
  session.watch({ type: 'watch', frames: true, text: false, serial: false, status: false });
  const words = new Uint32Array(WIDTH * HEIGHT);
  const frame = { width: WIDTH, height: HEIGHT, pixels: new Uint8ClampedArray(words.buffer) };
  const show = (changed: readonly DirtyRect[]): FrameMessage => {
    session.note(changed, false);
    session.sendFrame(frame);
    expect(canvas).toEqual(words);
    return frames[frames.length - 1];
  };
  return { words, show };
}

/** Rows of a long page, each like no other; some are blank. */
const paint = (words: Uint32Array, firstRow: number): void => {
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) {
      const row = firstRow + y;
      words[y * WIDTH + x] = (0xff000000 | (row % 5 === 0 ? 0 : Math.imul(row * 7919 + x, 2654435761) >>> 8)) >>> 0;
    }
};

test('what scrolled is moved, up or down, and only what is new is sent', () => {
  const { words, show } = setUp();
  paint(words, 100);
  show([WHOLE]);
  paint(words, 108);
  show([WHOLE]);

  paint(words, 116);
  words[0] = 0xff123456;
  const up = show([WHOLE]);
  paint(words, 96);
  const down = show([WHOLE]);

  expect(up.rects).toMatchObject([
    { x: 0, y: 1, width: WIDTH, height: HEIGHT - 9, from: { x: 0, y: 9 } },
    { y: 0, height: 1 },
    { y: HEIGHT - 8, height: 8 },
  ]);
  // The row that was marked is not among those that are known.
  expect(down.rects[0]).toMatchObject({ y: 21, from: { x: 0, y: 1 } });
});

test('a window in a part of the screen scrolls by itself', () => {
  const { words, show } = setUp();
  paint(words, 0);
  show([WHOLE]);
  words[5] = 0xff000001;
  show([WHOLE]);
  const area = { x: 10, y: 20, width: 300, height: 218 };
  const before = words.slice();
  for (let y = area.y; y < area.y + area.height - 16; y++)
    words.set(before.subarray((y + 16) * WIDTH + area.x, (y + 16) * WIDTH + area.x + area.width), y * WIDTH + area.x);

  const { rects } = show([area]);

  expect(rects[0]).toMatchObject({ x: 10, y: 20, width: 300, from: { x: 10, y: 36 } });
});

test('a picture that is another is sent as it is', () => {
  const { words, show } = setUp();
  paint(words, 0);
  show([WHOLE]);
  paint(words, 1000);
  show([WHOLE]);
  paint(words, 5000);

  expect(show([WHOLE]).rects).toMatchObject([WHOLE]);
});
