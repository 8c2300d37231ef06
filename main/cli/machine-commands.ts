import { existsSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { FailureError } from '../../core/base/index.ts';
import {
  DEBIAN_PACKAGES,
  MACHINE_TEMPLATES,
  fail,
  machineDraftSchema,
  mediumIdOf,
  mediumPath,
  type MachineConfig,
  type MachineDraft,
  type MachineTemplate,
  type MediumKind,
  type RemovableDrive,
} from '../../core/contract/index.ts';
import type { CommandContext, Commands, Outcome } from './command-context.ts';
import { desktopApp, openInDesktopApp } from './desktop.ts';
import { parseKeys, parseTyped } from './keys.ts';
import { formatSize, looksLikeSize, parseSize } from './sizes.ts';

const WAIT_DEFAULT_S = 60;
/** A system that shuts down ends its services first. */
const SHUT_DOWN_DEFAULT_S = 60;
/** The process of a machine that is saved ends by itself. */
const SAVED_END_MS = 10_000;

export const MACHINE_COMMANDS: Commands = {
  create: create,
  list: list,
  info: info,
  remove: remove,
  start: start,
  stop: stop,
  pause: (c) => control(c, 'pause'),
  resume: (c) => control(c, 'resume'),
  type: type,
  key: key,
  screen: screen,
  wait: wait,
  discard: discard,
  'media attach': attachMedium,
  'media eject': ejectMedium,
};

async function create(c: CommandContext): Promise<Outcome> {
  const [name] = c.names;
  const template = MACHINE_TEMPLATES.find(({ id }) => id === c.option('template'));
  if (template?.unavailable !== undefined)
    throw new FailureError(
      fail('config.unavailable', `${template.name}: ${template.unavailable}`, 'choose another --template'),
    );
  if (template?.id === DEBIAN_PACKAGES) return buildDebian(c, template);
  const disks = c.each('disk', 'disk-mode');
  const inPlace = c.has('in-place');
  const made: string[] = [];
  const checked = async (kind: MediumKind, path: string, writable: boolean): Promise<string> =>
    (await c.ask('media.check', { path, kind, writable })).path;
  /** A size is a new disk; a file is copied into the library, or used where it is. */
  const attach = async (kind: 'disk' | 'floppy', value: string, index: number) => {
    if (inPlace && !looksLikeSize(value)) return { path: await checked(kind, value, true), writable: true };
    if (kind === 'disk' && /^\d/.test(value) && !looksLikeSize(value) && !existsSync(value))
      throw new FailureError(
        fail('args.invalid', `"${value}" is neither a size nor a file`, 'write for example 512M, 8G or disk.img'),
      );
    const mediumName = `${name} ${kind}${index}`;
    const medium =
      kind === 'disk' && looksLikeSize(value)
        ? await c.ask('media.create', { name: mediumName, kind, sizeBytes: parseSize(value) })
        : await c.withProgress(() => c.ask('media.import', { path: value, name: mediumName, kind }));
    made.push(medium.id);
    return { path: mediumPath(medium.id), writable: true };
  };
  try {
    const floppies = [];
    for (const [i, value] of c.all('floppy').entries()) floppies.push(await attach('floppy', value, i));
    const attached = [];
    for (const [i, { value, about }] of disks.entries()) {
      const disk = await attach('disk', value, i);
      if (about !== undefined && mediumIdOf(disk.path) === undefined)
        throw new FailureError(
          fail('args.invalid', `--disk-mode ${about} is for disks of the library`, 'leave out --in-place'),
        );
      attached.push({ ...disk, ...(about !== undefined && { mode: about }) });
    }
    const cdrom = c.option('cdrom');
    const kernel = c.option('kernel');
    const initrd = c.option('initrd');
    const memory = c.option('memory');
    if (template && template.diskBytes > 0 && attached.length === 0)
      attached.push(await attach('disk', String(template.diskBytes), 0));
    const draft = checkedDraft({
      ...template?.hardware,
      ...(template && { template: template.id }),
      name,
      floppies,
      disks: attached,
      cdrom: cdrom === undefined ? null : { path: await checked('cdrom', cdrom, false), writable: false },
      ...(memory !== undefined && { memoryMiB: Number(memory) }),
      ...(c.option('engine') !== undefined && { engine: c.option('engine') }),
      kernel:
        kernel === undefined
          ? null
          : {
              image: existing(kernel),
              initrd: initrd === undefined ? [] : [existing(initrd)],
              append: c.option('append') ?? '',
              ...(c.option('unpack') !== undefined && { unpack: c.option('unpack') }),
            },
    });
    const info = await c.ask('machines.create', draft);
    return { value: info, lines: [`${info.config.name} ${info.config.id}`] };
  } catch (error) {
    for (const id of made) await c.ask('media.remove', { id });
    throw error;
  }
}

function existing(path: string): string {
  if (existsSync(path)) return resolve(path);
  throw new FailureError(fail('file.missing', `${path}: no such file`, 'check the name and the folder'));
}

async function buildDebian(c: CommandContext, { diskBytes }: MachineTemplate): Promise<Outcome> {
  const [name] = c.names;
  const [size = String(diskBytes), ...more] = c.all('disk');
  if (more.length > 0 || !looksLikeSize(size) || c.has('disk-mode'))
    throw new FailureError(
      fail(
        'args.invalid',
        'this system is put on one new, ordinary disk',
        'write its size: --disk 2G, or leave it out',
      ),
    );
  const memory = c.option('memory');
  const params = {
    ...{ name, diskBytes: parseSize(size) },
    ...(memory !== undefined && { memoryMiB: Number(memory) }),
  };
  const info = await c.withProgress(() => c.ask('machines.buildDebian', params));
  return { value: info, lines: [`${info.config.name} ${info.config.id}`] };
}

function checkedDraft(draft: unknown): MachineDraft {
  const parsed = machineDraftSchema.safeParse(draft);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new FailureError(fail(path[0] === 'memoryMiB' ? 'config.memory' : 'config.invalid', message));
}

async function list(c: CommandContext): Promise<Outcome> {
  const { machines } = await c.ask('machines.list', {});
  const width = Math.max(0, ...machines.map(({ config }) => config.name.length));
  return {
    value: { machines },
    lines: machines.map(
      ({ config, status, saved }) =>
        `${config.name.padEnd(width)}  ${(saved ? 'saved' : status.state).padEnd(8)}  ${config.memoryMiB} MiB  ${config.id}`,
    ),
  };
}

async function info(c: CommandContext): Promise<Outcome> {
  const info = await c.machine();
  const { media } = await c.ask('media.list', {});
  const { snapshots } = await c.ask('snapshots.list', { machine: info.config.id });
  const show = (path: string): string => {
    const medium = media.find(({ id }) => mediumPath(id) === path);
    return medium ? `${medium.name} (${formatSize(medium.sizeBytes)}, in the library)` : path;
  };
  const { config, status } = info;
  return {
    value: { ...info, snapshots },
    lines: [
      `${config.name}  ${config.id}`,
      `state      ${status.state}${info.saved ? ', saved' : ''}`,
      `memory     ${config.memoryMiB} MiB`,
      ...config.floppies.map((floppy, i) => `floppy ${'AB'[i]}   ${floppy ? show(floppy.path) : 'empty'}`),
      ...config.disks.map(({ path, mode }, i) => `disk ${i}     ${show(path)}${mode ? `, ${mode}` : ''}`),
      ...(config.cdrom ? [`CD-ROM     ${show(config.cdrom.path)}`] : []),
      `snapshots  ${snapshots.length}`,
    ],
  };
}

async function remove(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const { media } = await c.ask('media.list', {});
  await c.ask('machines.remove', { id: config.id });
  // Disks that were made for it alone go with it, unless they are to stay.
  if (!c.has('keep-media'))
    for (const medium of media)
      if (attachmentsOf(config).includes(mediumPath(medium.id)) && medium.usedBy.length === 1)
        await c.ask('media.remove', { id: medium.id });
  return { value: { removed: config.id }, lines: [`${config.name} is removed`] };
}

async function start(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const desktop = c.has('headless') || c.has('throw-away') ? undefined : desktopApp();
  if (desktop !== undefined) {
    openInDesktopApp(desktop, c.services.libraryFolder, config.id);
    return { value: await c.machine(config.id), lines: [`${config.name} starts in its window`] };
  }
  const info = await c.ask('machines.startHeadless', { id: config.id, throwAway: c.has('throw-away') });
  return { value: info, lines: [`${config.name} runs`] };
}

async function stop(c: CommandContext): Promise<Outcome> {
  const ways = ['save', 'acpi', 'force'].filter((way) => c.has(way));
  if (ways.length > 1)
    throw new FailureError(fail('args.invalid', `--${ways.join(' and --')} do not go together`, 'choose one'));
  const { config } = await c.machine();
  const { id } = config;
  if (c.has('save')) {
    const saved = await c.ask('machines.save', { id });
    await untilStopped(c, id, SAVED_END_MS);
    return { value: saved, lines: [`${config.name} is saved (${Math.round(saved.totalMs)} ms)`] };
  }
  if (c.has('acpi')) {
    const timeoutMs = 1000 * secondsOf(c, SHUT_DOWN_DEFAULT_S);
    const { heard } = await c.ask('machines.powerButton', { id });
    if (!heard)
      throw new FailureError(
        fail('machine.no-acpi', `no system in "${config.name}" listens to the power button`, 'use --save or --force'),
      );
    if (!(await untilStopped(c, id, timeoutMs)))
      throw new FailureError(
        fail(
          'run.timeout',
          `${config.name} still runs ${timeoutMs / 1000} s after its power button was pressed`,
          'terrarium screen shows whether it asks something; --save or --force ends it',
        ),
      );
    return { value: { stopped: id }, lines: [`${config.name} has shut down`] };
  }
  await c.ask('machines.stop', { id });
  return { value: { stopped: id }, lines: [`${config.name} is off`] };
}

async function untilStopped(c: CommandContext, id: string, timeoutMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const { state } = (await c.machine(id)).status;
    if (state === 'stopped' || state === 'aborted') return true;
    if (performance.now() > deadlineMs) return false;
    await new Promise((wait) => setTimeout(wait, 20));
  }
}

