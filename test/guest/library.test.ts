import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { machineConfigSchema } from '../../core/contract/index.ts';
import { openLibrary } from '../../core/store/index.ts';
import { guestImage } from '../fixtures/guests.ts';
import { CommandLibrary } from './library.ts';

/** FreeDOS in a library, by the command line alone: every machine is a process of its own. */
const library = new CommandLibrary();
const { folder } = library;
afterAll(() => library.dispose());

const terrarium = (...args: string[]): Promise<unknown> => library.terrarium(...args);
const wait = (name: string, until: string): Promise<unknown> => library.wait(name, until);
const rows = (name: string): Promise<string> => library.rows(name);

/** As the settings' storage page does it. */
function setFloppyMode(libraryFolder: string, name: string, mode: 'immutable' | 'write-through' | undefined): void {
  const opened = openLibrary(libraryFolder);
  if (!opened.ok) throw new Error(opened.error.message);
  const { database } = opened.value;
  const text = database.prepare('SELECT config FROM machine WHERE name = ?').pluck().get(name) as string;
  const config = machineConfigSchema.parse(JSON.parse(text));
  const floppies = config.floppies.map((floppy) => floppy && { path: floppy.path, writable: true, mode });
  const changed = JSON.stringify(machineConfigSchema.parse({ ...config, floppies }));
  database.prepare('UPDATE machine SET config = ? WHERE name = ?').run(changed, name);
  opened.value.dispose();
}

test('a machine runs headless, answers on its socket alone, and is not started twice', async () => {
  await terrarium('create', 'dos', '--memory', '16', '--floppy', guestImage('freedos.img'), '--disk', '20M');
  await terrarium('start', 'dos', '--headless');
  expect(await wait('dos', 'A:\\\\>')).toEqual({ matched: true });
  expect(await terrarium('type', 'dos', 'echo')).toEqual({});
  expect(await terrarium('key', 'dos', 'shift+a', 'enter')).toEqual({});
  await wait('dos', 'echoA');
  const screen = await terrarium('screen', 'dos');
  expect(screen).toMatchObject({ rows: expect.any(Array) as unknown, width: 720, height: 400 });

  const [socket] = readdirSync(join(folder, 'run')).filter((file) => file.endsWith('.sock'));
  if (socket !== undefined) expect(statSync(join(folder, 'run', socket)).mode & 0o777).toBe(0o600);
  await expect(terrarium('start', 'dos')).rejects.toThrow('machine.running');
  await expect(terrarium('stop', 'dos', '--acpi')).rejects.toThrow('status 5: terrarium: machine.no-acpi');
  await expect(terrarium('type', 'dos', 'dé')).rejects.toThrow('a US keyboard cannot type é');
  await expect(terrarium('remove', 'dos')).rejects.toThrow('machine.running');
});

test('a fork goes on from the same instant, with disks of its own', async () => {
  await terrarium('snapshot', 'take', 'dos', 'clean');
  await terrarium('type', 'dos', 'echo first > new.txt\\nver\\n');
  await wait('dos', 'FreeCom version');
  const { machine, captured } = (await terrarium('fork', 'dos', 'twin')) as {
    machine: { config: { name: string }; status: { state: string } };
    captured: { addedBytes: number; pauseMs: number };
  };
  expect([machine.config.name, machine.status.state, captured.pauseMs > 0]).toEqual(['twin', 'running', true]);
  // Its memory is in the library but for what was written since the snapshot.
  expect(captured.addedBytes).toBeLessThan(1 << 20);

  await terrarium('type', 'twin', 'del new.txt\\ndir new.txt\\n');
  await wait('twin', 'File not found');
  await terrarium('type', 'dos', 'cls\\ntype new.txt\\n');
  await wait('dos', '^first');
});

