import { SEG } from '../isa/index.ts';
import { DR6_BITS, type DebugRegisters } from './debug.ts';
import { type Descriptor, type Descriptors, SYSTEM_TYPE, isNull } from './descriptors.ts';
import { CpuFault, VECTOR, gp, selectorError } from './fault.ts';
import { CONTROL, SEG_LDTR, SEG_TR } from './layout.ts';
import type { Mmu } from './mmu.ts';
import { FLAG } from './insn/flags.ts';
import { ATTR, CR0, type CpuState } from './state.ts';
import { StackCursor } from './stack.ts';

/** Offsets in the 32-bit and the 16-bit task state segment, SDM volume 3, figures 8-2 and 8-10. */
const TSS32 = {
  ESP0: 4,
  CR3: 0x1c,
  EIP: 0x20,
  EFLAGS: 0x24,
  EAX: 0x28,
  ES: 0x48,
  LDT: 0x60,
  TRAP: 0x64,
  IO_MAP: 0x66,
  MINIMUM: 103,
};
const REDIRECTION_BYTES = 32;
const TSS16 = { SP0: 2, IP: 0x0e, FLAGS: 0x10, AX: 0x12, ES: 0x22, LDT: 0x2a, MINIMUM: 43 };
const SEGMENT_ORDER_32 = [SEG.ES, SEG.CS, SEG.SS, SEG.DS, SEG.FS, SEG.GS];
const SEGMENT_ORDER_16 = [SEG.ES, SEG.CS, SEG.SS, SEG.DS];

export type TaskSwitchReason = 'jump' | 'call' | 'iret';

/** Task state segments: stacks of inner levels, the I/O permission map, task switches. SDM volume 3, chapter 8. */
export class Tasks {
  readonly #state: CpuState;
  readonly #mmu: Mmu;
  readonly #descriptors: Descriptors;
  readonly #debug: DebugRegisters;

  constructor(state: CpuState, mmu: Mmu, descriptors: Descriptors, debug: DebugRegisters) {
    this.#state = state;
    this.#mmu = mmu;
    this.#descriptors = descriptors;
    this.#debug = debug;
  }

  get #is32(): boolean {
    return (this.#state.attributes(SEG_TR) & 8) !== 0;
  }

