/** Privilege checks of generated code: where the answer is not plainly yes, a TypeScript helper looks closer. */
import { CONTROL, S } from '../layout.ts';
import type { Builder } from './builder.ts';
import { FLAG } from './flags.ts';
import type { Value } from './value.ts';

/** Zero at CPL 0, in real mode too; nonzero at others and in virtual-8086 mode. */
export const beyondLevel0 = (b: Builder): Value =>
  b.or(b.state32(CONTROL.cpl), b.and(b.state32(S.eflags), b.const(32, FLAG.VM)));
