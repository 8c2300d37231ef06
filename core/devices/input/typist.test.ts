import { describe, expect, it } from 'vitest';
import { ManualClock, TimerQueue, advance } from '../../bus/index.ts';
import type { TypistInput } from '../../backends/index.ts';
import { loadState, saveState } from '../../state/index.ts';
import { parseKeyNames } from './key-names.ts';
import { Ps2KeyboardDevice } from './ps2-keyboard.ts';
import { KeyTypist, Typist } from './typist.ts';

class Desk {
  readonly clock = new ManualClock();
  readonly timers = new TimerQueue(this.clock);
  readonly reports: string[] = [];
  readonly events: string[] = [];
  /** False while the guest leaves a key in the keyboard's queue. */
  guestReads = true;
  /** The BIOS's key buffer. */
  bios = { tail: 0x1e, room: Infinity };
  #pending = false;
  readonly keyboard = {
    key: (code: string, down: boolean): boolean => {
      this.events.push(`${down ? '+' : '-'}${code}`);
      this.#pending = !this.guestReads;
      return true;
    },
    owner: this as Desk,
    get ready(): boolean {
      return !this.owner.#pending;
    },
  };
  readonly typist = new KeyTypist('typist', {
    timers: this.timers,
    keyboard: this.keyboard,
    biosKeyBuffer: () => this.bios,
    report: (message) => this.reports.push(message),
  });
  pass(ms: number): void {
    advance(this.clock, this.timers, this.clock.nowNs + ms * 1_000_000);
  }
  guestTakes(): void {
    this.guestReads = true;
    this.#pending = false;
  }
}

