import { describe, expect, it } from 'vitest';
import { FakeDrive, FakePc, MemoryBlock } from './fake-pc.fixture.ts';
import { diskGeometry, floppyFormat } from './drives.ts';

type Regs = Partial<Record<'eax' | 'ebx' | 'ecx' | 'edx' | 'es' | 'ds' | 'esi', number>>;
function int13(pc: FakePc, regs: Regs): { ah: number; al: number; carry: boolean } {
  Object.assign(pc.cpu, regs);
  pc.service(0x13);
  return { ah: (pc.cpu.eax >> 8) & 0xff, al: pc.cpu.eax & 0xff, carry: pc.carry };
}
const numbered = (sizeBytes: number, readOnly = false): MemoryBlock => {
  const block = new MemoryBlock(sizeBytes, readOnly);
  for (let i = 0; i < sizeBytes / 512; i++) new DataView(block.data.buffer).setUint32(i * 512, i, true);
  return block;
};
const floppyPc = (block?: MemoryBlock): { pc: FakePc; drive: FakeDrive } => {
  const drive = new FakeDrive(block);
  return { pc: new FakePc({ floppies: [drive] }).post(), drive };
};
const diskPc = (block: MemoryBlock): FakePc => new FakePc({ disks: [new FakeDrive(block)] }).post();

describe('INT 13h on floppies', () => {
  it('reads sectors by cylinder, head and sector', () => {
    const { pc } = floppyPc(numbered(1440 * 1024));
    expect(int13(pc, { eax: 0x0202, ebx: 0x100, ecx: 0x0203, edx: 0x0100, es: 0x2000 })).toEqual({
      ah: 0,
      al: 2,
      carry: false,
    });
    expect(pc.memory.read32(0x20100)).toBe((2 * 2 + 1) * 18 + 2);
    expect(pc.memory.read32(0x20300)).toBe((2 * 2 + 1) * 18 + 3);
  });

  it('writes sectors that reach the medium', () => {
    const block = numbered(720 * 1024);
    const { pc } = floppyPc(block);
    pc.memory.write32(0x20000, 0xdeadbeef);
    int13(pc, { eax: 0x0301, ebx: 0, ecx: 0x0001, edx: 0, es: 0x2000 });
    expect([...block.data.subarray(0, 4)]).toEqual([0xef, 0xbe, 0xad, 0xde]);
  });

  it.each([
    ['no drive', { eax: 0x0201, ecx: 1, edx: 5 }, 0x01],
    ['sector 19 of 18', { eax: 0x0201, ecx: 19, edx: 0 }, 0x04],
    ['sector 0', { eax: 0x0201, ecx: 0, edx: 0 }, 0x04],
    ['head 2', { eax: 0x0201, ecx: 1, edx: 0x0200 }, 0x04],
    ['cylinder 80', { eax: 0x0201, ecx: 0x5001, edx: 0 }, 0x04],
    ['an unknown function', { eax: 0x7700, ecx: 1, edx: 0 }, 0x01],
    ['a media type that does not fit', { eax: 0x1800, ecx: 0x4f09, edx: 0 }, 0x0c],
  ])('reports %s', (_what, regs, status) => {
    const { pc } = floppyPc(numbered(1440 * 1024));
    expect(int13(pc, regs)).toMatchObject({ ah: status, carry: true });
    expect(int13(pc, { eax: 0x0100, edx: 0 })).toMatchObject({ ah: status, carry: true });
  });

  it('reports write protection and an empty drive', () => {
    const { pc, drive } = floppyPc(numbered(1440 * 1024, true));
    expect(int13(pc, { eax: 0x0301, ebx: 0, ecx: 1, edx: 0, es: 0x2000 })).toMatchObject({ ah: 0x03, carry: true });
    drive.medium = undefined;
    expect(int13(pc, { eax: 0x0201, ecx: 1, edx: 0 })).toMatchObject({ ah: 0x80, carry: true });
  });

  it('reports an exchanged medium once', () => {
    const { pc, drive } = floppyPc(numbered(1440 * 1024));
    drive.changed = true;
    const read = { eax: 0x0201, ebx: 0, ecx: 1, edx: 0, es: 0x2000 };
    expect(int13(pc, read)).toMatchObject({ ah: 0x06, carry: true });
    expect(int13(pc, read)).toMatchObject({ ah: 0x00, carry: false });
  });

  it('describes the drive by the medium in it', () => {
    const { pc } = floppyPc(numbered(1200 * 1024));
    expect(int13(pc, { eax: 0x0800, edx: 0 })).toMatchObject({ ah: 0, carry: false });
    expect([pc.cpu.ebx & 0xff, pc.cpu.ecx & 0xffff, pc.cpu.edx & 0xffff, pc.cpu.es]).toEqual([
      2, 0x4f0f, 0x0101, 0xf000,
    ]);
    expect(int13(pc, { eax: 0x1500, edx: 0 })).toMatchObject({ ah: 2, carry: false });
  });

  it('starts the motor, which INT 08h switches off', () => {
    const { pc } = floppyPc(numbered(1440 * 1024));
    int13(pc, { eax: 0x0201, ebx: 0, ecx: 1, edx: 0, es: 0x2000 });
    expect(pc.memory.read8(0x43f) & 1).toBe(1);
    for (let i = 0; i < 0x25; i++) pc.service(0x08);
    expect(pc.memory.read8(0x43f) & 0x0f).toBe(0);
  });

  it('formats a track with the fill byte', () => {
    const block = numbered(1440 * 1024);
    const { pc } = floppyPc(block);
    for (let i = 0; i < 18; i++) pc.memory.ram.set([1, 0, i + 1, 2], 0x20000 + 4 * i);
    expect(int13(pc, { eax: 0x0512, ebx: 0, ecx: 0x0100, edx: 0, es: 0x2000 })).toMatchObject({ ah: 0, carry: false });
    expect(block.data.subarray(36 * 512, 54 * 512).every((byte) => byte === 0xf6)).toBe(true);
    expect(block.data[54 * 512]).toBe(54);
  });

  it.each([
    [160, 40, 1, 8],
    [360, 40, 2, 9],
    [1440, 80, 2, 18],
    [2880, 80, 2, 36],
    [500, 80, 2, 9],
  ])('takes an image of %i KiB as %i cylinders, %i heads, %i sectors', (kib, cylinders, heads, sectors) => {
    expect(floppyFormat(kib * 1024)).toMatchObject({ cylinders, heads, sectors });
  });
});

