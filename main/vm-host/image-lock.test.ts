import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockImage, lockImageToRead } from './image-lock.ts';

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'terrarium-lock-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function lockElsewhere(identity: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'testing/lock-holder.ts'), [identity, folder]);
  children.push(child);
  const [answer] = (await once(child, 'message')) as [{ ok: boolean }];
  expect(answer.ok).toBe(true);
  return child;
}

test('a second writer in the same process is refused until the first lets go', async () => {
  const first = await lockImage('1-2', 'a.img', folder);
  expect(await lockImage('1-2', 'a.img', folder)).toMatchObject({ ok: false, error: { code: 'image.locked' } });
  expect(await lockImage('1-3', 'b.img', folder)).toMatchObject({ ok: true });
  if (first.ok) first.value.dispose();
  expect(await lockImage('1-2', 'a.img', folder)).toMatchObject({ ok: true });
});

test('a writer in another process is refused, and its lock ends with it even by kill -9', async () => {
  const holder = await lockElsewhere('5-6');
  expect(await lockImage('5-6', 'a.img', folder)).toMatchObject({ ok: false, error: { code: 'image.locked' } });

  holder.kill('SIGKILL');
  await once(holder, 'exit');

  expect(await lockImage('5-6', 'a.img', folder)).toMatchObject({ ok: true });
});

test('readers of one process share the lock, which ends with the last of them and keeps writers out till then', async () => {
  const [first, second] = await Promise.all(['a.img', 'a.img'].map((path) => lockImageToRead('1-2', path, folder)));
  if (first.ok) first.value.dispose();
  const writer = await lockImage('1-2', 'a.img', folder);
  if (second.ok) second.value.dispose();

  expect([first.ok, second.ok, writer.ok]).toEqual([true, true, false]);
  const next = await lockImage('1-2', 'a.img', folder);
  const refused = await lockImageToRead('1-2', 'a.img', folder);
  if (next.ok) next.value.dispose();
  expect([next.ok, refused.ok]).toEqual([true, false]);
  expect(await lockImageToRead('1-2', 'a.img', folder)).toMatchObject({ ok: true });
});

test('a folder that cannot be made is an error that names it', async () => {
  expect(await lockImage('1-2', 'a.img', '/dev/null/locks')).toMatchObject({ ok: false, error: { code: 'file.io' } });
});
