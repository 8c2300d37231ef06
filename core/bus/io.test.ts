import { expect, test } from 'vitest';
import { IoBus, type PortIo } from './io.ts';

/** Remembers accesses and answers each with the next of `answers`. */
class Recorder implements PortIo {
  readonly log: string[] = [];
  readonly answers: number[];
  constructor(...answers: number[]) {
    this.answers = answers;
  }
  ioRead(range: number, offset: number, width: number): number {
    this.log.push(`in ${range}:${offset} width ${width}`);
    return this.answers.shift() ?? 0;
  }
  ioWrite(range: number, offset: number, width: number, value: number): void {
    this.log.push(`out ${range}:${offset} width ${width} = ${value.toString(16)}`);
  }
}

test('a device sees its own offsets and which of its mappings was hit', () => {
  const io = new IoBus();
  const device = new Recorder(0x12);
  io.map({ base: 0x20, size: 2, device });
  io.map({ base: 0x4d0, size: 1, device, range: 1 });

  const value = io.read(0x21, 1);
  io.write(0x4d0, 1, 0x34);

  expect(value).toBe(0x12);
  expect(device.log).toEqual(['in 0:1 width 1', 'out 1:0 width 1 = 34']);
});

test('a byte-wide device gets a doubleword as four bytes, low address first', () => {
  const io = new IoBus();
  const device = new Recorder(0x11, 0x22, 0x33, 0xff);
  io.map({ base: 0x100, size: 4, device });

  const value = io.read(0x100, 4);
  io.write(0x100, 4, 0x89abcdef);

  expect(value).toBe(0xff332211);
  expect(device.log.slice(0, 4)).toEqual(['in 0:0 width 1', 'in 0:1 width 1', 'in 0:2 width 1', 'in 0:3 width 1']);
  expect(device.log.slice(4)).toEqual([
    'out 0:0 width 1 = ef',
    'out 0:1 width 1 = cd',
    'out 0:2 width 1 = ab',
    'out 0:3 width 1 = 89',
  ]);
});

test('a word-wide device gets a doubleword as two words', () => {
  const io = new IoBus();
  const device = new Recorder(0x1111, 0xffff);
  io.map({ base: 0x1f0, size: 8, device, maxWidth: 2 });

  const value = io.read(0x1f0, 4);
  io.write(0x1f0, 4, 0x89abcdef);

  expect(value).toBe(0xffff1111);
  expect(device.log).toEqual(['in 0:0 width 2', 'in 0:2 width 2', 'out 0:0 width 2 = cdef', 'out 0:2 width 2 = 89ab']);
});

test('an access that runs over the end of a mapping is split, and the rest finds its own neighbour', () => {
  const io = new IoBus();
  const wide = new Recorder(0x11);
  const neighbour = new Recorder(0x22);
  io.map({ base: 0x100, size: 4, device: wide, maxWidth: 4 });
  io.map({ base: 0x104, size: 1, device: neighbour });

  const value = io.read(0x103, 2);

  expect(value).toBe(0x2211);
  expect(wide.log).toEqual(['in 0:3 width 1']);
  expect(neighbour.log).toEqual(['in 0:0 width 1']);
});

test('a doubleword read comes back unsigned', () => {
  const io = new IoBus();
  io.map({ base: 0xcf8, size: 4, device: new Recorder(-1), maxWidth: 4 });

  expect(io.read(0xcf8, 4)).toBe(0xffffffff);
});

test('a port that nobody has reads as ones and swallows writes', () => {
  const io = new IoBus();

  io.write(0x1234, 4, 0);

  expect([io.read(0x1234, 1), io.read(0x1234, 2), io.read(0x1234, 4)]).toEqual([0xff, 0xffff, 0xffffffff]);
});

test('an access beyond the last port goes on at port 0', () => {
  const io = new IoBus();
  const last = new Recorder(0x11);
  const first = new Recorder(0x22);
  io.map({ base: 0xffff, size: 1, device: last });
  io.map({ base: 0, size: 1, device: first });

  const value = io.read(0xffff, 2);
  io.write(0xffff, 2, 0xabcd);

  expect(value).toBe(0x2211);
  expect(last.log).toContain('out 0:0 width 1 = cd');
  expect(first.log).toContain('out 0:0 width 1 = ab');
});

test('an unmapped range is gone, and the last mapping of a port wins', () => {
  const io = new IoBus();
  const old = new Recorder();
  const fresh = new Recorder(0x55);
  io.map({ base: 0x60, size: 2, device: old });

  io.map({ base: 0x61, size: 1, device: fresh });
  io.unmap(0x60, 1);

  expect([io.read(0x60, 1), io.read(0x61, 1)]).toEqual([0xff, 0x55]);
  expect(old.log).toEqual([]);
});