describe('INT 13h on disks', () => {
  it.each([
    [20160, 16],
    [1024 * 16 * 63, 16],
    [1024 * 16 * 63 * 3, 64],
    [16_514_064 * 4, 255],
  ])('translates %i sectors to %i heads of 63 sectors', (total, heads) => {
    const geometry = diskGeometry(total);
    expect(geometry.heads).toBe(heads);
    expect(geometry.cylinders).toBeLessThanOrEqual(1024);
    expect(geometry.cylinders * geometry.heads * 63).toBeLessThanOrEqual(total);
  });

  it('reads by CHS what EDD reads by number', () => {
    const pc = diskPc(numbered(4 << 20));
    expect(int13(pc, { eax: 0x0201, ebx: 0, ecx: 0x0105, edx: 0x0280, es: 0x2000 })).toEqual({
      ah: 0,
      al: 1,
      carry: false,
    });
    const lba = (1 * 16 + 2) * 63 + 4;
    expect(pc.memory.read32(0x20000)).toBe(lba);
    pc.memory.ram.set([0x10, 0, 2, 0, 0, 0, 0, 0x30, lba & 0xff, lba >> 8, 0, 0, 0, 0, 0, 0], 0x6000);
    expect(int13(pc, { eax: 0x4200, edx: 0x80, ds: 0x0600, esi: 0 })).toMatchObject({ ah: 0, carry: false });
    expect([pc.memory.read32(0x30000), pc.memory.read32(0x30200)]).toEqual([lba, lba + 1]);
  });

  it('writes by EDD to a flat address', () => {
    const block = numbered(4 << 20);
    const pc = diskPc(block);
    pc.memory.write32(0x150000, 0x12345678);
    pc.memory.ram.set(
      [0x18, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x15, 0, 0, 0, 0, 0],
      0x6000,
    );
    expect(int13(pc, { eax: 0x4300, edx: 0x80, ds: 0x0600, esi: 0 })).toMatchObject({ ah: 0, carry: false });
    expect([...block.data.subarray(7 * 512, 7 * 512 + 4)]).toEqual([0x78, 0x56, 0x34, 0x12]);
  });

  it("announces EDD 3.0 and the medium's size", () => {
    const pc = diskPc(numbered(4 << 20));
    expect(int13(pc, { eax: 0x4100, ebx: 0x55aa, edx: 0x80 })).toMatchObject({ ah: 0x30, carry: false });
    expect([pc.cpu.ebx & 0xffff, pc.cpu.ecx & 0xffff]).toEqual([0xaa55, 5]);
    pc.memory.write16(0x6000, 0x1e);
    int13(pc, { eax: 0x4800, edx: 0x80, ds: 0x0600, esi: 0 });
    expect([pc.memory.read32(0x6010), pc.memory.read16(0x6018)]).toEqual([8192, 512]);
  });

  it('refuses sectors past the end and drives that are not there', () => {
    const pc = diskPc(numbered(1 << 20));
    pc.memory.ram.set([0x10, 0, 1, 0, 0, 0, 0, 0x30, 0, 8, 0, 0, 0, 0, 0, 0], 0x6000);
    expect(int13(pc, { eax: 0x4200, edx: 0x80, ds: 0x0600, esi: 0 })).toMatchObject({ ah: 4, carry: true });
    expect(pc.memory.read16(0x6002)).toBe(0);
    expect(int13(pc, { eax: 0x0800, edx: 0x81 })).toMatchObject({ ah: 1, carry: true });
  });

  it('gives type 3 and the number of sectors', () => {
    const pc = diskPc(numbered(4 << 20));
    expect(int13(pc, { eax: 0x1500, edx: 0x80 })).toMatchObject({ ah: 3, carry: false });
    expect(((pc.cpu.ecx & 0xffff) << 16) | (pc.cpu.edx & 0xffff)).toBe(8 * 16 * 63);
  });
});

