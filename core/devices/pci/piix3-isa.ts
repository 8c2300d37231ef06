/**
 * 82371SB (PIIX3) function 0, the PCI-to-ISA bridge: PIRQ routing and the reset control register. Intel 290550,
 * sections 2.2.10 (PIRQRC) and 2.3.9.1 (RC). The edge/level registers at 4D0h are in the 8259s.
 */
import type { Device, IoWidth, IrqLine, PortIo } from '../../bus/index.ts';
import { create, defineState, resetState, u16, u8, type StateOf } from '../../state/index.ts';
import { PciConfig } from './pci-config.ts';
import type { PciHost } from './pci-host.ts';
import { pciConfigSpace, PciLayout } from './pci-layout.ts';

const PIRQRCA = 0x60;
const PIRQRC_OFF = 0x80;
/** IRQs that a PIRQ can be steered to: 3 to 7, 9 to 12, 14, 15. */
const ROUTABLE = 0xdef8;
const RC_SRST = 0x02;
const RC_RCPU = 0x04;

const layout = new PciLayout({ vendorId: 0x8086, deviceId: 0x7000, classCode: 0x060100, multiFunction: true });
layout.writable.fill(0xff, 0x40, 0x100);
layout.value16(0x04, 0x0007);
layout.initial[0x4c] = 0x4d;
layout.initial[0x4e] = 0x03;
for (let i = 0; i < 4; i++) {
  layout.initial[PIRQRCA + i] = PIRQRC_OFF;
  layout.writable[PIRQRCA + i] = 0x8f;
}
layout.initial[0x69] = 0x02;
layout.initial[0x70] = 0x80;
layout.initial[0x76] = 0x0c;
layout.initial[0x77] = 0x0c;
layout.initial[0x78] = 0x02;
layout.initial[0xa0] = 0x08;
layout.initial[0xa8] = 0x0f;

export const PIIX3_ISA = defineState({
  name: 'piix3-isa',
  version: 1,
  fields: {
    config: pciConfigSpace(layout),
    resetControl: u8({ doc: 'RC: bit 1 hard reset, bit 2 reset the processor' }),
    pirqs: u8({ doc: 'Levels of PIRQA# to PIRQD#, 1 asserted' }),
    irqs: u16({ doc: 'Interrupt requests that the PIRQs drive at the moment' }),
  },
});

export interface Piix3Callbacks {
  /** From within the port write: should take effect after the instruction. */
  reset(kind: 'hard' | 'processor'): void;
}

/** One range of one port, CF9h. `irqs`: request lines IRQ0 to IRQ15 as the bridge drives them. */
export class Piix3Isa implements Device<typeof PIIX3_ISA>, PortIo {
  readonly spec = PIIX3_ISA;
  readonly state: StateOf<typeof PIIX3_ISA> = create(PIIX3_ISA);
  readonly id: string;
  readonly pci: PciConfig;
  readonly #irqs: readonly IrqLine[];
  readonly #callbacks: Piix3Callbacks;
  /** PIRQA# to PIRQD#. */
  readonly pirqs: readonly IrqLine[] = Array.from({ length: 4 }, (_, n) => ({
    set: (level: boolean): void => {
      const { pirqs } = this.state;
      this.state.pirqs = level ? pirqs | (1 << n) : pirqs & ~(1 << n);
      this.#route();
    },
  }));

  constructor(id: string, host: PciHost, irqs: readonly IrqLine[], callbacks: Piix3Callbacks) {
    this.id = id;
    this.#irqs = irqs;
    this.#callbacks = callbacks;
    this.pci = new PciConfig(this.state.config, layout, host);
    this.pci.onWrite = (offset, width) => {
      if (offset < PIRQRCA + 4 && offset + width > PIRQRCA) this.#route();
    };
  }

  reset(): void {
    const driven = this.state.irqs;
    resetState(PIIX3_ISA, this.state);
    this.state.irqs = driven;
    this.pci.apply();
    this.#route();
  }

  /** The interrupt controllers have their inputs' levels in their own states. */
  postLoad(): void {
    this.pci.apply();
    for (let irq = 0; irq < 16; irq++)
      if (ROUTABLE & (1 << irq)) this.#irqs[irq].set((this.state.irqs & (1 << irq)) !== 0);
  }

  /** IRQ that PIRQ `n` is steered to, or -1. */
  routeOf(n: number): number {
    const register = this.state.config[PIRQRCA + n];
    const irq = register & 0x0f;
    return register & PIRQRC_OFF || !(ROUTABLE & (1 << irq)) ? -1 : irq;
  }

  ioRead(): number {
    return this.state.resetControl;
  }

  ioWrite(_range: number, _offset: number, _width: IoWidth, value: number): void {
    const before = this.state.resetControl;
    this.state.resetControl = value & RC_SRST;
    if (value & RC_RCPU && !(before & RC_RCPU)) this.#callbacks.reset(value & RC_SRST ? 'hard' : 'processor');
  }

  #route(): void {
    let irqs = 0;
    for (let n = 0; n < 4; n++) {
      const irq = this.routeOf(n);
      if (irq >= 0 && this.state.pirqs & (1 << n)) irqs |= 1 << irq;
    }
    const changed = irqs ^ this.state.irqs;
    this.state.irqs = irqs;
    for (let irq = 0; irq < 16; irq++) if (changed & (1 << irq)) this.#irqs[irq].set((irqs & (1 << irq)) !== 0);
  }
}
