import { describe, expect, test } from 'vitest';
import { IoBus, ManualClock, ProbeLine, type IoWidth, type Mmio, type PortIo } from '../../bus/index.ts';
import { PhysicalMemory } from '../../memory/index.ts';
import { Vga } from '../display/index.ts';
import {
  devfn,
  I440fx,
  PciBus,
  PciConfig,
  pciHost,
  PciLayout,
  PciMemorySpace,
  pciMemoryTarget,
  PciPortSpace,
  PCI_RANGE,
  Piix3Isa,
  VgaPci,
  type ShadowSegment,
} from './index.ts';

const MIB = 1 << 20;
const HOLE = { base: 0x80000000, end: 0xfec00000 };

/** Answers with a number of its own plus the offset. */
class Echo implements PortIo, Mmio {
  written: readonly number[] = [];
  readonly #base: number;
  constructor(base: number) {
    this.#base = base;
  }
  ioRead(range: number, offset: number): number {
    return this.#base + range * 0x100 + offset;
  }
  ioWrite(_range: number, offset: number, width: IoWidth, value: number): void {
    this.written = [offset, width, value];
  }
  mmioRead(range: number, offset: number): number {
    return this.ioRead(range, offset);
  }
  mmioWrite(range: number, offset: number, width: IoWidth, value: number): void {
    this.ioWrite(range, offset, width, value);
  }
}

function board() {
  const io = new IoBus();
  const memory = new PhysicalMemory(new ArrayBuffer(20 * MIB));
  const ports = new PciPortSpace();
  io.map({ base: 0, size: 0x10000, device: ports, maxWidth: 4 });
  const host = pciHost(ports, new PciMemorySpace(pciMemoryTarget(memory), HOLE));
  const pirqs = Array.from({ length: 4 }, () => new ProbeLine());
  const bus = new PciBus('pci', pirqs);
  io.map({ base: 0xcf8, size: 4, device: bus, range: PCI_RANGE.ADDRESS, maxWidth: 4 });
  io.map({ base: 0xcfc, size: 4, device: bus, range: PCI_RANGE.DATA, maxWidth: 4 });
  const select = (address: number, register: number): void =>
    io.write(0xcf8, 4, (0x80000000 | (address << 8) | (register & 0xfc)) >>> 0);
  const read = (address: number, register: number, width: IoWidth = 4): number => {
    select(address, register);
    return io.read(0xcfc + (register & 3), width);
  };
  const write = (address: number, register: number, value: number, width: IoWidth = 4): void => {
    select(address, register);
    io.write(0xcfc + (register & 3), width, value);
  };
  return { io, memory, host, pirqs, bus, read, write };
}

/** A function with an I/O register of 16 ports and a memory register of 64 KiB. */
function card(b: ReturnType<typeof board>, address: number, base = 0, interruptPin = 1) {
  const layout = new PciLayout({ vendorId: 0x1111, deviceId: 0x2222, classCode: 0x020000, interruptPin }, [
    { index: 0, kind: 'io', sizeBytes: 16 },
    { index: 1, kind: 'memory', sizeBytes: 0x10000, prefetchable: true },
  ]);
  const echo = new Echo(base);
  const targets = [
    { index: 0, port: echo, range: 0 },
    { index: 1, mmio: echo, range: 1 },
  ];
  const pci = new PciConfig(layout.initial.slice(), layout, b.host, targets);
  b.bus.add(address, pci);
  return { pci, echo };
}

const SLOT3 = devfn(3, 0);

