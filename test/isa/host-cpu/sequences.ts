/**
 * Short runs and loops of register instructions: what flags and registers pass from one to the next, and which flags nobody
 * reads, is where a compiler of regions goes wrong and single instructions cannot.
 */
import type { Form } from './forms.ts';
import { makeCase } from './generator.ts';
import { DATA, type HostCase } from './stream.ts';
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

/** Where a loop counts, in the data area. */
const COUNTER = 0x1ff0;
const DEC_COUNTER = [0xff, 0x0d, ...[0, 8, 16, 24].map((shift) => ((DATA + COUNTER) >> shift) & 0xff)];
const JNZ = 0x75, JCC = 0x70; // prettier-ignore
/** Leaves room for what a loop is made of, in either encoding. */
const BODY_BYTES = 14;

/**
 * A program: instructions that run some times over, one of them behind a conditional jump. What one round leaves is
 * what the next begins with, by another way than the first came.
 */
export function makeLoop(forms: readonly Form[], seed: number): HostCase {
  const random = new Random(seed);
  const body: number[] = [];
  const first = makeCase(random.pick(forms), mixSeed(seed, 0));
  const length = random.between(2, 4);
  const skipped = random.between(0, length - 1);
  for (let i = 0; i < length; i++) {
    const { code } = makeCase(random.pick(forms), mixSeed(seed, i));
    if (body.length + code.length + 2 > BODY_BYTES) break;
    if (i === skipped) body.push(JCC | random.between(0, 15), code.length);
    body.push(...code);
  }
  const code = [...body, ...DEC_COUNTER, JNZ];
  code.push(-(code.length + 1) & 0xff);
  return { ...first, code, patch: { offset: COUNTER, bytes: [random.between(1, 5), 0, 0, 0] } };
}
