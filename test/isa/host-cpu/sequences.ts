/**
 * Short runs of register instructions: what flags and registers pass from one to the next, and which flags nobody
 * reads, is where a compiler of regions goes wrong and single instructions cannot.
 */
import type { Form } from './forms.ts';
import { makeCase } from './generator.ts';
import type { HostCase } from './stream.ts';
import { Random, mixSeed } from './random.ts';

const CODE_BYTES = 24;
const BARRED =
  /^(PUSH|POP|CALL|RET|JMP|ENTER|LEAVE|LOOP|J|UD\d|HLT|INT|CLI|STI|L[GIL]|LTR|LMSW|INV|WB|CLTS|WRMSR|RDMSR|XLAT|IN|OUT|PAUSE)/;

/** Forms that touch neither memory nor control flow and that no operand makes privileged. */
export function sequenceForms(forms: readonly Form[]): Form[] {
  return forms.filter(
    ({ row, memory }) =>
      !memory &&
      (!BARRED.test(row.mnemonic) || row.mnemonic === 'INC') &&
      row.operands.every(({ kind }) => 'ERGZIK'.includes(kind)),
  );
}

export function makeSequence(forms: readonly Form[], seed: number): HostCase {
  const random = new Random(seed);
  const code: number[] = [];
  const first = makeCase(random.pick(forms), mixSeed(seed, 0));
  const length = random.between(2, 8);
  for (let i = 0; i < length; i++) {
    const { code: next } = makeCase(random.pick(forms), mixSeed(seed, i));
    if (code.length + next.length > CODE_BYTES) break;
    code.push(...next);
  }
  return { ...first, code };
}
