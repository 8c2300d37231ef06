import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { cpioArchive } from './cpio.ts';

test('cpio unpacks folders, programs and files of any length from an archive, as they were', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'terrarium-cpio-'));
  try {
    const text = (length: number) => Buffer.from('abcdefgh'.slice(0, length));
    const archive = cpioArchive([
      { path: 'bin', folder: true },
      { path: 'bin/tool', content: text(5), executable: true },
      ...[0, 1, 2, 3, 4].map((length) => ({ path: `f${length}`, content: text(length) })),
    ]);

    const unpacked = spawnSync('cpio', ['-i', '--quiet'], { input: archive, cwd: folder });

    expect(unpacked.stderr.toString()).toBe('');
    expect(fs.readdirSync(folder).sort()).toEqual(['bin', 'f0', 'f1', 'f2', 'f3', 'f4']);
    expect(fs.readFileSync(path.join(folder, 'f3'), 'utf8')).toBe('abc');
    expect(fs.readFileSync(path.join(folder, 'bin/tool'), 'utf8')).toBe('abcde');
    expect(fs.statSync(path.join(folder, 'bin/tool')).mode & 0o777).toBe(0o755);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

test('the same entries give the same bytes', () => {
  const entries = [{ path: 'a', content: Buffer.from('x') }];

  expect(cpioArchive(entries)).toEqual(cpioArchive(entries));
});
