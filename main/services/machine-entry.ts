import { fileURLToPath } from 'node:url';

/** The entry of a machine's process, in the form that this code runs in itself: a source, or beside the bundle. */
export function machineEntry(): string {
  const isSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(isSource ? '../vm-host/entry.ts' : './vm-host.mjs', import.meta.url));
}
