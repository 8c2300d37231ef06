import { CONTROL } from './layout.ts';
import { CR4, type CpuState } from './state.ts';

const DR = (index: number): number => CONTROL.dr + index * 8;
const DR6 = DR(6);
const DR7 = DR(7);
/** DR6: conditions met (one bit a breakpoint), access to debug registers, single step, task switch. */
export const DR6_BITS = { CONDITIONS: 0xf, BD: 1 << 13, BS: 1 << 14, BT: 1 << 15 } as const;
const DR6_WRITABLE = DR6_BITS.CONDITIONS | DR6_BITS.BD | DR6_BITS.BS | DR6_BITS.BT;
const DR6_FIXED = 0xffff_0ff0;
const DR7_GD = 1 << 13;
const DR7_FIXED = 1 << 10;
const DR7_RESERVED = 0xd000;
/** L0 to L3: enabled until the next task switch. */
const DR7_LOCAL = 0x55;
/** R/W fields of DR7. */
const KIND = { EXECUTE: 0, WRITE: 1, IO: 2, ACCESS: 3 } as const;
const BREAKPOINTS = 4;

interface Breakpoint {
  readonly bit: number;
  readonly kind: number;
  /** First address or port, and how many; the address is aligned to the length. */
  readonly start: number;
  readonly length: number;
}

/** What the engine does when the armed breakpoints change. */
export interface DebugEvents {
  /** Pages with instruction breakpoints, or with data breakpoints, are others now. */
  readonly onCodeArmed: () => void;
  readonly onDataArmed: () => void;
  /** `watchesElements` may have changed. */
  readonly onElementsArmed: () => void;
  /** A trap waits: come back before the next instruction. */
  readonly onHit: () => void;
}

const overlaps = (one: Breakpoint, start: number, length: number): boolean =>
  start < one.start + one.length && start + length > one.start;

/**
 * Debug registers. SDM volume 3, 17.2 and 17.3. Nothing is looked at while nothing is armed: code in a page with an
 * instruction breakpoint is run one instruction at a time, pages with a data breakpoint stay out of the TLB.
 *
 * Where the manual leaves it open: a breakpoint counts for accesses of the processor itself too (stacks of interrupts,
 * descriptors); I/O breakpoints need CR4.DE; bits 0 to 3 of DR6 are those of the last exception.
 */
export class DebugRegisters {
  readonly #state: CpuState;
  readonly #events: DebugEvents;
  #code: readonly Breakpoint[] = [];
  #data: readonly Breakpoint[] = [];
  #ports: readonly Breakpoint[] = [];
  readonly #codePages = new Set<number>();

  constructor(state: CpuState, events: DebugEvents) {
    this.#state = state;
    this.#events = events;
  }

  get watchesCode(): boolean {
    return this.#code.length > 0;
  }
  get watchesData(): boolean {
    return this.#data.length > 0;
  }
  /** Repeated instructions must come back after each element. */
  get watchesElements(): boolean {
    return this.#data.length > 0 || this.#ports.length > 0;
  }

  /** Traps that wait for the end of their instruction: bits of DR6. */
  get pending(): number {
    return this.#state.get(CONTROL.debugPending);
  }
  set pending(bits: number) {
    this.#state.set(CONTROL.debugPending, bits);
  }

  // --- registers ------------------------------------------------------------------------------------------------------------

  /** `index` after DR4 and DR5 were resolved. */
  read(index: number): number {
    return this.#state.get(DR(index));
  }

  write(index: number, value: number): void {
    let word = value;
    if (index === 6) word = (value & DR6_WRITABLE) | DR6_FIXED;
    if (index === 7) word = (value & ~DR7_RESERVED) | DR7_FIXED;
    this.#state.set(DR(index), word >>> 0);
    if (index !== 6) this.update();
  }

