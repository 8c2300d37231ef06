import { availableParallelism, totalmem } from 'node:os';
import {
  Emitter,
  FailureError,
  err,
  ok,
  type Disposable,
  type Event,
  type Failure,
  type Result,
} from '../../core/base/index.ts';
import {
  MEMORY_MIB_MAX,
  MEMORY_MIB_MIN,
  changeOfMedium,
  fail,
  isLabelChange,
  type CallArguments,
  type CallName,
  type CallResult,
  type LogEntry,
  type MachineConfig,
  type MachineInfo,
  type MachineStatus,
  type MediumKind,
  type TerrariumEvent,
} from '../../core/contract/index.ts';
import { openDiskFile } from '../vm-host/disk-file.ts';
import { FileBlock, looksBootable, mediumBytes, openHostFile } from '../vm-host/image-file.ts';
import { attempt as attemptImage } from '../../core/formats/index.ts';
import type { ControlOperation } from '../vm-host/protocol.ts';
import { askMachine } from '../vm-host/socket.ts';
import { openMachineStream, type Stream, type StreamEnd } from '../vm-host/stream-socket.ts';
import type { RequestName, RequestParams, RequestResult } from '../vm-host/requests.ts';
import { attempt } from './attempt.ts';
import { BackgroundCollector } from './background-collector.ts';
import { startDetached, untilFree, type Detach } from './detached.ts';
import { hostPath } from './host-path.ts';
import type { Launcher } from './host-process.ts';
import { buildDebian } from './debian-calls.ts';
import { debianAvailability } from './debian/availability.ts';
import { checkImageFile, convertImageFile, createImageFile, describeImage, resizeImageFile } from './images.ts';
import { chooseLibrary, openLibraryAtStart } from './library.ts';
import { LibraryNotices, type LibraryNotice } from './library-notices.ts';
import { MachinesElsewhere } from './machines-elsewhere.ts';
import { mediaCalls } from './media-calls.ts';
import { dropSaved, forgetMachine, getPosition } from '../../core/store/index.ts';
import { MachineRegistry } from './registry.ts';
import { Removals, withNamesFreed, type Removable } from './removals.ts';
import { Reserve } from './reserve.ts';
import { snapshotCalls } from './snapshot-calls.ts';
import { Supervisor, type SupervisorOptions } from './supervisor.ts';
import { TaskRegistry } from './tasks.ts';

export type Handlers = { readonly [N in CallName]: (args: CallArguments<N>) => Promise<Result<CallResult<N>>> };

/** Entries of the log that are remembered. */
const LOGGED_MAX = 5000;

export interface ServicesOptions {
  readonly shell: 'electron' | 'web';
  readonly version: string;
  readonly libraryFolder: string;
  readonly launcher: Launcher;
  /** Keep a machine's process ready for the next start; default: no. */
  readonly keepReady?: boolean;
  /** Starts machines that outlive this process; undefined where that cannot be. */
  readonly detach?: Detach;
  /** Hears of what other processes change, as a program with windows has to. */
  readonly listens?: boolean;
  /** How long removals can be taken back; default: seven seconds. */
  readonly undoMs?: number;
  /** A file dialog; undefined where there is none. */
  readonly pickFile?: (kind: MediumKind) => Promise<string | null>;
  /** Starts the program anew with the library that was chosen; undefined where that cannot be. */
  readonly restart?: () => void;
  readonly supervisor?: Pick<SupervisorOptions, 'heartbeatMs' | 'missedMax' | 'stopMs' | 'lockFolder'>;
}

