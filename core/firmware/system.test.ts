import { describe, expect, it } from 'vitest';
import { FakeDrive, FakePc, MemoryBlock } from './fake-pc.fixture.ts';
import { addressMap } from './memory15.ts';

type Regs = Partial<Record<'eax' | 'ebx' | 'ecx' | 'edx' | 'es' | 'edi' | 'esi' | 'ds', number>>;
function call(pc: FakePc, vector: number, regs: Regs): FakePc['cpu'] {
  Object.assign(pc.cpu, regs);
  pc.service(vector);
  return pc.cpu;
}
const fresh = (): FakePc => new FakePc({ floppies: [new FakeDrive(), new FakeDrive()] }).post();

describe('POST', () => {
  it('programs the interrupt controllers, the timer and the data areas', () => {
    const pc = new FakePc();
    pc.bios.callout(0x120);
    expect(pc.portWrites.filter(([port]) => port === 0x21).map(([, value]) => value)).toEqual([0x08, 0x04, 0x01, 0xb8]);
    expect(pc.portWrites.filter(([port]) => port === 0xa1).map(([, value]) => value)).toEqual([0x70, 0x02, 0x01, 0x8e]);
    expect([pc.memory.read16(0x413), pc.memory.read16(0x40e), pc.memory.read16(0x41a)]).toEqual([639, 0x9fc0, 0x1e]);
    expect(pc.memory.read32(0x10 * 4)).toBe(0xf000f065);
    expect(pc.screen[0]).toBe('Terrarium BIOS, 2 MiB');
  });

  it('sets the clock from the RTC', () => {
    const pc = new FakePc();
    pc.cmos.set([0x30, 0, 0x45, 0, 0x13], 0);
    pc.bios.callout(0x120);
    expect(pc.memory.read32(0x46c)).toBe(Math.floor(((13 * 60 + 45) * 60 + 30) * (1193182 / 65536)));
  });

  it('jumps where 40:67 says when the shutdown byte announced it', () => {
    const pc = fresh();
    pc.cmos[0x0f] = 0x0a;
    pc.memory.write32(0x467, 0x12340056);
    pc.cpu.cs = 0xf000;
    pc.cpu.eip = 0xfff0;
    pc.runUntil(0x1234, 0x0056);
    expect(pc.cmos[0x0f]).toBe(0);
  });

  it('leaves a checksum in CMOS', () => {
    const pc = fresh();
    const sum = pc.cmos.subarray(0x10, 0x2e).reduce((total, byte) => total + byte, 0);
    expect((pc.cmos[0x2e] << 8) | pc.cmos[0x2f]).toBe(sum);
    expect(pc.cmos[0x10]).toBe(0x44);
  });
});

describe('INT 11h and 12h', () => {
  it('count drives and memory', () => {
    const pc = fresh();
    expect(call(pc, 0x11, { eax: 0 }).eax & 0x00f1).toBe(0x0061);
    expect(call(pc, 0x12, { eax: 0 }).eax).toBe(639);
  });
});

describe('INT 15h', () => {
  it('moves a block above 1 MiB', () => {
    const pc = fresh();
    pc.memory.ram.set([1, 2, 3, 4], 0x20000);
    pc.memory.ram.set([0xff, 0xff, 0, 0, 2, 0x93, 0, 0, 0xff, 0xff, 0x10, 0, 0x18, 0x93, 0, 0], 0x6010);
    call(pc, 0x15, { eax: 0x8700, ecx: 2, es: 0x0600, esi: 0 });
    expect(pc.carry).toBe(false);
    expect([...pc.memory.ram.subarray(0x180010, 0x180014)]).toEqual([1, 2, 3, 4]);
  });

  it("refuses a block move past a segment's limit", () => {
    const pc = fresh();
    pc.memory.ram.set([0x01, 0, 0, 0, 2, 0x93, 0, 0, 0xff, 0xff, 0x10, 0, 0x18, 0x93, 0, 0], 0x6010);
    expect(call(pc, 0x15, { eax: 0x8700, ecx: 2, es: 0x0600, esi: 0 }).eax >> 8).toBe(2);
    expect(pc.carry).toBe(true);
  });

  it('gives the address map region by region', () => {
    const pc = fresh();
    const seen: [number, number, number][] = [];
    let next = 0;
    do {
      next = call(pc, 0x15, { eax: 0xe820, ebx: next, ecx: 20, edx: 0x534d4150, es: 0x2000, edi: 0 }).ebx;
      expect(pc.carry).toBe(false);
      seen.push([pc.memory.read32(0x20000), pc.memory.read32(0x20008), pc.memory.read32(0x20010)]);
    } while (next !== 0);
    expect(seen).toEqual(addressMap(2 << 20).map(({ base, length, type }) => [base, length, type]));
    expect(seen).toContainEqual([0x100000, 0x100000, 1]);
  });

  it('has memory above 4 GiB when the board has more than 3.5', () => {
    const map = addressMap(6 * 2 ** 30);
    expect(map).toContainEqual({ base: 2 ** 32, length: 6 * 2 ** 30 - 0xe0000000, type: 1 });
    expect(map).toContainEqual({ base: 0x100000, length: 0xe0000000 - 0x100000, type: 1 });
  });

  it('sizes memory by 88h and E801h', () => {
    const pc = fresh();
    expect(call(pc, 0x15, { eax: 0x8800 }).eax & 0xffff).toBe(1024);
    expect(call(pc, 0x15, { eax: 0xe801 }).ecx & 0xffff).toBe(1024);
    expect(pc.cpu.edx & 0xffff).toBe(0);
  });

  it('switches and reports A20', () => {
    const pc = fresh();
    call(pc, 0x15, { eax: 0x2400 });
    expect(pc.a20).toBe(false);
    expect(call(pc, 0x15, { eax: 0x2402 }).eax & 0xff).toBe(0);
    call(pc, 0x15, { eax: 0x2401 });
    expect(pc.a20).toBe(true);
  });

  it('points at the configuration table and the EBDA', () => {
    const pc = fresh();
    call(pc, 0x15, { eax: 0xc000 });
    expect(pc.memory.read8(pc.cpu.es * 16 + pc.cpu.ebx + 2)).toBe(0xfc);
    call(pc, 0x15, { eax: 0xc100 });
    expect(pc.cpu.es).toBe(0x9fc0);
  });

  it('powers off by APM', () => {
    const pc = fresh();
    expect(call(pc, 0x15, { eax: 0x5300, ebx: 0 }).ebx & 0xffff).toBe(0x504d);
    call(pc, 0x15, { eax: 0x5307, ebx: 1, ecx: 3 });
    expect(pc.powerOffs).toBe(1);
  });

  it('halts once for APM Idle even while a timed wait runs', () => {
    const pc = fresh();
    call(pc, 0x15, { eax: 0x8300, ecx: 1, edx: 0, es: 0x2000, ebx: 0 });
    pc.cpu.eax = 0x5305;
    expect(pc.call(0x15)).toBe(1);
  });

  it('says that it does not know a function', () => {
    const pc = fresh();
    expect(call(pc, 0x15, { eax: 0xbf00 }).eax >> 8).toBe(0x86);
    expect(pc.carry).toBe(true);
  });

  it('refuses to enable a mouse without a handler', () => {
    const pc = fresh();
    expect(call(pc, 0x15, { eax: 0xc200, ebx: 0x0100 }).eax >> 8).toBe(5);
    expect(pc.carry).toBe(true);
  });
});

