import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FailureError } from '../../../core/base/index.ts';
import { fail } from '../../../core/contract/index.ts';

/**
 * Files of the named modules and of all that these depend on, in an order in which each loads. `tree` is the kernel's
 * `lib/modules/RELEASE`. A module says itself what it needs (modinfo's `depends`), so that no `depmod` has to run.
 */
export function modulesInOrder(
  tree: string,
  names: readonly string[],
): { readonly name: string; readonly file: string }[] {
  const files = new Map(
    globSync('kernel/**/*.ko', { cwd: tree }).map((file) => [
      basename(file, '.ko').replaceAll('-', '_'),
      join(tree, file),
    ]),
  );
  const ordered = new Map<string, string>();
  const add = (name: string): void => {
    if (ordered.has(name)) return;
    const file = files.get(name);
    if (file === undefined)
      throw new FailureError(fail('debian.package', `the kernel has no module ${name}`, 'please report this'));
    const [, depends] = /\0depends=([^\0]*)\0/.exec(readFileSync(file, 'latin1')) ?? [];
    for (const needed of depends?.split(',').filter(Boolean) ?? []) add(needed.replaceAll('-', '_'));
    ordered.set(name, file);
  };
  for (const name of names) add(name);
  return [...ordered].map(([name, file]) => ({ name, file }));
}
