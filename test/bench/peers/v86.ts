/** v86 (npm's `v86`) with Debian's SeaBIOS, in a Node process of its own. */
import path from 'node:path';
import { PeerProcess, type KernelRun } from './process.ts';

/** What v86-process.ts is told. */
export interface V86Run {
  readonly memoryMiB: number;
  readonly jit: boolean;
  readonly floppy?: string;
  readonly linux?: Pick<KernelRun, 'kernel' | 'initrd' | 'commandLine'>;
}

interface V86Options {
  readonly memoryMiB: number;
  readonly timeoutMs: number;
  readonly jit: boolean;
}

function start(run: V86Run): PeerProcess {
  return new PeerProcess(process.execPath, [path.join(import.meta.dirname, 'v86-process.ts'), JSON.stringify(run)]);
}

const startFloppy = (floppy: string, { memoryMiB, jit }: V86Options): PeerProcess => start({ memoryMiB, jit, floppy });

/** A kernel started directly, its first serial port on standard output. */
export const v86Kernel = ({ memoryMiB, ...linux }: KernelRun): PeerProcess => start({ memoryMiB, jit: true, linux });

/** Milliseconds from process start until the text screen matches. */
export async function v86FloppyUntilScreen(image: string, options: V86Options & { until: RegExp }): Promise<number> {
  await using v86 = startFloppy(image, options);
  v86.child.stdin.write(`${options.until.source}\n`);
  return (await v86.output(/^screen matches$/m, options.timeoutMs)).ms;
}

/** Milliseconds between two markers on the first serial port, and the text of the second. */
export async function v86FloppyBetween(
  image: string,
  options: V86Options & { from: RegExp; to: RegExp },
): Promise<{ ms: number; to: RegExpExecArray }> {
  await using v86 = startFloppy(image, options);
  const from = await v86.output(options.from, options.timeoutMs);
  const to = await v86.output(options.to, options.timeoutMs);
  return { ms: to.ms - from.ms, to: to.match };
}

export interface V86States {
  readonly saveMs: number;
  readonly againMs: number;
  readonly restoreMs: number;
  readonly bytes: number;
}

/** save_state twice and restore_state of a guest that is up. */
export async function v86States(guest: KernelRun, options: { up: RegExp; timeoutMs: number }): Promise<V86States> {
  await using v86 = v86Kernel(guest);
  await v86.output(options.up, options.timeoutMs);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  v86.child.stdin.write('state\n');
  const { match } = await v86.output(/^STATE (.*)$/m, options.timeoutMs);
  return JSON.parse(match[1]!) as V86States;
}
