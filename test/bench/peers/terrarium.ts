/** Terrarium through its command line, as a user has it. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import type { CpuStats } from '../../../core/cpu/index.ts';
import type { DesktopRun } from './picture.ts';
import { PeerProcess, type KernelRun } from './process.ts';

const cli = path.resolve(import.meta.dirname, '../../../main/cli/terrarium.mjs');

export interface RunReport {
  readonly matches: readonly { until: string; ms: number }[];
  readonly instructions: number;
  readonly stateHash: string;
  readonly screen: readonly string[];
  readonly exit: number;
  /** With --stats. */
  readonly stats?: CpuStats;
}

/** `terrarium run ARGS --json`: its report, and the milliseconds from process start to process end. */
export async function terrariumRun(args: readonly string[]): Promise<{ report: RunReport; wallMs: number }> {
  const startMs = performance.now();
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, [cli, 'run', ...args, '--json'], { encoding: 'utf8' }, (error, stdout, stderr) => {
      const wallMs = performance.now() - startMs;
      if (error) return reject(new Error(`${stderr.trim().split('\n').slice(-3).join(' | ') || error.message}`));
      resolve({ report: JSON.parse(stdout) as RunReport, wallMs });
    });
  });
}

/** Milliseconds from process start to process end of `terrarium run ARGS`, without the report that --json makes. */
export async function terrariumWallMs(args: readonly string[]): Promise<number> {
  const startMs = performance.now();
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, [cli, 'run', ...args], { encoding: 'utf8' }, (error, _stdout, stderr) => {
      if (error) reject(new Error(stderr.trim().split('\n').at(-1) ?? error.message));
      else resolve(performance.now() - startMs);
    });
  });
}

/** Linux started directly by `terrarium run`, its first serial port on standard output. */
export function terrariumKernel(guest: KernelRun, more: readonly string[] = []): PeerProcess {
  return new PeerProcess(process.execPath, [cli, 'run', ...kernelOptions(guest), '--serial', 'stdio', ...more]);
}

/** What `terrarium run` is told to start this. */
export const kernelOptions = ({ kernel, initrd, commandLine, memoryMiB }: KernelRun): string[] => [
  ...['--kernel', kernel, '--initrd', initrd, '--append', commandLine, '--memory', `${memoryMiB}`],
];

/** Milliseconds from process start until the desktop is there. */
export async function terrariumUntilDesktop(run: DesktopRun, timeoutMs: number): Promise<number> {
  const script = path.join(import.meta.dirname, 'terrarium-process.ts');
  await using terrarium = new PeerProcess(process.execPath, [script, JSON.stringify(run)]);
  return (await terrarium.output(/^desktop$/m, timeoutMs)).ms;
}
