import type { CharSink, SerialInput } from '../../backends/index.ts';
import type { Device, IrqLine, PortIo, Timer, TimerQueue } from '../../bus/index.ts';
import { bool, create, defineState, f64, fifo, resetState, u16, u8, type StateOf } from '../../state/index.ts';

/**
 * PC16550D UART with FIFOs. National Semiconductor PC16550D data sheet, section 8 (registers). Bytes leave at once,
 * so the transmitter is always empty; bytes from the host arrive in bursts that fit the FIFO, as over a line with
 * perfect flow control, and never overrun it. The other end is always there: CTS, DSR and DCD are on. Parity, framing
 * and break do not exist on this line.
 */
export const Uart16550 = defineState({
  name: 'uart16550',
  version: 1,
  fields: {
    ier: u8({ doc: 'Interrupt Enable Register' }),
    fcr: u8({ doc: 'FIFO Control Register: enable, DMA mode, trigger' }),
    lcr: u8({ doc: 'Line Control Register' }),
    mcr: u8({ doc: 'Modem Control Register' }),
    scr: u8({ doc: 'Scratch Register' }),
    divisor: u16({ doc: 'Divisor Latch', reset: 12 }),
    rbr: u8({ doc: 'byte read last, which an empty receiver repeats' }),
    rx: fifo(16, { doc: 'receiver FIFO; one byte of it without FIFOs' }),
    overrun: bool({ doc: 'LSR OE' }),
    msrDelta: u8({ doc: 'MSR bits 0-3: changes since it was read' }),
    thrEmpty: bool({ doc: 'THR empty interrupt is pending' }),
    rxTimeout: bool({ doc: 'character time-out interrupt is pending' }),
    rxTimeoutNs: f64({ doc: 'when the FIFO has been left alone for four characters, -1: not counting', reset: -1 }),
    host: fifo(65536, { doc: 'bytes from the host that the receiver has no room for yet' }),
    nextBurstNs: f64({ doc: 'when the next bytes of the host arrive, -1: none on their way', reset: -1 }),
  },
});

const RBR_THR_DLL = 0;
const IER_DLM = 1;
const IIR_FCR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;
const SCR = 7;

const IER_RDI = 0x01;
const IER_THRI = 0x02;
const IER_RLSI = 0x04;
const IER_MSI = 0x08;
const FCR_ENABLE = 0x01;
const FCR_CLEAR_RX = 0x02;
const LCR_DLAB = 0x80;
const MCR_OUT2 = 0x08;
const MCR_LOOP = 0x10;

const IIR_NONE = 0x01;
const IIR_MODEM = 0x00;
const IIR_THR_EMPTY = 0x02;
const IIR_RX_DATA = 0x04;
const IIR_LINE = 0x06;
const IIR_RX_TIMEOUT = 0x0c;

const TRIGGER_BYTES = [1, 4, 8, 14];
/** CTS, DSR and DCD. */
const MSR_LINES = 0xb0;
/** Room for an interrupt handler to finish; a burst of 16 at this pace is some 4 Mbit/s. */
const BURST_GAP_NS = 40_000;
/** Character time at the slowest rates is cut short, so that a guest at 50 baud does not wait for seconds. */
const MAX_CHARACTER_NS = 1_000_000;

export class Uart16550Device implements Device<typeof Uart16550>, PortIo, SerialInput {
  readonly id: string;
  readonly spec = Uart16550;
  readonly state: StateOf<typeof Uart16550> = create(Uart16550);
  readonly #timers: TimerQueue;
  readonly #irq: IrqLine;
  readonly #sink: CharSink;
  readonly #burstTimer: Timer;
  readonly #timeoutTimer: Timer;

  constructor(id: string, cfg: { readonly timers: TimerQueue; readonly irq: IrqLine; readonly sink: CharSink }) {
    this.id = id;
    this.#timers = cfg.timers;
    this.#irq = cfg.irq;
    this.#sink = cfg.sink;
    this.#burstTimer = cfg.timers.create(`${id}.burst`, () => this.#burst());
    this.#timeoutTimer = cfg.timers.create(`${id}.timeout`, () => this.#rxTimedOut());
  }

  /** The reset line leaves what the host has sent, and the divisor and scratch registers, as they are. */
  reset(kind: 'power' | 'hard'): void {
    const s = this.state;
    const kept = kind === 'hard' ? s.host.toArray() : [];
    const { divisor, scr } = s;
    resetState(Uart16550, s);
    if (kind === 'hard') {
      s.divisor = divisor;
      s.scr = scr;
      for (const byte of kept) s.host.push(byte);
    }
    this.#burstTimer.disarm();
    this.#timeoutTimer.disarm();
    this.#expectBurst();
    this.#driveIrq();
  }

