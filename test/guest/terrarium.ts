/** The `terrarium` command as a person starts it: a process of its own under the pinned Node. */
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, watch } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';

const ROOT = path.resolve(import.meta.dirname, '../..');
const COMMAND = path.join(ROOT, 'main/cli/terrarium.mjs');
const NODE = path.join(ROOT, 'node_modules/node/bin/node');
/** Over this the command hangs; far above what any of these runs takes on a busy machine. */
const HANG_MS = 500_000;

export interface Outcome {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Report {
  readonly matches: readonly { readonly until: string; readonly ms: number }[];
  readonly instructions: number;
  readonly stateHash: string;
  readonly screen: readonly string[];
  readonly exit: number;
}

/** Starts `terrarium` with these arguments. */
export const start = (...args: readonly string[]): ChildProcess & { stdout: Readable; stderr: Readable } =>
  spawn(NODE, [COMMAND, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });

/** The same with a standard input to write to. */
export const startInteractive = (...args: readonly string[]): ChildProcessWithoutNullStreams =>
  spawn(NODE, [COMMAND, ...args], { cwd: ROOT, stdio: 'pipe' });

/** Runs `terrarium` with these arguments to its end. */
export const terrarium = (...args: readonly string[]): Promise<Outcome> => runFor(HANG_MS, args);

function runFor(hangMs: number, args: readonly string[]): Promise<Outcome> {
  const child = start(...args);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const hang = setTimeout(() => child.kill('SIGKILL'), hangMs);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit) => {
      clearTimeout(hang);
      resolve({ exit, stdout, stderr });
    });
  });
}

/** `terrarium run … --json`, which must end well. Throws with the last screen otherwise. */
export const report = (...args: readonly string[]): Promise<Report> => reportWithin(90, args);

/** The same for a guest that takes longer: up to `seconds` of the host's time. */
export async function reportWithin(seconds: number, args: readonly string[]): Promise<Report> {
  const limits = ['--json', '--timeout', `${seconds}`];
  const { exit, stdout, stderr } = await runFor(HANG_MS + seconds * 1000, ['run', ...args, ...limits]);
  if (exit !== 0) throw new Error(`terrarium run ${args.join(' ')} ended with ${exit}:\n${stderr}`);
  return JSON.parse(stdout) as Report;
}

/** The prompt of FreeDOS, as a pattern for --until. */
export const PROMPT = String.raw`A:\\>$`;

/** Waits until a file that exists holds this text. */
export async function untilFileHas(file: string, text: string): Promise<void> {
  const watcher = watch(file);
  try {
    while (!readFileSync(file, 'latin1').includes(text)) await once(watcher, 'change');
  } finally {
    watcher.close();
  }
}
