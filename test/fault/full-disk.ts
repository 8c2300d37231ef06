/**
 * In a mount name space of its own: every operation on a file system with ever more free pages, until it succeeds.
 * Arguments: the library to copy, the step in pages. Prints what was wrong afterwards as JSON.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ioFailure, openLibrary } from '../../core/store/index.ts';
import { defectsAfter, outcomesOf } from './expectations.ts';
import { OPERATIONS, openOrThrow } from './operations.ts';

const MOUNT = '/mnt';
const PAGE = 4096;
const [, , base, step] = process.argv;

const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', MOUNT], { encoding: 'utf8' });
if (mounted.status !== 0) throw new Error(mounted.stderr);

const folder = join(MOUNT, 'library');
const filler = join(MOUNT, 'filler');
const fresh = (): void => {
  rmSync(filler, { force: true });
  rmSync(folder, { recursive: true, force: true });
  cpSync(base, folder, { recursive: true });
};

const defects: string[] = [];
let full = 0;
for (const name of Object.keys(OPERATIONS)) {
  fresh();
  mkdirSync(folder, { recursive: true });
  const outcomes = outcomesOf(name, folder);
  for (let pages = 0, done = false; !done; pages += Number(step)) {
    fresh();
    const library = openOrThrow(folder);
    const { bavail, bsize } = statfsSync(MOUNT);
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - pages * PAGE)));
    try {
      OPERATIONS[name](library);
      done = true;
    } catch (error) {
      full++;
      const { code } = ioFailure(error, name);
      if (!/^store\.(full|io)$/.test(code)) defects.push(`${name} with ${pages} pages: ${code}: ${String(error)}`);
    }
    // Closed, and opened if it can be, while the disk is still full; looked at when there is room again.
    library.dispose();
    const opened = openLibrary(folder);
    if (opened.ok) opened.value.dispose();
    else if (opened.error.code !== 'store.full')
      defects.push(`opened with ${pages} pages: ${opened.error.code}: ${opened.error.message}`);
    rmSync(filler, { force: true });
    defects.push(...defectsAfter(name, folder, outcomes).map((defect) => `${name} with ${pages} pages: ${defect}`));
  }
}
process.stdout.write(JSON.stringify({ defects, full }));
