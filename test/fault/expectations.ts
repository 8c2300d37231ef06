import { OPERATIONS, diskContents, holdings, openOrThrow, problemsOf } from './operations.ts';
import { versionsOf } from './stamps.ts';

/** What a library may hold around an operation. */
export interface Outcomes {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly versionsBefore: readonly number[];
  readonly versionsAfter: readonly number[];
}

/** Does the operation once without faults, in `folder`, which is a copy of the library. */
export function outcomesOf(name: string, folder: string): Outcomes {
  const library = openOrThrow(folder);
  const before = holdings(library);
  const versionsBefore = versionsOf(diskContents(library));
  OPERATIONS[name](library);
  const after = holdings(library);
  const versionsAfter = versionsOf(diskContents(library));
  library.dispose();
  return { before, after, versionsBefore, versionsAfter };
}

/**
 * What is wrong with a library after an operation that failed, or was cut short: it has to be clean, and as before or
 * as after; `acknowledged`: as after. (A write of several blocks may be there in part; each block is the old one or the new one.)
 */
export function defectsAfter(
  name: string,
  folder: string,
  { before, after, versionsBefore, versionsAfter }: Outcomes,
  acknowledged = false,
): string[] {
  const library = openOrThrow(folder);
  try {
    const problems = problemsOf(library);
    if (problems.length > 0) return problems;
    if (name === 'write')
      return versionsOf(diskContents(library)).flatMap((version, block) =>
        (!acknowledged && version === versionsBefore[block]) || version === versionsAfter[block]
          ? []
          : [`block ${block} is ${version}`],
      );
    const now = holdings(library);
    // A collection is three steps, each whole: two deletions, and what is then nobody's.
    const whole = acknowledged ? [after] : name === 'collect' ? stepsOfCollect(before) : [before, after];
    if (whole.some((state) => state.join('\n') === now.join('\n'))) return [];
    return ['neither as before nor as after:', ...now];
  } finally {
    library.dispose();
  }
}

function stepsOfCollect(before: readonly string[]): string[][] {
  const without = (lines: readonly string[], name: string, parent: string): string[] =>
    lines
      .filter((line) => !line.startsWith(`snapshot 0 ${name} `))
      .map((line) => line.replace(`of ${name}:`, `of ${parent}:`).replace(`at ${name}`, `at ${parent}`))
      .sort();
  const first = without(before, 'first', 'undefined');
  return [[...before], first, without(first, 'second', 'undefined')];
}
