/**
 * Mutants of what a library and the preferences hold as JSON and as rows. Digests find what chance alters; these are rows
 * that somebody made, with digests that fit: each is left out with a warning, refused with a clear error, or good.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DisposableStore, FailureError, type Result } from '../../core/base/index.ts';
import { CODES, kindOf } from '../../core/contract/codes.ts';
import { machineConfigSchema, type MachineConfig } from '../../core/contract/machine.ts';
import {
  getPosition,
  getSnapshot,
  listMedia,
  openLibrary,
  putSnapshot,
  removeMedium,
  type Library,
  type Snapshot,
} from '../../core/store/index.ts';
import { openBeginning } from '../../main/cli/run-from.ts';
import { forkLauncher } from '../../main/services/host-process.ts';
import { chooseLibrary, chosenLibrary, libraryFolder } from '../../main/services/library.ts';
import { createServices, type Services } from '../../main/services/services.ts';
import { MEMORY_FOLDER } from '../fixtures/memory-folder.ts';
import { Dice } from '../formats/support.ts';
import { LIMIT_MS, NUMBERS, SEED, mutants, mutateJson, seedOf } from './mutants.ts';

const MUTANTS = mutants(60);
const TIMEOUT = { timeout: 60_000 + MUTANTS * 500 };

let folder: string;
let library: Library;
let services: Services;
let diskId: string;
let config: MachineConfig;
let snapshot: Snapshot;

beforeAll(async () => {
  folder = mkdtempSync(join(MEMORY_FOLDER, 'terrarium-fuzz-'));
  const opened = openLibrary(join(folder, 'library'));
  const made = createServices({
    shell: 'web',
    version: '0.0.0',
    libraryFolder: join(folder, 'library'),
    launcher: forkLauncher(join(folder, 'none')),
    supervisor: {},
  });
  if (!opened.ok || !made.ok) throw new Error('the library does not open');
  library = opened.value;
  services = made.value;
  const disk = { name: 'disk', kind: 'disk', sizeBytes: 1 << 20 } as const;
  diskId = must(await services.handlers['media.create'](disk)).id;
  const draft = machineConfigSchema.omit({ id: true, createdAt: true }).parse({
    name: 'one',
    memoryMiB: 16,
    floppies: [{ path: '/nowhere/a.img', writable: false }],
    disks: [{ path: `medium:${diskId}`, writable: true }],
    cdrom: null,
    bootOrder: ['disk'],
    serial: [{ mode: 'file', path: '/nowhere/log' }],
  });
  ({ config } = must(await services.handlers['machines.create'](draft)));
  const taken = must(
    await services.handlers['snapshots.take']({ machine: config.id, name: 'then', note: '', memory: true }),
  );
  snapshot = getSnapshot(library, taken.id);
});
afterAll(() => {
  services.dispose();
  library.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** A clear error is one of the contract's, and no defect of ours. */
function expectClear(result: Result<unknown>, what: string): void {
  if (result.ok) return;
  expect(Object.keys(CODES), what).toContain(result.error.code);
  expect(kindOf(result.error.code), `${what}: ${result.error.message}`).not.toBe('internal');
  expect(result.error.message.length, what).toBeLessThan(8192);
}

function attempt(action: () => unknown): Result<unknown> {
  try {
    return { ok: true, value: action() };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { ok: false, error: error.failure };
  }
}

test(`mutants of a machine's configuration (${MUTANTS}, seed ${SEED})`, TIMEOUT, async () => {
  const good = JSON.stringify(config);
  const set = library.database.prepare('UPDATE machine SET config = ? WHERE id = ?');
  for (let number = 0; number < MUTANTS; number++) {
    const what = `mutant ${number} of seed ${SEED}`;
    const mutant = mutateJson(good, new Dice(seedOf(number)));
    set.run(mutant, config.id);
    const startedMs = performance.now();

    const { machines } = must(await services.handlers['machines.list']({}));
    expectClear(await services.handlers['machines.update']({ id: config.id, changes: { note: 'x' } }), what);
    set.run(mutant, config.id);
    expectClear(
      await services.handlers['machines.clone']({ id: config.id, name: `copy ${number}`, full: false }),
      what,
    );

    expect(performance.now() - startedMs, what).toBeLessThan(LIMIT_MS);
    for (const machine of machines) expect(machineConfigSchema.safeParse(machine.config).success, what).toBe(true);
    const kept = library.database.prepare('SELECT config FROM machine WHERE id = ?').pluck().get(config.id);
    expect(kept, what).toBe(mutant);
    removeClones();
  }
  set.run(good, config.id);
});

