/** `run --engine lockstep`: the machine twice, on two engines that are compared; loaded where it is asked for. */
import { FailureError, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import type { Hardware } from '../../core/contract/machine.ts';
import { LockstepDifference, LockstepMachine } from '../../core/machine/lockstep.ts';
import { buildMachine, type BuildOptions, type BuiltMachine } from '../vm-host/build.ts';
import type { CliIo } from './io.ts';

/** The second machine has overlays of its own over the same images, and nobody listens to it. */
export async function buildBoth(
  hardware: Hardware,
  tested: 'auto' | 'jit',
  options: BuildOptions,
): Promise<Result<BuiltMachine>> {
  const reference = await buildMachine(hardware, options);
  if (!reference.ok) return reference;
  const silent = hardware.serial.map(() => ({ write: () => {} }));
  const other = await buildMachine(
    { ...hardware, engine: tested },
    { ...options, openSerial: () => ({ ok: true, value: silent }) },
  );
  if (!other.ok) {
    reference.value.dispose();
    return other;
  }
  return {
    ok: true,
    value: {
      machine: new LockstepMachine(reference.value.machine, other.value.machine),
      media: reference.value.media,
      dispose() {
        other.value.dispose();
        reference.value.dispose();
      },
    },
  };
}

/** A difference as a failure, once the instruction is found; what led to it goes to standard error. */
export function explained(error: unknown, { stderr }: CliIo): FailureError | undefined {
  if (!(error instanceof LockstepDifference)) return undefined;
  const narrowed = error.narrow();
  if (!narrowed)
    return new FailureError(
      fail('engine.difference', error.message, 'it does not show from the last instant at which both were equal'),
    );
  const { differences, history, instructions, ns } = narrowed;
  const list = (title: string, lines: readonly string[]): string => [title, ...lines].join('\n  ') + '\n';
  stderr.write(list('executed before, by linear address:', history));
  stderr.write(list('different, the interpreter first:', differences));
  return new FailureError(
    fail(
      'engine.difference',
      `the engines differ after ${instructions} instructions (${ns} ns of guest time): ${differences[0]}`,
      'please report this, with what is above',
    ),
  );
}
