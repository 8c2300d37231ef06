/**
 * 8254 programmable interval timer. Intel 231164; wiring: IBM PC/AT Technical Reference, "System timers".
 *
 * Counter 0's OUT drives IRQ0, counter 2's GATE and OUT belong to port 61h; the GATEs of counters 0 and 1 are high.
 */
import type { Device, IoWidth, IrqLine, PortIo, ResetKind, Timer, TimerQueue } from '../../bus/index.ts';
import { bool, create, defineState, f64, records, resetState, type StateOf } from '../../state/index.ts';
import {
  changeGate,
  COUNTER_FIELDS,
  elementAt,
  nextOutEdge,
  outAt,
  syncCounter,
  toGuest,
  writeControl,
  writeCount,
  type Counter,
} from './i8254-counter.ts';
import { PIT_HZ, pitTickAt, pitTickNs } from './pit-clock.ts';

export const I8254 = defineState({
  name: 'i8254',
  version: 1,
  fields: {
    counters: records(3, COUNTER_FIELDS),
    gate2: bool({ doc: 'GATE of counter 2' }),
    seenTick: f64({ doc: 'Tick up to which edges of OUT0 were driven' }),
  },
});

const READ_BACK = 3;
const READ_BACK_NO_COUNT = 0x20;
const READ_BACK_NO_STATUS = 0x10;
const STATUS_OUT = 0x80;
const STATUS_NULL_COUNT = 0x40;
const SPEAKER = 2;

/** One range of four ports, 40h on a PC: counters 0 to 2 and the control word. */
export class I8254Pit implements Device<typeof I8254>, PortIo {
  readonly spec = I8254;
  readonly state: StateOf<typeof I8254> = create(I8254);
  readonly id: string;
  readonly #timers: TimerQueue;
  readonly #irq0: IrqLine;
  readonly #alarm: Timer;

  constructor(id: string, timers: TimerQueue, irq0: IrqLine) {
    this.id = id;
    this.#timers = timers;
    this.#irq0 = irq0;
    this.#alarm = timers.create(`${id}.out0`, () => this.#followOut0());
  }

  reset(_kind: ResetKind): void {
    resetState(I8254, this.state);
    this.#irq0.set(false);
    this.#alarm.disarm();
  }

  postLoad(): void {
    // Every count a counter can hold is 1 to 65536 (16665 in decades): anything else would make its arithmetic void.
    for (const c of this.state.counters) {
      if (c.countRegister < 1 || c.countRegister > 0x10000) c.countRegister = 0x10000;
      if (c.initial < 1 || c.initial > 0x10000) c.element = 'empty';
      if (c.mode > 5) c.mode = 0;
    }
    this.#irq0.set(outAt(this.state.counters[0], this.state.seenTick));
    this.#arm();
  }

  /** GATE of counter 2. */
  setGate2(level: boolean): void {
    if (level === this.state.gate2) return;
    const tick = this.#now();
    const counter = this.#synced(SPEAKER, tick);
    this.state.gate2 = level;
    changeGate(counter, tick, level);
  }

