import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * A shell that starts programs for a test, several at once: a test's own process is so large that its fork takes longer
 * than what qemu-img does to a small image.
 */
export class Shell {
  readonly #shell = spawn('sh', { stdio: ['pipe', 'pipe', 'inherit'] });
  readonly #running = new Map<number, (status: number) => void>();
  readonly #folder: string;
  #number = 0;

  /** `folder`: for what the programs say. */
  constructor(folder: string) {
    this.#folder = folder;
    createInterface(this.#shell.stdout).on('line', (line) => {
      const [number, status] = line.split(' ').map(Number);
      this.#running.get(number)!(status);
      this.#running.delete(number);
    });
  }

  /** One after the other, until one fails; throws what was said then. */
  async run(...commands: readonly (readonly string[])[]): Promise<void> {
    const number = this.#number++;
    const said = join(this.#folder, `said-${number}`);
    const text = commands.map((words) => words.map(quoted).join(' ')).join(' && ');
    const status = await new Promise<number>((resolve) => {
      this.#running.set(number, resolve);
      this.#shell.stdin.write(`(${text}) >${quoted(said)} 2>&1 </dev/null && echo ${number} 0 || echo ${number} 1 &\n`);
    });
    if (status !== 0) throw new Error(`${text}: ${readFileSync(said, 'utf8')}`);
    rmSync(said);
  }

  dispose(): void {
    this.#shell.stdin.end();
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
