import type { IoWidth } from '../bus/index.ts';
import { SEG } from '../isa/index.ts';
import type { Descriptor } from './descriptors.ts';
import { CpuFault, VECTOR } from './fault.ts';
import type { Mmu } from './mmu.ts';
import { ATTR, type CpuState } from './state.ts';

const ESP = 4;

/**
 * A stack that a transfer of control works on before it is, or after it was, the current one. Nothing of the state
 * changes until `commit`; faults are #SS with the given error code.
 */
export class StackCursor {
  readonly #state: CpuState;
  readonly #mmu: Mmu;
  readonly #base: number;
  readonly #limit: number;
  readonly #attributes: number;
  readonly #mask: number;
  readonly #user: boolean;
  readonly #errorCode: number;
  pointer: number;

  private constructor(
    state: CpuState,
    mmu: Mmu,
    segment: { base: number; limit: number; attributes: number },
    pointer: number,
    user: boolean,
    errorCode: number,
  ) {
    this.#state = state;
    this.#mmu = mmu;
    this.#base = segment.base;
    this.#limit = segment.limit;
    this.#attributes = segment.attributes;
    this.#mask = segment.attributes & ATTR.DB ? 0xffff_ffff : 0xffff;
    this.#user = user;
    this.#errorCode = errorCode;
    this.pointer = pointer;
  }

  /** The current stack. */
  static current(state: CpuState, mmu: Mmu): StackCursor {
    const segment = { base: state.base(SEG.SS), limit: state.limit(SEG.SS), attributes: state.attributes(SEG.SS) };
    return new StackCursor(state, mmu, segment, state.gpr(ESP), state.cpl === 3, 0);
  }

  /** The stack of an inner privilege level, from the TSS. */
  static inner(state: CpuState, mmu: Mmu, descriptor: Descriptor, pointer: number, cpl: number): StackCursor {
    return new StackCursor(state, mmu, descriptor, pointer, cpl === 3, descriptor.selector & 0xfffc);
  }

  #address(offset: number, bytes: number): number {
    const last = offset + bytes - 1;
    const down = (this.#attributes & (ATTR.CODE | ATTR.EC)) === ATTR.EC;
    const outside = down ? offset <= this.#limit || last > this.#mask : last > this.#limit;
    if (outside) throw new CpuFault(VECTOR.SS, this.#errorCode);
    return (this.#base + offset) >>> 0;
  }

  push(width: IoWidth, value: number): void {
    const next = (this.pointer - width) & this.#mask;
    this.#mmu.write(this.#address(next >>> 0, width), width, value >>> 0, this.#user);
    this.pointer = ((this.pointer & ~this.#mask) | (next & this.#mask)) >>> 0;
  }

  pop(width: IoWidth): number {
    const value = this.peek(0, width);
    this.skip(width);
    return value;
  }

  /** Reads `offset` bytes above the top. */
  peek(offset: number, width: IoWidth): number {
    const at = ((this.pointer + offset) & this.#mask) >>> 0;
    return this.#mmu.read(this.#address(at, width), width, this.#user);
  }

  skip(bytes: number): void {
    const next = (this.pointer + bytes) & this.#mask;
    this.pointer = ((this.pointer & ~this.#mask) | (next & this.#mask)) >>> 0;
  }

  /** Writes the pointer to (E)SP by the width of the stack segment that is loaded now. */
  commit(): void {
    if (this.#state.stack32) this.#state.setGpr(ESP, this.pointer);
    else this.#state.setGpr16(ESP, this.pointer);
  }
}
