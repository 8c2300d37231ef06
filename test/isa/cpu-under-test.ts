/**
 * The processor as the truth tests see it, whichever engine runs behind: vectors and host comparison know nothing of
 * records, handlers or compiled regions.
 */

/** Values are unsigned 32-bit. */
export interface Regs {
  eax: number;
  ecx: number;
  edx: number;
  ebx: number;
  esp: number;
  ebp: number;
  esi: number;
  edi: number;
  eip: number;
  eflags: number;
  es: number;
  cs: number;
  ss: number;
  ds: number;
  fs: number;
  gs: number;
}

export interface MemoryImage {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface RunOutcome {
  /** `exception` occurs in flat32 alone; real mode goes through the interrupt vector table. */
  readonly stopped: 'hlt' | 'limit' | 'exception' | 'shutdown';
  readonly vector?: number;
  readonly errorCode?: number;
}

export interface CpuUnderTest {
  /**
   * A fresh processor with RAM of zeros from 0 to at least 110000h (A20 on) that holds `memory`; registers not named
   * are 0. `real16`: segment bases are selector * 16, limits FFFFh. `flat32`: paging off, every segment writable or
   * readable with base 0 and limit FFFFFFFFh, code size 32, CPL = RPL of `cs` (so 3 for the host comparison), IOPL 0
   * unless `eflags` says otherwise, CR0.NE and AM set; selectors hold the values given and name no descriptor. A port nobody
   * answers reads as ones. `paged32` is flat32 with paging: a user's are 8000h to 9FFFh,
   * which is not executed, and C000h to CFFFh alone. `fpu` is the FPU's state as FRSTOR takes it in 32-bit protected mode.
   */
  setup(
    mode: 'real16' | 'flat32' | 'paged32',
    regs: Partial<Regs>,
    memory: readonly MemoryImage[],
    fpu?: Uint8Array,
    sse?: Uint8Array,
  ): void;
  /**
   * Runs up to n instructions (a REP string instruction is one) and stops after HLT. In flat32 an exception stops the
   * run with its vector and error code, before anything is pushed; EIP is then what would be pushed: the instruction's
   * own for a fault, the next one's for a trap (INT3, INTO, single step).
   */
  run(maxInstructions: number): RunOutcome;
  regs(): Regs;
  /** The FPU's state as FNSAVE stores it in 32-bit protected mode, which changes nothing here. */
  fpu(): Uint8Array;
  /** XMM0 to XMM7 and MXCSR. */
  sse(): Uint8Array;
  /** CR2. */
  faultAddress(): number;
  /** As it is until the next set-up or run. */
  readMemory(address: number, length: number): Uint8Array;
}

/** `jit` forces compilation of everything that is run. */
export type EngineUnderTest = 'interpreter' | 'jit';

export const GENERAL_REGISTERS = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'] as const;

export function hex(value: number, digits = 8): string {
  return (value >>> 0).toString(16).toUpperCase().padStart(digits, '0');
}

export function hexBytes(bytes: Iterable<number>): string {
  return Array.from(bytes, (b) => hex(b, 2)).join(' ');
}