  postLoad(): void {
    rearm(this.#burstTimer, this.state.nextBurstNs);
    rearm(this.#timeoutTimer, this.state.rxTimeoutNs);
    this.#driveIrq();
  }

  /** Returns how many bytes were taken; the rest did not fit the queue and is the caller's to send again. */
  receive(data: Uint8Array): number {
    let taken = 0;
    while (taken < data.length && this.state.host.push(data[taken])) taken++;
    this.#expectBurst();
    return taken;
  }

  ioRead(_range: number, offset: number): number {
    const s = this.state;
    switch (offset) {
      case RBR_THR_DLL:
        return s.lcr & LCR_DLAB ? s.divisor & 0xff : this.#readRbr();
      case IER_DLM:
        return s.lcr & LCR_DLAB ? s.divisor >> 8 : s.ier;
      case IIR_FCR:
        return this.#readIir();
      case LCR:
        return s.lcr;
      case MCR:
        return s.mcr;
      case LSR:
        return this.#readLsr();
      case MSR:
        return this.#readMsr();
      default:
        return s.scr;
    }
  }

  ioWrite(_range: number, offset: number, _width: number, value: number): void {
    const s = this.state;
    const byte = value & 0xff;
    switch (offset) {
      case RBR_THR_DLL:
        if (s.lcr & LCR_DLAB) s.divisor = (s.divisor & 0xff00) | byte;
        else this.#transmit(byte);
        break;
      case IER_DLM:
        if (s.lcr & LCR_DLAB) s.divisor = (s.divisor & 0x00ff) | (byte << 8);
        else this.#writeIer(byte);
        break;
      case IIR_FCR:
        this.#writeFcr(byte);
        break;
      case LCR:
        s.lcr = byte;
        break;
      case MCR:
        this.#writeMcr(byte);
        break;
      case LSR: // factory test
      case MSR:
        break;
      case SCR:
        s.scr = byte;
    }
    this.#driveIrq();
  }

  // Receiver

  get #fifosOn(): boolean {
    return (this.state.fcr & FCR_ENABLE) !== 0;
  }

  get #rxCapacity(): number {
    return this.#fifosOn ? 16 : 1;
  }

