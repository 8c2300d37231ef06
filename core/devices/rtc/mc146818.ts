/**
 * MC146818 real-time clock and CMOS memory. Motorola MC146818 (1984); port 70h bit 7 masks NMI: IBM PC/AT Technical
 * Reference; second bank at ports 72h/73h: Intel 82371SB (PIIX3).
 *
 * Deviations: no daylight saving switch (B.DSE is kept and does nothing, as in PIIX); the update itself is instant, and
 * UIP announces it 244 us ahead; time bases other than 32768 Hz stop nothing and change nothing.
 */
import type { WallClock } from '../../backends/index.ts';
import type { Device, IoWidth, IrqLine, PortIo, ResetKind, Timer, TimerQueue } from '../../bus/index.ts';
import { bool, bytes, create, defineState, f64, resetState, u8, type StateOf } from '../../state/index.ts';
import { advanceTime, alarmWithin, REG, weekday, writeTime } from './civil-time.ts';

export const MC146818 = defineState({
  name: 'mc146818',
  version: 1,
  fields: {
    cmos: bytes(128, { doc: 'Time, registers A-D and battery-backed memory' }),
    extended: bytes(128, { doc: 'Second bank of battery-backed memory' }),
    index: u8({ doc: 'Address written to port 70h' }),
    extendedIndex: u8({ doc: 'Address written to port 72h' }),
    nmiMasked: bool({ doc: 'Port 70h bit 7' }),
    nextUpdateNs: f64({ doc: 'Instant of the next update cycle' }),
    dividerNs: f64({ doc: 'Instant at which the divider chain was zero' }),
    periods: f64({ doc: 'Periodic events since then that are folded into register C' }),
  },
});

const A_UIP = 0x80;
const A_RATE = 0x0f;
const A_DIVIDER = 0x70;
const A_DIVIDER_RESET = 0x60;
/** Divider at 32768 Hz, periodic rate 1024 Hz: as every PC's firmware sets it. */
const A_DEFAULT = 0x26;
const B_SET = 0x80;
const B_PIE = 0x40;
const B_AIE = 0x20;
const B_UIE = 0x10;
const B_SQWE = 0x08;
const B_24H = 0x02;
const C_IRQF = 0x80;
const C_PF = 0x40;
const C_AF = 0x20;
const C_UF = 0x10;
const D_VRT = 0x80;

const SECOND_NS = 1e9;
/** From UIP to the update: 8 cycles of 32768 Hz. */
const UIP_NS = 244_140;
/** 32768 Hz / 10^9 in lowest terms: 64 cycles in 1953125 ns. */
const CYCLES = 64;
const SPAN_NS = 1_953_125;
/** After 104 days a sum may round below the instant it stands for; this is enough to get past it for 36 years. */
const ROUNDING_NS = 512;

export const MC146818_RANGE = { STANDARD: 0, EXTENDED: 1 } as const;

/** Ranges: STANDARD two ports (70h), EXTENDED two ports (72h). */
export class Mc146818Rtc implements Device<typeof MC146818>, PortIo {
  readonly spec = MC146818;
  readonly state: StateOf<typeof MC146818> = create(MC146818);
  readonly id: string;
  readonly #timers: TimerQueue;
  readonly #wallClock: WallClock;
  readonly #irq8: IrqLine;
  readonly #alarm: Timer;

  constructor(id: string, timers: TimerQueue, wallClock: WallClock, irq8: IrqLine) {
    this.id = id;
    this.#timers = timers;
    this.#wallClock = wallClock;
    this.#irq8 = irq8;
    this.#alarm = timers.create(`${id}.event`, () => this.#refresh());
  }

  /** The battery keeps memory, time and rates over both kinds; at power-on the host tells what time it has become. */
  reset(kind: ResetKind): void {
    const { state } = this;
    if (kind === 'power') {
      const kept = { cmos: state.cmos.slice(), extended: state.extended.slice() };
      resetState(MC146818, state);
      state.cmos.set(kept.cmos);
      state.extended.set(kept.extended);
      state.cmos[REG.A] = A_DEFAULT;
      state.cmos[REG.B] = B_24H;
      state.cmos[REG.D] = D_VRT;
      this.#setFromWallClock();
    } else {
      this.#sync();
      state.index = 0;
      state.extendedIndex = 0;
      state.nmiMasked = false;
    }
    state.cmos[REG.B] &= ~(B_PIE | B_AIE | B_UIE | B_SQWE);
    state.cmos[REG.C] = 0;
    this.#drive();
  }

  postLoad(): void {
    this.state.index &= 0x7f;
    this.state.extendedIndex &= 0x7f;
    this.#drive();
  }

  /** What the board leaves in battery-backed memory before power-on: memory size, floppy types, boot order. */
  setCmos(index: number, value: number): void {
    this.state.cmos[index & 0x7f] = value;
  }

  /** The byte at `index` as a program would read it, without the side effect of register C. */
  getCmos(index: number): number {
    this.#sync();
    return this.#peek(index & 0x7f);
  }

  get nmiMasked(): boolean {
    return this.state.nmiMasked;
  }

  ioRead(range: number, offset: number, _width: IoWidth): number {
    if (!(offset & 1)) return 0xff;
    const { state } = this;
    if (range === MC146818_RANGE.EXTENDED) return state.extended[state.extendedIndex];
    this.#sync();
    const value = this.#peek(state.index);
    if (state.index === REG.C) state.cmos[REG.C] = 0;
    this.#drive();
    return value;
  }

