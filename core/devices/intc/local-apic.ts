/**
 * Local APIC (xAPIC). Intel SDM volume 3A, chapter 11.
 *
 * Deviations: LINT0 is ExtINT from reset on and works while the APIC is software-disabled (virtual wire mode, which
 * firmware would set up); interrupts that are sent are accepted at once, so delivery status always reads idle.
 */
import type { Device, IoWidth, IrqLine, Mmio, ResetKind, Timer, TimerQueue } from '../../bus/index.ts';
import { bool, create, defineState, f64, resetState, u32, u32s, u8, type StateOf } from '../../state/index.ts';
import { DELIVERY, type ApicBus, type ApicTarget, type InterruptMessage } from './apic-bus.ts';
import { AlarmBeat } from './alarm-beat.ts';
import { apicDivisor, currentCount, nextExpiry, type ApicTimerRegisters } from './apic-timer.ts';
import { addVector, hasVector, highestVector, removeVector } from './vector-set.ts';

export const LOCAL_APIC_BASE = 0xfee00000;
export const LOCAL_APIC_SIZE = 0x1000;

/** Version 14h with six local vector table entries. */
const VERSION = 0x14 | (5 << 16);
const LVT_COUNT = 6;
const LVT = { TIMER: 0, THERMAL: 1, PERFORMANCE: 2, LINT0: 3, LINT1: 4, ERROR: 5 } as const;
const LVT_WRITABLE = [0x300ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff];
const LVT_MASKED = 0x10000;
const LVT_PERIODIC = 0x20000;
/** How late a tick may be for a guest that only waits: of eight at 250 Hz seven are slept through. */
const TICK_LATE_NS = 28e6;
const SVR_ENABLE = 0x100;
const BASE_ENABLE = 0x800;
const BASE_BSP = 0x100;
const ESR = { SEND_ILLEGAL_VECTOR: 0x20, RECEIVE_ILLEGAL_VECTOR: 0x40, ILLEGAL_REGISTER: 0x80 } as const;

/** Registers, by offset / 10h. */
const R = {
  ID: 0x02,
  VERSION: 0x03,
  TPR: 0x08,
  APR: 0x09,
  PPR: 0x0a,
  EOI: 0x0b,
  LDR: 0x0d,
  DFR: 0x0e,
  SVR: 0x0f,
  ISR: 0x10,
  TMR: 0x18,
  IRR: 0x20,
  ESR: 0x28,
  ICR_LOW: 0x30,
  ICR_HIGH: 0x31,
  LVT: 0x32,
  INITIAL_COUNT: 0x38,
  CURRENT_COUNT: 0x39,
  DIVIDE: 0x3e,
} as const;

export const LOCAL_APIC = defineState({
  name: 'local-apic',
  version: 1,
  fields: {
    base: u32({ reset: (LOCAL_APIC_BASE | BASE_ENABLE | BASE_BSP) >>> 0, doc: 'IA32_APIC_BASE, low half' }),
    apicId: u8(),
    tpr: u8({ doc: 'Task priority' }),
    ldr: u32({ doc: 'Logical destination' }),
    dfr: u32({ reset: 0xffffffff, doc: 'Destination format' }),
    svr: u32({ reset: 0xff, doc: 'Spurious interrupt vector, bit 8 enable' }),
    isr: u32s(8, { doc: 'In service' }),
    tmr: u32s(8, { doc: 'Trigger mode' }),
    irr: u32s(8, { doc: 'Requested' }),
    esr: u32({ doc: 'Error status as the last write latched it' }),
    errors: u32({ doc: 'Errors since' }),
    icrLow: u32(),
    icrHigh: u32(),
    lvt: u32s(LVT_COUNT, { reset: LVT_MASKED, doc: 'Timer, thermal, performance, LINT0, LINT1, error' }),
    initialCount: u32(),
    divide: u32(),
    timerStartNs: f64({ doc: 'When the timer began to count' }),
    lint0: bool({ doc: 'Level of LINT0: INTR of the 8259s' }),
    lint1: bool({ doc: 'Level of LINT1: NMI' }),
  },
});

/** What the APIC asks of its processor. */
export interface LocalApicCpu {
  /** `hasInterrupt` may have changed. */
  interruptChanged(): void;
  nmi(): void;
  init(): void;
  startup(vector: number): void;
  /** IA32_APIC_BASE was written: where the registers are decoded from now on. */
  baseChanged(base: number, enabled: boolean): void;
}

