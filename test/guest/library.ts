/** A library in a folder of its own, worked on by the command line: every machine is a process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { main } from '../../main/cli/cli.ts';
import { pcFactory } from '../../main/vm-host/pc-factory.ts';

export class CommandLibrary {
  readonly folder = mkdtempSync(join(tmpdir(), 'terrarium-library-'));

  /** Runs a command with --json; throws with its message unless its status is 0. */
  async terrarium(...args: string[]): Promise<unknown> {
    let out = '';
    let errors = '';
    const status = await main([...args, '--json', '--library', this.folder], {
      io: {
        stdin: new PassThrough(),
        stdout: { write: (text) => (out += String(text)) },
        stderr: { write: (text) => (errors += String(text)) },
        onSignal: () => () => {},
      },
      factory: pcFactory,
    });
    if (status !== 0) throw new Error(`status ${status}: ${errors}${out}`);
    return JSON.parse(out);
  }

  wait(name: string, until: string, seconds = 120): Promise<unknown> {
    return this.terrarium('wait', name, '--until', until, '--timeout', String(seconds));
  }

  async rows(name: string): Promise<string> {
    const { rows } = (await this.terrarium('screen', name)) as { rows: string[] };
    return rows.map((line) => line.trimEnd()).join('\n');
  }

  /** Ends what runs, and removes all of it. */
  async dispose(): Promise<void> {
    const { machines } = (await this.terrarium('list')) as { machines: { config: { name: string } }[] };
    for (const { config } of machines) await this.terrarium('stop', config.name).catch(() => {});
    rmSync(this.folder, { recursive: true, force: true });
  }
}
