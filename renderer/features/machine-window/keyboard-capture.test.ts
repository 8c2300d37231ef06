import { describe, expect, test } from 'vitest';
import { KeyboardCapture } from './keyboard-capture.ts';

const HOST_KEY = 'ControlRight';

function setUp() {
  const log: unknown[] = [];
  const keyboard = new KeyboardCapture({
    send: (message) => log.push(message),
    letGo: () => log.push('let go'),
    command: (code) => log.push(`command ${code}`),
    hostKey: HOST_KEY,
  });
  return { log, keyboard };
}

describe('the keyboard of a screen', () => {
  test('sends keys by their place, a repeated one again', () => {
    const { log, keyboard } = setUp();

    keyboard.down({ code: 'KeyV' });
    keyboard.down({ code: 'KeyV' });
    keyboard.up({ code: 'KeyV' });

    expect(log).toEqual([
      { type: 'key', code: 'KeyV', down: true },
      { type: 'key', code: 'KeyV', down: true },
      { type: 'key', code: 'KeyV', down: false },
    ]);
  });

  test('is let go by the host key alone, which the guest never sees', () => {
    const { log, keyboard } = setUp();

    keyboard.down({ code: HOST_KEY });
    keyboard.down({ code: HOST_KEY });
    keyboard.up({ code: HOST_KEY });

    expect(log).toEqual(['let go']);
  });

  test('the host key with Delete is Ctrl+Alt+Del, and does not let go', () => {
    const { log, keyboard } = setUp();

    keyboard.down({ code: HOST_KEY });
    keyboard.down({ code: 'Delete' });
    keyboard.up({ code: 'Delete' });
    keyboard.up({ code: HOST_KEY });

    expect(log).toEqual([
      { type: 'chord', codes: ['ControlLeft', 'AltLeft', 'Delete'] },
      { type: 'key', code: 'Delete', down: false },
    ]);
  });

  test('the host key with F turns full screen on and off', () => {
    const { log, keyboard } = setUp();

    keyboard.down({ code: HOST_KEY });
    keyboard.down({ code: 'KeyF' });

    expect(log).toEqual(['command KeyF']);
  });

  test('losing the focus releases every key, the host key too', () => {
    const { log, keyboard } = setUp();
    keyboard.down({ code: HOST_KEY });

    keyboard.blur();
    keyboard.down({ code: 'KeyA' });

    expect(log).toEqual([{ type: 'release' }, { type: 'key', code: 'KeyA', down: true }]);
  });

  test('what an input method composes is no key', () => {
    const { log, keyboard } = setUp();

    keyboard.down({ code: '' });
    keyboard.up({ code: '' });

    expect(log).toEqual([]);
  });
});
