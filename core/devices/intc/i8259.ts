/**
 * 8259A programmable interrupt controller. Intel 231468; edge/level control register: Intel 82371FB/SB (PIIX, PIIX3).
 *
 * Deviations: MCS-80 mode (ICW4.uPM = 0) delivers vectors as 8086 mode does, because no x86 processor understands the
 * CALL it would send; ICW3 is stored but the wiring decides where the slave is.
 */
import {
  silentLog,
  type Device,
  type DeviceLog,
  type IoWidth,
  type IrqLine,
  type PortIo,
  type ResetKind,
} from '../../bus/index.ts';
import { bool, create, defineState, oneOf, resetState, u8, type StateOf } from '../../state/index.ts';

export const I8259 = defineState({
  name: 'i8259',
  version: 1,
  fields: {
    lines: u8({ doc: 'Levels of the inputs IR0-IR7' }),
    edges: u8({ doc: 'Edge sense latches: rose, still high, not yet acknowledged' }),
    imr: u8({ doc: 'Interrupt Mask Register' }),
    isr: u8({ doc: 'In-Service Register' }),
    elcr: u8({ doc: 'Edge/Level Control Register' }),
    icw1: u8({ doc: 'ICW1 as written: IC4, SNGL, LTIM' }),
    icw2: u8({ doc: 'Vector base' }),
    icw3: u8({ doc: 'Cascade inputs, or own cascade identity' }),
    icw4: u8({ doc: 'SFNM, BUF, M/S, AEOI, uPM' }),
    expects: oneOf(['ocw', 'icw2', 'icw3', 'icw4'], { doc: 'Meaning of the next write with A0 = 1' }),
    lowestPriority: u8({ reset: 7, doc: 'Input with the lowest priority' }),
    readIsr: bool({ doc: 'OCW3.RIS: reads with A0 = 0 give ISR, not IRR' }),
    poll: bool({ doc: 'OCW3.P: the next read acknowledges' }),
    specialMask: bool({ doc: 'Special mask mode' }),
    rotateOnAutoEoi: bool({ doc: 'Rotate in automatic EOI mode' }),
  },
});

const ICW1_IC4 = 0x01;
const ICW1_SNGL = 0x02;
const ICW1_LTIM = 0x08;
const ICW1_INIT = 0x10;
const ICW4_UPM = 0x01;
const ICW4_AEOI = 0x02;
const ICW4_SFNM = 0x10;
const OCW2_EOI = 0x20;
const OCW2_SL = 0x40;
const OCW2_R = 0x80;
const OCW3_SELECT = 0x08;
const OCW3_RIS = 0x01;
const OCW3_RR = 0x02;
const OCW3_P = 0x04;
const OCW3_SMM = 0x20;
const OCW3_ESMM = 0x40;

const POLL_INTERRUPT = 0x80;
/** What an acknowledge without a request gives: IR7, without its in-service bit. */
const SPURIOUS = 7;

export const I8259_RANGE = { REGISTERS: 0, ELCR: 1 } as const;

export interface I8259Config {
  /** Inputs that ELCR can set to level; the others (timer, keyboard, cascade, RTC, FPU) stay edge-triggered. */
  readonly elcrMask: number;
  /** Inputs that another 8259 is wired to. */
  readonly cascadeInputs: number;
}

/** Ranges: REGISTERS two ports, ELCR one port. */
export class I8259Pic implements Device<typeof I8259>, PortIo {
  readonly spec = I8259;
  readonly state: StateOf<typeof I8259> = create(I8259);
  readonly id: string;
  readonly #config: I8259Config;
  readonly #intr: IrqLine;
  readonly #log: DeviceLog;
  /** IR0 to IR7. */
  readonly lines: readonly IrqLine[] = Array.from({ length: 8 }, (_, ir) => ({
    set: (level: boolean): void => this.#setInput(ir, level),
  }));

  constructor(id: string, config: I8259Config, intr: IrqLine, log: DeviceLog = silentLog) {
    this.id = id;
    this.#config = config;
    this.#intr = intr;
    this.#log = log;
  }

  /** The inputs are wires, which a reset of the chip does not move; a powered-off board has them all low. */
  reset(kind: ResetKind): void {
    const { lines } = this.state;
    resetState(I8259, this.state);
    if (kind === 'hard') this.state.lines = lines;
    this.#drive();
  }

  postLoad(): void {
    this.#drive();
  }

  /** Requests as the Interrupt Request Register shows them: a latched edge, or the level itself. */
  get irr(): number {
    const { lines, edges, elcr, icw1 } = this.state;
    const level = icw1 & ICW1_LTIM ? 0xff : elcr;
    return lines & (level | edges);
  }

  get singleMode(): boolean {
    return (this.state.icw1 & ICW1_SNGL) !== 0;
  }

  /** The INTA cycle: returns the input served. With no request left the answer is IR7 without in-service bit. */
  acknowledgeInput(): number {
    const ir = this.#pending();
    if (ir < 0) return SPURIOUS;
    // The output drops for the cycle even if another request follows at once: a master senses edges.
    this.#intr.set(false);
    this.#serve(ir);
    this.#drive();
    return ir;
  }

  vectorOf(ir: number): number {
    return (this.state.icw2 & 0xf8) | ir;
  }

  ioRead(range: number, offset: number, _width: IoWidth): number {
    if (range === I8259_RANGE.ELCR) return this.state.elcr;
    if (this.state.poll) return this.#readPoll();
    if (offset & 1) return this.state.imr;
    return this.state.readIsr ? this.state.isr : this.irr;
  }

