import { describe, expect, test } from 'vitest';
import { MemoryBlock } from '../../formats/index.ts';
import { BM_BASE, BSY, DRQ, ERR, failingBlock, machine, patternBlock, PRIMARY } from './ide.fixture.ts';

const SECTOR = 512;
const GIB = 2 ** 30;
const numbered = (sectors: number): Uint8Array =>
  Uint8Array.from({ length: sectors * SECTOR }, (_, i) => (i >> 9) * 3 + i * 7);

function withDisk(sectors = 300) {
  const image = numbered(sectors);
  return { image, ...machine([{ kind: 'disk', medium: new MemoryBlock(image) }]) };
}

describe('reading by PIO', () => {
  test.each([2, 4] as const)('gives the sectors through a port of %i bytes', (width) => {
    const m = withDisk();

    m.command(0x20, 5, 3);

    expect(m.readData(PRIMARY, width)).toEqual(m.image.slice(5 * SECTOR, 8 * SECTOR));
    expect(m.status() & (BSY | DRQ | ERR)).toBe(0);
  });

  test('interrupts once a sector, and reading the status takes the interrupt back', () => {
    const m = withDisk();

    m.command(0x20, 0, 3);
    m.readData();

    expect(m.irqs[0].risingEdges).toBe(3);
    expect(m.irqs[0].level).toBe(false);
  });

  test('READ MULTIPLE interrupts once a block, the last of which may be short', () => {
    const m = withDisk();
    m.command(0xc6, 0, 4);
    m.status();
    const before = m.irqs[0].risingEdges;

    m.command(0xc4, 0, 10);
    const data = m.readData();

    expect(data).toEqual(m.image.slice(0, 10 * SECTOR));
    expect(m.irqs[0].risingEdges - before).toBe(3);
  });

  test('READ MULTIPLE without SET MULTIPLE is aborted', () => {
    const m = withDisk();

    m.command(0xc4);

    expect(m.status() & ERR).toBe(ERR);
    expect(m.inp(PRIMARY + 1)).toBe(0x04);
  });

  test('a sector count of 0 means 256', () => {
    const m = withDisk();

    m.command(0x20, 0, 0);

    expect(m.readData()).toHaveLength(256 * SECTOR);
  });

  test('cylinder, head and sector are translated by the geometry that was set', () => {
    const m = withDisk();
    m.command(0x91, 0, 10, { device: 0xa3 }); // 4 heads, 10 sectors
    m.out(PRIMARY + 6, 0xa2);
    m.out(PRIMARY + 2, 1);
    m.out(PRIMARY + 3, 7);
    m.out(PRIMARY + 4, 3);
    m.out(PRIMARY + 5, 0);

    m.out(PRIMARY + 7, 0x20);
    m.settle();

    const lba = (3 * 4 + 2) * 10 + 6;
    expect(m.readData()).toEqual(m.image.slice(lba * SECTOR, (lba + 1) * SECTOR));
  });

  test('sector 0 of a track does not exist', () => {
    const m = withDisk();

    m.command(0x20, 0, 1, { device: 0xa0 });

    expect(m.inp(PRIMARY + 1)).toBe(0x10);
  });

  test('beyond the last sector is not found', () => {
    const m = withDisk(300);

    m.command(0x20, 299, 2);

    expect([m.status() & (ERR | DRQ), m.inp(PRIMARY + 1)]).toEqual([ERR, 0x10]);
  });

  test('an error of the host is an uncorrectable one, and names the sector', () => {
    const m = machine([{ kind: 'disk', medium: failingBlock(100 * SECTOR) }]);

    m.command(0x20, 42);

    expect([m.status() & ERR, m.inp(PRIMARY + 1), m.inp(PRIMARY + 3)]).toEqual([ERR, 0x40, 42]);
  });
});

