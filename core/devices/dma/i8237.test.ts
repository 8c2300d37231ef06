import { beforeEach, describe, expect, test } from 'vitest';
import type { DmaMemory } from '../../bus/index.ts';
import { I8237_RANGE, I8237Dma } from './i8237.ts';

const SINGLE = 0x40;
const WRITE = 0x04;
const READ = 0x08;
const AUTOINIT = 0x10;
const DECREMENT = 0x20;

let ram: Uint8Array;
let dma: I8237Dma;

const low = (register: number, value: number): void => dma.ioWrite(I8237_RANGE.CONTROLLER_0, register, 1, value);
const high = (register: number, value: number): void => dma.ioWrite(I8237_RANGE.CONTROLLER_1, register * 2, 1, value);
const status = (): number => dma.ioRead(I8237_RANGE.CONTROLLER_0, 8, 1);
const page = (port: number, value: number): void => dma.ioWrite(I8237_RANGE.PAGES, port - 0x80, 1, value);
const readWord = (register: number): number => {
  low(0xc, 0);
  return dma.ioRead(I8237_RANGE.CONTROLLER_0, register, 1) | (dma.ioRead(I8237_RANGE.CONTROLLER_0, register, 1) << 8);
};

/** Channel 2, as a floppy driver sets it up. */
function program(mode: number, physAddr: number, lengthBytes: number): void {
  low(0xc, 0);
  low(4, physAddr & 0xff);
  low(4, (physAddr >> 8) & 0xff);
  low(5, (lengthBytes - 1) & 0xff);
  low(5, (lengthBytes - 1) >> 8);
  page(0x81, physAddr >> 16);
  low(0xb, mode | 2);
  low(0xa, 2);
}

beforeEach(() => {
  ram = new Uint8Array(1 << 20);
  const memory: DmaMemory = {
    dmaRead: (at, target) => target.set(ram.subarray(at, at + target.length)),
    dmaWrite: (at, data) => ram.set(data, at),
  };
  dma = new I8237Dma('dma', memory);
  high(0xb, 0xc0);
  high(0xa, 0);
});

describe('a transfer', () => {
  test('to memory stores the bytes and reports the terminal count with the last one', () => {
    program(SINGLE | WRITE, 0x2_3456, 4);
    const channel = dma.channel(2);

    expect(channel.transferToMemory(Uint8Array.of(1, 2))).toEqual({ count: 2, terminalCount: false });
    expect(channel.transferToMemory(Uint8Array.of(3, 4))).toEqual({ count: 2, terminalCount: true });

    expect([...ram.subarray(0x2_3456, 0x2_345b)]).toEqual([1, 2, 3, 4, 0]);
  });

  test('from memory fills the target', () => {
    ram.set([9, 8, 7], 0x1_0000);
    program(SINGLE | READ, 0x1_0000, 3);
    const target = new Uint8Array(3);

    expect(dma.channel(2).transferFromMemory(target)).toEqual({ count: 3, terminalCount: true });

    expect([...target]).toEqual([9, 8, 7]);
  });

  test('stops at the terminal count and masks the channel', () => {
    program(SINGLE | WRITE, 0x1_0000, 2);
    const channel = dma.channel(2);

    expect(channel.transferToMemory(Uint8Array.of(1, 2, 3))).toEqual({ count: 2, terminalCount: true });

    expect(ram[0x1_0002]).toBe(0);
    expect(channel.masked).toBe(true);
    expect(channel.transferToMemory(Uint8Array.of(3))).toEqual({ count: 0, terminalCount: false });
    expect(readWord(5)).toBe(0xffff);
  });

  test('starts over with autoinitialization', () => {
    program(SINGLE | WRITE | AUTOINIT, 0x1_0000, 2);
    const channel = dma.channel(2);
    channel.transferToMemory(Uint8Array.of(1, 2));

    expect(channel.transferToMemory(Uint8Array.of(3))).toEqual({ count: 1, terminalCount: false });

    expect([...ram.subarray(0x1_0000, 0x1_0002)]).toEqual([3, 2]);
    expect(readWord(5)).toBe(0);
  });

  test('can go downwards', () => {
    program(SINGLE | WRITE | DECREMENT, 0x1_0002, 4);

    dma.channel(2).transferToMemory(Uint8Array.of(1, 2, 3, 4));

    expect([...ram.subarray(0x1_0000, 0x1_0003)]).toEqual([3, 2, 1]);
    expect(ram[0x1_ffff]).toBe(4);
    expect(readWord(4)).toBe(0xfffe);
  });

  test('wraps within its 64 KiB page', () => {
    program(SINGLE | WRITE, 0x1_fffe, 4);

    dma.channel(2).transferToMemory(Uint8Array.of(1, 2, 3, 4));

    expect([...ram.subarray(0x1_fffe, 0x2_0002)]).toEqual([1, 2, 0, 0]);
    expect([...ram.subarray(0x1_0000, 0x1_0002)]).toEqual([3, 4]);
  });

  test('in verify mode counts and leaves memory alone', () => {
    program(SINGLE, 0x1_0000, 2);

    expect(dma.channel(2).transferToMemory(Uint8Array.of(1, 2))).toEqual({ count: 2, terminalCount: true });

    expect(ram[0x1_0000]).toBe(0);
  });

  test('against the programmed direction gives the device an empty bus', () => {
    ram.fill(0x55);
    program(SINGLE | WRITE, 0x1_0000, 2);
    const target = new Uint8Array(2);

    dma.channel(2).transferFromMemory(target);

    expect([...target]).toEqual([0xff, 0xff]);
  });

  test.each([
    ['the channel is masked', () => low(0xa, 6)],
    ['the controller is disabled', () => low(8, 0x04)],
    ['the cascade channel is masked', () => high(0xa, 4)],
    ['the channel is in cascade mode', () => low(0xb, 0xc2)],
  ])('moves nothing while %s', (_name, close) => {
    program(SINGLE | WRITE, 0x1_0000, 2);
    close();

    expect(dma.channel(2).masked).toBe(true);
    expect(dma.channel(2).transferToMemory(Uint8Array.of(1))).toEqual({ count: 0, terminalCount: false });
  });
});