describe('configuration mechanism 1', () => {
  test('reads identity in every width', () => {
    const b = board();
    card(b, SLOT3);

    expect(b.read(SLOT3, 0)).toBe(0x22221111);
    expect(b.read(SLOT3, 2, 2)).toBe(0x2222);
    expect([b.read(SLOT3, 0xb, 1), b.read(SLOT3, 0xa, 1)]).toEqual([0x02, 0x00]);
  });

  test('absent functions, other buses and a closed window read as ones', () => {
    const b = board();
    card(b, SLOT3);

    expect(b.read(devfn(4, 0), 0)).toBe(0xffffffff);
    expect(b.read(SLOT3 | 0x100, 0)).toBe(0xffffffff);
    b.io.write(0xcf8, 4, SLOT3 << 8);
    expect(b.io.read(0xcfc, 4)).toBe(0xffffffff);
  });

  test('the address register takes whole double words alone', () => {
    const b = board();
    b.io.write(0xcf8, 4, 0x80001804);

    b.io.write(0xcf8, 1, 0xff);
    b.io.write(0xcfa, 2, 0xffff);

    expect(b.io.read(0xcf8, 4)).toBe(0x80001804);
  });

  test('read-only registers stay as they are', () => {
    const b = board();
    card(b, SLOT3);

    b.write(SLOT3, 0, 0xffffffff);
    b.write(SLOT3, 8, 0xffffffff);

    expect([b.read(SLOT3, 0), b.read(SLOT3, 8)]).toEqual([0x22221111, 0x02000000]);
  });
});

describe('base address registers', () => {
  test('tell their size and kind when written with ones', () => {
    const b = board();
    card(b, SLOT3);

    b.write(SLOT3, 0x10, 0xffffffff);
    b.write(SLOT3, 0x14, 0xffffffff);
    b.write(SLOT3, 0x18, 0xffffffff);

    expect([0x10, 0x14, 0x18].map((register) => b.read(SLOT3, register))).toEqual([0xfffffff1, 0xffff0008, 0]);
  });

  test('decode where they are put while the command register says so', () => {
    const b = board();
    const { echo } = card(b, SLOT3);
    b.write(SLOT3, 0x10, 0xc000);
    b.write(SLOT3, 0x14, 0xe0000000);
    expect([b.io.read(0xc004, 1), b.memory.read(0xe0000004, 1)]).toEqual([0xff, 0xff]);

    b.write(SLOT3, 4, 3, 2);

    expect([b.io.read(0xc004, 1), b.memory.read(0xe0000010, 4)]).toEqual([4, 0x110]);
    b.io.write(0xc008, 4, 0x12345678);
    expect(echo.written).toEqual([8, 4, 0x12345678]);
    b.write(SLOT3, 4, 2, 2);
    expect([b.io.read(0xc004, 1), b.memory.read(0xe0000010, 4)]).toEqual([0xff, 0x110]);
  });

  test('move', () => {
    const b = board();
    card(b, SLOT3);
    b.write(SLOT3, 4, 3, 2);
    b.write(SLOT3, 0x14, 0xe0000000);

    b.write(SLOT3, 0x14, 0xe1000000);

    expect([b.memory.read(0xe0000000, 1), b.memory.read(0xe1000002, 4)]).toEqual([0xff, 0x102]);
  });

  test('a size inquiry with decoding on maps nothing', () => {
    const b = board();
    card(b, SLOT3);
    b.write(SLOT3, 4, 3, 2);

    b.write(SLOT3, 0x10, 0xffffffff);
    b.write(SLOT3, 0x14, 0xffffffff);

    expect(b.io.read(0xfff4, 1)).toBe(0xff);
    expect(b.memory.read(0xffff0000, 1)).toBe(0xff);
  });

  test('laid over each other give the place back when one moves away', () => {
    const b = board();
    card(b, SLOT3, 0x10);
    card(b, devfn(4, 0), 0x20);
    for (const address of [SLOT3, devfn(4, 0)]) {
      b.write(address, 4, 3, 2);
      b.write(address, 0x10, 0xc000);
      b.write(address, 0x14, 0xe0000000);
    }
    expect([b.io.read(0xc001, 1), b.memory.read(0xe0000001, 1)]).toEqual([0x21, 0x121]);

    b.write(devfn(4, 0), 0x10, 0xd000);
    b.write(devfn(4, 0), 0x14, 0xe2000000);

    expect([b.io.read(0xc001, 1), b.memory.read(0xe0000001, 1)]).toEqual([0x11, 0x111]);
  });

  test('never hide a fixed part or RAM', () => {
    const b = board();
    card(b, SLOT3);
    b.io.map({ base: 0x60, size: 1, device: new Echo(0x77) });
    b.memory.mapRam(0, MIB, 0);
    b.memory.write(0x90000, 1, 0x42);
    b.write(SLOT3, 4, 3, 2);

    b.write(SLOT3, 0x10, 0x60);
    b.write(SLOT3, 0x14, 0x90000);
    b.write(SLOT3, 4, 0, 2);

    expect([b.io.read(0x60, 1), b.memory.read(0x90000, 1)]).toEqual([0x77, 0x42]);
  });
});

