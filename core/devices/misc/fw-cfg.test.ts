import { describe, expect, test } from 'vitest';
import { IoBus } from '../../bus/index.ts';
import { FwCfg, FW_CFG_ITEM } from './fw-cfg.ts';

const ASCII = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0));

function fwCfg() {
  const ram = new Uint8Array(0x10000).fill(0xee);
  const memory = {
    dmaRead: (at: number, target: Uint8Array): void => target.set(ram.subarray(at, at + target.length)),
    dmaWrite: (at: number, data: Uint8Array): void => {
      if (at + data.length <= ram.length) ram.set(data, at);
    },
  };
  const io = new IoBus();
  const device = new FwCfg('fw-cfg', memory, new Map([[FW_CFG_ITEM.RAM_SIZE, Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0)]]), [
    { name: 'opt/zebra', data: Uint8Array.of(7, 8) },
    { name: 'etc/apple', data: Uint8Array.of(1, 2, 3) },
  ]);
  device.mapPorts(io);
  const read = (selector: number, count: number): number[] => {
    io.write(0x510, 2, selector);
    return Array.from({ length: count }, () => io.read(0x511, 1));
  };
  const dma = (control: number, length: number, address: number): number => {
    const view = new DataView(ram.buffer);
    view.setUint32(0x100, control);
    view.setUint32(0x104, length);
    view.setUint32(0x108, 0);
    view.setUint32(0x10c, address);
    io.write(0x514, 4, 0);
    io.write(0x518, 4, 0x00010000); // 100h, big-endian
    return view.getUint32(0x100);
  };
  return { ram, io, device, read, dma };
}

describe('fw_cfg', () => {
  test('signs as QEMU and offers DMA', () => {
    const f = fwCfg();

    expect(f.read(FW_CFG_ITEM.SIGNATURE, 5)).toEqual([...ASCII('QEMU'), 0]);
    expect(f.read(FW_CFG_ITEM.ID, 1)).toEqual([3]);
    expect([f.io.read(0x514, 4), f.io.read(0x518, 4)]).toEqual([0x554d4551, 0x47464320]);
  });

  test('lists its files by name with sizes and selectors in big-endian', () => {
    const f = fwCfg();

    const directory = f.read(FW_CFG_ITEM.FILE_DIR, 4 + 2 * 64);

    expect(directory.slice(0, 12)).toEqual([0, 0, 0, 2, 0, 0, 0, 3, 0, 0x20, 0, 0]);
    expect(directory.slice(12, 22)).toEqual([...ASCII('etc/apple'), 0]);
    expect(directory.slice(68, 76)).toEqual([0, 0, 0, 2, 0, 0x21, 0, 0]);
  });

  test('reads an item from its start each time it is selected, then zeros', () => {
    const f = fwCfg();

    expect(f.read(0x20, 5)).toEqual([1, 2, 3, 0, 0]);
    expect(f.read(0x20, 2)).toEqual([1, 2]);
    expect(f.read(0x4444, 2)).toEqual([0, 0]);
  });

  test('moves an item by DMA, filling up with zeros', () => {
    const f = fwCfg();

    const control = f.dma(0x00200000 | 0x08 | 0x02, 5, 0x200);

    expect(control).toBe(0);
    expect([...f.ram.subarray(0x200, 0x206)]).toEqual([1, 2, 3, 0, 0, 0xee]);
  });

  test('skips by DMA, and goes on by the port', () => {
    const f = fwCfg();

    f.dma(0x00200000 | 0x08 | 0x04, 2, 0);

    expect(f.io.read(0x511, 1)).toBe(3);
  });

  test('answers a write by DMA with an error', () => {
    const f = fwCfg();

    expect(f.dma(0x00200000 | 0x08 | 0x10, 1, 0x200)).toBe(1);
    expect(f.read(0x20, 1)).toEqual([1]);
  });
});
