/** Interrupt controllers and timers of a multiprocessor-specification PC: local APIC, I/O APIC, HPET. */
import type { IrqLine } from '../bus/index.ts';
import { ApicBus } from '../devices/intc/apic-bus.ts';
import type { I8259Pair } from '../devices/intc/i8259-pair.ts';
import { IOAPIC_BASE, IOAPIC_SIZE, IoApic } from '../devices/intc/ioapic.ts';
import { LOCAL_APIC_SIZE, LocalApic } from '../devices/intc/local-apic.ts';
import { HPET_BASE, HPET_SIZE, Hpet } from '../devices/timer/hpet.ts';
import type { BoardParts } from './board-parts.ts';
import { PCI_HOLE } from './memory-map.ts';
import { isaWires, LegacyTimerWire, SharedWire } from './wires.ts';

export interface Apics {
  readonly local: LocalApic;
  /** Added to the board after the timers that it can replace, so that a load has driven their wires before. */
  readonly hpet: Hpet;
  /** IRQ0 to IRQ15 for everything but the two timers that the HPET can replace. */
  readonly wires: readonly SharedWire[];
  readonly pitLine: IrqLine;
  readonly rtcLine: IrqLine;
  /** Before a load's devices drive their lines again. */
  forgetLevels(): void;
}

/** `interruptChanged`: the level of the processor's interrupt input. */
export function addApics(parts: BoardParts, pic: I8259Pair, interruptChanged: (level: boolean) => void): Apics {
  const { timers, log } = parts;
  const { physical } = parts.memory;
  const bus = new ApicBus();
  const id = 'lapic';
  let mapped = -1;
  const local: LocalApic = parts.add(
    new LocalApic(
      id,
      0,
      bus,
      timers,
      {
        interruptChanged: () => interruptChanged(local.hasInterrupt),
        nmi: () => parts.cpu.nmi(),
        init: () => log.unimplemented(id, 'INIT to the only processor'),
        startup: () => log.unimplemented(id, 'start-up of the only processor'),
        baseChanged(base, enabled) {
          if (mapped >= 0) physical.unmap(mapped, LOCAL_APIC_SIZE);
          mapped = enabled && base >= PCI_HOLE.end && base !== IOAPIC_BASE && base !== HPET_BASE ? base : -1;
          if (mapped >= 0) physical.mapMmio({ base, size: LOCAL_APIC_SIZE, device: local });
          else if (enabled) log.unimplemented(id, `registers at ${base.toString(16)}h`);
          parts.cpu.remapped();
        },
      },
      () => pic.acknowledge(),
    ),
  );
  const ioApic = parts.add(new IoApic('ioapic', bus));
  physical.mapMmio({ base: IOAPIC_BASE, size: IOAPIC_SIZE, device: ioApic });

  const inputs = ioApic.inputs.map((input) => new SharedWire(input));
  const wires = isaWires(pic.lines, inputs);
  const replaced = (): boolean => (hpet.state.config & 2) !== 0;
  const [pit, rtc] = [wires[0], wires[8]].map((wire) => new LegacyTimerWire(wire.driver(), replaced));
  const hpet: Hpet = new Hpet('hpet', timers, {
    gsis: inputs.map((input) => input.driver()),
    legacy: [pit.hpet, rtc.hpet],
    legacyChanged: () => [pit, rtc].forEach((wire) => wire.update()),
  });
  // Page-sized: the rest of the page reads as nothing would.
  physical.mapMmio({ base: HPET_BASE, size: HPET_SIZE, device: hpet });
  const forgetLevels = (): void => [...inputs, ...wires].forEach((wire) => wire.forget());
  return { local, hpet, wires, pitLine: pit.chip, rtcLine: rtc.chip, forgetLevels };
}