describe('interrupt pins', () => {
  test('of neighbouring slots go to neighbouring PIRQs, and share them', () => {
    const b = board();
    const cards = [3, 4, 5, 6, 7].map((slot) => card(b, devfn(slot, 0)));
    const levels = (): boolean[] => b.pirqs.map((line) => line.level);

    cards[0].pci.setInterrupt(true);
    expect(levels()).toEqual([false, false, true, false]);
    cards[4].pci.setInterrupt(true);
    cards[0].pci.setInterrupt(false);

    expect(levels()).toEqual([false, false, true, false]);
    cards[4].pci.setInterrupt(false);
    cards[1].pci.setInterrupt(true);
    expect(levels()).toEqual([false, false, false, true]);
  });

  test('are held back by INTx disable, and shown in the status register all the same', () => {
    const b = board();
    const { pci } = card(b, SLOT3);
    b.write(SLOT3, 4, 0x400, 2);

    pci.setInterrupt(true);

    expect([b.pirqs[2].level, b.read(SLOT3, 6, 2) & 8]).toEqual([false, 8]);
    b.write(SLOT3, 4, 0, 2);
    expect(b.pirqs[2].level).toBe(true);
  });
});

describe('PIIX3', () => {
  function bridge() {
    const b = board();
    const irqs = Array.from({ length: 16 }, () => new ProbeLine());
    const resets: string[] = [];
    const piix = new Piix3Isa('piix3', b.host, irqs, { reset: (kind) => resets.push(kind) });
    b.bus.add(devfn(1, 0), piix.pci);
    b.io.map({ base: 0xcf9, size: 1, device: piix });
    return { ...b, piix, irqs, resets };
  }

  test('steers a PIRQ to the interrupt that its register names, and takes it along when that changes', () => {
    const b = bridge();
    b.piix.pirqs[2].set(true);
    expect(b.irqs.some((line) => line.level)).toBe(false);

    b.write(devfn(1, 0), 0x62, 0x0b, 1);
    const first = b.irqs[11].level;
    b.write(devfn(1, 0), 0x62, 0x0a, 1);

    expect([first, b.irqs[11].level, b.irqs[10].level]).toEqual([true, false, true]);
  });

  test('keeps an interrupt up while one of the PIRQs that share it is', () => {
    const b = bridge();
    b.write(devfn(1, 0), 0x60, 0x0a0a0a0a);
    b.piix.pirqs[0].set(true);
    b.piix.pirqs[3].set(true);

    b.piix.pirqs[0].set(false);

    expect(b.irqs[10].level).toBe(true);
    b.piix.pirqs[3].set(false);
    expect(b.irqs[10].level).toBe(false);
  });

  test('never drives the timer, the keyboard or the cascade', () => {
    const b = bridge();
    b.piix.pirqs[0].set(true);

    for (const irq of [0, 1, 2, 8, 13]) b.write(devfn(1, 0), 0x60, irq, 1);

    expect(b.irqs.every((line) => line.risingEdges === 0)).toBe(true);
  });

  test('resets on a rising RCPU, hard when SRST is set, beside the address port', () => {
    const b = bridge();

    b.io.write(0xcf9, 1, 0x02);
    b.io.write(0xcf9, 1, 0x06);
    b.io.write(0xcf9, 1, 0x04);

    expect(b.resets).toEqual(['hard', 'processor']);
    b.io.write(0xcf8, 4, 0x80000800);
    expect(b.io.read(0xcf8, 4)).toBe(0x80000800);
  });
});

