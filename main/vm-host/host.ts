import type { MachineFactory, BuiltMachine } from './build.ts';
import { buildMachine } from './build.ts';
import { ActivityMeter } from './activity.ts';
import { HostClock } from './clocks.ts';
import { SerialFile } from './serial-file.ts';
import { SerialLog } from './serial-log.ts';
import { MachineRunner } from './runner.ts';
import { StreamHub } from './stream-hub.ts';
import type { Media } from './media.ts';
import type { HostPort, Parent } from './parent.ts';
import type { ControlOperation, ToHost } from './protocol.ts';
import type { RequestParams } from './requests.ts';
import { failureOf, performRequest, requestHandlers } from './machine-requests.ts';
import { MachineSnapshots } from './machine-snapshots.ts';
import { changeConfig } from './stored-config.ts';
import { listenOnSocket, socketPath } from './socket.ts';
import { serveWindow } from './stream-socket.ts';
import { DisposableStore, FailureError, err, ok, type Disposable, type Result } from '../../core/base/index.ts';
import {
  getPosition,
  getSnapshot,
  lockMachine,
  openLibrary,
  type Library,
  type SnapshotDisk,
} from '../../core/store/index.ts';
import { fail } from '../../core/contract/codes.ts';
import { changeOfMedium, type Hardware } from '../../core/contract/machine.ts';

interface Running {
  readonly built: BuiltMachine;
  readonly runner: MachineRunner;
  readonly hub: StreamHub;
}

/** A machine's process: one machine, started once, gone when it stops. `prepare`: whatever makes a later start quicker. */
export function serveMachine(parent: Parent, factory: MachineFactory, prepare?: () => Promise<void>): void {
  const resources = new DisposableStore();
  let running: Running | undefined;
  let started = false;
  const log = (message: string): void => parent.send({ kind: 'log', level: 'info', message: message.slice(0, 4096) });

  /** The file of its socket says that the machine runs; what a crash leaves behind says so, too. */
  let listening: Disposable | undefined;
  const end = (code: number): void => {
    if (code === 0) listening?.dispose();
    resources.dispose();
    running = undefined;
    parent.exit(code);
  };

  const start = async (
    hardware: Hardware,
    lockFolder: string | undefined,
    of: LibraryPlace | undefined,
  ): Promise<void> => {
    let place: OpenPlace | undefined;
    let resumedDisks: readonly SnapshotDisk[] = [];
    try {
      place = of && openPlace(of, resources);
      if (place) resumedDisks = disksToResume(place);
    } catch (error) {
      const failed = failureOf(error);
      if (!failed.ok) parent.send({ kind: 'failed', error: failed.error });
      return end(0);
    }
    const meter = new ActivityMeter();
    const hostClock = new HostClock();
    let serial: SerialLog[] = [];
    const built = await buildMachine(hardware, {
      factory,
      hostClock,
      log,
      meter,
      mustBoot: false,
      lockFolder,
      library: place?.library,
      uuid: place?.machine,
      throwAway: of?.throwAway === true || resumedDisks.some(({ forgets }) => forgets === 'session'),
      resumedDisks,
      openSerial: (media) => {
        const opened = openSerial(hardware, media, resources);
        if (opened.ok) serial = opened.value;
        return opened;
      },
    });
    if (!built.ok) {
      parent.send({ kind: 'failed', error: built.error });
      return end(0);
    }
    resources.add(built.value);
    const runner: MachineRunner = resources.add(
      new MachineRunner(built.value.machine, {
        hostClock,
        virtualClock: hardware.clock === 'virtual',
        afterSlice: (waits) => {
          hub.afterSlice(waits);
          snapshots?.foldGrownLogs();
        },
        onStopped: (reason) => {
          parent.send({ kind: 'stopped', reason });
          end(0);
        },
        onError: (error) => {
          parent.send({ kind: 'log', level: 'error', message: String((error as Error).stack ?? error).slice(0, 4096) });
          end(1);
        },
      }),
    );
    const hub = resources.add(new StreamHub({ machine: built.value.machine, runner, meter, serial, log }));
    let snapshots: MachineSnapshots | undefined;
    if (place) {
      try {
        const joined = (snapshots = resources.add(joinLibrary(place, built.value, log)));
        const handlers = requestHandlers({
          machine: built.value.machine,
          runner,
          serial,
          snapshots: joined,
          changeMedium: (params) => changeMedium(place, built.value, joined, params),
          onPaused: (paused) => parent.send({ kind: 'paused', paused }),
          end: () => {
            parent.send({ kind: 'stopped', reason: 'stop' });
            setImmediate(() => end(0));
          },
        });
        const { folder, machine } = place;
        listening = await listenOnSocket(
          socketPath(folder, machine),
          (request, params) => performRequest(handlers, request, params),
          (socket, early) => serveWindow(socket, early, (send) => hub.open(send)),
        );
      } catch (error) {
        const failed = failureOf(error);
        if (!failed.ok) parent.send({ kind: 'failed', error: failed.error });
        return end(0);
      }
    }
    running = { built: built.value, runner, hub };
    parent.send({ kind: 'ready' });
    runner.start();
  };

  const control = (id: number, operation: ControlOperation): void => {
    if (!running) return;
    const { built, runner } = running;
    switch (operation) {
      case 'pause':
        runner.pause();
        break;
      case 'resume':
        runner.resume();
        break;
      case 'reset':
        built.machine.reset();
        runner.resume();
        runner.wake();
        break;
      case 'inspect':
        parent.send({ kind: 'reply', id, devices: mutable(built.machine.describe()) });
        return;
    }
    parent.send({ kind: 'reply', id });
  };

  /** A window of the app: its messages do not pass through the app. */
  const openPort = (port: HostPort): void => {
    if (!running) return;
    const window = running.hub.open((data) => port.send(data));
    port.onClose(() => window.close());
    port.onMessage((data) => {
      const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
      if (bytes instanceof Uint8Array) window.receive(bytes);
    });
  };

  parent.onGone(() => end(0));
  parent.onMessage((message: ToHost, port) => {
    switch (message.kind) {
      case 'prepare':
        if (!started) void prepare?.();
        break;
      case 'start':
        if (started) return;
        started = true;
        void start(message.hardware, message.lockFolder, message.library);
        break;
      case 'control':
        control(message.id, message.operation);
        break;
      case 'ping':
        parent.send({ kind: 'pong' });
        break;
      case 'open-port':
        if (port) openPort(port);
        break;
      case 'stop':
        parent.send({ kind: 'stopped', reason: 'stop' });
        end(0);
        break;
    }
  });
}

