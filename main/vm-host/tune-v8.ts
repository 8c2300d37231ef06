import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Of the young generation's halves. */
const SEMI_SPACE_MIB = 8;
const GROWTH_CHECK_MS = 250;

/**
 * Sets V8 up for generated code and what makes it; before the first machine is made. Branch hints keep slow paths out of
 * the registers' way (newer versions have them on). Figures: docs/decisions.md.
 */
export function tuneV8(): void {
  setFlagsFromString('--experimental-wasm-branch-hinting');
  // Else baseline code is made at the first call, on the machine's thread.
  setFlagsFromString('--no-wasm-lazy-compilation');
  // A collection would wait for V8's threads, which make way for the machine.
  setFlagsFromString('--no-parallel-scavenge');
  // Threads made from here on begin with what this one grows to.
  setFlagsFromString(`--min-semi-space-size=${SEMI_SPACE_MIB}`);
  growYoungGenerationOnce();
}

/** From 1 MiB to what collections are rare with: it would go on to 64 MiB, and never shrink while a guest idles. */
function growYoungGenerationOnce(): void {
  setFlagsFromString(`--semi-space-growth-factor=${SEMI_SPACE_MIB}`);
  const check = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if (young && young.space_size < SEMI_SPACE_MIB << 20) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(check);
  }, GROWTH_CHECK_MS);
  check.unref();
}
