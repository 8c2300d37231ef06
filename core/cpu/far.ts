import { SEG } from '../isa/index.ts';
import type { IoWidth } from '../bus/index.ts';
import { type Descriptor, type Descriptors, SYSTEM_TYPE, isNull } from './descriptors.ts';
import { CpuFault, VECTOR, gp, selectorError } from './fault.ts';
import type { Mmu } from './mmu.ts';
import { StackCursor } from './stack.ts';
import { ATTR, type CpuState } from './state.ts';
import type { Tasks } from './tasks.ts';

/** Real-mode code segments are writable data to the fast paths. */
const REAL_CODE = ATTR.P | ATTR.S | ATTR.RW | ATTR.ACCESSED;

/** Far jumps, calls and returns: segments, gates, privilege. SDM volume 2, JMP, CALL, RET; volume 3, 5.8. */
export class FarTransfers {
  readonly #state: CpuState;
  readonly #mmu: Mmu;
  readonly #descriptors: Descriptors;
  readonly #tasks: Tasks;

  constructor(state: CpuState, mmu: Mmu, descriptors: Descriptors, tasks: Tasks) {
    this.#state = state;
    this.#mmu = mmu;
    this.#descriptors = descriptors;
    this.#tasks = tasks;
  }

  /** Real or virtual-8086 mode. */
  loadRealCode(selector: number, rip: number): void {
    const state = this.#state;
    if (rip > state.limit(SEG.CS)) throw gp();
    state.setRealSegment(SEG.CS, selector);
    if (!state.protectedMode && (state.attributes(SEG.CS) & 0xff) !== REAL_CODE) {
      const kept = state.attributes(SEG.CS) & ~0xff;
      state.setSegment(SEG.CS, selector, (selector << 4) & 0xfffff, state.limit(SEG.CS), kept | REAL_CODE);
    }
    state.rip = rip;
    this.#mmu.updateMode();
  }

  jump(selector: number, offset: number): void {
    const state = this.#state;
    if (!state.usesDescriptors) {
      this.loadRealCode(selector, offset);
      return;
    }
    const nextRip = state.rip;
    const descriptor = this.#readTarget(selector);
    if (descriptor.isCode) {
      this.#checkCode(selector, descriptor);
      this.#enter(selector, descriptor, state.cpl, offset);
      return;
    }
    const gate = this.#callGateOf(selector, descriptor, 'jump', nextRip);
    if (!gate) return;
    const code = this.#gateTarget(gate);
    const { cpl } = state;
    if (code.isConforming ? code.dpl > cpl : code.dpl !== cpl) throw gp(selectorError(gate.gateSelector));
    this.#checkPresent(gate.gateSelector, code);
    this.#enter(gate.gateSelector, code, cpl, gate.gateOffset);
  }

  call(selector: number, offset: number, width: number): void {
    const state = this.#state;
    const bytes = (width / 8) as IoWidth;
    const nextRip = state.rip;
    if (!state.usesDescriptors) {
      const stack = StackCursor.current(state, this.#mmu);
      if (offset > state.limit(SEG.CS)) throw gp();
      stack.push(bytes, state.selector(SEG.CS));
      stack.push(bytes, nextRip);
      this.loadRealCode(selector, offset);
      stack.commit();
      return;
    }
    const descriptor = this.#readTarget(selector);
    if (descriptor.isCode) {
      this.#checkCode(selector, descriptor);
      this.#callSameLevel(selector, descriptor, offset, bytes, nextRip);
      return;
    }
    const gate = this.#callGateOf(selector, descriptor, 'call', nextRip);
    if (gate) this.#callGate(gate, nextRip);
  }

  /** What a far transfer finds where no code segment is: a task is switched to, a call gate is for the caller. */
  #callGateOf(
    selector: number,
    descriptor: Descriptor,
    kind: 'jump' | 'call',
    nextRip: number,
  ): Descriptor | undefined {
    if (!descriptor.isSystem) throw gp(selectorError(selector));
    switch (descriptor.type) {
      case SYSTEM_TYPE.TSS16:
      case SYSTEM_TYPE.TSS32:
        this.#checkGateLevel(selector, descriptor);
        this.#tasks.switchTo(this.#tasks.target(selector, VECTOR.GP, kind), kind, nextRip);
        return undefined;
      case SYSTEM_TYPE.TASK_GATE:
        this.#checkGate(selector, descriptor);
        this.#tasks.switchTo(this.#tasks.target(descriptor.gateSelector, VECTOR.GP, kind), kind, nextRip);
        return undefined;
      case SYSTEM_TYPE.CALL_GATE16:
      case SYSTEM_TYPE.CALL_GATE32:
        this.#checkGate(selector, descriptor);
        return descriptor;
      default:
        throw gp(selectorError(selector));
    }
  }