function secondsOf(c: CommandContext, byDefault: number): number {
  const seconds = Number(c.option('timeout') ?? byDefault);
  if (seconds > 0 && seconds < 2 ** 20) return seconds;
  throw new FailureError(fail('args.invalid', `--timeout ${c.option('timeout')} is no time`, 'write seconds'));
}

async function control(c: CommandContext, operation: 'pause' | 'resume'): Promise<Outcome> {
  const { config } = await c.machine();
  const info = await c.ask(`machines.${operation}`, { id: config.id });
  return { value: info, lines: [`${config.name}: ${operation === 'pause' ? 'paused' : 'running'}`] };
}

async function type(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  await c.ask('machines.type', { id: config.id, text: parseTyped(c.names[1]) });
  return { value: {}, lines: [] };
}

async function key(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  await c.ask('machines.keys', { id: config.id, chords: c.names.slice(1).flatMap(parseKeys) });
  return { value: {}, lines: [] };
}

async function screen(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const file = c.option('png');
  const screen = await c.ask('machines.screen', { id: config.id, png: file !== undefined });
  if (file !== undefined && screen.png !== undefined)
    try {
      writeFileSync(file, Buffer.from(screen.png, 'base64'));
    } catch (error) {
      throw new FailureError(fail('file.unwritable', `${file}: ${(error as Error).message}`, 'name another file'));
    }
  const rows = (screen.rows ?? []).map((row) => row.trimEnd());
  while (rows.at(-1) === '') rows.pop();
  const { width, height } = screen;
  const size = `${width}x${height}`;
  return {
    value: { rows: screen.rows, width, height },
    lines: file !== undefined ? [`${basename(file)} ${size}`] : screen.rows ? rows : [`graphics ${size}`],
  };
}

