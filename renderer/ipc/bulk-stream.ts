import { bulkPath } from '../../core/contract/bridge.ts';
import { STREAM_BYTES_MAX } from '../../core/contract/stream.ts';

/**
 * A browser has six connections to a server, which all pages of it share; a response that carries a stream keeps one.
 * So many windows get one, in all pages together; the others do with a WebSocket.
 */
const BULK_MAX = 3;

/** Takes one of the places, if there is one; the function that gives it back. Kept by the browser: a page that ends, ends it. */
export async function takeBulkPlace(): Promise<(() => void) | undefined> {
  if (!('locks' in navigator)) return undefined;
  for (let place = 0; place < BULK_MAX; place++) {
    const taken = Promise.withResolvers<boolean>();
    const done = Promise.withResolvers<void>();
    void navigator.locks.request(`terrarium.bulk.${place}`, { ifAvailable: true }, (lock) => {
      taken.resolve(lock !== null);
      return lock ? done.promise : undefined;
    });
    if (await taken.promise) return done.resolve;
  }
  return undefined;
}

/** Reads messages, each with its length before it, until the response ends; resolves then. */
export async function readBulk(
  machineId: string,
  key: string,
  onOpen: () => void,
  onMessage: (data: Uint8Array) => void,
): Promise<void> {
  const response = await fetch(bulkPath(machineId, key), { method: 'POST' });
  if (!response.ok || !response.body) return;
  onOpen();
  const fill = filler(response.body);
  try {
    for (;;) {
      const header = await fill(4);
      if (!header) return;
      const length = new DataView(header.buffer, header.byteOffset).getUint32(0, true);
      if (length > STREAM_BYTES_MAX) throw new RangeError(`a stream message of ${length} bytes is too long`);
      const message = await fill(length);
      if (!message) return;
      onMessage(message);
    }
  } catch {
    await response.body.cancel().catch(() => {});
  }
}

type Fill = (length: number) => Promise<Uint8Array<ArrayBuffer> | undefined>;

/** Reads so many bytes; undefined at the end. Where the browser can, they are written to where they stay. */
function filler(body: ReadableStream<Uint8Array<ArrayBuffer>>): Fill {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: 'byob' });
  } catch {
    return copyingFiller(body.getReader());
  }
  return async (length) => {
    let buffer = new ArrayBuffer(length);
    for (let filled = 0; filled < length;) {
      const { value, done } = await reader.read(new Uint8Array(buffer, filled));
      if (done) return undefined;
      filled += value.length;
      buffer = value.buffer;
    }
    return new Uint8Array(buffer);
  };
}

function copyingFiller(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>): Fill {
  let rest = new Uint8Array(0);
  return async (length) => {
    const out = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      if (rest.length === 0) {
        const { value, done } = await reader.read();
        if (done) return undefined;
        rest = value;
      }
      const part = rest.subarray(0, length - filled);
      out.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
    }
    return out;
  };
}
