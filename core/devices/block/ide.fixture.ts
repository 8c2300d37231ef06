/** A driver for tests: the registers by name, commands by PIO and DMA, against a RAM of its own. */
import { advance, IoBus, ManualClock, ProbeLine, TimerQueue, type IoWidth } from '../../bus/index.ts';
import type { Block } from '../../backends/index.ts';
import { BlockIoError } from '../../backends/index.ts';
import type { PciHost, PciPortRegion } from '../pci/index.ts';
import { PiixIde, type IdeDriveConfig } from './ide.ts';

export const BM_BASE = 0xc000;
export const PRIMARY = 0x1f0;
export const SECONDARY = 0x170;
export const BSY = 0x80;
export const DRQ = 0x08;
export const ERR = 0x01;
const SETTLE_NS = 200_000;

export function machine(drives: readonly (IdeDriveConfig | undefined)[]) {
  const clock = new ManualClock();
  const timers = new TimerQueue(clock);
  const io = new IoBus();
  const ram = new Uint8Array(0x100000);
  const irqs = [new ProbeLine(), new ProbeLine()] as const;
  const mapPorts = ({ base, sizeBytes, device, range }: PciPortRegion): void =>
    io.map({ base, size: sizeBytes, device, range, maxWidth: 4 });
  const host: PciHost = {
    mapPorts,
    unmapPorts: ({ base, sizeBytes }) => io.unmap(base, sizeBytes),
    mapMemory() {},
    unmapMemory() {},
  };
  const memory = {
    dmaRead: (at: number, target: Uint8Array): void => target.set(ram.subarray(at, at + target.length)),
    dmaWrite: (at: number, data: Uint8Array): void => ram.set(data, at),
  };
  const ide = new PiixIde('ide', { host, memory, timers, irqs, drives });
  ide.mapPorts(io);
  ide.reset('power');
  ide.pci.configWrite(0x20, 4, BM_BASE);
  ide.pci.configWrite(0x04, 2, 5);

  const settle = (): void => advance(clock, timers, clock.nowNs + SETTLE_NS);
  const out = (port: number, value: number, width: IoWidth = 1): void => io.write(port, width, value);
  const inp = (port: number, width: IoWidth = 1): number => io.read(port, width);
  const status = (base = PRIMARY): number => inp(base + 7);

  /** Writes the task file for an LBA command and lets it get as far as it gets by itself. */
  const command = (code: number, lba = 0, count = 1, { base = PRIMARY, device = 0xe0, features = 0 } = {}): void => {
    out(base + 6, device | ((lba >>> 24) & 0x0f));
    out(base + 1, features);
    out(base + 2, count & 0xff);
    out(base + 3, lba & 0xff);
    out(base + 4, (lba >>> 8) & 0xff);
    out(base + 5, (lba >>> 16) & 0xff);
    out(base + 7, code);
    settle();
  };
  /** The same with 48-bit address and 16-bit count. */
  const commandExt = (code: number, lba: number, count: number): void => {
    const byte = (n: number): number => Math.floor(lba / 2 ** (8 * n)) & 0xff;
    out(PRIMARY + 6, 0xe0);
    out(PRIMARY + 2, count >> 8);
    out(PRIMARY + 2, count & 0xff);
    for (const [register, high, low] of [
      [3, 3, 0],
      [4, 4, 1],
      [5, 5, 2],
    ]) {
      out(PRIMARY + register, byte(high));
      out(PRIMARY + register, byte(low));
    }
    out(PRIMARY + 7, code);
    settle();
  };
  /** Reads DRQ blocks as long as there are any. */
  const readData = (base = PRIMARY, width: IoWidth = 2): Uint8Array => {
    const bytes: number[] = [];
    while (inp(base + 7) & DRQ) {
      const value = inp(base, width);
      for (let i = 0; i < width; i++) bytes.push((value >>> (i * 8)) & 0xff);
      if (inp(base + 7) & BSY) settle();
    }
    return Uint8Array.from(bytes);
  };
  const writeData = (data: Uint8Array, base = PRIMARY): void => {
    for (let at = 0; at < data.length; at += 2) {
      if (!(inp(base + 7) & DRQ)) throw new Error(`no DRQ at byte ${at}`);
      out(base, data[at] | (data[at + 1] << 8), 2);
      settle();
    }
  };
  /** Descriptors at 1000h: [address, bytes] each, the last with its end mark unless told otherwise. */
  const descriptors = (list: readonly (readonly [number, number])[], endMark = true): void => {
    const view = new DataView(ram.buffer);
    list.forEach(([address, bytes], i) => {
      view.setUint32(0x1000 + i * 8, address, true);
      view.setUint32(0x1004 + i * 8, (bytes & 0xffff) | (endMark && i === list.length - 1 ? 0x80000000 : 0), true);
    });
  };
  /** Starts the bus master; what its status reads when everything is over. */
  const busMaster = (toMemory: boolean, channel = 0): number => {
    const at = BM_BASE + channel * 8;
    out(at + 2, 0x06);
    out(at + 4, 0x1000, 4);
    out(at, toMemory ? 0x09 : 0x01);
    settle();
    return inp(at + 2);
  };
  return {
    clock,
    timers,
    io,
    ram,
    irqs,
    ide,
    out,
    inp,
    status,
    settle,
    command,
    commandExt,
    readData,
    writeData,
    descriptors,
    busMaster,
  };
}

/** Sends a packet to the CD-ROM drive that is the secondary master. */
export function packet(
  m: ReturnType<typeof machine>,
  bytes: readonly number[],
  { limit = 0xfffe, dma = false } = {},
): void {
  m.out(SECONDARY + 6, 0xa0);
  m.out(SECONDARY + 1, dma ? 1 : 0);
  m.out(SECONDARY + 4, limit & 0xff);
  m.out(SECONDARY + 5, limit >> 8);
  m.out(SECONDARY + 7, 0xa0);
  m.settle();
  const padded = [...bytes, ...new Array<number>(12 - bytes.length).fill(0)];
  for (let i = 0; i < 12; i += 2) m.out(SECONDARY, padded[i] | (padded[i + 1] << 8), 2);
  m.settle();
}

/** Says what it holds without holding it: byte n of sector s is (s + n) mod 251. */
export function patternBlock(sizeBytes: number, sectorBytes = 512): Block {
  return {
    sizeBytes,
    readOnly: false,
    read(offsetBytes, target) {
      for (let i = 0; i < target.length; i++) {
        const at = offsetBytes + i;
        target[i] = (Math.floor(at / sectorBytes) + (at % sectorBytes)) % 251;
      }
    },
    write() {},
    flush() {},
  };
}

export function failingBlock(sizeBytes: number): Block {
  const fail = (offsetBytes: number): never => {
    throw new BlockIoError('the host could not', offsetBytes);
  };
  return { sizeBytes, readOnly: false, read: fail, write: fail, flush: () => fail(0) };
}