describe('writing', () => {
  test('by PIO changes the sectors and no others, and interrupts after each', () => {
    const m = withDisk();
    const before = m.image.slice();
    const data = Uint8Array.from({ length: 2 * SECTOR }, (_, i) => i * 13);

    m.command(0x30, 10, 2);
    expect(m.irqs[0].level).toBe(false);
    m.writeData(data);

    before.set(data, 10 * SECTOR);
    expect(m.image).toEqual(before);
    expect(m.irqs[0].risingEdges).toBe(2);
  });

  test('by DMA gathers pieces of memory', () => {
    const m = withDisk();
    m.ram.fill(0x11, 0x2000, 0x2100);
    m.ram.fill(0x22, 0x5000, 0x5300);
    m.descriptors([
      [0x2000, 0x100],
      [0x5000, 0x300],
    ]);

    m.command(0xca, 20, 2);
    const status = m.busMaster(false);

    expect(status & 7).toBe(4);
    expect(m.image.slice(20 * SECTOR, 22 * SECTOR)).toEqual(
      Uint8Array.from({ length: 1024 }, (_, i) => (i < 0x100 ? 0x11 : 0x22)),
    );
  });

  test('to a read-only disk is aborted', () => {
    const m = machine([{ kind: 'disk', medium: new MemoryBlock(new Uint8Array(SECTOR), { readOnly: true }) }]);

    m.command(0x30);

    expect([m.status() & (ERR | DRQ), m.inp(PRIMARY + 1)]).toEqual([ERR, 0x04]);
  });

  test('with the write cache off, or forced, is flushed before it is reported', () => {
    let flushes = 0;
    const medium = { ...patternBlock(100 * SECTOR), flush: () => flushes++ };
    const m = machine([{ kind: 'disk', medium }]);
    const write = (): void => {
      m.command(0x30);
      m.writeData(new Uint8Array(SECTOR));
    };
    write();
    expect(flushes).toBe(0);

    m.command(0xef, 0, 0, { features: 0x82 });
    const afterSwitch = flushes;
    write();

    expect(afterSwitch).toBe(1);
    expect(flushes).toBe(2);
  });

  test('a flush that fails on the host is a device fault', () => {
    const m = machine([{ kind: 'disk', medium: failingBlock(100 * SECTOR) }]);

    m.command(0xe7);

    expect(m.status() & 0x21).toBe(0x21);
  });
});

describe('bus-master DMA', () => {
  test('scatters over pieces and ends inactive with an interrupt', () => {
    const m = withDisk();
    m.descriptors([
      [0x8000, 0x200],
      [0x9000, 0x600],
    ]);

    m.command(0xc8, 1, 4);
    expect(m.irqs[0].risingEdges).toBe(0);
    const status = m.busMaster(true);

    expect(status & 7).toBe(4);
    expect(m.irqs[0].risingEdges).toBe(1);
    expect(m.ram.slice(0x8000, 0x8200)).toEqual(m.image.slice(SECTOR, 2 * SECTOR));
    expect(m.ram.slice(0x9000, 0x9600)).toEqual(m.image.slice(2 * SECTOR, 5 * SECTOR));
  });

  test('waits for whichever of drive and bus master comes second', () => {
    const m = withDisk();
    m.descriptors([[0x8000, 0x200]]);
    m.out(BM_BASE + 4, 0x1000, 4);
    m.out(BM_BASE, 0x09);
    m.settle();

    m.command(0xc8, 3, 1);

    expect(m.ram.slice(0x8000, 0x8200)).toEqual(m.image.slice(3 * SECTOR, 4 * SECTOR));
  });

  test('a count of 0 in a descriptor is 64 KiB', () => {
    const m = withDisk();
    m.descriptors([[0x20000, 0]]);

    m.command(0xc8, 0, 128);
    const status = m.busMaster(true);

    expect(status & 7).toBe(4);
    expect(m.ram.slice(0x20000, 0x30000)).toEqual(m.image.slice(0, 0x10000));
  });

  test('descriptors for more than the command moves leave the bus master active', () => {
    const m = withDisk();
    m.descriptors([[0x8000, 0x1000]]);

    m.command(0xc8, 0, 1);

    expect(m.busMaster(true) & 7).toBe(5);
  });

  test('descriptors for less stop it without an interrupt, until a reset frees the drive', () => {
    const m = withDisk();
    m.descriptors([[0x8000, 0x100]]);

    m.command(0xc8, 0, 1);
    const status = m.busMaster(true);

    expect(status & 7).toBe(0);
    expect(m.irqs[0].risingEdges).toBe(0);
    m.out(0x3f6, 0x04);
    m.out(0x3f6, 0x00);
    m.settle();
    m.command(0x20, 0, 1);
    expect(m.readData()).toHaveLength(SECTOR);
  });

  test('a table without an end mark comes to an end all the same', () => {
    const m = withDisk();
    m.descriptors(new Array<[number, number]>(0x2000).fill([0x80000, 2]), false);

    m.command(0xc8, 0, 128);
    const status = m.busMaster(true);

    expect(status & 7).toBe(0);
  });

  test('is an error while the function may not master the bus', () => {
    const m = withDisk();
    m.descriptors([[0x8000, 0x200]]);
    m.ide.pci.configWrite(4, 2, 1);

    m.command(0xc8, 0, 1);

    expect(m.busMaster(true) & 7).toBe(2);
  });

  test('status bits are cleared by writing ones', () => {
    const m = withDisk();
    m.descriptors([[0x8000, 0x200]]);
    m.command(0xc8, 0, 1);
    m.busMaster(true);

    m.out(BM_BASE + 2, 0x64);

    expect(m.inp(BM_BASE + 2)).toBe(0x60);
  });
});