test('a machine that runs or is paused is cloned from a snapshot, and not as it is now', async () => {
  const named = 'stop it, name a snapshot, or fork the machine';
  await expect(terrarium('clone', 'dos', 'running clone')).rejects.toThrow(named);
  expect(await terrarium('pause', 'dos')).toMatchObject({ status: { state: 'paused' } });
  await expect(terrarium('clone', 'dos', 'paused clone')).rejects.toThrow(named);

  expect(await terrarium('clone', 'dos', 'paused clone', '--snapshot', 'clean')).toMatchObject({
    config: { name: 'paused clone' },
    status: { state: 'stopped' },
  });

  expect(await terrarium('resume', 'dos')).toMatchObject({ status: { state: 'running' } });
  await terrarium('remove', 'paused clone');
});

test('an ephemeral machine goes on from a snapshot beside the machine itself, and leaves nothing behind', async () => {
  const before = await terrarium('media', 'list');

  const run = (await terrarium(
    ...['run', '--from', 'clean', '--timeout', '120'],
    ...['--type', 'cls\\ndir new.txt\\n', '--until', 'File not found'],
    ...['--type', 'echo second > new.txt\\ntype new.txt\\n', '--until', '^second'],
  )) as { exit: number; matches: { ms: number }[] };

  expect(run.exit).toBe(0);
  await terrarium('type', 'dos', 'cls\\ntype new.txt\\n');
  await wait('dos', '^first');
  expect(await terrarium('media', 'list')).toEqual(before);
  expect(readdirSync(join(folder, 'run')).filter((file) => file.endsWith('.undo'))).toEqual([]);
});

test('the floppy of a running machine is changed, and a snapshot knows which one was in the drive', async () => {
  await terrarium('media', 'attach', 'dos', guestImage('freedos.img'));
  await terrarium('type', 'dos', 'cls\\ndir new.txt\\n');
  await wait('dos', 'File not found');
  await terrarium('snapshot', 'take', 'dos', 'other floppy');

  await terrarium('media', 'eject', 'dos');
  await terrarium('media', 'attach', 'dos', 'dos floppy0', '--writable');
  await terrarium('type', 'dos', 'cls\\ntype new.txt\\n');
  await wait('dos', '^first');

  const { config } = (await terrarium('info', 'dos')) as {
    config: { floppies: { path: string; writable: boolean }[] };
  };
  expect(config.floppies).toEqual([{ path: expect.stringMatching(/^medium:/) as string, writable: true }]);
  await terrarium('snapshot', 'delete', 'dos', 'other floppy');
});

test('a saved machine goes on where it was, in a new process', async () => {
  await terrarium('type', 'twin', 'cls\\nset MARK=kept\\n');
  await wait('twin', 'MARK=kept');
  await terrarium('stop', 'twin', '--save');
  await expect(terrarium('screen', 'twin')).rejects.toThrow('machine.not-running');
  await expect(terrarium('media', 'eject', 'twin')).rejects.toThrow('saved in the middle of its work');

  await terrarium('start', 'twin');

  expect(await rows('twin')).toContain('set MARK=kept');
  await terrarium('type', 'twin', 'echo [%MARK%]\\n');
  await wait('twin', '\\[kept\\]');
  await terrarium('stop', 'twin');
});

test('a restore brings memory and disks back, a deletion in the middle of the tree leaves the others whole', async () => {
  await terrarium('snapshot', 'take', 'dos', 'middle');
  await terrarium('snapshot', 'take', 'dos', 'last');
  await terrarium('stop', 'dos');
  await terrarium('snapshot', 'delete', 'dos', 'middle');
  await terrarium('store', 'gc');

  await terrarium('snapshot', 'restore', 'dos', 'clean', '--keep', 'before');
  await terrarium('start', 'dos');
  await terrarium('type', 'dos', 'dir new.txt\\n');
  await wait('dos', 'File not found');

  await terrarium('stop', 'dos');
  await terrarium('snapshot', 'restore', 'dos', 'last');
  await terrarium('start', 'dos');
  await terrarium('type', 'dos', 'cls\\ntype new.txt\\n');
  await wait('dos', '^first');
  await terrarium('stop', 'dos');
  const { snapshots } = (await terrarium('snapshot', 'list', 'dos')) as {
    snapshots: { name: string; hasPicture: boolean; current: boolean }[];
  };
  expect(snapshots.map(({ name }) => name)).toEqual(['clean', 'last', 'before']);
  expect(snapshots.find(({ current }) => current)?.name).toBe('last');
  expect(snapshots[0].hasPicture).toBe(true);
});

