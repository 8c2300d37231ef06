/** What x87 instructions share: the right to run, the last instruction's pointers, the register stack. Intel SDM vol. 1, 8.1. */
import type { Builder } from './builder.ts';
import { insn } from './define.ts';
import type { Opnd } from './operand.ts';
import type { Value } from './value.ts';
import { SEG } from '../../isa/index.ts';
import { CONTROL, S, SEGMENT, SEGMENT_BYTES, X87, X87_REGISTER_BYTES } from '../layout.ts';
import { CONDITION } from '../softfloat/index.ts';
import { CR0 } from '../state.ts';
import { STATUS } from '../x87-operations.ts';
import { STATUS_SHIFT } from './x87-kernels.ts';

export const OPCODE: Opnd = { kind: 'imm', width: 32, second: true };
export const CONDITIONS = CONDITION.C0 | CONDITION.C1 | CONDITION.C2 | CONDITION.C3;

export const constant = (b: Builder, value: number): Value => b.const(32, value);

/** A frozen instruction starts again after the next interrupt. */
export function callUnlessReady(b: Builder, blocked: Value, helper: 'x87Blocked' | 'x87Wait'): void {
  b.attempt(
    (giveUp) => giveUp(blocked),
    () => {
      const frozen = b.helper(helper);
      b.if(b.nonZero(frozen), () => b.restart());
    },
  );
}

function usable(b: Builder): Value {
  return b.and(b.state32(CONTROL.cr0), b.const(32, CR0.EM | CR0.TS));
}

/** Instructions that do not wait: #NM only. */
export function withoutWait(b: Builder): void {
  b.if(b.nonZero(usable(b)), () => void b.helper('x87NotAvailable'));
}

export function wait(b: Builder): void {
  const pending = b.and(b.state32(X87.status), b.const(32, STATUS.ES));
  callUnlessReady(b, b.nonZero(b.or(usable(b), pending)), 'x87Blocked');
}

/** Last instruction pointer, opcode and data pointer. */
export function note(b: Builder, memory?: Opnd): void {
  b.setState32(X87.ip, b.thisIp());
  b.setState32(X87.cs, b.state32(S.segments + SEG.CS * SEGMENT_BYTES + SEGMENT.selector));
  b.setState32(X87.opcode, b.read(OPCODE));
  if (!memory) return;
  b.setState32(X87.dp, b.zext(b.address(memory), 32));
  b.setState32(X87.ds, b.zext(b.segmentSelector(memory), 32));
}

export const low = (b: Builder, value: Value): Value => b.trunc(value, 32);
export const high = (b: Builder, value: Value): Value => b.trunc(b.shr(value, 32), 32);

/** Defines an instruction that works on the register stack alone. */
export function onStack(name: string, body: (b: Builder, ...operands: Opnd[]) => void): void {
  insn(name, (b, ...operands) => {
    wait(b);
    note(b);
    body(b, ...operands);
  });
}

/**
 * Reads a memory operand: `then` gets the value (integers below 64 bits extended to 32), and its two words, signs
 * extended, for a helper.
 */
export function fromMemory(
  b: Builder,
  source: Opnd,
  integer: boolean,
  then: (value: Value, lo: Value, hi: Value) => void,
): void {
  wait(b);
  const raw = b.let(b.read(source));
  note(b, source);
  const value = integer && raw.width < 64 ? b.let(b.sext(raw, 32)) : raw;
  if (value.wide) then(value, low(b, value), high(b, value));
  else then(value, value, b.sar(value, 31));
}

/** A register's value: bits of `se` above the 16 of sign and exponent do not matter. */
export interface Number80 {
  readonly sig: Value;
  readonly se: Value;
}

/** Registers are 16 bytes apart, and TOP starts at bit 11 of the status word: where ST(0) lies is a shift away. */
const PLACE_SHIFT = STATUS.TOP_SHIFT - Math.log2(X87_REGISTER_BYTES);
const PLACE_MASK = 7 * X87_REGISTER_BYTES;

/** What `end` does to the status word and the stack. */
interface Ending {
  /** Bits to set; C1 is cleared first. */
  readonly status?: Value;
  /** Bits to clear, C1 by default. */
  readonly clear?: number;
  /** Registers popped; -1: the register below ST(0) has been pushed. */
  readonly pops?: -1 | 0 | 1 | 2;
  /** The register at this place is in use now. */
  readonly filled?: Value;
}

/** The register stack as an instruction finds it. A place is a register's distance in bytes from the first. */
export class RegisterStack {
  readonly #b: Builder;
  readonly #status: Value;
  readonly #inUse: Value;

  constructor(b: Builder) {
    this.#b = b;
    this.#status = b.state32(X87.status);
    this.#inUse = b.state32(X87.inUse);
  }

  /** The place of ST(i). */
  place(i: Value | number): Value {
    const b = this.#b;
    const top = b.shr(this.#status, PLACE_SHIFT);
    const distance = typeof i === 'number' ? constant(b, i * X87_REGISTER_BYTES) : b.shl(i, 4);
    return b.let(b.and(b.add(top, distance), constant(b, PLACE_MASK)));
  }

  #bit(place: Value): Value {
    const b = this.#b;
    return b.shl(constant(b, 1), b.shr(place, 4));
  }

  /** 1 or 0, of width 32. */
  isUsed(place: Value): Value {
    const b = this.#b;
    return b.and(b.shr(this.#inUse, b.shr(place, 4)), constant(b, 1));
  }

  read(place: Value): Number80 {
    const b = this.#b;
    return { sig: b.stateAt(X87.registers, place, 64), se: b.stateAt(X87.registers + 8, place, 32) };
  }

  /** Stored as wide as it is read: a load gets nothing from a narrower store before it but a stall. */
  write(place: Value, { sig, se }: Number80): void {
    const b = this.#b;
    b.setStateAt(X87.registers, place, sig);
    b.setStateAt(X87.registers + 8, place, b.and(se, constant(b, 0xffff)));
  }

  /** Writes status word and tags back. */
  end({ status, clear = CONDITION.C1, pops = 0, filled }: Ending = {}): void {
    const b = this.#b;
    const cleared = b.and(this.#status, constant(b, ~(pops === 0 ? clear : clear | STATUS.TOP)));
    const moved = b.and(b.add(this.#status, constant(b, pops << STATUS.TOP_SHIFT)), constant(b, STATUS.TOP));
    const word = pops === 0 ? cleared : b.or(cleared, moved);
    b.setState32(X87.status, status ? b.or(word, status) : word);
    if (pops <= 0 && !filled) return;
    let inUse = filled ? b.or(this.#inUse, this.#bit(filled)) : this.#inUse;
    for (let i = 0; i < pops; i++) inUse = b.and(inUse, b.not(this.#bit(this.place(i))));
    b.setState32(X87.inUse, inUse);
  }

  /** Fills the register below ST(0), which is at `place` and empty. */
  push(place: Value, x: Number80): void {
    this.write(place, x);
    this.end({ pops: -1, filled: place });
  }

  /** What a kernel computed replaces the register at `place`, unless the kernel left it. */
  replace(place: Value, [sig, word]: readonly Value[], pops: 0 | 1, giveUp: (when: Value) => void): void {
    const b = this.#b;
    giveUp(b.isNegative(word));
    this.write(place, { sig, se: word });
    this.end({ status: b.shr(word, STATUS_SHIFT), pops });
  }
}
