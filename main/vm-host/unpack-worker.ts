/** What the thread behind unpack-kernel.ts does. */
import { parentPort, workerData } from 'node:worker_threads';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { KernelCache } from './kernel-cache.ts';
import type { UnpackTask, Unpacked } from './unpack-kernel.ts';

const SIZE_BYTES = 4;

type Unpack = (bytes: Uint8Array, unpackedBytes: number) => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;

/** Behind what xz and zstd made lies the unpacked size, which gzip has by itself. */
const METHODS: readonly { readonly magic: readonly number[]; readonly slow?: boolean; readonly unpack: Unpack }[] = [
  { magic: [0x1f, 0x8b], unpack: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }) },
  {
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    unpack: (bytes, maxOutputLength) => zstdDecompressSync(bytes.subarray(0, -SIZE_BYTES), { maxOutputLength }),
  },
  {
    magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0],
    slow: true,
    unpack: async (bytes, unpackedBytes) =>
      (await import('./unxz.ts')).unxz(bytes.subarray(0, -SIZE_BYTES), unpackedBytes),
  },
];

async function unpacked({ bytes, unpackedBytes }: UnpackTask): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const method = METHODS.find(({ magic }) => magic.every((byte, i) => bytes[i] === byte));
  const cache = method?.slow ? new KernelCache() : undefined;
  const kept = await cache?.read(bytes, unpackedBytes);
  if (kept) return kept;
  try {
    const made = await method?.unpack(bytes, unpackedBytes);
    if (made?.length !== unpackedBytes) return undefined;
    await cache?.write(bytes, made);
    return made;
  } catch {
    // Damaged: the guest's own code says so.
    return undefined;
  }
}

// Node does not count compiling WebAssembly as something to wait for.
const alive = setInterval(() => {}, 2 ** 30);
const answer = await unpacked(workerData as UnpackTask);
parentPort!.postMessage(answer satisfies Unpacked, answer ? [answer.buffer] : []);
clearInterval(alive);
