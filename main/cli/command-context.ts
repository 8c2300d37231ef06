import { FailureError } from '../../core/base/index.ts';
import { fail, type CallName, type CallParams, type CallResult, type MachineInfo } from '../../core/contract/index.ts';
import { createRouter } from '../ipc/router.ts';
import type { Services } from '../services/services.ts';
import { InterruptedError, oneLine, type CliIo } from './io.ts';
import type { GivenOption } from './options.ts';

/** What a command gives back: an object for --json, lines for people, and an exit status other than 0. */
export interface Outcome {
  readonly value: unknown;
  readonly lines: readonly string[];
  readonly exit?: number;
}

export type Commands = Readonly<Record<string, (context: CommandContext) => Promise<Outcome>>>;

/** What every command on a library has: its words, the contract's calls, and the names that people use. */
export class CommandContext {
  readonly services: Services;
  readonly #call: ReturnType<typeof createRouter>;
  readonly io: CliIo;
  readonly #given: readonly GivenOption[];
  readonly names: readonly string[];
  /** What was put right before the library could be opened. */
  readonly salvaged: readonly string[];

  constructor(
    services: Services,
    io: CliIo,
    given: readonly GivenOption[],
    names: readonly string[],
    salvaged: readonly string[] = [],
  ) {
    this.services = services;
    this.#call = createRouter(services);
    this.io = io;
    this.#given = given;
    this.names = names;
    this.salvaged = salvaged;
  }

  /** Through the router: what the command line asks is checked as what a window asks. Throws FailureError. */
  async ask<N extends CallName>(name: N, params: CallParams<N>): Promise<CallResult<N>> {
    const response = await this.#call({ trusted: true, description: 'command line' }, { call: name, params });
    if (!response.ok)
      throw new FailureError({
        code: response.error.code,
        message: response.error.message,
        ...(response.error.hint !== undefined && { hint: response.error.hint }),
      });
    return response.value as CallResult<N>;
  }

  option(name: string): string | undefined {
    return this.#given.find((option) => option.name === name)?.value;
  }
  all(name: string): string[] {
    return this.#given.filter((option) => option.name === name).map(({ value }) => value);
  }
  /** Every value of an option, with that of `about` where it follows before the next. */
  each(name: string, about: string): { readonly value: string; readonly about: string | undefined }[] {
    const found: { value: string; about: string | undefined }[] = [];
    for (const option of this.#given) {
      if (option.name === name) found.push({ value: option.value, about: undefined });
      if (option.name !== about) continue;
      const last = found.at(-1);
      if (!last || last.about !== undefined)
        throw new FailureError(
          fail('args.invalid', `--${about} ${option.value} has no ${name}`, `add --${name} before it`),
        );
      last.about = option.value;
    }
    return found;
  }
  has(name: string): boolean {
    return this.#given.some((option) => option.name === name);
  }

  async machine(nameOrId = this.names[0]): Promise<MachineInfo> {
    const { machines } = await this.ask('machines.list', {});
    const found =
      machines.find(({ config }) => config.id === nameOrId) ??
      machines.find(({ config }) => config.name.toLowerCase() === nameOrId.toLowerCase());
    if (!found)
      throw new FailureError(fail('machine.unknown', `there is no machine "${nameOrId}"`, 'terrarium list shows them'));
    return found;
  }

  async snapshot(machine: string, nameOrId: string): Promise<CallResult<'snapshots.list'>['snapshots'][number]> {
    const { snapshots } = await this.ask('snapshots.list', { machine });
    const byId = snapshots.find(({ id }) => id === nameOrId);
    if (byId) return byId;
    const named = snapshots.filter(({ name }) => name.toLowerCase() === nameOrId.toLowerCase());
    // One that is deleted or restored must be the one that was meant.
    if (named.length > 1)
      throw new FailureError(
        fail(
          'args.invalid',
          `${named.length} snapshots are named "${nameOrId}": ${named.map(({ id, createdAt }) => `${id} of ${createdAt.slice(0, 19)}`).join(', ')}`,
          'write the id of one',
        ),
      );
    if (named.length === 0)
      throw new FailureError(
        fail('store.snapshot', `the machine has no snapshot "${nameOrId}"`, 'terrarium snapshot list shows them'),
      );
    return named[0];
  }

  async medium(nameOrId: string): Promise<CallResult<'media.create'>> {
    const { media } = await this.ask('media.list', {});
    const found =
      media.find(({ id }) => id === nameOrId) ??
      media.find(({ name }) => name.toLowerCase() === nameOrId.toLowerCase());
    if (!found)
      throw new FailureError(
        fail('store.medium', `there is no medium "${nameOrId}"`, 'terrarium media list shows them'),
      );
    return found;
  }

  /** Shows how far a work is on a terminal; Ctrl+C ends it with nothing kept. */
  async withProgress<T>(action: () => Promise<T>): Promise<T> {
    const show = this.io.stdout.isTTY === true && !this.has('json');
    const listening = this.services.events((event) => {
      if (!show || event.event !== 'task.changed') return;
      const { doneBytes, totalBytes, subject } = event.task;
      const share = totalBytes > 0 ? ` ${Math.floor((100 * doneBytes) / totalBytes)} %` : '';
      this.io.stderr.write(`\r${oneLine(subject)}${share}\x1b[K`);
    });
    let ended: 'SIGINT' | 'SIGTERM' | undefined;
    const cancel = async (): Promise<void> => {
      const { tasks } = await this.ask('tasks.list', {});
      for (const { id, state } of tasks) if (state === 'running') await this.ask('tasks.cancel', { id });
    };
    const stop = this.io.onSignal((signal) => {
      ended = signal;
      void cancel();
    });
    try {
      return await action();
    } catch (error) {
      if (ended && error instanceof FailureError && error.failure.code === 'task.cancelled')
        throw new InterruptedError(error.failure, ended);
      throw error;
    } finally {
      stop();
      listening.dispose();
      if (show) this.io.stderr.write('\r\x1b[K');
    }
  }
}
