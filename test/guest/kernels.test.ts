/** Kernels that the firmware starts by itself, other than Linux; and what Linux makes of processors that it is too new for. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { debianFile } from '../fixtures/debian-package.ts';
import { assemble } from './dos.ts';
import { Guest } from './guest.ts';
import { BOOT_LIMIT_MS, linuxConfig } from './linux.ts';
import { terrarium } from './terrarium.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const MODULES = [
  { name: 'first', bytes: text('one\0') },
  { name: 'second.img', bytes: text('another\0') },
];
/** Free memory of a machine of 16 MiB: 639 KiB, and all above 1 MiB but the ACPI tables. */
const ABOVE_1_MIB = 15 * 0x100000 - 0x4000;
const hex8 = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');
const FREE = hex8(639 * 1024 + ABOVE_1_MIB);

function saidBy(program: string): string[] {
  const guest = new Guest(undefined, {
    kernel: { image: assemble(program), modules: MODULES, commandLine: 'quiet root=/dev/fd0' },
  });
  guest.runUntil(() => guest.debug.endsWith('END\n'));
  return guest.debug.split('\n').slice(0, -2);
}

test('a Multiboot kernel gets its command line, modules, and the map of memory', () => {
  const said = saidBy('multiboot');

  expect(said).toEqual([
    ...['2BADB002', 'quiet root=/dev/fd0', hex8(ABOVE_1_MIB / 1024)],
    ...['first', 'one', 'second.img', 'another'],
    ...[FREE, '00000000'],
  ]);
});

test('an ELF kernel is entered where its PVH note says, and gets what a Multiboot kernel gets', () => {
  const said = saidBy('pvh');

  expect(said).toEqual([
    ...['336EC578', 'quiet root=/dev/fd0'],
    ...['first', 'one', 'second.img', 'another'],
    ...[hex8(0x20445352), FREE], // "RSD "
  ]);
});

test('BIOS32 leads to PCI BIOS, which answers in protected mode', () => {
  const said = saidBy('bios32');

  expect(said).toEqual(['8000', '20494350', '00000009', '70108086', '86']);
});

test('grub-invaders, a Multiboot kernel of Debian, starts and takes keys', async () => {
  const image = new Uint8Array(readFileSync(await debianFile('grub-invaders', 'boot/invaders.exec')));
  const guest = new Guest(undefined, { kernel: { image, commandLine: '' } });
  const ship = (): number => guest.rows.at(-1)!.indexOf('/ \\');
  guest.runUntil(/-\*--\*-/);
  guest.runUntil(() => ship() === 39);

  guest.machine.keyboard.key('ArrowLeft', true);

  guest.runUntil(() => ship() >= 0 && ship() < 39);
});

test.each([
  ['486', /requires an i586 CPU, but only detected an i486 CPU/],
  ['pentium', /requires the following features not present on the CPU:\s+cmov\s+Unable to boot/],
  ['pentium3', /x86\/fpu: x87 FPU will use FXSAVE/],
] as const)('Debian’s 686 kernel finds a processor of model %s as it is', async (cpuModel, message) => {
  const guest = new Guest(undefined, { ...(await linuxConfig('console=ttyS0 earlyprintk=serial')), cpuModel });

  guest.runUntil(() => message.test(guest.text) || message.test(guest.serial), BOOT_LIMIT_MS, 20);

  expect(guest.log).toEqual([]);
});

test('the command starts a Multiboot kernel with its modules', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-guest-'));
  try {
    const [kernel, module] = [path.join(folder, 'kernel'), path.join(folder, 'module')];
    writeFileSync(kernel, assemble('multiboot'));
    writeFileSync(module, 'content\0');

    const { stdout } = await terrarium(
      ...['run', '--kernel', kernel, '--initrd', module, '--append', 'from the command line', '--memory', '16'],
      ...['--serial', 'stdio', '--until', 'END', '--timeout', '60'],
    );

    expect(stdout).toContain('from the command line\n00003BF0\nmodule\ncontent\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
