/** A board whose guests are a few bytes of machine code that report on port E9h. */
import { MemoryBlock } from '../formats/index.ts';
import type { Machine, PcBackends, PcConfig } from './machine.ts';
import { createPc } from './pc.ts';

export const SECTOR = 512;
const FLOPPY_BYTES = 2880 * SECTOR;
const ROM_BYTES = 0x10000;
export const BOOT_NS = 50e6;
export const HLT = 0xf4;
export const CLI = 0xfa;
/** OUT E9h,AL */
export const REPORT = [0xe6, 0xe9];
export const report = (text: string): number[] => [0xb0, text.charCodeAt(0), ...REPORT];
/** Waits for the keyboard controller to take a byte. */
export const KEYBOARD_READY = [0xe4, 0x64, 0xa8, 0x02, 0x75, 0xfa];
export const toKeyboard = (port: number, value: number): number[] => [...KEYBOARD_READY, 0xb0, value, 0xe6, port];

export class TestPc {
  readonly machine: Machine;
  readonly log: string[] = [];
  readonly debug: number[] = [];
  readonly hostClock = { nowNs: 0 };

  constructor(config: Partial<PcConfig> = {}, backends: Partial<PcBackends> = {}) {
    this.machine = createPc(
      { memoryMiB: 2, bootOrder: ['floppy'], clock: 'virtual', engine: 'auto', ...config },
      {
        hostClock: this.hostClock,
        wallClock: { nowMs: Date.UTC(2001, 1, 3, 4, 5, 6) },
        entropy: { fill: (target) => void target.fill(0x42) },
        floppies: [undefined],
        disks: [],
        serial: [],
        debug: { write: (byte) => void this.debug.push(byte) },
        log: (message) => void this.log.push(message),
        ...backends,
      },
    );
  }

  get text(): string {
    return String.fromCharCode(...this.debug);
  }
}

/** CLI; XOR AX,AX; MOV DS, ES, SS */
const PROLOGUE = [CLI, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0];
/** Where `withRom` puts a program, in segment F000h. */
export const PROGRAM_START = PROLOGUE.length;

/** A ROM in the firmware's place: starts at F000:0000 with interrupts off and DS, ES, SS at 0. */
export function withRom(
  program: readonly number[],
  config: Partial<PcConfig> = {},
  backends: Partial<PcBackends> = {},
): TestPc {
  const rom = new Uint8Array(ROM_BYTES).fill(HLT);
  rom.set([...PROLOGUE, ...program]);
  rom.set([0xea, 0x00, 0x00, 0x00, 0xf0], 0xfff0); // JMP F000:0000
  return new TestPc({ firmwareRom: rom, ...config }, backends);
}

/** The first instructions of a program for `withRom`: FS reaches 4 GiB, so that `fsWrite` writes anywhere. */
export const FLAT_FS: readonly number[] = (() => {
  const gdt = [...new Array<number>(8).fill(0), 0xff, 0xff, 0, 0, 0, 0x92, 0xcf, 0];
  const start = PROGRAM_START + 2;
  const pointerAt = start + gdt.length;
  const pointer = [gdt.length - 1, 0, start, 0, 0x0f, 0];
  return [
    ...[0xeb, gdt.length + pointer.length, ...gdt, ...pointer],
    ...[0x2e, 0x66, 0x0f, 0x01, 0x16, pointerAt, 0], // LGDT CS:[pointer]
    ...[0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0], // MOV EAX,CR0; OR AL,1; MOV CR0,EAX
    ...[0xbb, 0x08, 0x00, 0x8e, 0xe3], // MOV BX,8; MOV FS,BX
    ...[0x24, 0xfe, 0x0f, 0x22, 0xc0], // AND AL,FEh; MOV CR0,EAX
  ];
})();
const le32 = (value: number): number[] => [value, value >>> 8, value >>> 16, value >>> 24].map((byte) => byte & 0xff);
/** MOV dword FS:[address],value */
export const fsWrite = (address: number, value: number): number[] => [
  ...[0x64, 0x66, 0x67, 0xc7, 0x05],
  ...le32(address),
  ...le32(value),
];

/** A boot sector, started by the built-in firmware. */
export function withBootSector(program: readonly number[]): TestPc {
  const image = new Uint8Array(FLOPPY_BYTES);
  image.set(program);
  image.set([0x55, 0xaa], SECTOR - 2);
  return new TestPc({}, { floppies: [new MemoryBlock(image, { readOnly: true })] });
}
