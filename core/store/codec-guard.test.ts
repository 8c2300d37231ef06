import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { newCodecGuard, waitForCodecs } from './codec-guard.ts';

const THREAD = `
  import { parentPort } from 'node:worker_threads';
  import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
  import { guarded } from ${JSON.stringify(new URL('./codec-guard.ts', import.meta.url).href)};
  const packed = zstdCompressSync(Buffer.alloc(1024, 'chunk'));
  parentPort.postMessage('begins');
  for (;;) guarded(() => zstdDecompressSync(packed));
`;

// Without the guard Node ended the process at about every fiftieth.
test('a thread that decompresses all the time can be terminated at any moment', async () => {
  for (let i = 0; i < 10; i++) {
    const codecs = newCodecGuard();
    const url = new URL(`data:text/javascript,${encodeURIComponent(THREAD)}`);
    const worker = new Worker(url, { workerData: { codecs } });
    await once(worker, 'message');
    waitForCodecs(codecs);
    expect(await worker.terminate()).toBe(1);
  }
});
