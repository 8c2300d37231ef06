import { SEG } from '../isa/index.ts';
import { CodeFinder } from './code-finder.ts';
import type { CpuConnections, CpuStop, ExceptionListener } from './connections.ts';
import { CpuCounters, type CpuStats } from './counters.ts';
import { DR6_BITS, DebugRegisters } from './debug.ts';
import { Descriptors } from './descriptors.ts';
import { CpuFault, VECTOR } from './fault.ts';
import { FarTransfers } from './far.ts';
import { HELPERS, type HelperName, type HelperTable } from './helpers.ts';
import { FLAG } from './insn/flags.ts';
import { BlockCache } from './interp/blocks.ts';
import { SLOW } from './interp/memory-builder.ts';
import { HandlerTable } from './interp/handlers.ts';
import { RUNTIME_HANDLER } from './interp/emit.ts';
import type { TypeScriptImports } from './interp/runtime.ts';
import { HOT, Regions } from './jit/regions.ts';
import { CompilingWorth } from './jit/worth.ts';
import { Interrupts, type InterruptSource } from './interrupts.ts';
import { CONTROL, EXIT, FAULT, INTERRUPTS, NMI, R, RECORD_BYTES, S, SHADOW, WALK } from './layout.ts';
import { CPU_MODELS, hasInstructions, type CpuModel } from './models.ts';
import { Mmu } from './mmu.ts';
import { CpuState } from './state.ts';
import { sseHelpers } from './sse-helpers.ts';
import { systemHelpers } from './system.ts';
import { Tasks } from './tasks.ts';
import { x87Helpers } from './x87-helpers.ts';
import { X87Images } from './x87-image.ts';
import { X87Fpu } from './x87.ts';

const HALTED = 1;
const SHUTDOWN = 2;
/** Faults that combine to a double fault, SDM volume 3, table 6-5. */
const CONTRIBUTORY: readonly number[] = [VECTOR.DE, VECTOR.TS, VECTOR.NP, VECTOR.SS, VECTOR.GP];
/** The TSC counts nanoseconds. */
const TSC_HZ = 1e9;
/** Some microseconds of a repeated string instruction; the same in every engine, so that runs repeat. */
const REPEAT_SLICE = 4096;

/**
 * The processor: tier 0 and everything around it. Devices and the board see run, the interrupt line, reset and the
 * state; never how instructions are executed.
 */
export class Cpu {
  readonly state: CpuState;
  readonly mmu: Mmu;
  readonly interrupts: Interrupts;
  readonly blocks: BlockCache;
  readonly regions: Regions;
  readonly fpu: X87Fpu;
  readonly debug: DebugRegisters;
  readonly #counters = new CpuCounters();
  readonly #c: CpuConnections;
  readonly #model: CpuModel;
  readonly #handlers: HandlerTable;
  readonly #finder: CodeFinder;
  readonly #helpers: readonly HelperTable[keyof HelperTable][];
  readonly #unimplemented = new Map<string, number>();
  /** Fault raised by a call from generated code, delivered once that code has returned. */
  #fault: CpuFault | undefined;
  #running = false;
  /** Budget that a kick took away so that the next block header returns. */
  #stolen = 0;
  /** Record that a kick turned into YIELD, and the handler it had. */
  #patched: { record: number; handler: number } | undefined;
  #kicked = false;
  /** What lies at physical addresses changed, all of it: decoded code is forgotten before the next instruction. */
  #remapped = false;
  #budgetStart = 0;
  #retiredBefore = 0;
  #onException: ExceptionListener | undefined;

