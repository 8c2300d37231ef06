import { describe, expect, it } from 'vitest';
import { FakePc } from './fake-pc.fixture.ts';
import { CALLOUT_PHYS_ADDR, buildRom, buildVideoRom } from './index.ts';
import { ROM } from './layout.ts';

const callout = (n: number): number[] => [0x2e, 0xc7, 0x06, ROM.CALLOUT & 0xff, ROM.CALLOUT >> 8, n & 0xff, n >> 8];
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);

describe('the system ROM', () => {
  const rom = buildRom();

  it('is 64 KiB whose bytes sum to zero', () => {
    expect(rom.length).toBe(0x10000);
    expect(sum(rom)).toBe(0);
  });

  it('starts with a far jump to POST at F000:E05B', () => {
    expect([...rom.subarray(0xfff0, 0xfff5)]).toEqual([0xea, 0x5b, 0xe0, 0x00, 0xf0]);
  });

  it('names a date and the PC AT model byte', () => {
    expect(String.fromCharCode(...rom.subarray(0xfff5, 0xfffd))).toMatch(/^\d\d\/\d\d\/\d\d$/);
    expect(rom[0xfffe]).toBe(0xfc);
  });

  it.each([
    [0x13, 0xec59],
    [0x13, 0xe3fe],
    [0x05, 0xff54],
    [0x11, 0xf84d],
    [0x12, 0xf841],
    [0x17, 0xefd2],
    [0x0e, 0xef57],
  ])('has a call-out %i and IRET at offset %i', (vector, offset) => {
    expect([...rom.subarray(offset, offset + 8)]).toEqual([...callout(vector), 0xcf]);
  });

  it('has the video call-out at F065, with a way back for more and an IRET', () => {
    expect([...rom.subarray(0xf065, 0xf06f)]).toEqual([...callout(0x10), 0x72, 0x01, 0xcf]);
  });

  it('has an IRET at FF53 and jumps at the entries whose code is elsewhere', () => {
    expect(rom[0xff53]).toBe(0xcf);
    for (const offset of [0xe6f2, 0xe82e, 0xe987, 0xf859, 0xfe6e, 0xfea5]) expect(rom[offset]).toBe(0xe9);
  });

  it('keeps the 8x8 font and the diskette table where software reads them', () => {
    expect([...rom.subarray(0xfa6e + 8, 0xfa6e + 16)]).toEqual([0x7e, 0x81, 0xa5, 0x81, 0xbd, 0x99, 0x81, 0x7e]);
    expect(rom[0xefc7 + 3]).toBe(2); // 512-byte sectors
  });

  it('leaves the call-out word in the ROM page, clear of code', () => {
    expect(CALLOUT_PHYS_ADDR >> 16).toBe(0xf);
    expect([...rom.subarray(ROM.CALLOUT, ROM.CALLOUT + 2)]).toEqual([0, 0]);
  });
});

describe('the video ROM', () => {
  it('has the option ROM signature, its length and a zero sum', () => {
    const rom = buildVideoRom();
    expect([rom[0], rom[1]]).toEqual([0x55, 0xaa]);
    expect(rom[2] * 512).toBe(rom.length);
    expect(rom.length).toBeLessThanOrEqual(0x8000);
    expect(sum(rom)).toBe(0);
  });
});

