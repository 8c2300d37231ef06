/**
 * What one process changed in a library, told to every other that shows it: the windows of an app, the browsers of a
 * server and the command line agree at once, and nobody asks again and again. A process that wants to hear listens on a
 * socket of its own and leaves a mark in the library's `run` folder; whoever changes something tells all of the marked.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { Disposable } from '../../core/base/index.ts';
import { machineIdSchema } from '../../core/contract/index.ts';
import { listenPrivately, socketPath } from '../vm-host/socket.ts';

/** What is not as it was; whoever hears it looks for itself. */
const noticeSchema = z.discriminatedUnion('about', [
  z.strictObject({
    about: z.literal('machine'),
    id: machineIdSchema,
    /** Of a machine in a process of its own, which nobody else knows. */
    paused: z.boolean().optional(),
  }),
  z.strictObject({ about: z.literal('snapshots'), machine: machineIdSchema }),
  z.strictObject({ about: z.literal('media') }),
  z.strictObject({ about: z.literal('removals') }),
]);
export type LibraryNotice = z.infer<typeof noticeSchema>;

const MARK = '.listener';
/** Notices are short; a longer line is none. */
const LINE_MAX = 1024;
/** A listener that stands still is not waited for. */
const TELL_MAX_MS = 1000;

export class LibraryNotices implements Disposable {
  readonly #folder: string;
  /** Empty while this process does not listen. */
  #id = '';
  #stop: (() => void) | undefined;
  #telling: Promise<unknown> = Promise.resolve();

  constructor(libraryFolder: string) {
    this.#folder = libraryFolder;
  }

  /** Begins to hear what other processes change. */
  async listen(onNotice: (notice: LibraryNotice) => void): Promise<void> {
    const id = randomUUID();
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => socket.destroy());
      socket.on('data', () => socket.bytesRead > LINE_MAX && socket.destroy());
      createInterface({ input: socket })
        .on('line', (line) => {
          const notice = parse(line);
          if (notice) onNotice(notice);
          // The answer says that it was heard.
          socket.end();
        })
        .on('error', () => {});
    });
    const path = socketPath(this.#folder, id);
    await listenPrivately(server, path);
    server.unref();
    const mark = join(this.#folder, 'run', `${id}${MARK}`);
    writeFileSync(mark, '', { mode: 0o600 });
    this.#id = id;
    this.#stop = () => {
      rmSync(mark, { force: true });
      server.close();
      for (const socket of open) socket.destroy();
      if (process.platform !== 'win32') rmSync(path, { force: true });
    };
  }

  /** Tells every other process that listens; `told` says when they have heard it. */
  tell(notice: LibraryNotice): void {
    this.#telling = this.#telling.then(() => this.#tellAll(`${JSON.stringify(notice)}\n`));
  }

  told(): Promise<unknown> {
    return this.#telling;
  }

  dispose(): void {
    this.#stop?.();
  }

  async #tellAll(line: string): Promise<void> {
    const others = listenersOf(this.#folder).filter((id) => id !== this.#id);
    await Promise.all(others.map((id) => this.#tellOne(id, line)));
  }

  #tellOne(id: string, line: string): Promise<void> {
    return new Promise((resolve) => {
      const path = socketPath(this.#folder, id);
      const socket = connect(path, () => socket.write(line));
      socket.setTimeout(TELL_MAX_MS, () => socket.destroy());
      socket.on('error', (error: NodeJS.ErrnoException) => {
        // Its process was killed: nobody else will take the mark away.
        if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') {
          rmSync(join(this.#folder, 'run', `${id}${MARK}`), { force: true });
          if (process.platform !== 'win32') rmSync(path, { force: true });
        }
      });
      socket.on('close', () => resolve());
      socket.resume();
    });
  }
}

function listenersOf(folder: string): string[] {
  try {
    const marks = readdirSync(join(folder, 'run')).filter((file) => file.endsWith(MARK));
    return marks.map((mark) => mark.slice(0, -MARK.length));
  } catch {
    // A library that is gone has no listeners.
    return [];
  }
}

/** Whether a program that shows the library runs: an app, a server. */
export async function libraryIsShown(folder: string): Promise<boolean> {
  const shown = listenersOf(folder).map(
    (id) =>
      new Promise<boolean>((resolve) => {
        const socket = connect(socketPath(folder, id), () => resolve(true));
        socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
      }),
  );
  return (await Promise.all(shown)).includes(true);
}

function parse(line: string): LibraryNotice | undefined {
  try {
    return noticeSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