/** One range of LOCAL_APIC_SIZE bytes. */
export class LocalApic implements Device<typeof LOCAL_APIC>, Mmio, ApicTarget {
  readonly spec = LOCAL_APIC;
  readonly state: StateOf<typeof LOCAL_APIC> = create(LOCAL_APIC);
  readonly id: string;
  readonly #apicId: number;
  readonly #bus: ApicBus;
  readonly #timers: TimerQueue;
  readonly #timer: Timer;
  readonly #beat = new AlarmBeat();
  readonly #cpu: LocalApicCpu;
  readonly #acknowledgePic: () => number;
  /** Vector to deliver next, -1: none above the processor priority. Derived. */
  #pending = -1;

  readonly lint0: IrqLine = { set: (level) => this.#setLint(LVT.LINT0, level) };
  readonly lint1: IrqLine = { set: (level) => this.#setLint(LVT.LINT1, level) };

  /** `acknowledgePic`: the INTA cycle of the 8259s, whose INTR is wired to `lint0`. */
  constructor(
    id: string,
    apicId: number,
    bus: ApicBus,
    timers: TimerQueue,
    cpu: LocalApicCpu,
    acknowledgePic: () => number,
  ) {
    this.id = id;
    this.#apicId = apicId;
    this.#bus = bus;
    this.#timers = timers;
    this.#cpu = cpu;
    this.#acknowledgePic = acknowledgePic;
    this.#timer = timers.create(`${id}.timer`, (deadline) => this.#timerExpired(deadline));
    this.#initial('power');
    bus.attach(this);
  }

  #initial(kind: ResetKind): void {
    const { state } = this;
    const { lint0, lint1 } = state;
    resetState(LOCAL_APIC, state);
    state.apicId = this.#apicId;
    if (this.#apicId !== 0) state.base &= ~BASE_BSP;
    else state.lvt[LVT.LINT0] = DELIVERY.EXTINT << 8;
    if (kind === 'hard') Object.assign(state, { lint0, lint1 });
  }

  reset(kind: ResetKind): void {
    this.#initial(kind);
    this.postLoad();
  }

  /** INIT: as a reset, but for the ID and the base. */
  resetByInit(): void {
    const { apicId, base } = this.state;
    this.#initial('hard');
    Object.assign(this.state, { apicId, base });
    this.postLoad();
  }

  postLoad(): void {
    this.#armTimer();
    this.#cpu.baseChanged(this.baseAddr, this.enabled);
    this.#evaluate();
  }

  // ---- the processor's side

  get enabled(): boolean {
    return (this.state.base & BASE_ENABLE) !== 0;
  }
  get #softwareEnabled(): boolean {
    return this.enabled && (this.state.svr & SVR_ENABLE) !== 0;
  }
  get baseAddr(): number {
    return (this.state.base & 0xfffff000) >>> 0;
  }

  /** IA32_APIC_BASE, low half. */
  get apicBase(): number {
    return this.state.base;
  }
  set apicBase(value: number) {
    const { state } = this;
    state.base = ((value & (0xfffff000 | BASE_ENABLE)) | (state.base & BASE_BSP)) >>> 0;
    this.#cpu.baseChanged(this.baseAddr, this.enabled);
    this.#evaluate();
  }

  /** CR8: the task priority's class. */
  get cr8(): number {
    return this.state.tpr >> 4;
  }
  set cr8(value: number) {
    this.state.tpr = (value & 0x0f) << 4;
    this.#evaluate();
  }

  /** The 8259s' request passes to the processor: by LINT0 as ExtINT, or because the APIC is off. */
  get #picRequests(): boolean {
    const { state } = this;
    if (!state.lint0) return false;
    if (!this.enabled) return true;
    const entry = state.lvt[LVT.LINT0];
    return !(entry & LVT_MASKED) && ((entry >> 8) & 7) === DELIVERY.EXTINT;
  }

  get hasInterrupt(): boolean {
    return this.#pending >= 0 || this.#picRequests;
  }

  /** The processor takes an interrupt; one that went away in the meantime gives the spurious vector. */
  acknowledge(): number {
    const { state } = this;
    const vector = this.#pending;
    if (vector < 0) return this.#picRequests ? this.#acknowledgePic() : state.svr & 0xff;
    removeVector(state.irr, vector);
    addVector(state.isr, vector);
    this.#evaluate();
    return vector;
  }

