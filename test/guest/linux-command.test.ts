/** Linux as a user of the command starts it. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { benchGuest, sessionGuest } from '../fixtures/linux-guests.ts';
import { COMMAND_LINE } from './linux.ts';
import { startInteractive, terrarium } from './terrarium.ts';

const TIMEOUT_MS = 600_000;

test(
  'terrarium run --kernel starts Debian’s kernel, with all it does by itself, to its initial RAM disk',
  async () => {
    const { kernel, initrd } = await benchGuest();

    const { exit, stdout, stderr } = await terrarium(
      ...['run', '--kernel', kernel, '--initrd', initrd, '--append', 'console=ttyS0', '--memory', '128'],
      ...['--until', 'BOOT-OK i686', '--timeout', '500', '--json'],
    );

    expect(stderr).toBe('');
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ matches: [{ until: 'BOOT-OK i686' }], exit: 0 });
  },
  TIMEOUT_MS,
);

test(
  'a session over --serial stdio writes to a disk image and powers off: the command ends with 0',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'terrarium-'));
    try {
      const image = path.join(folder, 'disk.img');
      writeFileSync(image, '');
      truncateSync(image, 8 << 20);
      const { kernel, initrd } = await sessionGuest();
      const child = startInteractive(
        ...['run', '--kernel', kernel, '--initrd', initrd, '--append', COMMAND_LINE, '--memory', '96'],
        ...['--disk', image, '--write', '--serial', 'stdio'],
      );
      let output = '';
      let sent = false;
      child.stdout.setEncoding('latin1').on('data', (text: string) => {
        output += text;
        if (sent || !/BOOT-OK[^]*\/ # /.test(output)) return;
        sent = true;
        child.stdin.write('echo from the guest >/dev/sda; sync; poweroff -f\n');
      });

      const exit = await new Promise((resolve) => child.on('close', resolve));

      expect(output).toContain('reboot: Power down');
      expect(exit).toBe(0);
      expect(readFileSync(image).toString('latin1', 0, 15)).toBe('from the guest\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  TIMEOUT_MS,
);