  constructor(connections: CpuConnections) {
    this.#c = connections;
    const { memory } = connections;
    const model = (this.#model = connections.model ?? CPU_MODELS.default);
    this.state = new CpuState(memory.bytes.buffer);
    this.mmu = new Mmu(this.state, memory, (linear, access) => this.#handlers.walkPage(linear, access));
    this.debug = new DebugRegisters(this.state, {
      onCodeArmed: () => {
        this.mmu.watchCode(this.debug.watchesCode ? this.debug : undefined);
        this.kick();
      },
      onDataArmed: () => this.mmu.watch(this.debug.watchesData ? this.debug : undefined),
      onElementsArmed: () => this.#setRepeatSlice(),
      onHit: () => this.kick(),
    });
    const descriptors = new Descriptors(this.state, this.mmu);
    const tasks = new Tasks(this.state, this.mmu, descriptors, this.debug);
    const far = new FarTransfers(this.state, this.mmu, descriptors, tasks);
    this.interrupts = new Interrupts({
      state: this.state,
      mmu: this.mmu,
      descriptors,
      tasks,
      far,
      debug: this.debug,
      model,
      enterGate: (vector, rip, eflags, errorCode, hasError) =>
        this.#handlers.enterGate(vector, rip, eflags, errorCode, hasError),
    });
    this.fpu = new X87Fpu(this.state, connections);
    const system = systemHelpers({
      state: this.state,
      mmu: this.mmu,
      ...{ descriptors, tasks, far },
      interrupts: this.interrupts,
      counters: this.#counters,
      debug: this.debug,
      model,
      frequencies: { tscHz: TSC_HZ, busHz: connections.busHz ?? TSC_HZ },
      io: connections.io,
      localApic: connections.localApic,
      timeStamp: connections.timeStamp,
      kick: () => this.kick(),
    });
    const fpu = x87Helpers(this.state, this.fpu, new X87Images(this.state, this.mmu, this.fpu));
    const table: HelperTable = {
      ...system,
      ...fpu,
      ...sseHelpers(this.state, this.mmu, () => fpu.x87Blocked(0, 0, 0)),
    };
    this.#helpers = HELPERS.map((name) => table[name]);
    const calls: TypeScriptImports = {
      readMiss: (record, budget, address, info) => this.#readMiss(record, budget, address, info),
      writeMiss: (record, budget, address, info, value) => this.#writeMiss(record, budget, address, info, value),
      helper: (record, budget, id, a, b, c) => this.#helper(record, budget, id, a, b, c),
    };
    this.#handlers = new HandlerTable(connections.linearMemory, calls, connections.commonHandlers);
    // Forced, a block is compiled before it runs for the first time.
    const heat = connections.jit === 'force' ? 1 : connections.jit === 'auto' ? HOT : 0;
    this.blocks = new BlockCache(memory, this.#handlers, connections.codeMap, heat, {
      onNewCodePage: (page) => this.mmu.guardCode(page),
      onNoCodePage: (page) => this.mmu.releaseCode(page),
      onForget: (record) => this.#codeForgotten(record),
      exists: (row) => hasInstructions(model, row.feature),
      onUnimplemented: (mnemonic) => this.#noteUnimplemented(mnemonic),
    });
    this.regions = new Regions(this.#handlers, memory.view, connections);
    this.#finder = new CodeFinder({
      cpu: this,
      counters: this.#counters,
      view: memory.view,
      jit: connections.jit ?? 'off',
      worth: new CompilingWorth(this, connections.hostNowNs),
    });
    memory.codeWritten = (physAddr, length) => this.blocks.codeWritten(physAddr, length);
    this.reset();
  }

  /** Told of every exception and interrupt, for tests and traces; all of them are delivered by TypeScript then. */
  get onException(): ExceptionListener | undefined {
    return this.#onException;
  }
  set onException(told: ExceptionListener | undefined) {
    this.#onException = told;
    this.#c.memory.view.setUint32(INTERRUPTS.watched, told ? 1 : 0, true);
  }

