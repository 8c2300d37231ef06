/**
 * High precision event timer: three comparators on a 64-bit counter of 100 MHz. IA-PC HPET Specification 1.0a.
 *
 * A comparator that is set to a value just passed fires at once, as in QEMU, rather than after the counter has gone all
 * the way round: a guest's clock may have been held up between its reading the counter and its writing.
 */
import type { Device, IoWidth, IrqLine, Mmio, ResetKind, Timer, TimerQueue } from '../../bus/index.ts';
import { bool, create, defineState, f64, records, resetState, u32, u64, u8, type StateOf } from '../../state/index.ts';

export const HPET_BASE = 0xfed00000;
export const HPET_SIZE = 0x400;
export const HPET_PERIOD_FS = 10_000_000;
const NS_PER_TICK = HPET_PERIOD_FS / 1e6;
const TIMER_COUNT = 3;

/** Revision 1, 64-bit counter, legacy replacement, vendor 8086h. */
export const HPET_ID = 0x8086a001 | ((TIMER_COUNT - 1) << 8);
const GENERAL_ENABLE = 1;
const GENERAL_LEGACY = 2;
const CONFIG = { LEVEL: 0x02, ENABLE: 0x04, PERIODIC: 0x08, VAL_SET: 0x40, MODE32: 0x100, ROUTE: 0x3e00 } as const;
const CONFIG_WRITABLE = CONFIG.LEVEL | CONFIG.ENABLE | CONFIG.PERIODIC | CONFIG.MODE32 | CONFIG.ROUTE;
/** Can be periodic, is 64 bits wide. */
const CONFIG_CAPABILITIES = 0x30;
/** I/O APIC inputs that a comparator can drive: 2, 8 and 16 to 23. */
const ROUTES = 0x00ff0104;

const MASK64 = (1n << 64n) - 1n;
const MASK32 = 0xffffffffn;
/** Alarms keep this distance, however short a period is. */
const MIN_ALARM_TICKS = 200n;

export const HPET = defineState({
  name: 'hpet',
  version: 1,
  fields: {
    config: u8({ doc: 'General configuration: bit 0 enable, bit 1 legacy replacement' }),
    status: u8({ doc: 'General interrupt status, level-triggered comparators' }),
    counter: u64({ doc: 'Main counter at `sinceNs`' }),
    sinceNs: f64({ doc: 'When `counter` was right, while enabled' }),
    timers: records(TIMER_COUNT, {
      config: u32({ doc: 'Writable bits of the configuration' }),
      setsValue: bool({ doc: 'VAL_SET: the next write of the comparator sets the value too' }),
      comparator: u64({ reset: MASK64 }),
      period: u64(),
      fsb: u64({ doc: 'FSB interrupt route, kept and not used' }),
      dueNs: f64({ reset: -1, doc: 'When the comparator matches, -1: never' }),
      line: bool({ doc: 'Level that it drives' }),
    }),
  },
});

export interface HpetOutputs {
  /** Request lines by I/O APIC input, 24 of them. */
  readonly gsis: readonly IrqLine[];
  /** Comparators 0 and 1 in legacy replacement: instead of IRQ0 and IRQ8. */
  readonly legacy: readonly [IrqLine, IrqLine];
  /** Legacy replacement was switched: while on, the board keeps the 8254 off IRQ0 and the RTC off IRQ8. */
  legacyChanged(enabled: boolean): void;
}

/** One range of HPET_SIZE bytes. */
export class Hpet implements Device<typeof HPET>, Mmio {
  readonly spec = HPET;
  readonly state: StateOf<typeof HPET> = create(HPET);
  readonly id: string;
  readonly #timers: TimerQueue;
  readonly #alarms: readonly Timer[];
  readonly #outputs: HpetOutputs;
  #legacy: boolean | undefined;

  constructor(id: string, timers: TimerQueue, outputs: HpetOutputs) {
    this.id = id;
    this.#timers = timers;
    this.#outputs = outputs;
    this.#alarms = this.state.timers.map((_, n) => timers.create(`${id}.${n}`, () => this.#match(n)));
  }