interface LibraryPlace {
  readonly folder: string;
  readonly machine: string;
  readonly throwAway: boolean;
}

interface OpenPlace extends LibraryPlace {
  readonly library: Library;
}

/** The machine's library, with the machine's lock: nobody else runs or changes it. Throws FailureError. */
function openPlace(of: LibraryPlace, resources: DisposableStore): OpenPlace {
  const library = openLibrary(of.folder);
  if (!library.ok) throw new FailureError(library.error);
  resources.add(library.value);
  resources.add(lockMachine(library.value, of.machine));
  return { ...of, library: library.value };
}

/** Exchanges a drive's medium, and notes it in the machine's configuration: a snapshot has what was in the drive then. */
function changeMedium(
  { library, machine }: OpenPlace,
  { machine: board, media }: BuiltMachine,
  snapshots: MachineSnapshots,
  { drive, medium, force }: RequestParams<'insert'>,
): Promise<Result<Record<string, never>>> {
  return snapshots.exclusive(async () => {
    const target = drive === 'cdrom' ? board.cdrom : board.floppies[drive === 'floppy0' ? 0 : 1];
    if (!target)
      return err(fail('config.invalid', `the machine was started without a drive ${drive}`, 'stop it first'));
    if (drive === 'cdrom' && !force && board.cdrom?.isLocked) {
      board.cdrom.pressEject();
      return err(
        fail(
          'drive.locked',
          'the guest has locked the CD-ROM drive; it was asked to let go',
          'try again, or use force',
        ),
      );
    }
    const changed = await media.change(drive, medium, (block) => target.insert(block));
    if (!changed.ok) return changed;
    changeConfig(library, machine, (config) => changeOfMedium(config, drive, medium));
    return ok({});
  });
}

/** What its disks held where the machine was saved. Throws FailureError. */
function disksToResume({ library, machine }: OpenPlace): readonly SnapshotDisk[] {
  const { resume } = getPosition(library, machine);
  return resume === undefined ? [] : getSnapshot(library, resume).disks;
}

/** Where the machine was saved it goes on, unless its changes are to be thrown away. Throws FailureError. */
function joinLibrary({ library, machine, throwAway }: OpenPlace, built: BuiltMachine, log: (message: string) => void) {
  const snapshots = new MachineSnapshots({
    library,
    machineId: machine,
    machine: built.machine,
    media: built.media,
    log,
  });
  const { resume } = getPosition(library, machine);
  if (resume !== undefined) snapshots.resume(resume, throwAway);
  else snapshots.beginEmpty();
  return snapshots;
}

function openSerial(hardware: Hardware, media: Media, resources: DisposableStore): Result<SerialLog[]> {
  const logs: SerialLog[] = [];
  for (const port of hardware.serial) {
    if (port.mode !== 'file') {
      logs.push(new SerialLog());
      continue;
    }
    const file = SerialFile.open(port.path, media.identities);
    if (!file.ok) return err(file.error);
    logs.push(new SerialLog(resources.add(file.value)));
  }
  return ok(logs);
}

const mutable = (lines: Readonly<Record<string, readonly string[]>>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(lines).map(([device, values]) => [device, [...values]]));
