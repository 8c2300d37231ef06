import { writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FailureError } from '../../core/base/index.ts';
import {
  fail,
  machineDraftSchema,
  mediumPath,
  type CallName,
  type CallParams,
  type CallResult,
  type MachineConfig,
  type MachineInfo,
} from '../../core/contract/index.ts';
import { createRouter } from '../ipc/router.ts';
import { forkLauncher } from '../services/host-process.ts';
import { libraryFolder } from '../services/library.ts';
import { createServices, type Services } from '../services/services.ts';
import { oneLine, type CliIo } from './io.ts';
import { parseKeys, parseTyped } from './keys.ts';
import { COMMANDS, LIBRARY_OPTIONS, type CommandSpec } from './library-options.ts';
import { parseOptions, type GivenOption } from './options.ts';
import { formatSize, looksLikeSize, parseSize } from './sizes.ts';

const here = dirname(fileURLToPath(import.meta.url));
const INSTALLED_ENTRY = join(here, '../vm-host/entry.ts');
const WAIT_DEFAULT_S = 60;

/** What a command gives back: an object for --json, lines for people, and an exit status other than 0. */
interface Outcome {
  readonly value: unknown;
  readonly lines: readonly string[];
  readonly exit?: number;
}

/** Runs a command on a library: `create`, `list`, `snapshot take`, … Returns the exit status. */
export async function libraryCommand(
  args: readonly string[],
  io: CliIo,
  version: string,
  vmHostEntry = INSTALLED_ENTRY,
): Promise<number> {
  const spec = commandOf(args);
  const positionals: string[] = [];
  const given = parseOptions([...spec.options, ...LIBRARY_OPTIONS], args.slice(spec.name.split(' ').length), {
    names: [],
    found: positionals,
    more: true,
  });
  if (positionals.length < spec.takes.length || (positionals.length > spec.takes.length && !spec.takesMore))
    throw new FailureError(
      fail('args.invalid', `${spec.name} takes ${spec.takes.join(' ') || 'no names'}`, `write: ${usageLine(spec)}`),
    );
  const folder = given.find(({ name }) => name === 'library')?.value;
  const services = createServices({
    shell: 'web',
    version,
    libraryFolder: folder === undefined ? libraryFolder() : resolve(folder),
    launcher: forkLauncher(vmHostEntry),
    detach: { entry: vmHostEntry },
  });
  if (!services.ok) throw new FailureError(services.error);
  try {
    const outcome = await new LibraryCommand(services.value, io, given, positionals).run(spec.name);
    const json = given.some(({ name }) => name === 'json');
    io.stdout.write(json ? `${JSON.stringify(outcome.value)}\n` : outcome.lines.map((line) => `${line}\n`).join(''));
    return outcome.exit ?? 0;
  } finally {
    services.value.dispose();
  }
}

const usageLine = (spec: CommandSpec): string => `terrarium ${[spec.name, ...spec.takes].join(' ')}`;

function commandOf(args: readonly string[]): CommandSpec {
  const two = `${args[0]} ${args[1] ?? ''}`;
  const found = COMMANDS.find(({ name }) => name === two) ?? COMMANDS.find(({ name }) => name === args[0]);
  if (found) return found;
  const among = COMMANDS.filter(({ name }) => name.startsWith(`${args[0]} `)).map(({ name }) => name);
  throw new FailureError(fail('args.invalid', `there is no command "${two.trim()}"`, `there are: ${among.join(', ')}`));
}

class LibraryCommand {
  readonly #services: Services;
  readonly #call: ReturnType<typeof createRouter>;
  readonly #io: CliIo;
  readonly #given: readonly GivenOption[];
  readonly #names: readonly string[];

  constructor(services: Services, io: CliIo, given: readonly GivenOption[], names: readonly string[]) {
    this.#services = services;
    this.#call = createRouter(services);
    this.#io = io;
    this.#given = given;
    this.#names = names;
  }

