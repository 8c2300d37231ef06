/** Tier 0: million instructions per second of a loop over registers and memory, with no JIT in Terrarium and v86. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { Bench, BenchCase } from './harness.ts';
import { qemuFloppyBetween } from './peers/qemu.ts';
import { terrariumRun } from './peers/terrarium.ts';
import { v86FloppyBetween } from './peers/v86.ts';

const INSTRUCTIONS_PER_ITERATION = 5;
const TARGET_MS = 2000;
const FIRST_ITERATIONS = 4_000_000;
const MAX_ITERATIONS = 4_000_000_000;
const TIMEOUT_MS = 120_000;
const FROM = /LOOP-START/;
const TO = /LOOP-DONE ([0-9a-f]{8})/;

const SIZES = [
  { name: '16-bit real mode', bits: 16 },
  { name: '32-bit protected mode', bits: 32 },
] as const;

type Bits = (typeof SIZES)[number]['bits'];

/** What the guest prints: the sum of the numbers from `iterations` to 1 in its word size. */
function expectedSum(iterations: number, bits: Bits): string {
  const n = BigInt(iterations);
  return BigInt.asUintN(bits, (n * (n + 1n)) / 2n)
    .toString(16)
    .padStart(8, '0');
}

function assemble(workDir: string, iterations: number, bits: Bits): string {
  const image = path.join(workDir, `cpu-loop-${bits}-${iterations}.img`);
  const source = path.join(import.meta.dirname, 'guests/cpu-loop.asm');
  const defines = ['-D', `ITERATIONS=${iterations}`, '-D', `BITS32=${bits === 32 ? 1 : 0}`];
  execFileSync('nasm', ['-f', 'bin', ...defines, '-o', image, source]);
  return image;
}

/**
 * A measurement in MIPS. The number of iterations is found once per contender so that the loop takes about two seconds:
 * long beside the 20 ms or so with which the markers are seen.
 */
function mips(workDir: string, bits: Bits, time: (image: string) => Promise<{ ms: number; sum: string }>) {
  let iterations: number | undefined;
  const measure = async (count: number): Promise<number> => {
    const { ms, sum } = await time(assemble(workDir, count, bits));
    if (sum !== expectedSum(count, bits)) throw new Error(`wrong sum ${sum} after ${count} iterations`);
    return ms;
  };
  const calibrate = async (): Promise<number> => {
    for (let count = FIRST_ITERATIONS; ;) {
      const ms = await measure(count);
      if (ms >= TARGET_MS / 2 || count === MAX_ITERATIONS) return count;
      count = Math.min(MAX_ITERATIONS, Math.round(count * Math.min(20, TARGET_MS / Math.max(ms, 1))));
    }
  };
  return async (): Promise<number> => {
    iterations ??= await calibrate();
    return (iterations * INSTRUCTIONS_PER_ITERATION) / 1000 / (await measure(iterations));
  };
}

async function timeTerrarium(image: string): Promise<{ ms: number; sum: string }> {
  const { report } = await terrariumRun([
    ...['--floppy', image, '--engine', 'interpreter', '--timeout', `${TIMEOUT_MS / 1000}`],
    ...['--until', FROM.source, '--until', TO.source],
  ]);
  const sum = TO.exec(report.screen.join('\n'))?.[1] ?? '';
  return { ms: report.matches[1]!.ms - report.matches[0]!.ms, sum };
}

function cpuCase({ name, bits }: (typeof SIZES)[number], workDir: string): BenchCase {
  const options = { from: FROM, to: TO, memoryMiB: 32, timeoutMs: TIMEOUT_MS };
  return {
    name,
    run: {
      terrarium: mips(workDir, bits, timeTerrarium),
      qemu: mips(workDir, bits, async (image) => {
        const { ms, to } = await qemuFloppyBetween(image, options);
        return { ms, sum: to[1]! };
      }),
      v86: mips(workDir, bits, async (image) => {
        const { ms, to } = await v86FloppyBetween(image, { ...options, jit: false });
        return { ms, sum: to[1]! };
      }),
    },
  };
}

export const cpu: Bench = {
  name: 'cpu',
  unit: 'MIPS',
  better: 'higher',
  cases: async (workDir) => SIZES.map((size) => cpuCase(size, workDir)),
};
