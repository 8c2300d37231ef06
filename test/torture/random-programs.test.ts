import { it } from 'vitest';
import { runPrograms, TIMEOUT_MS } from './random-programs.ts';

// The rest is in a file of its own: with the boots it takes as long as this, on the other core.
it('compiled code does what tier 0 does', { timeout: TIMEOUT_MS }, () => runPrograms({ index: 0, ofSeconds: 2 / 3 }));