  reset(_kind: ResetKind): void {
    for (let n = 0; n < TIMER_COUNT; n++) this.#setLine(n, false);
    resetState(HPET, this.state);
    this.postLoad();
  }

  postLoad(): void {
    this.#legacy = undefined;
    this.#announceLegacy();
    this.state.timers.forEach((timer, n) => {
      if (timer.dueNs < 0) this.#alarms[n].disarm();
      else this.#alarms[n].arm(timer.dueNs);
      if (timer.line) this.#lineOf(n).set(true);
    });
  }

  // ---- counter

  get #running(): boolean {
    return (this.state.config & GENERAL_ENABLE) !== 0;
  }

  get #counter(): bigint {
    const { counter, sinceNs } = this.state;
    if (!this.#running) return counter;
    return (counter + BigInt(Math.max(0, Math.floor((this.#timers.nowNs - sinceNs) / NS_PER_TICK)))) & MASK64;
  }

  /** Holds the counter at `value` as of now. */
  #setCounter(value: bigint): void {
    this.state.counter = value & MASK64;
    this.state.sinceNs = this.#timers.nowNs;
  }

  // ---- comparators

  #arm(n: number): void {
    const timer = this.state.timers[n];
    const mask = timer.config & CONFIG.MODE32 ? MASK32 : MASK64;
    const now = this.#counter & mask;
    let distance = (timer.comparator - now) & mask;
    // More than half the range ahead is behind.
    if (distance > mask >> 1n) distance = 0n;
    const ticks = Number(distance);
    if (!this.#running || !(timer.config & CONFIG.ENABLE) || ticks > 2 ** 52) this.#disarm(n);
    else {
      timer.dueNs = this.#timers.nowNs + Math.max(1, ticks) * NS_PER_TICK;
      this.#alarms[n].arm(timer.dueNs);
    }
  }

  #disarm(n: number): void {
    this.state.timers[n].dueNs = -1;
    this.#alarms[n].disarm();
  }

  #match(n: number): void {
    const timer = this.state.timers[n];
    timer.dueNs = -1;
    this.#raise(n);
    if (!(timer.config & CONFIG.PERIODIC) || timer.period === 0n) return;
    const mask = timer.config & CONFIG.MODE32 ? MASK32 : MASK64;
    const behind = (this.#counter - timer.comparator) & mask;
    const step = (behind > mask >> 1n ? 0n : behind) + (timer.period < MIN_ALARM_TICKS ? MIN_ALARM_TICKS : 0n);
    timer.comparator = (timer.comparator + (step / timer.period + 1n) * timer.period) & mask;
    this.#arm(n);
  }

  #raise(n: number): void {
    const timer = this.state.timers[n];
    if (!(timer.config & CONFIG.ENABLE)) return;
    if (timer.config & CONFIG.LEVEL) this.state.status |= 1 << n;
    // An 8259 forgets an edge whose line falls before it is served: the line stays up until the next.
    else this.#setLine(n, false);
    this.#setLine(n, true);
  }

  #lineOf(n: number): IrqLine {
    if (n < 2 && this.state.config & GENERAL_LEGACY) return this.#outputs.legacy[n];
    return this.#outputs.gsis[(this.state.timers[n].config & CONFIG.ROUTE) >> 9] ?? this.#outputs.gsis[2];
  }

  #setLine(n: number, level: boolean): void {
    const timer = this.state.timers[n];
    if (timer.line === level) return;
    timer.line = level;
    const wire = this.#lineOf(n);
    // Comparators may share an input.
    wire.set(this.state.timers.some((other, i) => other.line && this.#lineOf(i) === wire));
  }

  #announceLegacy(): void {
    const legacy = (this.state.config & GENERAL_LEGACY) !== 0;
    if (legacy === this.#legacy) return;
    this.#legacy = legacy;
    this.#outputs.legacyChanged(legacy);
  }

  // ---- registers

  mmioRead(_range: number, offset: number, width: IoWidth): number {
    const register = this.#read(offset & ~7);
    const value = Number((register >> BigInt((offset & 7) * 8)) & MASK32);
    return width === 4 ? value : value & (width === 2 ? 0xffff : 0xff);
  }

  #read(at: number): bigint {
    const { state } = this;
    switch (at) {
      case 0x00:
        return (BigInt(HPET_PERIOD_FS) << 32n) | BigInt(HPET_ID >>> 0);
      case 0x10:
        return BigInt(state.config);
      case 0x20:
        return BigInt(state.status);
      case 0xf0:
        return this.#counter;
    }
    const timer = state.timers[(at - 0x100) >> 5];
    if (at < 0x100 || !timer) return 0n;
    switch (at & 0x1f) {
      case 0x00:
        return (BigInt(ROUTES) << 32n) | BigInt(timer.config | CONFIG_CAPABILITIES);
      case 0x08:
        return timer.comparator;
      case 0x10:
        return timer.fsb;
    }
    return 0n;
  }

  /** Double words; narrower writes are undefined and do nothing here. */
  mmioWrite(_range: number, offset: number, width: IoWidth, value: number): void {
    if (width !== 4 || offset & 3) return;
    const high = (offset & 4) !== 0;
    switch (offset & ~7) {
      case 0x10:
        if (!high) this.#writeGeneral(value);
        return;
      case 0x20:
        if (!high) this.#clearStatus(value);
        return;
      case 0xf0:
        this.#setCounter(half(this.#counter, high, value));
        for (let n = 0; n < TIMER_COUNT; n++) this.#arm(n);
        return;
    }
    const n = (offset - 0x100) >> 5;
    if (offset < 0x100 || n >= TIMER_COUNT) return;
    const timer = this.state.timers[n];
    switch (offset & 0x18) {
      case 0x00:
        if (!high) this.#writeConfig(n, value);
        return;
      case 0x08:
        this.#writeComparator(n, high, value);
        return;
      case 0x10:
        timer.fsb = half(timer.fsb, high, value);
    }
  }

  #writeGeneral(value: number): void {
    const now = this.#counter;
    for (let n = 0; n < 2; n++) this.#setLine(n, false);
    this.state.config = value & (GENERAL_ENABLE | GENERAL_LEGACY);
    this.#setCounter(now);
    this.#announceLegacy();
    for (let n = 0; n < TIMER_COUNT; n++) this.#arm(n);
  }

  #clearStatus(value: number): void {
    for (let n = 0; n < TIMER_COUNT; n++) {
      if (!(value & this.state.status & (1 << n))) continue;
      this.state.status &= ~(1 << n);
      this.#setLine(n, false);
    }
  }

  #writeConfig(n: number, value: number): void {
    const timer = this.state.timers[n];
    this.#setLine(n, false);
    let config = value & CONFIG_WRITABLE;
    if (!(ROUTES & (1 << ((config & CONFIG.ROUTE) >> 9))))
      config = (config & ~CONFIG.ROUTE) | (timer.config & CONFIG.ROUTE);
    timer.config = config;
    timer.setsValue = (value & CONFIG.VAL_SET) !== 0 && (config & CONFIG.PERIODIC) !== 0;
    if (config & CONFIG.MODE32) {
      timer.comparator &= MASK32;
      timer.period &= MASK32;
    }
    // A level comparator that had matched still does.
    if (config & CONFIG.LEVEL && config & CONFIG.ENABLE && this.state.status & (1 << n)) this.#setLine(n, true);
    this.#arm(n);
  }

  #writeComparator(n: number, high: boolean, value: number): void {
    const timer = this.state.timers[n];
    if (high && timer.config & CONFIG.MODE32) return;
    const periodic = (timer.config & CONFIG.PERIODIC) !== 0;
    if (!periodic || timer.setsValue) timer.comparator = half(timer.comparator, high, value);
    if (timer.config & CONFIG.MODE32) timer.comparator &= MASK32;
    if (periodic) timer.period = half(timer.period, high, value);
    timer.setsValue = false;
    this.#arm(n);
  }
}

function half(old: bigint, high: boolean, value: number): bigint {
  const part = BigInt(value >>> 0);
  return high ? (old & MASK32) | (part << 32n) : (old & ~MASK32 & MASK64) | part;
}
