import { rmSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Disposable } from '../../core/base/index.ts';
import { fail, type MachineStatus } from '../../core/contract/index.ts';
import { lockInLibrary, machineLock, type Library } from '../../core/store/index.ts';
import { askMachine, socketPath } from '../vm-host/socket.ts';
import { runsElsewhere, untilFree } from './detached.ts';

const LOST = fail('machine.crashed', 'its process ended unexpectedly', 'start it again');

interface Running {
  readonly since: string;
  paused: boolean;
  /** Resolves when it has said whether it is paused. */
  readonly asked: Promise<void>;
  /** Open as long as the machine's process lives, however that ends; undefined where nothing is followed. */
  readonly connection: Socket | undefined;
}

/** Machines that processes of other Terrariums run: whether they run, and when they end. */
export class MachinesElsewhere implements Disposable {
  readonly #library: Library;
  readonly #onChanged: ((machine: string) => void) | undefined;
  readonly #running = new Map<string, Running>();

  /** Without `onChanged`, nothing is followed: what runs is looked for when it is asked. */
  constructor(library: Library, onChanged: ((machine: string) => void) | undefined) {
    this.#library = library;
    this.#onChanged = onChanged;
  }

  isRunning(machine: string): boolean {
    return runsElsewhere(this.#library, machine);
  }

  /** Undefined: it neither runs elsewhere nor ended there in another way than machines end. */
  status(machine: string): MachineStatus | undefined {
    if (!this.isRunning(machine)) return this.#aborted(machine);
    const { paused, since } = this.#get(machine);
    return { state: paused ? 'paused' : 'running', since };
  }

  /** A machine that ends takes the file of its socket away. */
  #aborted(machine: string): MachineStatus | undefined {
    if (process.platform === 'win32') return undefined;
    const file = statSync(socketPath(this.#library.folder, machine), { throwIfNoEntry: false });
    return file && { state: 'aborted', since: file.mtime.toISOString(), reason: LOST };
  }

  /** The machine is gone, or how it ended is known better. Nobody starts it meanwhile: that file would be another's. */
  forget(machine: string): void {
    if (process.platform === 'win32') return;
    const lock = lockInLibrary(this.#library, machineLock(machine));
    if (!lock) return;
    rmSync(socketPath(this.#library.folder, machine), { force: true });
    lock.dispose();
  }

  /** Resolves when it is known of all of these whether they are paused. */
  async look(machines: readonly string[]): Promise<void> {
    await Promise.all(machines.filter((id) => this.isRunning(id)).map((id) => this.#get(id).asked));
  }

  /** It was paused or goes on: by us, or by whoever told. */
  setPaused(machine: string, paused: boolean): void {
    if (this.isRunning(machine)) this.#get(machine).paused = paused;
  }

  dispose(): void {
    const all = [...this.#running.values()];
    this.#running.clear();
    for (const { connection } of all) connection?.destroy();
  }

  #get(machine: string): Running {
    const known = this.#running.get(machine);
    if (known) return known;
    const running: Running = {
      since: new Date().toISOString(),
      paused: false,
      asked: askMachine(this.#library.folder, machine, 'status', {}).then((answer) => {
        if (!answer.ok || !answer.value.paused || running.paused || this.#running.get(machine) !== running) return;
        running.paused = true;
        this.#onChanged?.(machine);
      }),
      connection: this.#onChanged && this.#connect(machine),
    };
    this.#running.set(machine, running);
    return running;
  }

  #connect(machine: string): Socket {
    const connection = connect(socketPath(this.#library.folder, machine));
    connection.on('error', () => {});
    connection.resume();
    // It does not keep this process.
    connection.unref();
    connection.on('close', () => void this.#ended(machine, connection));
    return connection;
  }

  async #ended(machine: string, connection: Socket): Promise<void> {
    if (this.#running.get(machine)?.connection !== connection) return;
    // Its last words to the library are written when it lets go of its lock.
    await untilFree(this.#library, machine);
    if (this.#running.get(machine)?.connection !== connection) return;
    this.#running.delete(machine);
    this.#onChanged?.(machine);
  }
}
