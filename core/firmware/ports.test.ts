import { describe, expect, it } from 'vitest';
import { FakeDrive, FakePc, MemoryBlock } from './fake-pc.fixture.ts';

/** Eight registers at `base` that keep what is written, but for the line status. */
function plugSerial(pc: FakePc, base: number): { registers: Uint8Array; lineStatus: number; sent: number[] } {
  const port = { registers: new Uint8Array(8), lineStatus: 0x60, sent: [] as number[] };
  pc.io.map({
    base,
    size: 8,
    device: {
      ioRead: (_range, offset) => (offset === 5 ? port.lineStatus : port.registers[offset]),
      ioWrite: (_range, offset, _width, value) => {
        port.registers[offset] = value;
        if (offset === 0) port.sent.push(value);
      },
    },
  });
  return port;
}

function plugPrinter(pc: FakePc, base: number): { status: number; printed: number[] } {
  const port = { status: 0xdf, printed: [] as number[] };
  let data = 0;
  pc.io.map({
    base,
    size: 3,
    device: {
      ioRead: (_range, offset) => (offset === 0 ? data : offset === 1 ? port.status : 0),
      ioWrite: (_range, offset, _width, value) => {
        if (offset === 0) data = value;
        if (offset === 2 && value & 1) port.printed.push(data);
      },
    },
  });
  return port;
}

describe('INT 14h', () => {
  it('finds the ports at POST and programs line settings', () => {
    const pc = new FakePc();
    const port = plugSerial(pc, 0x3f8);
    pc.post();
    expect(pc.memory.read16(0x400)).toBe(0x3f8);
    expect((pc.memory.read16(0x410) >> 9) & 7).toBe(1);
    port.sent.length = 0;
    pc.cpu.eax = 0x00e3; // 9600 baud, 8 bits, no parity, one stop bit
    pc.cpu.edx = 0;
    pc.service(0x14);
    expect(port.sent).toEqual([12]);
    expect(port.registers[3]).toBe(0x03);
  });

  it('sends a byte when the holding register is free', () => {
    const pc = new FakePc();
    const port = plugSerial(pc, 0x3f8);
    pc.post();
    port.sent.length = 0;
    Object.assign(pc.cpu, { eax: 0x0141, edx: 0 });
    pc.call(0x14);
    expect(port.sent).toEqual([0x41]);
    expect((pc.cpu.eax >> 8) & 0x80).toBe(0);
  });

  it('gives up receiving after the time-out', () => {
    const pc = new FakePc();
    const port = plugSerial(pc, 0x3f8);
    pc.post();
    Object.assign(pc.cpu, { eax: 0x0200, edx: 0 });
    pc.service(0x14);
    expect(pc.cpu.eflags & 1).toBe(1);
    pc.clock.nowNs += 2e9;
    pc.bios.callout(0x114);
    expect(pc.cpu.eflags & 1).toBe(0);
    expect((pc.cpu.eax >> 8) & 0x80).toBe(0x80);
    expect(port.lineStatus & 1).toBe(0);
  });
});

describe('INT 17h and 05h', () => {
  it('prints a character and reports the printer ready', () => {
    const pc = new FakePc();
    const port = plugPrinter(pc, 0x378);
    pc.post();
    Object.assign(pc.cpu, { eax: 0x0041, edx: 0 });
    pc.service(0x17);
    expect(port.printed).toEqual([0x41]);
    expect(pc.cpu.eax >> 8).toBe(0x90);
  });

  it('prints the screen row by row', () => {
    const pc = new FakePc();
    const port = plugPrinter(pc, 0x378);
    pc.post();
    pc.call(0x05);
    expect(String.fromCharCode(...port.printed.slice(0, 21))).toBe('Terrarium BIOS, 2 MiB');
    expect(port.printed).toHaveLength(25 * 82);
    expect(pc.memory.read8(0x500)).toBe(0);
  });

  it('reports a time-out without a printer', () => {
    const pc = new FakePc().post();
    Object.assign(pc.cpu, { eax: 0x0041, edx: 0 });
    pc.service(0x17);
    expect(pc.cpu.eax >> 8).toBe(0x01);
  });
});

describe('El Torito floppy emulation', () => {
  it('makes the image drive A: and moves the real floppy to B: until it is ended', () => {
    const disc = new MemoryBlock(64 * 2048 + 1440 * 1024, true);
    const text = (sector: number, at: number, value: string): void =>
      disc.data.set(
        Array.from(value, (c) => c.charCodeAt(0)),
        sector * 2048 + at,
      );
    text(17, 1, 'CD001\x01EL TORITO SPECIFICATION');
    disc.data.set([20], 17 * 2048 + 0x47);
    disc.data.set([1], 20 * 2048);
    disc.data.set([0x55, 0xaa], 20 * 2048 + 0x1e);
    disc.data.set([0x88, 2, 0, 0, 0, 0, 1, 0, 30], 20 * 2048 + 0x20);
    disc.data.set([0xeb, 0xfe], 30 * 2048);
    disc.data.set([0x99], 30 * 2048 + (18 * 2 + 4) * 512);
    const floppy = new MemoryBlock(360 * 1024);
    floppy.data[0] = 0x77;
    const pc = new FakePc({
      cdroms: [new FakeDrive(disc)],
      floppies: [new FakeDrive(floppy)],
      bootOrder: ['cdrom'],
    }).post();
    pc.cpu.esp = 0x7000;
    pc.interrupt(0x19);
    pc.runUntil(0, 0x7c00);
    const read = (ecx: number, edx: number): number => {
      Object.assign(pc.cpu, { eax: 0x0201, ebx: 0, ecx, edx, es: 0x2000 });
      pc.service(0x13);
      return pc.memory.read8(0x20000);
    };
    expect(pc.cpu.edx).toBe(0);
    expect(read(0x0105, 0)).toBe(0x99);
    expect(read(0x0001, 1)).toBe(0x77);
    Object.assign(pc.cpu, { eax: 0x4b00, edx: 0x7f, ds: 0x0600, esi: 0 });
    pc.service(0x13);
    expect(read(0x0001, 0)).toBe(0x77);
  });
});