  /** Through the router: what the command line asks is checked as what a window asks. Throws FailureError. */
  async #ask<N extends CallName>(name: N, params: CallParams<N>): Promise<CallResult<N>> {
    const response = await this.#call({ trusted: true, description: 'command line' }, { call: name, params });
    if (!response.ok)
      throw new FailureError({
        code: response.error.code,
        message: response.error.message,
        ...(response.error.hint !== undefined && { hint: response.error.hint }),
      });
    return response.value as CallResult<N>;
  }

  #option(name: string): string | undefined {
    return this.#given.find((option) => option.name === name)?.value;
  }
  #all(name: string): string[] {
    return this.#given.filter((option) => option.name === name).map(({ value }) => value);
  }
  #has(name: string): boolean {
    return this.#given.some((option) => option.name === name);
  }

  async #machine(nameOrId = this.#names[0]): Promise<MachineInfo> {
    const { machines } = await this.#ask('machines.list', {});
    const found =
      machines.find(({ config }) => config.id === nameOrId) ??
      machines.find(({ config }) => config.name.toLowerCase() === nameOrId.toLowerCase());
    if (!found)
      throw new FailureError(fail('machine.unknown', `there is no machine "${nameOrId}"`, 'terrarium list shows them'));
    return found;
  }

  async #snapshot(machine: string, nameOrId: string): Promise<CallResult<'snapshots.list'>['snapshots'][number]> {
    const { snapshots } = await this.#ask('snapshots.list', { machine });
    const found =
      snapshots.find(({ id }) => id === nameOrId) ??
      snapshots.findLast(({ name }) => name.toLowerCase() === nameOrId.toLowerCase());
    if (!found)
      throw new FailureError(
        fail('store.snapshot', `the machine has no snapshot "${nameOrId}"`, 'terrarium snapshot list shows them'),
      );
    return found;
  }

  async #medium(nameOrId: string): Promise<CallResult<'media.create'>> {
    const { media } = await this.#ask('media.list', {});
    const found =
      media.find(({ id }) => id === nameOrId) ??
      media.find(({ name }) => name.toLowerCase() === nameOrId.toLowerCase());
    if (!found)
      throw new FailureError(
        fail('store.medium', `there is no medium "${nameOrId}"`, 'terrarium media list shows them'),
      );
    return found;
  }

  run(command: string): Promise<Outcome> {
    switch (command) {
      case 'create':
        return this.#create();
      case 'list':
        return this.#list();
      case 'info':
        return this.#info();
      case 'remove':
        return this.#remove();
      case 'start':
        return this.#start();
      case 'stop':
        return this.#stop();
      case 'pause':
      case 'resume':
        return this.#control(command);
      case 'snapshot take':
        return this.#take();
      case 'snapshot list':
        return this.#snapshots();
      case 'snapshot restore':
        return this.#restore();
      case 'snapshot delete':
        return this.#deleteSnapshot();
      case 'clone':
        return this.#clone();
      case 'fork':
        return this.#fork();
      case 'type':
        return this.#type();
      case 'key':
        return this.#key();
      case 'screen':
        return this.#screen();
      case 'wait':
        return this.#wait();
      case 'media list':
        return this.#media();
      case 'disk create':
        return this.#createMedium();
      case 'media import':
        return this.#import();
      case 'media export':
        return this.#export();
      case 'disk resize':
        return this.#resize();
      case 'disk compact':
        return this.#compact();
      case 'media remove':
        return this.#removeMedium();
      case 'store check':
        return this.#check();
      case 'store gc':
        return this.#gc();
      case 'store usage':
        return this.#usage();
      default:
        throw new Error(`command ${command} has no code`);
    }
  }

  // --- machines ---------------------------------------------------------------------------------------------------------------

  async #create(): Promise<Outcome> {
    const [name] = this.#names;
    const disks = this.#all('disk');
    const inPlace = this.#has('in-place');
    const made: string[] = [];
    /** A size is a new disk; a file is copied into the library, or used where it is. */
    const attach = async (kind: 'disk' | 'floppy', value: string, index: number) => {
      if (inPlace && !looksLikeSize(value)) return { path: resolve(value), writable: true };
      const mediumName = `${name} ${kind}${index}`;
      const medium =
        kind === 'disk' && looksLikeSize(value)
          ? await this.#ask('media.create', { name: mediumName, kind, sizeBytes: parseSize(value) })
          : await this.#withProgress(() => this.#ask('media.import', { path: value, name: mediumName, kind }));
      made.push(medium.id);
      return { path: mediumPath(medium.id), writable: true };
    };
    try {
      const floppies = [];
      for (const [i, value] of this.#all('floppy').entries()) floppies.push(await attach('floppy', value, i));
      const attached = [];
      for (const [i, value] of disks.entries()) attached.push(await attach('disk', value, i));
      const cdrom = this.#option('cdrom');
      const kernel = this.#option('kernel');
      const initrd = this.#option('initrd');
      const memory = this.#option('memory');
      const draft = machineDraftSchema.parse({
        name,
        floppies,
        disks: attached,
        cdrom: cdrom === undefined ? null : { path: resolve(cdrom), writable: false },
        ...(memory !== undefined && { memoryMiB: Number(memory) }),
        ...(this.#option('engine') !== undefined && { engine: this.#option('engine') }),
        kernel:
          kernel === undefined
            ? null
            : {
                image: resolve(kernel),
                initrd: initrd === undefined ? null : resolve(initrd),
                append: this.#option('append') ?? '',
              },
      });
      const info = await this.#ask('machines.create', draft);
      return { value: info, lines: [`${info.config.name} ${info.config.id}`] };
    } catch (error) {
      for (const id of made) await this.#ask('media.remove', { id });
      throw error;
    }
  }

  async #list(): Promise<Outcome> {
    const { machines } = await this.#ask('machines.list', {});
    const width = Math.max(0, ...machines.map(({ config }) => config.name.length));
    return {
      value: { machines },
      lines: machines.map(
        ({ config, status }) =>
          `${config.name.padEnd(width)}  ${status.state.padEnd(8)}  ${config.memoryMiB} MiB  ${config.id}`,
      ),
    };
  }

  async #info(): Promise<Outcome> {
    const info = await this.#machine();
    const { media } = await this.#ask('media.list', {});
    const { snapshots } = await this.#ask('snapshots.list', { machine: info.config.id });
    const show = (path: string): string => {
      const medium = media.find(({ id }) => mediumPath(id) === path);
      return medium ? `${medium.name} (${formatSize(medium.sizeBytes)}, in the library)` : path;
    };
    const { config, status } = info;
    return {
      value: { ...info, snapshots },
      lines: [
        `${config.name}  ${config.id}`,
        `state      ${status.state}`,
        `memory     ${config.memoryMiB} MiB`,
        ...config.floppies.map((floppy, i) => `floppy ${'AB'[i]}   ${floppy ? show(floppy.path) : 'empty'}`),
        ...config.disks.map((disk, i) => `disk ${i}     ${show(disk.path)}`),
        ...(config.cdrom ? [`CD-ROM     ${show(config.cdrom.path)}`] : []),
        `snapshots  ${snapshots.length}`,
      ],
    };
  }

  async #remove(): Promise<Outcome> {
    const { config } = await this.#machine();
    const { media } = await this.#ask('media.list', {});
    await this.#ask('machines.remove', { id: config.id });
    // Disks that were made for it alone go with it, unless they are to stay.
    if (!this.#has('keep-media'))
      for (const medium of media)
        if (attachmentsOf(config).includes(mediumPath(medium.id)) && medium.usedBy.length === 1)
          await this.#ask('media.remove', { id: medium.id });
    return { value: { removed: config.id }, lines: [`${config.name} is removed`] };
  }

  async #start(): Promise<Outcome> {
    const { config } = await this.#machine();
    const info = await this.#ask('machines.startHeadless', { id: config.id, throwAway: this.#has('throw-away') });
    return { value: info, lines: [`${config.name} runs`] };
  }

  async #stop(): Promise<Outcome> {
    const { config } = await this.#machine();
    const { id } = config;
    if (this.#has('save')) {
      const saved = await this.#ask('machines.save', { id });
      await this.#untilStopped(id);
      return { value: saved, lines: [`${config.name} is saved (${Math.round(saved.totalMs)} ms)`] };
    }
    if (this.#has('acpi')) {
      const pressed = await this.#ask('machines.powerButton', { id });
      return {
        value: pressed,
        lines: [
          pressed.heard ? 'the power button is pressed' : 'the power button is pressed, but no system listens to it',
        ],
      };
    }
    await this.#ask('machines.stop', { id });
    return { value: { stopped: id }, lines: [`${config.name} is off`] };
  }

  async #untilStopped(id: string): Promise<void> {
    for (let tries = 0; tries < 500; tries++) {
      if ((await this.#machine(id)).status.state === 'stopped') return;
      await new Promise((wait) => setTimeout(wait, 20));
    }
  }

  async #control(operation: 'pause' | 'resume'): Promise<Outcome> {
    const { config } = await this.#machine();
    const info = await this.#ask(`machines.${operation}`, { id: config.id });
    return { value: info, lines: [`${config.name}: ${operation === 'pause' ? 'paused' : 'running'}`] };
  }

  // --- snapshots --------------------------------------------------------------------------------------------------------------

  async #take(): Promise<Outcome> {
    const { config } = await this.#machine();
    const name = this.#names[1] ?? `Snapshot ${new Date().toISOString().slice(0, 19).replace('T', ' ')}`;
    const taken = await this.#ask('snapshots.take', {
      machine: config.id,
      name,
      note: this.#option('note') ?? '',
      memory: !this.#has('no-memory'),
    });
    const { pauseMs, totalMs, addedBytes } = taken.captured;
    return {
      value: taken,
      lines: [
        `"${name}" ${taken.id}: ${formatSize(addedBytes)} stored in ${Math.round(totalMs)} ms, ` +
          `the machine stood still for ${pauseMs.toFixed(1)} ms`,
      ],
    };
  }

  async #snapshots(): Promise<Outcome> {
    const { config } = await this.#machine();
    const { snapshots } = await this.#ask('snapshots.list', { machine: config.id });
    const lines: string[] = [];
    const branch = (parent: string | null, indent: string): void => {
      for (const snapshot of snapshots.filter((s) => s.parent === parent)) {
        const { name, createdAt, hasMemory, current, uniqueBytes, id } = snapshot;
        lines.push(
          `${indent}${name}${current ? ' *' : ''}  ${createdAt.slice(0, 19).replace('T', ' ')}  ` +
            `${hasMemory ? 'with memory' : 'disks'}  ${formatSize(uniqueBytes)} of its own  ${id}`,
        );
        branch(id, `${indent}  `);
      }
    };
    branch(null, '');
    return { value: { snapshots }, lines };
  }

  async #restore(): Promise<Outcome> {
    const { config } = await this.#machine();
    const snapshot = await this.#snapshot(config.id, this.#names[1]);
    const keep = this.#option('keep');
    const info = await this.#ask('snapshots.restore', {
      id: snapshot.id,
      ...(keep !== undefined && { keepCurrent: keep }),
    });
    return {
      value: info,
      lines: [
        `${config.name} is as at "${snapshot.name}"${snapshot.hasMemory ? ', and goes on there when started' : ''}`,
      ],
    };
  }

  async #deleteSnapshot(): Promise<Outcome> {
    const { config } = await this.#machine();
    const snapshot = await this.#snapshot(config.id, this.#names[1]);
    await this.#ask('snapshots.delete', { id: snapshot.id });
    return { value: { deleted: snapshot.id }, lines: [`"${snapshot.name}" is deleted`] };
  }

  async #clone(): Promise<Outcome> {
    const { config } = await this.#machine();
    const from = this.#option('snapshot');
    const snapshot = from === undefined ? undefined : (await this.#snapshot(config.id, from)).id;
    const info = await this.#ask('machines.clone', {
      id: config.id,
      name: this.#names[1],
      full: this.#has('full'),
      ...(snapshot !== undefined && { snapshot }),
    });
    return { value: info, lines: [`${info.config.name} ${info.config.id}`] };
  }

  async #fork(): Promise<Outcome> {
    const { config } = await this.#machine();
    const forked = await this.#ask('machines.fork', {
      id: config.id,
      name: this.#names[1],
      start: !this.#has('no-start'),
    });
    const { pauseMs, totalMs } = forked.captured;
    return {
      value: forked,
      lines: [
        `${forked.machine.config.name} ${forked.machine.config.id}: ${config.name} stood still for ` +
          `${pauseMs.toFixed(1)} ms, stored in ${Math.round(totalMs)} ms`,
      ],
    };
  }

  // --- input and output -------------------------------------------------------------------------------------------------------

  async #type(): Promise<Outcome> {
    const { config } = await this.#machine();
    await this.#ask('machines.type', { id: config.id, text: parseTyped(this.#names[1]) });
    return { value: {}, lines: [] };
  }

  async #key(): Promise<Outcome> {
    const { config } = await this.#machine();
    await this.#ask('machines.keys', { id: config.id, chords: this.#names.slice(1).flatMap(parseKeys) });
    return { value: {}, lines: [] };
  }

  async #screen(): Promise<Outcome> {
    const { config } = await this.#machine();
    const file = this.#option('png');
    const screen = await this.#ask('machines.screen', { id: config.id, png: file !== undefined });
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

  async #wait(): Promise<Outcome> {
    const { config } = await this.#machine();
    const until = this.#option('until');
    if (until === undefined) throw new FailureError(fail('args.invalid', 'wait needs --until REGEX'));
    const seconds = Number(this.#option('timeout') ?? WAIT_DEFAULT_S);
    if (!(seconds > 0 && seconds < 2 ** 20))
      throw new FailureError(fail('args.invalid', `--timeout ${this.#option('timeout')} is no time`));
    const { matched } = await this.#ask('machines.wait', { id: config.id, until, timeoutMs: seconds * 1000 });
    if (!matched)
      throw new FailureError(
        fail('run.timeout', `no ${until} within ${seconds} s`, 'terrarium screen shows what is there'),
      );
    return { value: { matched }, lines: [] };
  }

  // --- media and the store ----------------------------------------------------------------------------------------------------

  async #media(): Promise<Outcome> {
    const { media } = await this.#ask('media.list', {});
    const width = Math.max(0, ...media.map(({ name }) => name.length));
    return {
      value: { media },
      lines: media.map(
        ({ name, kind, sizeBytes, usedBy, id }) =>
          `${name.padEnd(width)}  ${kind}  ${formatSize(sizeBytes)}  ${usedBy.join(', ') || '-'}  ${id}`,
      ),
    };
  }

  async #createMedium(): Promise<Outcome> {
    const [name, size] = this.#names;
    const medium = await this.#ask('media.create', { name, kind: 'disk', sizeBytes: parseSize(size) });
    return { value: medium, lines: [`${medium.name} ${medium.id}`] };
  }

  async #import(): Promise<Outcome> {
    const [path] = this.#names;
    const name = this.#option('name') ?? basename(path);
    const kind = (this.#option('kind') ?? 'disk') as 'disk' | 'floppy' | 'cdrom';
    const medium = await this.#withProgress(() => this.#ask('media.import', { path, name, kind }));
    return { value: medium, lines: [`${medium.name} ${medium.id}`] };
  }

  async #export(): Promise<Outcome> {
    const [name, path] = this.#names;
    const { id } = await this.#medium(name);
    const format = (this.#option('format') ?? 'raw') as 'raw';
    const written = await this.#withProgress(() => this.#ask('media.export', { id, path, format }));
    return { value: written, lines: [`${written.path} (${formatSize(written.sizeBytes)})`] };
  }

  async #resize(): Promise<Outcome> {
    const [name, size] = this.#names;
    const { id } = await this.#medium(name);
    const medium = await this.#ask('media.resize', { id, sizeBytes: parseSize(size), force: this.#has('force') });
    return { value: medium, lines: [`${medium.name} has ${formatSize(medium.sizeBytes)}`] };
  }

  async #compact(): Promise<Outcome> {
    const medium = await this.#ask('media.compact', { id: (await this.#medium(this.#names[0])).id });
    return { value: medium, lines: [`${medium.name} is compact`] };
  }

  async #removeMedium(): Promise<Outcome> {
    const { id, name } = await this.#medium(this.#names[0]);
    await this.#ask('media.remove', { id });
    return { value: { removed: id }, lines: [`${name} is removed`] };
  }

  async #check(): Promise<Outcome> {
    const report = await this.#withProgress(() => this.#ask('store.check', { repair: this.#has('repair') }));
    return {
      value: report,
      lines: [
        ...report.repaired.map((line) => `repaired: ${line}`),
        ...report.problems.map(({ where, what }) => `${where}: ${what}`),
        `${report.chunks} chunks, ${formatSize(report.bytes)}: ${report.problems.length === 0 ? 'clean' : `${report.problems.length} problems`}`,
      ],
      exit: report.problems.length === 0 ? 0 : 4,
    };
  }

  async #gc(): Promise<Outcome> {
    const collected = await this.#ask('store.gc', {});
    return {
      value: collected,
      lines: [`${formatSize(collected.bytes)} given back: ${collected.chunks} chunks, ${collected.packs} packs`],
    };
  }

  async #usage(): Promise<Outcome> {
    const usage = await this.#ask('store.usage', {});
    const { machines } = await this.#ask('machines.list', {});
    const machineName = (id: string | null): string =>
      machines.find(({ config }) => config.id === id)?.config.name ?? '';
    return {
      value: usage,
      lines: [
        ...usage.owners.map(
          (owner) =>
            `${owner.kind.padEnd(8)}  ${formatSize(owner.bytes).padStart(9)} in all  ` +
            `${formatSize(owner.uniqueBytes).padStart(9)} alone  ${owner.name}${owner.machine ? ` (${machineName(owner.machine)})` : ''}`,
        ),
        `stored ${formatSize(usage.storedBytes)}, of these nobody's ${formatSize(usage.garbageBytes)}; not yet in trees ${formatSize(usage.logBytes)}`,
      ],
    };
  }

  /** Shows how far a work is on a terminal; Ctrl+C ends it with nothing kept. */
  async #withProgress<T>(action: () => Promise<T>): Promise<T> {
    const show = this.#io.stdout.isTTY === true && !this.#has('json');
    const listening = this.#services.events((event) => {
      if (!show || event.event !== 'task.changed') return;
      const { doneBytes, totalBytes, subject } = event.task;
      const share = totalBytes > 0 ? ` ${Math.floor((100 * doneBytes) / totalBytes)} %` : '';
      this.#io.stderr.write(`\r${oneLine(subject)}${share}\x1b[K`);
    });
    const cancel = async (): Promise<void> => {
      const { tasks } = await this.#ask('tasks.list', {});
      for (const { id, state } of tasks) if (state === 'running') await this.#ask('tasks.cancel', { id });
    };
    const stop = this.#io.onSignal(() => void cancel());
    try {
      return await action();
    } finally {
      stop();
      listening.dispose();
      if (show) this.#io.stderr.write('\r\x1b[K');
    }
  }
}

const attachmentsOf = ({ floppies, disks, cdrom }: MachineConfig): string[] =>
  [...floppies, ...disks, cdrom].flatMap((attachment) => (attachment ? [attachment.path] : []));
