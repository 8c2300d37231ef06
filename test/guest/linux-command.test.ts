/** Linux as a user of the command starts it: on the host's clock, with all that the kernel does by itself. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { unpackKernel } from '../../main/vm-host/unpack-kernel.ts';
import { sessionGuest } from '../fixtures/linux-guests.ts';
import { startInteractive } from './terrarium.ts';

test('terrarium run --kernel: a session over --serial stdio writes to a disk image and powers off, which ends the command', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-'));
  let child: ChildProcess | undefined;
  try {
    const image = path.join(folder, 'disk.img');
    writeFileSync(image, '');
    truncateSync(image, 8 << 20);
    const { kernel, initrd } = await sessionGuest();
    // Else it would unpack itself, and nobody would notice but by the time that it takes.
    expect((await unpackKernel(readFileSync(kernel)))?.length).toBeGreaterThan(10 << 20);
    const command = startInteractive(
      ...['run', '--kernel', kernel, '--initrd', initrd, '--append', 'console=ttyS0', '--memory', '96'],
      ...['--disk', image, '--write', '--serial', 'stdio'],
    );
    child = command;
    let output = '';
    let sent = false;
    command.stdout.setEncoding('latin1').on('data', (text: string) => {
      output += text;
      if (sent || !/BOOT-OK[^]*\/ # /.test(output)) return;
      sent = true;
      command.stdin.write('echo from the guest >/dev/sda; sleep 1; sync; poweroff -f\n');
    });

    const exit = await new Promise((resolve) => command.on('close', resolve));

    expect(output).toContain('reboot: Power down');
    expect(exit).toBe(0);
    expect(readFileSync(image).toString('latin1', 0, 15)).toBe('from the guest\n');
  } finally {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}, 600_000);
