/**
 * Numeric error logic of the PC/AT: FERR# to IRQ13, port F0h to IGNNE#. Intel SDM volume 1, 8.7.2 (MS-DOS compatibility
 * mode); Intel 82371SB (PIIX3), coprocessor error register.
 */
import type { Device, IoWidth, IrqLine, PortIo, ResetKind } from '../../bus/index.ts';
import { bool, create, defineState, resetState, type StateOf } from '../../state/index.ts';

export const FPU_ERROR = defineState({
  name: 'fpu-error',
  version: 1,
  fields: {
    ferr: bool({ doc: 'Level of FERR#' }),
    request: bool({ doc: 'Latch that drives IRQ13: set by FERR#, cleared by a write to port F0h' }),
    ignne: bool({ doc: 'IGNNE#: set by that write while FERR# is asserted, cleared when FERR# is' }),
  },
});

const CLEAR_BUSY = 0;

/** One range of two ports, F0h and F1h (the reset of an 80287, which nothing listens to) on a PC. */
export class FpuErrorLogic implements Device<typeof FPU_ERROR>, PortIo {
  readonly spec = FPU_ERROR;
  readonly state: StateOf<typeof FPU_ERROR> = create(FPU_ERROR);
  readonly id: string;
  readonly #irq: IrqLine;

  constructor(id: string, irq: IrqLine) {
    this.id = id;
    this.#irq = irq;
  }

  reset(_kind: ResetKind): void {
    resetState(FPU_ERROR, this.state);
    this.#drive();
  }

  postLoad(): void {
    this.#drive();
  }

  setFerr(level: boolean): void {
    const { state } = this;
    if (level && !state.ferr) state.request = true;
    if (!level) state.ignne = false;
    state.ferr = level;
    this.#drive();
  }

  get ignne(): boolean {
    return this.state.ignne;
  }

  ioRead(): number {
    return 0xff;
  }

  ioWrite(_range: number, offset: number, _width: IoWidth, _value: number): void {
    if (offset !== CLEAR_BUSY) return;
    this.state.request = false;
    if (this.state.ferr) this.state.ignne = true;
    this.#drive();
  }

  #drive(): void {
    this.#irq.set(this.state.request);
  }
}
