import { SEG } from '../isa/index.ts';
import { CpuFault, VECTOR, selectorError } from './fault.ts';
import {
  CONTROL,
  KNOWN_SEGMENT,
  KNOWN_SEGMENT_BYTES,
  SEGMENT_BYTES,
  SEG_LDTR,
  STATE,
  knownSegmentAddress,
  segmentAddress,
} from './layout.ts';
import type { Mmu } from './mmu.ts';
import { ATTR, type CpuState } from './state.ts';

/** System descriptor types, SDM volume 3, table 3-2. */
export const SYSTEM_TYPE = {
  TSS16: 1,
  LDT: 2,
  TSS16_BUSY: 3,
  CALL_GATE16: 4,
  TASK_GATE: 5,
  INTERRUPT_GATE16: 6,
  TRAP_GATE16: 7,
  TSS32: 9,
  TSS32_BUSY: 11,
  CALL_GATE32: 12,
  INTERRUPT_GATE32: 14,
  TRAP_GATE32: 15,
} as const;

/** An entry of a descriptor table, as the two 32-bit words that it is. */
export class Descriptor {
  readonly selector: number;
  /** Linear address of the entry. */
  readonly address: number;
  readonly low: number;
  readonly high: number;

  constructor(selector: number, address: number, low: number, high: number) {
    this.selector = selector;
    this.address = address;
    this.low = low;
    this.high = high;
  }

  get attributes(): number {
    return (this.high >>> 8) & 0xf0ff;
  }
  get base(): number {
    return ((this.low >>> 16) | ((this.high & 0xff) << 16) | (this.high & 0xff00_0000)) >>> 0;
  }
  /** In bytes. */
  get limit(): number {
    const raw = (this.low & 0xffff) | (this.high & 0xf_0000);
    return this.attributes & ATTR.G ? ((raw << 12) | 0xfff) >>> 0 : raw;
  }
  get type(): number {
    return this.attributes & ATTR.TYPE;
  }
  get dpl(): number {
    return (this.attributes >> ATTR.DPL_SHIFT) & 3;
  }
  get present(): boolean {
    return (this.attributes & ATTR.P) !== 0;
  }
  get isSystem(): boolean {
    return (this.attributes & ATTR.S) === 0;
  }
  get isCode(): boolean {
    return !this.isSystem && (this.attributes & ATTR.CODE) !== 0;
  }
  get isConforming(): boolean {
    return this.isCode && (this.attributes & ATTR.EC) !== 0;
  }
  get isReadable(): boolean {
    return !this.isSystem && (!this.isCode || (this.attributes & ATTR.RW) !== 0);
  }
  get isWritable(): boolean {
    return !this.isSystem && !this.isCode && (this.attributes & ATTR.RW) !== 0;
  }

  // Gates.
  get gateSelector(): number {
    return this.low >>> 16;
  }
  get gateOffset(): number {
    const low = this.low & 0xffff;
    return this.type & 8 ? (low | (this.high & 0xffff_0000)) >>> 0 : low;
  }
  get gateParameters(): number {
    return this.high & 31;
  }
}

export const isNull = (selector: number): boolean => (selector & 0xfffc) === 0;

/** Reads and checks descriptors, loads segment registers. SDM volume 3, 3.4 and 5. */
export class Descriptors {
  readonly #state: CpuState;
  readonly #mmu: Mmu;

  constructor(state: CpuState, mmu: Mmu) {
    this.#state = state;
    this.#mmu = mmu;
  }

