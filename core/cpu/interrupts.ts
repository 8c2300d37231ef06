import { SEG } from '../isa/index.ts';
import type { IoWidth } from '../bus/index.ts';
import { Descriptor, type Descriptors, SYSTEM_TYPE, isNull } from './descriptors.ts';
import { CpuFault, VECTOR, gp, selectorError } from './fault.ts';
import type { FarTransfers } from './far.ts';
import { FLAG } from './insn/flags.ts';
import { CONTROL } from './layout.ts';
import type { Mmu } from './mmu.ts';
import { StackCursor } from './stack.ts';
import type { CpuState } from './state.ts';
import type { Tasks } from './tasks.ts';

/** How an interrupt came: by INT n, by a pin, or as an exception. */
export type InterruptSource = 'software' | 'external' | 'exception';

/** EFLAGS bits that IRET and POPF may change at all. */
const WRITABLE = 0x0025_7fd5 | FLAG.VIF | FLAG.VIP;

/** Interrupt and exception delivery, and IRET. SDM volume 3, chapter 6; volume 2, INT and IRET. */
export class Interrupts {
  readonly #state: CpuState;
  readonly #mmu: Mmu;
  readonly #descriptors: Descriptors;
  readonly #tasks: Tasks;
  readonly #far: FarTransfers;
  /** Interrupts and exceptions delivered so far. */
  delivered = 0;

  constructor(state: CpuState, mmu: Mmu, descriptors: Descriptors, tasks: Tasks, far: FarTransfers) {
    this.#state = state;
    this.#mmu = mmu;
    this.#descriptors = descriptors;
    this.#tasks = tasks;
    this.#far = far;
  }