/** What the contract's calls do; the same for both shells. */
export interface Services extends Disposable {
  readonly libraryFolder: string;
  readonly handlers: Handlers;
  readonly events: Event<TerrariumEvent>;
  log(entry: Omit<LogEntry, 'at'>): void;
  /** Shows a machine that runs, whichever process runs it. */
  openStream(id: string, end: StreamEnd): Result<Stream>;
  /** Electron's shorter way: whether the machine's process is a child of this one and took the window's port. */
  openPort(id: string, port: unknown): boolean;
  /** The process of a running machine, for diagnosis. */
  pid(id: string): number | undefined;
  stopAll(): Promise<void>;
  /** Resolves when every other process that has the library open has heard of what was changed. */
  told(): Promise<unknown>;
}

export function createServices(options: ServicesOptions): Result<Services> {
  const library = openLibraryAtStart(options.libraryFolder);
  if (!library.ok) return library;
  const events = new Emitter<TerrariumEvent>();
  const logged: LogEntry[] = [];
  const log = (draft: Omit<LogEntry, 'at'>): void => {
    const entry = { at: new Date().toISOString(), ...draft };
    logged.push(entry);
    if (logged.length > LOGGED_MAX) logged.splice(0, logged.length - LOGGED_MAX);
    events.fire({ event: 'log', entry });
  };
  const registry = new MachineRegistry(library.value, (message) =>
    log({ level: 'warning', source: 'library', message }),
  );
  const reserve = options.keepReady ? new Reserve(options.launcher) : undefined;
  const supervisor = new Supervisor({
    ...options.supervisor,
    launcher: reserve?.launch ?? options.launcher,
    libraryFolder: options.libraryFolder,
    log,
    onStatus: (id, status) => {
      // Killed because it hung when it was to end: it is off, as was asked.
      if (status.state === 'stopped') elsewhere.forget(id);
      const config = registry.get(id);
      if (!config.ok) return;
      changed(config.value);
      const { reason } = status as { reason?: string | Failure };
      const why = typeof reason === 'string' ? reason : reason?.message;
      log({
        level: status.state === 'aborted' ? 'error' : why === undefined ? 'info' : 'warning',
        source: 'machine',
        message: `${config.value.name}: ${status.state}${why === undefined ? '' : `, ${why}`}`,
        machineId: id,
        ...(typeof reason === 'object' && { code: reason.code }),
      });
    },
  });
  const tasks = new TaskRegistry((task) => events.fire({ event: 'task.changed', task }));
  const notices = new LibraryNotices(options.libraryFolder);
  /** Tells the windows of this process, and of every other that has the library open. */
  const tell = (event: TerrariumEvent): void => {
    events.fire(event);
    const notice = noticeOf(event, (id) => supervisor.isActive(id));
    if (notice) notices.tell(notice);
  };
  /** Tells the windows of this process what another has changed. */
  const show = (id: string): void => {
    const config = registry.get(id);
    if (config.ok) events.fire({ event: 'machine.changed', machine: infoOf(config.value) });
    else events.fire({ event: 'machine.removed', id });
  };
  const elsewhere = new MachinesElsewhere(library.value, options.listens ? show : undefined);
  const lockFolder = options.supervisor?.lockFolder;
  const statusOf = (id: string): MachineStatus => {
    const own = supervisor.status(id);
    const there = supervisor.isActive(id) ? undefined : elsewhere.status(id);
    // What this process saw of an end is more than what can be seen of it from elsewhere.
    return there === undefined || (there.state === 'aborted' && own.state === 'aborted') ? own : there;
  };
  const infoOf = (config: MachineConfig): MachineInfo => ({
    config,
    status: statusOf(config.id),
    saved: getPosition(library.value, config.id).resume !== undefined,
  });
  const changed = (config: MachineConfig): MachineInfo => {
    const machine = infoOf(config);
    tell({ event: 'machine.changed', machine });
    return machine;
  };
  const whenIdle = (id: string): Result<MachineConfig> => {
    if (supervisor.isActive(id))
      return err(fail('machine.running', `the machine is ${supervisor.status(id).state}`, 'stop it first'));
    const config = registry.get(id);
    if (config.ok && elsewhere.isRunning(id))
      return err(fail('machine.running', `"${config.value.name}" is running`, 'stop it first'));
    return config;
  };
  /** Neither running nor saved: what it is made of may change. */
  const whenUnsaved = (id: string): Result<MachineConfig> => {
    const idle = whenIdle(id);
    if (idle.ok && infoOf(idle.value).saved)
      return err(
        fail('machine.running', `"${idle.value.name}" is saved in the middle of its work`, 'start it, or discard that'),
      );
    return idle;
  };
  const controlled = async (id: string, operation: ControlOperation): Promise<Result<MachineInfo>> => {
    const config = registry.get(id);
    if (!config.ok) return config;
    if (!supervisor.isActive(id) && operation !== 'inspect' && elsewhere.isRunning(id)) {
      const asked = await askMachine(options.libraryFolder, id, operation, {});
      if (!asked.ok) return asked;
      const paused = operation === 'pause';
      elsewhere.setPaused(id, paused);
      notices.tell({ about: 'machine', id, paused });
      show(id);
      return ok(infoOf(config.value));
    }
    const done = await supervisor.control(id, operation);
    return done.ok ? ok(infoOf(config.value)) : done;
  };

  const isActive = (id: string): boolean => supervisor.isActive(id) || elsewhere.isRunning(id);
  const start = async (id: string, throwAway = false): Promise<Result<MachineInfo>> => {
    const config = registry.get(id);
    if (!config.ok) return config;
    const started = await supervisor.start(config.value, throwAway);
    return started.ok ? ok(infoOf(config.value)) : started;
  };
  const startHeadless = async (id: string, throwAway = false): Promise<Result<MachineInfo>> => {
    const config = registry.get(id);
    if (!config.ok) return config;
    if (isActive(id)) return err(fail('machine.running', `"${config.value.name}" is running`, 'stop it first'));
    if (!options.detach) return err(fail('shell.unsupported', 'this shell starts machines with a window only'));
    const started = await startDetached(options.detach, options.libraryFolder, config.value, throwAway);
    return started.ok ? ok(changed(config.value)) : started;
  };
  const stop = async (id: string): Promise<Result<MachineInfo>> => {
    const config = registry.get(id);
    if (!config.ok) return config;
    if (!supervisor.isActive(id) && elsewhere.isRunning(id)) {
      const asked = await askMachine(options.libraryFolder, id, 'stop', {});
      if (asked.ok) await untilFree(library.value, id);
      return asked.ok ? ok(infoOf(config.value)) : asked;
    }
    const stopped = await supervisor.stop(id);
    return stopped.ok ? ok(infoOf(config.value)) : stopped;
  };
  const collecting = new BackgroundCollector(options.libraryFolder, (message) =>
    log({ level: 'warning', source: 'library', message }),
  );
  const ask = async <N extends RequestName>(
    id: string,
    request: N,
    params: RequestParams<N>,
  ): Promise<Result<RequestResult<N>>> => {
    const config = registry.get(id);
    return config.ok ? askMachine(options.libraryFolder, id, request, params) : config;
  };

  const changeMedium = async (
    id: string,
    { drive, medium, force }: Omit<CallArguments<'machines.changeMedium'>, 'id'>,
  ): Promise<Result<MachineInfo>> => {
    const config = registry.get(id);
    if (!config.ok) return config;
    if (isActive(id)) {
      const asked = await ask(id, 'insert', { drive, medium, force });
      if (!asked.ok) return asked;
    } else {
      const idle = whenUnsaved(id);
      const done = idle.ok ? registry.update(id, changeOfMedium(idle.value, drive, medium)) : idle;
      if (!done.ok) return done;
    }
    const now = registry.get(id);
    return now.ok ? ok(changed(now.value)) : now;
  };

  /** As it was chosen since the start. */
  let nextLibrary: string | null = null;

  const hidden = (): ReadonlySet<string> => removals.hidden();
  const snapshots = snapshotCalls({
    library: library.value,
    get: (id) => registry.get(id),
    isActive,
    fire: tell,
    hidden,
    changed: (config) => changed(config),
    start: (id) => (options.detach ? startHeadless(id) : start(id)),
    startHere: start,
    stop,
    collectSoon: () => collecting.soon(),
  });
  const media = mediaCalls({
    library: library.value,
    machines: () => registry.list(),
    isActive,
    reattach: (config, from, to) => {
      const moved = <T extends { readonly path: string } | null>(attachment: T): T =>
        attachment?.path === from ? { ...attachment, path: to } : attachment;
      const { floppies, disks, cdrom } = config;
      const changes = { floppies: floppies.map(moved), disks: disks.map(moved), cdrom: moved(cdrom) };
      const done = registry.update(config.id, changes);
      if (done.ok) changed(done.value);
    },
    tasks,
    fire: tell,
    hidden,
    collectSoon: () => collecting.soon(),
    collectNow: () => collecting.collect(true),
  });
  const machine: Removable = {
    check: (id) => {
      const idle = whenIdle(id);
      if (!idle.ok) throw new FailureError(idle.error);
      return idle.value.name;
    },
    remove: (id) => {
      const config = registry.get(id);
      if (isActive(id) && config.ok)
        throw new FailureError(fail('machine.running', `"${config.value.name}" is running`, 'stop it first'));
      registry.remove(id);
      forgetMachine(library.value, id);
      collecting.soon();
      supervisor.forget(id);
      elsewhere.forget(id);
      tell({ event: 'machine.removed', id });
    },
    changed: (id) => {
      const config = registry.get(id);
      if (config.ok) changed(config.value);
      else tell({ event: 'machine.removed', id });
    },
  };
  const removals: Removals = new Removals({
    library: library.value,
    kinds: { machine, snapshot: snapshots.removable, medium: media.removable },
    tell: (batches) => tell({ event: 'removals.changed', removals: [...batches] }),
    warn: (message) => log({ level: 'warning', source: 'library', message }),
    undoMs: options.undoMs,
  });

  const handlers: Handlers = {
    ...snapshots.calls,
    ...media.calls,
    'removals.begin': async ({ items }) => attempt('remove', () => removals.begin(items)),
    'removals.undo': async ({ id }) =>
      attempt('undo', () => removals.undo(id)).then((done) => (done.ok ? done.value : done)),
    'removals.list': async () => ok({ removals: removals.list() }),
    'machines.startHeadless': ({ id, throwAway }) => startHeadless(id, throwAway),
    'machines.powerButton': ({ id }) => ask(id, 'power-button', {}),
    'machines.save': ({ id }) => ask(id, 'save', {}),
    'machines.discardSaved': async ({ id }) => {
      const idle = whenIdle(id);
      if (!idle.ok) return idle;
      dropSaved(library.value, id);
      collecting.soon();
      return ok(changed(idle.value));
    },
    'machines.changeMedium': ({ id, ...change }) => changeMedium(id, change),
    'machines.type': ({ id, text }) => ask(id, 'type', { text }),
    'machines.keys': ({ id, chords }) => ask(id, 'keys', { chords }),
    'machines.screen': ({ id, png }) => ask(id, 'screen', { png }),
    'machines.wait': ({ id, until, timeoutMs }) => ask(id, 'wait', { until, timeoutMs }),
    'app.info': async () =>
      ok({
        version: options.version,
        shell: options.shell,
        platform: process.platform,
        libraryPath: options.libraryFolder,
        nextLibraryPath: nextLibrary,
        canRestart: options.restart !== undefined,
        memoryMiB: { min: MEMORY_MIB_MIN, max: MEMORY_MIB_MAX },
        host: { memoryMiB: Math.floor(totalmem() / 2 ** 20), cpus: availableParallelism() },
        canPickFiles: options.pickFile !== undefined,
        debian: debianAvailability(),
      }),
    'library.choose': async ({ path }) => {
      const chosen = chooseLibrary(path);
      if (!chosen.ok) return chosen;
      nextLibrary = chosen.value === options.libraryFolder ? null : chosen.value;
      return ok({ path: chosen.value });
    },
    'app.restart': async () => {
      if (!options.restart) return err(fail('shell.unsupported', 'this program cannot start itself anew'));
      const running = registry.list().filter(({ id }) => supervisor.isActive(id));
      if (running.length > 0)
        return err(
          fail(
            'machine.running',
            `${running.map(({ name }) => `"${name}"`).join(', ')} would end`,
            'stop or save it first',
          ),
        );
      const working = tasks.list().filter(({ state }) => state === 'running');
      if (working.length > 0)
        return err(
          fail(
            'task.running',
            `the work on ${working.map(({ subject }) => subject).join(', ')} would be cancelled`,
            'wait until it is done, or cancel it',
          ),
        );
      // The answer goes first.
      setImmediate(options.restart);
      return ok({});
    },
    'machines.list': async () => {
      const configs = registry.list();
      await elsewhere.look(configs.map(({ id }) => id).filter((id) => !supervisor.isActive(id)));
      return ok({ machines: configs.map(infoOf) });
    },
    'machines.create': async (draft) => {
      const config = registry.create(draft);
      return config.ok ? ok(changed(config.value)) : config;
    },
    'machines.buildDebian': (draft) =>
      buildDebian(
        {
          ...{ library: library.value, tasks, changed },
          isNameTaken: (name) => registry.list().some((config) => config.name === name),
          create: (config) => registry.create(config),
          mediaChanged: () => tell({ event: 'media.changed' }),
        },
        draft,
      ),
    'machines.update': async ({ id, changes }) => {
      const allowed = Object.keys(changes).every(isLabelChange) ? registry.get(id) : whenUnsaved(id);
      if (!allowed.ok) return allowed;
      const config = registry.update(id, changes);
      return config.ok ? ok(changed(config.value)) : config;
    },
    'machines.remove': async ({ id }) => {
      const idle = whenIdle(id);
      if (!idle.ok) return idle;
      machine.remove(id);
      return ok({});
    },
    'machines.start': ({ id, throwAway }) => start(id, throwAway),
    'machines.stop': ({ id }) => stop(id),
    'machines.reset': ({ id }) => controlled(id, 'reset'),
    'machines.pause': ({ id }) => controlled(id, 'pause'),
    'machines.resume': ({ id }) => controlled(id, 'resume'),
    'machines.inspect': async ({ id }) => {
      const devices = await supervisor.control(id, 'inspect');
      return devices.ok ? ok({ devices: devices.value ?? {} }) : devices;
    },
    'media.check': async ({ path, kind, writable }) => checkMedium(path, kind, writable),
    'media.info': async (ref) => describeImage(ref),
    'media.verify': async ({ repair, ...ref }) => checkImageFile(ref, repair, lockFolder),
    'media.createImage': async (draft) => createImageFile(draft),
    'media.resizeImage': async ({ sizeBytes, ...ref }) => resizeImageFile(ref, sizeBytes, lockFolder),
    'media.convert': async (conversion) =>
      ok(tasks.start('convert', conversion.to, (context) => convertImageFile(conversion, { ...context, lockFolder }))),
    'logs.list': async ({ machine }) =>
      ok({ entries: machine === undefined ? [...logged] : logged.filter(({ machineId }) => machineId === machine) }),
    'tasks.list': async () => ok({ tasks: tasks.list() }),
    'tasks.cancel': ({ id }) => tasks.cancel(id),
    'media.pick': async ({ kind }) =>
      options.pickFile
        ? ok({ path: await options.pickFile(kind) })
        : err(
            fail('shell.unsupported', 'a browser cannot show a file dialog of this computer', "type the file's path"),
          ),
  };

  if (options.listens)
    notices
      .listen((notice) => {
        if (notice.about === 'media') events.fire({ event: 'media.changed' });
        else if (notice.about === 'removals') {
          events.fire({ event: 'removals.changed', removals: removals.list() });
          removals.wait();
        } else if (notice.about === 'snapshots') events.fire({ event: 'snapshots.changed', machine: notice.machine });
        else {
          if (notice.paused !== undefined && !supervisor.isActive(notice.id))
            elsewhere.setPaused(notice.id, notice.paused);
          show(notice.id);
        }
      })
      // What was begun before anybody could tell of it.
      .then(() => removals.wait())
      .catch((error: unknown) =>
        log({
          level: 'warning',
          source: 'library',
          message: `changes of other programs are not seen at once: ${(error as Error).message}`,
        }),
      );

  // What no process was there to finish.
  removals.finishDue();

  return ok({
    libraryFolder: options.libraryFolder,
    handlers: withNamesFreed(handlers, removals),
    events: events.event,
    log,
    openStream: (id, end) => {
      const { state } = statusOf(id);
      return state === 'running' || state === 'paused'
        ? ok(openMachineStream(options.libraryFolder, id, end))
        : err(fail('machine.not-running', `the machine is ${state}`, 'start it first'));
    },
    openPort: (id, port) => supervisor.openPort(id, port),
    pid: (id) => supervisor.pid(id),
    stopAll: async () => {
      await Promise.all([supervisor.stopAll(), tasks.cancelAll()]);
    },
    told: () => notices.told(),
    dispose: () => {
      notices.dispose();
      elsewhere.dispose();
      removals.dispose();
      collecting.dispose();
      supervisor.dispose();
      events.dispose();
      reserve?.dispose();
      library.value.dispose();
    },
  });
}

