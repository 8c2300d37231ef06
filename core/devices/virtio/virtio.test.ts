import { describe, expect, test } from 'vitest';
import { ProbeLine, type IoWidth } from '../../bus/index.ts';
import type { PciHost } from '../pci/index.ts';
import { VirtioBalloon } from './virtio-balloon.ts';
import { VirtioRng } from './virtio-rng.ts';
import type { VirtioPci } from './virtio-pci.ts';

const DESC = 0x1000;
const AVAIL = 0x2000;
const USED = 0x3000;
const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;
const NEEDS_RESET = 0x40;
const host: PciHost = { mapPorts() {}, unmapPorts() {}, mapMemory() {}, unmapMemory() {} };

const STATUS = 0x14;
const QUEUE_SELECT = 0x16;
const NOTIFY = 0x3000;

interface Descriptor {
  readonly address: number;
  readonly length: number;
  readonly flags?: number;
  readonly next?: number;
}

function ram() {
  const bytes = new Uint8Array(0x20000);
  const view = new DataView(bytes.buffer);
  const memory = {
    dmaRead: (at: number, target: Uint8Array): void => target.set(bytes.subarray(at, at + target.length)),
    dmaWrite: (at: number, data: Uint8Array): void => {
      if (at + data.length <= bytes.length) bytes.set(data, at);
    },
  };
  const describe_ = (table: number, list: readonly Descriptor[]): void =>
    list.forEach(({ address, length, flags = 0, next = 0 }, i) => {
      view.setBigUint64(table + i * 16, BigInt(address), true);
      view.setUint32(table + i * 16 + 8, length, true);
      view.setUint16(table + i * 16 + 12, flags, true);
      view.setUint16(table + i * 16 + 14, next, true);
    });
  return { bytes, view, memory, describe: describe_ };
}

/** A driver of the modern interface with queue 0 (or more) set up at fixed places. */
function driver(transport: VirtioPci, memory: ReturnType<typeof ram>, queueCount = 1) {
  const line = new ProbeLine();
  transport.pci.connect(line);
  transport.pci.configWrite(4, 2, 6);
  const write = (at: number, value: number, width: IoWidth = 4): void => transport.mmioWrite(0, at, width, value);
  const read = (at: number, width: IoWidth = 4): number => transport.mmioRead(0, at, width);
  write(STATUS, 0, 1);
  write(STATUS, 3, 1);
  write(0x08, 1);
  write(0x0c, 1);
  write(STATUS, 0x0b, 1);
  for (let queue = 0; queue < queueCount; queue++) {
    write(QUEUE_SELECT, queue, 2);
    write(0x20, DESC);
    write(0x28, AVAIL + queue * 0x400);
    write(0x30, USED + queue * 0x400);
    write(0x1c, 1, 2);
  }
  write(STATUS, 0x0f, 1);
  let offered = 0;
  const offer = (heads: readonly number[], queue = 0): void => {
    const ring = AVAIL + queue * 0x400;
    for (const head of heads) memory.view.setUint16(ring + 4 + (offered++ % 64) * 2, head, true);
    memory.view.setUint16(ring + 2, offered, true);
    write(NOTIFY + queue * 4, queue, 2);
  };
  const used = (queue = 0): [head: number, length: number][] => {
    const ring = USED + queue * 0x400;
    return Array.from({ length: memory.view.getUint16(ring + 2, true) }, (_, i) => [
      memory.view.getUint32(ring + 4 + i * 8, true),
      memory.view.getUint32(ring + 8 + i * 8, true),
    ]);
  };
  return { line, write, read, offer, used };
}

function rng() {
  const memory = ram();
  let next = 1;
  const device = new VirtioRng('rng', host, memory.memory, {
    fill: (target) => target.forEach((_, i) => (target[i] = next++ & 0xff)),
  });
  return { ...memory, device, transport: device.transport, ...driver(device.transport, memory) };
}