  reset(): void {
    this.state.reset(this.#model.signature);
    this.debug.update();
    this.#setRepeatSlice();
    this.mmu.flush();
  }

  /** With a data or I/O breakpoint armed, repeated instructions come back after each element. */
  #setRepeatSlice(): void {
    this.state.set(S.repeatSlice, this.debug.watchesElements ? 1 : (this.#c.repeatSlice ?? REPEAT_SLICE));
  }

  /** Flags in one form whichever instructions made them, so that equal machines have equal images. */
  preSave(): void {
    const { eflags } = this.state;
    this.state.eflags = eflags;
    if (!this.#inShadow) {
      this.state.set(S.shadowActive, 0);
      this.state.set(S.shadowRip, 0);
    }
  }

  /** After the firmware changed registers between two instructions. */
  afterFirmware(): void {
    this.mmu.updateMode();
  }

  /** What is loaded has the memory that is there: decoded and compiled code is right, and stays. */
  keepsCode = false;

  /** Rebuilds what derives from the state after it was loaded. */
  afterLoad(): void {
    for (let index = 0; index < 8; index++) this.state.updateChecks(index);
    this.debug.update();
    this.#remapped ||= !this.keepsCode;
    this.mmu.flush();
  }

  // --- what the board drives -----------------------------------------------------------------------------------------------

  /** The INTR pin. */
  setInterrupt(level: boolean): void {
    this.state.set(S.intrPending, level ? 1 : 0);
    if (level && this.state.interruptsEnabled) this.kick();
  }

  /** An edge of the NMI pin. */
  nmi(): void {
    this.state.set(CONTROL.nmi, this.state.get(CONTROL.nmi) | NMI.PENDING);
    if (this.state.nmiDue) this.kick();
  }

  setA20(enabled: boolean): void {
    const mask = enabled ? 0xffff_ffff : 0xffef_ffff;
    if (mask === this.mmu.a20Mask) return;
    this.mmu.a20Mask = mask;
    this.mmu.flush();
    this.kick();
  }

  /** The board maps physical addresses to other memory from now on. */
  remapped(): void {
    this.mmu.flush();
    this.#remapped = true;
    this.kick();
  }

  /** Makes `run` come back before the next instruction. */
  kick(): void {
    this.#kicked = true;
    if (!this.#running || this.#stolen !== 0) return;
    const { state } = this;
    state.set(S.pause, 1);
    const budget = state.signed(S.budget);
    this.#stolen = budget + 1;
    state.set(S.budget, -1);
    const next = state.get(S.record) + RECORD_BYTES;
    const { view } = this.#c.memory;
    const handler = view.getUint32(next + R.handler, true);
    this.#patched = { record: next, handler };
    view.setUint32(next + R.handler, RUNTIME_HANDLER.YIELD, true);
  }

  get halted(): boolean {
    return this.state.get(CONTROL.halted) === HALTED;
  }
  get isShutdown(): boolean {
    return this.state.get(CONTROL.halted) === SHUTDOWN;
  }

  /**
   * Instructions executed since construction; exact also while a device is called. A faulting one counts, as does
   * taking an interrupt: time passes for a guest that does nothing else, and it cannot keep the host inside `run`.
   */
  get retired(): number {
    if (!this.#running) return this.#retiredBefore;
    const remaining = this.#c.memory.view.getUint16(this.state.get(S.record) + R.remaining, true);
    return this.#retiredBefore + this.#budgetStart - (this.state.signed(S.budget) + this.#stolen) - remaining;
  }

  get unimplemented(): ReadonlyMap<string, number> {
    return this.#unimplemented;
  }

  /** How often code called into TypeScript for these. */
  helperCalls(names: readonly HelperName[]): number {
    return names.reduce((sum, name) => sum + this.#counters.helpers[HELPERS.indexOf(name)], 0);
  }

  stats(): CpuStats {
    const { blocks, regions, mmu } = this;
    return this.#counters.report({
      pageFaults: this.#c.memory.view.getUint32(INTERRUPTS.pageFaults, true),
      instructions: this.retired,
      code: {
        decodedInstructions: blocks.decodedInstructions,
        builtBlocks: blocks.builtBlocks,
        forgottenBlocks: blocks.invalidatedBlocks,
        flushes: blocks.flushes,
        handlers: this.#handlers.count,
        compiledRegions: regions.compiled,
        forgottenRegions: regions.forgotten,
        compileMs: Math.round(regions.pauses.totalNs / 1e6),
      },
      pauses: regions.pauses.report(),
      memory: { ...mmu.counts },
      forms: this.#handlers.formsUsed,
      blocks: () => blocks.executed(),
    });
  }

  /**
   * Runs at most `count` instructions (below 2^30). The result says why it came back; `count` minus what was retired
   * is never exceeded.
   */
  run(count: number): CpuStop {
    let left = count;
    this.#kicked = false;
    if (this.#remapped) {
      this.#remapped = false;
      this.blocks.flush();
      this.regions.flush();
    }
    // The board may have moved rip since the last exit.
    this.state.set(S.exitLink, 0);
    while (left > 0) {
      this.regions.poll();
      if (this.isShutdown) return 'shutdown';
      if (this.#takeDebugTrap() || this.#takeNmi() || this.#takeInterrupt()) {
        this.#retiredBefore++;
        left--;
        continue;
      }
      if (this.halted) return 'halted';
      left -= this.#execute(left);
      if (this.#kicked) {
        this.#kicked = false;
        return 'kicked';
      }
    }
    return 'budget';
  }

  #takeNmi(): boolean {
    const { state } = this;
    if (!state.nmiDue || this.#inShadow) return false;
    if (this.halted) state.set(CONTROL.halted, 0);
    state.set(CONTROL.nmi, NMI.BLOCKED);
    this.#deliver(VECTOR.NMI, 'external');
    return true;
  }

  /** Delivers a pending interrupt if it may be taken now. */
  #takeInterrupt(): boolean {
    const { state } = this;
    if (!state.get(S.intrPending) || !state.interruptsEnabled || this.#inShadow) return false;
    if (this.halted) state.set(CONTROL.halted, 0);
    this.#deliver(this.#c.acknowledge(), 'external');
    return true;
  }

  /** Delivers what data and I/O breakpoints met in the instruction before. */
  #takeDebugTrap(): boolean {
    if (this.debug.pending === 0 || this.#inStackShadow) return false;
    this.#debugException(this.debug.pending);
    return true;
  }

  #debugException(bits: number): void {
    this.debug.pending = 0;
    this.debug.report(bits);
    if (this.halted) this.state.set(CONTROL.halted, 0);
    this.#deliver(VECTOR.DB, 'trap');
  }

  /** Between STI, MOV SS, POP SS and the instruction after it. */
  get #inShadow(): boolean {
    return this.state.get(S.shadowActive) !== SHADOW.NONE && this.state.get(S.shadowRip) === this.state.rip;
  }
  /** Between MOV SS or POP SS and the instruction after it. */
  get #inStackShadow(): boolean {
    return this.state.get(S.shadowActive) === SHADOW.STACK && this.state.get(S.shadowRip) === this.state.rip;
  }

