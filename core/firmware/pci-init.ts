/**
 * Gives PCI functions their addresses and interrupts. PCI Local Bus Specification 2.2, section 6.2.5 (sizing); Intel
 * 290550 (PIIX3: PIRQ routing) and 290562 (PIIX4: power management base).
 */
import type { IoBus, IoWidth } from '../bus/index.ts';
import { PciAccess, PCI_REGISTER } from './pci-config.ts';

/** I/O base of the power management block, as the ACPI tables name it. */
export const PM_BASE = 0x600;
const SMBUS_BASE = 0x700;
const PORT_FIRST = 0xc000;
/** The frame buffer comes first, where VBE's callers have always found it. */
const MEMORY_FIRST = 0xe0000000;

const COMMAND_ALL = 0x0007;
const BAR_COUNT = 6;
const BAR_IO = 1;
const BAR_64BIT = 4;

const PIIX3 = 0x70008086;
const PIIX4_PM = 0x71138086;
const PIRQRC = 0x60;
/** IRQs of PIRQA# to PIRQD#. */
const PIRQ_IRQS = [10, 11, 10, 11] as const;
const SCI_IRQ = 9;
const ELCR = 0x4d0;

interface Bar {
  readonly bdf: number;
  readonly register: number;
  readonly io: boolean;
  readonly sizeBytes: number;
}

export function initialisePci(io: IoBus): void {
  const pci = new PciAccess(io);
  if (!pci.present) return;
  const functions = [...pci.functions()];
  for (const bdf of functions) specialFunctions(pci, bdf);
  const bars = functions.flatMap((bdf) => sizeBars(pci, bdf)).sort((a, b) => b.sizeBytes - a.sizeBytes);
  place(
    pci,
    bars.filter((bar) => bar.io),
    PORT_FIRST,
  );
  place(
    pci,
    bars.filter((bar) => !bar.io),
    MEMORY_FIRST,
  );
  for (const bdf of functions) {
    const pin = pci.read(bdf, PCI_REGISTER.INTERRUPT_PIN, 1);
    const isPm = pci.read(bdf, PCI_REGISTER.VENDOR_ID, 4) === PIIX4_PM;
    if (pin !== 0)
      pci.write(bdf, PCI_REGISTER.INTERRUPT_LINE, 1, isPm ? SCI_IRQ : PIRQ_IRQS[(pin + (bdf >> 3) + 2) & 3]);
    pci.write(bdf, PCI_REGISTER.COMMAND, 2, pci.read(bdf, PCI_REGISTER.COMMAND, 2) | COMMAND_ALL);
  }
}

function specialFunctions(pci: PciAccess, bdf: number): void {
  switch (pci.read(bdf, PCI_REGISTER.VENDOR_ID, 4)) {
    case PIIX3:
      PIRQ_IRQS.forEach((irq, n) => pci.write(bdf, PIRQRC + n, 1, irq));
      setLevelTriggered(pci.io, PIRQ_IRQS);
      break;
    case PIIX4_PM:
      pci.write(bdf, 0x40, 4, PM_BASE | BAR_IO);
      pci.write(bdf, 0x80, 1, 1); // PMREGMISC: decode it
      pci.write(bdf, 0x90, 4, SMBUS_BASE | BAR_IO);
      pci.write(bdf, 0xd2, 1, 1); // SMBHSTCFG: host controller on
  }
}

function setLevelTriggered(io: IoBus, irqs: readonly number[]): void {
  const mask = irqs.reduce((bits, irq) => bits | (1 << irq), 0);
  io.write(ELCR, 1, mask & 0xff);
  io.write(ELCR + 1, 1, mask >> 8);
}

/** Writes ones and looks which stick. */
function sizeBars(pci: PciAccess, bdf: number): Bar[] {
  const bars: Bar[] = [];
  pci.write(bdf, PCI_REGISTER.COMMAND, 2, pci.read(bdf, PCI_REGISTER.COMMAND, 2) & ~3);
  for (let index = 0; index < BAR_COUNT; index++) {
    const register = PCI_REGISTER.BAR0 + index * 4;
    pci.write(bdf, register, 4, 0xffffffff);
    const value = pci.read(bdf, register, 4);
    pci.write(bdf, register, 4, 0);
    const io = (value & BAR_IO) !== 0;
    const mask = io ? (value & 0xfffc) | 0xffff0000 : value & 0xfffffff0;
    if ((value & (io ? 0xfffc : 0xfffffff0)) === 0) continue;
    bars.push({ bdf, register, io, sizeBytes: (~mask + 1) >>> 0 });
    if (!io && value & BAR_64BIT) index++;
  }
  return bars;
}

/** Largest first, so that each lies at a multiple of its size without gaps. */
function place(pci: PciAccess, bars: readonly Bar[], first: number): void {
  let at = first;
  const width: IoWidth = 4;
  for (const bar of bars) {
    at = Math.ceil(at / bar.sizeBytes) * bar.sizeBytes;
    pci.write(bar.bdf, bar.register, width, at);
    at += bar.sizeBytes;
  }
}
