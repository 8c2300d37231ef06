/** Whatever is wrong with an image or an option: one line with a code that says what to do, exit 2, nothing written. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assemble } from './dos.ts';
import { guestFloppy } from './guest.ts';
import { PROMPT, start, terrarium, untilFileHas } from './terrarium.ts';

const ONE_LINE = /^terrarium: ([a-z.-]+): [^\n]+; [^\n]+\n$/;

let folder: string;
const file = (name: string): string => path.join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'terrarium-bad-input-'));
  writeFileSync(file('good.img'), guestFloppy('freedos.img'));
  writeFileSync(file('empty.img'), '');
  writeFileSync(file('blank.img'), new Uint8Array(1474560));
  writeFileSync(file('large.img'), '');
  truncateSync(file('large.img'), 5 * 2 ** 30);
  execFileSync('mkfifo', [file('pipe')]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names, sizes and times of all files, and the contents of those of normal size. */
function traces(): string[] {
  return readdirSync(folder).map((name) => {
    const { size, mtimeMs } = statSync(file(name));
    const content =
      name !== 'pipe' && size < 2 ** 24
        ? createHash('sha256')
            .update(readFileSync(file(name)))
            .digest('hex')
        : '';
    return `${name} ${size} ${mtimeMs} ${content}`;
  });
}

describe('terrarium run refuses', () => {
  test.each<[what: string, code: string, args: () => string[]]>([
    ['a missing image', 'file.missing', () => ['--floppy', file('none.img')]],
    ['an empty image', 'image.empty', () => ['--floppy', file('empty.img')]],
    ['an image larger than any floppy', 'image.oversized', () => ['--floppy', file('large.img')]],
    ['an image that does not boot', 'image.not-bootable', () => ['--floppy', file('blank.img')]],
    ['a folder', 'file.directory', () => ['--floppy', folder]],
    ['a pipe, without waiting for its other end', 'file.special', () => ['--floppy', file('pipe')]],
    ['no memory', 'config.memory', () => ['--memory', '0', '--floppy', file('good.img')]],
    ['negative memory', 'config.memory', () => ['--memory', '-1', '--floppy', file('good.img')]],
    ['10 TB of memory', 'config.memory', () => ['--memory', '10TB', '--floppy', file('good.img')]],
    ['10 TB of memory in MiB', 'config.memory', () => ['--memory', '10485760', '--floppy', file('good.img')]],
    [
      'one image twice with --write',
      'image.duplicate',
      () => ['--floppy', file('good.img'), '--floppy', `${folder}/./good.img`, '--write'],
    ],
    [
      'a serial log over the image',
      'file.unwritable',
      () => ['--floppy', file('good.img'), '--serial', file('good.img')],
    ],
  ])('%s: %s', async (_what, code, args) => {
    const before = traces();

    const { exit, stdout, stderr } = await terrarium('run', ...args(), '--write', '--timeout', '20');

    expect(ONE_LINE.exec(stderr)?.[1], stderr).toBe(code);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(traces()).toEqual(before);
  });

  test('a second machine that would write the image of a running one: image.locked', async () => {
    const image = new Uint8Array(1474560);
    image.set(assemble('idle'));
    writeFileSync(file('idle.img'), image);
    writeFileSync(file('first.log'), '');
    const first = start(
      'run',
      '--floppy',
      file('idle.img'),
      '--write',
      '--serial',
      file('first.log'),
      '--timeout',
      '60',
    );
    const ended = once(first, 'close');
    try {
      await Promise.race([untilFileHas(file('first.log'), 'idle'), ended]); // it runs, and so has the image
      const before = traces();

      const { exit, stderr } = await terrarium('run', '--floppy', file('idle.img'), '--write', '--until', 'idle');

      expect(ONE_LINE.exec(stderr)?.[1], stderr).toBe('image.locked');
      expect(exit).toBe(2);
      const reader = await terrarium('run', '--floppy', file('idle.img'), '--until', 'idle');
      expect(reader.exit).toBe(0);
      expect(traces()).toEqual(before);
    } finally {
      first.kill();
      await ended;
    }
  });
});

test('a time-out is exit status 3 with the last screen and the pattern that was not met', async () => {
  const { exit, stderr } = await terrarium(
    ...['run', '--floppy', file('good.img'), '--clock', 'virtual'],
    ...['--until', PROMPT, '--until', 'never to be seen', '--timeout', '3'],
  );

  expect(exit).toBe(3);
  expect(stderr).toMatch(/^A:\\>$/m);
  expect(stderr).toMatch(/^terrarium: run\.timeout: [^\n]*never to be seen[^\n]*$/m);
});
