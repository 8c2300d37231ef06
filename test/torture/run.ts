/** One program in lock step: slices of random length, interrupts between them, everything compared after each. */
import { decode, format, newInstruction } from '../../core/isa/index.ts';
import { Random, mixSeed } from '../isa/host-cpu/random.ts';
import { makeProgram } from './programs.ts';
import { MODES, type Pair, type Program } from './world.ts';

/** Instructions that a program may run. */
const BUDGET = 20_000;
/** Shown before a difference. */
const HISTORY = 12;

export interface Difference {
  readonly seed: number;
  /** Instructions after which the processors differed first, from the program's start. */
  readonly after: number;
  readonly text: string;
}

interface Slice {
  readonly count: number;
  readonly interrupt: boolean;
}

/** The same for every run of a seed. */
function slicesOf(seed: number): Slice[] {
  const random = new Random(mixSeed(seed, 0x511ce));
  const slices: Slice[] = [];
  for (let left = BUDGET; left > 0;) {
    const count = Math.min(left, random.oneIn(4) ? random.between(1, 12) : random.between(20, 900));
    slices.push({ count, interrupt: random.oneIn(5) });
    left -= count;
  }
  return slices;
}

interface Outcome {
  readonly slice: number;
  readonly differences: readonly string[];
  readonly instructions: number;
}

/** Up to `slices` slices, the last one cut to `lastCount` instructions. */
function runSlices(pair: Pair, program: Program, slices: readonly Slice[], lastCount?: number): Outcome {
  pair.load(program);
  let instructions = 0;
  for (const [slice, { count, interrupt }] of slices.entries()) {
    if (interrupt) pair.interrupt();
    const wanted = slice === slices.length - 1 ? (lastCount ?? count) : count;
    const { differences, stop, retired } = pair.lockstep.run(wanted);
    instructions += retired;
    if (differences.length > 0) return { slice, differences, instructions };
    if (stop === 'shutdown') break;
    if (stop === 'halted') pair.interrupt();
  }
  return { slice: -1, differences: [], instructions };
}

/** Runs a seed's program; a difference is narrowed down to the instruction after which it shows. */
export function runProgram(pair: Pair, seed: number): { instructions: number; difference?: Difference } {
  const program = makeProgram(seed);
  const slices = slicesOf(seed);
  const { slice, instructions, differences } = runSlices(pair, program, slices);
  if (slice < 0) return { instructions };
  const upTo = slices.slice(0, slice + 1);
  let equal = 0;
  let different = upTo.at(-1)!.count;
  while (different - equal > 1) {
    const middle = (equal + different) >> 1;
    if (runSlices(pair, program, upTo, middle).slice < 0) equal = middle;
    else different = middle;
  }
  const narrowed = runSlices(pair, program, upTo, different);
  const found = narrowed.slice < 0 ? differences : narrowed.differences;
  const history = historyOf(pair, program, upTo, different);
  const text = [
    `seed ${seed}: ${MODES[program.mode]}, paging ${program.paging}; after ${narrowed.instructions} instructions`,
    `(slice ${slice}, ${different} of ${upTo.at(-1)!.count}); reference first:`,
    ...found.map((line) => `  ${line}`),
    'executed before:',
    ...history.map((line) => `  ${line}`),
  ].join('\n');
  return { instructions, difference: { seed, after: narrowed.instructions, text } };
}

/** The reference's last instructions before `count` of the last slice, disassembled. */
function historyOf(pair: Pair, program: Program, slices: readonly Slice[], count: number): string[] {
  const first = Math.max(count - HISTORY, 0);
  const before = runSlices(pair, program, slices, first);
  if (before.slice >= 0) return ['(not reproducible)'];
  const insn = newInstruction();
  const lines: string[] = [];
  for (let i = first; i < count; i++) {
    const { address, bytes, size } = pair.codeAt();
    const status = decode(bytes, 0, bytes.length, size, insn);
    lines.push(`${address.toString(16)}  ${status === 'ok' ? format(insn, address) : `(${status})`}`);
    pair.lockstep.run(1);
  }
  return lines;
}
