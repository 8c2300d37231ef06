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

/** A ROM in the firmware's place: starts at F000:0000 with interrupts off and DS, ES, SS at 0. */
export function withRom(program: readonly number[], config: Partial<PcConfig> = {}): TestPc {
  const rom = new Uint8Array(ROM_BYTES).fill(HLT);
  rom.set([CLI, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, ...program]); // XOR AX,AX; MOV DS, ES, SS
  rom.set([0xea, 0x00, 0x00, 0x00, 0xf0], 0xfff0); // JMP F000:0000
  return new TestPc({ firmwareRom: rom, ...config });
}

/** A boot sector, started by the built-in firmware. */
export function withBootSector(program: readonly number[]): TestPc {
  const image = new Uint8Array(FLOPPY_BYTES);
  image.set(program);
  image.set([0x55, 0xaa], SECTOR - 2);
  return new TestPc({}, { floppies: [new MemoryBlock(image, { readOnly: true })] });
}
