import { createHash } from 'node:crypto';
import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CharSink } from '../../core/backends/index.ts';
import {
  DisposableStore,
  FailureError,
  err,
  ok,
  toDisposable,
  type Disposable,
  type Failure,
  type Result,
} from '../../core/base/index.ts';
import { exitCodeOf, fail } from '../../core/contract/codes.ts';
import type { Hardware } from '../../core/contract/machine.ts';
import type { Machine } from '../../core/machine/machine.ts';
import { ActivityMeter } from '../vm-host/activity.ts';
import { buildMachine, type BuildOptions, type MachineFactory } from '../vm-host/build.ts';
import { HostClock } from '../vm-host/clocks.ts';
import { identityOf } from '../vm-host/image-file.ts';
import type { Media } from '../vm-host/media.ts';
import { MachineRunner, type StopReason } from '../vm-host/runner.ts';
import { SerialFile } from '../vm-host/serial-file.ts';
import { failureLine, type CliIo } from './io.ts';
import type { Resumed, RunBeginning } from './run-from.ts';
import type * as Lockstep from './run-lockstep.ts';
import { parseRun, type RunPlan } from './run-options.ts';
import { statsText } from './stats-text.ts';
import { Script } from './script.ts';
import { SerialWatch } from './serial-watch.ts';

const VIRTUAL_STEP_NS = 10e6;
/** How long the virtual clock's loop keeps the event loop waiting. */
const VIRTUAL_BURST_MS = 20;

type End =
  | { readonly kind: 'done' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'signal'; readonly exit: number }
  | { readonly kind: 'stopped'; readonly reason: StopReason }
  | { readonly kind: 'failed'; readonly error: unknown };

/** `terrarium run`: a machine that lives as long as the command, in the command's own process. Returns the exit status. */
export async function run(args: readonly string[], io: CliIo, factory: MachineFactory): Promise<number> {
  const plan = parseRun(args);
  if (plan.terminal && !(io.stdin.isTTY && io.stdout.isTTY))
    throw new FailureError(
      fail('args.terminal', '--display terminal needs a terminal', 'leave it out, and use --print-screen'),
    );
  const resources = new DisposableStore();
  try {
    return await new Run(plan, io, factory, resources).go();
  } finally {
    resources.dispose();
  }
}

class Run {
  readonly #plan: RunPlan;
  readonly #io: CliIo;
  readonly #factory: MachineFactory;
  readonly #resources: DisposableStore;
  readonly #hostClock = new HostClock();
  readonly #serial = new SerialWatch();
  #hardware: Hardware;
  /** Loaded where two engines are compared. */
  #lockstep: typeof Lockstep | undefined;
  #resumed: Resumed | undefined;
  #ended = false;

  constructor(plan: RunPlan, io: CliIo, factory: MachineFactory, resources: DisposableStore) {
    this.#plan = plan;
    this.#hardware = plan.hardware;
    this.#io = io;
    this.#factory = factory;
    this.#resources = resources;
  }

