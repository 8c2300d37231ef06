/**
 * What cases are compared with. Where the kernel runs 32-bit programs: the host's processor, executing the very bytes.
 * Where it does not: the host's processor in 64-bit mode, executing what long-mode.ts makes of them.
 */
import { fromLongMode, toLongMode } from './long-mode.ts';
import { runNative, whyNo32BitPrograms } from './native.ts';
import { CODE, type HostCase, type HostResult, type HostSelectors } from './stream.ts';

export interface HostRun {
  readonly selectors: HostSelectors;
  readonly results: readonly HostResult[];
}

let no32Bit: { readonly reason: string | undefined } | undefined;

/** Throws when no program can run or a case escaped. */
export function runOnHost(image: Uint8Array, cases: readonly HostCase[]): HostRun {
  no32Bit ??= { reason: whyNo32BitPrograms() };
  if (no32Bit.reason === undefined)
    return runNative(
      32,
      image,
      cases.map((hostCase) => ({ ...hostCase, start: CODE })),
    );
  const translated = cases.map((hostCase) => {
    const longMode = toLongMode(hostCase);
    if (!longMode) throw new Error(`no counterpart in 64-bit mode: ${hostCase.code.join(' ')}`);
    return longMode;
  });
  const { selectors, results } = runNative(
    64,
    image,
    cases.map((hostCase, i) => ({ ...hostCase, code: translated[i].code, start: translated[i].start })),
  );
  return { selectors, results: results.map((result, i) => fromLongMode(result, translated[i])) };
}
