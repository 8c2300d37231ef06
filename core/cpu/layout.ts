/**
 * Where things lie in the machine's linear memory: processor state, TLB, jump cache, decoded records, guest RAM.
 * Both the TypeScript side and generated WebAssembly use these constants; nothing else knows an offset.
 *
 *     0x0000_0000  guard: address 0 is "no record"
 *     0x0000_1000  processor state (one page)
 *     0x0001_0000  TLB: {supervisor, user} x {read, write}, TLB_ENTRIES x 16 bytes each
 *     0x0005_0000  known segments: KNOWN_SEGMENT_COUNT x 64 bytes
 *     0x0005_2000  code TLB: {supervisor, user}, CODE_TLB_ENTRIES x 16 bytes each
 *     0x0006_0000  jump cache: JUMP_SETS x JUMP_WAYS x 16 bytes
 *     0x000e_0000  which TLB entries are filled
 *     0x000f_fff0  tables of the physical address space (core/memory)
 *     0x0080_0000  writes to pages with code
 *     0x0090_0000  record arena (decoded instructions)
 *     RAM_BASE     guest physical memory from address 0; then the adapter's VRAM, then the code map
 */

export const STATE = 0x1000;
export const STATE_BYTES = 0x1000;

/** Offsets from STATE. General registers are 8 bytes each, by their encoding; the ninth to sixteenth wait for x86-64. */
export const S = {
  gpr: 0x000,
  /** Always zero: what an address without base or index reads. */
  zero: 0x080,
  /** Instruction pointer, exact whenever control is in TypeScript; u64. */
  rip: 0x088,
  /** Lazy arithmetic flags, see flags.ts: result (i64, sign-extended) and auxiliary bits (u32). */
  flagsResult: 0x090,
  flagsAux: 0x098,
  /** EFLAGS without the six arithmetic flags; bit 1 set. */
  eflags: 0x09c,
  /** rip minus the offset in its linear page, for the page that executes; u64. */
  ipBase: 0x0a0,
  /** Instructions left before control returns; i32. Live in a parameter while handlers run. */
  budget: 0x0a8,
  /** Why control came back, EXIT.*; the record that caused it; where a link can be patched (0: nowhere). */
  exitReason: 0x0ac,
  exitRecord: 0x0b0,
  exitLink: 0x0b4,
  /** Record whose handler made the call into TypeScript. */
  record: 0x0b8,
  /** FAULT: raised by a call out of a handler, which then returns at once. */
  fault: 0x0bc,
  /** Mode of the code that may run now, as the jump cache has it (`jumpKeyOf`); 0: no jump finds its target. */
  jumpKey: 0x0c0,
  /** Base addresses of the TLBs that the current privilege uses. */
  tlbRead: 0x0c4,
  tlbWrite: 0x0c8,
  tlbCode: 0x0f4,
  /** An interrupt is pending at the processor's pin; u32. */
  intrPending: 0x0cc,
  /** rip after STI, MOV SS or POP SS: no interrupt is taken there; valid when shadowActive is one of SHADOW. */
  shadowRip: 0x0d0,
  shadowActive: 0x0d8,
  /** Iterations of a repeated string instruction before interrupts are looked at; 1 while single-stepping. */
  repeatSlice: 0x0dc,
  /** Result of a slow read of 8 or 16 bytes; operand of such a slow write. */
  transfer: 0x0e0,
  /** Nonzero: regions return before their next instruction. The board kicked, or decoded code was forgotten. */
  pause: 0x0f0,
  /** EFER, TSC offset and other registers that only TypeScript touches follow the segments. */
  segments: 0x100,
} as const;

/** S.shadowActive. After a load of SS debug traps wait as well. */
export const SHADOW = { NONE: 0, STI: 1, STACK: 2 } as const;

/** S.fault. RAISED: by TypeScript, which knows it. PAGE: by a page walk; WALK.error and CR2 say which. */
export const FAULT = { NONE: 0, RAISED: 1, PAGE: 2 } as const;
/**
 * Addresses of words about interrupts, exceptions and returns from them: nonzero when TypeScript wants to see each, and
 * how many page faults generated code has delivered by itself.
 */
export const INTERRUPTS = { watched: 0xf4010, pageFaults: 0xf4014 } as const;