async function wait(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const until = c.option('until');
  if (until === undefined) throw new FailureError(fail('args.invalid', 'wait needs --until REGEX'));
  const seconds = secondsOf(c, WAIT_DEFAULT_S);
  const { matched } = await c.ask('machines.wait', { id: config.id, until, timeoutMs: seconds * 1000 });
  if (!matched)
    throw new FailureError(
      fail('run.timeout', `no ${until} within ${seconds} s`, 'terrarium screen shows what is there'),
    );
  return { value: { matched }, lines: [] };
}

async function discard(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const info = await c.ask('machines.discardSaved', { id: config.id });
  return { value: info, lines: [`${config.name} boots at its next start`] };
}

async function attachMedium(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const [, what] = c.names;
  const { media } = await c.ask('media.list', {});
  const stored = media.find(({ id, name }) => id === what || name.toLowerCase() === what.toLowerCase());
  const isCd = stored ? stored.kind === 'cdrom' : /\.(iso|cdr)$/i.test(what);
  const drive = (c.option('drive') ?? (isCd ? 'cdrom' : 'floppy0')) as RemovableDrive;
  if (!stored)
    await c.ask('media.check', { path: what, kind: drive === 'cdrom' ? drive : 'floppy', writable: c.has('writable') });
  const info = await c.ask('machines.changeMedium', {
    id: config.id,
    drive,
    medium: { path: stored ? mediumPath(stored.id) : resolve(what), writable: c.has('writable') },
    force: c.has('force'),
  });
  return { value: info, lines: [`${stored?.name ?? what} is in ${drive} of ${config.name}`] };
}

async function ejectMedium(c: CommandContext): Promise<Outcome> {
  const { config } = await c.machine();
  const full: RemovableDrive[] = [
    ...config.floppies.flatMap((floppy, i) => (floppy ? [i === 0 ? ('floppy0' as const) : ('floppy1' as const)] : [])),
    ...(config.cdrom ? (['cdrom'] as const) : []),
  ];
  const drive = c.option('drive') as RemovableDrive | undefined;
  if (drive === undefined && full.length !== 1)
    throw new FailureError(
      fail('args.invalid', `${full.length === 0 ? 'no drive has' : 'several drives have'} a medium`, 'name a --drive'),
    );
  const from = drive ?? full[0];
  const info = await c.ask('machines.changeMedium', {
    id: config.id,
    drive: from,
    medium: null,
    force: c.has('force'),
  });
  return { value: info, lines: [`${from} of ${config.name} is empty`] };
}

const attachmentsOf = ({ floppies, disks, cdrom }: MachineConfig): string[] =>
  [...floppies, ...disks, cdrom].flatMap((attachment) => (attachment ? [attachment.path] : []));