describe('48-bit addresses', () => {
  test('reach sectors beyond 128 GiB and beyond 2 TiB', () => {
    const sizeBytes = 3000 * GIB;
    const m = machine([{ kind: 'disk', medium: patternBlock(sizeBytes) }]);
    const lba = (2500 * GIB) / SECTOR + 12345;

    m.commandExt(0x24, lba, 1);
    const data = m.readData();

    expect(data[0]).toBe(lba % 251);
    expect(data[10]).toBe((lba + 10) % 251);
  });

  test('have a sector count of sixteen bits, 0 meaning 65536', () => {
    const m = machine([{ kind: 'disk', medium: patternBlock(200 * GIB) }]);
    m.descriptors([[0x20000, 0]]);

    m.commandExt(0x25, 0, 0);

    // 32 MiB are asked for, 64 KiB described: it moves what fits.
    expect(m.busMaster(true) & 7).toBe(0);
    expect(m.ram[0x20000 + 5 * SECTOR]).toBe(5);
  });

  test('are read back byte by byte through HOB', () => {
    const m = withDisk();
    m.out(PRIMARY + 3, 0x12);
    m.out(PRIMARY + 3, 0x34);

    m.out(0x3f6, 0x80);

    expect(m.inp(PRIMARY + 3)).toBe(0x12);
    m.out(0x3f6, 0x00);
    expect(m.inp(PRIMARY + 3)).toBe(0x34);
  });
});

describe('IDENTIFY DEVICE', () => {
  const identify = (sizeBytes: number) => {
    const m = machine([
      { kind: 'disk', medium: patternBlock(sizeBytes), identity: { model: 'Model', serial: 'S123' } },
    ]);
    m.command(0xec);
    const data = m.readData();
    return { m, data, words: new Uint16Array(data.buffer) };
  };

  test('tells sizes for CHS, 28 and 48 bits', () => {
    const { words } = identify(200 * GIB);

    expect([words[1], words[3], words[6]]).toEqual([16383, 16, 63]);
    expect(words[60] + words[61] * 65536).toBe(0x0fffffff);
    expect(words[100] + words[101] * 65536).toBe((200 * GIB) / SECTOR);
    expect(words[83] & 0x0400).toBe(0x0400);
  });

  test('tells model and serial number with swapped bytes, and sums to zero', () => {
    const { data } = identify(GIB);

    const text = (at: number, length: number): string =>
      Array.from({ length }, (_, i) => String.fromCharCode(data[at * 2 + (i ^ 1)])).join('');
    expect(text(27, 40).trimEnd()).toBe('Model');
    expect(text(10, 20).trimEnd()).toBe('S123');
    expect(data.reduce((sum, byte) => (sum + byte) & 0xff, 0)).toBe(0);
  });

  test('shows the transfer mode that was selected', () => {
    const { m } = identify(GIB);
    m.command(0xef, 0, 0x42, { features: 0x03 });

    m.command(0xec);

    expect(new Uint16Array(m.readData().buffer)[88]).toBe(0x043f);
  });
});

describe('other commands', () => {
  test.each([0x00, 0x08, 0x92, 0xa1, 0xb0, 0xff])('%i is aborted', (code) => {
    const m = withDisk();

    m.command(code);

    expect([m.status() & ERR, m.inp(PRIMARY + 1)]).toEqual([ERR, 0x04]);
  });

  test.each([0x10, 0x40, 0x70, 0xe0, 0xe1, 0xe2, 0xe3, 0xe7, 0xea, 0x94, 0x95])(
    '%i completes with an interrupt',
    (code) => {
      const m = withDisk();

      m.command(code);

      expect(m.irqs[0].level).toBe(true);
      expect(m.status() & (BSY | DRQ | ERR)).toBe(0);
    },
  );

  test('CHECK POWER MODE tells standby from active', () => {
    const m = withDisk();
    m.command(0xe5);
    expect(m.inp(PRIMARY + 2)).toBe(0xff);

    m.command(0xe0);
    m.command(0xe5);

    expect(m.inp(PRIMARY + 2)).toBe(0x00);
  });

  test('a sleeping drive hears a reset alone', () => {
    const m = withDisk();
    m.command(0xe6);
    m.status();
    m.command(0x20);
    expect(m.status() & DRQ).toBe(0);

    m.out(0x3f6, 0x04);
    m.out(0x3f6, 0x00);
    m.settle();
    m.command(0x20);

    expect(m.status() & DRQ).toBe(DRQ);
  });

  test('SET MAX hides the end of the disk, READ NATIVE MAX still knows it', () => {
    const m = withDisk(300);
    m.command(0xf9, 99);

    m.command(0x20, 100);
    expect(m.inp(PRIMARY + 1)).toBe(0x10);
    m.command(0xf8);

    expect(m.inp(PRIMARY + 3) | (m.inp(PRIMARY + 4) << 8)).toBe(299);
  });
});

