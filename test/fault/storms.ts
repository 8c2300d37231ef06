import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { MEMORY_FOLDER } from '../fixtures/memory-folder.ts';
import type { StormEvent, StormOrders } from './storm-protocol.ts';

type Storm = ChildProcessByStdio<Writable, Readable, Readable>;

/** Processes to kill, and a folder for what they work on. */
export class Storms {
  readonly #scratch: string;
  readonly #program: string;
  /** It loads its modules while the last one is killed and looked after. */
  #next: Storm;

  private constructor(scratch: string, program: string) {
    this.#scratch = scratch;
    this.#program = program;
    this.#next = this.#start();
  }

  static async create(): Promise<Storms> {
    const scratch = mkdtempSync(join(MEMORY_FOLDER, 'terrarium-kills-'));
    return new Storms(scratch, await bundleStorm(join(scratch, 'program')));
  }

  newFolder(): string {
    return mkdtempSync(join(this.#scratch, 'library-'));
  }

  #start(): Storm {
    return spawn(process.execPath, [this.#program], { stdio: ['pipe', 'pipe', 'pipe'] });
  }

  /** Gives a process its orders, kills it after `afterMs` of work (or of what it favours), and returns what it said. */
  async untilKilled(orders: StormOrders, afterMs: number): Promise<StormEvent[]> {
    const child = this.#next;
    this.#next = this.#start();
    let said = '';
    let errors = '';
    let ready = (): void => {};
    const isReady = new Promise<void>((resolve) => (ready = resolve));
    const sign = orders.favours === 'write' ? '"ready"' : `"begun","what":{"kind":"${orders.favours}"`;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const from = Math.max(0, said.length - sign.length);
      said += text;
      if (said.includes(sign, from)) ready();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const closed = once(child, 'close');
    child.stdin.end(JSON.stringify(orders));
    await Promise.race([isReady, closed]);
    await Promise.race([sleep(afterMs), closed]);
    child.kill('SIGKILL');
    const [code, signal] = (await closed) as [number | null, string | null];
    if (signal !== 'SIGKILL') throw new Error(`the process ended by itself (${code}): ${errors}`);
    return said
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as StormEvent);
  }

  async dispose(): Promise<void> {
    const closed = once(this.#next, 'close');
    this.#next.kill('SIGKILL');
    await closed;
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}

/**
 * The process to kill, bundled into `folder` as a package has it: one that is started thousands of times would spend
 * most of its life on loading its sources one by one. Returns the file to start.
 */
async function bundleStorm(folder: string): Promise<string> {
  // Its native code is found beside its own files.
  const sqlite = pathToFileURL(createRequire(import.meta.url).resolve('better-sqlite3')).href;
  await build({
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    logLevel: 'warning',
    // Dependencies written as CommonJS call require, which an ES module does not have by itself.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    external: ['electron'],
    plugins: [
      {
        name: 'better-sqlite3 where it is',
        setup: ({ onResolve }) => onResolve({ filter: /^better-sqlite3$/ }, () => ({ path: sqlite, external: true })),
      },
    ],
    entryPoints: {
      storm: join(import.meta.dirname, 'storm.ts'),
      'store-worker': join(import.meta.dirname, '../../core/store/worker.ts'),
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
  });
  return join(folder, 'storm.mjs');
}
