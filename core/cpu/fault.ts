/** Exception vectors, SDM volume 3, table 6-1. */
export const VECTOR = { DE: 0, DB: 1, NMI: 2, BP: 3, OF: 4, BR: 5, UD: 6, NM: 7, DF: 8, TS: 10, NP: 11, SS: 12, GP: 13, PF: 14, MF: 16, AC: 17, MC: 18, XM: 19 } as const; // prettier-ignore

/**
 * A processor exception on its way to the guest. Thrown inside helpers and the MMU, caught where TypeScript was
 * entered; no stack trace, since page faults are everyday events.
 */
export class CpuFault {
  readonly vector: number;
  /** Undefined for vectors that push none. */
  readonly errorCode: number | undefined;
  /** The fault belongs to where rip points already (a new task), not to the instruction that led there. */
  readonly inNewTask: boolean;

  constructor(vector: number, errorCode?: number, inNewTask = false) {
    this.vector = vector;
    this.errorCode = errorCode;
    this.inNewTask = inNewTask;
  }
}

export const gp = (errorCode = 0): CpuFault => new CpuFault(VECTOR.GP, errorCode);
export const ud = (): CpuFault => new CpuFault(VECTOR.UD);
/** The error code for a selector: its index and table bit. */
export const selectorError = (selector: number): number => selector & 0xfffc;
