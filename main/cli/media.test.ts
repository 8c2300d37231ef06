import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fakeFactory } from '../vm-host/testing/fake-machine.ts';
import { main } from './cli.ts';

// Other programs start, while others keep the cores busy.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'terrarium-cli-media-'));
  process.env.TERRARIUM_LOCKS = join(folder, 'locks');
});
afterEach(() => {
  delete process.env.TERRARIUM_LOCKS;
  rmSync(folder, { recursive: true, force: true });
});
const file = (name: string): string => join(folder, name);

async function media(...args: string[]) {
  const text = { out: '', err: '' };
  const exit = await main(['media', ...args], {
    factory: fakeFactory,
    io: {
      stdin: new PassThrough(),
      stdout: { write: (data) => void (text.out += String(data)) },
      stderr: { write: (data) => void (text.err += String(data)) },
      onSignal: () => () => {},
    },
  });
  return { exit, ...text };
}

describe('terrarium media', () => {
  test('creates, describes, resizes, converts and checks images', async () => {
    expect(await media('create', file('a.qcow2'), '--size', '10M', '--cluster-size', '4K')).toMatchObject({ exit: 0 });
    expect(await media('create', file('b.qcow2'), '--parent', file('a.qcow2'))).toMatchObject({ exit: 0 });
    expect(await media('resize', file('b.qcow2'), '20M')).toMatchObject({ exit: 0 });
    const info = await media('info', file('b.qcow2'), '--json');
    expect(JSON.parse(info.out)).toMatchObject({
      format: 'qcow2',
      sizeBytes: 20 * 2 ** 20,
      parent: { reference: 'a.qcow2', format: 'qcow2' },
    });

    expect(await media('convert', file('b.qcow2'), file('c.vmdk'), '--variant', 'streamOptimized')).toMatchObject({
      exit: 0,
      out: expect.stringContaining('streamOptimized'),
    });
    const check = await media('check', file('b.qcow2'), '--json');

    expect(JSON.parse(check.out)).toMatchObject({ errorCount: 0, leakedBytes: 0 });
    execFileSync('qemu-img', ['compare', file('b.qcow2'), file('c.vmdk')]);
  });

  test('says in its exit status that an image contradicts itself, and repairs it', async () => {
    await media('create', file('a.qcow2'), '--size', '1M');
    const image = execFileSync('cat', [file('a.qcow2')]);
    image.writeUInt16BE(0, 2 * 65536); // the header's cluster, counted 0 times
    writeFileSync(file('a.qcow2'), image);

    expect(await media('check', file('a.qcow2'))).toMatchObject({ exit: 2, out: expect.stringContaining('counted 0') });
    expect(await media('check', file('a.qcow2'), '--repair')).toMatchObject({ exit: 0 });
    expect(await media('check', file('a.qcow2'))).toMatchObject({ exit: 0 });
    execFileSync('qemu-img', ['check', file('a.qcow2')]);
  });

  test('a repair that cannot bring back what is cut off says so', async () => {
    writeFileSync(file('a.raw'), randomBytes(3 << 20));
    await media('convert', file('a.raw'), file('a.vdi'));
    truncateSync(file('a.vdi'), 1_500_000);

    expect(await media('check', file('a.vdi'), '--repair')).toMatchObject({
      exit: 2,
      out: expect.stringContaining('points behind') as string,
    });
  });

  test.each([
    [['frob'], 'args.invalid'],
    [['info'], 'args.invalid'],
    [['info', 'none.img'], 'file.missing'],
    [
      ['resize', 'library', '1M'],
      'file.missing: library: no such file; check the name and the folder; for a disk of the library',
    ],
    [['create', 'x.unknown', '--size', '1M'], 'args.invalid'],
    [['create', 'x.qcow2', '--size', '1000'], 'args.invalid'],
    [['create', 'x.qcow2'], 'image.size'],
    [['create', 'x.vdi', '--size', '1M', '--variant', 'v2'], 'image.unsupported'],
    [['convert', 'none.img', 'x.qcow2'], 'file.missing'],
  ] as const)('%j is refused with %s and leaves no file', async ([command, ...words], code) => {
    const args = words.map((word) => (/\./.test(word) ? file(word) : word));
    const { exit, out, err } = await media(command, ...args);

    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toMatch(new RegExp(`^terrarium: ${code}: [^\n]+\n$`));
    expect(['x.qcow2', 'x.vdi', 'x.unknown'].some((name) => existsSync(file(name)))).toBe(false);
  });

  test('names the place of damage', async () => {
    await media('create', file('a.qcow2'), '--size', '1M');
    const image = execFileSync('cat', [file('a.qcow2')]);
    image.writeUInt32BE(40, 20);
    writeFileSync(file('a.qcow2'), image);

    expect((await media('info', file('a.qcow2'))).err).toMatch(
      /image\.corrupt: .*a\.qcow2: header\.cluster_bits at offset 20/,
    );
  });
});
