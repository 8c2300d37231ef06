/**
 * PCI bus 0 and its configuration mechanism #1. PCI Local Bus Specification 2.2, section 3.2.2.3.2; interrupt wiring of
 * the slots as QEMU's pc board has it (PIRQ = pin + device - 1).
 */
import type { Device, IoWidth, IrqLine, PortIo } from '../../bus/index.ts';
import { create, defineState, resetState, u32, type StateOf } from '../../state/index.ts';
import { assert } from '../../base/index.ts';
import type { PciConfig } from './pci-config.ts';

export const PCI_BUS = defineState({
  name: 'pci-bus',
  version: 1,
  fields: {
    address: u32({ doc: 'CONFIG_ADDRESS: bit 31 enable, bus, device, function, register' }),
    asserted: u32({ doc: 'Interrupt pins at level 1, one bit for each function in order of plugging in' }),
  },
});

/** CF8h takes whole double words alone; PIIX3's reset control at CF9h is mapped over it. */
export const PCI_RANGE = { ADDRESS: 0, DATA: 1 } as const;

const ENABLE = 0x80000000;
const MAX_SOURCES = 32;

export const devfn = (device: number, fn: number): number => (device << 3) | fn;

interface Source {
  readonly mask: number;
  readonly pirq: number;
}

/** Ranges: ADDRESS four ports at CF8h, DATA four ports at CFCh, both of width 4. */
export class PciBus implements Device<typeof PCI_BUS>, PortIo {
  readonly spec = PCI_BUS;
  readonly state: StateOf<typeof PCI_BUS> = create(PCI_BUS);
  readonly id: string;
  readonly #functions = new Map<number, PciConfig>();
  readonly #pirqs: readonly IrqLine[];
  readonly #sources: Source[] = [];

  /** `pirqs`: the four interrupt inputs PIRQA# to PIRQD# of the bridge. */
  constructor(id: string, pirqs: readonly IrqLine[]) {
    assert(pirqs.length === 4, 'a bridge has PIRQA# to PIRQD#');
    this.id = id;
    this.#pirqs = pirqs;
  }

  /** Order matters to saved states: plug functions in the same order every time. */
  add(address: number, config: PciConfig): void {
    assert(!this.#functions.has(address), `two functions at ${address.toString(16)}`);
    this.#functions.set(address, config);
    if (config.interruptPin === 0) return;
    assert(this.#sources.length < MAX_SOURCES, 'more interrupt pins than the bus keeps');
    const mask = (1 << this.#sources.length) >>> 0;
    const pirq = (config.interruptPin - 1 + (address >> 3) - 1) & 3;
    this.#sources.push({ mask, pirq });
    config.connect({ set: (level) => this.#setPin(mask, pirq, level) });
  }

  functionAt(address: number): PciConfig | undefined {
    return this.#functions.get(address);
  }

  /** All functions by their address, ascending. */
  get functions(): readonly (readonly [number, PciConfig])[] {
    return [...this.#functions].sort(([a], [b]) => a - b);
  }

  reset(): void {
    resetState(PCI_BUS, this.state);
    for (const line of this.#pirqs) line.set(false);
  }

  postLoad(): void {
    for (let pirq = 0; pirq < 4; pirq++) this.#drive(pirq);
  }

  ioRead(range: number, offset: number, width: IoWidth): number {
    if (range === PCI_RANGE.ADDRESS) return width === 4 ? this.state.address : ones(width);
    const target = this.#selected();
    return target ? target.configRead((this.state.address & 0xfc) | offset, width) : ones(width);
  }

  ioWrite(range: number, offset: number, width: IoWidth, value: number): void {
    if (range === PCI_RANGE.ADDRESS) {
      if (width === 4) this.state.address = (value & 0x80fffffc) >>> 0;
      return;
    }
    this.#selected()?.configWrite((this.state.address & 0xfc) | offset, width, value);
  }

  #selected(): PciConfig | undefined {
    const { address } = this.state;
    if (!(address & ENABLE) || (address & 0xff0000) !== 0) return undefined;
    return this.#functions.get((address >>> 8) & 0xff);
  }

  #setPin(mask: number, pirq: number, level: boolean): void {
    const { asserted } = this.state;
    this.state.asserted = (level ? asserted | mask : asserted & ~mask) >>> 0;
    this.#drive(pirq);
  }

  #drive(pirq: number): void {
    const { asserted } = this.state;
    this.#pirqs[pirq].set(this.#sources.some((source) => source.pirq === pirq && (asserted & source.mask) !== 0));
  }
}

const ones = (width: IoWidth): number => (width === 4 ? 0xffffffff : width === 2 ? 0xffff : 0xff);
