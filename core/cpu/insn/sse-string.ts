/** PCMPxSTRx: text compared in TypeScript; the memory operand need not be aligned. */
import { SSE } from '../layout.ts';
import type { Builder } from './builder.ts';
import type { Opnd } from './operand.ts';
import { readVector, sse, unaligned } from './simd.ts';
import type { Value } from './value.ts';

function compare(b: Builder, first: Opnd, second: Opnd, control: Opnd, explicit: boolean): Value {
  b.setStateVector(SSE.operandB, readVector(b, unaligned(second)));
  b.setStateVector(SSE.operandA, readVector(b, first));
  return b.helper('sseCompareStrings', b.read(control), b.const(32, explicit ? 1 : 0));
}

for (const [letter, explicit] of [
  ['E', true],
  ['I', false],
] as const) {
  sse(`PCMP${letter}STRI`, (b, first, second, control) => b.writeGpr(1, compare(b, first, second, control, explicit)));
  sse(`PCMP${letter}STRM`, (b, first, second, control) => {
    compare(b, first, second, control, explicit);
    b.write({ kind: 'xmm0', width: 128 }, b.stateVector(SSE.result));
  });
}
