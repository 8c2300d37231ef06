/**
 * Random programs with everything compiled, in lock step with tier 0: registers, flags, FPU and memory after every
 * slice. A difference prints its seed and the instruction after which it shows.
 *
 *   TERRARIUM_TORTURE_SECONDS=3600   how long (default 120, `npm run torture`: an hour)
 *   TERRARIUM_TORTURE_SEED=7         the first program's seed (default: a fixed one)
 */
import { expect, it } from 'vitest';
import { mixSeed } from '../isa/host-cpu/random.ts';
import { runProgram } from './run.ts';
import { Pair } from './world.ts';

const SECONDS = Number(process.env['TERRARIUM_TORTURE_SECONDS'] ?? 120);
const SEED = Number(process.env['TERRARIUM_TORTURE_SEED'] ?? 1);

/**
 * Programs that once showed a difference: accesses by the stack pointer that end in the page it used last and begin in
 * the page before.
 */
const ONCE_DIFFERENT = [3155792283, 4181812272];

it('compiled code does what tier 0 does', { timeout: (SECONDS + 240) * 1000 }, () => {
  const pair = new Pair();
  for (const seed of ONCE_DIFFERENT) expect(runProgram(pair, seed).difference?.text ?? '').toBe('');
  const end = performance.now() + SECONDS * 1000;
  let programs = 0;
  let instructions = 0;
  while (performance.now() < end) {
    const seed = programs === 0 ? SEED : mixSeed(SEED, programs);
    const result = runProgram(pair, seed);
    expect(result.difference?.text ?? '', `TERRARIUM_TORTURE_SEED=${seed}`).toBe('');
    instructions += result.instructions;
    programs++;
  }
  console.log(`${programs} programs, ${instructions} instructions`);
});
