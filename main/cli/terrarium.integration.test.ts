import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const COMMAND = join(import.meta.dirname, 'terrarium.mjs');
const FAKE = join(import.meta.dirname, 'testing/fake-terrarium.ts');
/** The Node that a person has: older than the pinned one, which the command then finds by itself. */
const systemNode = spawnSync(
  'sh',
  ['-c', 'for n in $(which -a node); do case $($n --version) in v2[0-3].*) echo $n; exit;; esac; done'],
  {
    encoding: 'utf8',
  },
).stdout.trim();

test.each([['the pinned Node', process.execPath], ...(systemNode === '' ? [] : [['the system Node', systemNode]])])(
  'the command keeps streams and exit status with %s',
  (_, node) => {
    const version = spawnSync(node, [COMMAND, '--version'], { encoding: 'utf8' });
    expect([version.status, version.stdout, version.stderr]).toEqual([
      0,
      expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      '',
    ]);
    const bad = spawnSync(node, [COMMAND, 'run', '--memory', '0'], { encoding: 'utf8' });
    expect([bad.status, bad.stdout, bad.stderr]).toEqual([
      2,
      '',
      expect.stringMatching(/^terrarium: config\.memory: [^\n]+\n$/),
    ]);
  },
);

test('SIGTERM ends a run with the status of the signal', async () => {
  const child = spawn(process.execPath, [FAKE, 'run', '--until', 'A:', '--until', 'never', '--serial', 'stdio'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([143, null]);
});

test('a run ends although its standard input stays open', async () => {
  const child = spawn(process.execPath, [FAKE, 'run', '--until', 'A:', '--serial', 'stdio'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a reader that goes away is no defect', async () => {
  const { status, stderr } = spawnSync('sh', ['-c', `'${process.execPath}' '${COMMAND}' --help | true`], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
});

test('a machine starts, answers and stops by commands of which each is a process', () => {
  const library = mkdtempSync(join(tmpdir(), 'terrarium-command-'));
  const terrarium = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args, '--library', library], {
      encoding: 'utf8',
    });
    expect([args, status, stderr]).toEqual([args, 0, '']);
    return stdout;
  };
  try {
    terrarium('create', 'empty', '--memory', '2');
    terrarium('start', 'empty', '--headless');
    terrarium('wait', 'empty', '--until', 'Terrarium BIOS');
    terrarium('stop', 'empty');
    expect(terrarium('list')).toContain('stopped');
  } finally {
    rmSync(library, { recursive: true, force: true });
  }
});