describe('the entropy device', () => {
  test('fills a buffer and interrupts until the cause is read', () => {
    const d = rng();
    d.describe(DESC, [{ address: 0x8000, length: 8, flags: WRITE }]);

    d.offer([0]);

    expect([...d.bytes.subarray(0x8000, 0x8009)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 0]);
    expect(d.used()).toEqual([[0, 8]]);
    expect(d.line.level).toBe(true);
    expect(d.read(0x1000, 1)).toBe(1);
    expect(d.line.level).toBe(false);
  });

  test('fills chains piece by piece, and indirect tables', () => {
    const d = rng();
    d.describe(DESC, [
      { address: 0x8000, length: 2, flags: WRITE | NEXT, next: 3 },
      { address: 0x9000, length: 32, flags: INDIRECT },
      { address: 0, length: 0 },
      { address: 0x8100, length: 3, flags: WRITE },
    ]);
    d.describe(0x9000, [
      { address: 0x8200, length: 1, flags: WRITE | NEXT, next: 1 },
      { address: 0x8300, length: 1, flags: WRITE },
    ]);

    d.offer([0, 1]);

    expect([0x8001, 0x8102, 0x8200, 0x8300].map((at) => d.bytes[at])).toEqual([2, 5, 6, 7]);
    expect(d.used()).toEqual([
      [0, 5],
      [1, 2],
    ]);
  });

  test('leaves the driver in peace that asked for no interrupts', () => {
    const d = rng();
    d.describe(DESC, [{ address: 0x8000, length: 8, flags: WRITE }]);
    d.view.setUint16(AVAIL, 1, true);

    d.offer([0]);

    expect([d.used().length, d.line.risingEdges]).toEqual([1, 0]);
  });

  test('works through the legacy interface', () => {
    const memory = ram();
    const device = new VirtioRng('rng', host, memory.memory, { fill: (target) => target.fill(0x5a) });
    device.pci.configWrite(4, 2, 5);
    const { transport } = device;
    transport.ioWrite(0, 0x12, 1, 3);
    transport.ioWrite(0, 0x0e, 2, 0);
    transport.ioWrite(0, 0x08, 4, 4);
    transport.ioWrite(0, 0x12, 1, 7);
    memory.describe(0x4000, [{ address: 0x8000, length: 4, flags: WRITE }]);
    memory.view.setUint16(0x4000 + 64 * 16 + 2, 1, true);

    transport.ioWrite(0, 0x10, 2, 0);

    expect(memory.view.getUint32(0x8000, true)).toBe(0x5a5a5a5a);
    expect(memory.view.getUint16(0x5002, true)).toBe(1);
    expect(transport.ioRead(0, 0x13, 1)).toBe(1);
  });
});

describe('a broken ring', () => {
  test.each<[string, readonly Descriptor[]]>([
    ['a chain that bites its tail', [{ address: 0x8000, length: 1, flags: WRITE | NEXT, next: 0 }]],
    ['a chain out of the table', [{ address: 0x8000, length: 1, flags: WRITE | NEXT, next: 200 }]],
    ['a buffer above 4 GiB', [{ address: 2 ** 33, length: 1, flags: WRITE }]],
    ['a buffer that wraps', [{ address: 0xfffffff0, length: 0x20, flags: WRITE }]],
    ['an indirect table of a crooked size', [{ address: 0x9000, length: 17, flags: INDIRECT }]],
    ['an indirect table in an indirect table', [{ address: DESC, length: 16, flags: INDIRECT }]],
  ])('with %s asks for a reset and does no more until then', (_name, list) => {
    const d = rng();
    d.describe(DESC, list);

    d.offer([0]);
    const status = d.read(STATUS, 1);
    d.describe(DESC, [{ address: 0x8000, length: 8, flags: WRITE }]);
    d.offer([0]);

    expect(status & NEEDS_RESET).toBe(NEEDS_RESET);
    expect(d.used()).toEqual([]);
    d.write(STATUS, 0, 1);
    expect(d.read(STATUS, 1)).toBe(0);
  });

  test('with an index far ahead of itself asks for a reset', () => {
    const d = rng();
    d.view.setUint16(AVAIL + 2, 5000, true);

    d.write(NOTIFY, 0, 2);

    expect(d.read(STATUS, 1) & NEEDS_RESET).toBe(NEEDS_RESET);
  });

  test('a buffer of gigabytes is filled with what one request gets', () => {
    const d = rng();
    d.describe(DESC, [{ address: 0x10000, length: 0x7fffffff, flags: WRITE }]);

    d.offer([0]);

    expect(d.used()).toEqual([[0, 4096]]);
  });
});

