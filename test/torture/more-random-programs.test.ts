import { it } from 'vitest';
import { runPrograms, TIMEOUT_MS } from './random-programs.ts';

it('compiled code does what tier 0 does, in other programs', { timeout: TIMEOUT_MS }, () =>
  runPrograms({ index: 1, ofSeconds: 1 / 3 }),
);
