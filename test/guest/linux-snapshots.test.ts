/** Linux with a mounted disk under snapshots, restores, forks and a save: one boot, shared by all tests in order. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageFixture } from '../fixtures/disk-images.ts';
import { sessionGuest } from '../fixtures/linux-guests.ts';
import { CommandLibrary } from './library.ts';

const TIMEOUT_MS = 600_000;
const library = new CommandLibrary();
const terrarium = (...args: string[]): Promise<unknown> => library.terrarium(...args);
let marks = 0;

/** Types a command at the shell on the screen, and returns what it printed. */
async function sh(machine: string, command: string): Promise<string> {
  const mark = `done-${++marks}`;
  // In two pieces, so that what is typed is not taken for what is printed.
  await terrarium('type', machine, `clear; ${command}; echo done""-${marks}\\n`);
  await library.wait(machine, `^${mark}$`, 300);
  // What was typed went with the clearing.
  const lines = (await library.rows(machine)).split('\n');
  return lines.slice(0, lines.indexOf(mark)).join('\n');
}

const answer = async (machine: string, command: string): Promise<string> =>
  (await sh(machine, command)).split('\n').at(-1)!;

beforeAll(async () => {
  const { kernel, initrd } = await sessionGuest();
  await terrarium(
    ...['create', 'linux', '--memory', '96', '--disk', '32M'],
    ...['--kernel', kernel, '--initrd', initrd, '--append', 'console=tty0 console=ttyS0 cryptomgr.notests'],
  );
  await terrarium('start', 'linux', '--headless');
  await library.wait('linux', 'BOOT-OK i686', 300);
  await library.wait('linux', '^/ #', 300);
  await sh('linux', 'mke2fs -F /dev/sda >/dev/null; mount -t ext4 /dev/sda /mnt; echo one >/mnt/file; sync');
}, TIMEOUT_MS);
afterAll(() => library.dispose());

test(
  'a restored snapshot has memory and disk of its instant, files that were not yet written to the disk included',
  async () => {
    await sh('linux', 'echo unsynced >/mnt/late; X=kept');
    await terrarium('snapshot', 'take', 'linux', 'one');
    await sh('linux', 'echo two >/mnt/file; rm /mnt/late; sync; X=lost');
    await terrarium('stop', 'linux');

    await terrarium('snapshot', 'restore', 'linux', 'one');
    await terrarium('start', 'linux', '--headless');

    expect(await answer('linux', 'cat /mnt/file /mnt/late | tr "\\n" " "; echo $X')).toBe('one unsynced kept');
    expect(await answer('linux', 'umount /mnt; e=$(mount -t ext4 /dev/sda /mnt 2>&1); cat /mnt/late')).toBe('unsynced');
  },
  TIMEOUT_MS,
);

test(
  'forks answer apart, each with its own disk and its own UUID, and the original goes on',
  async () => {
    for (const name of ['left', 'right']) await terrarium('fork', 'linux', name);

    for (const name of ['linux', 'left', 'right']) await sh(name, `echo ${name} >/mnt/file; sync`);

    for (const name of ['linux', 'left', 'right']) expect(await answer(name, 'cat /mnt/file')).toBe(name);
    const { config } = (await terrarium('info', 'left')) as { config: { id: string } };
    await terrarium('stop', 'left');
    await terrarium('stop', 'right', '--save');
    await terrarium('start', 'right', '--headless');
    expect(await answer('right', 'cat /mnt/file')).toBe('right');
    expect(config.id).not.toBe(((await terrarium('info', 'linux')) as { config: { id: string } }).config.id);
  },
  TIMEOUT_MS,
);

test(
  'the guest reads the UUID of its machine from SMBIOS',
  async () => {
    const { config } = (await terrarium('info', 'linux')) as { config: { id: string } };
    expect(await answer('linux', 'cat /sys/class/dmi/id/product_uuid')).toBe(config.id);
  },
  TIMEOUT_MS,
);

test(
  'a CD that the guest has locked into its drive stays unless it is forced, and another takes its place',
  async () => {
    const disc = join(library.folder, 'disc.iso');
    writeFileSync(disc, imageFixture('iso9660.raw'));
    await terrarium('media', 'attach', 'linux', disc);
    await sh('linux', 'mkdir -p /tmp/cd; mount -t iso9660 -o ro /dev/sr0 /tmp/cd');
    await expect(terrarium('media', 'eject', 'linux', '--drive', 'cdrom')).rejects.toThrow('drive.locked');
    expect(await answer('linux', 'ls /tmp/cd >/dev/null && echo there')).toBe('there');

    await terrarium('media', 'eject', 'linux', '--drive', 'cdrom', '--force');

    expect(await answer('linux', 'umount /tmp/cd; mount /dev/sr0 /tmp/cd 2>/dev/null || echo empty')).toBe('empty');
    await terrarium('media', 'attach', 'linux', disc);
    expect(await answer('linux', 'mount -t iso9660 -o ro /dev/sr0 /tmp/cd && umount /tmp/cd && echo again')).toBe(
      'again',
    );
    await terrarium('media', 'eject', 'linux', '--drive', 'cdrom');
  },
  TIMEOUT_MS,
);

test(
  'after all of it the library is clean',
  async () => {
    for (const name of ['linux', 'right']) await terrarium('stop', name);
    await terrarium('store', 'gc');
    expect(await terrarium('store', 'check')).toMatchObject({ problems: [] });
  },
  TIMEOUT_MS,
);
