import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fakeFactory } from '../vm-host/testing/fake-machine.ts';
import { main } from './cli.ts';
import { HANDLERS } from './library-commands.ts';
import { COMMANDS } from './library-options.ts';

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
  await terrarium('media', 'attach', 'drives', '/tmp/some.iso');
  await terrarium('media', 'attach', 'drives', '/tmp/some.img', '--drive', 'floppy1', '--writable');
  expect(await terrarium('media', 'eject', 'drives')).toMatchObject({ status: 2 });

  const full = await terrarium('media', 'eject', 'drives', '--drive', 'cdrom');

  expect(full.out).toMatchObject({
    config: { cdrom: null, floppies: [null, { path: '/tmp/some.img', writable: true }] },
  });
  expect(await terrarium('media', 'eject', 'drives')).toMatchObject({ out: { config: { floppies: [null, null] } } });
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