/** Hidden part of a segment register; SEGMENT_BYTES apart, in encoding order, then LDTR and TR. */
export const SEGMENT_BYTES = 0x28;
export const SEGMENT = {
  base: 0x00,
  /** Largest offset that may be read / written, as i64; -1 sends every access to the slow path. */
  readMax: 0x08,
  writeMax: 0x10,
  limit: 0x18,
  /** Descriptor bits 8-23 of the second word: type, S, DPL, P, AVL, L, D/B, G. */
  attributes: 0x1c,
  selector: 0x20,
} as const;
export const SEGMENT_COUNT = 8;
export const SEG_LDTR = 6;
export const SEG_TR = 7;

export const segmentAddress = (index: number): number => STATE + S.segments + index * SEGMENT_BYTES;
export const gprAddress = (index: number): number => STATE + S.gpr + index * 8;

/** Offsets from STATE of registers that live after the segments. */
export const CONTROL = {
  cr0: 0x280,
  cr2: 0x288,
  cr3: 0x290,
  cr4: 0x298,
  dr: 0x2a0,
  gdtrBase: 0x2e0,
  gdtrLimit: 0x2e8,
  idtrBase: 0x2f0,
  idtrLimit: 0x2f8,
  efer: 0x300,
  cpl: 0x308,
  halted: 0x30c,
  sysenterCs: 0x310,
  sysenterEsp: 0x318,
  sysenterEip: 0x320,
  apicBase: 0x328,
  pat: 0x330,
  tscOffset: 0x338,
  /** Bits of DR6 whose trap waits for the end of its instruction; u32. */
  debugPending: 0x340,
  /** NMI bits; u32. */
  nmi: 0x344,
} as const;
/** PENDING: the NMI pin saw an edge. BLOCKED: one is being handled, until the next IRET. */
export const NMI = { PENDING: 1, BLOCKED: 2 } as const;

/** Offsets from STATE of what a page walk (insn/page-walk.ts) takes and leaves. */
export const WALK = {
  a20Mask: 0x380,
  /** The physical address; whether the page is global. */
  physical: 0x384,
  global: 0x388,
  /** Page-fault error code. */
  error: 0x38c,
  /** Physical address and value of an entry whose accessed or dirty bit TypeScript has to set. */
  entry: 0x390,
  entryValue: 0x394,
  /** Nonzero: TypeScript looks at every access that misses the TLB, for data breakpoints and #AC. */
  guarded: 0x398,
  /** The same of code that misses the code TLB, for instruction breakpoints. */
  codeGuarded: 0x39c,
} as const;
/**
 * What is asked of a page walk: bits of the page-fault error code, whether to enter the page into the TLB,
 * and PROBE: to fail rather than to change the page tables.
 */
export const ACCESS = { WRITE: 2, USER: 4, FETCH: 16, FILL: 1 << 8, PROBE: 1 << 9 } as const;
/** MARK: TypeScript writes WALK.entryValue to WALK.entry; FETCH: it reads there; then the walk starts again. */
export const WALK_RESULT = { OK: 0, FAULT: 1, MARK: 2, FETCH: 3 } as const;

/** Offsets from STATE of the x87 FPU. */
export const X87 = {
  /** Physical registers R0 to R7, X87_REGISTER_BYTES apart: significand (8 bytes), then sign and exponent (u32). */
  registers: 0x400,
  control: 0x480,
  /** Status word with TOP; ES and B are the same bit twice. */
  status: 0x484,
  /** Bit n: physical register n is not empty. */
  inUse: 0x488,
  /** Last instruction but control ones: 11 bits of opcode, address, and address of its memory operand. */
  opcode: 0x48c,
  ip: 0x490,
  cs: 0x498,
  dp: 0x4a0,
  ds: 0x4a8,
  /** FERR# is asserted. */
  ferr: 0x4ac,
} as const;
export const X87_REGISTER_BYTES = 16;

/** Offsets from STATE of XMM0 to XMM15 (16 bytes each), MXCSR, and what arithmetic in TypeScript takes and gives. */
export const SSE = {
  xmm: 0x600,
  mxcsr: 0x700,
  operandA: 0x710,
  operandB: 0x720,
  result: 0x730,
} as const;
export const xmmAddress = (index: number): number => STATE + SSE.xmm + index * 16;
/** MMi is the significand of physical register i. */
export const mmxAddress = (index: number): number => STATE + X87.registers + index * X87_REGISTER_BYTES;

