/** v86 (npm's `v86`) with Debian's SeaBIOS, in a Node process of its own. */
import path from 'node:path';
import { PeerProcess } from './process.ts';

interface V86Options {
  readonly memoryMiB: number;
  readonly timeoutMs: number;
  readonly jit: boolean;
}

function start(image: string, options: V86Options): PeerProcess {
  const child = path.join(import.meta.dirname, 'v86-process.ts');
  return new PeerProcess(process.execPath, [child, image, `${options.memoryMiB}`, options.jit ? 'jit' : 'no-jit']);
}

/** Milliseconds from process start until the text screen matches. */
export async function v86FloppyUntilScreen(image: string, options: V86Options & { until: RegExp }): Promise<number> {
  await using v86 = start(image, options);
  v86.child.stdin.write(`${options.until.source}\n`);
  return (await v86.output(/^screen matches$/m, options.timeoutMs)).ms;
}

/** Milliseconds between two markers on the first serial port, and the text of the second. */
export async function v86FloppyBetween(
  image: string,
  options: V86Options & { from: RegExp; to: RegExp },
): Promise<{ ms: number; to: RegExpExecArray }> {
  await using v86 = start(image, options);
  const from = await v86.output(options.from, options.timeoutMs);
  const to = await v86.output(options.to, options.timeoutMs);
  return { ms: to.ms - from.ms, to: to.match };
}
