/**
 * Packages of Debian, fetched with the apt sources of this computer. Without root: apt gets lists of its own in a folder
 * that is named, nothing on the computer changes, and packages for i386 are known whether the computer wants any or not.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { FailureError } from '../../../core/base/index.ts';
import { fail } from '../../../core/contract/index.ts';

export interface FetchOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** Debian Policy 5.6.1, and an architecture that is not the host's own: `busybox-static:i386`. */
const NAME = /^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?$/;
/** Lists that are older may name a version which the archive has replaced. */
const FRESH_MS = 30 * 60_000;

interface Wanted {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export class PackageCache {
  readonly #folder: string;
  readonly #lists: string;
  /** Architecture of this computer's own packages. */
  #host: string | undefined;

  /** `folder` is made when something is fetched; processes that share it wait for each other. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#lists = join(folder, '.apt');
  }

  /** Files of the named packages, in their order; those that are here already are not fetched again. Throws FailureError. */
  async fetch(names: readonly string[], options: FetchOptions = {}): Promise<string[]> {
    checkNames(names);
    return this.#locked(options.signal, async () => {
      await this.#updateOnce(options.signal);
      try {
        return await this.#download(names, options);
      } catch (error) {
        if (options.signal?.aborted || this.#areListsFresh()) throw error;
        await this.#update(options.signal);
        return this.#download(names, options);
      }
    });
  }

