import { describe, expect, test } from 'vitest';
import { MemoryBlock } from '../../formats/index.ts';
import { BM_BASE, DRQ, ERR, failingBlock, machine, packet, patternBlock, SECONDARY } from './ide.fixture.ts';

const SECTOR = 2048;
const image = Uint8Array.from({ length: 50 * SECTOR }, (_, i) => (i >> 11) * 5 + i * 3);

function withDisc(medium: MemoryBlock | undefined = new MemoryBlock(image, { readOnly: true })) {
  const m = machine([undefined, undefined, { kind: 'cdrom', medium }]);
  const drive = m.ide.cdrom(2)!;
  const read = (bytes: readonly number[], options?: { limit?: number }): Uint8Array => {
    packet(m, bytes, options);
    return m.readData(SECONDARY);
  };
  /** Key, code and qualifier as REQUEST SENSE tells them. */
  const sense = (): number[] => {
    const data = read([0x03, 0, 0, 0, 18]);
    return [data[2], data[12], data[13]];
  };
  const failed = (): boolean => (m.status(SECONDARY) & ERR) !== 0;
  return { ...m, m, drive, read, sense, failed };
}

describe('the packet protocol', () => {
  test('a reset shows the signature of a packet device', () => {
    const { inp } = withDisc();

    expect([inp(SECONDARY + 4), inp(SECONDARY + 5)]).toEqual([0x14, 0xeb]);
  });

  test('IDENTIFY DEVICE is aborted with the signature, IDENTIFY PACKET DEVICE answers', () => {
    const d = withDisc();
    d.command(0xec, 0, 0, { base: SECONDARY });
    expect([d.failed(), d.inp(SECONDARY + 4), d.inp(SECONDARY + 5)]).toEqual([true, 0x14, 0xeb]);

    d.command(0xa1, 0, 0, { base: SECONDARY });

    expect(new Uint16Array(d.readData(SECONDARY).buffer)[0]).toBe(0x85c0);
  });

  test('tells by the interrupt reason whether it wants the command, gives data or is done', () => {
    const d = withDisc();
    d.out(SECONDARY + 6, 0xa0);
    d.out(SECONDARY + 7, 0xa0);
    d.settle();
    const wants = d.inp(SECONDARY + 2) & 3;
    packet(d.m, [0x12, 0, 0, 0, 36]);
    const gives = d.inp(SECONDARY + 2) & 3;
    d.readData(SECONDARY);
    const done = d.inp(SECONDARY + 2) & 3;

    expect([wants, gives, done]).toEqual([1, 2, 3]);
  });

  test('cuts data into blocks of at most the byte count that the host allows', () => {
    const d = withDisc();

    packet(d.m, [0x28, 0, 0, 0, 0, 3, 0, 0, 2], { limit: 1500 });
    const first = d.inp(SECONDARY + 4) | (d.inp(SECONDARY + 5) << 8);

    expect(first).toBe(1500);
    expect(d.readData(SECONDARY)).toEqual(image.slice(3 * SECTOR, 5 * SECTOR));
  });

  test('reads by DMA', () => {
    const d = withDisc();
    d.descriptors([[0x8000, 2 * SECTOR]]);

    packet(d.m, [0x28, 0, 0, 0, 0, 7, 0, 0, 2], { dma: true });
    const status = d.busMaster(true, 1);

    expect(status & 7).toBe(4);
    expect(d.ram.slice(0x8000, 0x8000 + 2 * SECTOR)).toEqual(image.slice(7 * SECTOR, 9 * SECTOR));
    expect(d.inp(BM_BASE + 2) & 4).toBe(0);
  });

  test('DEVICE RESET frees the drive in the midst of a transfer', () => {
    const d = withDisc();
    packet(d.m, [0x28, 0, 0, 0, 0, 0, 0, 0, 4]);
    expect(d.status(SECONDARY) & DRQ).toBe(DRQ);

    d.out(SECONDARY + 7, 0x08);

    expect(d.status(SECONDARY) & DRQ).toBe(0);
    expect(d.inp(SECONDARY + 5)).toBe(0xeb);
  });
});

