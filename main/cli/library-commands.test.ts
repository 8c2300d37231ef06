import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockImage } from '../vm-host/image-lock.ts';
import { fakeFactory } from '../vm-host/testing/fake-machine.ts';
import { main } from './cli.ts';
import { HANDLERS } from './library-commands.ts';
import { COMMANDS } from './library-options.ts';
import { MEDIA_COMMANDS } from './media-options.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'terrarium-commands-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const terrarium = (...args: string[]): ReturnType<typeof run> => run(...args, '--library', folder);

async function run(...args: string[]): Promise<{ status: number; out: unknown; err: string }> {
  let out = '';
  let err = '';
  const status = await main([...args, '--json'], {
    io: {
      stdin: new PassThrough(),
      stdout: { write: (text) => (out += String(text)) },
      stderr: { write: (text) => (err += String(text)) },
      onSignal: () => () => {},
    },
    factory: fakeFactory,
  });
  return { status, out: JSON.parse(out) as unknown, err };
}

test('every command that the help names is there', () => {
  expect(Object.keys(HANDLERS).sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
});

test('every command takes --json, and answers what it does not understand with one object', async () => {
  const media = MEDIA_COMMANDS.map(({ name }) => `media ${name}`);
  for (const name of [...COMMANDS.map((command) => command.name), ...media, 'run', 'serve'])
    expect(await run(...name.split(' '), '--no-such-option'), name).toMatchObject({
      status: 2,
      out: { error: { code: 'args.invalid', message: expect.stringContaining('--no-such-option') as string } },
    });
});

test('an error is one JSON object on standard output, and its kind the exit status', async () => {
  const unknown = await terrarium('info', 'nobody');
  expect(unknown.status).toBe(5);
  expect(unknown.out).toEqual({
    error: { code: 'machine.unknown', message: expect.any(String) as string, hint: expect.any(String) as string },
  });
  expect(unknown.err).toMatch(/^terrarium: machine\.unknown: /);

  expect(await terrarium('create', 'x', '--memory', '0')).toMatchObject({ status: 2 });
  expect(await terrarium('media', 'import', join(folder, 'none.img'))).toMatchObject({
    status: 2,
    out: { error: { code: 'file.missing' } },
  });
  expect(await terrarium('create', 'x', '--template', 'linux64')).toMatchObject({
    status: 2,
    out: { error: { code: 'config.unavailable', message: expect.stringContaining('64-bit') as string } },
  });
  expect(await terrarium('run', '--from', 'nobody/nothing')).toMatchObject({ status: 5 });
  expect(await terrarium('run', '--from', 'x/y', '--memory', '64')).toMatchObject({
    status: 2,
    out: { error: { code: 'args.invalid' } },
  });
});

test.each([
  [['create', 'x', '--cdrom', 'none.iso'], 2, 'file.missing'],
  [['create', 'x', '--kernel', 'none'], 2, 'file.missing'],
  [['create', 'x', '--disk', '10X'], 2, 'args.invalid'],
  [['disk', 'create', 'x', '0'], 2, 'store.size'],
  [['disk', 'create', 'x', '3T'], 2, 'store.size'],
  [['snapshot', 'take', 'x', 'one', 'two'], 2, 'args.invalid'],
  [['stop', 'x', '--save', '--acpi'], 2, 'args.invalid'],
])('%j is refused before anything is made', async (args, status, code) => {
  expect(await terrarium(...args)).toMatchObject({ status, out: { error: { code } } });
  expect(await terrarium('media', 'list')).toMatchObject({ out: { media: [] } });
  expect(await terrarium('list')).toMatchObject({ out: { machines: [] } });
});

test('a new disk forgets at power-off, or is left out of snapshots, as the option after it says', async () => {
  const made = await terrarium(
    ...['create', 'modes', '--disk', '1M', '--disk-mode', 'immutable', '--disk', '2M'],
    ...['--disk', '3M', '--disk-mode=write-through'],
  );

  const { disks } = (made.out as { config: { disks: unknown[] } }).config;
  expect(disks).toMatchObject([{ mode: 'immutable' }, {}, { mode: 'write-through' }]);
  expect(disks[1]).not.toHaveProperty('mode');
  await terrarium('remove', 'modes');

  const image = join(folder, 'in-place.img');
  writeFileSync(image, Buffer.alloc(512));
  for (const words of [
    ['--disk-mode', 'immutable', '--disk', '1M'],
    ['--disk', '1M', '--disk-mode', 'immutable', '--disk-mode', 'immutable'],
    ['--disk', '1M', '--disk-mode', 'thin'],
    ['--in-place', '--disk', image, '--disk-mode', 'immutable'],
  ])
    expect(await terrarium('create', 'modes', ...words), words.join(' ')).toMatchObject({
      status: 2,
      out: { error: { code: 'args.invalid' } },
    });
});

test('a name that two snapshots have is no way to restore or delete one', async () => {
  await terrarium('create', 'tree', '--memory', '16', '--disk', '1M');
  for (const name of ['same', 'same', 'other']) await terrarium('snapshot', 'take', 'tree', name);

  expect(await terrarium('snapshot', 'delete', 'tree', 'same')).toMatchObject({
    status: 2,
    out: { error: { message: expect.stringContaining('2 snapshots are named "same"') as string } },
  });

  const { snapshots } = (await terrarium('snapshot', 'list', 'tree')).out as { snapshots: { id: string }[] };
  expect(await terrarium('snapshot', 'delete', 'tree', snapshots[0].id)).toMatchObject({ status: 0 });
  expect(await terrarium('snapshot', 'restore', 'tree', 'SAME')).toMatchObject({ status: 0 });
  await terrarium('remove', 'tree');
});

test('usage says what a machine alone needs, and what it shares', async () => {
  const image = join(folder, 'random.img');
  writeFileSync(image, randomBytes(1 << 16));
  await terrarium('create', 'first', '--disk', image);
  await terrarium('clone', 'first', 'second');
  const usage = async (): Promise<unknown> =>
    ((await terrarium('store', 'usage')).out as { machines: unknown[] }).machines;
  const bytes = expect.toSatisfy((n: number) => n > 1 << 16) as number;
  expect(await usage()).toMatchObject([
    { name: 'first', bytes, uniqueBytes: 0 },
    { name: 'second', bytes, uniqueBytes: 0 },
  ]);

  await terrarium('remove', 'second');

  expect(await usage()).toMatchObject([{ name: 'first', bytes, uniqueBytes: bytes }]);
  await terrarium('remove', 'first');
});

test('a damaged database is a finding of the check, and its repair makes it again', async () => {
  const own = join(folder, 'damaged');
  await run('create', 'kept', '--disk', '1M', '--library', own);
  writeFileSync(join(own, 'library.db'), readFileSync(join(own, 'library.db')).fill(0xff, 0, 100));
  expect(await run('list', '--library', own)).toMatchObject({ status: 2, out: { error: { code: 'store.damaged' } } });
  expect(await run('store', 'check', '--library', own)).toMatchObject({
    status: 4,
    out: { problems: [{ where: 'library.db' }] },
  });

  const repaired = await run('store', 'check', '--repair', '--library', own);

  expect(repaired).toMatchObject({
    status: 0,
    out: { problems: [], repaired: [expect.stringContaining('1 machines')] },
  });
  expect(await run('info', 'kept', '--library', own)).toMatchObject({ status: 0 });
});

test('a template sets what a system needs, and gives a disk unless one is named', async () => {
  await terrarium('create', 'from template', '--template', 'linux');
  await terrarium('create', 'with disk', '--template', 'linux', '--disk', '1G', '--memory', '96');

  const { out: media } = (await terrarium('media', 'list')) as {
    out: { media: { name: string; sizeBytes: number }[] };
  };
  expect(media.media).toMatchObject([
    { name: 'from template disk0', sizeBytes: 8 * 2 ** 30 },
    { name: 'with disk disk0', sizeBytes: 2 ** 30 },
  ]);
  expect(await terrarium('info', 'from template')).toMatchObject({ out: { config: { memoryMiB: 256 }, saved: false } });
  expect(await terrarium('info', 'with disk')).toMatchObject({ out: { config: { memoryMiB: 96 } } });
});

test('drives of a stopped machine are filled and emptied', async () => {
  await terrarium('create', 'drives', '--memory', '16');
  const [iso, floppy] = [join(folder, 'some.iso'), join(folder, 'some.img')];
  writeFileSync(iso, Buffer.alloc(4096));
  writeFileSync(floppy, Buffer.alloc(1_474_560));
  expect(await terrarium('media', 'attach', 'drives', join(folder, 'none.iso'))).toMatchObject({
    out: { error: { code: 'file.missing' } },
  });
  await terrarium('media', 'attach', 'drives', iso);
  await terrarium('media', 'attach', 'drives', floppy, '--drive', 'floppy1', '--writable');
  expect(await terrarium('media', 'eject', 'drives')).toMatchObject({ status: 2 });

  const full = await terrarium('media', 'eject', 'drives', '--drive', 'cdrom');

  expect(full.out).toMatchObject({
    config: { cdrom: null, floppies: [null, { path: floppy, writable: true }] },
  });
  expect(await terrarium('media', 'eject', 'drives')).toMatchObject({ out: { config: { floppies: [null, null] } } });
});

test('an import that a signal ends leaves nothing, and has the status of the signal', async () => {
  const image = join(folder, 'half.raw');
  // Long enough to be told of: every chunk is another one, and none gets smaller.
  writeFileSync(image, randomBytes(32 << 20));
  let signal = (): void => {};
  const status = await main(['media', 'import', image, '--library', folder], {
    io: {
      stdin: new PassThrough(),
      stdout: { isTTY: true, write: () => true },
      // The first that is told of the work.
      stderr: { write: () => signal() },
      onSignal(listener) {
        signal = () => listener('SIGINT');
        return () => (signal = () => {});
      },
    },
    factory: fakeFactory,
  });
  expect(status).toBe(130);
  expect(JSON.stringify((await terrarium('media', 'list')).out)).not.toContain('half');
});

test('an image of several files is imported whole, and a parent elsewhere where it is allowed', async () => {
  const split = join(folder, 'split.vmdk');
  await run('media', 'create', split, '--size', '1M', '--variant', 'twoGbMaxExtentSparse');
  expect(await terrarium('media', 'import', split)).toMatchObject({ status: 0, out: { sizeBytes: 1 << 20 } });

  const [below, child] = [join(folder, 'below'), join(folder, 'below', 'child.qcow2')];
  mkdirSync(below);
  await run('media', 'create', child, '--parent', split, '--allow', split);
  expect(await terrarium('media', 'import', child)).toMatchObject({ out: { error: { code: 'image.parent' } } });
  expect(await terrarium('media', 'import', child, '--allow', folder)).toMatchObject({ status: 0 });
});

test('an image that a machine writes is not imported; an exported one has the format of its name', async () => {
  const image = join(folder, 'beside.img');
  writeFileSync(image, randomBytes(64 << 10));
  const { dev, ino } = statSync(image);
  const lock = await lockImage(`${dev}-${ino}`, image);
  expect(await terrarium('media', 'import', image)).toMatchObject({
    status: 2,
    out: { error: { code: 'image.locked' } },
  });
  if (lock.ok) lock.value.dispose();

  expect(await terrarium('media', 'import', image, '--kind', 'disk')).toMatchObject({ status: 0 });
  expect(await terrarium('media', 'export', 'beside.img', join(folder, 'out.qcow2'))).toMatchObject({ status: 0 });

  expect(readFileSync(join(folder, 'out.qcow2')).toString('latin1', 0, 3)).toBe('QFI');
});
