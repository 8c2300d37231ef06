/** What a processor is connected to, and what its board is told. */
import type { IoBus } from '../bus/index.ts';
import type { PhysicalMemory } from '../memory/index.ts';
import type { CommonHandlers } from './interp/common-handlers.ts';
import type { InterruptSource } from './interrupts.ts';
import type { RegionHost } from './jit/regions.ts';
import type { CpuModel } from './models.ts';
import type { FpuErrorPins } from './x87-stack.ts';

export interface CpuConnections extends FpuErrorPins, RegionHost {
  readonly memory: PhysicalMemory;
  readonly linearMemory: WebAssembly.Memory;
  /** Offset in linear memory of the code map: a byte for every 16 of RAM, all zero. */
  readonly codeMap: number;
  readonly io: IoBus;
  /** Vector of the interrupt that the board signals; called once per interrupt taken. */
  readonly acknowledge: () => number;
  /** Absent: a processor without local APIC. */
  readonly localApic?: () => { apicBase: number };
  /** Ticks of the time-stamp counter since power-on: a whole number. */
  readonly timeStamp: () => number;
  /** Handlers that were made before. Absent: all are made as they are needed. */
  readonly commonHandlers?: CommonHandlers | undefined;
  readonly log: (message: string) => void;
  /** Default: CPU_MODELS.default. */
  readonly model?: CpuModel;
  /** What the local APIC's timer counts; CPUID tells it. Default: as the TSC. */
  readonly busHz?: number;
  /** `off`: tier 0 alone. `auto`: hot code is compiled. `force`: everything is, for tests. Default `off`. */
  readonly jit?: 'off' | 'auto' | 'force';
  /** Elements that a repeated string instruction does for one of the budget; engines that are compared have the same. */
  readonly repeatSlice?: number;
}

export type CpuStop =
  /** The budget is used up. */
  | 'budget'
  | 'halted'
  /** Triple fault. */
  | 'shutdown'
  /** `kick` was called: the board wants to look. */
  | 'kicked';

export type ExceptionListener = (vector: number, source: InterruptSource, errorCode: number | undefined) => void;