  ioWrite(range: number, offset: number, _width: IoWidth, value: number): void {
    const { state } = this;
    const byte = value & 0xff;
    if (range === MC146818_RANGE.EXTENDED) {
      if (offset & 1) state.extended[state.extendedIndex] = byte;
      else state.extendedIndex = byte & 0x7f;
    } else if (offset & 1) this.#writeRegister(state.index, byte);
    else {
      state.index = byte & 0x7f;
      state.nmiMasked = (byte & 0x80) !== 0;
    }
  }

  #setFromWallClock(): void {
    const { state } = this;
    const nowMs = this.#wallClock.nowMs;
    const seconds = Math.floor(nowMs / 1000);
    writeTime(state.cmos, seconds);
    state.cmos[REG.DAY_OF_WEEK] = weekday(seconds);
    const now = this.#timers.nowNs;
    state.nextUpdateNs = now + SECOND_NS - Math.floor((nowMs - seconds * 1000) * 1e6);
    state.dividerNs = now;
    state.periods = 0;
  }

  get #dividerRuns(): boolean {
    return (this.state.cmos[REG.A] & A_DIVIDER_RESET) !== A_DIVIDER_RESET;
  }

  #peek(index: number): number {
    const { cmos, nextUpdateNs } = this.state;
    const value = cmos[index];
    if (index === REG.C) return value & cmos[REG.B] & (C_PF | C_AF | C_UF) ? value | C_IRQF : value;
    if (index !== REG.A) return value;
    const updating = this.#dividerRuns && !(cmos[REG.B] & B_SET) && nextUpdateNs - this.#timers.nowNs <= UIP_NS;
    return updating ? value | A_UIP : value;
  }

  #writeRegister(index: number, byte: number): void {
    const { cmos } = this.state;
    this.#sync();
    switch (index) {
      case REG.A:
        this.#writeA(byte);
        break;
      case REG.B:
        // SET aborts the update and with it the update-ended interrupt.
        cmos[REG.B] = byte & B_SET ? byte & ~B_UIE : byte;
        break;
      case REG.C:
      case REG.D:
        break;
      default:
        cmos[index] = byte;
    }
    this.#drive();
  }

  #writeA(byte: number): void {
    const { state } = this;
    const ran = this.#dividerRuns;
    const rate = state.cmos[REG.A] & A_RATE;
    state.cmos[REG.A] = byte & (A_DIVIDER | A_RATE);
    if (!ran && this.#dividerRuns) {
      // The first update comes half a second after the divider chain is let go.
      state.dividerNs = this.#timers.nowNs;
      state.nextUpdateNs = state.dividerNs + SECOND_NS / 2;
      state.periods = 0;
    } else if (rate !== (byte & A_RATE)) state.periods = this.#periodsAt(this.#timers.nowNs);
  }

  /** Length of a period in cycles of 32768 Hz; 0 when the periodic event is off. */
  get #periodCycles(): number {
    const rate = this.state.cmos[REG.A] & A_RATE;
    if (rate === 0) return 0;
    // The two fastest taps do not exist at 32768 Hz: they repeat 256 Hz and 128 Hz.
    return 1 << (rate < 3 ? rate + 6 : rate - 1);
  }

  #periodsAt(nowNs: number): number {
    const cycles = this.#periodCycles;
    if (cycles === 0) return 0;
    const elapsed = nowNs - this.state.dividerNs;
    const spans = Math.floor(elapsed / SPAN_NS);
    return Math.floor((spans * CYCLES + Math.floor(((elapsed - spans * SPAN_NS) * CYCLES) / SPAN_NS)) / cycles);
  }

  #periodNs(period: number): number {
    const cycle = period * this.#periodCycles;
    const spans = Math.floor(cycle / CYCLES);
    const ns = this.state.dividerNs + spans * SPAN_NS + Math.ceil(((cycle - spans * CYCLES) * SPAN_NS) / CYCLES);
    return this.#periodsAt(ns) < period ? ns + ROUNDING_NS : ns;
  }

  /** Folds the time that has passed into the time bytes and register C. */
  #sync(): void {
    const { state } = this;
    if (!this.#dividerRuns) return;
    const now = this.#timers.nowNs;
    if (now >= state.nextUpdateNs) {
      const updates = Math.floor((now - state.nextUpdateNs) / SECOND_NS) + 1;
      state.nextUpdateNs += updates * SECOND_NS;
      if (!(state.cmos[REG.B] & B_SET)) {
        if (alarmWithin(state.cmos, updates)) state.cmos[REG.C] |= C_AF;
        advanceTime(state.cmos, updates);
        state.cmos[REG.C] |= C_UF;
      }
    }
    const periods = this.#periodsAt(now);
    if (periods > state.periods) state.cmos[REG.C] |= C_PF;
    state.periods = periods;
  }

  #refresh(): void {
    this.#sync();
    this.#drive();
  }

  /** IRQ8 follows the enabled flags; the alarm waits for the next event that could set another one. */
  #drive(): void {
    const { cmos, nextUpdateNs, periods } = this.state;
    const enabled = cmos[REG.B];
    const flags = cmos[REG.C];
    this.#irq8.set((enabled & flags & (C_PF | C_AF | C_UF)) !== 0);
    const awaited = this.#dividerRuns ? enabled & ~flags : 0;
    let deadlineNs = Infinity;
    if (awaited & B_PIE && this.#periodCycles > 0) deadlineNs = this.#periodNs(periods + 1);
    if (awaited & (B_AIE | B_UIE) && !(enabled & B_SET)) deadlineNs = Math.min(deadlineNs, nextUpdateNs);
    if (deadlineNs === Infinity) this.#alarm.disarm();
    else if (deadlineNs !== this.#alarm.deadlineNs) this.#alarm.arm(deadlineNs);
  }
}
