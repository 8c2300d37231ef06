/** The 32-bit PC's board: PCI, IDE, APICs, HPET, virtio, and QEMU's paravirtual ports. */
import { ManualClock, ProbeLine, TimerQueue, type Device, type DmaMemory } from '../../core/bus/index.ts';
import { IDE_RANGE, PiixIde } from '../../core/devices/block/ide.ts';
import {
  I440fx,
  PciBus,
  PCI_RANGE,
  Piix3Isa,
  Piix4Pm,
  PIIX4_RANGE,
  VgaPci,
  type PciConfig,
  type PciHost,
} from '../../core/devices/pci/index.ts';
import { Vga } from '../../core/devices/display/index.ts';
import { MemoryBlock } from '../../core/formats/index.ts';
import { bytes, create, defineState, resetState } from '../../core/state/index.ts';
import type { ConformanceEntry, Random, Subject } from './subject.ts';

const RAM_SIZE = 0x4000;

export function time(): { clock: ManualClock; timers: TimerQueue } {
  const clock = new ManualClock();
  return { clock, timers: new TimerQueue(clock) };
}

/** Bytes outside the device that it reads and writes: saved and loaded along with it. */
export function store(name: string, sizeBytes: number): { part: Device; bytes: Uint8Array } {
  const spec = defineState({ name, version: 1, fields: { bytes: bytes(sizeBytes) } });
  const state = create(spec);
  return { part: { id: name, spec, state, reset: () => resetState(spec, state) }, bytes: state.bytes };
}

/** RAM that repeats over the whole address space, so that any address that a device makes up finds some. */
export function ram(): { memory: DmaMemory; part: Device; bytes: Uint8Array } {
  const { part, bytes } = store('ram', RAM_SIZE);
  const memory: DmaMemory = {
    dmaRead: (at, target) => {
      for (let i = 0; i < target.length; i++) target[i] = bytes[(at + i) % RAM_SIZE];
    },
    dmaWrite: (at, data) => {
      for (let i = 0; i < data.length; i++) bytes[(at + i) % RAM_SIZE] = data[i];
    },
  };
  return { memory, part, bytes };
}

/** Lists what is mapped, in order of address. */
export function probeHost(): { host: PciHost; mapped: () => string } {
  const regions = new Set<{ readonly base: number; readonly sizeBytes: number }>();
  const add = (region: { readonly base: number; readonly sizeBytes: number }): void => void regions.add(region);
  const remove = (region: { readonly base: number; readonly sizeBytes: number }): void => void regions.delete(region);
  return {
    host: { mapPorts: add, unmapPorts: remove, mapMemory: add, unmapMemory: remove },
    mapped: () =>
      [...regions]
        .sort((a, b) => a.base - b.base)
        .map(({ base, sizeBytes }) => `${base.toString(16)}+${sizeBytes.toString(16)}`)
        .join(' '),
  };
}

/** A write to a random configuration register, as through CF8h/CFCh. */
export function pokeConfig(random: Random, pci: PciConfig): void {
  if (random.below(4) === 0) pci.configWrite(4, 2, random.below(8));
  else pci.configWrite(random.below(64) * 4, 4, random.u32());
}

function pciBus(): Subject {
  const pirqs = Array.from({ length: 4 }, () => new ProbeLine());
  const { host, mapped } = probeHost();
  const device = new PciBus('pci', pirqs);
  const { clock, timers } = time();
  const adapter = new Vga('vga', new Uint8Array(0x40000), clock);
  const vga = new VgaPci('vga-pci', adapter, host);
  device.add(0x10, vga.pci);
  return {
    device,
    also: [vga, adapter],
    clock,
    timers,
    windows: [
      { range: PCI_RANGE.ADDRESS, sizeBytes: 4, port: device },
      { range: PCI_RANGE.DATA, sizeBytes: 4, port: device },
      { range: 0, sizeBytes: 0x1000, mmio: vga },
    ],
    poke(random) {
      device.ioWrite(PCI_RANGE.ADDRESS, 0, 4, 0x80001000 | (random.below(32) * 4));
    },
    outputs: () => `${pirqs.map((line) => line.level).join()} ${mapped()}`,
  };
}

function i440fx(): Subject {
  const { host, mapped } = probeHost();
  const shadow = new Map<number, string>();
  let open = false;
  const device = new I440fx('pmc', host, {
    shadow: (segment) => shadow.set(segment.base, `${segment.readRam ? 'r' : ''}${segment.writeRam ? 'w' : ''}`),
    smram: (isOpen) => (open = isOpen),
  });
  return {
    device,
    ...time(),
    windows: [],
    poke: (random) => pokeConfig(random, device.pci),
    outputs: () => `${[...shadow].sort(([a], [b]) => a - b).join(' ')} ${open} ${mapped()}`,
  };
}

function piix3(): Subject {
  const { host } = probeHost();
  const irqs = Array.from({ length: 16 }, () => new ProbeLine());
  const device = new Piix3Isa('piix3', host, irqs, { reset: () => {} });
  return {
    device,
    ...time(),
    windows: [{ range: 0, sizeBytes: 1, port: device }],
    poke(random) {
      if (random.below(2) === 0) random.pick(device.pirqs).set(random.below(2) === 1);
      else device.pci.configWrite(0x60 + random.below(4), 1, random.u32() & 0xff);
    },
    outputs: () => irqs.map((line) => (line.level ? 1 : 0)).join(''),
  };
}