  /** `returnRip` is pushed. Throws CpuFault when delivery itself faults; nothing has changed then. */
  deliver(vector: number, source: InterruptSource, returnRip: number, errorCode?: number): void {
    if (this.#state.protectedMode) this.#deliverProtected(vector, source, returnRip, errorCode);
    else this.#deliverReal(vector, returnRip);
    this.delivered++;
  }

  #deliverReal(vector: number, returnRip: number): void {
    const state = this.#state;
    if (vector * 4 + 3 > state.get(CONTROL.idtrLimit)) throw gp();
    const entry = (state.get(CONTROL.idtrBase) + vector * 4) >>> 0;
    const rip = this.#mmu.read(entry, 2, false);
    const selector = this.#mmu.read((entry + 2) >>> 0, 2, false);
    const stack = StackCursor.current(state, this.#mmu);
    stack.push(2, state.eflags & 0xffff);
    stack.push(2, state.selector(SEG.CS));
    stack.push(2, returnRip & 0xffff);
    state.eflags &= ~(FLAG.IF | FLAG.TF | FLAG.AC);
    this.#far.loadRealCode(selector, rip);
    stack.commit();
  }

  #deliverProtected(vector: number, source: InterruptSource, returnRip: number, errorCode?: number): void {
    const state = this.#state;
    const software = source === 'software';
    // Error codes tell whether the event was external to the program, and that they index the IDT.
    const external = software ? 0 : 1;
    const gateError = vector * 8 + 2 + external;
    if (vector * 8 + 7 > state.get(CONTROL.idtrLimit)) throw gp(gateError);
    const entry = (state.get(CONTROL.idtrBase) + vector * 8) >>> 0;
    const gate = new Descriptor(0, entry, this.#mmu.read(entry, 4, false), this.#mmu.read((entry + 4) >>> 0, 4, false));
    const types: readonly number[] = [
      SYSTEM_TYPE.TASK_GATE,
      SYSTEM_TYPE.INTERRUPT_GATE16,
      SYSTEM_TYPE.TRAP_GATE16,
      SYSTEM_TYPE.INTERRUPT_GATE32,
      SYSTEM_TYPE.TRAP_GATE32,
    ];
    if (!gate.isSystem || !types.includes(gate.type)) throw gp(gateError);
    if (software && gate.dpl < state.cpl) throw gp(gateError);
    if (!gate.present) throw new CpuFault(VECTOR.NP, gateError);
    if (gate.type === SYSTEM_TYPE.TASK_GATE) {
      const tss = this.#tasks.target(gate.gateSelector, VECTOR.GP, 'call');
      this.#tasks.switchTo(tss, 'call', returnRip, errorCode);
      return;
    }
    this.#throughGate(gate, external, returnRip, errorCode);
  }

  #throughGate(gate: Descriptor, external: number, returnRip: number, errorCode?: number): void {
    const state = this.#state;
    const selector = gate.gateSelector;
    const error = selectorError(selector) | external;
    if (isNull(selector)) throw gp(external);
    const code = this.#descriptors.tryRead(selector);
    if (!code || !code.isCode || code.dpl > state.cpl) throw gp(error);
    if (!code.present) throw new CpuFault(VECTOR.NP, error);
    const bytes: IoWidth = gate.type & 8 ? 4 : 2;
    const { v86 } = state;
    const oldFlags = state.eflags;
    const inner = !code.isConforming && code.dpl < state.cpl;
    if (v86 && (!inner || code.dpl !== 0)) throw gp(error);
    if (!inner && !code.isConforming && code.dpl !== state.cpl) throw gp(error);
    const cpl = inner ? code.dpl : state.cpl;

    let stack: StackCursor;
    let newStack: { selector: number; descriptor: Descriptor } | undefined;
    if (inner) {
      const { selector: stackSelector, pointer } = this.#tasks.innerStack(cpl);
      const descriptor = this.#descriptors.checkStack(stackSelector, cpl, VECTOR.TS);
      newStack = { selector: stackSelector, descriptor };
      stack = StackCursor.inner(state, this.#mmu, descriptor, pointer, cpl);
      if (v86) for (const segment of [SEG.GS, SEG.FS, SEG.DS, SEG.ES]) stack.push(bytes, state.selector(segment));
      stack.push(bytes, state.selector(SEG.SS));
      stack.push(bytes, state.gpr(4));
    } else stack = StackCursor.current(state, this.#mmu);
    stack.push(bytes, oldFlags);
    stack.push(bytes, state.selector(SEG.CS));
    stack.push(bytes, returnRip);
    if (errorCode !== undefined) stack.push(bytes, errorCode);
    if (gate.gateOffset > code.limit) throw gp(external);

    // Nothing can fault from here on.
    const isInterruptGate = (gate.type & 1) === 0;
    state.eflags = oldFlags & ~(FLAG.TF | FLAG.NT | FLAG.RF | FLAG.VM | (isInterruptGate ? FLAG.IF : 0));
    if (v86) for (const segment of [SEG.GS, SEG.FS, SEG.DS, SEG.ES]) this.#descriptors.installNull(segment, 0);
    if (newStack) this.#descriptors.installStack(newStack.selector, newStack.descriptor);
    this.#far.enter(selector, code, cpl, gate.gateOffset);
    stack.commit();
  }

  /** INT n from virtual-8086 mode needs IOPL 3. (Without CR4.VME, which is not offered.) */
  checkVirtual8086(): void {
    if (this.#state.v86 && this.#state.iopl < 3) throw gp();
  }

  // --- returning -----------------------------------------------------------------------------------------------------------

  /** IRET, IRETD. `nextRip` is what a nested task's image gets. */
  return(width: number, nextRip: number): void {
    const state = this.#state;
    const bytes = (width / 8) as IoWidth;
    if (state.v86) {
      this.checkVirtual8086();
      this.#returnReal(bytes);
      return;
    }
    if (!state.protectedMode) {
      this.#returnReal(bytes);
      return;
    }
    if (state.eflags & FLAG.NT) {
      const link = this.#mmu.read(state.base(7), 2, false);
      this.#tasks.switchTo(this.#tasks.target(link, VECTOR.TS, 'iret'), 'iret', nextRip);
      return;
    }
    const stack = StackCursor.current(state, this.#mmu);
    const rip = stack.pop(bytes);
    const selector = stack.pop(bytes) & 0xffff;
    const image = stack.pop(bytes);
    if (bytes === 4 && image & FLAG.VM && state.cpl === 0) {
      this.#returnToV86(stack, rip, selector, image);
      return;
    }
    const code = this.#far.checkReturn(selector);
    const flags = this.mergeFlags(image, width, state.cpl);
    if ((selector & 3) === state.cpl) {
      this.#far.enter(selector, code, state.cpl, rip);
      stack.commit();
    } else {
      const pointer = stack.pop(bytes);
      const stackSelector = stack.pop(bytes) & 0xffff;
      this.#far.returnOuter(selector, code, rip, stackSelector, pointer, 0);
    }
    state.eflags = flags;
    this.#mmu.updateMode();
  }

  #returnReal(bytes: IoWidth): void {
    const state = this.#state;
    const stack = StackCursor.current(state, this.#mmu);
    const rip = stack.pop(bytes);
    const selector = stack.pop(bytes) & 0xffff;
    const image = stack.pop(bytes);
    const flags = this.mergeFlags(image, bytes * 8, state.v86 ? 3 : 0);
    this.#far.loadRealCode(selector, rip);
    stack.commit();
    state.eflags = flags;
    this.#mmu.updateMode();
  }

  #returnToV86(stack: StackCursor, rip: number, selector: number, image: number): void {
    const state = this.#state;
    const pointer = stack.pop(4);
    const [ss, es, ds, fs, gs] = Array.from({ length: 5 }, () => stack.pop(4) & 0xffff);
    state.eflags = (image & (WRITABLE | FLAG.VM)) | 2;
    state.set(CONTROL.cpl, 3);
    const selectors: [number, number][] = [[SEG.CS, selector], [SEG.SS, ss], [SEG.ES, es], [SEG.DS, ds], [SEG.FS, fs], [SEG.GS, gs]]; // prettier-ignore
    for (const [segment, value] of selectors) state.setSegment(segment, value, value << 4, 0xffff, 0xf3);
    state.setGpr(4, pointer);
    state.rip = rip & 0xffff;
    this.#mmu.updateMode();
  }

  /** The EFLAGS that POPF or IRET at privilege `cpl` leave, given the image they read. */
  mergeFlags(image: number, width: number, cpl: number): number {
    const state = this.#state;
    let writable = WRITABLE;
    if (width === 16) writable &= 0xffff;
    else writable |= FLAG.RF;
    if (cpl > 0) writable &= ~(FLAG.IOPL | FLAG.VIF | FLAG.VIP);
    if (cpl > state.iopl && state.protectedMode && !state.v86) writable &= ~FLAG.IF;
    writable &= ~FLAG.VM;
    return ((state.eflags & ~writable) | (image & writable) | 2) >>> 0;
  }
}