export const TLB_BASE = 0x10000;
export const TLB_ENTRIES = 4096;
export const TLB_ENTRY_BYTES = 16;
export const TLB_BYTES = TLB_ENTRIES * TLB_ENTRY_BYTES;
/**
 * One TLB: `tag` is the linear page (u32, TLB_INVALID when empty), `addend` takes a linear address to linear memory. They
 * lie side by side so that one load has both.
 */
export const TLB = { tag: 0, addend: 4 } as const;
/** Not a page address, so it never compares equal. */
export const TLB_INVALID = 1;
/** Added to the tag of a write entry whose page holds decoded code: writes there look at the code map first. */
export const TLB_CODE = 2;
export const tlbAddress = (user: boolean, write: boolean): number =>
  TLB_BASE + ((user ? 2 : 0) + (write ? 1 : 0)) * TLB_BYTES;

/** Where pages of code lie: `tag` is the linear page, as in TLB; `physical` the physical page (u64). */
export const CODE_TLB_BASE = 0x52000;
export const CODE_TLB_ENTRIES = 256;
export const CODE_TLB_BYTES = CODE_TLB_ENTRIES * TLB_ENTRY_BYTES;
export const CODE_TLB = { tag: 0, physical: 8 } as const;
export const codeTlbAddress = (user: boolean): number => CODE_TLB_BASE + (user ? CODE_TLB_BYTES : 0);

/** Which TLB entries (by their number in all four) are filled, in two lists: of global pages, and of others. */
export const TLB_FILLED = {
  /** A byte for each entry: the lists that it is in. */
  listed: 0xe0000,
  /** u16 each. */
  local: 0xe4000,
  global: 0xec000,
  localCount: 0xf4000,
  globalCount: 0xf4004,
  /** Entries made so far; u32. */
  fills: 0xf4008,
  /** A byte for each 4 MiB of linear addresses: nonzero when a large page was walked there. */
  large: 0xf4400,
  LOCAL: 1,
  GLOBAL: 2,
} as const;

/**
 * Segments that were loaded lately, by selector and CPL: `hidden` is what the register holds after a load, as long as
 * the descriptor table still has `descriptor` for the selector. Spares reading and checking the same descriptor again.
 */
export const KNOWN_SEGMENTS = 0x50000;
export const KNOWN_SEGMENT_COUNT = 64;
export const KNOWN_SEGMENT_BYTES = 64;
export const KNOWN_SEGMENT = {
  selector: 0,
  cpl: 4,
  /** Zero: nothing is known. USABLE, with FLAT (base 0, 4 GiB, writable) or NULL (a null selector: no descriptor). */
  kind: 8,
  descriptor: 16,
  hidden: 24,
  USABLE: 1,
  NULL: 2,
  FLAT: 4,
} as const;
export const knownSegmentAddress = (selector: number, cpl: number): number =>
  KNOWN_SEGMENTS + (((selector >> 3) & 31) | ((cpl & 1) << 5)) * KNOWN_SEGMENT_BYTES;

/** Sets of two entries: in a direct-mapped one a kernel's hot code fought for places. */
export const JUMP_CACHE = 0x60000;
export const JUMP_SETS = 16384;
export const JUMP_WAYS = 2;
export const JUMP_ENTRY_BYTES = 16;
/** Of a physical address times JUMP_HASH the highest bits choose the set. */
export const JUMP_HASH = 0x9e37_79b1;
export const JUMP_HASH_SHIFT = 32 - Math.log2(JUMP_SETS);
export const jumpSetAddress = (physical: number): number =>
  JUMP_CACHE + (Math.imul(physical, JUMP_HASH) >>> JUMP_HASH_SHIFT) * JUMP_WAYS * JUMP_ENTRY_BYTES;
/** `physical` (u64), `key` (u32, must equal S.jumpKey), `record` (u32). */
export const JUMP = { physical: 0, key: 8, record: 12 } as const;

/** Where PhysicalMemory keeps its tables, so that page walks in generated code can look into them. */
export const PHYSICAL_TABLES = 0x000f_fff0;
/**
 * A byte for each page of linear memory from RAM_BASE on: writes to a page with code that changed none of it, modulo 256.
 * TypeScript makes every 256th.
 */
