import { setFlagsFromString } from 'node:v8';

/**
 * Sets V8 up for generated code; before the first machine is made. Branch hints keep slow paths out of the registers'
 * way (newer versions have them on). Figures: docs/decisions.md.
 */
export function tuneV8(): void {
  setFlagsFromString('--experimental-wasm-branch-hinting');
  // Else baseline code is made at the first call, on the machine's thread.
  setFlagsFromString('--no-wasm-lazy-compilation');
  // The young generation stays as small as it is: it would grow to 64 MiB, and never shrink while a guest idles.
  setFlagsFromString('--semi-space-growth-factor=1');
}
