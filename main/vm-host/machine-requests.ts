import { FailureError, err, ok, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import { usLayoutKey } from '../../core/devices/input/us-layout.ts';
import type { Machine } from '../../core/machine/machine.ts';
import { ioFailure } from '../../core/store/errors.ts';
import type { MachineSnapshots } from './machine-snapshots.ts';
import type { RequestName, RequestParams, RequestResult } from './requests.ts';
import type { MachineRunner } from './runner.ts';
import type { SerialLog } from './serial-log.ts';

/** How often a waiting pattern looks at the screen. */
const LOOK_MS = 20;
const CONTROL_SEQUENCE = /\x1b\[[0-9;?]*[A-Za-z]/g;

export interface RequestTargets {
  readonly machine: Machine;
  readonly runner: MachineRunner;
  readonly serial: readonly SerialLog[];
  readonly snapshots: MachineSnapshots;
  readonly changeMedium: (params: RequestParams<'insert'>) => Promise<Result<RequestResult<'insert'>>>;
  /** The machine stands still, or goes on: told to the supervisor. */
  readonly onPaused: (paused: boolean) => void;
  /** Ends the machine's process, once the answer is on its way. */
  readonly end: () => void;
}

type Handlers = { readonly [N in RequestName]: (params: RequestParams<N>) => Promise<Result<RequestResult<N>>> };

/** What a running machine does when it is asked; params were checked. */
export function requestHandlers(targets: RequestTargets): Handlers {
  const { machine, runner, serial, snapshots, changeMedium, onPaused, end } = targets;
  const setPaused = (paused: boolean): void => {
    if (paused) runner.pause();
    else runner.resume();
    onPaused(paused);
  };
  const attempt = async <T>(action: (from: MachineSnapshots) => Promise<T>): Promise<Result<T>> => {
    try {
      return ok(await action(snapshots));
    } catch (error) {
      return err(ioFailure(error, 'snapshot'));
    }
  };
  return {
    status: async () => ok({ paused: runner.paused, pid: process.pid }),
    pause: async () => ok((setPaused(true), {})),
    resume: async () => ok((setPaused(false), {})),
    reset: async () => {
      machine.reset();
      setPaused(false);
      runner.wake();
      return ok({});
    },
    stop: async () => ok((end(), {})),
    'power-button': async () => {
      const heard = machine.pressPowerButton?.() ?? false;
      runner.wake();
      return ok({ heard });
    },
    save: async () => {
      const wasPaused = runner.paused;
      setPaused(true);
      const { MachineSnapshots: Snapshots } = await import('./machine-snapshots.ts');
      const saved = await attempt((from) => from.take(Snapshots.hidden()));
      if (saved.ok) end();
      else if (!wasPaused) setPaused(false);
      return saved.ok ? ok({ pauseMs: saved.value.pauseMs, totalMs: saved.value.totalMs }) : saved;
    },
    snapshot: ({ id, name, note, memory }) =>
      attempt((from) => from.take({ id, kind: 'snapshot', name, note, memory })),
    fork: async (draft) => {
      const { MachineSnapshots: Snapshots } = await import('./machine-snapshots.ts');
      return attempt((from) => from.take(Snapshots.hidden(draft)));
    },
    type: async ({ text }) => {
      const unknown = new Set([...text.replaceAll('\r', '')].filter((character) => !usLayoutKey(character)));
      if (unknown.size > 0)
        return err(
          fail('args.key', `a US keyboard cannot type ${[...unknown].join('')}`, 'type what it has; nothing was typed'),
        );
      machine.typist.type(text);
      runner.wake();
      return ok({});
    },
    keys: async ({ chords }) => {
      for (const codes of chords)
        if (!machine.typist.chord(codes))
          return err(
            fail('args.key', `the keyboard has no ${codes.join('+')}`, 'write codes as KeyboardEvent.code has them'),
          );
      runner.wake();
      return ok({});
    },
    screen: async ({ png }) => {
      machine.display.refresh();
      const { frame } = machine.display;
      const { encodePng } = await import('../../core/store/png.ts');
      return ok({
        rows: machine.display.text()?.map((row) => row) ?? null,
        width: frame.width,
        height: frame.height,
        ...(png && { png: Buffer.from(encodePng(frame)).toString('base64') }),
      });
    },
    wait: async ({ until, timeoutMs }) => {
      let pattern: RegExp;
      try {
        pattern = new RegExp(until, 'm');
      } catch (error) {
        return err(fail('args.regex', `--until "${until}": ${(error as Error).message}`));
      }
      const deadlineMs = performance.now() + timeoutMs;
      const matches = (): boolean => {
        const screen = (machine.display.text() ?? []).map((row) => row.trimEnd()).join('\n');
        const line = new TextDecoder('utf-8').decode(serial[0]?.recent ?? new Uint8Array(0));
        return pattern.test(screen) || pattern.test(line.replaceAll('\r', '').replace(CONTROL_SEQUENCE, ''));
      };
      while (!matches()) {
        const leftMs = deadlineMs - performance.now();
        if (leftMs <= 0) return ok({ matched: false });
        await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, leftMs)));
      }
      return ok({ matched: true });
    },
    insert: async (params) => {
      const inserted = await changeMedium(params);
      runner.wake();
      return inserted;
    },
  };
}

/** Runs a request by name. */
export const performRequest = (handlers: Handlers, request: RequestName, params: never): Promise<Result<unknown>> =>
  (handlers[request] as (params: never) => Promise<Result<unknown>>)(params);

export const failureOf = (error: unknown): Result<never> =>
  err(error instanceof FailureError ? error.failure : ioFailure(error, 'the machine'));
