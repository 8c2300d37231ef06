import type { MachineFactory } from './build.ts';
import { commonHandlers } from './common-handlers.ts';
import { ThreadCompiler } from './region-compiler.ts';
import { lowerV8Threads } from './thread-priority.ts';
import { tuneV8 } from './tune-v8.ts';

/** Begins what a machine will wait for, beside whatever is to be done before: call it where a machine is sure to come. */
export function expectPc(): void {
  tuneV8();
  lowerV8Threads();
  void commonHandlers();
  void import('../../core/machine/pc.ts');
}

/** The PC of core/machine, loaded when the first one is built. */
export const pcFactory: MachineFactory = async (config, backends) => {
  expectPc();
  const { createPc } = await import('../../core/machine/pc.ts');
  return createPc(config, {
    ...backends,
    commonHandlers: await commonHandlers(),
    ...(config.engine !== 'interpreter' && { regionCompiler: new ThreadCompiler() }),
  });
};