describe('the cable', () => {
  test('without a drive reads as zero', () => {
    const m = machine([]);

    expect([m.status(), m.inp(PRIMARY + 2), m.inp(0x3f6)]).toEqual([0, 0, 0]);
  });

  test('a software reset shows the signature of a disk', () => {
    const m = withDisk();
    m.command(0xc6, 0, 16);

    m.out(0x3f6, 0x04);
    expect(m.status()).toBe(BSY);
    m.out(0x3f6, 0x00);
    m.settle();

    expect([1, 2, 3, 4, 5].map((register) => m.inp(PRIMARY + register))).toEqual([1, 1, 1, 0, 0]);
    expect(m.status()).toBe(0x50);
  });

  test('nIEN holds the interrupt back and lets it through later', () => {
    const m = withDisk();
    m.out(0x3f6, 0x02);
    m.command(0xe7);
    expect(m.irqs[0].level).toBe(false);

    m.out(0x3f6, 0x00);

    expect(m.irqs[0].level).toBe(true);
  });

  test('the alternate status leaves the interrupt alone', () => {
    const m = withDisk();
    m.command(0xe7);

    m.inp(0x3f6);

    expect(m.irqs[0].level).toBe(true);
  });

  test('a command takes time: busy first, and a poll alone sees the end of it', () => {
    const m = withDisk();
    m.out(PRIMARY + 6, 0xe0);
    m.out(PRIMARY + 2, 1);
    m.out(PRIMARY + 7, 0x20);
    expect(m.status()).toBe(BSY);

    m.clock.nowNs += 10_000;

    expect(m.status() & (BSY | DRQ)).toBe(DRQ);
  });

  test('EXECUTE DEVICE DIAGNOSTIC answers for both drives and interrupts', () => {
    const medium = (): MemoryBlock => new MemoryBlock(new Uint8Array(SECTOR));
    const m = machine([
      { kind: 'disk', medium: medium() },
      { kind: 'disk', medium: medium() },
    ]);

    m.command(0x90, 0, 0, { device: 0xb0 });

    expect(m.irqs[0].level).toBe(true);
    expect(m.inp(PRIMARY + 1)).toBe(0x01);
    expect(m.inp(PRIMARY + 6) & 0x10).toBe(0);
  });
});

describe('TRIM', () => {
  const ranges = (...list: readonly (readonly [number, number])[]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(SECTOR));
    list.forEach(([lba, sectors], i) => view.setBigUint64(i * 8, (BigInt(sectors) << 48n) | BigInt(lba), true));
    return new Uint8Array(view.buffer);
  };
  function trimming() {
    const discarded: [number, number][] = [];
    const block = new MemoryBlock(numbered(300));
    const medium = Object.assign(block, { discard: (at: number, length: number) => void discarded.push([at, length]) });
    return { discarded, ...machine([{ kind: 'disk', medium }]) };
  }
  const trim = (m: ReturnType<typeof machine>, list: Uint8Array): void => {
    m.ram.set(list, 0x2000);
    m.descriptors([[0x2000, SECTOR]]);
    m.out(PRIMARY + 1, 1);
    m.commandExt(0x06, 0, 1);
    m.busMaster(false);
  };

  test('gives the ranges to the medium; the guest is told of it', () => {
    const m = trimming();
    m.command(0xec);
    const identity = new DataView(m.readData().buffer);

    trim(m, ranges([10, 4], [100, 200]));

    expect(identity.getUint16(169 * 2, true) & 1).toBe(1);
    expect(m.discarded).toEqual([
      [10 * SECTOR, 4 * SECTOR],
      [100 * SECTOR, 200 * SECTOR],
    ]);
    expect(m.status() & (BSY | DRQ | ERR)).toBe(0);
  });

  test('of sectors that the disk does not have fails', () => {
    const m = trimming();

    trim(m, ranges([299, 2]));

    expect(m.status() & ERR).toBe(ERR);
    expect(m.discarded).toEqual([]);
  });

  test('is not there where the medium gains nothing', () => {
    const m = withDisk();
    m.command(0x06, 0, 1, { features: 1 });
    expect(m.status() & ERR).toBe(ERR);
  });
});
