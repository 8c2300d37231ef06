/** APICs and HPET. */
import { ProbeLine } from '../../core/bus/index.ts';
import { ApicBus } from '../../core/devices/intc/apic-bus.ts';
import { IoApic, IOAPIC_SIZE } from '../../core/devices/intc/ioapic.ts';
import { LocalApic, LOCAL_APIC_SIZE } from '../../core/devices/intc/local-apic.ts';
import { Hpet, HPET_SIZE } from '../../core/devices/timer/hpet.ts';
import { time } from './board.ts';
import type { ConformanceEntry, Random, Subject } from './subject.ts';

function apics(): { local: LocalApic; io: IoApic; bus: ApicBus; outputs: () => string } & ReturnType<typeof time> {
  const { clock, timers } = time();
  const bus = new ApicBus();
  let events = '';
  const cpu = {
    interruptChanged: () => {},
    nmi: () => (events = `nmi@${clock.nowNs}`),
    init: () => (events = `init@${clock.nowNs}`),
    startup: (vector: number) => (events = `sipi${vector}@${clock.nowNs}`),
    baseChanged: () => {},
  };
  const local = new LocalApic('lapic', 0, bus, timers, cpu, () => 0x08);
  const io = new IoApic('ioapic', bus);
  const outputs = (): string => {
    const text = `${local.hasInterrupt} ${events}`;
    events = '';
    return text;
  };
  return { clock, timers, bus, local, io, outputs };
}

function pokeApics(random: Random, { local, io, bus }: ReturnType<typeof apics>): void {
  const vector = 0x20 + random.below(0xe0);
  switch (random.below(9)) {
    case 0:
      local.acknowledge();
      return;
    case 1:
      random.pick(io.inputs).set(random.below(2) === 1);
      return;
    case 2:
      random.pick([local.lint0, local.lint1]).set(random.below(2) === 1);
      return;
    case 3:
      bus.sendMsi(0xfee00000, vector);
      return;
    case 4:
      local.mmioWrite(0, 0xf0, 4, 0x1ff);
      local.cr8 = random.below(16);
      return;
    case 5:
      local.mmioWrite(0, 0xb0, 4, 0);
      return;
    case 6:
      local.mmioWrite(0, 0x320, 4, vector | (random.below(2) << 17));
      local.mmioWrite(0, 0x380, 4, random.below(100_000));
      return;
    case 7:
      io.mmioWrite(0, 0, 4, 0x10 + 2 * random.below(24));
      io.mmioWrite(0, 0x10, 4, vector | (random.below(2) << 15));
      return;
    default:
      local.apicBase = 0xfee00900;
  }
}

function localApic(): Subject {
  const parts = apics();
  const { local, io, clock, timers, outputs } = parts;
  return {
    device: local,
    also: [io],
    clock,
    timers,
    windows: [
      { range: 0, sizeBytes: LOCAL_APIC_SIZE, mmio: local },
      { range: 0, sizeBytes: 0x20, mmio: io },
    ],
    poke: (random) => pokeApics(random, parts),
    outputs,
  };
}

function ioApic(): Subject {
  const parts = apics();
  const { local, io, clock, timers, outputs } = parts;
  return {
    device: io,
    also: [local],
    clock,
    timers,
    windows: [{ range: 0, sizeBytes: IOAPIC_SIZE, mmio: io }],
    poke: (random) => pokeApics(random, parts),
    outputs,
  };
}

function hpet(): Subject {
  const { clock, timers } = time();
  const gsis = Array.from({ length: 24 }, () => new ProbeLine());
  const legacy = [new ProbeLine(), new ProbeLine()] as const;
  let replaced = false;
  const device = new Hpet('hpet', timers, { gsis, legacy, legacyChanged: (enabled) => (replaced = enabled) });
  return {
    device,
    clock,
    timers,
    windows: [{ range: 0, sizeBytes: HPET_SIZE, mmio: device }],
    poke(random) {
      const n = random.below(3);
      device.mmioWrite(0, 0x10, 4, random.below(4));
      device.mmioWrite(0, 0x100 + n * 0x20, 4, random.pick([0x14c, 0x144, 0x104, 0x106, 0x2144, 0x0c]));
      device.mmioWrite(0, 0x108 + n * 0x20, 4, device.mmioRead(0, 0xf0, 4) + random.below(20_000));
      device.mmioWrite(0, 0x108 + n * 0x20, 4, random.below(10_000));
    },
    outputs: () => `${[...gsis, ...legacy].map((line) => (line.level ? 1 : 0)).join('')} ${replaced}`,
  };
}

export const apicEntries: readonly ConformanceEntry[] = [
  {
    name: 'local-apic',
    make: localApic,
    survivesReset: { lvt: 'LINT0 of the first processor is ExtINT; checked in the unit tests' },
  },
  { name: 'ioapic', make: ioApic },
  { name: 'hpet', make: hpet },
];
