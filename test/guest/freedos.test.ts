/** The shell of FreeDOS, typed at through the command line as a person does it. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { guestImage } from '../fixtures/guests.ts';
import { screenshotPath } from '../fixtures/screenshots.ts';
import { dosFloppy, fileOf, filesOf } from './dos.ts';
import { PROMPT, report } from './terrarium.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'terrarium-freedos-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Types each command at a prompt and waits for the next one. */
const typed = (...commands: readonly string[]): string[] => [
  ...['--until', PROMPT],
  ...commands.flatMap((command) => ['--type', `${command}\\n`, '--until', PROMPT]),
];

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

test('reaches its prompt, answers ver and dir, and is photographed', async () => {
  const { screen, matches } = await report(
    ...['--floppy', guestImage('freedos.img'), ...typed('ver', 'dir'), '--screenshot', screenshotPath('freedos')],
  );

  expect(matches).toHaveLength(3);
  expect(screen).toEqual([
    'A:\\>ver',
    '',
    'FreeCom version 0.82 pl 3 XMS_Swap [Dec 10 2003 06:49:21]',
    '',
    'A:\\>dir',
    ' Volume in drive A is FREEDOS',
    ' Volume Serial Number is A605-12FC',
    ' Directory of A:\\',
    '',
    'AUTOEXEC BAT           408  10-19-18 11:26a',
    'KERNEL   SYS        45,450  10-19-18 11:26a',
    'COMMAND  COM        66,090  10-19-18 11:26a',
    'CONFIG   SYS           209  10-19-18 11:26a',
    'README   TXT           214  10-19-18 11:26a',
    '         5 file(s)        112,371 bytes',
    '         0 dir(s)       1,337,344 bytes free',
    '',
    'A:\\>',
  ]);
});

test('echo, redirection, copy, type and a batch file work, and the image is as before', async () => {
  const image = path.join(folder, 'overlay.img');
  writeFileSync(image, readFileSync(guestImage('freedos.img')));
  const before = sha256(image);

  const { screen } = await report(
    ...['--floppy', image],
    ...typed('echo Hello, "disk">a', 'copy a b.txt', 'echo more>>b.txt', 'echo @type b.txt>t.bat', 't'),
  );

  expect(screen.filter((line) => line !== '')).toEqual([
    'A:\\>echo Hello, "disk">a',
    'A:\\>copy a b.txt',
    'a => b.txt',
    'A:\\>echo more>>b.txt',
    'A:\\>echo @type b.txt>t.bat',
    'A:\\>t',
    'Hello, "disk"',
    'more',
    'A:\\>',
  ]);
  expect(sha256(image)).toBe(before);
});

test('with --write what it wrote is in the image', async () => {
  const image = path.join(folder, 'written.img');
  writeFileSync(image, readFileSync(guestImage('freedos.img')));

  await report('--floppy', image, '--write', ...typed('echo kept>new.txt', 'del readme.txt', 'md sub'));

  const floppy = new Uint8Array(readFileSync(image));
  expect(Buffer.from(fileOf(floppy, 'NEW.TXT')).toString()).toBe('kept\r\n');
  expect(filesOf(floppy)).toEqual(expect.arrayContaining(['NEW.TXT', 'SUB/']));
  expect(filesOf(floppy)).not.toContain('README.TXT');
  expect(Buffer.from(fileOf(floppy, 'KERNEL.SYS')).equals(fileOf(dosFloppy({}), 'KERNEL.SYS'))).toBe(true);
});

test('the date and time are those of the host, or of the virtual clock, and can be set', async () => {
  const image = guestImage('freedos.img');
  const virtual = await report('--floppy', image, '--clock', 'virtual', ...typed('date /d', 'time /t'));
  const now = new Date();
  const host = await report('--floppy', image, ...typed('date /d', 'date 3-4-2031', 'date /d'));

  expect(virtual.screen.join('\n')).toMatch(/Current date is Sat 01-01-2000/);
  expect(virtual.screen.join('\n')).toMatch(/Current time is {1,2}(0|12):00/);
  expect(host.screen.join('\n')).toContain(`-${now.getFullYear()}`);
  expect(host.screen.join('\n')).toContain('Current date is Tue 03-04-2031');
});

test('Ctrl+Alt+Del starts it again', async () => {
  const { matches } = await report(
    ...['--floppy', guestImage('freedos.img'), ...typed('ver')],
    ...['--key', 'ctrl+alt+del', '--until', 'FreeDOS kernel', '--until', PROMPT],
  );

  expect(matches).toHaveLength(4);
});