  #readTarget(selector: number): Descriptor {
    if (isNull(selector)) throw gp();
    return this.#descriptors.read(selector);
  }

  #checkPresent(selector: number, descriptor: Descriptor): void {
    if (!descriptor.present) throw new CpuFault(VECTOR.NP, selectorError(selector));
  }

  /** Direct transfer to a code segment: no change of privilege. */
  #checkCode(selector: number, descriptor: Descriptor): void {
    const { cpl } = this.#state;
    const allowed = descriptor.isConforming ? descriptor.dpl <= cpl : descriptor.dpl === cpl && (selector & 3) <= cpl;
    if (!allowed) throw gp(selectorError(selector));
    this.#checkPresent(selector, descriptor);
  }

  #checkGateLevel(selector: number, gate: Descriptor): void {
    if (gate.dpl < this.#state.cpl || gate.dpl < (selector & 3)) throw gp(selectorError(selector));
  }

  #checkGate(selector: number, gate: Descriptor): void {
    this.#checkGateLevel(selector, gate);
    this.#checkPresent(selector, gate);
  }

  #gateTarget(gate: Descriptor): Descriptor {
    const selector = gate.gateSelector;
    if (isNull(selector)) throw gp();
    const code = this.#descriptors.read(selector);
    if (!code.isCode || code.dpl > this.#state.cpl) throw gp(selectorError(selector));
    return code;
  }

  #enter(selector: number, descriptor: Descriptor, cpl: number, rip: number): void {
    if (rip > descriptor.limit) throw gp();
    this.#descriptors.installCode(selector, descriptor, cpl);
    this.#state.rip = rip;
    this.#mmu.updateMode();
  }

  #callSameLevel(selector: number, descriptor: Descriptor, rip: number, bytes: IoWidth, nextRip: number): void {
    const state = this.#state;
    const stack = StackCursor.current(state, this.#mmu);
    stack.push(bytes, state.selector(SEG.CS));
    stack.push(bytes, nextRip);
    this.#enter(selector, descriptor, state.cpl, rip);
    stack.commit();
  }

  #callGate(gate: Descriptor, nextRip: number): void {
    const state = this.#state;
    const selector = gate.gateSelector;
    const code = this.#gateTarget(gate);
    this.#checkPresent(selector, code);
    const bytes: IoWidth = gate.type & 8 ? 4 : 2;
    if (code.isConforming || code.dpl === state.cpl) {
      this.#callSameLevel(selector, code, gate.gateOffset, bytes, nextRip);
      return;
    }
    const level = code.dpl;
    const inner = this.#tasks.innerStack(level);
    const stackDescriptor = this.#descriptors.checkStack(inner.selector, level, VECTOR.TS);
    const stack = StackCursor.inner(state, this.#mmu, stackDescriptor, inner.pointer, level);
    const old = StackCursor.current(state, this.#mmu);
    const count = gate.gateParameters;
    stack.push(bytes, state.selector(SEG.SS));
    stack.push(bytes, old.pointer);
    for (let i = count - 1; i >= 0; i--) stack.push(bytes, old.peek(i * bytes, bytes));
    stack.push(bytes, state.selector(SEG.CS));
    stack.push(bytes, nextRip);
    if (gate.gateOffset > code.limit) throw gp();
    this.#descriptors.installStack(inner.selector, stackDescriptor);
    this.#enter(selector, code, level, gate.gateOffset);
    stack.commit();
  }

  /** RETF, `release` bytes of parameters dropped on each stack. */
  return(release: number, width: number): void {
    const state = this.#state;
    const bytes = (width / 8) as IoWidth;
    const stack = StackCursor.current(state, this.#mmu);
    const rip = stack.pop(bytes);
    const selector = stack.pop(bytes) & 0xffff;
    if (!state.usesDescriptors) {
      stack.skip(release);
      this.loadRealCode(selector, rip);
      stack.commit();
      return;
    }
    const code = this.checkReturn(selector);
    const cpl = selector & 3;
    if (cpl === state.cpl) {
      stack.skip(release);
      this.#enter(selector, code, cpl, rip);
      stack.commit();
      return;
    }
    stack.skip(release);
    const pointer = stack.pop(bytes);
    const stackSelector = stack.pop(bytes) & 0xffff;
    this.returnOuter(selector, code, rip, stackSelector, pointer, release);
  }

  /** The code segment that a far return or IRET goes back to. */
  checkReturn(selector: number): Descriptor {
    const { cpl } = this.#state;
    const refuse = (): CpuFault => gp(selectorError(selector));
    if (isNull(selector)) throw gp();
    const code = this.#descriptors.read(selector);
    const rpl = selector & 3;
    if (!code.isCode || rpl < cpl) throw refuse();
    if (code.isConforming ? code.dpl > rpl : code.dpl !== rpl) throw refuse();
    this.#checkPresent(selector, code);
    return code;
  }

  /** To a less privileged level: loads both segments, and takes away data segments it may not see. */
  returnOuter(
    selector: number,
    code: Descriptor,
    rip: number,
    stackSelector: number,
    pointer: number,
    release: number,
  ): void {
    const state = this.#state;
    const cpl = selector & 3;
    const stackDescriptor = this.#descriptors.checkStack(stackSelector, cpl);
    if (rip > code.limit) throw gp();
    this.#enter(selector, code, cpl, rip);
    this.#descriptors.installStack(stackSelector, stackDescriptor);
    if (state.stack32) state.setGpr(4, (pointer + release) >>> 0);
    else state.setGpr16(4, pointer + release);
    for (const segment of [SEG.ES, SEG.DS, SEG.FS, SEG.GS]) {
      const attributes = state.attributes(segment);
      const conforming = (attributes & (ATTR.CODE | ATTR.EC)) === (ATTR.CODE | ATTR.EC);
      if (!conforming && ((attributes >> ATTR.DPL_SHIFT) & 3) < cpl && attributes & ATTR.S)
        this.#descriptors.installNull(segment, 0);
    }
    this.#mmu.updateMode();
  }

  /** Enters code at a (possibly more privileged) level: interrupts. */
  enter(selector: number, descriptor: Descriptor, cpl: number, rip: number): void {
    this.#enter(selector, descriptor, cpl, rip);
  }
}
