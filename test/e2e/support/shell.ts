import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '../../..');

/** A web shell of its own library, as `npm start -- --web` starts it. */
export interface Shell {
  readonly url: string;
  readonly libraryFolder: string;
  stop(): Promise<void>;
}

export async function startShell(): Promise<Shell> {
  const libraryFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'terrarium-e2e-'));
  const child = spawn(process.execPath, ['scripts/start.mjs', '--web', '--library', libraryFolder], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const [printed] = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(line) ?? [];
      if (printed) resolve(printed);
    });
    void exited.then(() => reject(new Error(`the web shell ended before it was open:\n${errors}`)));
  });
  return {
    url,
    libraryFolder,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      fs.rmSync(libraryFolder, { recursive: true, force: true });
    },
  };
}
