import { setFlagsFromString } from 'node:v8';

/**
 * Sets V8 up for generated code; before the first machine is made. Branch hints keep slow paths out of the registers'
 * way (newer versions have them on). Figures: docs/decisions.md.
 */
export function tuneV8(): void {
  setFlagsFromString('--experimental-wasm-branch-hinting');
  // Else baseline code is made at the first call, on the machine's thread.
  setFlagsFromString('--no-wasm-lazy-compilation');
}
