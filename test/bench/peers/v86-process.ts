/**
 * A process that runs v86: its one argument is V86Run as JSON. Serial output goes to standard output; a line on standard
 * input is a pattern, answered with "screen matches" when the text screen shows it; or "state": the state is saved twice
 * and restored, which is answered with the times and the bytes.
 */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';
import { V86 } from 'v86';
import type { V86Run } from './v86.ts';

const { memoryMiB, jit, floppy, linux } = JSON.parse(process.argv[2] ?? '{}') as V86Run;
const seabios = '/usr/share/seabios';

function file(name: string): { buffer: ArrayBuffer } {
  return { buffer: new Uint8Array(fs.readFileSync(name)).buffer };
}

const rows: string[] = Array.from({ length: 25 }, () => ' '.repeat(80));
let until: RegExp | undefined;

function look(): void {
  if (!until?.test(rows.join('\n'))) return;
  until = undefined;
  process.stdout.write('\nscreen matches\n');
}

const emulator = new V86({
  wasm_path: path.join(path.dirname(createRequire(import.meta.url).resolve('v86')), 'v86.wasm'),
  bios: file(path.join(seabios, 'bios.bin')),
  vga_bios: file(path.join(seabios, 'vgabios-stdvga.bin')),
  ...(floppy !== undefined && { fda: file(floppy), boot_order: 0x321 }),
  ...(linux && { bzimage: file(linux.kernel), initrd: file(linux.initrd), cmdline: linux.commandLine }),
  memory_size: memoryMiB << 20,
  disable_jit: !jit,
  disable_speaker: true,
  fastboot: true,
  autostart: true,
});
emulator.add_listener('serial0-output-byte', (byte) => process.stdout.write(String.fromCharCode(byte)));
emulator.add_listener('screen-put-char', ([row, column, code]) => {
  const line = rows[row];
  if (line === undefined) return;
  rows[row] = line.slice(0, column) + String.fromCharCode(code) + line.slice(column + 1);
  look();
});
async function measureStates(): Promise<void> {
  const timed = async <T>(action: () => Promise<T>): Promise<readonly [T, number]> => {
    const startMs = performance.now();
    const value = await action();
    return [value, performance.now() - startMs];
  };
  const [, saveMs] = await timed(() => emulator.save_state());
  const [state, againMs] = await timed(() => emulator.save_state());
  const [, restoreMs] = await timed(() => emulator.restore_state(state));
  process.stdout.write(`\nSTATE ${JSON.stringify({ saveMs, againMs, restoreMs, bytes: state.byteLength })}\n`);
}

readline.createInterface(process.stdin).on('line', (source) => {
  if (source === 'state') return void measureStates();
  until = new RegExp(source, 'm');
  look();
});
