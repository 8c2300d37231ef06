import { describe, expect, it } from 'vitest';
import { BlockIoError, type Block } from '../../backends/index.ts';
import { ManualClock, ProbeLine, TimerQueue, advance, silentLog } from '../../bus/index.ts';
import { MemoryBlock } from '../../formats/memory-block.ts';
import type { DmaChannel, DmaTransfer } from '../dma/dma-channel.ts';
import { I82077Floppy, I82077_RANGE_DIR, I82077_RANGE_REGISTERS } from './i82077.ts';

/** A channel over a small memory of its own. */
class FakeDma implements DmaChannel {
  readonly index = 2;
  memory: Uint8Array = new Uint8Array(0);
  at = 0;
  request = false;
  get masked(): boolean {
    return this.at >= this.memory.length;
  }
  setRequest(level: boolean): void {
    this.request = level;
  }
  program(memory: Uint8Array): void {
    this.memory = memory;
    this.at = 0;
  }
  #move(length: number, move: (part: Uint8Array) => void): DmaTransfer {
    const count = Math.min(length, this.memory.length - this.at);
    move(this.memory.subarray(this.at, this.at + count));
    this.at += count;
    return { count, terminalCount: count > 0 && this.masked };
  }
  transferFromMemory(target: Uint8Array): DmaTransfer {
    return this.#move(target.length, (part) => target.set(part));
  }
  transferToMemory(data: Uint8Array): DmaTransfer {
    return this.#move(data.length, (part) => part.set(data.subarray(0, part.length)));
  }
}

const SECTOR = 512;
/** Every sector says where it is: its number in the image. */
function numberedImage(sectors: number): Uint8Array {
  const image = new Uint8Array(sectors * SECTOR);
  for (let i = 0; i < sectors; i++) image.fill(i, i * SECTOR, (i + 1) * SECTOR);
  return image;
}

class Bench {
  readonly clock = new ManualClock();
  readonly timers = new TimerQueue(this.clock);
  readonly irq = new ProbeLine();
  readonly dma = new FakeDma();
  readonly image = numberedImage(2880);
  readonly fdc: I82077Floppy;

  constructor(medium?: Block) {
    this.fdc = new I82077Floppy('fdc', {
      timers: this.timers,
      irq: this.irq,
      dma: this.dma,
      log: silentLog,
      drives: ['1.44M', '1.44M'],
      media: [medium ?? new MemoryBlock(this.image)],
    });
    this.fdc.reset('power');
    this.write(2, 0x1c);
    this.pass();
    for (let i = 0; i < 4; i++) this.command(0x08);
    this.fdc.ioWrite(I82077_RANGE_DIR, 0, 1, 0);
  }
  pass(ms = 20): void {
    advance(this.clock, this.timers, this.clock.nowNs + ms * 1_000_000);
  }
  read(offset: number): number {
    return this.fdc.ioRead(I82077_RANGE_REGISTERS, offset);
  }
  write(offset: number, value: number): void {
    this.fdc.ioWrite(I82077_RANGE_REGISTERS, offset, 1, value);
  }
  get changed(): boolean {
    return (this.fdc.ioRead(I82077_RANGE_DIR, 0) & 0x80) !== 0;
  }
  send(...bytes: number[]): void {
    for (const byte of bytes) {
      expect(this.read(4) & 0xc0).toBe(0x80);
      this.write(5, byte);
    }
  }
  results(): number[] {
    const bytes: number[] = [];
    while ((this.read(4) & 0xc0) === 0xc0) bytes.push(this.read(5));
    return bytes;
  }
  /** Sends, waits, and reads the result phase. */
  command(...bytes: number[]): number[] {
    this.send(...bytes);
    this.pass();
    return this.results();
  }
  seek(cylinder: number, drive = 0): number[] {
    this.command(0x0f, drive, cylinder);
    return this.command(0x08);
  }
  readDma(sectors: number, ...bytes: number[]): { result: number[]; data: Uint8Array } {
    const data = new Uint8Array(sectors * SECTOR);
    this.dma.program(data);
    return { result: this.command(...bytes), data };
  }
}

const firsts = (data: Uint8Array): number[] => Array.from({ length: data.length / SECTOR }, (_, i) => data[i * SECTOR]);

