import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fakeFactory } from '../vm-host/testing/fake-machine.ts';
import { lockImage } from '../vm-host/image-lock.ts';
import { main } from './cli.ts';

let folder: string;
let image: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'terrarium-cli-'));
  image = join(folder, 'boot.img');
  const boot = new Uint8Array(1474560);
  boot.set(new TextEncoder().encode('BOOTDISK'));
  boot.set([0x55, 0xaa], 510);
  writeFileSync(image, boot);
  process.env.TERRARIUM_LOCKS = join(folder, 'locks');
});
afterEach(() => {
  delete process.env.TERRARIUM_LOCKS;
  rmSync(folder, { recursive: true, force: true });
});

async function terrarium(...args: string[]) {
  const text = { out: '', err: '' };
  let signal = (_: 'SIGINT' | 'SIGTERM'): void => {};
  const stdin = new PassThrough();
  const exit = main(args, {
    factory: fakeFactory,
    io: {
      stdin,
      stdout: {
        write: (data) => void (text.out += typeof data === 'string' ? data : Buffer.from(data).toString('latin1')),
      },
      stderr: {
        write: (data) => void (text.err += typeof data === 'string' ? data : Buffer.from(data).toString('latin1')),
      },
      onSignal: (listener) => {
        signal = listener;
        return () => {};
      },
    },
  });
  return { exit, text, stdin, signal: () => signal('SIGINT') };
}

const finished = async (...args: string[]) => {
  const run = await terrarium(...args);
  return { exit: await run.exit, ...run.text };
};

const ONE_LINE = /^terrarium: ([a-z.-]+): [^\n]+; [^\n]+\n$/;

describe('terrarium run with bad input', () => {
  const bad = async (...args: string[]) => {
    const before = readdirSync(folder);
    const startedMs = performance.now();
    const { exit, out, err } = await finished('run', ...args);
    expect(performance.now() - startedMs).toBeLessThan(1000);
    expect(err).toMatch(ONE_LINE);
    expect(out).toBe('');
    expect(exit).toBe(2);
    expect(readdirSync(folder)).toEqual(before);
    return ONE_LINE.exec(err)?.[1];
  };

  test.each(['0', '-5', '10485760', '10TB', 'much', '1.5', '', '99999999999999999999'])(
    '--memory %j is refused',
    async (memory) => {
      expect(await bad('--memory', memory, '--floppy', image)).toBe('config.memory');
    },
  );

  test('a missing image', async () => expect(await bad('--floppy', join(folder, 'none.img'))).toBe('file.missing'));
  test('a folder', async () => expect(await bad('--disk', folder)).toBe('file.directory'));
  test('a device', async () => expect(await bad('--cdrom', '/dev/null')).toBe('file.special'));

  test.each([['--write'], ['--from', 'there'], ['--clock', 'host']])('lock step with %s', async (...others) => {
    expect(await bad('--engine', 'lockstep', ...others)).toBe('args.invalid');
  });

  test('a pipe, without waiting for its other end', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(await bad('--floppy', join(folder, 'pipe'))).toBe('file.special');
    expect(await bad('--floppy', image, '--serial', join(folder, 'pipe'))).toBe('file.special');
    expect(await bad('--floppy', image, '--firmware', join(folder, 'pipe'))).toBe('file.special');
  });

  test('an empty image', async () => {
    writeFileSync(join(folder, 'empty'), '');
    expect(await bad('--floppy', join(folder, 'empty'))).toBe('image.empty');
  });

  test('an image larger than a floppy', async () => {
    writeFileSync(join(folder, 'large'), '');
    truncateSync(join(folder, 'large'), 10 * 2 ** 30);
    expect(await bad('--floppy', join(folder, 'large'))).toBe('image.oversized');
  });

  test('an image without a system', async () => {
    writeFileSync(join(folder, 'blank'), new Uint8Array(1474560));
    expect(await bad('--floppy', join(folder, 'blank'), '--screenshot', join(folder, 'shot.png'))).toBe(
      'image.not-bootable',
    );
  });

  test('one image twice with --write', async () => {
    expect(await bad('--floppy', image, '--floppy', `${folder}/./boot.img`, '--write')).toBe('image.duplicate');
  });

  test('an image that another machine writes, while reading it is allowed', async () => {
    const { dev, ino } = await import('node:fs').then(({ statSync }) => statSync(image));
    const lock = await lockImage(`${dev}-${ino}`, image);
    expect(await bad('--floppy', image, '--write')).toBe('image.locked');
    expect(await finished('run', '--floppy', image, '--until', 'BOOTDISK')).toMatchObject({ exit: 0 });
    if (lock.ok) lock.value.dispose();
  });

  test('outputs that would overwrite an image or cannot be made', async () => {
    expect(await bad('--floppy', image, '--serial', image)).toBe('file.unwritable');
    expect(await bad('--floppy', image, '--screenshot', image)).toBe('file.unwritable');
    expect(await bad('--floppy', image, '--screenshot', join(folder, 'no/such/folder.png'))).toBe('file.unwritable');
    expect(await bad('--floppy', image, '--screenshot', folder)).toBe('file.directory');
  });

  test.each([
    ['args.invalid', ['--no-such-option']],
    ['args.invalid', ['stray']],
    ['args.invalid', ['--boot', 'tape']],
    ['args.invalid', ['--clock', 'sun']],
    ['args.invalid', ['--timeout', 'soon']],
    ['args.invalid', ['--timeout', '0']],
    ['args.invalid', ['--memory', '4', '--memory', '8']],
    ['args.invalid', ['--floppy', 'a', '--floppy', 'b', '--floppy', 'c']],
    ['args.invalid', ['--append', 'quiet']],
    ['args.invalid', ['--floppy']],
    ['args.regex', ['--until', '(']],
    ['args.regex', ['--until', '']],
    ['args.key', ['--key', 'hyper+q']],
    ['args.terminal', ['--display', 'terminal']],
    ['file.missing', ['--floppy', '']],
    ['file.missing', ['--floppy', 'two\nlines']],
  ])('%s for %j', async (code, args) => {
    expect(await bad(...args)).toBe(code);
  });

  test('an unknown command', async () => {
    expect(await finished('fly')).toMatchObject({ exit: 2, err: expect.stringMatching(/^terrarium: args\.invalid: /) });
  });
});

