/**
 * Power-on self-test: brings the chips, the vector table and the BIOS data area into the state that PC software finds.
 * IBM PC AT Technical Reference, BIOS listing (POST), section 1 for the chips' programming.
 */
import { BDA, BDA_BASE } from './bda.ts';
import { diskGeometry, floppyFormat } from './drives.ts';
import type { Guest } from './guest.ts';
import { initialisePci } from './pci-init.ts';
import type { Keyboard } from './keyboard.ts';
import { EBDA, EBDA_BASE, EBDA_SEGMENT, ROM, ROM_SEGMENT } from './layout.ts';
import type { Mouse15 } from './mouse15.ts';
import { stubOffset } from './rom.ts';
import { RESUME } from './stubs.ts';
import type { TimerServices } from './timer.ts';
import type { Video } from './video.ts';
import { VIDEO_FLAG } from './video-mode.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const BASE_MEMORY_KIB = 639;
const STACK_TOP = 0x7c00;

const CMOS = {
  STATUS_A: 0x0a,
  STATUS_B: 0x0b,
  STATUS_C: 0x0c,
  STATUS_D: 0x0d,
  DIAGNOSTIC: 0x0e,
  SHUTDOWN: 0x0f,
  FLOPPIES: 0x10,
  DISKS: 0x12,
  EQUIPMENT: 0x14,
  BASE_LOW: 0x15,
  EXTENDED_LOW: 0x17,
  DISK0_TYPE: 0x19,
  CHECKSUM_HIGH: 0x2e,
  EXTENDED2_LOW: 0x30,
  ABOVE_16M_LOW: 0x34,
} as const;
const SHUTDOWN_JUMP_EOI = 0x05;
const SHUTDOWN_INTERRUPT_RETURN = 0x09;
const SHUTDOWN_JUMP = 0x0a;
/** 32768 Hz time base, 1024 Hz periodic rate. */
const RTC_RATE = 0x26;
const RTC_24_HOURS = 0x02;

const PIC_MASTER = 0x20;
const PIC_SLAVE = 0xa0;
/** Open: timer, keyboard, cascade, floppy; and RTC, mouse, FPU, IDE. */
const MASK_MASTER = 0xb8;
const MASK_SLAVE = 0x8e;

const COM_PORTS: readonly number[] = [0x3f8, 0x2f8, 0x3e8, 0x2e8];
const LPT_PORTS: readonly number[] = [0x378, 0x278];
const UART_SCRATCH = 7;

const EQUIPMENT = { FLOPPY: 0x0001, FPU: 0x0002, MOUSE: 0x0004, VIDEO_80_COLOUR: 0x0020 } as const;

export class Post {
  readonly #guest: Guest;
  readonly #video: Video;
  readonly #keyboard: Keyboard;
  readonly #timer: TimerServices;
  readonly #mouse: Mouse15;

  constructor(guest: Guest, video: Video, keyboard: Keyboard, timer: TimerServices, mouse: Mouse15) {
    this.#guest = guest;
    this.#video = video;
    this.#keyboard = keyboard;
    this.#timer = timer;
    this.#mouse = mouse;
  }

  /** Live carry set: a program reset the processor to leave protected mode; AL says how it goes on (RESUME). */
  run(): void {
    const g = this.#guest;
    const shutdown = g.cmosRead(CMOS.SHUTDOWN);
    g.cmosWrite(CMOS.SHUTDOWN, 0);
    if (shutdown === SHUTDOWN_JUMP_EOI || shutdown === SHUTDOWN_JUMP || shutdown === SHUTDOWN_INTERRUPT_RETURN) {
      if (shutdown === SHUTDOWN_JUMP_EOI) this.#endInterrupts();
      g.al = shutdown === SHUTDOWN_INTERRUPT_RETURN ? RESUME.INTERRUPT_RETURN : RESUME.JUMP;
      g.setLiveCarry(true);
      return;
    }
    g.cpu.setRealModeSegment('ss', 0);
    g.cpu.esp = STACK_TOP;
    g.env.setA20(true);
    initialisePci(g.io);
    const { acpi } = g.env;
    if (acpi) g.memory.writeBytes(acpi.physAddr, acpi.bytes);
    this.#dataAreas();
    this.#vectors();
    this.#chips();
    this.#cmos();
    this.#keyboardController();
    this.#keyboard.initialise();
    this.#mouse.initialise();
    this.#ports();
    g.setBda16(BDA.EQUIPMENT, this.#equipment());
    this.#diskTables();
    this.#timer.initialise();
    g.setBda8(BDA.VIDEO_FLAGS, VIDEO_FLAG.LINES_400 | VIDEO_FLAG.VGA);
    g.setBda8(BDA.VIDEO_DCC_INDEX, 0x0b);
    this.#video.mode.set(3, false);
    this.#video.print(`Terrarium BIOS, ${Math.floor(g.memory.sizeBytes / MIB)} MiB\n\n`);
    g.setBda16(BDA.SOFT_RESET, 0);
  }

  /** Shutdown code 5 says that an interrupt was in service. */
  #endInterrupts(): void {
    this.#guest.out8(PIC_SLAVE, 0x20);
    this.#guest.out8(PIC_MASTER, 0x20);
  }

