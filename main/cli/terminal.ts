import { toDisposable, type Disposable } from '../../core/base/index.ts';
import type { Machine } from '../../core/machine/machine.ts';
import type { CliIo } from './io.ts';
import { TerminalKeys } from './terminal-keys.ts';

const REFRESH_MS = 33;
const ESCAPE = '\x1b';
const ENTER_SCREEN = `${ESCAPE}[?1049h${ESCAPE}[?25l${ESCAPE}[2J`;
const LEAVE_SCREEN = `${ESCAPE}[?25h${ESCAPE}[?1049l`;

/** Raw bytes from the terminal; gives the terminal back when disposed of. */
function readRaw(io: CliIo, listener: (data: Buffer) => void): Disposable {
  const { stdin } = io;
  if (stdin.isTTY) stdin.setRawMode?.(true);
  stdin.on('data', listener);
  stdin.resume();
  return toDisposable(() => {
    stdin.off('data', listener);
    if (stdin.isTTY) stdin.setRawMode?.(false);
    stdin.pause();
  });
}

/** Ctrl+A x ends the command, Ctrl+A Ctrl+A sends one Ctrl+A: as QEMU has it. */
function escapeFilter(send: (data: Uint8Array) => void, quit: () => void): (data: Uint8Array) => void {
  let escaped = false;
  return (data) => {
    const out: number[] = [];
    for (const byte of data) {
      if (escaped) {
        escaped = false;
        if (byte === 0x78 || byte === 0x58) return quit();
        out.push(byte);
      } else if (byte === 0x01) escaped = true;
      else out.push(byte);
    }
    if (out.length > 0) send(Uint8Array.from(out));
  };
}

/** Standard input to the first serial port. On a terminal Ctrl+A x quits; from a pipe every byte passes. */
export function attachSerial(machine: Machine, io: CliIo, wake: () => void, quit: () => void): Disposable {
  const send = (data: Uint8Array): void => {
    machine.serial[0]?.receive(data);
    wake();
  };
  const filtered = io.stdin.isTTY ? escapeFilter(send, quit) : send;
  return readRaw(io, (data) => filtered(new Uint8Array(data)));
}

/** The text screen live on the terminal, its keys to the guest. Rows are written only when they changed. */
export function attachScreen(machine: Machine, io: CliIo, wake: () => void, quit: () => void): Disposable {
  let shown: readonly string[] = [];
  const keys = new TerminalKeys(machine);
  const draw = (): void => {
    const { width, height } = machine.display.frame;
    const screen = machine.display.text() ?? [`[graphics mode ${width} x ${height}]`];
    // A terminal that does not know its size says 0.
    const columns = io.stdout.columns || Infinity;
    const rows = screen.slice(0, io.stdout.rows || Infinity).map((row) => printable(row).slice(0, columns).trimEnd());
    const out: string[] = [];
    for (let row = 0; row < Math.max(rows.length, shown.length); row++)
      if (rows[row] !== shown[row]) out.push(`${ESCAPE}[${row + 1};1H${rows[row] ?? ''}${ESCAPE}[K`);
    shown = rows;
    if (out.length > 0) io.stdout.write(out.join(''));
  };
  io.stdout.write(ENTER_SCREEN);
  const timer = setInterval(draw, REFRESH_MS);
  const filtered = escapeFilter((data) => {
    keys.receive(data);
    wake();
  }, quit);
  const input = readRaw(io, (data) => filtered(new Uint8Array(data)));
  return toDisposable(() => {
    clearInterval(timer);
    input.dispose();
    draw();
    io.stdout.write(LEAVE_SCREEN);
  });
}

/** What a guest shows is no command to the terminal. */
const printable = (row: string): string => row.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ');