  /** The first package that `name` depends on, as a name that `fetch` takes: what a metapackage stands for. */
  async dependencyOf(name: string, signal?: AbortSignal): Promise<string> {
    checkNames([name]);
    return this.#locked(signal, async () => {
      await this.#updateOnce(signal);
      const printed = await this.#apt('apt-cache', ['depends', '--important', name], { signal });
      const [, found] = /^\s+Depends: (\S+)$/m.exec(printed) ?? [];
      if (found === undefined)
        throw new FailureError(fail('debian.package', `the package ${name} stands for no other`, NO_PACKAGE_HINT));
      return found;
    });
  }

  /** The files of a package into a folder. */
  async extract(file: string, folder: string, signal?: AbortSignal): Promise<void> {
    await run('dpkg-deb', ['-x', file, folder], { signal });
  }

  async #download(names: readonly string[], { signal, onProgress }: FetchOptions): Promise<string[]> {
    const folder = join(this.#folder, 'archives');
    mkdirSync(folder, { recursive: true });
    const printed = await this.#apt('apt-get', ['--print-uris', 'download', ...names], { signal });
    const wanted = names.map((name) => wantedOf(name, printed));
    const missing = wanted.flatMap(({ file, sizeBytes }, i) =>
      sizeOf(join(folder, file)) === sizeBytes ? [] : [{ name: names[i], sizeBytes }],
    );
    const totalBytes = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (missing.length > 0)
      await this.#apt('apt-get', ['download', ...missing.map(({ name }) => name)], {
        ...{ signal, cwd: folder },
        onShare: (share) => onProgress?.(Math.round(share * totalBytes), totalBytes),
      });
    for (const { file, sha256 } of wanted) {
      const path = join(folder, file);
      if ((await sha256Of(path)) === sha256) continue;
      rmSync(path, { force: true });
      throw new FailureError(fail('debian.download', `${file} did not arrive as it is in the archive`, 'try again'));
    }
    return wanted.map(({ file }) => join(folder, file));
  }

  async #updateOnce(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#hasLists()) await this.#update(signal);
  }

  async #update(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#apt('apt-get', ['update'], { signal });
    } catch (error) {
      // An archive of which some part is out of step fails the update as a whole; what it got is usable.
      if (signal?.aborted || !this.#hasLists()) throw error;
    }
    const stamp = join(this.#lists, 'updated');
    writeFileSync(stamp, '');
    utimesSync(stamp, new Date(), new Date());
  }

  #hasLists(): boolean {
    const lists = join(this.#lists, 'lists');
    return existsSync(lists) && readdirSync(lists).some((file) => file.includes('_Packages'));
  }

  #areListsFresh(): boolean {
    const stamp = join(this.#lists, 'updated');
    return existsSync(stamp) && Date.now() - statSync(stamp).mtimeMs < FRESH_MS;
  }

  async #apt(command: 'apt-get' | 'apt-cache', args: readonly string[], options: RunOptions): Promise<string> {
    this.#host ??= (await run('dpkg', ['--print-architecture'], { signal: options.signal })).trim();
    const settings = {
      'Dir::State': this.#lists,
      'Dir::State::status': join(this.#lists, 'status'),
      'Dir::Cache': this.#lists,
      'APT::Sandbox::User': '',
      'Acquire::Languages': 'none',
      'Acquire::Retries': '3',
    };
    const given = [
      ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
      ...[this.#host, 'i386'].map((architecture) => `APT::Architectures::=${architecture}`),
      ...(options.onShare ? ['APT::Status-Fd=3'] : []),
    ].flatMap((setting) => ['-o', setting]);
    return run(command, ['-qq', ...given, ...args], options);
  }

  /** The kernel lets go of the lock when its holder dies, however it dies: the holder reads from a pipe of this process. */
  async #locked<T>(signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> {
    for (const part of ['lists/partial', 'archives/partial']) mkdirSync(join(this.#lists, part), { recursive: true });
    writeFileSync(join(this.#lists, 'status'), '');
    const holder = spawn('flock', [join(this.#folder, '.lock'), 'sh', '-c', 'echo held; exec cat'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    try {
      await new Promise<void>((resolve, reject) => {
        holder.stdout.once('data', () => resolve());
        holder.once('error', () => reject(new FailureError(missingTool('flock'))));
        holder.once('exit', () => reject(new FailureError(missingTool('flock'))));
        signal?.addEventListener('abort', () => reject(new FailureError(CANCELLED)), { once: true });
      });
      return await action();
    } finally {
      holder.stdin.destroy();
      holder.kill();
    }
  }
}

const NO_PACKAGE_HINT = "this computer's package sources may not have it: add those of Debian 12";
const CANCELLED = fail('task.cancelled', 'the work was cancelled');
const missingTool = (command: string) =>
  fail('debian.tools', `this computer has no ${command}`, 'install it, or use an image of a system');

function checkNames(names: readonly string[]): void {
  for (const name of names)
    if (!NAME.test(name))
      throw new FailureError(fail('debian.package', `not the name of a Debian package: ${JSON.stringify(name)}`));
}

/** A line for each: `'URI' NAME_VERSION_ARCHITECTURE.deb SIZE SHA256:HASH`, the hash of any archive of these years. */
function wantedOf(name: string, printed: string): Wanted {
  const prefix = `${name.split(':')[0]}_`;
  for (const [, file, size, sha256] of printed.matchAll(/^'[^']*' ([^\s/]+\.deb) (\d+) SHA256:([0-9a-f]{64})$/gm))
    if (file.startsWith(prefix)) return { file, sizeBytes: Number(size), sha256 };
  throw new FailureError(fail('debian.package', `apt-get tells of no package ${name}`, NO_PACKAGE_HINT));
}

const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size;

async function sha256Of(path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  const hash = createHash('sha256');
  for await (const part of createReadStream(path) as AsyncIterable<Buffer>) hash.update(part);
  return hash.digest('hex');
}

interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly cwd?: string;
  /** How far apt is, 0 to 1. */
  readonly onShare?: (share: number) => void;
}

/** What a command prints. Throws a FailureError in words; a cancel ends the command. */
export function run(command: string, args: readonly string[], { signal, cwd, onShare }: RunOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(signal && { signal }),
      ...(cwd !== undefined && { cwd }),
      // Commands of administrators are not on everybody's path, and messages are read here.
      env: { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
      stdio: ['ignore', 'pipe', 'pipe', onShare ? 'pipe' : 'ignore'],
    });
    let printed = '';
    let errors = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (printed += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.stdio[3]?.on('data', (data: Buffer) => {
      const [, percent] = /.*^dlstatus:\d+:([\d.]+):/ms.exec(data.toString('latin1')) ?? [];
      if (percent !== undefined) onShare?.(Number(percent) / 100);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (signal?.aborted) reject(new FailureError(CANCELLED));
      else if (error.code === 'ENOENT') reject(new FailureError(missingTool(command)));
      else reject(error);
    });
    child.on('close', (code) => {
      if (code === 0) resolve(printed);
      else reject(new FailureError(signal?.aborted ? CANCELLED : whyFailed(command, errors)));
    });
  });
}

function whyFailed(command: string, errors: string): ReturnType<typeof fail> {
  const lines = errors.split('\n').filter((line) => line.startsWith('E: '));
  const said = (lines.at(0) ?? errors.trim().split('\n').at(-1) ?? '').replace(/^E: /, '');
  if (/Unable to locate package|No packages found|has no installation candidate/.test(errors))
    return fail('debian.package', `${command}: ${said}`, NO_PACKAGE_HINT);
  if (command.startsWith('apt'))
    return fail('debian.download', `${command}: ${said}`, "check the network, and this computer's package sources");
  return fail('debian.tools', `${command}: ${said}`);
}
