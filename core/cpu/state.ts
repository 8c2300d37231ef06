import { SEG } from '../isa/index.ts';
import {
  CONTROL,
  MODE,
  NMI,
  S,
  SEGMENT,
  SEGMENT_BYTES,
  SEGMENT_COUNT,
  SEG_LDTR,
  SEG_TR,
  SSE,
  STATE,
  STATE_BYTES,
  X87,
} from './layout.ts';
import { ATTR, CR0 } from './bits.ts';
import { ARITHMETIC_FLAGS, AUX, FLAG } from './insn/flags.ts';

export { ATTR, CR0, CR4 } from './bits.ts';

/** All exceptions masked, rounding to nearest. */
const MXCSR_RESET = 0x1f80;
/** FXSAVE's MXCSR_MASK. */
export const MXCSR_WRITABLE = 0xffff;

/** Typed access to the processor state in linear memory. Numbers are unsigned 32-bit. */
export class CpuState {
  readonly view: DataView;
  /** What a program computes with beside general registers: segments; x87, MMX and SSE registers. */
  readonly computed: readonly Int32Array[];
  readonly #u32: Uint32Array;
  readonly #i32: Int32Array;

  constructor(buffer: ArrayBufferLike) {
    this.view = new DataView(buffer, STATE, STATE_BYTES);
    this.computed = [
      new Int32Array(buffer, STATE + S.segments, (SEGMENT_COUNT * SEGMENT_BYTES) / 4),
      new Int32Array(buffer, STATE + X87.registers, (SSE.operandA - X87.registers) / 4),
    ];
    this.#u32 = new Uint32Array(buffer, STATE, STATE_BYTES / 4);
    this.#i32 = new Int32Array(buffer, STATE, STATE_BYTES / 4);
  }

  get(offset: number): number {
    return this.#u32[offset >> 2];
  }
  set(offset: number, value: number): void {
    this.#u32[offset >> 2] = value;
  }
  signed(offset: number): number {
    return this.#i32[offset >> 2];
  }

  gpr(index: number): number {
    return this.#u32[(S.gpr + index * 8) >> 2];
  }
  setGpr(index: number, value: number): void {
    this.#u32[(S.gpr + index * 8) >> 2] = value;
  }
  setGpr16(index: number, value: number): void {
    this.view.setUint16(S.gpr + index * 8, value, true);
  }

  get rip(): number {
    return this.get(S.rip);
  }
  set rip(value: number) {
    this.set(S.rip, value);
  }

  // --- segments ------------------------------------------------------------------------------------------------------

