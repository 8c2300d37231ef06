import type { CharSink } from '../../backends/index.ts';
import type { Device, IrqLine, PortIo, Timer, TimerQueue } from '../../bus/index.ts';
import { create, defineState, f64, resetState, u8, type StateOf } from '../../state/index.ts';

/**
 * Standard parallel port (SPP) with a printer. IBM Personal Computer Technical Reference, "Parallel Printer Adapter";
 * three ports from 378h: data, status, control.
 */
export const Parallel = defineState({
  name: 'parallel',
  version: 1,
  fields: {
    data: u8({ doc: 'data latch' }),
    control: u8({ doc: 'bit 0 STROBE, 1 AUTO FEED, 2 -INIT, 3 SELECT IN, 4 IRQ enable' }),
    busyUntilNs: f64({ doc: 'when the printer acknowledges the byte, -1: not busy', reset: -1 }),
  },
});

const STATUS_READY = 0xdf; // not busy, -ACK idle, paper, selected, no error; the unused bits read as ones
const STATUS_BUSY = STATUS_READY & 0x7f;
const CONTROL_STROBE = 0x01;
const CONTROL_IRQ = 0x10;
const CONTROL_BITS = 0x1f;
const BYTE_NS = 5_000;

export class ParallelPort implements Device<typeof Parallel>, PortIo {
  readonly id: string;
  readonly spec = Parallel;
  readonly state: StateOf<typeof Parallel> = create(Parallel);
  readonly #timers: TimerQueue;
  readonly #irq: IrqLine;
  readonly #sink: CharSink;
  readonly #timer: Timer;

  constructor(id: string, cfg: { readonly timers: TimerQueue; readonly irq: IrqLine; readonly sink: CharSink }) {
    this.id = id;
    this.#timers = cfg.timers;
    this.#irq = cfg.irq;
    this.#sink = cfg.sink;
    this.#timer = cfg.timers.create(`${id}.ack`, () => this.#acknowledge());
  }

  reset(): void {
    resetState(Parallel, this.state);
    this.#timer.disarm();
    this.#irq.set(false);
  }

  postLoad(): void {
    if (this.state.busyUntilNs >= 0) this.#timer.arm(this.state.busyUntilNs);
    else this.#timer.disarm();
    this.#irq.set(false);
  }

  ioRead(_range: number, offset: number): number {
    if (offset === 0) return this.state.data;
    if (offset === 1) return this.state.busyUntilNs >= 0 ? STATUS_BUSY : STATUS_READY;
    return this.state.control | 0xe0;
  }

  ioWrite(_range: number, offset: number, _width: number, value: number): void {
    const s = this.state;
    if (offset === 0) s.data = value & 0xff;
    if (offset !== 2) return;
    const strobed = (value & ~s.control & CONTROL_STROBE) !== 0;
    s.control = value & CONTROL_BITS;
    if (!strobed || s.busyUntilNs >= 0) return;
    this.#sink.write(s.data);
    s.busyUntilNs = this.#timers.nowNs + BYTE_NS;
    this.#timer.arm(s.busyUntilNs);
  }

  /** -ACK pulses; its trailing edge is the interrupt. */
  #acknowledge(): void {
    this.state.busyUntilNs = -1;
    if ((this.state.control & CONTROL_IRQ) === 0) return;
    this.#irq.set(true);
    this.#irq.set(false);
  }
}
