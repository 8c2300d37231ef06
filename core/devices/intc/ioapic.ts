/**
 * 82093AA I/O APIC. Intel 290566.
 *
 * Inputs are given as asserted or not: the polarity bit is kept for the operating system and changes nothing, as in
 * QEMU, because PCI's active-low wires and the ISA ones reach an input already told apart.
 */
import type { Device, IoWidth, IrqLine, Mmio } from '../../bus/index.ts';
import { create, defineState, resetState, u32, u32s, u8, type StateOf } from '../../state/index.ts';
import type { ApicBus } from './apic-bus.ts';

export const IOAPIC_INPUTS = 24;
export const IOAPIC_BASE = 0xfec00000;
export const IOAPIC_SIZE = 0x1000;
const VERSION = 0x11;

const IOREGSEL = 0x00;
const IOWIN = 0x10;
const REGISTER = { ID: 0, VERSION: 1, ARBITRATION: 2, REDIRECTION: 0x10 } as const;

const RTE_LOGICAL = 0x0800;
const RTE_REMOTE_IRR = 0x4000;
const RTE_LEVEL = 0x8000;
const RTE_MASKED = 0x10000;
/** Delivery status and remote IRR are read-only. */
const RTE_WRITABLE = 0x1afff;

export const IOAPIC = defineState({
  name: 'ioapic',
  version: 1,
  fields: {
    select: u8({ doc: 'IOREGSEL' }),
    id: u8({ doc: 'APIC ID' }),
    lines: u32({ doc: 'Levels of the inputs' }),
    low: u32s(IOAPIC_INPUTS, { doc: 'Redirection entries, bits 0 to 31', reset: RTE_MASKED }),
    high: u32s(IOAPIC_INPUTS, { doc: 'Redirection entries, bits 32 to 63' }),
  },
});

/** One range of IOAPIC_SIZE bytes. */
export class IoApic implements Device<typeof IOAPIC>, Mmio {
  readonly spec = IOAPIC;
  readonly state: StateOf<typeof IOAPIC> = create(IOAPIC);
  readonly id: string;
  readonly #bus: ApicBus;
  /** INTIN0 to INTIN23. */
  readonly inputs: readonly IrqLine[] = Array.from({ length: IOAPIC_INPUTS }, (_, n) => ({
    set: (level: boolean): void => this.#setInput(n, level),
  }));

  constructor(id: string, bus: ApicBus) {
    this.id = id;
    this.#bus = bus;
    bus.onEoi((vector) => this.#endOfInterrupt(vector));
  }

  /** The inputs are wires, which a reset of the chip does not move. */
  reset(kind: 'power' | 'hard'): void {
    const { lines } = this.state;
    resetState(IOAPIC, this.state);
    if (kind === 'hard') this.state.lines = lines;
  }

  mmioRead(_range: number, offset: number, width: IoWidth): number {
    const register = offset & ~3;
    const value = register === IOREGSEL ? this.state.select : register === IOWIN ? this.#read(this.state.select) : 0;
    return ((value >>> ((offset & 3) * 8)) & (width === 4 ? -1 : width === 2 ? 0xffff : 0xff)) >>> 0;
  }

  /** IOWIN takes double words alone; the index register bytes too. */
  mmioWrite(_range: number, offset: number, width: IoWidth, value: number): void {
    if (offset === IOREGSEL) this.state.select = value & 0xff;
    else if (offset === IOWIN && width === 4) this.#write(this.state.select, value);
  }

  #read(register: number): number {
    const { state } = this;
    if (register === REGISTER.ID || register === REGISTER.ARBITRATION) return state.id << 24;
    if (register === REGISTER.VERSION) return VERSION | ((IOAPIC_INPUTS - 1) << 16);
    const input = (register - REGISTER.REDIRECTION) >> 1;
    if (input < 0 || input >= IOAPIC_INPUTS) return 0;
    return register & 1 ? state.high[input] : state.low[input];
  }

  #write(register: number, value: number): void {
    const { state } = this;
    if (register === REGISTER.ID) {
      state.id = (value >>> 24) & 0x0f;
      return;
    }
    const input = (register - REGISTER.REDIRECTION) >> 1;
    if (input < 0 || input >= IOAPIC_INPUTS) return;
    if (register & 1) {
      state.high[input] = value & 0xff000000;
      return;
    }
    let entry = (state.low[input] & ~RTE_WRITABLE) | (value & RTE_WRITABLE);
    // Edge-triggered entries have no remote IRR; operating systems clear a stuck one by switching modes.
    if (!(entry & RTE_LEVEL)) entry &= ~RTE_REMOTE_IRR;
    state.low[input] = entry;
    this.#serveLevel(input);
  }

  #setInput(input: number, level: boolean): void {
    const { state } = this;
    const mask = 1 << input;
    if (level === ((state.lines & mask) !== 0)) return;
    state.lines = (level ? state.lines | mask : state.lines & ~mask) >>> 0;
    if (!level) return;
    const entry = state.low[input];
    if (entry & RTE_LEVEL) this.#serveLevel(input);
    // An edge on a masked input is lost.
    else if (!(entry & RTE_MASKED)) this.#send(input);
  }

  /** Sends while the input is asserted and the last one was ended. */
  #serveLevel(input: number): void {
    const { state } = this;
    const entry = state.low[input];
    if (!(entry & RTE_LEVEL) || entry & (RTE_MASKED | RTE_REMOTE_IRR) || !(state.lines & (1 << input))) return;
    state.low[input] = entry | RTE_REMOTE_IRR;
    this.#send(input);
  }

  #send(input: number): void {
    const entry = this.state.low[input];
    this.#bus.send({
      mode: (entry >> 8) & 7,
      vector: entry & 0xff,
      destination: this.state.high[input] >>> 24,
      logical: (entry & RTE_LOGICAL) !== 0,
      levelTriggered: (entry & RTE_LEVEL) !== 0,
    });
  }

  #endOfInterrupt(vector: number): void {
    const { low } = this.state;
    for (let input = 0; input < IOAPIC_INPUTS; input++) {
      if ((low[input] & 0xff) !== vector || !(low[input] & RTE_REMOTE_IRR)) continue;
      low[input] &= ~RTE_REMOTE_IRR;
      this.#serveLevel(input);
    }
  }
}