function piix4(): Subject {
  const { host, mapped } = probeHost();
  const { clock, timers } = time();
  const sci = new ProbeLine();
  const device = new Piix4Pm('pm', host, timers, sci, { powerOff: () => {} });
  return {
    device,
    clock,
    timers,
    windows: [
      { range: PIIX4_RANGE.PM, sizeBytes: 64, port: device },
      { range: PIIX4_RANGE.GPE, sizeBytes: 4, port: device },
      { range: PIIX4_RANGE.APM, sizeBytes: 2, port: device },
      { range: PIIX4_RANGE.SMBUS, sizeBytes: 16, port: device },
    ],
    poke(random) {
      const choice = random.below(4);
      if (choice === 0) device.pressPowerButton();
      else if (choice === 1) device.ioWrite(PIIX4_RANGE.APM, 0, 1, 0xf0 + random.below(2));
      else if (choice === 2) device.ioWrite(PIIX4_RANGE.PM, 2, 2, 0x0101);
      else pokeConfig(random, device.pci);
    },
    outputs: () => `sci=${sci.level} ${mapped()}`,
  };
}

function ide(): Subject {
  const { host, mapped } = probeHost();
  const { clock, timers } = time();
  const { memory, bytes, part } = ram();
  const disk = store('disk', 0x10000);
  const irqs = [new ProbeLine(), new ProbeLine()] as const;
  const iso = new MemoryBlock(
    Uint8Array.from({ length: 40 * 2048 }, (_, i) => i * 31),
    { readOnly: true },
  );
  const device = new PiixIde('ide', {
    host,
    memory,
    timers,
    irqs,
    drives: [
      { kind: 'disk', medium: new MemoryBlock(disk.bytes) },
      undefined,
      { kind: 'cdrom', medium: iso },
      { kind: 'disk', medium: new MemoryBlock(new Uint8Array(0x4000), { readOnly: true }) },
    ],
  });
  const commands = [
    0x20, 0x30, 0xc4, 0xc5, 0xc8, 0xca, 0x25, 0x35, 0xec, 0xa0, 0xa0, 0xa0, 0xc6, 0x91, 0xef, 0xe7, 0x08, 0x90,
  ];
  const packets = [0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28, 0x43, 0x46, 0x4a, 0x51, 0x5a, 0xa8, 0xbe];
  return {
    device,
    also: [part, disk.part],
    clock,
    timers,
    windows: [
      { range: IDE_RANGE.PRIMARY, sizeBytes: 8, port: device },
      { range: IDE_RANGE.PRIMARY_CONTROL, sizeBytes: 1, port: device, widths: [1] },
      { range: IDE_RANGE.SECONDARY, sizeBytes: 8, port: device },
      { range: IDE_RANGE.SECONDARY_CONTROL, sizeBytes: 1, port: device, widths: [1] },
      { range: IDE_RANGE.BUS_MASTER, sizeBytes: 16, port: device },
    ],
    poke(random) {
      const channel = random.pick([IDE_RANGE.PRIMARY, IDE_RANGE.SECONDARY]);
      const choice = random.below(8);
      if (choice === 0) device.cdrom(2)!.insert(random.below(2) === 0 ? undefined : iso);
      else if (choice === 1) device.cdrom(2)!.pressEject();
      else if (choice === 2) pokeConfig(random, device.pci);
      else if (choice === 3)
        for (let i = 0; i < 6; i++) device.ioWrite(channel, 0, 2, i === 0 ? random.pick(packets) : random.below(3));
      else if (choice === 4) for (let i = 0; i < 300; i++) device.ioRead(channel, 0, 2);
      else if (choice === 5) device.ioWrite(channel + 1, 0, 1, 0);
      else {
        bytes.set([0, random.u32(), 0, 0, 0, random.u32(), 0, 0x80], 0x100);
        device.ioWrite(IDE_RANGE.BUS_MASTER, channel === IDE_RANGE.PRIMARY ? 4 : 12, 4, 0x100);
        device.pci.configWrite(4, 2, 5);
        device.ioWrite(channel, 6, 1, random.pick([0xe0, 0xa0, 0xf0]));
        device.ioWrite(channel, 2, 1, random.below(4));
        device.ioWrite(channel, 3, 1, random.below(64));
        device.ioWrite(channel, 4, 2, 0);
        device.ioWrite(channel, 7, 1, random.pick(commands));
      }
    },
    outputs: () => `${irqs.map((line) => line.level).join()} ${mapped()}`,
  };
}

export const boardEntries: readonly ConformanceEntry[] = [
  { name: 'pci-bus', make: pciBus },
  { name: 'i440fx', make: i440fx },
  { name: 'piix3-isa', make: piix3 },
  { name: 'piix4-pm', make: piix4, survivesReset: { halfPeriods: 'follows the clock' } },
  { name: 'piix-ide', make: ide, survivesReset: { drives: 'a reset leaves the signature in the registers' } },
];
