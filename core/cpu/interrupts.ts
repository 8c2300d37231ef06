import { SEG } from '../isa/index.ts';
import type { IoWidth } from '../bus/index.ts';
import type { DebugRegisters } from './debug.ts';
import { Descriptor, type Descriptors, SYSTEM_TYPE, isNull } from './descriptors.ts';
import { CpuFault, VECTOR, gp, selectorError } from './fault.ts';
import type { FarTransfers } from './far.ts';
import { FLAG, IRET_WRITABLE } from './insn/flags.ts';
import type { EnterGate } from './interp/handlers.ts';
import { CONTROL, NMI } from './layout.ts';
import type { CpuModel } from './models.ts';
import type { Mmu } from './mmu.ts';
import { StackCursor } from './stack.ts';
import type { CpuState } from './state.ts';
import type { Tasks } from './tasks.ts';
import { VirtualInterrupts } from './virtual-interrupts.ts';

/**
 * How an interrupt came: by INT n, by a pin, as an exception (whose instruction runs again afterwards), or as a debug
 * exception after an instruction or before one with a breakpoint.
 */
export type InterruptSource = 'software' | 'external' | 'exception' | 'trap';

export interface InterruptParts {
  readonly state: CpuState;
  readonly mmu: Mmu;
  readonly descriptors: Descriptors;
  readonly tasks: Tasks;
  readonly far: FarTransfers;
  readonly debug: DebugRegisters;
  readonly model: CpuModel;
  readonly enterGate: EnterGate;
}

/** Aborts: nobody returns to their instruction. */
const ESP = 4;
const ABORTS: readonly number[] = [VECTOR.DF, VECTOR.MC];

/** RF in the pushed flags: the instruction runs again without its breakpoint. */
const resumeFlag = (vector: number, source: InterruptSource): number =>
  source === 'exception' && !ABORTS.includes(vector) ? FLAG.RF : 0;

/** Interrupt and exception delivery, and IRET. SDM volume 3, chapter 6; volume 2, INT and IRET. */
export class Interrupts {
  readonly #state: CpuState;
  readonly #mmu: Mmu;
  readonly #descriptors: Descriptors;
  readonly #tasks: Tasks;
  readonly #far: FarTransfers;
  readonly #debug: DebugRegisters;
  readonly #enterGate: EnterGate;
  readonly virtual: VirtualInterrupts;
  /** EFLAGS bits that IRET and POPF may change at all. */
  readonly #writable: number;
  /** Interrupts and exceptions delivered so far. */
  delivered = 0;

  constructor(parts: InterruptParts) {
    this.#state = parts.state;
    this.#mmu = parts.mmu;
    this.#descriptors = parts.descriptors;
    this.#tasks = parts.tasks;
    this.#far = parts.far;
    this.#debug = parts.debug;
    this.#enterGate = parts.enterGate;
    this.#writable = parts.model.features.has('cpuid') ? IRET_WRITABLE : IRET_WRITABLE & ~FLAG.ID;
    this.virtual = new VirtualInterrupts(parts.state, parts.tasks);
  }

