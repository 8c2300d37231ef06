/**
 * The two 8259As of a PC/AT: the slave's INT drives the master's IR2. IBM PC/AT Technical Reference, "System
 * interrupts"; ELCR writable bits: Intel 82371SB (PIIX3).
 */
import { silentLog, unconnected, type DeviceLog, type IrqLine } from '../../bus/index.ts';
import { I8259Pic } from './i8259.ts';

const CASCADE = 2;

/**
 * Board wiring: master REGISTERS at 20h, ELCR at 4D0h; slave REGISTERS at A0h, ELCR at 4D1h. Both chips are devices of
 * their own (`pic.master`, `pic.slave`); the pair holds no state.
 */
export class I8259Pair {
  readonly master: I8259Pic;
  readonly slave: I8259Pic;
  /** IRQ0 to IRQ15. IRQ2 is the cascade: nothing can be connected to it. */
  readonly lines: readonly IrqLine[];
  /** The line to the processor that was passed in. */
  readonly intr: IrqLine;

  constructor(intr: IrqLine, log: DeviceLog = silentLog) {
    this.intr = intr;
    this.master = new I8259Pic('pic.master', { elcrMask: 0xf8, cascadeInputs: 1 << CASCADE }, intr, log);
    this.slave = new I8259Pic('pic.slave', { elcrMask: 0xde, cascadeInputs: 0 }, this.master.lines[CASCADE], log);
    this.lines = [...this.master.lines, ...this.slave.lines].map((line, irq) => (irq === CASCADE ? unconnected : line));
  }

  /**
   * The processor's INTA sequence; returns the vector. A request that went away gives IRQ7's vector (or IRQ15's when
   * the slave lost it), and no in-service bit of that input.
   */
  acknowledge(): number {
    const { master, slave } = this;
    const ir = master.acknowledgeInput();
    // A spurious answer on an idle master is 7, never the cascade input.
    if (ir !== CASCADE || master.singleMode) return master.vectorOf(ir);
    return slave.vectorOf(slave.acknowledgeInput());
  }
}
