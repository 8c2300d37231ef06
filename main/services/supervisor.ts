import { err, ok, type Disposable, type Result } from '../../core/base/index.ts';
import { fail, hardwareOf, type LogEntry, type MachineConfig, type MachineStatus } from '../../core/contract/index.ts';
import type { ControlOperation } from '../vm-host/protocol.ts';
import type { Launcher } from './host-process.ts';
import { SupervisedMachine } from './supervised.ts';

export interface SupervisorOptions {
  readonly launcher: Launcher;
  readonly onStatus: (id: string, status: MachineStatus) => void;
  readonly log: (entry: Omit<LogEntry, 'at'>) => void;
  readonly lockFolder?: string | undefined;
  /** The folder of the library that the machines are of; undefined: of none. */
  readonly libraryFolder?: string | undefined;
  readonly heartbeatMs?: number;
  readonly missedMax?: number;
  readonly stopMs?: number;
}

const HEARTBEAT_MS = 1000;
const MISSED_MAX = 10;
const STOP_MS = 3000;

/** One process per running machine; the last known state of the others. */
export class Supervisor implements Disposable {
  readonly #options: SupervisorOptions;
  readonly #processes = new Map<string, SupervisedMachine>();
  readonly #ended = new Map<string, MachineStatus>();
  readonly #openedAt = new Date().toISOString();
  #disposed = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  status(id: string): MachineStatus {
    return this.#processes.get(id)?.status ?? this.#ended.get(id) ?? { state: 'stopped', since: this.#openedAt };
  }

  /** The process of a running machine, for tests and diagnosis. */
  pid(id: string): number | undefined {
    return this.#processes.get(id)?.pid;
  }

  isActive(id: string): boolean {
    return this.#processes.has(id);
  }

  /** Resolves when the machine runs, or with the reason why it cannot. */
  async start(config: MachineConfig, throwAway = false): Promise<Result<void>> {
    const { id, name } = config;
    if (this.#processes.has(id))
      return err(fail('machine.running', `"${name}" is ${this.status(id).state}`, 'stop it first'));
    const machine = new SupervisedMachine(this.#options.launcher(name), hardwareOf(config), {
      lockFolder: this.#options.lockFolder,
      library:
        this.#options.libraryFolder === undefined
          ? undefined
          : { folder: this.#options.libraryFolder, machine: id, throwAway },
      heartbeatMs: this.#options.heartbeatMs ?? HEARTBEAT_MS,
      missedMax: this.#options.missedMax ?? MISSED_MAX,
      stopMs: this.#options.stopMs ?? STOP_MS,
      onStatus: (status) => this.#changed(id, status),
      log: (level, message, code) =>
        this.#options.log({ level, source: 'machine', message, machineId: id, ...(code !== undefined && { code }) }),
    });
    this.#processes.set(id, machine);
    this.#ended.delete(id);
    this.#options.onStatus(id, machine.status);
    const started = await machine.started;
    if (!started.ok) await machine.gone;
    return started;
  }

  async stop(id: string): Promise<Result<void>> {
    const machine = this.#processes.get(id);
    if (!machine) return err(fail('machine.not-running', 'the machine is not running'));
    await machine.stop();
    return ok(undefined);
  }

  async control(id: string, operation: ControlOperation): Promise<Result<Record<string, string[]> | undefined>> {
    const machine = this.#processes.get(id);
    return machine
      ? machine.control(operation)
      : err(fail('machine.not-running', 'the machine is not running', 'start it first'));
  }

  /** Electron's way to a window. Returns whether the machine's process is of this supervisor and has the port now. */
  openPort(id: string, port: unknown): boolean {
    const machine = this.#processes.get(id);
    machine?.openPort(port);
    return machine !== undefined;
  }

  forget(id: string): void {
    this.#ended.delete(id);
  }

  /** Ends every machine; resolves when the last process is gone. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((machine) => machine.stop()));
  }

  /** Kills what runs, and tells nothing of it. */
  dispose(): void {
    this.#disposed = true;
    for (const machine of this.#processes.values()) machine.kill();
  }

  #changed(id: string, status: MachineStatus): void {
    if (this.#disposed) return;
    if (status.state === 'stopped' || status.state === 'aborted') {
      this.#processes.delete(id);
      this.#ended.set(id, status);
    }
    this.#options.onStatus(id, status);
  }
}