  #segment(index: number, field: number): number {
    return S.segments + index * SEGMENT_BYTES + field;
  }
  selector(index: number): number {
    return this.view.getUint16(this.#segment(index, SEGMENT.selector), true);
  }
  setSelector(index: number, value: number): void {
    this.set(this.#segment(index, SEGMENT.selector), value & 0xffff);
  }
  base(index: number): number {
    return this.get(this.#segment(index, SEGMENT.base));
  }
  limit(index: number): number {
    return this.get(this.#segment(index, SEGMENT.limit));
  }
  attributes(index: number): number {
    return this.get(this.#segment(index, SEGMENT.attributes));
  }

  /** Sets a segment's hidden part and what the fast paths check. Limit in bytes, scaled. */
  setSegment(index: number, selector: number, base: number, limit: number, attributes: number): void {
    this.setSelector(index, selector);
    this.set(this.#segment(index, SEGMENT.base), base);
    this.set(this.#segment(index, SEGMENT.limit), limit);
    this.set(this.#segment(index, SEGMENT.attributes), attributes);
    this.updateChecks(index);
  }

  /** Derives the largest offsets for the fast paths; expand-down and unusable segments always take the slow one. */
  updateChecks(index: number): void {
    const attributes = this.attributes(index);
    const usable = (attributes & (ATTR.P | ATTR.S)) === (ATTR.P | ATTR.S);
    const code = (attributes & ATTR.CODE) !== 0;
    const rw = (attributes & ATTR.RW) !== 0;
    const expandDown = !code && (attributes & ATTR.EC) !== 0;
    const readable = usable && !expandDown && (!code || rw);
    const writable = usable && !expandDown && !code && rw;
    const limit = this.limit(index);
    this.#setMax(this.#segment(index, SEGMENT.readMax), readable ? limit : undefined);
    this.#setMax(this.#segment(index, SEGMENT.writeMax), writable ? limit : undefined);
  }

  /** The i64 that the fast paths compare with; undefined: -1, which no offset is below. */
  #setMax(offset: number, limit: number | undefined): void {
    this.set(offset, limit ?? -1);
    this.set(offset + 4, limit === undefined ? -1 : 0);
  }

  /** Real-mode load: selector and base; limit and attributes stay what they were. */
  setRealSegment(index: number, selector: number): void {
    this.setSelector(index, selector);
    this.set(this.#segment(index, SEGMENT.base), (selector & 0xffff) << 4);
  }

  get cpl(): number {
    return this.get(CONTROL.cpl);
  }
  get cr0(): number {
    return this.get(CONTROL.cr0);
  }
  get cr4(): number {
    return this.get(CONTROL.cr4);
  }
  get protectedMode(): boolean {
    return (this.cr0 & CR0.PE) !== 0;
  }
  get v86(): boolean {
    return (this.get(S.eflags) & FLAG.VM) !== 0;
  }
  /** Protected mode proper, where selectors name descriptors. */
  get usesDescriptors(): boolean {
    return this.protectedMode && !this.v86;
  }
  get iopl(): number {
    return (this.get(S.eflags) >> 12) & 3;
  }
  get stack32(): boolean {
    return (this.attributes(SEG.SS) & ATTR.DB) !== 0;
  }

  // --- flags -----------------------------------------------------------------------------------------------------------

  /** The whole EFLAGS image. */
  get eflags(): number {
    const aux = this.get(S.flagsAux);
    const low = this.get(S.flagsResult);
    const high = this.signed(S.flagsResult + 4);
    let image = this.get(S.eflags);
    if (aux & AUX.CF) image |= FLAG.CF;
    let parity = (low ^ (aux >>> AUX.PARITY_SHIFT)) & 0xff;
    parity ^= parity >> 4;
    if (!((0x6996 >> (parity & 15)) & 1)) image |= FLAG.PF;
    if (aux & AUX.AF) image |= FLAG.AF;
    if (low === 0 && high === 0) image |= FLAG.ZF;
    if ((high < 0 ? 1 : 0) ^ (aux & AUX.SIGN)) image |= FLAG.SF;
    if ((aux ^ (aux << 1)) & 0x8000_0000) image |= FLAG.OF;
    return image >>> 0;
  }

  set eflags(image: number) {
    this.set(S.eflags, (image & ~ARITHMETIC_FLAGS) | 2);
    this.setArithmeticFlags(image);
  }

  /** The six arithmetic flags of an EFLAGS image; the others stay. */
  setArithmeticFlags(image: number): void {
    const zero = (image & FLAG.ZF) !== 0;
    this.set(S.flagsResult, zero ? 0 : 0x100);
    this.set(S.flagsResult + 4, 0);
    const carry = image & FLAG.CF ? 1 : 0;
    const overflow = image & FLAG.OF ? 1 : 0;
    let aux = (carry << 31) | ((carry ^ overflow) << 30);
    if (image & FLAG.AF) aux |= AUX.AF;
    if (!(image & FLAG.PF)) aux |= 1 << AUX.PARITY_SHIFT;
    if (image & FLAG.SF) aux |= AUX.SIGN;
    this.set(S.flagsAux, aux);
  }

  /** Changes single arithmetic flags. */
  setArithmetic(mask: number, value: number): void {
    this.eflags = (this.eflags & ~mask) | (value & mask);
  }

  get interruptsEnabled(): boolean {
    return (this.get(S.eflags) & FLAG.IF) !== 0;
  }

  /** An NMI waits, and none is being handled. */
  get nmiDue(): boolean {
    return this.get(CONTROL.nmi) === NMI.PENDING;
  }

  // --- mode ------------------------------------------------------------------------------------------------------------

  /** MODE.* bits of the current state; SINGLE is the engine's. */
  get mode(): number {
    let mode = 0;
    if (this.attributes(SEG.CS) & ATTR.DB) mode |= MODE.CODE32;
    if (this.stack32) mode |= MODE.STACK32;
    if (this.cpl === 3) mode |= MODE.USER;
    if (!this.usesDescriptors) mode |= MODE.REAL;
    if (this.isFlat(SEG.ES) && this.isFlat(SEG.CS) && this.isFlat(SEG.SS) && this.isFlat(SEG.DS)) mode |= MODE.FLAT;
    return mode;
  }

  /** Base 0, limit 4 GiB, and writable (CS: readable). */
  isFlat(index: number): boolean {
    // For CS reading is enough; the others must take writes.
    const max = this.#segment(index, index === SEG.CS ? SEGMENT.readMax : SEGMENT.writeMax);
    return this.base(index) === 0 && this.get(max) === 0xffff_ffff && this.get(max + 4) === 0;
  }

  /** Processor reset, SDM volume 3, table 10-1: real mode at F000:FFF0 with the base of CS at FFFF0000h. */
  reset(signature: number): void {
    new Uint8Array(this.view.buffer, STATE, STATE_BYTES).fill(0);
    this.eflags = 2;
    this.rip = 0xfff0;
    this.set(CONTROL.cr0, CR0.CD | CR0.NW | CR0.ET);
    for (let index = 0; index < 6; index++)
      this.setSegment(index, 0, 0, 0xffff, ATTR.P | ATTR.S | ATTR.RW | ATTR.ACCESSED);
    this.setSegment(SEG.CS, 0xf000, 0xffff_0000, 0xffff, ATTR.P | ATTR.S | ATTR.RW | ATTR.ACCESSED | ATTR.CODE);
    this.setSegment(SEG_LDTR, 0, 0, 0xffff, ATTR.P | 2);
    this.setSegment(SEG_TR, 0, 0, 0xffff, ATTR.P | 11);
    this.set(CONTROL.gdtrLimit, 0xffff);
    this.set(CONTROL.idtrLimit, 0xffff);
    this.set(CONTROL.dr + 6 * 8, 0xffff_0ff0);
    this.set(CONTROL.dr + 7 * 8, 0x400);
    this.set(SSE.mxcsr, MXCSR_RESET);
    this.setGpr(2, signature);
    // The FPU after power-on: exceptions unmasked, eight registers that hold zero. FNINIT makes it usable.
    this.set(X87.control, 0x40);
    this.set(X87.inUse, 0xff);
    this.view.setBigUint64(CONTROL.pat, 0x0007_0406_0007_0406n, true);
    this.view.setBigUint64(CONTROL.apicBase, 0xfee0_0900n, true);
  }
}