export const QUIET_WRITES = 0x0080_0000;
export const ARENA_BASE = 0x0090_0000;
export const ARENA_BYTES = 0x0270_0000;
export const RAM_BASE = ARENA_BASE + ARENA_BYTES;

/** The code map has one byte for so many bytes of RAM: nonzero where an instruction was decoded from them. */
export const CODE_MAP_SHIFT = 4;
export const codeMapBytes = (ramBytes: number): number => ramBytes >>> CODE_MAP_SHIFT;

/** A decoded instruction in linear memory; a block is a header record and its instructions in a row. */
export const RECORD_BYTES = 48;
export const R = {
  /** Index of the handler in the function table. */
  handler: 0,
  /** Addresses of register operands in linear memory. Branches: linked blocks taken / not taken (0: none yet). */
  reg1: 4,
  reg2: 8,
  base: 12,
  index: 16,
  disp: 20,
  imm: 24,
  /** Second immediate; of an x87 instruction the opcode as FOP holds it (`imm`: the i of ST(i)). */
  imm2: 28,
  /** In the same place, of a computed call or jump: the rip that it went to last in tier 0. */
  lastTarget: 28,
  /** Address of the segment's hidden part. */
  segment: 32,
  /** Header of the block that a jump out of its page, or to a computed address, went to last; 0: none yet. */
  lastBlock: 36,
  scale: 40,
  segmentIndex: 41,
  /** Offsets in the linear page of this instruction and of the next. */
  ipOffset: 42,
  /** Instructions of this block from here on, this one included. */
  remaining: 44,
  nextOffset: 46,
} as const;

/** The header record of a block; `R.ipOffset` is the offset of its first instruction. */
export const BLOCK = {
  handler: 0,
  /** Instructions. */
  count: 4,
  /** Executions in tier 0 until the block is hot; no longer above zero: it was, or never will be; i32. */
  heat: 8,
  /** In a region that may be entered here: the number of this entry, and the S.ipBase that it was compiled for. */
  entry: 12,
  ipBase: 16,
  /** Nonzero: jumps whose target is not known beforehand come here. */
  dynamic: 20,
  /** Of a block whose instruction crosses into another page: the physical page that the rest lies in. */
  nextPage: 24,
  /** Of a region's first block: windows that could not be opened. */
  misses: 28,
  /** Physical address of its first byte, plus 1; 0 once the block is forgotten. */
  place: 32,
} as const;
/** Address of a word: where the code map starts, a byte for every 16 of RAM. */
export const CODE_MAP = 0xf401c;

/** Address of a word: the header of a block with WINDOW_MISSES or more of them; 0: none. */
export const MISSING_WINDOWS = 0xf4018;
export const WINDOW_MISSES = 64;

/** Why handlers returned to TypeScript. */
export const EXIT = {
  /** Go on at S.rip: no block was known for it. */
  RESOLVE: 0,
  /** The budget does not cover the next block; S.rip is its start. */
  BUDGET: 1,
  /** S.fault is set; the faulting instruction is S.record. */
  FAULT: 2,
  /** The rest of the block is stale (its code was written); go on at S.rip. */
  STALE: 3,
  /** A call into TypeScript asked to come back before the next instruction; S.rip is that instruction. */
  YIELD: 4,
  /** As YIELD, after some elements of a repeated string instruction; S.rip is the instruction itself. */
  REPEAT: 5,
  /** The block at S.rip has run so often in tier 0 that it is worth compiling. */
  HOT: 6,
} as const;

/** Bits of the mode key: everything that decoding and handlers depend on beside the bytes themselves. */
export const MODE = {
  CODE32: 1,
  CODE64: 2,
  /** ES, CS, SS and DS have base 0, limit 4 GiB and all rights, and the stack is 32 bits wide. */
  FLAT: 4,
  STACK32: 8,
  USER: 16,
  /** Real or virtual-8086 mode: loading a segment register is arithmetic. */
  REAL: 32,
  /** One instruction a block: single-stepping, exact budgets, partial pages. */
  SINGLE: 64,
  /** The code segment starts within this page: a jump back may wrap to the segment's end. */
  LOW: 128,
} as const;
/** S.jumpKey of a mode: never zero. */
export const jumpKeyOf = (mode: number): number => mode | 256;
