/** The thread behind region-compiler.ts. */
import { parentPort } from 'node:worker_threads';
import { compileRegions } from '../../core/cpu/index.ts';
import type { RegionReply, RegionTask } from './region-compiler.ts';

parentPort!.on('message', ({ id, requests, limits }: RegionTask) => {
  const reply: RegionReply = { id, compiled: compileRegions(requests, limits) };
  parentPort!.postMessage(reply);
});
