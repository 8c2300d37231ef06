/** What the thread behind region-compiler.ts does. */
import { parentPort } from 'node:worker_threads';
import { compileRegions } from '../../core/cpu/index.ts';
import type { CompilerConnection, RegionReply, RegionTask } from './region-compiler.ts';
import { lowerThisThread } from './thread-priority.ts';

lowerThisThread();

function answer({ requests }: RegionTask): RegionReply {
  try {
    return compileRegions(requests);
  } catch (error) {
    return { error };
  }
}

parentPort!.on('message', ({ port, answers }: CompilerConnection) => {
  port.on('message', (task: RegionTask) => {
    port.postMessage(answer(task));
    Atomics.add(answers, 0, 1);
  });
});