describe('i440FX', () => {
  function pmc() {
    const b = board();
    const told: ShadowSegment[] = [];
    const smram: boolean[] = [];
    const device = new I440fx('pmc', b.host, { shadow: (s) => told.push(s), smram: (open) => smram.push(open) });
    b.bus.add(0, device.pci);
    device.reset();
    told.length = 0;
    return { ...b, device, told, smram };
  }

  test('is what QEMU has there', () => {
    expect(pmc().read(0, 0)).toBe(0x12378086);
  });

  test('tells the BIOS segment by the high half of PAM0', () => {
    const b = pmc();

    b.write(0, 0x59, 0x30, 1);

    expect(b.told).toEqual([{ base: 0xf0000, sizeBytes: 0x10000, readRam: true, writeRam: true }]);
  });

  test.each([
    [0x5a, 0x01, 0xc0000],
    [0x5a, 0x10, 0xc4000],
    [0x5c, 0x01, 0xd0000],
    [0x5f, 0x01, 0xe8000],
    [0x5f, 0x10, 0xec000],
  ])('register %i with %i makes the 16 KiB at %i readable from RAM', (register, value, base) => {
    const b = pmc();

    b.write(0, register, value, 1);

    expect(b.told).toEqual([{ base, sizeBytes: 0x4000, readRam: true, writeRam: false }]);
  });

  test('tells all segments again after a reset', () => {
    const b = pmc();
    b.write(0, 0x59, 0x30, 1);
    b.told.length = 0;

    b.device.reset();

    expect(b.told).toHaveLength(13);
    expect(b.told.every(({ readRam, writeRam }) => !readRam && !writeRam)).toBe(true);
  });

  test('opens SMRAM until it is locked', () => {
    const b = pmc();
    b.write(0, 0x72, 0x4a, 1);
    const opened = b.smram.at(-1);

    b.write(0, 0x72, 0x1a, 1);
    b.write(0, 0x72, 0x4a, 1);

    expect([opened, b.smram.at(-1), b.read(0, 0x72, 1) & 0x50]).toEqual([true, false, 0x10]);
  });
});

describe('the VGA as a PCI function', () => {
  function vga() {
    const b = board();
    const vram = new Uint8Array(b.memory.bytes.buffer as ArrayBuffer, 4 * MIB, 16 * MIB);
    const adapter = new Vga('vga', vram, new ManualClock());
    const rom = Uint8Array.of(0x55, 0xaa, 1);
    const device = new VgaPci('vga-pci', adapter, b.host, rom);
    b.bus.add(devfn(2, 0), device.pci);
    b.write(devfn(2, 0), 0x10, 0xe0000000);
    b.write(devfn(2, 0), 0x18, 0xe2000000);
    b.write(devfn(2, 0), 4, 3, 2);
    return { ...b, adapter, device, vram };
  }

  test('puts the frame buffer where its register says, as plain memory', () => {
    const b = vga();

    b.memory.write(0xe0000010, 4, 0xcafebabe);

    expect(new DataView(b.vram.buffer, b.vram.byteOffset).getUint32(0x10, true)).toBe(0xcafebabe);
    expect(b.device.lfbBase).toBe(0xe0000000);
  });

  test('reaches the dispi registers by memory without moving the index of the ports', () => {
    const b = vga();
    b.adapter.state.dispiIndex = 4;

    b.memory.write(0xe2000502, 2, 1280);

    expect(b.memory.read(0xe2000502, 2)).toBe(1280);
    expect(b.memory.read(0xe2000500, 2)).toBe(0xb0c5);
    expect(b.adapter.state.dispiIndex).toBe(4);
  });

  test('reaches the VGA ports from 3C0h up by memory', () => {
    const b = vga();

    b.memory.write(0xe2000404, 2, 0x0f02);

    expect(b.adapter.state.seq[2]).toBe(0x0f);
  });

  test('says that its pixels are little-endian', () => {
    expect(vga().memory.read(0xe2000604, 4)).toBe(0x1e1e1e1e);
  });

  test('shows its ROM while the register enables it', () => {
    const b = vga();
    b.write(devfn(2, 0), 0x30, 0xfffffffe);
    expect(b.read(devfn(2, 0), 0x30)).toBe(0xfffff000);

    b.write(devfn(2, 0), 0x30, 0xe3000001);

    expect(b.memory.read(0xe3000000, 2)).toBe(0xaa55);
  });
});