  #dataAreas(): void {
    const g = this.#guest;
    const warm = g.bda16(BDA.SOFT_RESET);
    g.writeBytes(BDA_BASE, new Uint8Array(0x200));
    g.writeBytes(EBDA_BASE, new Uint8Array(KIB));
    g.setBda16(BDA.SOFT_RESET, warm);
    g.setBda16(BDA.EBDA_SEGMENT, EBDA_SEGMENT);
    g.setBda16(BDA.MEMORY_KIB, BASE_MEMORY_KIB);
    g.setEbda8(EBDA.SIZE_KIB, 1);
    for (let i = 0; i < 4; i++) {
      g.setBda8(BDA.LPT_TIMEOUTS + i, 0x14);
      g.setBda8(BDA.COM_TIMEOUTS + i, 0x01);
    }
    g.setBda8(BDA.FLOPPY_DATA_RATE, 0x07);
    g.setBda8(BDA.FLOPPY_INFO, 0x77);
  }

  #vector(number: number, offset: number, segment: number = ROM_SEGMENT): void {
    this.#guest.write16(number * 4, offset);
    this.#guest.write16(number * 4 + 2, segment);
  }

  #vectors(): void {
    for (let i = 0; i < 0x100; i++) {
      const user = (i >= 0x60 && i <= 0x66) || i === 0x79 || i >= 0xf1;
      this.#vector(i, user ? 0 : ROM.DUMMY_IRET, user ? 0 : ROM_SEGMENT);
    }
    for (const irq of [2, 3, 4, 5, 7]) this.#vector(0x08 + irq, stubOffset('irq_master'));
    for (const irq of [1, 2, 3, 7]) this.#vector(0x70 + irq, stubOffset('irq_slave'));
    const services: readonly (readonly [number, number])[] = [
      [0x02, ROM.INT02],
      [0x05, ROM.INT05],
      [0x08, ROM.INT08],
      [0x09, ROM.INT09],
      [0x0e, ROM.INT0E],
      [0x10, ROM.INT10],
      [0x11, ROM.INT11],
      [0x12, ROM.INT12],
      [0x13, ROM.INT13],
      [0x14, ROM.INT14],
      [0x15, ROM.INT15],
      [0x16, ROM.INT16],
      [0x17, ROM.INT17],
      [0x18, stubOffset('int18')],
      [0x19, ROM.INT19],
      [0x1a, ROM.INT1A],
      [0x1d, ROM.VIDEO_PARAMETERS],
      [0x1e, ROM.DISKETTE_TABLE],
      [0x40, ROM.INT13],
      [0x42, ROM.INT10],
      [0x70, stubOffset('int70')],
      [0x74, stubOffset('int74')],
      [0x75, stubOffset('int75')],
      [0x76, stubOffset('int76')],
    ];
    for (const [number, offset] of services) this.#vector(number, offset);
    this.#vector(0x41, EBDA.FIXED_DISK_0, EBDA_SEGMENT);
    this.#vector(0x46, EBDA.FIXED_DISK_1, EBDA_SEGMENT);
  }

  #chips(): void {
    const g = this.#guest;
    for (const [port, base, wiring, mask] of [
      [PIC_MASTER, 0x08, 0x04, MASK_MASTER],
      [PIC_SLAVE, 0x70, 0x02, MASK_SLAVE],
    ]) {
      g.out8(port, 0x11); // ICW1: edge triggered, cascaded, ICW4 follows
      g.out8(port + 1, base);
      g.out8(port + 1, wiring);
      g.out8(port + 1, 0x01); // ICW4: 8086 mode
      g.out8(port + 1, mask);
    }
    g.out8(0x43, 0x36); // counter 0: square wave of 65536 clocks, 18.2 Hz
    g.out8(0x40, 0);
    g.out8(0x40, 0);
    g.out8(0x43, 0x54); // counter 1: memory refresh
    g.out8(0x41, 0x12);
    g.out8(0x0d, 0); // both DMA controllers: master clear, the second cascades the first
    g.out8(0xda, 0);
    g.out8(0xd6, 0xc0);
    g.out8(0xd4, 0x00);
    g.out8(0x61, (g.in8(0x61) & ~0x0f) | 0x0c); // speaker off, parity checks off
  }

  #keyboardController(): void {
    const g = this.#guest;
    for (let i = 0; i < 16 && g.in8(0x64) & 1; i++) g.in8(0x60);
    g.out8(0x64, 0xaa);
    for (let i = 0; i < 16 && g.in8(0x64) & 1; i++) g.in8(0x60); // 55h: passed
    g.out8(0x64, 0x60);
    g.out8(0x60, 0x65); // translation, mouse off, system flag, keyboard interrupt
    g.out8(0x64, 0xae);
  }

  #cmosWord(index: number, value: number): void {
    this.#guest.cmosWrite(index, value & 0xff);
    this.#guest.cmosWrite(index + 1, (value >> 8) & 0xff);
  }

  #cmos(): void {
    const g = this.#guest;
    const { floppies, disks } = g.env;
    g.cmosWrite(CMOS.STATUS_A, RTC_RATE);
    g.cmosWrite(CMOS.STATUS_B, RTC_24_HOURS);
    g.cmosRead(CMOS.STATUS_C);
    g.cmosRead(CMOS.STATUS_D);
    g.cmosWrite(CMOS.DIAGNOSTIC, 0);
    const types = [0, 1].map((i) => {
      if (i >= floppies.length) return 0;
      const medium = floppies[i].medium;
      return medium ? floppyFormat(medium.sizeBytes).driveType : 4;
    });
    g.cmosWrite(CMOS.FLOPPIES, (types[0] << 4) | types[1]);
    g.cmosWrite(CMOS.DISKS, (disks.length > 0 ? 0xf0 : 0) | (disks.length > 1 ? 0x0f : 0));
    g.cmosWrite(CMOS.DISK0_TYPE, disks.length > 0 ? 47 : 0);
    g.cmosWrite(CMOS.DISK0_TYPE + 1, disks.length > 1 ? 47 : 0);
    g.cmosWrite(CMOS.EQUIPMENT, this.#equipment() & 0xff);
    const extendedKib = Math.min(0xffff, Math.max(0, (g.usableBytes - MIB) / KIB));
    this.#cmosWord(CMOS.BASE_LOW, 640);
    this.#cmosWord(CMOS.EXTENDED_LOW, extendedKib);
    this.#cmosWord(CMOS.EXTENDED2_LOW, extendedKib);
    this.#cmosWord(
      CMOS.ABOVE_16M_LOW,
      Math.min(0xffff, Math.max(0, Math.floor((g.usableBytes - 16 * MIB) / (64 * KIB)))),
    );
    let sum = 0;
    for (let i = 0x10; i <= 0x2d; i++) sum += g.cmosRead(i);
    g.cmosWrite(CMOS.CHECKSUM_HIGH, (sum >> 8) & 0xff);
    g.cmosWrite(CMOS.CHECKSUM_HIGH + 1, sum & 0xff);
  }

  /** A UART keeps what its scratch register is given; a printer port reads back its data latch. */
  #ports(): void {
    const g = this.#guest;
    const answers = (port: number): boolean => {
      g.out8(port, 0x5a);
      if (g.in8(port) !== 0x5a) return false;
      g.out8(port, 0xa5);
      return g.in8(port) === 0xa5;
    };
    COM_PORTS.filter((port) => answers(port + UART_SCRATCH)).forEach((port, i) =>
      g.setBda16(BDA.COM_PORTS + 2 * i, port),
    );
    LPT_PORTS.filter(answers).forEach((port, i) => g.setBda16(BDA.LPT_PORTS + 2 * i, port));
  }

  #equipment(): number {
    const g = this.#guest;
    const floppies = Math.min(4, g.env.floppies.length);
    const count = (offset: number, slots: number): number => {
      let found = 0;
      for (let i = 0; i < slots; i++) if (g.bda16(offset + 2 * i) !== 0) found++;
      return found;
    };
    return (
      (floppies > 0 ? EQUIPMENT.FLOPPY | ((floppies - 1) << 6) : 0) |
      (g.env.hasFpu?.() ? EQUIPMENT.FPU : 0) |
      EQUIPMENT.MOUSE |
      EQUIPMENT.VIDEO_80_COLOUR |
      (count(BDA.COM_PORTS, 4) << 9) |
      (count(BDA.LPT_PORTS, 3) << 14)
    );
  }

  /** Fixed disk parameter tables of the first two disks (vectors 41h, 46h). */
  #diskTables(): void {
    const g = this.#guest;
    g.setBda8(BDA.DISK_COUNT, g.env.disks.length);
    [EBDA.FIXED_DISK_0, EBDA.FIXED_DISK_1].forEach((at, i) => {
      const medium = g.env.disks[i]?.medium;
      if (!medium) return;
      const { cylinders, heads, sectors } = diskGeometry(Math.floor(medium.sizeBytes / 512));
      g.setEbda16(at, cylinders);
      g.setEbda8(at + 2, heads);
      g.setEbda16(at + 5, 0xffff); // no write precompensation
      g.setEbda8(at + 8, heads > 8 ? 0xc8 : 0xc0);
      g.setEbda16(at + 12, cylinders);
      g.setEbda8(at + 14, sectors);
    });
  }
}
