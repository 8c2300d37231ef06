import { expect, test } from 'vitest';
import type { Mmio } from './access.ts';
import { PAGE_BYTES, PhysicalMemory } from './physical.ts';

/** Where the pages lie in linear memory: not at 0, so that a mixed-up offset shows. */
const HOST = 2 * PAGE_BYTES;

function memory(pages = 4): PhysicalMemory {
  return new PhysicalMemory(new ArrayBuffer(HOST + pages * PAGE_BYTES));
}

class Recorder implements Mmio {
  readonly log: string[] = [];
  mmioRead(range: number, offset: number, width: number): number {
    this.log.push(`read ${range}:${offset.toString(16)} width ${width}`);
    return -1;
  }
  mmioWrite(range: number, offset: number, width: number, value: number): void {
    this.log.push(`write ${range}:${offset.toString(16)} width ${width} = ${value.toString(16)}`);
  }
}

test('RAM takes bytes, words and doublewords, little-endian, where it was mapped', () => {
  const ram = memory();
  ram.mapRam(0x1000, PAGE_BYTES, HOST);

  ram.write(0x1004, 4, 0x89abcdef);
  ram.write(0x1005, 2, 0x1234);
  ram.write(0x1007, 1, 0x1ff);

  expect([ram.read(0x1004, 4), ram.read(0x1006, 2), ram.read(0x1007, 1)]).toEqual([0xff1234ef, 0xff12, 0xff]);
  expect(ram.bytes[HOST + 4]).toBe(0xef);
});

test('nothing behind an address reads as ones and swallows writes', () => {
  const ram = memory();
  ram.mapRam(0, PAGE_BYTES, HOST);

  ram.write(0x1000, 4, 0);

  expect([ram.read(0x1000, 1), ram.read(0x1000, 2), ram.read(0x1000, 4)]).toEqual([0xff, 0xffff, 0xffffffff]);
});

test('a write to ROM changes nothing and is told, with width and value', () => {
  const rom = memory();
  const told: unknown[] = [];
  rom.mapRom(0xf0000, PAGE_BYTES, HOST);
  rom.bytes[HOST + 0x10] = 0x5a;
  rom.romWritten = (...write) => told.push(write);

  rom.write(0xf0010, 2, 0x1234);

  expect(rom.read(0xf0010, 1)).toBe(0x5a);
  expect(told).toEqual([[0xf0010, 2, 0x1234]]);
  expect(rom.dirty[0xf0]).toBe(0);
});

test('a memory-mapped device gets offsets from its own base, unsigned values, and its range', () => {
  const board = memory();
  const device = new Recorder();
  board.mapMmio({ base: 0xa0000, size: 0x20000, device, range: 3 });

  const value = board.read(0xb8002, 4);
  board.write(0xbfffe, 2, 0x1234);
  board.write(0xa0000, 4, -1);

  expect(value).toBe(0xffffffff);
  expect(device.log).toEqual(['read 3:18002 width 4', 'write 3:1fffe width 2 = 1234', 'write 3:0 width 4 = ffffffff']);
});

test('an unmapped range is nothing, whatever it was', () => {
  const board = memory();
  const device = new Recorder();
  board.mapRam(0, PAGE_BYTES, HOST);
  board.mapMmio({ base: PAGE_BYTES, size: PAGE_BYTES, device });

  board.unmap(0, 2 * PAGE_BYTES);
  board.write(0, 1, 5);
  board.write(PAGE_BYTES, 1, 5);

  expect([board.read(0, 2), board.read(PAGE_BYTES, 2)]).toEqual([0xffff, 0xffff]);
  expect(device.log).toEqual([]);
  expect(board.bytes[HOST]).toBe(0);
});

test('a block crosses pages that lie apart in linear memory', () => {
  const ram = memory();
  ram.mapRam(0x0000, PAGE_BYTES, HOST + PAGE_BYTES);
  ram.mapRam(0x1000, PAGE_BYTES, HOST);
  const data = Uint8Array.of(1, 2, 3, 4);

  ram.dmaWrite(0xffe, data);
  const back = new Uint8Array(4);
  ram.dmaRead(0xffe, back);

  expect(back).toEqual(data);
  expect([ram.bytes[HOST + 2 * PAGE_BYTES - 1], ram.bytes[HOST]]).toEqual([2, 3]);
});

test('a block that runs over 4 GiB goes on at address 0', () => {
  const ram = memory();
  ram.mapRam(0xfffff000, PAGE_BYTES, HOST);
  ram.mapRam(0, PAGE_BYTES, HOST + PAGE_BYTES);
  const data = Uint8Array.of(1, 2, 3, 4);

  ram.dmaWrite(0xfffffffe, data);
  const back = new Uint8Array(4);
  ram.dmaRead(0xfffffffe, back);

  expect(back).toEqual(data);
  expect([ram.read(0xfffffffe, 2), ram.read(0, 2)]).toEqual([0x0201, 0x0403]);
});

test('a block over ROM, a device and nothing does to each what single bytes do', () => {
  const board = memory();
  const device = new Recorder();
  const told: number[] = [];
  board.mapRom(0x0000, PAGE_BYTES, HOST);
  board.mapMmio({ base: 0x1000, size: PAGE_BYTES, device });
  board.romWritten = (address) => told.push(address);

  board.dmaWrite(0xfff, Uint8Array.of(7, 8));
  board.dmaWrite(0x2000, Uint8Array.of(9));
  const back = new Uint8Array(3).fill(0x11);
  board.dmaRead(0x1fff, back);

  expect(told).toEqual([0xfff]);
  expect(board.bytes[HOST + 0xfff]).toBe(0);
  expect(device.log).toEqual(['write 0:0 width 1 = 8', 'read 0:fff width 1']);
  expect(Array.from(back)).toEqual([0xff, 0xff, 0xff]);
});

test('the pages that were written are marked, and no others', () => {
  const ram = memory();
  ram.mapRam(0, 4 * PAGE_BYTES, HOST);

  ram.write(0x1fff, 1, 0);
  ram.dmaWrite(0x2fff, Uint8Array.of(1, 2));
  ram.read(0, 4);

  expect(Array.from(ram.dirty.subarray(0, 4))).toEqual([0, 1, 1, 1]);
});

test('a write to a page with code is told before the bytes change, each page its part', () => {
  const ram = memory();
  ram.mapRam(0, 4 * PAGE_BYTES, HOST);
  ram.hasCode[1] = 1;
  ram.hasCode[2] = 1;
  const told: unknown[] = [];
  ram.codeWritten = (address, length) => told.push([address, length, ram.read(address, 1)]);

  ram.write(0x1004, 4, 0xffffffff);
  ram.dmaWrite(0xffe, new Uint8Array(PAGE_BYTES + 4).fill(0xee));
  ram.write(0x3000, 1, 1);

  expect(told).toEqual([
    [0x1004, 4, 0],
    [0x1000, PAGE_BYTES, 0],
    [0x2000, 2, 0],
  ]);
});
