import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { CallRequest, CallResponse } from '../../core/contract/index.ts';
import { ioFailure } from '../../core/store/index.ts';

/** An upload that nothing has been added to for so long is one that a crash left. */
const REMAINS_MS = 3600_000;

/** What uploads left behind whose server ended before them; one that still grows may be another server's. */
export function clearRemains(folder: string, nowMs = Date.now()): void {
  try {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (name.endsWith('.part') && statSync(path).mtimeMs < nowMs - REMAINS_MS) rmSync(path, { force: true });
    }
  } catch {
    // There is no such folder, or it is another's: nothing depends on it.
  }
}

/**
 * `POST /api/import?name=…&kind=…` with the bytes of an image: what `media.import` is for those who have a file but not
 * its path, as a page in a browser. The file stands beside the library until it is in it.
 */
export async function importUpload(
  request: IncomingMessage,
  query: string | undefined,
  folder: string,
  call: (request: CallRequest) => Promise<CallResponse>,
): Promise<CallResponse> {
  const wanted = new URLSearchParams(query);
  const name = wanted.get('name') ?? '';
  const path = join(folder, `${randomUUID()}.part`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    await receive(request, path);
    const answer = await call({
      call: 'media.import',
      params: { path, name, kind: wanted.get('kind') ?? 'disk', alone: true },
    });
    if (answer.ok) return answer;
    // Who sent it knows it by its name.
    return { ok: false, error: { ...answer.error, message: answer.error.message.replaceAll(path, name) } };
  } catch (error) {
    return { ok: false, error: ioFailure(error, name) };
  } finally {
    discard(path);
  }
}

function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Its folder is none: there is nothing to discard, and that has been said.
  }
}

/** When the file cannot be written the request is read to its end all the same: a connection cut off tells nobody why. */
const receive = (request: IncomingMessage, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    file.once('error', (error) => {
      request.unpipe(file);
      request.resume();
      reject(error);
    });
    let broken: Error | undefined;
    file.once('close', () => (broken ? reject(broken) : resolve()));
    // Nobody discards the file before it is closed: it may not even be made yet.
    const brokenOff = (error: Error): void => {
      broken ??= error;
      file.destroy();
    };
    request.once('error', brokenOff);
    request.once('close', () => request.readableEnded || brokenOff(new Error('the connection ended')));
    request.pipe(file);
  });