  /** OUT of counter 2. */
  get out2(): boolean {
    const tick = this.#now();
    return outAt(this.#synced(SPEAKER, tick), tick);
  }

  /** Frequency that OUT2 oscillates at, in Hz; 0 when it stands still. */
  get frequency2Hz(): number {
    const c = this.#synced(SPEAKER, this.#now());
    const oscillates = c.element === 'running' && (c.mode === 2 || c.mode === 3) && c.initial > 1;
    return oscillates ? PIT_HZ / c.initial : 0;
  }

  ioRead(_range: number, offset: number, _width: IoWidth): number {
    const index = offset & 3;
    if (index === 3) return 0xff;
    const tick = this.#now();
    const c = this.#synced(index, tick);
    if (c.statusLatched) {
      c.statusLatched = false;
      return c.status;
    }
    const latched = c.latchedBytes > 0;
    const word = latched ? c.latch : toGuest(c, elementAt(c, tick));
    if (latched) c.latchedBytes--;
    const high = c.access === 3 ? c.readHigh : c.access === 2;
    if (c.access === 3) c.readHigh = !c.readHigh;
    return high ? (word >> 8) & 0xff : word & 0xff;
  }

  ioWrite(_range: number, offset: number, _width: IoWidth, value: number): void {
    const byte = value & 0xff;
    const index = offset & 3;
    const tick = this.#now();
    if (index === 3) {
      this.#control(tick, byte);
      return;
    }
    writeCount(this.#synced(index, tick), tick, byte);
    if (index === 0) this.#followOut0();
  }

  #now(): number {
    return pitTickAt(this.#timers.nowNs);
  }

  #gate(index: number): boolean {
    return index !== SPEAKER || this.state.gate2;
  }

  #synced(index: number, tick: number): Counter {
    const counter = this.state.counters[index];
    if (index === 0) this.#followOut0();
    else syncCounter(counter, tick, this.#gate(index));
    return counter;
  }

  #control(tick: number, control: number): void {
    const select = control >> 6;
    if (select === READ_BACK) {
      for (let index = 0; index < 3; index++) {
        if (!(control & (2 << index))) continue;
        const c = this.#synced(index, tick);
        if (!(control & READ_BACK_NO_COUNT)) latchCount(c, tick);
        if (!(control & READ_BACK_NO_STATUS)) latchStatus(c, tick);
      }
      return;
    }
    const c = this.#synced(select, tick);
    if ((control & 0x30) === 0) latchCount(c, tick);
    else {
      writeControl(c, tick, control);
      if (select === 0) this.#followOut0();
    }
  }

  /**
   * Drives every edge of OUT0 up to now onto IRQ0. Pulses that fell between two looks (the host was late) become one:
   * the interrupt controller could not have counted them either.
   */
  #followOut0(): void {
    const { state } = this;
    const c = state.counters[0];
    const now = this.#now();
    let rose = false;
    for (;;) {
      const segmentEnd = c.loadTick >= 0 && c.loadTick <= now ? c.loadTick : now;
      rose ||= risesWithin(c, state.seenTick, segmentEnd);
      state.seenTick = Math.max(state.seenTick, segmentEnd);
      if (c.loadTick < 0 || c.loadTick > now) break;
      syncCounter(c, segmentEnd, true);
    }
    const level = outAt(c, now);
    if (rose) {
      this.#irq0.set(false);
      this.#irq0.set(true);
    }
    this.#irq0.set(level);
    this.#arm();
  }

  #arm(): void {
    const counter = this.state.counters[0];
    const edge = nextOutEdge(counter, this.state.seenTick);
    if (edge === Infinity) return this.#alarm.disarm();
    const deadlineNs = pitTickNs(edge);
    if (deadlineNs === this.#alarm.deadlineNs) return;
    // Nobody is woken by OUT0's fall. A coming load may change what follows.
    const falls = counter.loadTick < 0 && !outAt(counter, edge);
    this.#alarm.arm(deadlineNs, falls ? pitTickNs(nextOutEdge(counter, edge)) : deadlineNs);
  }
}

/** Whether OUT has a rising edge in (from, to]; the counter has no load in between. */
function risesWithin(c: Counter, from: number, to: number): boolean {
  let tick = from;
  let level = outAt(c, from);
  // A falling edge, then a rising one: two steps show it, a third allows for an edge that changed nothing.
  for (let step = 0; step < 3; step++) {
    tick = nextOutEdge(c, tick);
    if (tick > to) return false;
    const next = outAt(c, tick);
    if (next && !level) return true;
    level = next;
  }
  return false;
}

function latchCount(c: Counter, tick: number): void {
  if (c.latchedBytes > 0) return;
  c.latch = toGuest(c, elementAt(c, tick));
  c.latchedBytes = c.access === 3 ? 2 : 1;
}

function latchStatus(c: Counter, tick: number): void {
  if (c.statusLatched) return;
  c.status =
    (outAt(c, tick) ? STATUS_OUT : 0) |
    (c.nullCount ? STATUS_NULL_COUNT : 0) |
    (c.access << 4) |
    (c.mode << 1) |
    (c.bcd ? 1 : 0);
  c.statusLatched = true;
}