describe('terrarium run', () => {
  const runIt = (...args: string[]) => finished('run', '--floppy', image, '--clock', 'virtual', ...args);

  test('answers each pattern in the order of the command line', async () => {
    const { exit, out } = await runIt(
      ...['--until', 'BOOTDISK', '--until', 'A:\\\\>$', '--type', 'ver\\n'],
      ...['--until', 'version \\d', '--until', 'A:\\\\>$', '--type', 'x', '--key', 'ctrl+alt+del', '--print-screen'],
    );
    expect(exit).toBe(0);
    expect(out.split('\n').slice(2)).toEqual([
      'A:\\>ver',
      'FakeDOS version 1',
      'A:\\>x<ControlLeft+AltLeft+Delete>',
      '',
    ]);
  });

  test('does not take the prompt that it typed at for the one that follows', async () => {
    const { exit, out } = await runIt('--until', 'A:\\\\>', '--type', 'ver\\n', '--until', 'A:\\\\>', '--print-screen');
    expect(exit).toBe(0);
    expect(out).toContain('FakeDOS version 1\nA:\\>\n');
  });

  test('actions before the first --until are done at power-on', async () => {
    expect(await runIt('--type', 'ver\\n', '--until', 'version 1')).toMatchObject({ exit: 0 });
  });

  test('--json prints one object, and two virtual runs are the same run', async () => {
    const args = ['--until', 'A:\\\\>', '--type', 'time\\n', '--until', '^9466848', '--json'];
    const first = await runIt(...args);
    const second = await runIt(...args);
    expect(first.err).toBe('');
    expect(first.out).toBe(second.out);
    expect(JSON.parse(first.out)).toEqual({
      matches: [
        { until: 'A:\\\\>', ms: expect.any(Number) },
        { until: '^9466848', ms: expect.any(Number) },
      ],
      instructions: expect.any(Number),
      stateHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      screen: expect.arrayContaining(['A:\\>time', '946684800000']),
      exit: 0,
    });
  });

  test('a time-out exits with 3, the last screen and the pattern on stderr', async () => {
    const { exit, out, err } = await runIt('--until', 'A:\\\\>', '--until', 'never', '--timeout', '0.2', '--json');
    expect(exit).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ exit: 3, error: { code: 'run.timeout' } });
    expect(err).toContain('FakeDOS 64 MiB\n');
    expect(err).toMatch(/\nterrarium: run\.timeout: .*"never".*\n$/);
  });

  test('the host clock gives the same screens', async () => {
    const { exit, out } = await finished(
      'run',
      '--floppy',
      image,
      '--until',
      'A:\\\\>',
      '--type',
      'ver\\n',
      '--until',
      'version 1',
      '--json',
    );
    expect(exit).toBe(0);
    expect(JSON.parse(out).matches).toHaveLength(2);
  });

  test('a guest that powers off ends the command well, or with 3 if a pattern is open', async () => {
    expect(await runIt('--type', 'off\\n')).toMatchObject({ exit: 0, err: '' });
    expect(await runIt('--type', 'off\\n', '--until', 'never')).toMatchObject({
      exit: 3,
      err: expect.stringContaining('run.stopped'),
    });
    expect(await runIt('--type', 'fault\\n')).toMatchObject({
      exit: 1,
      err: expect.stringContaining('machine.shutdown'),
    });
  });

  test('a defect of the machine is one line and exit status 1', async () => {
    const { exit, err } = await runIt('--type', 'crash\\n');
    expect(exit).toBe(1);
    expect(err).toMatch(/^terrarium: internal: [^\n]*told to crash[^\n]*\n$/);
  });

  test('writes reach the image with --write only', async () => {
    const args = ['--until', 'A:\\\\>', '--type', 'write\\n', '--until', 'A:\\\\>$'];
    await runIt(...args);
    expect(readFileSync(image, 'latin1').slice(0, 8)).toBe('BOOTDISK');
    await runIt(...args, '--write');
    expect(readFileSync(image, 'latin1').slice(0, 8)).toBe('WRITTENK');
  });

  test('the screenshot is a PNG of the screen', async () => {
    const path = join(folder, 'shot.png');
    expect(await runIt('--until', 'A:\\\\>', '--screenshot', path)).toMatchObject({ exit: 0 });
    const png = PNG.sync.read(readFileSync(path));
    expect([png.width, png.height]).toEqual([40, 12]);
    expect([...png.data.subarray(0, 4)]).toEqual([255, 255, 255, 255]);
    expect([...png.data.subarray(39 * 4, 40 * 4)]).toEqual([0, 0, 0, 255]);
  });

  test('serial output goes to standard output or a file, and standard input to the guest', async () => {
    const path = join(folder, 'serial.log');
    await runIt('--until', 'A:\\\\>', '--serial', path);
    expect(readFileSync(path, 'latin1')).toBe('FakeDOS 64 MiB\nBOOTDISK\nA:\\>');

    const run = await terrarium('run', '--floppy', image, '--serial', 'stdio', '--until', 'hello');
    run.stdin.write('hello');
    expect(await run.exit).toBe(0);
    expect(run.text.out).toContain('hello');
  });

  test('an interrupt ends the command with the status of the signal', async () => {
    const run = await terrarium('run', '--floppy', image, '--until', 'never');
    await new Promise((resolve) => setImmediate(resolve));
    run.signal();
    expect(await run.exit).toBe(130);
  });

  test.skipIf(process.getuid?.() === 0)('an image without permission', async () => {
    chmodSync(image, 0);
    expect(await runIt()).toMatchObject({ exit: 2, err: expect.stringContaining('file.unreadable') });
  });
});

test('--help has a line for every command, and for each command its options', async () => {
  const all = await finished('--help');
  expect(all.exit).toBe(0);
  expect(all.out).toMatch(/^ {2}snapshot take NAME .*keep the present state/m);
  expect(all.out).not.toContain('--until REGEX');

  const snapshots = await finished('snapshot', '--help');
  expect(snapshots.out.match(/^terrarium .*$/gm)).toEqual(expect.arrayContaining(['terrarium snapshot list NAME']));
  expect((await finished('help', 'media', 'convert')).out).toMatch(/^terrarium media convert FILE TARGET$/m);

  const { exit, out } = await finished('run', '--help');
  expect(exit).toBe(0);
  for (const name of ['memory', 'floppy', 'until', 'type', 'key', 'screenshot', 'json', 'serial'])
    expect(out).toContain(`--${name} `);
});

test('--version prints the version', async () => {
  expect((await finished('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});