describe('typist', () => {
  it('types with Shift where the US layout needs it', () => {
    const desk = new Desk();

    desk.typist.type('a:\n');
    desk.pass(200);

    expect(desk.events.join(' ')).toBe('+KeyA -KeyA +ShiftLeft +Semicolon -Semicolon -ShiftLeft +Enter -Enter');
    expect(desk.typist.busy).toBe(false);
  });

  it('keeps a pace of about thirty milliseconds a key', () => {
    const desk = new Desk();

    desk.typist.type('abcd');
    desk.pass(60);

    expect(desk.events.filter((event) => event.startsWith('+'))).toEqual(['+KeyA', '+KeyB', '+KeyC']);
  });

  it('waits for a guest that does not read its keyboard', () => {
    const desk = new Desk();
    desk.guestReads = false;

    desk.typist.type('ab');
    desk.pass(10_000);
    expect(desk.events).toEqual(['+KeyA']);
    desk.guestTakes();
    desk.pass(200);

    expect(desk.events).toEqual(['+KeyA', '-KeyA', '+KeyB', '-KeyB']);
  });

  it('waits for a program that leaves its keys in the buffer of the BIOS', () => {
    const desk = new Desk();
    desk.bios = { tail: 0x1e, room: 2 };

    desk.typist.type('ab');
    desk.pass(5);
    desk.bios = { tail: 0x20, room: 1 };
    desk.pass(60_000);
    expect(desk.events).toEqual(['+KeyA', '-KeyA']);
    desk.bios = { tail: 0x20, room: 15 };
    desk.pass(100);

    expect(desk.events).toEqual(['+KeyA', '-KeyA', '+KeyB', '-KeyB']);
  });

  it('lets Ctrl+Alt+Del through to a program that takes no keys', () => {
    const desk = new Desk();
    desk.typist.type('a');
    desk.pass(100);
    desk.bios = { tail: 0x20, room: 0 };

    desk.typist.type('b');
    desk.pass(100);
    desk.typist.stop();
    desk.typist.chord(['ControlLeft', 'AltLeft', 'Delete']);
    desk.pass(100);

    expect(desk.events.slice(2, 5)).toEqual(['+ControlLeft', '+AltLeft', '+Delete']);
  });

  it('does not wait for a buffer of the BIOS that its guest does not use', () => {
    const desk = new Desk();
    desk.typist.type('a');
    desk.pass(100);
    desk.bios = { tail: 0x1e, room: 0 };

    desk.typist.type('bc');
    desk.pass(200);

    expect(desk.events.join(' ')).toBe('+KeyA -KeyA +KeyB -KeyB +KeyC -KeyC');
  });

  it('presses a chord in order and releases it in reverse', () => {
    const desk = new Desk();
    const typist: TypistInput = desk.typist;

    expect(typist.chord(['ControlLeft', 'AltLeft', 'Delete'])).toBe(true);
    expect(typist.busy).toBe(true);
    desk.pass(200);

    expect(desk.events.join(' ')).toBe('+ControlLeft +AltLeft +Delete -Delete -AltLeft -ControlLeft');
  });

  it('refuses a chord with a key that does not exist, whole', () => {
    const desk = new Desk();

    expect(desk.typist.chord(['ControlLeft', 'Nonsense'])).toBe(false);
    desk.pass(100);

    expect(desk.events).toEqual([]);
  });

  it('reports characters that it cannot type and goes on without them', () => {
    const desk = new Desk();

    desk.typist.type('é\u0001x');
    desk.pass(100);

    expect(desk.events).toEqual(['+KeyX', '-KeyX']);
    expect(desk.reports).toHaveLength(1);
    expect(desk.reports[0]).toContain('é');
  });

  it('reports what its queue has no room for', () => {
    const desk = new Desk();

    desk.typist.type('x'.repeat(65536 + 10));

    expect(desk.reports).toEqual(['too much to type at once: the last 10 characters are left out']);
  });

  it('stops when it is told to, with no key left down', () => {
    const desk = new Desk();

    desk.typist.type('Abcd');
    desk.pass(10);
    expect(desk.typist.waiting).toBe(3);
    desk.typist.stop();
    desk.pass(200);

    expect(desk.events.join(' ')).toBe('+ShiftLeft +KeyA -KeyA -ShiftLeft');
    expect(desk.typist.busy).toBe(false);
  });

  it('goes on typing after a snapshot is loaded', () => {
    const desk = new Desk();
    desk.typist.type('Ab');
    desk.pass(1);
    const other = new Desk();
    other.clock.nowNs = desk.clock.nowNs;

    expect(loadState(Typist, other.typist.state, saveState(Typist, desk.typist.state)).ok).toBe(true);
    other.typist.postLoad();
    other.pass(500);

    expect([...desk.events, ...other.events].join(' ')).toBe('+ShiftLeft +KeyA -KeyA -ShiftLeft +KeyB -KeyB');
  });

  it('never overruns a real keyboard, whatever is pressed together', () => {
    const clock = new ManualClock();
    const timers = new TimerQueue(clock);
    const keyboard = new Ps2KeyboardDevice('keyboard');
    const typist = new KeyTypist('typist', {
      timers,
      keyboard,
      biosKeyBuffer: () => ({ tail: 0x1e, room: 15 }),
      report: () => {},
    });
    let codes = 0;

    typist.chord(['Home', 'End', 'Insert', 'Delete', 'PageUp', 'PageDown', 'ArrowUp', 'ArrowDown']);
    for (let ms = 0; ms < 500; ms++) {
      advance(clock, timers, ms * 1_000_000);
      expect(keyboard.state.overrun).toBe(false);
      if (ms % 10 === 0) for (let byte = keyboard.take(); byte !== undefined; byte = keyboard.take()) codes++;
    }

    expect(codes).toBe(8 * 2 + 8 * 3);
    expect(typist.busy).toBe(false);
  });
});

describe('parseKeyNames', () => {
  it.each([
    ['ctrl+alt+del', ['ControlLeft', 'AltLeft', 'Delete']],
    ['F2', ['F2']],
    ['enter', ['Enter']],
    ['Esc', ['Escape']],
    ['left', ['ArrowLeft']],
    ['alt+f4', ['AltLeft', 'F4']],
    ['a', ['KeyA']],
    ['A', ['ShiftLeft', 'KeyA']],
    ['ctrl+C', ['ControlLeft', 'ShiftLeft', 'KeyC']],
    ['+', ['ShiftLeft', 'Equal']],
    ['ctrl++', ['ControlLeft', 'ShiftLeft', 'Equal']],
    ['shift+?', ['ShiftLeft', 'Slash']],
    ['NumpadAdd', ['NumpadAdd']],
    ['numpad5', ['Numpad5']],
    ['ctrl + x', ['ControlLeft', 'KeyX']],
    [' ', ['Space']],
  ])('reads %j', (text, codes) => {
    expect(parseKeyNames(text)).toEqual({ ok: true, value: codes });
  });

  it.each([
    ['', 'key.empty'],
    ['   ', 'key.empty'],
    ['hyper+x', 'key.unknown'],
    ['ctrl+', 'key.unknown'],
    ['constructor', 'key.unknown'],
  ])('refuses %j with %s', (text, code) => {
    expect(parseKeyNames(text)).toMatchObject({ ok: false, error: { code } });
  });
});