describe('82077 reset', () => {
  it('interrupts and owes four statuses, and is invalid to ask a fifth time', () => {
    const bench = new Bench();
    bench.write(2, 0x18);
    expect(bench.read(4)).toBe(0);

    bench.write(2, 0x1c);
    bench.pass();

    expect(bench.irq.level).toBe(true);
    expect([0, 1, 2, 3].map(() => bench.command(0x08)[0])).toEqual([0xc0, 0xc1, 0xc2, 0xc3]);
    expect(bench.irq.level).toBe(false);
    expect(bench.command(0x08)).toEqual([0x80]);
  });

  it('comes from the DSR as well and clears itself', () => {
    const bench = new Bench();

    bench.write(4, 0x80);
    bench.pass();

    expect([bench.irq.level, bench.read(4)]).toEqual([true, 0x80]);
  });

  it('keeps a locked configuration and forgets an unlocked one', () => {
    const bench = new Bench();
    bench.send(0x13, 0, 0x0a, 7);
    expect(bench.command(0x94)).toEqual([0x10]);
    bench.write(4, 0x80);
    bench.pass();
    expect(bench.command(0x0e).slice(7)).toEqual([0x80, 0x0a, 7]);

    expect(bench.command(0x14)).toEqual([0x00]);
    bench.write(4, 0x80);
    bench.pass();

    expect(bench.command(0x0e).slice(7)).toEqual([0x00, 0x20, 0]);
  });
});

describe('82077 control commands', () => {
  it('tell an 82077AA from its relatives', () => {
    const bench = new Bench();

    expect(bench.command(0x10)).toEqual([0x90]);
    expect(bench.command(0x18)).toEqual([0x80]);
    expect(bench.command(0x1f)).toEqual([0x80]);
  });

  it('seek, also relatively, and report it by SENSE INTERRUPT', () => {
    const bench = new Bench();

    bench.send(0x0f, 0x04, 10);
    expect(bench.read(4)).toBe(0x81);
    bench.pass();
    expect([bench.irq.level, bench.command(0x08), bench.irq.level]).toEqual([true, [0x24, 10], false]);
    bench.command(0xcf, 0, 5);
    expect(bench.command(0x08)).toEqual([0x20, 15]);
    bench.command(0x8f, 0, 3);
    expect(bench.command(0x08)).toEqual([0x20, 12]);
    expect(bench.command(0x04, 0)).toEqual([0x28]);
    bench.command(0x07, 0);
    expect(bench.command(0x08)).toEqual([0x20, 0]);
    expect(bench.command(0x04, 0)).toEqual([0x38]);
  });

  it('fail to recalibrate a drive that is not there', () => {
    const bench = new Bench();

    bench.command(0x07, 2);

    expect(bench.command(0x08)).toEqual([0x72, 0]);
  });

  it('dump what was specified', () => {
    const bench = new Bench();
    bench.send(0x03, 0xdf, 0x02);
    bench.send(0x12, 0x84);

    expect(bench.command(0x0e)).toEqual([0, 0, 0, 0, 0xdf, 0x02, 0, 0x04, 0x20, 0]);
  });
});