  /**
   * Looks at instruction breakpoints before the instruction at rip. `stopped`: one was met, its exception is delivered;
   * `single`: the instruction must run alone, since its neighbours are looked at too.
   */
  #lookAtCode(): 'stopped' | 'single' | 'free' {
    const { state, debug } = this;
    const linear = (state.base(SEG.CS) + state.rip) >>> 0;
    const flags = state.get(S.eflags);
    const resumed = (flags & FLAG.RF) !== 0;
    if (!resumed && !this.#inStackShadow) {
      const bits = debug.instructionAt(linear);
      if (bits !== 0) {
        this.#debugException(bits);
        this.#retiredBefore++;
        return 'stopped';
      }
    }
    state.set(S.eflags, flags & ~FLAG.RF);
    return resumed || debug.armsCode(linear) ? 'single' : 'free';
  }

  /** Enters generated code once; returns the instructions retired. */
  #execute(left: number): number {
    const { state } = this;
    const code = this.debug.watchesCode ? this.#lookAtCode() : 'free';
    if (code === 'stopped') return 1;
    const trap = (state.get(S.eflags) & FLAG.TF) !== 0;
    const pendingSoon = (state.get(S.intrPending) !== 0 || state.nmiDue || this.debug.pending !== 0) && this.#inShadow;
    const single = trap || pendingSoon || left === 1 || code === 'single';
    const budget = single ? 1 : left;
    let record: number;
    try {
      record = this.#finder.resolve(single);
    } catch (fault) {
      if (!(fault instanceof CpuFault)) throw fault;
      this.#deliver(fault.vector, 'exception', fault.errorCode);
      this.#retiredBefore++;
      return 1;
    }
    if (single) return this.#enterSingle(record, trap);
    const retired = this.#enter(record, budget);
    if (retired === 0 && state.get(S.exitReason) === EXIT.BUDGET && !this.#kicked && left > 0)
      // The next block is longer than the budget: the rest goes instruction by instruction, so that a run ends exactly.
      return this.#executeSingles(left);
    return retired;
  }

  #executeSingles(left: number): number {
    let retired = 0;
    while (retired < left && !this.#kicked && !this.halted && !this.isShutdown) {
      const one = this.#execute(1);
      if (one === 0) break;
      retired += one;
    }
    return retired;
  }

  #enterSingle(record: number, trap: boolean): number {
    const { state } = this;
    const rip = state.rip;
    // Jumps must not find their target: one instruction, then back.
    state.set(S.jumpKey, 0);
    if (trap) state.set(S.repeatSlice, 1);
    const deliveredBefore = this.interrupts.delivered;
    const retired = this.#enter(record, 1);
    if (trap) this.#setRepeatSlice();
    this.mmu.updateMode();
    if (state.get(S.shadowActive) && state.get(S.shadowRip) === rip) state.set(S.shadowActive, SHADOW.NONE);
    if (this.interrupts.delivered !== deliveredBefore || this.isShutdown) return retired;
    // An instruction breakpoint is looked at before the first element alone.
    if (this.debug.watchesCode && state.get(S.exitReason) === EXIT.REPEAT)
      state.set(S.eflags, state.get(S.eflags) | FLAG.RF);
    // A trap after the instruction; not after one that faulted or was an INT, nor after the one that loaded SS.
    if (trap && !this.#inStackShadow) this.#debugException(this.debug.pending | DR6_BITS.BS);
    return retired;
  }

  #enter(record: number, budget: number): number {
    const { state } = this;
    this.#budgetStart = budget;
    this.#stolen = 0;
    state.set(S.budget, budget);
    state.set(S.pause, 0);
    this.#running = true;
    try {
      this.#handlers.enter(record, budget);
    } finally {
      this.#running = false;
      this.#unpatch();
    }
    this.#counters.entries++;
    this.#counters.exits[state.get(S.exitReason)]++;
    state.set(S.budget, state.signed(S.budget) + this.#stolen);
    this.#stolen = 0;
    const fault = this.#takeFault();
    if (fault) {
      // Those after the faulting instruction in its block did not run.
      const { view } = this.#c.memory;
      const at = state.get(S.record);
      state.set(S.budget, state.signed(S.budget) + view.getUint16(at + R.remaining, true) - 1);
      if (!fault.inNewTask) state.rip = (state.get(S.ipBase) + view.getUint16(at + R.ipOffset, true)) >>> 0;
    }
    const retired = budget - state.signed(S.budget);
    this.#retiredBefore += retired;
    if (fault) {
      this.debug.pending = 0;
      // The T bit of a task traps before the task's first instruction.
      const isTrap = fault.vector === VECTOR.DB && fault.inNewTask;
      this.#deliver(fault.vector, isTrap ? 'trap' : 'exception', fault.errorCode);
    }
    return retired;
  }

  /** What the handler returned for, when that was a fault. */
  #takeFault(): CpuFault | undefined {
    const { state } = this;
    const kind = state.get(S.fault);
    if (kind === FAULT.NONE) return undefined;
    state.set(S.fault, FAULT.NONE);
    const fault = kind === FAULT.PAGE ? new CpuFault(VECTOR.PF, state.get(WALK.error)) : this.#fault;
    this.#fault = undefined;
    return fault;
  }

  #unpatch(): void {
    if (!this.#patched) return;
    const { record, handler } = this.#patched;
    const { view } = this.#c.memory;
    // Unless the block was forgotten meanwhile.
    if (view.getUint32(record + R.handler, true) === RUNTIME_HANDLER.YIELD)
      view.setUint32(record + R.handler, handler, true);
    this.#patched = undefined;
  }

  #codeForgotten(record: number): void {
    this.regions.forget(record);
    if (this.#running) this.state.set(S.pause, 1);
  }

  // --- exceptions and interrupts -----------------------------------------------------------------------------------------------

  /** Delivers, turning faults on the way into double and triple ones. SDM volume 3, 6.15. */
  #deliver(vector: number, source: InterruptSource, errorCode?: number): void {
    const { state } = this;
    let current = { vector, source, errorCode };
    state.set(S.exitLink, 0);
    for (;;) {
      this.#counters.count(current.vector, current.source);
      this.#onException?.(current.vector, current.source, current.errorCode);
      try {
        this.interrupts.deliver(current.vector, current.source, state.rip, current.errorCode);
        return;
      } catch (fault) {
        if (!(fault instanceof CpuFault)) throw fault;
        if (current.vector === VECTOR.DF && current.source === 'exception') {
          state.set(CONTROL.halted, SHUTDOWN);
          this.#c.log(`processor shutdown: exception ${fault.vector} while delivering a double fault`);
          return;
        }
        const first = current.source === 'exception' ? current.vector : -1;
        const second = fault.vector;
        const double =
          (CONTRIBUTORY.includes(first) && CONTRIBUTORY.includes(second)) ||
          (first === VECTOR.PF && (second === VECTOR.PF || CONTRIBUTORY.includes(second)));
        current = double
          ? { vector: VECTOR.DF, source: 'exception', errorCode: state.protectedMode ? 0 : undefined }
          : { vector: fault.vector, source: 'exception', errorCode: fault.errorCode };
      }
    }
  }

  #noteUnimplemented(mnemonic: string): void {
    const count = this.#unimplemented.get(mnemonic) ?? 0;
    this.#unimplemented.set(mnemonic, count + 1);
    if (count === 0) this.#c.log(`unimplemented instruction ${mnemonic}`);
  }

  // --- calls from generated code -------------------------------------------------------------------------------------------------

  #raise(fault: unknown): void {
    if (!(fault instanceof CpuFault)) throw fault;
    this.#fault = fault;
    this.state.set(S.fault, FAULT.RAISED);
    this.state.set(S.exitReason, EXIT.FAULT);
    this.state.set(S.exitLink, 0);
  }

  #readMiss(record: number, budget: number, address: number, info: number): number {
    const { state } = this;
    state.set(S.record, record);
    state.set(S.budget, budget);
    this.#counters.slowReads++;
    try {
      return this.mmu.slowRead(
        (info >> SLOW.SEGMENT_SHIFT) & 7,
        address >>> 0,
        info & SLOW.BYTES,
        (info & SLOW.WRITE) !== 0,
        (info & SLOW.ALIGNED) !== 0,
      );
    } catch (fault) {
      this.#raise(fault);
      return 0;
    }
  }

  #writeMiss(record: number, budget: number, address: number, info: number, value: number): void {
    const { state } = this;
    state.set(S.record, record);
    state.set(S.budget, budget);
    this.#counters.slowWrites++;
    try {
      this.mmu.slowWrite(
        (info >> SLOW.SEGMENT_SHIFT) & 7,
        address >>> 0,
        info & SLOW.BYTES,
        value,
        (info & SLOW.ALIGNED) !== 0,
      );
    } catch (fault) {
      this.#raise(fault);
    }
  }

  #helper(record: number, budget: number, id: number, a: number, b: number, c: number): number {
    const { state } = this;
    state.set(S.record, record);
    state.set(S.budget, budget);
    this.#counters.helpers[id]++;
    try {
      return (this.#helpers[id](a, b, c) as number) | 0;
    } catch (fault) {
      this.#raise(fault);
      return 0;
    }
  }
}
