/** Compiles and runs native.c: the host's own processor as the reference. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeResults, encodeCases, type PlacedCase, type StreamOfResults } from './stream.ts';

const COMPILE_ADVICE = 'install gcc and gcc-multilib (Debian) to compile 32-bit programs';
const FLAGS = ['-O1', '-no-pie', '-fno-pie', '-fcf-protection=none', '-Wall', '-Wextra', '-Werror'];
/** native.c's PROBE_STATUS. */
const PROBE_STATUS = 42;

export type CodeBits = 32 | 64;

const programs = new Map<CodeBits, string>();

/** Compiles once per process. Throws when the compiler is missing: a missing tool must fail the test. */
function compile(bits: CodeBits): string {
  const folder = mkdtempSync(join(tmpdir(), 'terrarium-host-cpu-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const target = join(folder, `native${bits}`);
  const source = fileURLToPath(new URL('native.c', import.meta.url));
  const compiler = spawnSync('gcc', [`-m${bits}`, ...FLAGS, '-o', target, source], { encoding: 'utf8' });
  if (compiler.error) throw new Error(`gcc: ${compiler.error.message}; ${COMPILE_ADVICE}`);
  if (compiler.status !== 0) throw new Error(`${compiler.stderr}\n${COMPILE_ADVICE}`);
  return target;
}

function programOf(bits: CodeBits): string {
  const program = programs.get(bits) ?? compile(bits);
  programs.set(bits, program);
  return program;
}

/**
 * Why the host runs no 32-bit programs, or undefined where it does. A kernel without IA-32 emulation answers ENOEXEC;
 * the C library then takes the file for a shell script, so only the program's own status shows that it ran.
 */
export function whyNo32BitPrograms(): string | undefined {
  const { error, status, signal } = spawnSync(programOf(32), ['--probe'], { stdio: 'ignore' });
  if (status === PROBE_STATUS) return undefined;
  return `the kernel does not start 32-bit programs (${error?.message ?? signal ?? `status ${status}`})`;
}

/** Throws when the program cannot run or a case escaped. */
export function runNative(bits: CodeBits, image: Uint8Array, cases: readonly PlacedCase[]): StreamOfResults {
  const run = spawnSync(programOf(bits), [], { input: encodeCases(image, cases), maxBuffer: 1 << 30 });
  if (run.status !== 0) throw new Error(`native ended with ${run.status ?? run.signal}: ${run.stderr.toString()}`);
  return decodeResults(run.stdout, cases);
}