  async go(): Promise<number> {
    const { steps } = this.#plan;
    const beginning = await this.#beginning();
    const hardware = this.#hardware;
    const options: BuildOptions = {
      ...beginning?.options,
      factory: this.#factory,
      hostClock: this.#hostClock,
      meter: new ActivityMeter(),
      mustBoot: beginning === undefined,
      log: () => {},
      openSerial: (media) => this.#openOutputs(media),
    };
    const { lockstep } = this.#plan;
    if (lockstep) this.#lockstep = await import('./run-lockstep.ts');
    const built = await (this.#lockstep?.buildBoth(hardware, lockstep!, options) ?? buildMachine(hardware, options));
    if (!built.ok) throw new FailureError(built.error);
    this.#resources.add(built.value);
    this.#resumed = beginning?.resume(built.value);
    if (this.#resumed) this.#resources.add(this.#resumed);
    const { machine } = built.value;
    const elapsedMs = hardware.clock === 'virtual' ? () => machine.nowNs / 1e6 : () => performance.now();
    const script = new Script(steps, machine, this.#serial, elapsedMs);
    const end = await this.#live(machine, script);
    return await this.#report(machine, script, end);
  }

  /** What --from names; the store is loaded for it alone. */
  async #beginning(): Promise<RunBeginning | undefined> {
    const { from, hardware } = this.#plan;
    if (!from) return undefined;
    const { openBeginning } = await import('./run-from.ts');
    const beginning = openBeginning(from.snapshot, from.library, this.#resources);
    const { engine, serial } = hardware;
    const [, ...others] = beginning.hardware.serial;
    this.#hardware = { ...beginning.hardware, engine, serial: [...serial, ...others] };
    return beginning;
  }

  /** Once the images are known to be good; checks the screenshot's place too, so that a long run is not in vain. */
  #openOutputs(media: Media): Result<readonly CharSink[]> {
    const { screenshot, serialStdio, json } = this.#plan;
    const refused = screenshot === undefined ? undefined : checkOutput(screenshot, media.identities);
    if (refused) return err(refused);
    let sink: CharSink | undefined;
    const [port] = this.#hardware.serial;
    if (port.mode === 'file') {
      const file = SerialFile.open(port.path, media.identities);
      if (!file.ok) return file;
      sink = this.#resources.add(file.value);
    } else if (serialStdio) {
      const out = json ? this.#io.stderr : this.#io.stdout; // with --json, standard output is one JSON object
      sink = { write: (byte) => void out.write(Uint8Array.of(byte)) };
    }
    const serial = this.#serial;
    return ok([
      {
        write: (byte: number) => {
          if (this.#ended) return;
          serial.push(byte);
          sink?.write(byte);
        },
      },
      ...this.#hardware.serial.slice(1).map(() => ({ write: () => {} })),
    ]);
  }

  async #live(machine: Machine, script: Script): Promise<End> {
    const { hasUntil, timeoutMs } = this.#plan;
    const { promise, resolve } = Promise.withResolvers<End>();
    const living = new DisposableStore();
    let ended = false;
    const finish = (end: End): void => {
      ended = true;
      resolve(end);
    };
    /** Returns whether input was given, so that a waiting machine wakes. */
    const look = (): boolean => {
      try {
        this.#resumed?.foldGrownLogs();
        const acted = script.poll();
        if (hasUntil && script.done) finish({ kind: 'done' });
        return acted;
      } catch (error) {
        finish({ kind: 'failed', error });
        return false;
      }
    };
    if (timeoutMs !== undefined) {
      const timer = setTimeout(() => finish({ kind: 'timeout' }), timeoutMs);
      living.add(toDisposable(() => clearTimeout(timer)));
    }
    living.add(
      toDisposable(this.#io.onSignal((signal) => finish({ kind: 'signal', exit: signal === 'SIGINT' ? 130 : 143 }))),
    );
    let afterLook = (): void => {};
    const attached = await this.#attachTerminal(
      machine,
      () => afterLook(),
      () => finish({ kind: 'quit' }),
    );
    if (attached) living.add(attached);
    look();
    if (this.#hardware.clock === 'virtual') {
      void runVirtual(machine, look, () => ended, finish);
    } else {
      const runner: MachineRunner = living.add(
        new MachineRunner(machine, {
          hostClock: this.#hostClock,
          virtualClock: false,
          afterSlice: () => void (look() && setImmediate(() => runner.wake())),
          onStopped: (reason) => finish({ kind: 'stopped', reason }),
          onError: (error) => finish({ kind: 'failed', error }),
        }),
      );
      afterLook = () => runner.wake();
      runner.start();
    }
    try {
      return await promise;
    } finally {
      living.dispose();
    }
  }

  /** Keys and serial bytes from standard input; the live screen. Loaded only where asked for. */
  async #attachTerminal(machine: Machine, wake: () => void, quit: () => void): Promise<Disposable | undefined> {
    const { terminal, serialStdio } = this.#plan;
    if (terminal) {
      const { attachScreen } = await import('./terminal.ts');
      return attachScreen(machine, this.#io, wake, quit);
    }
    if (serialStdio) {
      const { attachSerial } = await import('./terminal.ts');
      return attachSerial(machine, this.#io, wake, quit);
    }
    return undefined;
  }

  async #report(machine: Machine, script: Script, end: End): Promise<number> {
    const plan = this.#plan;
    const io = this.#io;
    this.#ended = true;
    if (end.kind === 'failed') throw this.#lockstep?.explained(end.error, io) ?? end.error;
    const trouble = troubleOf(end, plan, script);
    const exit = trouble ? exitCodeOf(trouble.code) : end.kind === 'signal' ? end.exit : 0;
    const screen = (machine.display.text() ?? []).map((row) => row.trimEnd());
    while (screen.at(-1) === '') screen.pop();

    if (plan.screenshot !== undefined) await saveScreenshot(machine, plan.screenshot);
    if (trouble) {
      io.stderr.write(screen.map((row) => `${row}\n`).join(''));
      io.stderr.write(failureLine(trouble));
    }
    const stats = plan.stats ? machine.stats?.() : undefined;
    if (plan.json) {
      const stateHash = createHash('sha256').update(machine.save()).digest('hex');
      io.stdout.write(
        `${JSON.stringify({ matches: script.matches, instructions: machine.instructions, stateHash, screen, stats, exit, error: trouble })}\n`,
      );
    } else {
      if (plan.printScreen) io.stdout.write(screen.map((row) => `${row}\n`).join(''));
      if (stats) io.stdout.write(statsText(stats));
    }
    return exit;
  }
}

async function saveScreenshot(machine: Machine, path: string): Promise<void> {
  const { encodePng } = await import('../../core/store/png.ts');
  machine.display.refresh();
  try {
    writeFileSync(path, encodePng(machine.display.frame));
  } catch (error) {
    throw new FailureError(
      fail('file.unwritable', `${path}: ${(error as Error).message}`, 'name a file in a folder that you may write'),
    );
  }
}

/** Virtual time in steps of 10 ms, patterns tried between them: two runs with the same inputs are the same run. */
async function runVirtual(
  machine: Machine,
  look: () => void,
  ended: () => boolean,
  finish: (end: End) => void,
): Promise<void> {
  try {
    while (!ended()) {
      const pauseAtMs = performance.now() + VIRTUAL_BURST_MS;
      while (!ended() && performance.now() < pauseAtMs) {
        const status = machine.run(machine.nowNs + VIRTUAL_STEP_NS);
        look();
        if (status.kind === 'stopped') return finish({ kind: 'stopped', reason: status.reason });
      }
      await new Promise((resume) => setImmediate(resume));
    }
  } catch (error) {
    finish({ kind: 'failed', error });
  }
}

function troubleOf(end: End, plan: RunPlan, script: Script): Failure | undefined {
  const waiting = script.waitingFor === undefined ? 'the last --until' : `--until "${script.waitingFor}"`;
  if (end.kind === 'timeout')
    return plan.hasUntil
      ? fail(
          'run.timeout',
          `time is over, and ${waiting} was not met`,
          'see the last screen above; a longer --timeout may do',
        )
      : fail('run.timeout', 'time is over', 'the last screen is above');
  if (end.kind !== 'stopped') return undefined;
  if (plan.hasUntil && !script.done)
    return fail(
      'run.stopped',
      `the machine stopped (${end.reason}) before ${waiting} was met`,
      'see the last screen above',
    );
  if (end.reason === 'cpu-shutdown')
    return fail('machine.shutdown', "the guest's processor shut down (triple fault)", 'the last screen is above');
  return undefined;
}

function checkOutput(path: string, inUse: ReadonlyMap<string, string>): Failure | undefined {
  try {
    const present = statSync(path, { throwIfNoEntry: false });
    if (present?.isDirectory()) return fail('file.directory', `${path} is a folder`, 'name a file to write');
    if (present && !present.isFile())
      return fail('file.special', `${path} is not a regular file`, 'name a file to write');
    if (present && inUse.has(identityOf(present)))
      return fail('file.unwritable', `${path} is an image of this machine`, 'name another file');
    accessSync(present ? path : dirname(path), constants.W_OK);
    return undefined;
  } catch (error) {
    return fail(
      'file.unwritable',
      `${path} cannot be written (${(error as NodeJS.ErrnoException).code})`,
      'name a file in a folder that you may write',
    );
  }
}
