import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { machineDraftSchema, mediumPath, type MachineDraft } from '../../core/contract/index.ts';
import { hostImagesOf } from './host-images.ts';
import { createImageFile } from './images.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'terrarium-files-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const machine = (draft: MachineDraft) => machineDraftSchema.parse(draft);

test('tells of each file once, who uses it, and what would keep a machine from starting', async () => {
  const [there, gone, aFolder] = ['there.img', 'gone.img', 'folder.img'].map((name) => join(folder, name));
  writeFileSync(there, 'a floppy');
  mkdirSync(aFolder);
  const disks = [{ path: aFolder, writable: true }];

  const files = await hostImagesOf([
    machine({ name: 'B', floppies: [null, { path: there, writable: true }], disks }),
    machine({ name: 'A', floppies: [{ path: there, writable: false }], cdrom: { path: gone, writable: false } }),
    machine({ name: 'C', floppies: [{ path: mediumPath('of-the-library'), writable: true }] }),
  ]);

  expect(files).toMatchObject([
    {
      path: aFolder,
      kind: 'disk',
      usedBy: ['B'],
      sizeBytes: null,
      fileBytes: null,
      problem: { code: 'file.directory' },
    },
    { path: gone, kind: 'cdrom', usedBy: ['A'], sizeBytes: null, problem: { code: 'file.missing' } },
    { path: there, kind: 'floppy', usedBy: ['A', 'B'], sizeBytes: 163_840, fileBytes: 8, problem: null },
  ]);
});

test('tells of a disk what a guest sees and what its file takes, or why it cannot be read', async () => {
  const [thin, broken] = ['thin.qcow2', 'broken.qcow2'].map((name) => join(folder, name));
  createImageFile({ path: thin, format: 'qcow2', sizeBytes: 2 ** 31 });
  writeFileSync(broken, readFileSync(thin).subarray(0, 64));

  const files = await hostImagesOf([
    machine({
      name: 'A',
      disks: [
        { path: thin, writable: true },
        { path: broken, writable: true },
      ],
    }),
  ]);

  expect(files).toMatchObject([
    { path: broken, sizeBytes: null, fileBytes: 64, problem: { code: 'image.truncated' } },
    { path: thin, sizeBytes: 2 ** 31, fileBytes: statSync(thin).size, problem: null },
  ]);
});

// Root may write what nobody may.
test.runIf(process.getuid?.() !== 0)('a file that may not be written is a problem for who would write it', async () => {
  const path = join(folder, 'sealed.img');
  writeFileSync(path, 'a floppy');
  chmodSync(path, 0o400);
  const of = (writable: boolean) => hostImagesOf([machine({ name: 'A', floppies: [{ path, writable }] })]);

  expect(await of(false)).toMatchObject([{ problem: null }]);
  expect(await of(true)).toMatchObject([{ problem: { code: 'file.unwritable' } }]);
});