describe('commands', () => {
  test('an unknown one is an illegal request', () => {
    const d = withDisc();

    packet(d.m, [0xee]);

    expect([d.failed(), d.inp(SECONDARY + 1)]).toEqual([true, 0x54]);
    expect(d.sense()).toEqual([5, 0x20, 0]);
    expect(d.sense()).toEqual([0, 0, 0]);
  });

  test('READ CAPACITY names the last block and its size', () => {
    expect([...withDisc().read([0x25])]).toEqual([0, 0, 0, 49, 0, 0, 8, 0]);
  });

  test('reading past the end is out of range', () => {
    const d = withDisc();

    packet(d.m, [0xa8, 0, 0, 0, 0, 49, 0, 0, 0, 2]);

    expect(d.sense()).toEqual([5, 0x21, 0]);
  });

  test('an error of the host is an unrecovered read error', () => {
    const m = machine([undefined, undefined, { kind: 'cdrom', medium: failingBlock(10 * SECTOR) }]);

    packet(m, [0x28, 0, 0, 0, 0, 0, 0, 0, 1]);

    expect(m.inp(SECONDARY + 1) >> 4).toBe(3);
  });

  test('READ CD gives user data or the whole sector with its address', () => {
    const d = withDisc();

    const user = d.read([0xbe, 0, 0, 0, 0, 1, 0, 0, 1, 0x10]);
    const whole = d.read([0xbe, 0, 0, 0, 0, 1, 0, 0, 1, 0xf8]);

    expect(user).toEqual(image.slice(SECTOR, 2 * SECTOR));
    expect(whole).toHaveLength(2352);
    expect([...whole.subarray(10, 16)]).toEqual([0xff, 0, 0x00, 0x02, 0x01, 1]);
    expect(whole.slice(16, 16 + SECTOR)).toEqual(user);
  });

  test('READ TOC has one data track and the lead-out, in blocks and in minutes', () => {
    const d = withDisc();

    const lba = d.read([0x43, 0, 0, 0, 0, 0, 0, 0, 100]);
    const msf = d.read([0x43, 2, 0, 0, 0, 0, 0, 0, 100]);

    expect([...lba]).toEqual([0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa, 0, 0, 0, 0, 50]);
    expect([...msf.subarray(8, 12)]).toEqual([0, 0, 2, 0]);
    expect([...msf.subarray(16, 20)]).toEqual([0, 0, 2, 50]);
  });

  test('GET CONFIGURATION tells a CD from a DVD by its size', () => {
    const profile = (blocks: number): number => {
      const m = machine([undefined, undefined, { kind: 'cdrom', medium: patternBlock(blocks * SECTOR, SECTOR) }]);
      packet(m, [0x46, 0, 0, 0, 0, 0, 0, 0, 8]);
      return m.readData(SECONDARY)[7];
    };

    expect([profile(1000), profile(2_000_000)]).toEqual([0x08, 0x10]);
  });

  test('the lengths that replies state are their own', () => {
    const d = withDisc();
    const long = [0, 0xff] as const;

    const configuration = d.read([0x46, 0, 0, 0, 0, 0, 0, ...long]);
    const modes = d.read([0x5a, 0, 0x3f, 0, 0, 0, 0, ...long]);
    const disc = d.read([0x51, 0, 0, 0, 0, 0, 0, ...long]);

    expect(configuration[3] + 4).toBe(configuration.length);
    expect(modes[1] + 2).toBe(modes.length);
    expect(disc[1] + 2).toBe(disc.length);
  });

  test('a reply is cut to what was allocated', () => {
    expect(withDisc().read([0x12, 0, 0, 0, 8])).toHaveLength(8);
  });
});

describe('the medium', () => {
  test('an empty drive is not ready', () => {
    const m = machine([undefined, undefined, { kind: 'cdrom' }]);

    packet(m, [0x00]);

    expect([m.status(SECONDARY) & ERR, m.inp(SECONDARY + 1) >> 4]).toEqual([ERR, 2]);
  });

  test('a change is reported once as a unit attention, then the new disc is read', () => {
    const d = withDisc();

    d.drive.insert(new MemoryBlock(new Uint8Array(4 * SECTOR).fill(9)));

    packet(d.m, [0x00]);
    expect(d.failed()).toBe(true);
    expect(d.sense()).toEqual([6, 0x28, 0]);
    packet(d.m, [0x00]);
    expect(d.failed()).toBe(false);
    expect(d.read([0x28, 0, 0, 0, 0, 0, 0, 0, 1])).toEqual(new Uint8Array(SECTOR).fill(9));
  });

  test('INQUIRY answers in spite of a unit attention and leaves it pending', () => {
    const d = withDisc();
    d.drive.insert(undefined);

    const inquiry = d.read([0x12, 0, 0, 0, 36]);

    expect(inquiry[0]).toBe(5);
    packet(d.m, [0x00]);
    expect(d.sense()).toEqual([6, 0x28, 0]);
  });

  test('START STOP UNIT ejects and loads', () => {
    const d = withDisc();

    packet(d.m, [0x1b, 0, 0, 0, 2]);
    const ejected = d.drive.medium;
    packet(d.m, [0x00]);
    const sense = d.sense();
    packet(d.m, [0x1b, 0, 0, 0, 3]);

    expect(ejected).toBeUndefined();
    expect(sense).toEqual([2, 0x3a, 2]);
    expect(d.drive.medium).toBeDefined();
  });

  test('a locked tray stays shut for the guest and for the button, which becomes an eject request', () => {
    const d = withDisc();
    packet(d.m, [0x1e, 0, 0, 0, 1]);

    const pressed = d.drive.pressEject();
    packet(d.m, [0x1b, 0, 0, 0, 2]);

    expect(pressed).toBe(false);
    expect(d.sense()).toEqual([5, 0x53, 2]);
    const event = d.read([0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8]);
    expect([...event.subarray(2, 6)]).toEqual([4, 0x10, 1, 2]);
  });

  test('events are told once', () => {
    const d = withDisc();
    d.drive.insert(new MemoryBlock(image));

    const first = d.read([0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8]);
    const second = d.read([0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8]);

    expect([first[4], second[4]]).toEqual([2, 0]);
  });

  test('a disc that is taken out in the midst of a read ends it with an error', () => {
    const d = withDisc();
    packet(d.m, [0x28, 0, 0, 0, 0, 0, 0, 0, 40], { limit: 2048 });

    d.drive.insert(undefined);
    const got = d.readData(SECONDARY);

    expect(got).toHaveLength(SECTOR);
    expect(d.failed()).toBe(true);
  });
});
