/**
 * Random programs with everything compiled, in lock step with tier 0: registers, flags, FPU and memory after every
 * slice. A difference prints its seed and the instruction after which it shows.
 *
 *   TERRARIUM_TORTURE_SECONDS=3600   for how long, all files together (default 120, `npm run torture`: an hour)
 *   TERRARIUM_TORTURE_SEED=7         the first program's seed (default: a fixed one)
 */
import { expect } from 'vitest';
import { mixSeed } from '../isa/host-cpu/random.ts';
import { runProgram } from './run.ts';
import { Pair } from './world.ts';

const SECONDS = Number(process.env['TERRARIUM_TORTURE_SECONDS'] ?? 120);
const SEED = Number(process.env['TERRARIUM_TORTURE_SEED'] ?? 1);

export const TIMEOUT_MS = (SECONDS + 240) * 1000;

/**
 * Programs that once showed a difference: accesses by the stack pointer that end in the page it used last and begin in
 * the page before; a return to the last byte of the address space.
 */
const ONCE_DIFFERENT = [3155792283, 4181812272, 3245289113];

/**
 * Runs programs for a share of the time; each of the shares has programs of its own, the first begins with the seed
 * itself. Fails at the first difference.
 */
export function runPrograms({ index, ofSeconds }: { readonly index: number; readonly ofSeconds: number }): void {
  const pair = new Pair();
  for (const seed of index === 0 ? ONCE_DIFFERENT : []) expect(runProgram(pair, seed).difference?.text ?? '').toBe('');
  const seedOf = (program: number): number =>
    index > 0 ? mixSeed(SEED, index, program) : program === 0 ? SEED : mixSeed(SEED, program);
  const end = performance.now() + SECONDS * ofSeconds * 1000;
  let programs = 0;
  let instructions = 0;
  while (performance.now() < end) {
    const seed = seedOf(programs++);
    const result = runProgram(pair, seed);
    expect(result.difference?.text ?? '', `TERRARIUM_TORTURE_SEED=${seed}`).toBe('');
    instructions += result.instructions;
  }
  console.log(`${programs} programs, ${instructions} instructions`);
}