  get #triggerBytes(): number {
    return this.#fifosOn ? TRIGGER_BYTES[this.state.fcr >> 6] : 1;
  }

  #readRbr(): number {
    const s = this.state;
    s.rbr = s.rx.shift() ?? s.rbr;
    s.rxTimeout = false;
    this.#countRxTimeout();
    this.#expectBurst();
    this.#driveIrq();
    return s.rbr;
  }

  #readLsr(): number {
    const s = this.state;
    const lsr = 0x60 | (s.rx.size > 0 ? 0x01 : 0) | (s.overrun ? 0x02 : 0);
    s.overrun = false;
    this.#driveIrq();
    return lsr;
  }

  #burst(): void {
    const s = this.state;
    s.nextBurstNs = -1;
    if ((s.mcr & MCR_LOOP) !== 0) return;
    while (s.rx.size < this.#rxCapacity && s.host.size > 0) s.rx.push(s.host.shift()!);
    this.#countRxTimeout();
    this.#driveIrq();
  }

  /** The next bytes set out when the receiver is empty: a full FIFO at a time. */
  #expectBurst(): void {
    const s = this.state;
    if (s.nextBurstNs >= 0 || s.host.size === 0 || s.rx.size > 0 || (s.mcr & MCR_LOOP) !== 0) return;
    s.nextBurstNs = this.#timers.nowNs + BURST_GAP_NS;
    this.#burstTimer.arm(s.nextBurstNs);
  }

  /** Counts four character times from the last byte put in or taken out, as long as bytes wait. */
  #countRxTimeout(): void {
    const s = this.state;
    if (this.#fifosOn && s.rx.size > 0) {
      s.rxTimeoutNs = this.#timers.nowNs + 4 * this.#characterNs();
      this.#timeoutTimer.arm(s.rxTimeoutNs);
    } else if (s.rxTimeoutNs >= 0) {
      s.rxTimeoutNs = -1;
      this.#timeoutTimer.disarm();
    }
  }

  #rxTimedOut(): void {
    this.state.rxTimeoutNs = -1;
    this.state.rxTimeout = this.state.rx.size > 0;
    this.#driveIrq();
  }

  #characterNs(): number {
    const { lcr, divisor } = this.state;
    const bits = 1 + 5 + (lcr & 0x03) + (lcr & 0x08 ? 1 : 0) + (lcr & 0x04 ? 2 : 1);
    return Math.min(MAX_CHARACTER_NS, Math.ceil((bits * Math.max(divisor, 1) * 1e9) / 115_200));
  }

  // Transmitter

  #transmit(byte: number): void {
    const s = this.state;
    s.thrEmpty = false;
    this.#driveIrq(); // the line drops with the write, so that an edge follows
    const data = byte & (0xff >> (3 - (s.lcr & 0x03)));
    if ((s.mcr & MCR_LOOP) === 0) this.#sink.write(data);
    else this.#loopBack(data);
    s.thrEmpty = true;
  }

  #loopBack(data: number): void {
    const s = this.state;
    if (s.rx.size >= this.#rxCapacity) {
      s.overrun = true;
      // Without FIFOs the new byte takes the old one's place; with them it is lost in the shift register.
      if (this.#fifosOn) return;
      s.rx.clear();
    }
    s.rx.push(data);
    this.#countRxTimeout();
  }

  // Control

  #writeIer(value: number): void {
    const s = this.state;
    const enabled = value & ~s.ier;
    s.ier = value & 0x0f;
    // The transmitter is empty: enabling its interrupt raises it again.
    if (enabled & IER_THRI) s.thrEmpty = true;
  }

  #writeFcr(value: number): void {
    const s = this.state;
    const toggled = ((value ^ s.fcr) & FCR_ENABLE) !== 0;
    if (toggled || (value & (FCR_ENABLE | FCR_CLEAR_RX)) === (FCR_ENABLE | FCR_CLEAR_RX)) {
      s.rx.clear();
      s.rxTimeout = false;
    }
    // The other bits can only be programmed while the FIFOs are being enabled.
    s.fcr = value & FCR_ENABLE ? value & 0xc9 : 0;
    this.#countRxTimeout();
    this.#expectBurst();
  }

  #writeMcr(value: number): void {
    const s = this.state;
    const before = this.#modemLines();
    s.mcr = value & 0x1f;
    const after = this.#modemLines();
    const changed = before ^ after;
    s.msrDelta |= ((changed >> 4) & 0x0b) | (before & ~after & 0x40 ? 0x04 : 0); // TERI: the trailing edge of RI
    this.#expectBurst();
  }

  /** MSR bits 4-7: CTS DSR RI DCD, in loopback RTS DTR OUT1 OUT2. */
  #modemLines(): number {
    const { mcr } = this.state;
    if ((mcr & MCR_LOOP) === 0) return MSR_LINES;
    return ((mcr & 0x02) << 3) | ((mcr & 0x01) << 5) | ((mcr & 0x0c) << 4);
  }

  #readMsr(): number {
    const msr = this.#modemLines() | this.state.msrDelta;
    this.state.msrDelta = 0;
    this.#driveIrq();
    return msr;
  }

  // Interrupts

  /** The pending interrupt of the highest priority, as the IIR names it. */
  #pending(): number {
    const s = this.state;
    if (s.ier & IER_RLSI && s.overrun) return IIR_LINE;
    if (s.ier & IER_RDI && s.rx.size >= this.#triggerBytes) return IIR_RX_DATA;
    if (s.ier & IER_RDI && s.rxTimeout) return IIR_RX_TIMEOUT;
    if (s.ier & IER_THRI && s.thrEmpty) return IIR_THR_EMPTY;
    if (s.ier & IER_MSI && s.msrDelta !== 0) return IIR_MODEM;
    return IIR_NONE;
  }

  #readIir(): number {
    const pending = this.#pending();
    if (pending === IIR_THR_EMPTY) {
      this.state.thrEmpty = false;
      this.#driveIrq();
    }
    return pending | (this.#fifosOn ? 0xc0 : 0);
  }

  /** OUT2 gates the interrupt onto the bus; in loopback the pin is inactive. */
  #driveIrq(): void {
    const gate = (this.state.mcr & (MCR_OUT2 | MCR_LOOP)) === MCR_OUT2;
    this.#irq.set(gate && this.#pending() !== IIR_NONE);
  }
}

function rearm(timer: Timer, deadlineNs: number): void {
  if (deadlineNs >= 0) timer.arm(deadlineNs);
  else timer.disarm();
}
