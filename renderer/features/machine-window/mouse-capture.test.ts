import { describe, expect, test } from 'vitest';
import type { MouseMessage, PointerMessage } from '../../../core/contract/stream.ts';
import { MouseCapture } from './mouse-capture.ts';

function setUp() {
  const sent: Omit<MouseMessage, 'type'>[] = [];
  const positions: Omit<PointerMessage, 'type'>[] = [];
  let scheduled: (() => void) | undefined;
  const mouse = new MouseCapture({
    send({ type: _, ...rest }) {
      if ('dx' in rest) sent.push(rest);
      else positions.push(rest);
    },
    schedule: (flush) => {
      scheduled = flush;
      return 1;
    },
    cancel: () => (scheduled = undefined),
  });
  return { sent, positions, mouse, repaint: () => scheduled?.(), isScheduled: () => scheduled !== undefined };
}

describe('the mouse of a screen', () => {
  test('sends the movements between two repaints as one', () => {
    const { sent, mouse, repaint } = setUp();

    mouse.move({ movementX: 3, movementY: -1, buttons: 0 });
    mouse.move({ movementX: 4, movementY: 2, buttons: 0 });
    repaint();

    expect(sent).toEqual([{ dx: 7, dy: 1, wheel: 0, buttons: 0 }]);
  });

  test('keeps the fraction of a pixel for the next time', () => {
    const { sent, mouse, repaint } = setUp();

    for (let i = 0; i < 2; i++) {
      mouse.move({ movementX: 0.75, movementY: 0, buttons: 0 });
      repaint();
    }

    expect(sent.map(({ dx }) => dx)).toEqual([0, 1]);
  });

  test('moves before it clicks', () => {
    const { sent, mouse, isScheduled } = setUp();

    mouse.move({ movementX: 5, movementY: 0, buttons: 0 });
    mouse.button({ buttons: 1 });

    expect(sent).toEqual([
      { dx: 5, dy: 0, wheel: 0, buttons: 0 },
      { dx: 0, dy: 0, wheel: 0, buttons: 1 },
    ]);
    expect(isScheduled()).toBe(false);
  });

  test('counts whole notches of the wheel, in pixels or lines', () => {
    const { sent, mouse } = setUp();

    mouse.wheel({ deltaY: 60, deltaMode: 0, buttons: 0 });
    mouse.wheel({ deltaY: 60, deltaMode: 0, buttons: 0 });
    mouse.wheel({ deltaY: -6, deltaMode: 1, buttons: 0 });

    expect(sent.map(({ wheel }) => wheel)).toEqual([1, -1]);
  });

  test('leaves no button down when the pointer is given back', () => {
    const { sent, mouse } = setUp();
    mouse.button({ buttons: 3 });

    mouse.release();
    mouse.release();

    expect(sent.map(({ buttons }) => buttons)).toEqual([3, 0]);
  });

  test('tells a guest that takes positions where in the picture it is, at most its edge', () => {
    const { positions, mouse, repaint } = setUp();
    const area = { left: 100, top: 50, width: 800, height: 600 };

    mouse.moveTo({ clientX: 500, clientY: 350, buttons: 0 }, area);
    repaint();
    mouse.moveTo({ clientX: 1000, clientY: 20, buttons: 1 }, area);

    expect(positions).toEqual([
      { x: 32768, y: 32768, wheel: 0, buttons: 0 },
      { x: 65535, y: 0, wheel: 0, buttons: 1 },
    ]);
  });

  test('turns the wheel of a guest that takes positions where the pointer is', () => {
    const { positions, mouse } = setUp();
    mouse.moveTo({ clientX: 0, clientY: 0, buttons: 0 }, { left: 0, top: 0, width: 10, height: 10 });

    mouse.wheel({ deltaY: 100, deltaMode: 0, buttons: 0 });

    expect(positions).toEqual([{ x: 0, y: 0, wheel: 1, buttons: 0 }]);
  });
});
