import { err, ok, type Failure, type Result } from '../../core/base/index.ts';
import { fail, type Hardware, type MachineStatus } from '../../core/contract/index.ts';
import { fromHostSchema, type ControlOperation, type FromHost } from '../vm-host/protocol.ts';
import type { HostProcess } from './host-process.ts';

export interface SupervisedOptions {
  readonly lockFolder?: string | undefined;
  readonly library?: { readonly folder: string; readonly machine: string; readonly throwAway: boolean } | undefined;
  /** How often a process is asked for a sign of life, and how many may stay unanswered. */
  readonly heartbeatMs: number;
  readonly missedMax: number;
  /** How long a process may take to end by itself once told to. */
  readonly stopMs: number;
  readonly onStatus: (status: MachineStatus) => void;
  readonly log: (level: 'info' | 'warning' | 'error', message: string, code?: string) => void;
}

interface Pending {
  readonly operation: ControlOperation;
  readonly resolve: (result: Result<Record<string, string[]> | undefined>) => void;
}

const now = (): string => new Date().toISOString();

/**
 * One start of a machine: its process from launch to end. However the process ends, the end becomes the machine's
 * state, and nothing outside this object notices more than that.
 */
export class SupervisedMachine {
  readonly #process: HostProcess;
  readonly #options: SupervisedOptions;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #started = Promise.withResolvers<Result<void>>();
  readonly #gone = Promise.withResolvers<void>();
  readonly #pending = new Map<number, Pending>();
  #status: MachineStatus = { state: 'starting', since: now() };
  #next = 0;
  #missed = 0;
  #killTimer: NodeJS.Timeout | undefined;
  /** Why the process is about to end, once that is known. */
  #ending: { readonly reason?: string } | undefined;
  #abort: Failure | undefined;

  constructor(process: HostProcess, hardware: Hardware, options: SupervisedOptions) {
    this.#process = process;
    this.#options = options;
    process.onMessage((message) => this.#receive(message));
    process.onExit(({ code, signal, reason }) => this.#exited(code, signal, reason));
    this.#heartbeat = setInterval(() => this.#beat(), options.heartbeatMs);
    process.post({
      kind: 'start',
      hardware,
      ...(options.lockFolder !== undefined && { lockFolder: options.lockFolder }),
      ...(options.library && { library: options.library }),
    });
  }

  get status(): MachineStatus {
    return this.#status;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves when the machine runs or will not. */
  get started(): Promise<Result<void>> {
    return this.#started.promise;
  }

  /** Resolves when the process is gone. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  async control(operation: ControlOperation): Promise<Result<Record<string, string[]> | undefined>> {
    if (this.#status.state !== 'running' && this.#status.state !== 'paused')
      return err(fail('machine.not-running', `the machine is ${this.#status.state}`, 'start it first'));
    const id = this.#next++;
    const { promise, resolve } = Promise.withResolvers<Result<Record<string, string[]> | undefined>>();
    this.#pending.set(id, { operation, resolve });
    this.#process.post({ kind: 'control', id, operation });
    return promise;
  }

  /** Power off; kills the process when it does not end in time. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (!this.#ending) {
      this.#ending = {};
      this.#setStatus({ state: 'stopping', since: now() });
      this.#process.post({ kind: 'stop' });
      this.#killTimer = setTimeout(() => this.#process.kill(), this.#options.stopMs);
    }
    return this.gone;
  }

  kill(): void {
    this.#ending ??= {};
    this.#process.kill();
  }

  /** With Electron: gives the machine's process its end of a window's channel. */
  openPort(port: unknown): void {
    this.#process.post({ kind: 'open-port' }, port);
  }

  #setStatus(status: MachineStatus): void {
    this.#status = status;
    this.#options.onStatus(status);
  }

  /** Counts unanswered questions, not time: a host that slept did not ask. */
  #beat(): void {
    if (this.#missed >= this.#options.missedMax) {
      const seconds = (this.#missed * this.#options.heartbeatMs) / 1000;
      this.#abort ??= fail(
        'machine.hung',
        `its process did not answer for ${seconds} s and was ended`,
        'start it again; its log may tell more',
      );
      this.#process.kill();
      return;
    }
    this.#missed++;
    this.#process.post({ kind: 'ping' });
  }

  #receive(message: unknown): void {
    const parsed = fromHostSchema.safeParse(message);
    if (!parsed.success) {
      this.#options.log(
        'warning',
        `a machine process sent a malformed message: ${parsed.error.issues[0]?.message}`,
        'call.malformed',
      );
      return;
    }
    this.#missed = 0;
    this.#handle(parsed.data);
  }

  #handle(message: FromHost): void {
    switch (message.kind) {
      case 'ready':
        if (this.#status.state !== 'starting') return;
        this.#setStatus({ state: 'running', since: now() });
        this.#started.resolve(ok(undefined));
        break;
      case 'failed':
        this.#ending = { reason: message.error.message };
        this.#started.resolve(err(withoutUndefined(message.error)));
        break;
      case 'reply':
        this.#reply(message.id, message.devices);
        break;
      case 'pong':
        break;
      case 'paused':
        if (message.paused ? this.#status.state === 'running' : this.#status.state === 'paused')
          this.#setStatus({ state: message.paused ? 'paused' : 'running', since: now() });
        break;
      case 'stopped':
        this.#ending ??=
          message.reason === 'cpu-shutdown' ? { reason: "the guest's processor shut down (triple fault)" } : {};
        this.#killTimer ??= setTimeout(() => this.#process.kill(), this.#options.stopMs);
        break;
      case 'log':
        this.#options.log(message.level, message.message);
        break;
    }
  }

  #reply(id: number, devices: Record<string, string[]> | undefined): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    if (pending.operation === 'pause' && this.#status.state === 'running')
      this.#setStatus({ state: 'paused', since: now() });
    if ((pending.operation === 'resume' || pending.operation === 'reset') && this.#status.state === 'paused')
      this.#setStatus({ state: 'running', since: now() });
    pending.resolve(ok(devices));
  }

  #exited(code: number | null, signal: string | null, reason: string): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#killTimer);
    const abort =
      this.#abort ??
      (signal === null
        ? fail(
            'machine.crashed',
            reason === ''
              ? `its process ended with status ${code ?? 'unknown'}`
              : `its process ended with status ${code ?? 'unknown'}: ${reason.split('\n').at(-1)}`,
            'start it again, and report this',
          )
        : fail('machine.killed', `its process was ended by ${signal}`, 'start it again'));
    if (reason !== '') this.#options.log('error', reason);
    if (this.#ending && !this.#abort)
      this.#setStatus({
        state: 'stopped',
        since: now(),
        ...(this.#ending.reason !== undefined && { reason: this.#ending.reason }),
      });
    else this.#setStatus({ state: 'aborted', since: now(), reason: abort });
    this.#started.resolve(err(abort));
    for (const { resolve } of this.#pending.values())
      resolve(err(fail('machine.not-running', 'the machine ended meanwhile')));
    this.#pending.clear();
    this.#gone.resolve();
  }
}

const withoutUndefined = ({
  code,
  message,
  hint,
}: {
  code: string;
  message: string;
  hint?: string | undefined;
}): Failure => (hint === undefined ? { code, message } : { code, message, hint });