  /** DR7.GD is set: this access is refused. */
  guards(): boolean {
    if (!(this.#state.get(DR7) & DR7_GD)) return false;
    this.#state.set(DR6, this.#state.get(DR6) | DR6_BITS.BD);
    return true;
  }

  /** A debug exception is delivered: its handler may use the registers. */
  exceptionEntered(): void {
    this.#state.set(DR7, this.#state.get(DR7) & ~DR7_GD);
  }

  taskSwitched(): void {
    const dr7 = this.#state.get(DR7);
    if (!(dr7 & DR7_LOCAL)) return;
    this.#state.set(DR7, dr7 & ~DR7_LOCAL);
    this.update();
  }

  /** Enters conditions into DR6. */
  report(bits: number): void {
    const kept = this.#state.get(DR6) & ~DR6_BITS.CONDITIONS;
    this.#state.set(DR6, (kept | bits) >>> 0);
  }

  /** Derives what is armed, after any change of the registers or of CR4.DE. */
  update(): void {
    const state = this.#state;
    const dr7 = state.get(DR7);
    const all: Breakpoint[] = [];
    for (let i = 0; i < BREAKPOINTS; i++) {
      if (!((dr7 >> (i * 2)) & 3)) continue;
      const kind = (dr7 >> (16 + i * 4)) & 3;
      if (kind === KIND.IO && !(state.cr4 & CR4.DE)) continue;
      const length = kind === KIND.EXECUTE ? 1 : [1, 2, 8, 4][(dr7 >> (18 + i * 4)) & 3];
      all.push({ bit: 1 << i, kind, start: (state.get(DR(i)) & -length) >>> 0, length });
    }
    const of = (...kinds: number[]): Breakpoint[] => all.filter(({ kind }) => kinds.includes(kind));
    const code = of(KIND.EXECUTE);
    const data = of(KIND.WRITE, KIND.ACCESS);
    this.#ports = of(KIND.IO);
    const codeChanged = !same(code, this.#code);
    const dataChanged = !same(data, this.#data);
    this.#code = code;
    this.#data = data;
    if (codeChanged) {
      this.#codePages.clear();
      for (const { start } of code) this.#codePages.add(start >>> 12);
      this.#events.onCodeArmed();
    }
    if (dataChanged) this.#events.onDataArmed();
    this.#events.onElementsArmed();
  }

  // --- conditions --------------------------------------------------------------------------------------------------------------

  /** Whether code of this linear page is run one instruction at a time. */
  armsCode(linear: number): boolean {
    return this.#codePages.has(linear >>> 12);
  }

  /** Whether accesses to this linear page have to be looked at one by one. */
  armsData(linear: number, write: boolean): boolean {
    const page = linear & ~0xfff;
    return this.#data.some((one) => (write || one.kind === KIND.ACCESS) && overlaps(one, page >>> 0, 0x1000));
  }

  /** Bits of the breakpoints on an instruction that begins here. */
  instructionAt(linear: number): number {
    return this.#code.reduce((bits, one) => (one.start === linear ? bits | one.bit : bits), 0);
  }

  dataAccessed(linear: number, bytes: number, write: boolean): void {
    if (this.#data.length === 0) return;
    this.#hit(
      this.#data.filter(({ kind }) => write || kind === KIND.ACCESS),
      linear,
      bytes,
    );
  }

  portAccessed(port: number, bytes: number): void {
    if (this.#ports.length > 0) this.#hit(this.#ports, port, bytes);
  }

  #hit(breakpoints: readonly Breakpoint[], start: number, length: number): void {
    const bits = breakpoints.reduce((all, one) => (overlaps(one, start, length) ? all | one.bit : all), 0);
    if (bits === 0) return;
    this.pending |= bits;
    this.#events.onHit();
  }
}

function same(left: readonly Breakpoint[], right: readonly Breakpoint[]): boolean {
  return (
    left.length === right.length &&
    left.every(
      (one, i) =>
        one.kind === right[i].kind &&
        one.start === right[i].start &&
        one.length === right[i].length &&
        one.bit === right[i].bit,
    )
  );
}