describe('the transport', () => {
  test('is a transitional function whose capabilities lead to the modern registers', () => {
    const { device } = rng();
    const { pci } = device;
    const found: number[][] = [];
    for (let at = pci.read8(0x34); at !== 0; at = pci.read8(at + 1))
      found.push([pci.read8(at), pci.read8(at + 3), pci.read32(at + 8)]);

    expect([pci.read32(0), pci.read16(0x2e)]).toEqual([0x10051af4, 4]);
    expect(found).toEqual([
      [9, 1, 0x0000],
      [9, 3, 0x1000],
      [9, 4, 0x2000],
      [9, 2, 0x3000],
      [9, 5, 0],
    ]);
  });

  test('is reached through the window in configuration space', () => {
    const { device } = rng();
    device.pci.configWrite(0xb4, 1, 4);
    device.pci.configWrite(0xb8, 4, 0x14);
    device.pci.configWrite(0xbc, 4, 1);
    expect(device.pci.configRead(0xc0, 1)).toBe(0x0f);

    device.pci.configWrite(0xc0, 1, 0);

    expect(device.pci.configRead(0xc0, 1)).toBe(0);
  });

  test('refuses features that were not offered', () => {
    const d = rng();
    d.write(STATUS, 0, 1);
    d.write(0x08, 0);
    d.write(0x0c, 0x00000001);

    d.write(STATUS, 0x0b, 1);

    expect(d.read(STATUS, 1) & 8).toBe(0);
  });

  test('takes a smaller queue of a power of two, and nothing else', () => {
    const d = rng();
    d.write(STATUS, 0, 1);
    const sizeAfter = (size: number): number => {
      d.write(0x18, size, 2);
      return d.read(0x18, 2);
    };

    expect([16, 12, 0, 4096].map(sizeAfter)).toEqual([16, 16, 16, 16]);
  });

  test('moves no data while the function may not master the bus', () => {
    const d = rng();
    d.describe(DESC, [{ address: 0x8000, length: 8, flags: WRITE }]);
    d.device.pci.configWrite(4, 2, 2);

    d.offer([0]);

    expect(d.used()).toEqual([]);
  });
});

describe('the balloon', () => {
  function balloon() {
    const memory = ram();
    const given: number[] = [];
    const device = new VirtioBalloon('balloon', host, memory.memory, { given: (physAddr) => given.push(physAddr) });
    return { ...memory, given, device, ...driver(device.transport, memory, 2) };
  }

  test('tells the driver of a new target by a configuration interrupt', () => {
    const d = balloon();
    const generation = d.read(0x15, 1);

    d.device.setTarget(1000);

    expect([d.read(0x2000), d.read(0x1000, 1)]).toEqual([1000, 2]);
    expect(d.read(0x15, 1)).not.toBe(generation);
  });

  test('passes on the pages of the inflate queue and not those of the deflate queue', () => {
    const d = balloon();
    d.view.setUint32(0x8000, 5, true);
    d.view.setUint32(0x8004, 0x12345, true);
    d.view.setUint32(0x8008, 0xffffffff, true);
    d.describe(DESC, [{ address: 0x8000, length: 12 }]);

    d.offer([0]);
    d.offer([0], 1);

    expect(d.given).toEqual([0x5000, 0x12345000]);
    expect(d.used()).toEqual([[0, 0]]);
  });

  test('hears how much the guest gave', () => {
    const d = balloon();

    d.write(0x2004, 77);

    expect(d.device.state.actual).toBe(77);
  });
});