  ioWrite(range: number, offset: number, _width: IoWidth, value: number): void {
    const byte = value & 0xff;
    if (range === I8259_RANGE.ELCR) this.state.elcr = byte & this.#config.elcrMask;
    else if (offset & 1) this.#writeOdd(byte);
    else if (byte & ICW1_INIT) this.#writeIcw1(byte);
    else if (byte & OCW3_SELECT) this.#writeOcw3(byte);
    else this.#writeOcw2(byte);
    this.#drive();
  }

  #setInput(ir: number, level: boolean): void {
    const bit = 1 << ir;
    const { state } = this;
    if (level === ((state.lines & bit) !== 0)) return;
    if (level) {
      state.lines |= bit;
      state.edges |= bit;
    } else {
      // A request withdrawn before its acknowledge is gone; the processor that already saw INTR gets IR7.
      state.lines &= ~bit;
      state.edges &= ~bit;
    }
    this.#drive();
  }

  #drive(): void {
    this.#intr.set(this.#pending() >= 0);
  }

  /** Distance from the top of the rotating priority: 0 is served first. */
  #rank(ir: number): number {
    return (ir - this.state.lowestPriority - 1) & 7;
  }

  /** The input with the highest priority among the bits, or -1. */
  #highest(bits: number): number {
    const top = this.state.lowestPriority + 1;
    for (let rank = 0; rank < 8; rank++) {
      const ir = (top + rank) & 7;
      if (bits & (1 << ir)) return ir;
    }
    return -1;
  }

  /** The input that INT is asserted for, or -1. */
  #pending(): number {
    const { imr, isr, icw4, specialMask } = this.state;
    const request = this.#highest(this.irr & ~imr);
    if (request < 0) return -1;
    // In special mask mode a masked level that is in service holds nobody back.
    const served = this.#highest(specialMask ? isr & ~imr : isr);
    if (served < 0 || this.#rank(request) < this.#rank(served)) return request;
    const nested = icw4 & ICW4_SFNM && this.#config.cascadeInputs & (1 << request);
    return nested && request === served ? request : -1;
  }

  #serve(ir: number): void {
    const { state } = this;
    state.edges &= ~(1 << ir);
    if (!(state.icw4 & ICW4_AEOI)) state.isr |= 1 << ir;
    else if (state.rotateOnAutoEoi) state.lowestPriority = ir;
  }

  #readPoll(): number {
    this.state.poll = false;
    const ir = this.#pending();
    return ir < 0 ? 0 : POLL_INTERRUPT | this.acknowledgeInput();
  }

  #writeIcw1(value: number): void {
    const { state } = this;
    state.icw1 = value;
    state.edges = 0;
    state.imr = 0;
    state.isr = 0;
    state.icw3 = 0;
    state.icw4 = 0;
    state.lowestPriority = 7;
    state.readIsr = false;
    state.poll = false;
    state.specialMask = false;
    state.rotateOnAutoEoi = false;
    state.expects = 'icw2';
    if (!(value & ICW1_IC4)) this.#log.unimplemented(this.id, 'MCS-80 mode (ICW1.IC4 = 0)');
  }

  #writeOdd(value: number): void {
    const { state } = this;
    switch (state.expects) {
      case 'ocw':
        state.imr = value;
        return;
      case 'icw2':
        state.icw2 = value & 0xf8;
        state.expects = !this.singleMode ? 'icw3' : state.icw1 & ICW1_IC4 ? 'icw4' : 'ocw';
        return;
      case 'icw3':
        state.icw3 = value;
        state.expects = state.icw1 & ICW1_IC4 ? 'icw4' : 'ocw';
        return;
      case 'icw4':
        state.icw4 = value;
        state.expects = 'ocw';
        if (!(value & ICW4_UPM)) this.#log.unimplemented(this.id, 'MCS-80 mode (ICW4.uPM = 0)');
    }
  }

  #writeOcw2(value: number): void {
    const { state } = this;
    const level = value & 7;
    switch (value & (OCW2_R | OCW2_SL | OCW2_EOI)) {
      case 0:
        state.rotateOnAutoEoi = false;
        return;
      case OCW2_R:
        state.rotateOnAutoEoi = true;
        return;
      case OCW2_EOI:
        this.#endHighest();
        return;
      case OCW2_R | OCW2_EOI: {
        const ended = this.#endHighest();
        if (ended >= 0) state.lowestPriority = ended;
        return;
      }
      case OCW2_SL | OCW2_EOI:
        state.isr &= ~(1 << level);
        return;
      case OCW2_R | OCW2_SL | OCW2_EOI:
        state.isr &= ~(1 << level);
        state.lowestPriority = level;
        return;
      case OCW2_R | OCW2_SL:
        state.lowestPriority = level;
    }
  }

  /** Non-specific EOI; in special mask mode it passes over the levels that are masked. */
  #endHighest(): number {
    const { state } = this;
    const ir = this.#highest(state.specialMask ? state.isr & ~state.imr : state.isr);
    if (ir >= 0) state.isr &= ~(1 << ir);
    return ir;
  }

  #writeOcw3(value: number): void {
    const { state } = this;
    if (value & OCW3_ESMM) state.specialMask = (value & OCW3_SMM) !== 0;
    if (value & OCW3_P) state.poll = true;
    if (value & OCW3_RR) state.readIsr = (value & OCW3_RIS) !== 0;
  }
}
