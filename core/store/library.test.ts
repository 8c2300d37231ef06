import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { checkLibrary } from './check.ts';
import { LIBRARY_VERSION, openLibrary } from './library.ts';
import { MIGRATIONS } from './schema.ts';
import { testFolder } from './testing/library.ts';

test.each([1, 2])('a library of version %i is brought up to date, with what it holds', (version) => {
  const folder = testFolder();
  const old = new Database(join(folder, 'library.db'));
  for (const step of MIGRATIONS.slice(0, version)) old.exec(step);
  old.exec(`INSERT INTO machine VALUES ('1', 'DOS', '{}')`);
  old.pragma(`user_version = ${version}`);
  old.close();

  const opened = openLibrary(folder);

  if (!opened.ok) throw new Error(opened.error.message);
  const { database } = opened.value;
  expect(database.pragma('user_version', { simple: true })).toBe(LIBRARY_VERSION);
  expect(database.prepare('SELECT id, name, config FROM machine').raw().all()).toEqual([['1', 'DOS', '{}']]);
  const work = checkLibrary(opened.value);
  let step = work.next();
  while (!step.done) step = work.next();
  expect(step.value.problems).toEqual([]);
  opened.value.dispose();
});

test.skipIf(process.platform !== 'linux')('a folder where the host makes none is an error at once', () => {
  expect(openLibrary('/proc/terrarium/library')).toMatchObject({ ok: false, error: { code: 'library.open' } });
});
