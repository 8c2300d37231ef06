/** PS/2 system control port A: fast A20 and fast reset. IBM PS/2 Technical Reference; Intel 82371SB (PIIX3). */
import type { Device, IoWidth, PortIo, ResetKind } from '../../bus/index.ts';
import { create, defineState, resetState, u8, type StateOf } from '../../state/index.ts';

export const PORT92 = defineState({
  name: 'port92',
  version: 1,
  fields: { control: u8({ doc: 'Bit 1 A20, the others as written' }) },
});

const FAST_RESET = 0x01;
const A20 = 0x02;

export interface Port92Callbacks {
  /** The level this port asks for; the board joins it with the keyboard controller's. */
  setA20(enabled: boolean): void;
  /** INIT to the processor; comes from within the port write, so it should take effect after the instruction. */
  reset(): void;
}

/** One range of one port, 92h on a PC. */
export class Port92 implements Device<typeof PORT92>, PortIo {
  readonly spec = PORT92;
  readonly state: StateOf<typeof PORT92> = create(PORT92);
  readonly id: string;
  readonly #callbacks: Port92Callbacks;

  constructor(id: string, callbacks: Port92Callbacks) {
    this.id = id;
    this.#callbacks = callbacks;
  }

  reset(_kind: ResetKind): void {
    resetState(PORT92, this.state);
    this.#drive();
  }

  postLoad(): void {
    this.#drive();
  }

  ioRead(): number {
    return this.state.control;
  }

  ioWrite(_range: number, _offset: number, _width: IoWidth, value: number): void {
    const before = this.state.control;
    this.state.control = value & 0xff;
    this.#drive();
    if (value & FAST_RESET && !(before & FAST_RESET)) this.#callbacks.reset();
  }

  /** The firmware opens or closes the gate from outside the processor; the register must tell, and a snapshot keep it. */
  gateA20(enabled: boolean): void {
    this.state.control = enabled ? this.state.control | A20 : this.state.control & ~A20;
    this.#drive();
  }

  #drive(): void {
    this.#callbacks.setA20((this.state.control & A20) !== 0);
  }
}