describe('INT 1Ah', () => {
  it('counts ticks and reports midnight once', () => {
    const pc = fresh();
    call(pc, 0x1a, { eax: 0x0100, ecx: 0x18, edx: 0x00af });
    pc.service(0x08);
    expect([pc.memory.read32(0x46c), pc.memory.read8(0x470)]).toEqual([0, 1]);
    pc.service(0x08);
    expect([pc.memory.read32(0x46c), pc.memory.read8(0x470)]).toEqual([1, 1]);
  });

  it('sets and reads time and date in BCD', () => {
    const pc = fresh();
    call(pc, 0x1a, { eax: 0x0300, ecx: 0x2359, edx: 0x5800 });
    call(pc, 0x1a, { eax: 0x0500, ecx: 0x2026, edx: 0x1123 });
    call(pc, 0x1a, { eax: 0x0200, ecx: 0, edx: 0 });
    expect([pc.cpu.ecx, pc.cpu.edx]).toEqual([0x2359, 0x5800]);
    call(pc, 0x1a, { eax: 0x0400, ecx: 0, edx: 0 });
    expect([pc.cpu.ecx, pc.cpu.edx]).toEqual([0x2026, 0x1123]);
  });

  it('reports no PCI BIOS', () => {
    const pc = fresh();
    call(pc, 0x1a, { eax: 0xb101 });
    expect(pc.carry).toBe(true);
  });
});

describe('any register values', () => {
  it('never throw and never leave the address space', () => {
    const floppy = new FakeDrive(new MemoryBlock(360 * 1024));
    const disk = new FakeDrive(new MemoryBlock(1 << 20));
    const cdrom = new FakeDrive(new MemoryBlock(1 << 20, true));
    const pc = new FakePc({ floppies: [floppy], disks: [disk], cdroms: [cdrom] }).post();
    let seed = 0x2545f491;
    const random = (): number => {
      seed ^= seed << 13;
      seed ^= seed >>> 17;
      seed ^= seed << 5;
      return seed >>> 0;
    };
    const vectors = [
      0x05, 0x08, 0x0e, 0x10, 0x10, 0x10, 0x11, 0x12, 0x13, 0x13, 0x14, 0x15, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x70,
      0x74, 0x75, 0x76, 0x109, 0x10a, 0x10c, 0x114, 0x115, 0x118, 0x119,
    ];
    const cheap = new Set([0x05, 0x18, 0x19, 0x118]);
    for (let i = 0; i < 100_000; i++) {
      const vector = vectors[random() % vectors.length];
      if (cheap.has(vector) && i % 50 !== 0) continue; // whole screens and boots: enough of them
      const { cpu } = pc;
      for (const name of ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi', 'ebp', 'esp'] as const) cpu[name] = random();
      for (const name of ['ds', 'es', 'ss'] as const) cpu[name] = random() & 0xffff;
      if (random() & 1) cpu.eax = ((random() % 0x54) << 8) | (random() & 0x1f);
      if (random() % 16 === 0) cpu.ecx &= 0xff;
      if (random() & 1) cpu.edx &= 0x0180;
      if (random() % 64 === 0) pc.memory.write8(0x400 + (random() & 0xff), random() & 0xff);
      pc.scanCodes.length = 0;
      pc.scanCodes.push(random() & 0xff);
      pc.aux = (random() & 1) === 1;
      pc.portWrites.length = 0;
      pc.bios.callout(vector);
    }
    expect(pc.memory.read8(0xf0000 + 0xfffe)).toBe(0xfc);
  }, 120_000);
});