  /** Undefined when the selector lies outside its table (or names an LDT that is not there). */
  tryRead(selector: number): Descriptor | undefined {
    const offset = selector & 0xfff8;
    let base: number;
    let limit: number;
    if (selector & 4) {
      if (isNull(this.#state.selector(SEG_LDTR)) || !(this.#state.attributes(SEG_LDTR) & ATTR.P)) return undefined;
      base = this.#state.base(SEG_LDTR);
      limit = this.#state.limit(SEG_LDTR);
    } else {
      base = this.#state.get(CONTROL.gdtrBase);
      limit = this.#state.get(CONTROL.gdtrLimit);
    }
    if (offset + 7 > limit) return undefined;
    const address = (base + offset) >>> 0;
    return new Descriptor(
      selector,
      address,
      this.#mmu.read(address, 4, false),
      this.#mmu.read((address + 4) >>> 0, 4, false),
    );
  }

  /** Faults with `vector` (#GP, #TS) and the selector when there is no such descriptor. */
  read(selector: number, vector: number = VECTOR.GP): Descriptor {
    const found = this.tryRead(selector);
    if (!found) throw new CpuFault(vector, selectorError(selector));
    return found;
  }

  /** Sets the accessed bit in the table, as loading does. */
  markAccessed(descriptor: Descriptor): void {
    if (descriptor.attributes & ATTR.ACCESSED) return;
    this.#mmu.write((descriptor.address + 5) >>> 0, 1, ((descriptor.high >>> 8) & 0xff) | ATTR.ACCESSED, false);
  }

  /** Sets or clears the busy bit of a TSS descriptor in the table. */
  setBusy(descriptor: Descriptor, busy: boolean): void {
    const byte = this.#mmu.read((descriptor.address + 5) >>> 0, 1, false);
    this.#mmu.write((descriptor.address + 5) >>> 0, 1, busy ? byte | 2 : byte & ~2, false);
  }

  install(segment: number, selector: number, descriptor: Descriptor): void {
    const accessed = descriptor.isSystem ? 0 : ATTR.ACCESSED;
    this.#state.setSegment(segment, selector, descriptor.base, descriptor.limit, descriptor.attributes | accessed);
  }

  /** A null selector in DS, ES, FS or GS: usable for nothing. */
  installNull(segment: number, selector: number): void {
    this.#state.setSegment(segment, selector, 0, 0, 0);
  }

  /**
   * Loads ES, SS, DS, FS or GS in protected mode with all checks. `vector` replaces #GP (a task switch faults with
   * #TS); SDM volume 2, MOV.
   */
  load(segment: number, selector: number, vector: number = VECTOR.GP, cpl = this.#state.cpl): void {
    const refuse = (): CpuFault => new CpuFault(vector, selectorError(selector));
    if (segment === SEG.SS) {
      this.installStack(selector, this.checkStack(selector, cpl, vector));
      return;
    }
    if (isNull(selector)) {
      this.installNull(segment, selector);
      return;
    }
    const descriptor = this.read(selector, vector);
    if (!descriptor.isReadable) throw refuse();
    const rpl = selector & 3;
    if (!descriptor.isConforming && (rpl > descriptor.dpl || cpl > descriptor.dpl)) throw refuse();
    if (!descriptor.present) throw new CpuFault(VECTOR.NP, selectorError(selector));
    this.markAccessed(descriptor);
    this.install(segment, selector, descriptor);
  }

  /** After a load of ES, DS, FS or GS: the next of the same selector at the same CPL can be a copy. */
  remember(segment: number, selector: number): void {
    const state = this.#state;
    const nothing = isNull(selector);
    if (selector & 4) return;
    const address = (state.get(CONTROL.gdtrBase) + (selector & 0xfff8)) >>> 0;
    const entry = knownSegmentAddress(selector, state.cpl) - STATE;
    const hidden = segmentAddress(segment) - STATE;
    const words = new Int32Array(state.view.buffer, STATE + entry, KNOWN_SEGMENT_BYTES / 4);
    words[KNOWN_SEGMENT.selector / 4] = selector;
    words[KNOWN_SEGMENT.cpl / 4] = state.cpl;
    words[KNOWN_SEGMENT.kind / 4] =
      KNOWN_SEGMENT.USABLE | (nothing ? KNOWN_SEGMENT.NULL : 0) | (state.isFlat(segment) ? KNOWN_SEGMENT.FLAT : 0);
    words[KNOWN_SEGMENT.descriptor / 4] = nothing ? 0 : this.#mmu.read(address, 4, false);
    words[KNOWN_SEGMENT.descriptor / 4 + 1] = nothing ? 0 : this.#mmu.read((address + 4) >>> 0, 4, false);
    for (let at = 0; at < SEGMENT_BYTES; at += 4) words[(KNOWN_SEGMENT.hidden + at) / 4] = state.get(hidden + at);
  }

  /** Checks a stack segment for privilege `cpl`; #SS when it is not present. */
  checkStack(selector: number, cpl: number, vector: number = VECTOR.GP): Descriptor {
    const refuse = (): CpuFault => new CpuFault(vector, selectorError(selector));
    if (isNull(selector)) throw new CpuFault(vector, vector === VECTOR.TS ? selectorError(selector) : 0);
    const descriptor = this.read(selector, vector);
    if ((selector & 3) !== cpl || descriptor.dpl !== cpl || !descriptor.isWritable) throw refuse();
    if (!descriptor.present) throw new CpuFault(VECTOR.SS, selectorError(selector));
    return descriptor;
  }

  installStack(selector: number, descriptor: Descriptor): void {
    this.markAccessed(descriptor);
    this.install(SEG.SS, selector, descriptor);
  }

  /** Loads CS; the selector's RPL becomes the privilege level. */
  installCode(selector: number, descriptor: Descriptor, cpl: number): void {
    this.markAccessed(descriptor);
    this.install(SEG.CS, (selector & 0xfffc) | cpl, descriptor);
    this.#state.set(CONTROL.cpl, cpl);
  }
}
