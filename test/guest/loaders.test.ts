/** Boot loaders and other programs that need no system: GRUB, iPXE, memtest86+. */
import { expect, test } from 'vitest';
import { debianFile } from '../fixtures/debian-package.ts';
import { reportWithin } from './terrarium.ts';

const LIMIT_SECONDS = 400;
const LIMIT_MS = 450_000;
const run = (...args: readonly string[]) => reportWithin(LIMIT_SECONDS, ['--clock', 'virtual', ...args]);

test(
  'GRUB starts from its rescue disc, shows its menu, and lists the drives and memory that it sees',
  async () => {
    const disc = await debianFile('grub-rescue-pc', 'usr/lib/grub-rescue/grub-rescue-cdrom.iso');

    const { screen } = await run(
      ...['--cdrom', disc, '--memory', '64', '--until', 'GNU GRUB', '--type', 'c', '--until', 'grub>'],
      ...['--type', 'ls\\n', '--until', String.raw`\(cd0?\)`, '--until', 'grub>'],
      ...['--type', 'lsmmap\\n', '--until', 'available RAM'],
    );

    expect(screen.join('\n')).toMatch(/base_addr = 0x100000, length = 0x3efc000, available RAM/);
  },
  LIMIT_MS,
);

test(
  'iPXE starts from its disc and answers in its shell',
  async () => {
    const disc = await debianFile('ipxe', 'usr/lib/ipxe/ipxe.iso');

    const { screen } = await run(
      ...['--cdrom', disc, '--memory', '64', '--until', 'Ctrl-B', '--key', 'ctrl+b', '--until', '^iPXE>'],
      ...['--type', 'echo this is ${platform} ${buildarch}\\n', '--until', '^this is .*'],
    );

    expect(screen.join('\n')).toMatch(/^this is pcbios i386$/m);
  },
  LIMIT_MS,
);

test(
  'memtest86+ goes through its first tests without an error',
  async () => {
    const disc = await debianFile('memtest86+', 'usr/lib/memtest86+/memtest86+ia32.iso');

    const { screen } = await run('--cdrom', disc, '--memory', '16', '--until', String.raw`Test #[4-9] `);

    expect(screen.join('\n')).toMatch(/Errors: 0/);
    expect(screen.join('\n')).toMatch(/Memory *: *1[56](\.\d+)?MB/);
  },
  LIMIT_MS,
);