function noticeOf(event: TerrariumEvent, isOurs: (machine: string) => boolean): LibraryNotice | undefined {
  switch (event.event) {
    case 'machine.changed': {
      const { config, status } = event.machine;
      // Of a machine that another process runs, this one knows no better than those that it tells.
      return {
        ...{ about: 'machine', id: config.id },
        ...(isOurs(config.id) && { paused: status.state === 'paused' }),
      };
    }
    case 'machine.removed':
      return { about: 'machine', id: event.id };
    case 'snapshots.changed':
      return { about: 'snapshots', machine: event.machine };
    case 'media.changed':
      return { about: 'media' };
    case 'removals.changed':
      return { about: 'removals' };
    case 'task.changed':
    case 'log':
      return undefined;
  }
}

function checkMedium(path: string, kind: MediumKind, writable: boolean): Result<CallResult<'media.check'>> {
  const absolute = hostPath(path);
  if (kind === 'disk') return checkDisk(absolute, writable);
  const file = openHostFile(absolute, kind, writable);
  if (!file.ok) return file;
  const { sizeBytes } = file.value;
  try {
    const bootable =
      (kind === 'floppy' || kind === 'cdrom') &&
      looksBootable(new FileBlock(file.value, mediumBytes(kind, sizeBytes), true), kind);
    return ok({ path: absolute, sizeBytes, format: 'raw', bootable });
  } catch (error) {
    return err(fail('file.io', `${absolute}: ${(error as Error).message}`, 'check the disk that holds it'));
  } finally {
    file.value.dispose();
  }
}

function checkDisk(path: string, writable: boolean): Result<CallResult<'media.check'>> {
  const disk = openDiskFile({ path, writable, trial: true });
  if (!disk.ok) return disk;
  const { image } = disk.value;
  try {
    return attemptImage({ name: path }, () =>
      ok({ path, sizeBytes: image.sizeBytes, format: image.format, bootable: looksBootable(image, 'disk') }),
    );
  } finally {
    image.dispose();
  }
}