  get #ppr(): number {
    const { tpr, isr } = this.state;
    const served = Math.max(0, highestVector(isr)) & 0xf0;
    return (tpr & 0xf0) >= served ? tpr : served;
  }

  #evaluate(): void {
    const requested = this.#softwareEnabled ? highestVector(this.state.irr) : -1;
    this.#pending = requested >= 0 && requested >> 4 > this.#ppr >> 4 ? requested : -1;
    this.#cpu.interruptChanged();
  }

  // ---- the bus's side

  get priority(): number {
    return this.#ppr;
  }

  matches(destination: number, logical: boolean): boolean {
    const { state } = this;
    if (!logical) return destination === 0xff || destination === state.apicId;
    const own = state.ldr >>> 24;
    if (state.dfr >>> 28 === 0xf) return (own & destination) !== 0;
    if (destination === 0xff) return true;
    return own >> 4 === destination >> 4 && (own & destination & 0x0f) !== 0;
  }

  accept(message: InterruptMessage): void {
    switch (message.mode) {
      case DELIVERY.FIXED:
      case DELIVERY.LOWEST_PRIORITY:
        this.#request(message.vector, message.levelTriggered);
        return;
      case DELIVERY.NMI:
        this.#cpu.nmi();
        return;
      case DELIVERY.INIT:
        this.#cpu.init();
        return;
      case DELIVERY.STARTUP:
        this.#cpu.startup(message.vector);
    }
  }

  #request(vector: number, levelTriggered: boolean): void {
    const { state } = this;
    if (!this.#softwareEnabled) return;
    if (vector < 16) return this.#error(ESR.RECEIVE_ILLEGAL_VECTOR);
    addVector(state.irr, vector);
    if (levelTriggered) addVector(state.tmr, vector);
    else removeVector(state.tmr, vector);
    this.#evaluate();
  }

  #error(bit: number): void {
    this.state.errors |= bit;
    const entry = this.state.lvt[LVT.ERROR];
    // An error of the error interrupt itself goes no further.
    if (!(entry & LVT_MASKED) && (entry & 0xff) >= 16) this.#request(entry & 0xff, false);
  }

  #setLint(index: number, level: boolean): void {
    const { state } = this;
    const before = index === LVT.LINT0 ? state.lint0 : state.lint1;
    if (index === LVT.LINT0) state.lint0 = level;
    else state.lint1 = level;
    if (level === before) return;
    const entry = state.lvt[index];
    const mode = (entry >> 8) & 7;
    if (level && !this.enabled && index === LVT.LINT1) this.#cpu.nmi();
    else if (level && this.enabled && !(entry & LVT_MASKED)) {
      if (mode === DELIVERY.NMI) this.#cpu.nmi();
      else if (mode === DELIVERY.FIXED) this.#request(entry & 0xff, false);
    }
    this.#cpu.interruptChanged();
  }

  // ---- registers

  mmioRead(_range: number, offset: number, width: IoWidth): number {
    const value = (offset & 0x0c) === 0 ? this.#read(offset >> 4) : 0;
    return ((value >>> ((offset & 3) * 8)) & (width === 4 ? -1 : width === 2 ? 0xffff : 0xff)) >>> 0;
  }

  /** Aligned double words alone, as the manual demands. */
  mmioWrite(_range: number, offset: number, width: IoWidth, value: number): void {
    if (width === 4 && (offset & 0x0f) === 0) this.#write(offset >> 4, value >>> 0);
  }

  #read(register: number): number {
    const { state } = this;
    switch (register) {
      case R.ID:
        return state.apicId << 24;
      case R.VERSION:
        return VERSION;
      case R.TPR:
        return state.tpr;
      case R.APR:
      case R.EOI:
        return 0;
      case R.PPR:
        return this.#ppr;
      case R.LDR:
        return state.ldr;
      case R.DFR:
        return state.dfr;
      case R.SVR:
        return state.svr;
      case R.ESR:
        return state.esr;
      case R.ICR_LOW:
        return state.icrLow;
      case R.ICR_HIGH:
        return state.icrHigh;
      case R.INITIAL_COUNT:
        return state.initialCount;
      case R.CURRENT_COUNT:
        return currentCount(this.#timerRegisters, this.#timers.nowNs);
      case R.DIVIDE:
        return state.divide;
    }
    if (register >= R.ISR && register < R.ISR + 8) return state.isr[register - R.ISR];
    if (register >= R.TMR && register < R.TMR + 8) return state.tmr[register - R.TMR];
    if (register >= R.IRR && register < R.IRR + 8) return state.irr[register - R.IRR];
    if (register >= R.LVT && register < R.LVT + LVT_COUNT) return state.lvt[register - R.LVT];
    this.#error(ESR.ILLEGAL_REGISTER);
    return 0;
  }

  #write(register: number, value: number): void {
    const { state } = this;
    switch (register) {
      case R.ID:
        state.apicId = value >>> 24;
        return;
      case R.TPR:
        state.tpr = value & 0xff;
        return this.#evaluate();
      case R.EOI:
        return this.#endOfInterrupt();
      case R.LDR:
        state.ldr = (value & 0xff000000) >>> 0;
        return;
      case R.DFR:
        state.dfr = (value | 0x0fffffff) >>> 0;
        return;
      case R.SVR:
        state.svr = value & 0x1ff;
        return this.#evaluate();
      case R.ESR:
        state.esr = state.errors;
        state.errors = 0;
        return;
      case R.ICR_LOW:
        state.icrLow = value & 0xccfff;
        return this.#sendIpi();
      case R.ICR_HIGH:
        state.icrHigh = (value & 0xff000000) >>> 0;
        return;
      case R.INITIAL_COUNT:
        state.initialCount = value;
        state.timerStartNs = this.#timers.nowNs;
        return this.#armTimer();
      case R.DIVIDE:
        return this.#setDivide(value & 0x0b);
      case R.VERSION:
      case R.APR:
      case R.PPR:
      case R.CURRENT_COUNT:
        return;
    }
    if (register >= R.LVT && register < R.LVT + LVT_COUNT) this.#writeLvt(register - R.LVT, value);
    else if (register < R.ISR || register >= R.IRR + 8) this.#error(ESR.ILLEGAL_REGISTER);
  }

  #endOfInterrupt(): void {
    const { state } = this;
    const vector = highestVector(state.isr);
    if (vector < 0) return;
    removeVector(state.isr, vector);
    if (hasVector(state.tmr, vector)) this.#bus.broadcastEoi(vector);
    this.#evaluate();
  }

  #sendIpi(): void {
    const { icrLow, icrHigh } = this.state;
    const mode = (icrLow >> 8) & 7;
    const levelTriggered = (icrLow & 0x8000) !== 0;
    // INIT level de-assert only set arbitration IDs, on processors that had them.
    if (mode === DELIVERY.INIT && levelTriggered && !(icrLow & 0x4000)) return;
    const vector = icrLow & 0xff;
    if ((mode === DELIVERY.FIXED || mode === DELIVERY.LOWEST_PRIORITY) && vector < 16)
      return this.#error(ESR.SEND_ILLEGAL_VECTOR);
    const logical = (icrLow & 0x800) !== 0;
    const message = { mode, vector, destination: icrHigh >>> 24, logical, levelTriggered: false };
    switch ((icrLow >> 18) & 3) {
      case 0:
        this.#bus.send(message);
        return;
      case 1:
        this.accept(message);
        return;
      case 2:
        this.#bus.sendToAll(message);
        return;
      case 3:
        this.#bus.sendToAll(message, this);
    }
  }

  #writeLvt(index: number, value: number): void {
    const { state } = this;
    if (index === LVT.TIMER) {
      const wasPeriodic = (state.lvt[index] & LVT_PERIODIC) !== 0;
      state.lvt[index] = value & LVT_WRITABLE[index];
      if (wasPeriodic !== ((value & LVT_PERIODIC) !== 0)) this.#armTimer();
    } else state.lvt[index] = value & LVT_WRITABLE[index];
    if (index === LVT.LINT0) this.#cpu.interruptChanged();
  }

  // ---- timer

  get #timerRegisters(): ApicTimerRegisters {
    const { initialCount, lvt, divide, timerStartNs } = this.state;
    const periodic = (lvt[LVT.TIMER] & LVT_PERIODIC) !== 0;
    return { initialCount, periodic, divisor: apicDivisor(divide), startNs: timerStartNs };
  }

  /** The count goes on from where it is, at the new pace. */
  #setDivide(value: number): void {
    const { state } = this;
    const { nowNs } = this.#timers;
    const elapsed = state.initialCount - currentCount(this.#timerRegisters, nowNs);
    const running = this.#timer.deadlineNs !== Infinity;
    state.divide = value;
    if (!running) return;
    state.timerStartNs = nowNs - elapsed * apicDivisor(value);
    this.#armTimer();
  }

  #armTimer(): void {
    const registers = this.#timerRegisters;
    const next = nextExpiry(registers, this.#timers.nowNs);
    if (next === Infinity) this.#timer.disarm();
    else this.#timer.arm(next, next, this.#latest(next, registers.periodic));
  }

  /**
   * Until when an alarm may be late for a guest that only waits. One that is set for each tick is set by who asks for the
   * time: it asks again. Those of a periodic timer are counted, and a sleep is to end when it should.
   */
  #latest(alarmNs: number, periodic: boolean): number {
    return !periodic && this.#beat.follow(alarmNs) ? alarmNs + TICK_LATE_NS : alarmNs;
  }

  #timerExpired(deadlineNs: number): void {
    const entry = this.state.lvt[LVT.TIMER];
    const next = nextExpiry(this.#timerRegisters, Math.max(deadlineNs, this.#timers.nowNs));
    if (next !== Infinity) this.#timer.arm(next);
    if (!(entry & LVT_MASKED)) this.#request(entry & 0xff, false);
  }
}