  /** `returnRip` is pushed. Throws CpuFault when delivery itself faults; nothing has changed then. */
  deliver(vector: number, source: InterruptSource, returnRip: number, errorCode?: number): void {
    if (this.#state.protectedMode) {
      if (!this.#enterFlat(vector, source, returnRip, errorCode))
        this.#deliverProtected(vector, source, returnRip, errorCode);
    } else this.#deliverReal(vector, returnRip);
    if (vector === VECTOR.DB && source !== 'software') this.#debug.exceptionEntered();
    this.delivered++;
  }

  /** INT n of virtual-8086 mode, when the program's own handler takes it. Throws CpuFault. */
  deliverInside(vector: number, returnRip: number): void {
    const state = this.#state;
    const rip = this.#mmu.read(vector * 4, 2, true);
    const selector = this.#mmu.read(vector * 4 + 2, 2, true);
    const stack = StackCursor.current(state, this.#mmu);
    stack.push(2, this.virtual.pushedFlags(state.eflags) & 0xffff);
    stack.push(2, state.selector(SEG.CS));
    stack.push(2, returnRip & 0xffff);
    state.eflags = this.virtual.enteredFlags(state.eflags);
    this.#far.loadRealCode(selector, rip);
    stack.commit();
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

  /** The everyday case in generated code; false: not that. */
  #enterFlat(vector: number, source: InterruptSource, returnRip: number, errorCode?: number): boolean {
    if (source === 'software') return false;
    const state = this.#state;
    const flags = (state.eflags | resumeFlag(vector, source)) >>> 0;
    const pointer = this.#enterGate(vector, returnRip, flags, errorCode ?? 0, errorCode === undefined ? 0 : 1);
    if (pointer === 0) return false;
    state.setGpr(ESP, pointer);
    return true;
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
    const resume = resumeFlag(vector, source);
    if (gate.type === SYSTEM_TYPE.TASK_GATE) {
      const tss = this.#tasks.target(gate.gateSelector, VECTOR.GP, 'call');
      this.#tasks.switchTo(tss, 'call', returnRip, errorCode, resume);
      return;
    }
    this.#throughGate(gate, external, resume, returnRip, errorCode);
  }

  #throughGate(gate: Descriptor, external: number, resume: number, returnRip: number, errorCode?: number): void {
    const state = this.#state;
    const selector = gate.gateSelector;
    const error = selectorError(selector) | external;
    if (isNull(selector)) throw gp(external);
    const code = this.#descriptors.tryRead(selector);
    if (!code || !code.isCode || code.dpl > state.cpl) throw gp(error);
    if (!code.present) throw new CpuFault(VECTOR.NP, error);
    const bytes: IoWidth = gate.type & 8 ? 4 : 2;
    const { v86 } = state;
    const oldFlags = (state.eflags | resume) >>> 0;
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

  // --- returning -----------------------------------------------------------------------------------------------------------

  /** IRET, IRETD. `nextRip` is what a nested task's image gets. */
  return(width: number, nextRip: number): void {
    const state = this.#state;
    state.set(CONTROL.nmi, state.get(CONTROL.nmi) & ~NMI.BLOCKED); // even when it faults: SDM volume 3, section 6.7.1
    const bytes = (width / 8) as IoWidth;
    if (state.v86) {
      if (this.virtual.virtualizesFlags(width)) this.#returnVirtual();
      else this.#returnReal(bytes);
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

  /** IRET with VIF in place of IF. */
  #returnVirtual(): void {
    const state = this.#state;
    const stack = StackCursor.current(state, this.#mmu);
    const rip = stack.pop(2);
    const selector = stack.pop(2);
    const flags = this.virtual.merge(stack.pop(2));
    this.#far.loadRealCode(selector, rip);
    stack.commit();
    state.eflags = flags;
    this.#mmu.updateMode();
  }

  #returnToV86(stack: StackCursor, rip: number, selector: number, image: number): void {
    const state = this.#state;
    const pointer = stack.pop(4);
    const [ss, es, ds, fs, gs] = Array.from({ length: 5 }, () => stack.pop(4) & 0xffff);
    state.eflags = (image & ((this.#writable & ~this.#droppedResume) | FLAG.VM)) | 2;
    state.set(CONTROL.cpl, 3);
    const selectors: [number, number][] = [[SEG.CS, selector], [SEG.SS, ss], [SEG.ES, es], [SEG.DS, ds], [SEG.FS, fs], [SEG.GS, gs]]; // prettier-ignore
    for (const [segment, value] of selectors) state.setSegment(segment, value, value << 4, 0xffff, 0xf3);
    state.setGpr(4, pointer);
    state.rip = rip & 0xffff;
    this.#mmu.updateMode();
  }

  /** RF is kept only while an instruction breakpoint could tell. */
  get #droppedResume(): number {
    return this.#debug.watchesCode ? 0 : FLAG.RF;
  }

  /** The EFLAGS that POPF or IRET at privilege `cpl` leave, given the image they read. */
  mergeFlags(image: number, width: number, cpl: number): number {
    const state = this.#state;
    let writable = this.#writable;
    if (width === 16) writable &= 0xffff;
    else writable |= FLAG.RF;
    if (cpl > 0) writable &= ~(FLAG.IOPL | FLAG.VIF | FLAG.VIP);
    if (cpl > state.iopl && state.protectedMode && !state.v86) writable &= ~FLAG.IF;
    writable &= ~(FLAG.VM | this.#droppedResume);
    return ((state.eflags & ~writable & ~FLAG.RF) | (image & writable) | 2) >>> 0;
  }
}
