import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';
import type { RegionWorkerData } from './region-compiler.ts';

/** The thread behind region-compiler.ts. A thread has a code cache of its own, which holds other functions than its parent's. */
const { codeCache } = workerData as RegionWorkerData;
if (codeCache !== undefined) enableCompileCache(codeCache);
// After it, so that its code is kept.
await import('./region-thread.ts');
