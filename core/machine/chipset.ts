/** The PCI side of the board: 440FX, PIIX3 with IDE, PIIX4 power management, VGA; APICs and the HPET. */
import { PiixIde } from '../devices/block/ide.ts';
import { VGA_WINDOW, VGA_WINDOW_BASE, VGA_WINDOW_SIZE, type Vga } from '../devices/display/index.ts';
import {
  devfn,
  I440fx,
  PCI_RANGE,
  PciBus,
  pciHost,
  PciMemorySpace,
  pciMemoryTarget,
  PciPortSpace,
  Piix3Isa,
  Piix4Pm,
  PIIX4_RANGE,
  VgaPci,
  type PciHost,
} from '../devices/pci/index.ts';
import type { BoardParts } from './board-parts.ts';
import type { SharedWire } from './wires.ts';
import { PCI_HOLE } from './memory-map.ts';

export const CDROM_PLACE = 2;
const ACPI_GPE_PORT = 0xafe0;

/** The spaces that PCI functions decode in. ISA parts are mapped over the ports afterwards and win. */
export function pciSpaces(parts: BoardParts): PciHost {
  const ports = new PciPortSpace();
  parts.io.map({ base: 0, size: 0x10000, device: ports, maxWidth: 4 });
  const space = new PciMemorySpace(pciMemoryTarget(parts.memory.physical), PCI_HOLE);
  space.onChange = () => parts.cpu.mmu.flush();
  return pciHost(ports, space);
}

export interface Chipset {
  readonly pci: PciBus;
  readonly ide: PiixIde;
  readonly pm: Piix4Pm;
  readonly vga: VgaPci;
}

export function addChipset(parts: BoardParts, host: PciHost, wires: readonly SharedWire[], vga: Vga): Chipset {
  const { io, memory, cpu, timers, backends, config, signals } = parts;
  const { physical } = memory;
  const pmc = parts.add(
    new I440fx('pmc', host, {
      shadow({ base, sizeBytes, readRam, writeRam }) {
        memory.decode(base, sizeBytes, readRam, writeRam);
        cpu.remapped();
      },
      // The processor has no system management mode: its RAM is seen while the chipset holds it open for firmware.
      smram(open) {
        physical.unmap(VGA_WINDOW_BASE, VGA_WINDOW_SIZE);
        if (open) memory.decode(VGA_WINDOW_BASE, VGA_WINDOW_SIZE, true, true);
        else physical.mapMmio({ base: VGA_WINDOW_BASE, size: VGA_WINDOW_SIZE, device: vga, range: VGA_WINDOW });
        cpu.remapped();
      },
    }),
  );
  const piix3 = parts.add(
    new Piix3Isa(
      'piix3',
      host,
      wires.map((wire) => wire.driver()),
      { reset: () => signals.reset('reset control register') },
    ),
  );
  const pci = parts.add(new PciBus('pci', piix3.pirqs));
  const [disk0, disk1, disk2] = backends.disks.map((medium) => ({ kind: 'disk', medium }) as const);
  const ide = parts.add(
    new PiixIde('ide', {
      host,
      memory: physical,
      timers,
      irqs: [wires[14].driver(), wires[15].driver()],
      drives: [disk0, disk1, { kind: 'cdrom', medium: backends.cdrom }, disk2],
    }),
  );
  const pm = parts.add(new Piix4Pm('pm', host, timers, wires[9].driver(), { powerOff: signals.powerOff }));
  const vgaPci = parts.add(new VgaPci('vga-pci', vga, host, config.videoRom));
  pci.add(devfn(0, 0), pmc.pci);
  pci.add(devfn(1, 0), piix3.pci);
  pci.add(devfn(1, 1), ide.pci);
  pci.add(devfn(1, 3), pm.pci);
  pci.add(devfn(2, 0), vgaPci.pci);

  io.map({ base: 0xcf8, size: 4, device: pci, range: PCI_RANGE.ADDRESS, maxWidth: 4 });
  io.map({ base: 0xcfc, size: 4, device: pci, range: PCI_RANGE.DATA, maxWidth: 4 });
  io.map({ base: 0xcf9, size: 1, device: piix3 });
  ide.mapPorts(io);
  io.map({ base: ACPI_GPE_PORT, size: 4, device: pm, range: PIIX4_RANGE.GPE });
  io.map({ base: 0xb2, size: 2, device: pm, range: PIIX4_RANGE.APM });
  return { pci, ide, pm, vga: vgaPci };
}