  /** SS and (E)SP for a more privileged level, from the current TSS. Faults with #TS. */
  innerStack(level: number): { selector: number; pointer: number } {
    const base = this.#state.base(SEG_TR);
    const limit = this.#state.limit(SEG_TR);
    const at = this.#is32 ? TSS32.ESP0 + level * 8 : TSS16.SP0 + level * 4;
    const bytes = this.#is32 ? 6 : 4;
    if (at + bytes - 1 > limit) throw new CpuFault(VECTOR.TS, selectorError(this.#state.selector(SEG_TR)));
    const width = this.#is32 ? 4 : 2;
    return {
      pointer: this.#mmu.read((base + at) >>> 0, width, false),
      selector: this.#mmu.read((base + at + width) >>> 0, 2, false),
    };
  }

  /** True when the I/O permission map of the current TSS lets these ports through. SDM volume 1, 19.5.2. */
  portAllowed(port: number, bytes: number): boolean {
    if (!this.#is32 || !(this.#state.attributes(SEG_TR) & ATTR.P)) return false;
    const base = this.#state.base(SEG_TR);
    const limit = this.#state.limit(SEG_TR);
    if (limit < TSS32.MINIMUM) return false;
    const map = this.#mmu.read((base + TSS32.IO_MAP) >>> 0, 2, false) + (port >> 3);
    // Two bytes are read always, so both must lie within the limit.
    if (map + 1 > limit) return false;
    const bits = this.#mmu.read((base + map) >>> 0, 2, false);
    return ((bits >> (port & 7)) & ((1 << bytes) - 1)) === 0;
  }

  /**
   * Whether INT n of virtual-8086 mode goes to the monitor: its bit of the interrupt redirection map, 32 bytes below
   * the I/O permission map. Without a map everything does. SDM volume 3, 21.3.3.
   */
  interruptIntercepted(vector: number): boolean {
    if (!this.#is32) return true;
    const base = this.#state.base(SEG_TR);
    const at = this.#mmu.read((base + TSS32.IO_MAP) >>> 0, 2, false) - REDIRECTION_BYTES + (vector >> 3);
    if (at < TSS32.MINIMUM || at > this.#state.limit(SEG_TR)) return true;
    return ((this.#mmu.read((base + at) >>> 0, 1, false) >> (vector & 7)) & 1) !== 0;
  }

  /** The TSS descriptor that a task gate or selector names, checked. */
  target(selector: number, vector: number, reason: TaskSwitchReason): Descriptor {
    const refuse = (): CpuFault => new CpuFault(vector, selectorError(selector));
    if (isNull(selector) || selector & 4) throw refuse();
    const descriptor = this.#descriptors.read(selector, vector);
    const busy = reason === 'iret';
    const wanted: readonly number[] = busy
      ? [SYSTEM_TYPE.TSS16_BUSY, SYSTEM_TYPE.TSS32_BUSY]
      : [SYSTEM_TYPE.TSS16, SYSTEM_TYPE.TSS32];
    if (!descriptor.isSystem || !wanted.includes(descriptor.type)) throw refuse();
    if (!descriptor.present) throw new CpuFault(VECTOR.NP, selectorError(selector));
    return descriptor;
  }

  /**
   * Switches to another task; afterwards rip is the new task's. `nextRip` is saved as the old task's. `errorCode` is
   * pushed on the new stack; `resume` is EFLAGS.RF of the old task's image. Faults after the switch belong to the new
   * task, as the manual says.
   */
  switchTo(tss: Descriptor, reason: TaskSwitchReason, nextRip: number, errorCode?: number, resume = 0): void {
    const state = this.#state;
    const mmu = this.#mmu;
    const is32 = (tss.type & 8) !== 0;
    if (tss.limit < (is32 ? TSS32.MINIMUM : TSS16.MINIMUM)) throw new CpuFault(VECTOR.TS, selectorError(tss.selector));

    // The new task's image is read first: a page fault there leaves the old task as it was.
    const layout = is32 ? TSS32 : TSS16;
    const width = is32 ? 4 : 2;
    const word = (offset: number, bytes: 2 | 4 = width): number => mmu.read((tss.base + offset) >>> 0, bytes, false);
    const order = is32 ? SEGMENT_ORDER_32 : SEGMENT_ORDER_16;
    const image = {
      cr3: is32 ? word(TSS32.CR3) : 0,
      rip: is32 ? word(TSS32.EIP) : word(TSS16.IP),
      flags: is32 ? word(TSS32.EFLAGS) : word(TSS16.FLAGS) | (state.eflags & 0xffff_0000 & ~FLAG.VM),
      gprs: Array.from({ length: 8 }, (_, i) => word((is32 ? TSS32.EAX : TSS16.AX) + i * width)),
      selectors: order.map((_, i) => word(layout.ES + i * width, 2)),
      ldt: word(layout.LDT, 2),
      trap: is32 ? word(TSS32.TRAP, 2) & 1 : 0,
    };

    this.#saveOld(nextRip, reason, resume);
    const oldSelector = state.selector(SEG_TR);
    if (reason !== 'call') this.#setBusyOf(oldSelector, false);
    if (reason === 'call') {
      mmu.write(tss.base, 2, oldSelector, false);
      image.flags |= FLAG.NT;
    }
    if (reason !== 'iret') this.#descriptors.setBusy(tss, true);

    state.set(CONTROL.cr0, state.cr0 | CR0.TS);
    state.setSegment(SEG_TR, tss.selector, tss.base, tss.limit, tss.attributes | 2);
    if (is32 && state.cr0 & CR0.PG && image.cr3 !== state.get(CONTROL.cr3)) {
      state.set(CONTROL.cr3, image.cr3);
      mmu.flush();
    }
    state.rip = image.rip;
    state.eflags = (image.flags & 0x003f_7fd5 & ~(this.#debug.watchesCode ? 0 : FLAG.RF)) | 2;
    this.#debug.taskSwitched();
    image.gprs.forEach((value, i) => state.setGpr(i, is32 ? value : (state.gpr(i) & 0xffff_0000) | value));
    try {
      this.#loadSegments(image.ldt, image.selectors, order);
      mmu.updateMode();
      if (errorCode !== undefined) {
        const stack = StackCursor.current(state, mmu);
        stack.push(is32 ? 4 : 2, errorCode);
        stack.commit();
      }
      if (image.trap) {
        this.#debug.report(DR6_BITS.BT);
        throw new CpuFault(VECTOR.DB);
      }
      if (image.rip > state.limit(SEG.CS)) throw gp();
    } catch (fault) {
      mmu.updateMode();
      if (fault instanceof CpuFault) throw new CpuFault(fault.vector, fault.errorCode, true);
      throw fault;
    }
  }

  #saveOld(nextRip: number, reason: TaskSwitchReason, resume: number): void {
    const state = this.#state;
    const mmu = this.#mmu;
    const is32 = this.#is32;
    const base = state.base(SEG_TR);
    const width = is32 ? 4 : 2;
    const layout = is32 ? TSS32 : TSS16;
    const order = is32 ? SEGMENT_ORDER_32 : SEGMENT_ORDER_16;
    const put = (offset: number, value: number, bytes: 2 | 4 = width): void =>
      mmu.write((base + offset) >>> 0, bytes, value, false);
    const flags = (reason === 'iret' ? state.eflags & ~FLAG.NT : state.eflags) | resume;
    mmu.probeWrite((base + (is32 ? TSS32.EIP : TSS16.IP)) >>> 0, is32 ? 0x40 : 0x1c, false);
    put(is32 ? TSS32.EIP : TSS16.IP, nextRip);
    put(is32 ? TSS32.EFLAGS : TSS16.FLAGS, flags);
    for (let i = 0; i < 8; i++) put((is32 ? TSS32.EAX : TSS16.AX) + i * width, state.gpr(i));
    order.forEach((segment, i) => put(layout.ES + i * width, state.selector(segment), 2));
  }

  #setBusyOf(selector: number, busy: boolean): void {
    const descriptor = this.#descriptors.tryRead(selector & 0xfffb);
    if (descriptor) this.#descriptors.setBusy(descriptor, busy);
  }

  #loadSegments(ldt: number, selectors: readonly number[], order: readonly number[]): void {
    const state = this.#state;
    const descriptors = this.#descriptors;
    const v86 = state.v86;
    // All selectors first, marked unusable: a fault in the middle shows the new task's selectors.
    order.forEach((segment, i) => {
      if (v86) state.setSegment(segment, selectors[i], selectors[i] << 4, 0xffff, 0xf3);
      else state.setSegment(segment, selectors[i], 0, 0, 0);
    });
    if (order.length < 6) for (const segment of [SEG.FS, SEG.GS]) descriptors.installNull(segment, 0);
    const cpl = v86 ? 3 : selectors[order.indexOf(SEG.CS)] & 3;
    state.set(CONTROL.cpl, cpl);
    this.#mmu.updateMode();
    state.setSegment(SEG_LDTR, ldt, 0, 0, 0);
    if (!isNull(ldt)) {
      const descriptor = ldt & 4 ? undefined : descriptors.tryRead(ldt);
      if (!descriptor || !descriptor.isSystem || descriptor.type !== SYSTEM_TYPE.LDT || !descriptor.present)
        throw new CpuFault(VECTOR.TS, selectorError(ldt));
      descriptors.install(SEG_LDTR, ldt, descriptor);
    }
    if (v86) return;
    this.#loadCode(selectors[order.indexOf(SEG.CS)], cpl);
    descriptors.load(SEG.SS, selectors[order.indexOf(SEG.SS)], VECTOR.TS, cpl);
    order.forEach((segment, i) => {
      if (segment !== SEG.CS && segment !== SEG.SS) descriptors.load(segment, selectors[i], VECTOR.TS, cpl);
    });
  }

  #loadCode(selector: number, cpl: number): void {
    const refuse = (): CpuFault => new CpuFault(VECTOR.TS, selectorError(selector));
    if (isNull(selector)) throw refuse();
    const descriptor = this.#descriptors.read(selector, VECTOR.TS);
    if (!descriptor.isCode) throw refuse();
    if (descriptor.isConforming ? descriptor.dpl > cpl : descriptor.dpl !== cpl) throw refuse();
    if (!descriptor.present) throw new CpuFault(VECTOR.NP, selectorError(selector));
    this.#descriptors.installCode(selector, descriptor, cpl);
  }
}