/** With their disks: thousands of them would make each look at the library longer than the last. */
function removeClones(): void {
  library.database.prepare('DELETE FROM machine WHERE id <> ?').run(config.id);
  for (const { id } of listMedia(library)) if (id !== diskId) removeMedium(library, id);
}

/** A snapshot's row with one of its columns altered. */
function mutateSnapshot(good: Snapshot, chance: Dice): Snapshot {
  const size = chance.pick([...NUMBERS, 2 ** 52]);
  const root = chance.pick(['\0'.repeat(32), 'x'.repeat(32), good.disks[0].root]);
  const ref = { root, sizeBytes: size };
  switch (chance.below(6)) {
    case 0:
      return { ...good, disks: [{ ...good.disks[0], sizeBytes: size }] };
    case 1:
      return { ...good, disks: [{ ...good.disks[0], root, place: chance.pick(['', 'disk9', '../x']) }] };
    case 2:
      return { ...good, memory: ref, state: ref };
    case 3:
      return { ...good, picture: ref };
    default:
      return { ...good, config: mutateJson(good.config, chance) };
  }
}

test(`mutants of a snapshot's row (${MUTANTS}, seed ${SEED})`, TIMEOUT, async () => {
  const position = getPosition(library, config.id);
  for (let number = 0; number < MUTANTS; number++) {
    const what = `mutant ${number} of seed ${SEED}`;
    putSnapshot(library, mutateSnapshot(snapshot, new Dice(seedOf(number))));
    const startedMs = performance.now();
    const resources = new DisposableStore();

    expectClear(
      attempt(() => openBeginning(snapshot.id, library.folder, resources)),
      what,
    );
    expectClear(await services.handlers['snapshots.picture']({ id: snapshot.id }), what);
    expectClear(
      await services.handlers['machines.clone']({ id: config.id, snapshot: snapshot.id, name: 'copy', full: false }),
      what,
    );
    const restored = await services.handlers['snapshots.restore']({ id: snapshot.id });
    expectClear(restored, what);

    resources.dispose();
    expect(performance.now() - startedMs, what).toBeLessThan(LIMIT_MS);
    if (!restored.ok) expect(getPosition(library, config.id), what).toEqual(position);
    removeClones();
    library.database.prepare('UPDATE machine SET config = ? WHERE id = ?').run(JSON.stringify(config), config.id);
    putSnapshot(library, snapshot);
    must(await services.handlers['snapshots.restore']({ id: snapshot.id }));
  }
});

test(`mutants of the preferences (${MUTANTS}, seed ${SEED})`, TIMEOUT, () => {
  const env = { XDG_CONFIG_HOME: join(folder, 'config'), XDG_DATA_HOME: join(folder, 'data') };
  must(chooseLibrary(join(folder, 'chosen'), env));
  const file = join(env.XDG_CONFIG_HOME, 'terrarium', 'settings.json');
  mkdirSync(dirname(file), { recursive: true });
  const good = readFileSync(file, 'utf8');
  for (let number = 0; number < MUTANTS; number++) {
    const mutant = mutateJson(good, new Dice(seedOf(number)));
    writeFileSync(file, mutant);

    const chosen = chosenLibrary(env);

    expect(typeof libraryFolder(env)).toBe('string');
    if (chosen !== undefined) expect(chosen.startsWith('/'), `${chosen}: mutant ${number}`).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe(Buffer.from(mutant).toString('utf8'));
  }
});