describe('the stubs at work', () => {
  it('INT 16h AH=00h halts until a key arrives and returns it', () => {
    const pc = new FakePc().post();
    pc.onHalt = () => {
      pc.memory.write16(0x41e, 0x1e61);
      pc.memory.write16(0x41c, 0x20);
    };
    pc.cpu.eax = 0;
    const halts = pc.call(0x16);
    expect(halts).toBe(1);
    expect(pc.cpu.eax).toBe(0x1e61);
  });

  it('INT 10h AH=13h writes a string longer than one slice', () => {
    const pc = new FakePc().post();
    pc.memory.ram.fill(0x2b, 0x20000, 0x20000 + 300);
    Object.assign(pc.cpu, { eax: 0x1300, ebx: 7, ecx: 300, edx: 0x0500, es: 0x2000, ebp: 0 });
    pc.call(0x10);
    expect(pc.screen.join('')).toContain('+'.repeat(300));
    expect([pc.cpu.ecx, pc.cpu.ebp, pc.memory.read16(0x450)]).toEqual([300, 0, 0x0200]);
  });

  it('INT 08h counts a tick, calls INT 1Ch and ends the interrupt', () => {
    const pc = new FakePc().post();
    const before = pc.memory.read32(0x46c);
    pc.memory.write32(0x1c * 4, 0x00000600);
    pc.memory.ram.set([0xf4, 0xcf], 0x600); // HLT, so that the runner sees that it was called
    pc.cpu.edx = 0x5555;
    expect(pc.call(0x08)).toBe(1);
    expect(pc.memory.read32(0x46c)).toBe(before + 1);
    expect(pc.portWrites).toContainEqual([0x20, 0x20]);
    expect(pc.cpu.edx).toBe(0x5555);
  });

  it('INT 08h ends the day, and stops a motor whose time is over', () => {
    const pc = new FakePc().post();
    pc.memory.write32(0x46c, 0x1800af);
    pc.memory.write32(0x43f, 0x0000_0141); // the motor's count 1, motor 0 on
    pc.call(0x08);
    expect([pc.memory.read32(0x46c), pc.memory.read8(0x470), pc.memory.read16(0x43f)]).toEqual([0, 1, 0x0040]);
    expect(pc.portWrites).toContainEqual([0x20, 0x20]);
  });

  it('INT 15h AH=86h halts until the RTC has counted the time down', () => {
    const pc = new FakePc().post();
    pc.onHalt = () => {
      pc.cmos[0x0c] = 0xc0;
      pc.interrupt(0x70);
    };
    pc.cpu.eax = 0x8600;
    pc.cpu.ecx = 0;
    pc.cpu.edx = 3000;
    expect(pc.call(0x15)).toBe(4);
    expect(pc.cpu.eflags & 1).toBe(0);
    expect(pc.cmos[0x0b] & 0x40).toBe(0);
  });

  it('INT 09h takes a scan code through INT 15h AH=4Fh into the buffer', () => {
    const pc = new FakePc().post();
    pc.scanCodes.push(0x1e);
    pc.cpu.eax = 0xabcd;
    pc.call(0x09);
    expect(pc.memory.read16(0x41e)).toBe(0x1e61);
    expect(pc.cpu.eax).toBe(0xabcd);
  });

  it('INT 09h stops a machine whose Pause was pressed until another key comes', () => {
    const pc = new FakePc().post();
    for (const code of [0xe1, 0x1d]) {
      pc.scanCodes.push(code);
      pc.call(0x09);
    }
    pc.onHalt = () => {
      pc.scanCodes.push(0x39);
      pc.interrupt(0x09);
    };
    pc.scanCodes.push(0x45);
    expect(pc.call(0x09)).toBe(1);
    expect(pc.memory.read16(0x41a)).toBe(pc.memory.read16(0x41c));
  });

  it('INT 74h hands a complete mouse packet to the program as four words', () => {
    const pc = new FakePc().post();
    pc.memory.ram.set([0xb8, 0x99, 0x00, 0xcb], 0x800); // a far routine
    const seen: number[] = [];
    pc.cpu.es = 0;
    pc.cpu.ebx = 0x800;
    pc.cpu.eax = 0xc207;
    pc.service(0x15);
    pc.cpu.eax = 0xc205;
    pc.cpu.ebx = 0x0300;
    pc.service(0x15);
    pc.aux = true;
    for (const byte of [0xfa, 0x09, 0x05, 0xfe]) {
      pc.scanCodes.push(byte);
      pc.call(0x74);
    }
    for (let i = 0; i < 4; i++) seen.push(pc.memory.read16(0x7000 - 6 - 16 - 4 - 2 * (i + 1)));
    expect(seen).toEqual([0x09, 0x05, 0xfe, 0]);
    expect(pc.cpu.esp).toBe(0x7000);
  });
});
