import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  CALLS,
  machineDraftSchema,
  mediumPath,
  type CallName,
  type CallParams,
  type CallResult,
  type TerrariumEvent,
} from '../../core/contract/index.ts';
import { forkLauncher } from './host-process.ts';
import { createServices, type Services } from './services.ts';

/** Removals that can be taken back, and what becomes of them when processes end. */
let folder: string;
let opened: Services[];
let services: Services;

function open(undoMs?: number, listens = false): Services {
  const made = createServices({
    ...{ shell: 'web', version: '0.0.0', libraryFolder: folder, listens },
    launcher: forkLauncher(join(import.meta.dirname, 'no-machine-runs-here.ts')),
    ...(undoMs !== undefined && { undoMs }),
  });
  if (!made.ok) throw new Error(made.error.message);
  opened.push(made.value);
  return made.value;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'terrarium-removals-'));
  opened = [];
  services = open();
});
afterEach(() => {
  for (const one of opened) one.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function call<N extends CallName>(
  name: N,
  params: CallParams<N>,
  of: Services = services,
): Promise<CallResult<N>> {
  const result = await of.handlers[name](CALLS[name].params.parse(params) as never);
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value as CallResult<N>;
}

const disk = async (name: string): Promise<string> => (await call('media.create', { name, sizeBytes: 1 << 20 })).id;
const machine = async (name: string, medium?: string): Promise<string> => {
  const disks = medium === undefined ? [] : [{ path: mediumPath(medium), writable: true }];
  return (await call('machines.create', machineDraftSchema.parse({ name, disks }))).config.id;
};
const take = async (id: string, name: string): Promise<string> =>
  (await call('snapshots.take', { machine: id, name, note: '', memory: false })).id;
const names = async (of: Services = services): Promise<string[]> => [
  ...(await call('machines.list', {}, of)).machines.map(({ config }) => config.name),
  ...(await call('media.list', {}, of)).media.map(({ name }) => name),
];
const heard = (of: Services, fits: (event: TerrariumEvent) => boolean): Promise<TerrariumEvent> =>
  new Promise((resolve) => {
    const listening = of.events((event) => {
      if (!fits(event)) return;
      listening.dispose();
      resolve(event);
    });
  });

test('what is removed is out of sight at once, for everybody, and all of it is back when that is undone', async () => {
  const id = await machine('DOS');
  const other = await machine('Other');
  const medium = await disk('data');
  const beside = open();

  const both = await call('removals.begin', {
    items: [
      { kind: 'machine', id },
      { kind: 'medium', id: medium },
    ],
  });
  const seen = await names(beside);
  const start = await beside.handlers['machines.start']({ id });
  const resize = await beside.handlers['media.move']({ id: medium, path: join(folder, 'x.img'), format: 'raw' });
  await call('removals.undo', { id: both.id }, beside);

  expect(both.items.map(({ name }) => name)).toEqual(['DOS', 'data']);
  expect(seen).toEqual(['Other']);
  expect(start).toMatchObject({ error: { code: 'machine.unknown' } });
  expect(resize).toMatchObject({ error: { code: 'store.medium' } });
  expect(await names()).toEqual(['DOS', 'Other', 'data']);
  expect(await services.handlers['removals.undo']({ id: both.id })).toMatchObject({ error: { code: 'removal.over' } });
  expect(other).not.toBe(id);
});

test('a snapshot that is being removed leaves the tree, as when it is gone', async () => {
  const id = await machine('DOS', await disk('data'));
  const [first, second, third] = [await take(id, 'first'), await take(id, 'second'), await take(id, 'third')];
  const tree = async () =>
    (await call('snapshots.list', { machine: id })).snapshots.map(({ name, parent, current }) => [
      name,
      parent,
      current,
    ]);

  const removal = await call('removals.begin', {
    items: [second, third].map((one) => ({ kind: 'snapshot', id: one })),
  });
  const without = await tree();
  await call('removals.undo', { id: removal.id });

  expect(without).toEqual([['first', null, true]]);
  expect(await tree()).toEqual([
    ['first', null, false],
    ['second', first, false],
    ['third', second, true],
  ]);
});

test('the process that is there when the time is over finishes it, whoever began it', async () => {
  const app = open(20, true);
  while (!readdirSync(join(folder, 'run')).some((file) => file.endsWith('.listener')))
    await new Promise((resolve) => setImmediate(resolve));
  const id = await machine('DOS', await disk('data'));
  await take(id, 'then');
  const over = heard(app, (event) => event.event === 'removals.changed' && event.removals.length === 0);
  const beside = open(20);

  const removal = await call('removals.begin', { items: [{ kind: 'machine', id }] }, beside);
  await beside.told();
  beside.dispose();
  await over;

  expect(await app.handlers['removals.undo']({ id: removal.id })).toMatchObject({ error: { code: 'removal.over' } });
  const usage = await call('store.usage', {});
  expect(usage.owners.map(({ name }) => name)).toEqual(['data']);
});

test('when every process has ended, the next one finishes what is due and waits with what is not', async () => {
  const soon = open(0);
  const [gone, waiting] = [await disk('gone'), await disk('waiting')];
  await call('removals.begin', { items: [{ kind: 'medium', id: waiting }] });
  await call('removals.begin', { items: [{ kind: 'medium', id: gone }] }, soon);
  for (const one of opened) one.dispose();

  services = open();
  const { owners } = await call('store.usage', {});
  const { removals } = await call('removals.list', {});
  await call('removals.undo', { id: removals[0].id });

  expect(owners.map(({ name }) => name)).toEqual(['waiting']);
  expect(await names()).toEqual(['waiting']);
});

test('a disk goes after its machine, and comes back with it', async () => {
  const medium = await disk('data');
  const id = await machine('DOS', medium);
  await take(id, 'then');

  const early = await services.handlers['removals.begin']({ items: [{ kind: 'medium', id: medium }] });
  const removal = await call('removals.begin', { items: [{ kind: 'machine', id }] });
  await call('removals.begin', { items: [{ kind: 'medium', id: medium }] });
  const nothing = await names();
  await call('removals.undo', { id: removal.id });

  expect(early).toMatchObject({ error: { code: 'store.in-use' } });
  expect(nothing).toEqual([]);
  expect(await names()).toEqual(['DOS', 'data']);
  expect((await call('removals.list', {})).removals).toEqual([]);
});

test('a name that is given anew is no longer waited for', async () => {
  const medium = await disk('data');
  const id = await machine('DOS', medium);
  await call('removals.begin', { items: [{ kind: 'machine', id }] });
  await call('removals.begin', { items: [{ kind: 'medium', id: medium }] });
  const kept = await call('removals.begin', { items: [{ kind: 'machine', id: await machine('Other') }] });

  await machine('dos');
  await disk('Data');

  expect(await names()).toEqual(['dos', 'Data']);
  expect((await call('removals.list', {})).removals.map(({ items }) => items[0].name)).toEqual(['Other']);
  await call('removals.undo', { id: kept.id });
  expect(await names()).toEqual(['Other', 'dos', 'Data']);
});

test('a removal that is not as it was written removes nothing, and the check puts it away', async () => {
  const id = await machine('DOS');
  await call('removals.begin', { items: [{ kind: 'machine', id }] });
  const { openLibrary } = await import('../../core/store/index.ts');
  const library = openLibrary(folder);
  if (!library.ok) throw new Error(library.error.message);
  library.value.database.prepare('UPDATE removal SET due_ms = 0').run();
  library.value.dispose();

  const shown = await names(open());
  const { problems } = await call('store.check', {});
  const { repaired } = await call('store.check', { repair: true });

  expect(shown).toEqual(['DOS']);
  expect(problems).toEqual([{ where: 'table removal, row 1', what: 'altered' }]);
  expect(repaired).toEqual(['table removal, row 1: what it named stays']);
});
