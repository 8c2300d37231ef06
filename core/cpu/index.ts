/** The processor: decode once, define once, execute in WebAssembly. */
export type { CpuStats } from './counters.ts';
export type { CpuConnections, CpuStop } from './connections.ts';
export { Cpu } from './engine.ts';
export { CPU_MODELS, type CpuModel, type CpuModelName } from './models.ts';
export { CPU, cpuStateView } from './snapshot.ts';
export { PHYSICAL_TABLES, RAM_BASE, codeMapBytes } from './layout.ts';
export { compileRegions, type CompiledRegions, type RegionRequest } from './jit/compile-regions.ts';
export type { RegionCompiler } from './jit/regions.ts';
export { compiledHandlers, encodeCommonHandlers, type CommonHandlers } from './interp/common-handlers.ts';
export type { CpuState } from './state.ts';