describe('82077 DMA transfers', () => {
  it('read sectors until terminal count and leave the next ID', () => {
    const { result, data } = new Bench().readDma(3, 0xe6, 0, 0, 0, 2, 2, 18, 0x1b, 0xff);

    expect(result).toEqual([0x00, 0, 0, 0, 0, 5, 2]);
    expect(firsts(data)).toEqual([1, 2, 3]);
  });

  it('go on with the other side under MT', () => {
    const { result, data } = new Bench().readDma(20, 0xe6, 0, 0, 0, 18, 2, 18, 0x1b, 0xff);

    expect(firsts(data).slice(0, 3)).toEqual([17, 18, 19]);
    expect(result).toEqual([0x44, 0x80, 0, 1, 0, 1, 2]);
  });

  it('end at EOT without terminal count as end of cylinder', () => {
    const { result } = new Bench().readDma(5, 0x66, 0, 0, 0, 17, 2, 18, 0x1b, 0xff);

    expect(result).toEqual([0x40, 0x80, 0, 1, 0, 1, 2]);
  });

  it('write, and fill up a sector cut short by terminal count with zeros', () => {
    const bench = new Bench();
    bench.dma.program(new Uint8Array(SECTOR + 10).fill(0xaa));

    const result = bench.command(0xc5, 4, 0, 1, 1, 2, 18, 0x1b, 0xff);

    expect(result).toEqual([0x04, 0, 0, 0, 1, 3, 2]);
    expect(Array.from(bench.image.subarray(18 * SECTOR, 19 * SECTOR))).toEqual(Array(SECTOR).fill(0xaa));
    expect(Array.from(bench.image.subarray(19 * SECTOR + 9, 19 * SECTOR + 11))).toEqual([0xaa, 0]);
    expect(bench.image[20 * SECTOR]).toBe(20);
  });

  it('interrupt for the result, which its first byte takes back', () => {
    const bench = new Bench();
    bench.dma.program(new Uint8Array(SECTOR));
    bench.send(0xe6, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    expect([bench.irq.level, bench.read(4)]).toEqual([false, 0x10]);
    bench.pass();

    expect([bench.irq.level, bench.read(4), bench.read(5), bench.irq.level]).toEqual([true, 0xd0, 0x00, false]);
  });

  it('report an overrun when nobody programs the channel', () => {
    const bench = new Bench();
    bench.send(0xe6, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);

    bench.pass(200);

    expect(bench.results()).toEqual([0x40, 0x10, 0, 0, 0, 1, 2]);
    expect(bench.dma.request).toBe(false);
  });
});

describe('82077 PIO transfers', () => {
  it('give every byte by handshake and never one past the sector', () => {
    const bench = new Bench();
    bench.send(0x03, 0xdf, 0x03);
    bench.send(0x46, 0, 0, 0, 2, 2, 2, 0x1b, 0xff);
    bench.pass();

    const data: number[] = [];
    while (bench.read(4) === 0xf0) data.push(bench.read(5));
    bench.pass();

    expect(data).toEqual(Array(SECTOR).fill(1));
    expect(bench.results()).toEqual([0x40, 0x80, 0, 1, 0, 1, 2]);
  });

  it('take a sector, and ignore what is written in excess', () => {
    const bench = new Bench();
    bench.send(0x03, 0xdf, 0x03);
    bench.send(0x45, 0, 0, 0, 1, 2, 1, 0x1b, 0xff);
    bench.pass();

    for (let i = 0; i < 5000; i++) bench.write(5, 0x77);
    bench.pass();

    expect(bench.image[SECTOR - 1]).toBe(0x77);
    expect(bench.image[SECTOR]).toBe(1);
    expect(bench.results()[1]).toBe(0x80);
  });

  it.each([
    ['a byte without the FIFO', 0x20, 512],
    ['sixteen bytes with it', 0x0f, 32],
  ])('interrupt for each %s', (_name, configure, interrupts) => {
    const bench = new Bench();
    bench.send(0x13, 0, configure, 0);
    bench.send(0x03, 0xdf, 0x03);
    bench.send(0x46, 0, 0, 0, 1, 2, 1, 0x1b, 0xff);
    bench.pass();
    const before = bench.irq.risingEdges - 1;

    for (let i = 0; i < SECTOR; i++) bench.read(5);

    expect(bench.irq.risingEdges - before - 1).toBe(interrupts);
  });
});

describe('82077 errors', () => {
  it.each([
    ['a sector past the track', [0xe6, 0, 0, 0, 19, 2, 19, 0x1b, 0xff], 0x04, 0x00],
    ['another cylinder under the head', [0xe6, 0, 5, 0, 1, 2, 18, 0x1b, 0xff], 0x04, 0x10],
    ['the bad cylinder FFh', [0xe6, 0, 0xff, 0, 1, 2, 18, 0x1b, 0xff], 0x04, 0x02],
    ['another sector size', [0xe6, 0, 0, 0, 1, 3, 18, 0x1b, 0xff], 0x04, 0x00],
    ['single density', [0xa6, 0, 0, 0, 1, 2, 18, 0x1b, 0xff], 0x01, 0x00],
    ['an empty drive', [0xe6, 1, 0, 0, 1, 2, 18, 0x1b, 0xff], 0x01, 0x00],
  ])('name %s', (_name, bytes, st1, st2) => {
    const bench = new Bench();
    bench.write(2, 0x3c);

    const { result } = bench.readDma(1, ...bytes);

    expect(result.slice(0, 3)).toEqual([0x40 | bytes[1], st1, st2]);
  });

  it('name the wrong data rate and a motor that stands', () => {
    const slow = new Bench();
    slow.fdc.ioWrite(I82077_RANGE_DIR, 0, 1, 2);
    const still = new Bench();
    still.write(2, 0x0c);

    expect(slow.command(0x4a, 0)[1]).toBe(0x01);
    expect(still.command(0x4a, 0)[1]).toBe(0x01);
  });

  it('refuse to write or format under the write-protect tab', () => {
    const bench = new Bench(new MemoryBlock(numberedImage(2880), { readOnly: true }));

    expect(bench.command(0xc5, 0, 0, 0, 1, 2, 18, 0x1b, 0xff).slice(0, 3)).toEqual([0x40, 0x02, 0]);
    expect(bench.command(0x4d, 0, 2, 18, 0x54, 0xf6).slice(0, 3)).toEqual([0x40, 0x02, 0]);
    expect(bench.command(0x04, 0)).toEqual([0x78]);
  });

  it('turn a host I/O error into a data error at that sector', () => {
    const broken: Block = {
      sizeBytes: 1440 * 1024,
      readOnly: false,
      read: (offsetBytes) => {
        throw new BlockIoError('medium error', offsetBytes);
      },
      write: () => {},
      flush: () => {},
    };

    const { result } = new Bench(broken).readDma(1, 0xe6, 0, 0, 0, 3, 2, 18, 0x1b, 0xff);

    expect(result).toEqual([0x40, 0x20, 0x20, 0, 0, 3, 2]);
  });
});

describe('82077 other sector commands', () => {
  it('read the ID that passes by', () => {
    const bench = new Bench();
    bench.seek(7);

    const result = bench.command(0x4a, 4);

    expect([result[0], result[3], result[4], result[6]]).toEqual([0x04, 7, 1, 2]);
    expect(result[5]).toBeGreaterThanOrEqual(1);
    expect(result[5]).toBeLessThanOrEqual(18);
  });

  it('format a track with its filler', () => {
    const bench = new Bench();
    const ids = Array.from({ length: 18 }, (_, i) => [0, 1, i + 1, 2]).flat();
    bench.dma.program(Uint8Array.from(ids));

    const result = bench.command(0x4d, 4, 2, 18, 0x54, 0xf6);

    expect(result.slice(0, 3)).toEqual([0x04, 0, 0]);
    expect(firsts(bench.image.subarray(17 * SECTOR, 37 * SECTOR))).toEqual([17, ...Array(18).fill(0xf6), 36]);
  });

  it('verify to EOT without moving data, and a count of sectors with EC', () => {
    const bench = new Bench();

    expect(bench.command(0x56, 0, 0, 0, 1, 2, 18, 0x1b, 0xff)).toEqual([0x00, 0, 0, 1, 0, 1, 2]);
    expect(bench.command(0x56, 0x80, 0, 0, 1, 2, 18, 0x1b, 4)).toEqual([0x00, 0, 0, 0, 0, 5, 2]);
  });

  it('scan for a sector equal to the data', () => {
    const bench = new Bench();
    bench.dma.program(Uint8Array.from({ length: 4 * SECTOR }, () => 2));

    const result = bench.command(0x51, 0, 0, 0, 1, 2, 18, 0x1b, 1);

    expect(result).toEqual([0x00, 0, 0x08, 0, 0, 3, 2]);
  });

  it('tell sectors with a deleted mark, and skip them with SK', () => {
    const bench = new Bench();
    bench.dma.program(new Uint8Array(SECTOR).fill(0xdd));
    bench.command(0x49, 0, 0, 0, 2, 2, 18, 0x1b, 0xff);

    const stopped = bench.readDma(3, 0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    const skipped = bench.readDma(2, 0x66, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    const wanted = bench.readDma(1, 0x4c, 0, 0, 0, 2, 2, 18, 0x1b, 0xff);

    expect(stopped.result).toEqual([0x00, 0, 0x40, 0, 0, 2, 2]);
    expect(firsts(skipped.data)).toEqual([0, 2]);
    expect(skipped.result[2]).toBe(0x40);
    expect([firsts(wanted.data), wanted.result[2]]).toEqual([[0xdd], 0]);
  });

  it('read a whole track from the index hole', () => {
    const { data, result } = new Bench().readDma(18, 0x42, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);

    expect(firsts(data)).toEqual(Array.from({ length: 18 }, (_, i) => i));
    expect(result.slice(0, 3)).toEqual([0x00, 0, 0]);
  });

  it('seek by themselves when configured to', () => {
    const bench = new Bench();
    bench.send(0x13, 0, 0x40, 0);

    const { result, data } = bench.readDma(1, 0xe6, 0, 2, 0, 1, 2, 18, 0x1b, 0xff);

    expect([result[0], firsts(data)]).toEqual([0x00, [72]]);
  });
});

describe('82077 disk change', () => {
  it('is latched by an exchange and cleared by a step with a disk in the drive', () => {
    const bench = new Bench();
    bench.seek(1);
    expect(bench.changed).toBe(false);

    bench.fdc.drive(0).insert(undefined);
    bench.seek(2);
    expect(bench.changed).toBe(true);
    bench.fdc.drive(0).insert(new MemoryBlock(numberedImage(1440)));
    bench.seek(2);
    expect(bench.changed).toBe(true);
    bench.seek(3);

    expect(bench.changed).toBe(false);
    expect([bench.fdc.drive(0).takeChanged(), bench.fdc.drive(0).takeChanged()]).toEqual([true, false]);
  });
});
