/** The semantics of every instruction, each defined once. Importing this fills the table behind `definitionOf`. */
import './alu.ts';
import './shift.ts';
import './muldiv.ts';
import './bit.ts';
import './mov.ts';
import './stack.ts';
import './string.ts';
import './control.ts';
import './system.ts';
import './sysenter.ts';
import './x87.ts';
import './x87-arithmetic.ts';
import './simd-integer.ts';
import './sse-move.ts';
import './sse-float.ts';
import './sse-string.ts';

export { definitionOf, type InsnDef } from './define.ts';
export { Builder } from './builder.ts';
export type { Opnd } from './operand.ts';
export { Value, type Width } from './value.ts';
