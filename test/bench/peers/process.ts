import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';

/** Linux started directly. */
export interface KernelRun {
  readonly kernel: string;
  readonly initrd: string;
  readonly commandLine: string;
  readonly memoryMiB: number;
}

/** A peer's process: started, watched line by line, and always ended. */
export class PeerProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly startMs = performance.now();
  #output = '';
  #errors = '';
  #waiting: (() => void) | undefined;
  #ended: string | undefined;

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: 'pipe' });
    this.child.stdout.setEncoding('latin1').on('data', (text: string) => {
      this.#output += text;
      this.#waiting?.();
    });
    this.child.stderr.setEncoding('latin1').on('data', (text: string) => (this.#errors += text));
    this.child.on('error', (error) => this.#end(error.message));
    this.child.on('exit', (code, signal) => this.#end(`ended with ${signal ?? code}`));
  }

  #end(reason: string): void {
    this.#ended ??= `${this.child.spawnfile} ${reason} ${this.#errors.trim()}`;
    this.#waiting?.();
  }

  get ended(): string | undefined {
    return this.#ended;
  }

  get elapsedMs(): number {
    return performance.now() - this.startMs;
  }

  /** Waits for standard output to match; resolves to the match and the time since process start. */
  async output(pattern: RegExp, timeoutMs: number): Promise<{ match: RegExpExecArray; ms: number }> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match) return { match, ms: this.elapsedMs };
      if (this.#ended !== undefined) throw new Error(this.#ended);
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw new Error(`${this.child.spawnfile}: no ${pattern} within ${timeoutMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended !== undefined) return;
    const gone = new Promise<void>((resolve) => this.child.once('close', () => resolve()));
    this.child.kill('SIGKILL');
    await gone;
  }
}
