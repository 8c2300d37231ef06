import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Machine } from '../../core/machine/machine.ts';
import { attachScreen, attachSerial } from './terminal.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

function surroundings(rows: string[]) {
  let written = '';
  const raw: boolean[] = [];
  const typed: unknown[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (mode: boolean) => raw.push(mode) });
  const machine = {
    display: { text: () => rows, frame: { width: 720, height: 400 } },
    typist: { type: (text: string) => typed.push(text), chord: (codes: string[]) => typed.push(codes) > 0 },
    serial: [{ receive: (data: Uint8Array) => typed.push([...data]) }],
  } as unknown as Machine;
  const io = {
    stdin,
    stdout: { write: (text: string | Uint8Array) => (written += String(text)), isTTY: true, rows: 25, columns: 20 },
    stderr: { write() {} },
    onSignal: () => () => {},
  };
  return { machine, io, stdin, raw, typed, take: () => [written, (written = '')][0] };
}

test('the live screen writes the rows that changed, and nothing that would command the terminal', () => {
  const rows = ['FreeDOS', '\x1b[2Jevil', 'x'.repeat(40)];
  const { machine, io, take } = surroundings(rows);
  const screen = attachScreen(
    machine,
    io,
    () => {},
    () => {},
  );
  take();
  vi.advanceTimersByTime(40);
  expect(take()).toBe(`\x1b[1;1HFreeDOS\x1b[K\x1b[2;1H [2Jevil\x1b[K\x1b[3;1H${'x'.repeat(20)}\x1b[K`);
  rows[0] = 'A:\\>';
  vi.advanceTimersByTime(40);
  expect(take()).toBe('\x1b[1;1HA:\\>\x1b[K');
  vi.advanceTimersByTime(40);
  expect(take()).toBe('');
  screen.dispose();
});

test('the terminal is raw while the screen is live, and given back after it', () => {
  const { machine, io, raw, take } = surroundings([]);
  attachScreen(
    machine,
    io,
    () => {},
    () => {},
  ).dispose();
  expect(raw).toEqual([true, false]);
  expect(take()).toMatch(/\x1b\[\?25h\x1b\[\?1049l$/);
});

test('keys reach the guest and wake it; Ctrl+A x quits, Ctrl+A twice sends one', () => {
  const { machine, io, stdin, typed } = surroundings([]);
  const wake = vi.fn();
  const quit = vi.fn();
  const screen = attachScreen(machine, io, wake, quit);
  stdin.emit('data', Buffer.from('v\r'));
  expect(typed).toEqual(['v', ['Enter']]);
  expect(wake).toHaveBeenCalledTimes(1);
  stdin.emit('data', Buffer.from('\x01\x01'));
  expect(typed.at(-1)).toEqual(['ControlLeft', 'KeyA']);
  expect(quit).not.toHaveBeenCalled();
  stdin.emit('data', Buffer.from('\x01'));
  stdin.emit('data', Buffer.from('x'));
  expect(quit).toHaveBeenCalledTimes(1);
  screen.dispose();
});

test('from a pipe every byte reaches the serial port', () => {
  const { machine, io, stdin, typed } = surroundings([]);
  stdin.isTTY = false;
  const serial = attachSerial(
    machine,
    io,
    () => {},
    () => {},
  );
  stdin.emit('data', Buffer.from('\x01x\x03'));
  expect(typed).toEqual([[1, 0x78, 3]]);
  serial.dispose();
});
