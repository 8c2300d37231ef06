import type { MachineFactory } from './build.ts';

/** The PC of core/machine, loaded when the first one is built. */
export const pcFactory: MachineFactory = async (config, backends) => {
  const { createPc } = await import('../../core/machine/pc.ts');
  return createPc(config, backends);
};
