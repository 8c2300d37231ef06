import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fail, type CallRequest, type CallResponse } from '../../core/contract/index.ts';

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
    await pipeline(request, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    const answer = await call({
      call: 'media.import',
      params: { path, name, kind: wanted.get('kind') ?? 'disk', alone: true },
    });
    if (answer.ok) return answer;
    // Who sent it knows it by its name.
    return { ok: false, error: { ...answer.error, message: answer.error.message.replaceAll(path, name) } };
  } catch (error) {
    return { ok: false, error: fail('store.io', `the upload broke off: ${(error as Error).message}`, 'try it again') };
  } finally {
    rmSync(path, { force: true });
  }
}
