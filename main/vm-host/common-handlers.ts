import { readFile } from 'node:fs/promises';
import type { CommonHandlers } from '../../core/cpu/index.ts';

/** Beside the bundle: u32 count of numbers in `forms`, these, u32 bytes of `runtime`, that, `module`. */
export const COMMON_HANDLERS_FILE = 'common-handlers.bin';

let compiled: Promise<CommonHandlers> | undefined;

/** Handlers for most systems, compiled once for all machines of the process; undefined where none were made before. */
export function commonHandlers(): Promise<CommonHandlers> | undefined {
  if (!import.meta.url.endsWith('.ts')) compiled ??= load();
  return compiled;
}

async function load(): Promise<CommonHandlers> {
  // Node does not count a compilation as something to wait for.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    const bytes = await readFile(new URL(COMMON_HANDLERS_FILE, import.meta.url));
    const count = bytes.readUInt32LE(0);
    const forms = Int32Array.from({ length: count }, (_, i) => bytes.readInt32LE(4 + 4 * i));
    const runtimeAt = 8 + 4 * count;
    const moduleAt = runtimeAt + bytes.readUInt32LE(runtimeAt - 4);
    const [runtime, module] = await Promise.all([
      WebAssembly.compile(bytes.subarray(runtimeAt, moduleAt)),
      WebAssembly.compile(bytes.subarray(moduleAt)),
    ]);
    return { forms, runtime, module };
  } finally {
    clearInterval(alive);
  }
}
