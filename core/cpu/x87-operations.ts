/** Bits of the x87 words, and the numbers by which generated code names operations to the helpers that carry them out. */

/** Status word: stack fault; error summary, which is also read as B; TOP. */
export const STATUS = { SF: 0x40, ES: 0x80, B: 0x8000, TOP_SHIFT: 11, TOP: 0x3800 } as const;
/** Exceptions in the status word, their masks in the control word. */
export const EXCEPTIONS = 0x3f;
/**
 * Control word: Precision masked; precision control, extended unless EXTENDED is clear, then double or single; rounding
 * control. Bit 6 reads as 1; bit 12 (infinity control of the 80287) is kept, the others are zero.
 */
export const CONTROL_WORD = {
  PM: 0x20,
  EXTENDED: 0x100,
  DOUBLE: 0x200,
  RC: 0xc00,
  RC_SHIFT: 10,
  WRITABLE: 0x1f3f,
  FIXED: 0x40,
} as const;

export const ARITHMETIC = { FADD: 0, FMUL: 1, FSUB: 4, FSUBR: 5, FDIV: 6, FDIVR: 7 } as const;
/** Flags of register arithmetic: the result goes to ST(i) instead of ST(0); ST(0) is popped. */
export const DESTINATION_STI = 1;
export const POP = 2;

export const COMPARE = {
  /** Quiet NaNs are not invalid. */
  quiet: 1,
  /** The result goes to EFLAGS. */
  eflags: 2,
  pop: 4,
  popTwice: 8,
} as const;

export const UNARY = { FCHS: 0, FABS: 1, FTST: 2, FXAM: 3, F2XM1: 4, FSQRT: 5, FRNDINT: 6, FSIN: 7, FCOS: 8 } as const;

export const STACK_BINARY = { FPREM: 0, FPREM1: 1, FSCALE: 2, FYL2X: 3, FYL2XP1: 4, FPATAN: 5 } as const;
/** Stack operations from here on pop. */
export const FIRST_POPPING = STACK_BINARY.FYL2X;

export const PUSHING = { FPTAN: 0, FSINCOS: 1, FXTRACT: 2 } as const;

/** FLD1 and its like, in the order of their opcodes. */
export const CONSTANT_NAMES = ['FLD1', 'FLDL2T', 'FLDL2E', 'FLDPI', 'FLDLG2', 'FLDLN2', 'FLDZ'] as const;

export const CONTROL_OP = {
  clearExceptions: 0,
  initialize: 1,
  free: 2,
  freeAndPop: 3,
  increment: 4,
  decrement: 5,
} as const;
