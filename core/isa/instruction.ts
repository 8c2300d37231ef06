/** Code size of the segment that is executed: what an instruction without size prefixes works on. */
export type CodeSize = 16 | 32 | 64;

/** Segment registers by their encoding. */
export const SEG = { ES: 0, CS: 1, SS: 2, DS: 3, FS: 4, GS: 5 } as const;

export const REP = { NONE: 0, REPNE: 1, REPE: 2 } as const;

/**
 * Where an operand comes from, in the SDM's letters (volume 2, appendix A.2):
 * E general register or memory by ModRM.rm; M memory only; R general register only by ModRM.rm; G general register by
 * ModRM.reg; Z general register by the opcode's low three bits; I immediate; J relative target; O memory offset
 * (moffs); A far pointer immediate; S segment register by ModRM.reg; C control, D debug register by ModRM.reg;
 * X string source DS:rSI; Y string destination ES:rDI; P/Q/N MMX reg, rm-or-memory, rm; V/W/U XMM reg, rm-or-memory,
 * rm; T x87 register ST(i) by ModRM.rm; K fixed (named in `fixed`).
 */
export type OperandKind =
  | 'E'
  | 'M'
  | 'R'
  | 'G'
  | 'Z'
  | 'I'
  | 'J'
  | 'O'
  | 'A'
  | 'S'
  | 'C'
  | 'D'
  | 'X'
  | 'Y'
  | 'P'
  | 'Q'
  | 'N'
  | 'V'
  | 'W'
  | 'U'
  | 'T'
  | 'K';

/**
 * Size letter: b w d q byte to quadword; v by operand size (16, 32, 64); z 16 or 32 (32 for 64); y 32 or 64;
 * p far pointer (16:16, 16:32, 16:64); a BOUND pair; s pseudo-descriptor; x 128 bits; t 80-bit real; others name the
 * memory form ('m28', 'm108', 'm512', ...). '' where it has no meaning.
 */
export interface Operand {
  readonly kind: OperandKind;
  readonly size: string;
  /** For K: 'AL', 'CL', 'rAX', 'DX', 'eAX', '1', '3', 'ES', 'CS', 'ST0', ... */
  readonly fixed?: string;
  /** For I: the immediate byte is sign-extended to the operand size (SDM: sIb, sIz). */
  readonly signExtended?: boolean;
}

/** One row of the opcode tables. */
export interface OpcodeRow {
  /** Position in the list of all rows; stable within a build only. */
  readonly id: number;
  /** SDM mnemonic ('ADD', 'JNZ', 'MOVSX', 'CMOVB', 'REP' never part of it). */
  readonly mnemonic: string;
  readonly operands: readonly Operand[];
  /** LOCK is allowed when the destination is memory. */
  readonly lock: boolean;
  /** Feature of CPUID that it needs ('' = 8086..80386 base set): '486', 'pentium', 'cmov', 'fpu', 'mmx', 'sse', ... */
  readonly feature: string;
  /** Invalid in 64-bit mode. */
  readonly no64: boolean;
  /** Only in 64-bit mode. */
  readonly only64: boolean;
  /** Operand size in 64-bit mode: 'd' defaults to 64 (PUSH, POP), 'f' is forced to 64 (near branches). */
  readonly size64: '' | 'd' | 'f';
}

/**
 * A decoded instruction. One object is reused by the caller; `decode` overwrites every field. Register numbers include
 * REX extensions. Byte registers: 0-3 AL CL DL BL, 4-7 AH CH DH BH without REX, SPL BPL SIL DIL with.
 */
export interface Instruction {
  row: OpcodeRow;
  /** Total length in bytes, 1 to 15. */
  length: number;
  codeSize: CodeSize;
  /** Effective sizes in bytes: 2, 4 or 8. */
  operandSize: 2 | 4 | 8;
  addressSize: 2 | 4 | 8;
  lock: boolean;
  /** REP.NONE, REP.REPNE (F2) or REP.REPE (F3) as written; meaningful for string instructions. */
  rep: 0 | 1 | 2;
  hasRex: boolean;
  hasModrm: boolean;
  mod: number;
  reg: number;
  rm: number;
  /** Low three bits of the opcode with REX.B: the register of kind Z. */
  opcodeReg: number;
  /** True when ModRM names memory, or for kinds O, X, Y. */
  hasMemory: boolean;
  /** Effective segment of the memory operand (override or default), SEG.*; for X the source segment. */
  segment: number;
  /** The explicit segment override prefix, or -1. */
  segmentOverride: number;
  /** -1 none, 0..15 register, 16 instruction pointer (RIP-relative). 16-bit forms give base BX/BP and index SI/DI. */
  base: number;
  index: number;
  /** 1, 2, 4 or 8. */
  scale: number;
  /** Signed 32-bit displacement; for moffs the unsigned low half. */
  disp: number;
  /** High half of a 64-bit moffs. */
  dispHigh: number;
  /**
   * First immediate: sign-extended to 64 bits where the row says so, else zero-extended. Both halves are bit patterns in
   * signed 32-bit integers (a zero-extended FFFFFFFF is imm -1, immHigh 0).
   */
  imm: number;
  immHigh: number;
  /** Second immediate: ENTER's level, far pointer's selector (imm holds the offset). */
  imm2: number;
}

export type DecodeStatus =
  | 'ok'
  /** Undefined opcode, bad LOCK, memory form with a register or the reverse, missing feature: #UD. */
  | 'invalid'
  /** Longer than 15 bytes: #GP. */
  | 'too-long'
  /** The bytes at hand end before the instruction does; give more. */
  | 'need-more';