describe('word channels', () => {
  function programWords(mode: number, wordAddress: number, words: number): void {
    high(0xc, 0);
    high(2, wordAddress & 0xff);
    high(2, wordAddress >> 8);
    high(3, (words - 1) & 0xff);
    high(3, (words - 1) >> 8);
    page(0x8b, 0x03);
    high(0xb, mode | 1);
    high(0xa, 1);
  }

  test('address 128 KiB pages in words; the page’s low bit is not wired', () => {
    programWords(SINGLE | WRITE, 0x8000, 2);

    expect(dma.channel(5).transferToMemory(Uint8Array.of(1, 2, 3, 4))).toEqual({ count: 4, terminalCount: true });

    expect([...ram.subarray(0x3_0000, 0x3_0004)]).toEqual([1, 2, 3, 4]);
  });

  test('wrap within 128 KiB', () => {
    programWords(SINGLE | WRITE, 0xffff, 2);

    dma.channel(5).transferToMemory(Uint8Array.of(1, 2, 3, 4));

    expect([...ram.subarray(0x3_fffe, 0x4_0000)]).toEqual([1, 2]);
    expect([...ram.subarray(0x2_0000, 0x2_0002)]).toEqual([3, 4]);
  });

  test('leave an odd last byte', () => {
    programWords(SINGLE | WRITE, 0, 4);

    expect(dma.channel(5).transferToMemory(Uint8Array.of(1, 2, 3))).toEqual({ count: 2, terminalCount: false });
  });

  test('going downwards keep the bytes of a word in order', () => {
    programWords(SINGLE | WRITE | DECREMENT, 1, 2);

    dma.channel(5).transferToMemory(Uint8Array.of(1, 2, 3, 4));

    expect([...ram.subarray(0x2_0000, 0x2_0004)]).toEqual([3, 4, 1, 2]);
  });
});

describe('registers', () => {
  test('the flip-flop takes address bytes low first, and clearing it starts over', () => {
    low(0xc, 0);
    low(0, 0x34);
    low(0xc, 0);
    low(0, 0x78);
    low(0, 0x56);

    expect(readWord(0)).toBe(0x5678);
  });

  test('the current address and count can be read in mid-transfer', () => {
    program(SINGLE | WRITE, 0x1_2000, 0x300);

    dma.channel(2).transferToMemory(new Uint8Array(0x100));

    expect(readWord(4)).toBe(0x2100);
    expect(readWord(5)).toBe(0x1ff);
  });

  test('status shows terminal counts until read, and requests while they last', () => {
    program(SINGLE | WRITE, 0x1_0000, 1);
    const channel = dma.channel(2);
    channel.setRequest(true);
    channel.transferToMemory(Uint8Array.of(1));

    expect(status()).toBe(0x44);
    expect(status()).toBe(0x40);
    channel.setRequest(false);
    expect(status()).toBe(0);
  });

  test('master clear masks every channel and keeps addresses', () => {
    program(SINGLE | WRITE, 0x1_2000, 1);

    low(0xd, 0);

    expect(dma.channel(2).masked).toBe(true);
    expect(readWord(4)).toBe(0x2000);
  });

  test('mask commands set one, none, or all', () => {
    low(0xe, 0);
    expect(dma.ioRead(I8237_RANGE.CONTROLLER_0, 0xf, 1)).toBe(0xf0);
    low(0xa, 0x05);
    expect(dma.ioRead(I8237_RANGE.CONTROLLER_0, 0xf, 1)).toBe(0xf2);

    low(0xf, 0x0d);

    expect(dma.ioRead(I8237_RANGE.CONTROLLER_0, 0xf, 1)).toBe(0xfd);
  });

  test('every page port is a register; 80h is the POST code', () => {
    for (let port = 0x80; port <= 0x8f; port++) page(port, port ^ 0x5a);

    for (let port = 0x80; port <= 0x8f; port++) expect(dma.ioRead(I8237_RANGE.PAGES, port - 0x80, 1)).toBe(port ^ 0x5a);
    expect(dma.postCode).toBe(0x80 ^ 0x5a);
  });

  test.each([
    [0, 0x87],
    [1, 0x83],
    [3, 0x82],
  ])('channel %i takes its page from port %i', (index, port) => {
    low(0xc, 0);
    [0, 0].forEach((byte) => low(index * 2, byte));
    [0, 0].forEach((byte) => low(index * 2 + 1, byte));
    page(port, 0x07);
    low(0xb, SINGLE | WRITE | index);
    low(0xa, index);

    dma.channel(index).transferToMemory(Uint8Array.of(0xee));

    expect(ram[0x7_0000]).toBe(0xee);
  });

  test('what PIIX cannot do is logged', () => {
    const logged: string[] = [];
    const memory: DmaMemory = { dmaRead: () => {}, dmaWrite: () => {} };
    const device = new I8237Dma('dma', memory, { unimplemented: (_device, what) => logged.push(what) });

    device.ioWrite(I8237_RANGE.CONTROLLER_0, 8, 1, 0x01);
    device.ioWrite(I8237_RANGE.CONTROLLER_0, 9, 1, 0x04);

    expect(logged).toEqual(['memory-to-memory transfer', 'software request']);
  });
});
