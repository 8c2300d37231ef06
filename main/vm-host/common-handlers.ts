import { readFile } from 'node:fs/promises';
import type { CommonHandlers } from '../../core/cpu/index.ts';

/** Beside the bundle: u32 count of numbers in `forms`, these, the same of `sequences`, u32 bytes of `runtime`, that, `module`. */
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
    const numbersAt = (at: number): Int32Array =>
      Int32Array.from({ length: bytes.readUInt32LE(at) }, (_, i) => bytes.readInt32LE(at + 4 + 4 * i));
    const forms = numbersAt(0);
    const sequences = numbersAt(4 + forms.byteLength);
    const runtimeAt = 12 + forms.byteLength + sequences.byteLength;
    const moduleAt = runtimeAt + bytes.readUInt32LE(runtimeAt - 4);
    const [runtime, module] = await Promise.all([
      WebAssembly.compile(bytes.subarray(runtimeAt, moduleAt)),
      WebAssembly.compile(bytes.subarray(moduleAt)),
    ]);
    return { forms, sequences, runtime, module };
  } finally {
    clearInterval(alive);
  }
}
