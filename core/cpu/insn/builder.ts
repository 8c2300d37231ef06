import { OP, OPV, VOID } from '../../wasm/index.ts';
import { S, STATE } from '../layout.ts';
import type { HelperName } from '../helpers.ts';
import { Expressions } from './expressions.ts';
import type { KernelName } from './kernels.ts';
import type { Opnd } from './operand.ts';
import { Value, type Width } from './value.ts';

/** Condition codes by their encoding in Jcc, SETcc, CMOVcc; an odd code negates the even one before it. */
export type Condition = number;
export const CC = { O: 0, B: 2, Z: 4, BE: 6, S: 8, P: 10, L: 12, LE: 14 } as const;

/** Flags of an operation, from its operands and its result, of up to 32 bits. */
export interface OperationFlags {
  /** What it was, where conditions can be read off the operands: result = left + right, left - right; bitwise. */
  readonly kind?: 'add' | 'sub' | 'logic';
  readonly result: Value;
  readonly left?: Value;
  readonly right?: Value;
  /** INC, DEC: CF stays. */
  readonly keepsCarry?: boolean;
  /** Auxiliary bits without AUX.SIGN and without a parity byte. `old`: the bits before, where CF stays. */
  readonly aux: (operands: AuxOperands) => Value;
}

export interface AuxOperands {
  readonly result: Value;
  readonly left: Value;
  readonly right: Value;
  readonly old: Value;
}

/**
 * What semantics are written against. Pure operations build expressions; reads, writes, branches and calls emit code
 * where they stand. Tier 0 derives handlers from it (operands from a record), tier 1 regions (operands constant).
 *
 * Order rule: everything that can fault comes before the first change of architectural state; `modify` claims write
 * permission, so that the `write` after it cannot fault.
 */
export abstract class Builder extends Expressions {
  // --- what the instruction is -------------------------------------------------------------------------------------

  /** Operand size of the instruction. */
  abstract readonly operandWidth: 16 | 32 | 64;
  abstract readonly addressWidth: 16 | 32 | 64;
  /** Width of the stack pointer: SS.B, or 64. */
  abstract readonly stackWidth: 16 | 32 | 64;
  /** REP.* as written. */
  abstract readonly rep: 0 | 1 | 2;
  /** Real or virtual-8086 mode. */
  abstract readonly realMode: boolean;

  // --- operands and architectural state ------------------------------------------------------------------------------

  abstract read(operand: Opnd): Value;
  /** Reads for a later `write` of the same operand: a fault is a write's fault and happens now. */
  abstract modify(operand: Opnd): Value;
  abstract write(operand: Opnd, value: Value): void;
  /** Effective address of a memory operand, before the segment base. */
  abstract address(operand: Opnd): Value;
  /** Number of the segment register that a memory operand uses. */
  abstract segmentIndex(operand: Opnd): Value;
  /** Selector in that segment register. */
  abstract segmentSelector(operand: Opnd): Value;
  /** Moves a memory operand by bytes without changing registers (bit strings, second half of far pointers). */
  abstract displaced(operand: Opnd, bytes: Value, width: Width): Opnd;
  abstract readGpr(index: number, width: Width, high?: boolean): Value;
  abstract writeGpr(index: number, value: Value, high?: boolean): void;
  abstract load(segment: number, address: Value, width: Width): Value;
  abstract store(segment: number, address: Value, value: Value): void;
  /**
   * Where in linear memory a string operand points, and how many bytes from there on are known to be plain memory that
   * it may read (or write); 0: perhaps none, an ordinary access tells.
   */
  abstract span(operand: Opnd, write: boolean): { readonly host: Value; readonly bytes: Value };
  /** rip of the next instruction / of this one, operandWidth or wider. */
  abstract nextIp(): Value;
  abstract thisIp(): Value;
  /** Number of a segment register operand, SEG.*. */
  abstract segmentNumber(operand: Opnd): Value;
  /** DS:address, or the segment that a prefix names. */
  abstract loadOverridable(address: Value, width: Width): Value;
  /** Real-mode load of a segment register. */
  abstract loadRealSegment(operand: Opnd, selector: Value): void;

  // --- control flow --------------------------------------------------------------------------------------------------