test('a throw-away session, an immutable disk and a snapshot without memory end as they were', async () => {
  const begin = async (...how: string[]): Promise<void> => {
    await terrarium('start', 'dos', ...how);
    await wait('dos', 'A:\\\\>');
    await terrarium('type', 'dos', 'cls\\ntype new.txt\\n');
    await wait('dos', '^first');
  };
  const spoil = async (): Promise<void> => {
    await terrarium('type', 'dos', 'cls\\necho spoilt > new.txt\\ntype new.txt\\n');
    await wait('dos', '^spoilt');
  };

  const goesOnSaved = async (contents: string): Promise<void> => {
    await terrarium('stop', 'dos', '--save');
    await terrarium('start', 'dos');
    // What the session goes on from is nobody else's: the saved state is gone.
    await terrarium('store', 'gc');
    await terrarium('type', 'dos', 'cls\\ntype new.txt\\n');
    await wait('dos', `^${contents}`);
  };

  await begin('--throw-away');
  await spoil();
  await terrarium('snapshot', 'take', 'dos', 'spoilt');
  await terrarium('type', 'dos', 'cls\\necho worse > new.txt\\ntype new.txt\\n');
  await wait('dos', '^worse');
  await goesOnSaved('worse');
  await terrarium('stop', 'dos');

  setFloppyMode(folder, 'dos', 'immutable');
  await begin();
  await spoil();
  await terrarium('snapshot', 'take', 'dos', 'immutable');
  await goesOnSaved('spoilt');
  await terrarium('fork', 'dos', 'twin2');
  await terrarium('stop', 'dos');
  await terrarium('type', 'twin2', 'cls\\ntype new.txt\\n');
  await wait('twin2', '^spoilt');
  await terrarium('stop', 'twin2');
  await terrarium('snapshot', 'restore', 'dos', 'immutable');
  await terrarium('start', 'dos');
  await terrarium('type', 'dos', 'cls\\ntype new.txt\\n');
  await wait('dos', '^spoilt');
  await terrarium('stop', 'dos');
  await terrarium('remove', 'twin2');

  setFloppyMode(folder, 'dos', undefined);
  await begin();
  await terrarium('snapshot', 'take', 'dos', 'disks alone', '--no-memory');
  await spoil();
  await terrarium('stop', 'dos');
  await terrarium('snapshot', 'restore', 'dos', 'disks alone');
  await begin();
  await terrarium('stop', 'dos');
  await terrarium('snapshot', 'delete', 'dos', 'disks alone');
  await terrarium('snapshot', 'restore', 'dos', 'spoilt');
  setFloppyMode(folder, 'dos', 'write-through');
  await terrarium('start', 'dos');
  await terrarium('type', 'dos', 'cls\\ntype new.txt\\n');
  await wait('dos', '^spoilt');
  await terrarium('snapshot', 'take', 'dos', 'through');
  await terrarium('type', 'dos', 'cls\\necho written through > new.txt\\ntype new.txt\\n');
  await wait('dos', '^written through');
  await terrarium('stop', 'dos');

  await terrarium('snapshot', 'restore', 'dos', 'through');

  const file = join(folder, 'through.img');
  await terrarium('media', 'export', 'dos floppy0', file);
  expect(readFileSync(file).includes('written through \r\n')).toBe(true);
});

test('a clone does not need the original, and the library is clean when all is done', async () => {
  await terrarium('clone', 'dos', 'copy', '--snapshot', 'last');
  const file = join(folder, 'export.img');
  await terrarium('media', 'export', 'copy floppy0', file);
  expect(existsSync(file)).toBe(true);
  await terrarium('remove', 'dos');
  await terrarium('store', 'gc');

  await terrarium('start', 'copy');
  await wait('copy', 'A:\\\\>');
  await terrarium('type', 'copy', 'type new.txt\\n');
  await wait('copy', '^first');
  await terrarium('stop', 'copy');

  expect(await terrarium('store', 'check')).toMatchObject({ problems: [] });
});
