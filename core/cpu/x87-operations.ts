/** Numbers by which generated code names x87 operations to the helpers that carry them out. */
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