  /** Goes on with the next instruction (what happens at the end of a semantics anyway). */
  abstract fallThrough(): void;
  /** Jumps to the relative operand. */
  abstract jumpRelative(target: Opnd): void;
  /** Where the relative operand points: its rip, truncated to the operand size. */
  abstract relativeTarget(target: Opnd): Value;
  /** Jumps to a computed rip in the current code segment. */
  abstract jumpTo(rip: Value): void;
  /** Faults with #GP(0) when rip lies outside the code segment. */
  abstract checkCodeLimit(rip: Value): void;
  /** Returns to TypeScript so that this instruction starts again with what it has changed so far. */
  abstract restart(): void;
  /** Calls a TypeScript helper; comes back only when it raised no fault. Values are 32 bits wide or less. */
  abstract helper(name: HelperName, ...args: Value[]): Value;
  /** Calls a function of the runtime module; its results are in locals. */
  abstract kernel(name: KernelName, ...args: readonly Value[]): Value[];
  /**
   * The common case and the general one: `common` gives up where it finds that it is not the case, before the
   * instruction has changed anything that doing it again would not; then `general` runs instead. Tier 1 has no general
   * cases: it leaves the instruction to tier 0 from its start.
   */
  attempt(common: (giveUp: (when: Value) => void) => void, general: () => void): void {
    const { code } = this;
    const done = code.depth;
    code.block(VOID);
    const rare = code.depth;
    code.block(VOID);
    this.scoped(() =>
      common((when) => {
        this.push(when);
        code.brIf(code.depth - rare - 1);
      }),
    );
    code.br(code.depth - done - 1);
    code.end();
    this.scoped(general);
    code.end();
  }
  abstract setRip(rip: Value): void;
  /** After a helper that changed rip or the mode: go on at S.rip. */
  abstract jumpToRip(): void;
  /** Goes on with the next instruction, looked up anew: the mode or the mapping may have changed. */
  goToNext(): void {
    this.setRip(this.nextIp());
    this.jumpToRip();
  }
  /** As goToNext, in the middle of a block. */
  abstract goToNextEarly(): void;
  /** Returns to TypeScript, which goes on at S.rip after looking for interrupts. */
  abstract leave(): void;

  // --- flags -------------------------------------------------------------------------------------------------------------

  /*
   * Arithmetic flags are kept as the last result and a word of auxiliary bits (layout: flags.ts). An instruction that
   * sets flags stores both; a condition reads what it needs.
   */

  setFlagsWords(result: Value, aux: Value): void {
    this.storeState(S.flagsResult, OP.i64Store, this.sext(result, 64));
    this.setFlagsAux(aux);
  }

  setFlagsAux(aux: Value): void {
    this.storeState(S.flagsAux, OP.i32Store, aux);
  }

  flagsResult(): Value {
    return this.let(Value.tree(64, true, () => this.loadState(S.flagsResult, OP.i64Load)));
  }

  flagsAux(): Value {
    return this.let(Value.tree(32, true, () => this.loadState(S.flagsAux, OP.i32Load)));
  }

  /** All values are kept. */
  setFlags({ result, left, right, keepsCarry, aux }: OperationFlags): void {
    const none = this.const(32, 0);
    const old = keepsCarry ? this.flagsAux() : none;
    this.setFlagsWords(result, aux({ result, left: left ?? none, right: right ?? none, old }));
  }

  /** A condition that is cheaper than by the flag words because what set the flags is known; or undefined. */
  knownCondition(_condition: Condition): Value | undefined {
    return undefined;
  }

  /** ZF and (before AUX.SIGN) SF of the result word. */
  flagsResultIsZero(): Value {
    return this.isZero(this.flagsResult());
  }
  flagsResultSign(): Value {
    return this.trunc(this.shr(this.flagsResult(), 63), 32);
  }

  protected storeState(offset: number, op: number, value: Value): void {
    this.code.i32Const(STATE);
    this.push(value);
    this.code.memory(op, offset);
  }

  protected loadState(offset: number, op: number): void {
    this.code.i32Const(STATE);
    this.code.memory(op, offset);
  }

  /** Reads a 32-bit word of the processor state. */
  state32(offset: number): Value {
    return this.let(Value.tree(32, true, () => this.loadState(offset, OP.i32Load)));
  }

  setState32(offset: number, value: Value): void {
    this.storeState(offset, OP.i32Store, value);
  }

  state64(offset: number): Value {
    return this.let(Value.tree(64, true, () => this.loadState(offset, OP.i64Load)));
  }

  /** Reads or writes a word of the processor state at a distance in bytes from `offset`. */
  stateAt(offset: number, distance: Value, width: 32 | 64): Value {
    return this.let(
      Value.tree(width, true, () => {
        this.push(distance);
        this.code.memory(width === 64 ? OP.i64Load : OP.i32Load, STATE + offset);
      }),
    );
  }

  setStateAt(offset: number, distance: Value, value: Value): void {
    this.push(distance);
    this.push(value);
    this.code.memory(value.wide ? OP.i64Store : OP.i32Store, STATE + offset);
  }

  /** Reads or writes a vector of the processor state. */
  stateVector(offset: number): Value {
    return this.let(
      Value.tree(128, true, () => {
        this.code.i32Const(STATE);
        this.code.vectorMemory(OPV.v128Load, offset);
      }),
    );
  }

  setStateVector(offset: number, value: Value): void {
    this.code.i32Const(STATE);
    this.push(value);
    this.code.vectorMemory(OPV.v128Store, offset);
  }
}
