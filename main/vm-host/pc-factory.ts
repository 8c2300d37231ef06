import type { MachineFactory } from './build.ts';
import { tuneV8 } from './tune-v8.ts';

/** The PC of core/machine, loaded when the first one is built. */
export const pcFactory: MachineFactory = async (config, backends) => {
  tuneV8();
  const { createPc } = await import('../../core/machine/pc.ts');
  return createPc(config, { ...backends, compileLater: (code) => WebAssembly.compile(code) });
};
