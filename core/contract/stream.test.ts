import { describe, expect, test } from 'vitest';
import {
  decodeMachineMessage,
  decodeWindowMessage,
  encodeFrame,
  encodeMachineMessage,
  encodeWindowMessage,
  type MachineMessage,
  type WindowMessage,
} from './index.ts';

/** A repeatable random source, so that a failing case can be run again. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function picture(width: number, height: number, colourAt: (x: number, y: number) => number) {
  const words = new Uint32Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) words[y * width + x] = (0xff000000 | colourAt(x, y)) >>> 0;
  return { width, height, pixels: new Uint8ClampedArray(words.buffer) };
}

const windowMessages: WindowMessage[] = [
  { type: 'watch', frames: true, text: false, serial: true, status: false },
  { type: 'ack', sequence: 0xfffffffe },
  { type: 'key', code: 'KeyA', down: true },
  { type: 'release' },
  { type: 'mouse', dx: -300, dy: 299, wheel: -1, buttons: 5 },
  { type: 'type', text: 'dir\nä€' },
  { type: 'chord', codes: ['ControlLeft', 'AltLeft', 'Delete'] },
  { type: 'stop-typing' },
  { type: 'serial', port: 1, data: new Uint8Array([0, 255, 10]) },
];

const machineMessages: Exclude<MachineMessage, { type: 'frame' }>[] = [
  { type: 'text', rows: ['A:\\>ver  ', ''] },
  { type: 'text', rows: undefined },
  { type: 'serial', port: 0, data: new Uint8Array([1, 2, 3]) },
  {
    type: 'status',
    paused: true,
    absolutePointer: true,
    activity: { floppy: true, disk: false, cdrom: false, serial: true },
    guestNs: 1.5e12,
    instructions: 2 ** 52,
    instructionsPerSecond: 1e8,
    busyShare: 0.25,
    guestShare: 0.125,
    readBytes: 4096,
    writtenBytes: 512,
    residentBytes: 2 ** 28,
    sharedBytes: 2 ** 24,
    compiledShare: 0.75,
    typingBytes: 60_000,
  },
];

describe('stream messages', () => {
  test.each(windowMessages)('a $type message from the window survives the trip', (message) => {
    expect(decodeWindowMessage(encodeWindowMessage(message))).toEqual({ ok: true, value: message });
  });

  test.each(machineMessages)('a $type message from the machine survives the trip', (message) => {
    expect(decodeMachineMessage(encodeMachineMessage(message))).toEqual({ ok: true, value: message });
  });

  test('motion beyond 16 bits is clamped, not wrapped', () => {
    const sent = encodeWindowMessage({ type: 'mouse', dx: 1e6, dy: -1e6, wheel: 999, buttons: 0 });
    expect(decodeWindowMessage(sent)).toEqual({
      ok: true,
      value: { type: 'mouse', dx: 32767, dy: -32767, wheel: 127, buttons: 0 },
    });
  });

  test('random pictures and areas come out pixel for pixel', () => {
    const random = randomOf(7);
    for (let round = 0; round < 60; round++) {
      const width = 1 + random(90);
      const height = 1 + random(60);
      const colours = [1, 2, 16, 256, 257, 100_000][round % 6];
      const runLength = 1 + random(200);
      let colour = 0;
      // Some rows are as those above them, some in part.
      const above: number[] = [];
      const likeAbove = random(3);
      const frame = picture(width, height, (x) => {
        if (random(runLength) === 0) colour = random(colours) * 131;
        if (likeAbove === 0 || x % 7 < likeAbove || above[x] === undefined) above[x] = colour & 0xffffff;
        return above[x];
      });
      const x = random(width);
      const y = random(height);
      const area = { x, y, width: 1 + random(width - x), height: 1 + random(height - y) };

      const decoded = decodeMachineMessage(encodeFrame(round, frame, [area]));

      if (!decoded.ok || decoded.value.type !== 'frame') throw new Error(`round ${round} does not decode`);
      const [rect] = decoded.value.rects;
      if (!('pixels' in rect)) throw new Error(`round ${round} has no pixels`);
      for (let row = 0; row < area.height; row++) {
        const from = ((y + row) * width + x) * 4;
        const expected = frame.pixels.slice(from, from + area.width * 4);
        const got = rect.pixels.slice(row * area.width * 4, (row + 1) * area.width * 4);
        expect(got).toEqual(expected);
      }
    }
  });

  test('what scrolled is a place in the picture that there is, and costs nothing else', () => {
    const moved = { x: 2, y: 0, width: 300, height: 190, from: { x: 2, y: 10 } };
    const message = encodeFrame(
      7,
      picture(320, 200, (x, y) => x * y),
      [moved],
    );

    expect(message.length).toBe(11 + 13 + 4);
    expect(decodeMachineMessage(message)).toEqual({
      ok: true,
      value: { type: 'frame', sequence: 7, width: 320, height: 200, rects: [moved] },
    });
  });

  test('a text screen costs a small part of its pixels', () => {
    const frame = picture(720, 400, (x, y) => (x < 300 && y % 16 < 12 && (x * 7 + y * 3) % 5 === 0 ? 0xaaaaaa : 0));
    const message = encodeFrame(1, frame, [{ x: 0, y: 0, width: 720, height: 400 }]);
    expect(message.length).toBeLessThan((720 * 400 * 4) / 8);
  });

  test('noise travels as it is, a picture of many colours packed, and rows that repeat cost next to nothing', () => {
    const area = { x: 0, y: 0, width: 320, height: 200 };
    const photo = encodeFrame(
      1,
      picture(320, 200, (x, y) => ((x >> 3) * 7919 + y * 104_729) & 0xffffff),
      [area],
    );
    const noise = encodeFrame(
      1,
      picture(320, 200, (x, y) => (x * 7919 + y * 104_729) & 0xffffff),
      [area],
    );
    const bars = encodeFrame(
      1,
      picture(320, 200, (x) => (x * 7919) & 0xffffff),
      [area],
    );

    expect(noise.length).toBe(11 + 13 + 320 * 200 * 4);
    expect(photo.length).toBeLessThan(320 * 200);
    expect(bars.length).toBeLessThan((320 * 200 * 3) / 50);
  });

  test('every truncation of a message is refused as malformed', () => {
    const frame = encodeFrame(
      1,
      picture(4, 4, (x) => x),
      [{ x: 0, y: 0, width: 4, height: 4 }],
    );
    for (let length = 0; length < frame.length; length++)
      expect(decodeMachineMessage(frame.subarray(0, length))).toMatchObject({
        ok: false,
        error: { code: 'stream.malformed' },
      });
  });

  test('mutated and random bytes never throw, and what decodes keeps its bounds', () => {
    const random = randomOf(99);
    const seeds = [
      encodeFrame(
        3,
        picture(16, 9, (x, y) => (x * y) & 3),
        [{ x: 1, y: 1, width: 15, height: 8 }],
      ),
      encodeFrame(
        4,
        picture(40, 20, (x, y) => (y % 3 === 0 ? x * 7919 : x < 9 ? 5 : x * y * 7919) & 0xffffff),
        [{ x: 0, y: 0, width: 40, height: 20 }],
      ),
      encodeFrame(
        5,
        picture(40, 20, (x, y) => x * y),
        [
          { x: 0, y: 0, width: 40, height: 19, from: { x: 0, y: 1 } },
          { x: 0, y: 19, width: 40, height: 1 },
        ],
      ),
      ...machineMessages.map(encodeMachineMessage),
      ...windowMessages.map(encodeWindowMessage),
    ];
    let decodedFrames = 0;
    for (let round = 0; round < 30_000; round++) {
      const data = seeds[round % seeds.length].slice();
      for (let i = random(4); i >= 0; i--) data[random(data.length)] = random(256);
      const fromMachine = decodeMachineMessage(data);
      decodeWindowMessage(data);
      if (!fromMachine.ok || fromMachine.value.type !== 'frame') continue;
      decodedFrames++;
      for (const rect of fromMachine.value.rects) {
        expect(rect.x + rect.width).toBeLessThanOrEqual(fromMachine.value.width);
        if ('pixels' in rect) expect(rect.pixels.length).toBe(rect.width * rect.height * 4);
        else {
          expect(rect.from.x + rect.width).toBeLessThanOrEqual(fromMachine.value.width);
          expect(rect.from.y + rect.height).toBeLessThanOrEqual(fromMachine.value.height);
        }
      }
    }
    expect(decodedFrames).toBeGreaterThan(0);
  });

  test('a window cannot send more than its limit', () => {
    const long = encodeWindowMessage({ type: 'type', text: 'x'.repeat(70_000) });
    expect(decodeWindowMessage(long)).toMatchObject({ ok: false, error: { code: 'stream.malformed' } });
  });
});