describe('booting', () => {
  const bootable = (): MemoryBlock => {
    const block = numbered(1440 * 1024);
    block.data.set([0xeb, 0xfe], 0);
    return block;
  };
  const enter = (pc: FakePc): void => {
    pc.cpu.esp = 0x7000;
    pc.interrupt(0x19);
  };

  it("enters a floppy's boot sector at 0:7C00 with DL=0 even without a signature", () => {
    const { pc } = floppyPc(bootable());
    enter(pc);
    pc.runUntil(0, 0x7c00);
    expect([pc.cpu.edx, pc.cpu.esp, pc.cpu.eflags & 0x200]).toEqual([0, 0x7c00, 0x200]);
    expect(pc.memory.read16(0x7c00)).toBe(0xfeeb);
  });

  it('goes on to the disk when the floppy is empty', () => {
    const disk = numbered(4 << 20);
    disk.data.set([0x55, 0xaa], 510);
    const pc = new FakePc({
      floppies: [new FakeDrive(new MemoryBlock(1440 * 1024))],
      disks: [new FakeDrive(disk)],
    }).post();
    enter(pc);
    pc.runUntil(0, 0x7c00);
    expect(pc.cpu.edx).toBe(0x80);
  });

  it('says what is wrong with each device, and boots after a key', () => {
    const floppy = new FakeDrive();
    const pc = new FakePc({ floppies: [floppy], disks: [new FakeDrive(new MemoryBlock(4 << 20))] }).post();
    enter(pc);
    let screen: readonly string[] = [];
    pc.onHalt = () => {
      screen = pc.screen;
      floppy.medium = bootable();
      pc.scanCodes.push(0x39);
      pc.interrupt(0x09);
    };
    pc.runUntil(0, 0x7c00);
    const text = screen.join('\n');
    expect(text).toContain('No bootable medium');
    expect(text).toContain('Floppy A: the drive is empty');
    expect(text).toContain('no boot signature (55AAh)');
    expect(text).toContain('CD-ROM: no such drive');
  });

  it('starts a CD without emulation and reads its 2048-byte sectors', () => {
    const disc = new MemoryBlock(64 * 2048, true);
    const put = (sector: number, at: number, bytes: readonly number[] | string): void =>
      disc.data.set(typeof bytes === 'string' ? Array.from(bytes, (c) => c.charCodeAt(0)) : bytes, sector * 2048 + at);
    put(17, 1, 'CD001\x01EL TORITO SPECIFICATION');
    put(17, 0x47, [20]);
    put(20, 0, [1]);
    put(20, 0x1e, [0x55, 0xaa]);
    put(20, 0x20, [0x88, 0, 0, 0, 0, 0, 4, 0, 30]);
    put(30, 0, [0xeb, 0xfe]);
    put(31, 0, [0x42]);
    const pc = new FakePc({ cdroms: [new FakeDrive(disc)], bootOrder: ['cdrom'] }).post();
    enter(pc);
    pc.runUntil(0, 0x7c00);
    expect(pc.cpu.edx).toBe(0xe0);
    pc.memory.ram.set([0x10, 0, 1, 0, 0, 0, 0, 0x30, 31, 0, 0, 0, 0, 0, 0, 0], 0x6000);
    expect(int13(pc, { eax: 0x4200, edx: 0xe0, ds: 0x0600, esi: 0 })).toMatchObject({ ah: 0, carry: false });
    expect(pc.memory.read8(0x30000)).toBe(0x42);
    expect(int13(pc, { eax: 0x4b01, edx: 0xe0, ds: 0x0700, esi: 0 })).toMatchObject({ ah: 0, carry: false });
    expect([pc.memory.read8(0x7000), pc.memory.read8(0x7002)]).toEqual([0x13, 0xe0]);
  });
});
