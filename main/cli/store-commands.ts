import { basename } from 'node:path';
import type { CallResult } from '../../core/contract/index.ts';
import type { ImageFormatName } from '../../core/contract/machine.ts';
import type { CommandContext, Commands, Outcome } from './command-context.ts';
import { formatByName } from './image-names.ts';
import { formatSize, parseSize } from './sizes.ts';

export const STORE_COMMANDS: Commands = {
  'media list': list,
  'disk create': create,
  'media import': importImage,
  'media export': exportMedium,
  'media move': move,
  'disk check': examine,
  'disk resize': resize,
  'disk compact': compact,
  'media remove': remove,
  'store check': check,
  'store gc': gc,
  'store usage': usage,
};

async function list(c: CommandContext): Promise<Outcome> {
  const { media } = await c.ask('media.list', {});
  const width = Math.max(0, ...media.map(({ name }) => name.length));
  return {
    value: { media },
    lines: media.map(
      ({ name, kind, sizeBytes, usedBy, id }) =>
        `${name.padEnd(width)}  ${kind.padEnd(6)}  ${formatSize(sizeBytes).padStart(8)}  ${usedBy.join(', ') || '-'}  ${id}`,
    ),
  };
}

async function create(c: CommandContext): Promise<Outcome> {
  const [name, size] = c.names;
  const medium = await c.ask('media.create', { name, kind: 'disk', sizeBytes: parseSize(size) });
  return { value: medium, lines: [`${medium.name} ${medium.id}`] };
}

async function importImage(c: CommandContext): Promise<Outcome> {
  const [path] = c.names;
  const name = c.option('name') ?? basename(path);
  const kind =
    (c.option('kind') as 'disk' | 'floppy' | 'cdrom' | undefined) ?? (await c.ask('media.guess', { path })).kind;
  const allow = [...c.all('allow')];
  const medium = await c.withProgress(() => c.ask('media.import', { path, name, kind, allow }));
  return { value: medium, lines: [`${medium.name} ${medium.id}`] };
}

async function exportMedium(c: CommandContext): Promise<Outcome> {
  const [name, path] = c.names;
  const { id } = await c.medium(name);
  const format = newFormat(c, path);
  const written = await c.withProgress(() => c.ask('media.export', { id, path, format }));
  return { value: written, lines: [`${written.path} (${formatSize(written.sizeBytes)})`] };
}

/** Of an image to be written: as told, else as its name says. */
const newFormat = (c: CommandContext, path: string): ImageFormatName =>
  (c.option('format') as ImageFormatName | undefined) ?? formatByName(path) ?? 'raw';

async function move(c: CommandContext): Promise<Outcome> {
  const [name, path] = c.names;
  const { id } = await c.medium(name);
  const format = newFormat(c, path);
  const written = await c.withProgress(() => c.ask('media.move', { id, path, format }));
  return { value: written, lines: [`${name} is ${written.path} now`] };
}

async function examine(c: CommandContext): Promise<Outcome> {
  const { id } = await c.medium(c.names[0]);
  const report = await c.withProgress(() => c.ask('media.examine', { id }));
  const isWhole = report.problems.length === 0;
  return {
    value: report,
    lines: [
      ...report.problems.map(({ where, what }) => `${where}: ${what}`),
      `${formatSize(report.readBytes)} of ${formatSize(report.sizeBytes)} read: ${verdict(report.problems.length)}`,
    ],
    exit: isWhole ? 0 : 4,
  };
}

async function resize(c: CommandContext): Promise<Outcome> {
  const [name, size] = c.names;
  const { id } = await c.medium(name);
  const medium = await c.ask('media.resize', { id, sizeBytes: parseSize(size), force: c.has('force') });
  return { value: medium, lines: [`${medium.name} has ${formatSize(medium.sizeBytes)}`] };
}

async function compact(c: CommandContext): Promise<Outcome> {
  const medium = await c.ask('media.compact', { id: (await c.medium(c.names[0])).id });
  return { value: medium, lines: [`${medium.name} is compact`] };
}

async function remove(c: CommandContext): Promise<Outcome> {
  const { id, name } = await c.medium(c.names[0]);
  await c.ask('media.remove', { id });
  return { value: { removed: id }, lines: [`${name} is removed`] };
}

async function check(c: CommandContext): Promise<Outcome> {
  const report = await c.withProgress(() => c.ask('store.check', { repair: c.has('repair') }));
  return checkOutcome({ ...report, repaired: [...c.salvaged, ...report.repaired] });
}

export function checkOutcome(report: CallResult<'store.check'>): Outcome {
  const { problems, repaired, chunks, bytes } = report;
  return {
    value: report,
    lines: [
      ...repaired.map((line) => `repaired: ${line}`),
      ...problems.map(({ where, what }) => `${where}: ${what}`),
      `${counted(chunks, 'chunk')}, ${formatSize(bytes)}: ${verdict(problems.length)}`,
    ],
    exit: problems.length === 0 ? 0 : 4,
  };
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
const verdict = (problems: number): string => (problems === 0 ? 'clean' : counted(problems, 'problem'));

async function gc(c: CommandContext): Promise<Outcome> {
  const collected = await c.ask('store.gc', {});
  const { bytes, chunks, packs } = collected;
  return {
    value: collected,
    lines: [`${formatSize(bytes)} given back: ${counted(chunks, 'chunk')}, ${counted(packs, 'pack')}`],
  };
}

async function usage(c: CommandContext): Promise<Outcome> {
  const usage = await c.ask('store.usage', {});
  const machineName = (id: string | null): string => usage.machines.find((machine) => machine.id === id)?.name ?? '';
  return {
    value: usage,
    lines: [
      ...usage.machines.map((machine) => usageLine('machine', machine, machine.name)),
      ...usage.owners.map((owner) =>
        usageLine(owner.kind, owner, `${owner.name}${owner.machine ? ` (${machineName(owner.machine)})` : ''}`),
      ),
      `stored ${formatSize(usage.storedBytes)}, of these nobody's ${formatSize(usage.garbageBytes)}; not yet in trees ${formatSize(usage.logBytes)}`,
    ],
  };
}

const usageLine = (kind: string, of: { bytes: number; uniqueBytes: number }, name: string): string =>
  `${kind.padEnd(8)}  ${formatSize(of.bytes).padStart(9)} in all  ${formatSize(of.uniqueBytes).padStart(9)} alone  ${name}`;
