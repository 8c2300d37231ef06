/**
 * The 64 KiB system ROM at F0000h (seen again below 4 GiB): stubs, tables and the 8x8 font at their compatible
 * addresses. IBM PC AT Technical Reference, BIOS listing, for the tables' layout and offsets.
 */
import { assert } from '../base/index.ts';
import { font8x8 } from '../devices/display/fonts/index.ts';
import { FLAT_CODE, FLAT_DATA, ROM, ROM_SEGMENT, ROM_SIZE_BYTES } from './layout.ts';
import { assembleStubs, type StubLabels } from './stubs.ts';

const COPYRIGHT = 'Terrarium BIOS, PC AT compatible (IBM PC/AT interface)';
const DATE = '01/01/26';
const MODEL_PC_AT = 0xfc;
const SUBMODEL = 0x00;
const BIOS_REVISION = 0x00;

/**
 * Feature byte 1 of INT 15h AH=C0h: second 8259, RTC, INT 15h/4Fh called by INT 09h, EBDA allocated.
 */
const FEATURES_1 = 0x40 | 0x20 | 0x10 | 0x04;
/** Feature byte 2: INT 16h AH=09h supported. */
const FEATURES_2 = 0x40;

/**
 * INT 1Eh: step rate and head times, motor-off ticks, 512-byte sectors, 18 of them, gap, data length, format gap and
 * fill, settle and motor start times.
 */
const DISKETTE_PARAMETERS = [0xaf, 0x02, 0x25, 0x02, 0x12, 0x1b, 0xff, 0x6c, 0xf6, 0x0f, 0x08];

/** INT 1Dh: 6845 registers for 40x25, 80x25, graphics and monochrome; regen sizes; columns; mode control bytes. */
const VIDEO_PARAMETERS = [
  0x38, 0x28, 0x2d, 0x0a, 0x1f, 0x06, 0x19, 0x1c, 0x02, 0x07, 0x06, 0x07, 0x00, 0x00, 0x00, 0x00, 0x71, 0x50, 0x5a,
  0x0a, 0x1f, 0x06, 0x19, 0x1c, 0x02, 0x07, 0x06, 0x07, 0x00, 0x00, 0x00, 0x00, 0x38, 0x28, 0x2d, 0x0a, 0x7f, 0x06,
  0x64, 0x70, 0x02, 0x01, 0x06, 0x07, 0x00, 0x00, 0x00, 0x00, 0x61, 0x50, 0x52, 0x0f, 0x19, 0x06, 0x19, 0x19, 0x02,
  0x0d, 0x0b, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x10, 0x00, 0x40, 0x00, 0x40, 0x28, 0x28, 0x50, 0x50,
  0x28, 0x28, 0x50, 0x50, 0x2c, 0x28, 0x2d, 0x29, 0x2a, 0x2e, 0x1e, 0x29,
];

/** INT 14h AH=00h: divisors for 110 to 9600 baud, at the classic offset E729h. */
const BAUD_TABLE_OFFSET = 0xe729;
export const BAUD_DIVISORS: readonly number[] = [0x417, 0x300, 0x180, 0xc0, 0x60, 0x30, 0x18, 0x0c];

function tables(rom: Uint8Array): void {
  const ascii = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0));
  rom.set(ascii(COPYRIGHT), ROM.COPYRIGHT);
  rom.set([8, 0, MODEL_PC_AT, SUBMODEL, BIOS_REVISION, FEATURES_1, FEATURES_2, 0, 0, 0], ROM.CONFIG_TABLE);
  BAUD_DIVISORS.forEach((divisor, i) => rom.set([divisor & 0xff, divisor >> 8], BAUD_TABLE_OFFSET + 2 * i));
  rom.set(DISKETTE_PARAMETERS, ROM.DISKETTE_TABLE);
  rom.set(VIDEO_PARAMETERS, ROM.VIDEO_PARAMETERS);
  rom.set(font8x8.subarray(0, 0x400), ROM.FONT_8X8);
  rom.set(ascii(DATE), ROM.DATE);
  rom[ROM.MODEL] = MODEL_PC_AT;
  const view = new DataView(rom.buffer);
  for (const [selector, access] of [
    [FLAT_CODE, 0x9b], // accessed: loading it writes nothing into the ROM
    [FLAT_DATA, 0x93],
  ]) {
    view.setUint32(ROM.FLAT_GDT + selector, 0x0000ffff, true);
    view.setUint32(ROM.FLAT_GDT + selector + 4, 0x00cf0000 | (access << 8), true);
  }
  view.setUint16(ROM.FLAT_GDT_POINTER, FLAT_DATA + 7, true);
  view.setUint32(ROM.FLAT_GDT_POINTER + 2, (ROM_SEGMENT << 4) + ROM.FLAT_GDT, true);
}

/** "_32_", the directory's address, revision 0, one paragraph, checksum. */
function bios32Structure(rom: Uint8Array, labels: StubLabels): void {
  const structure = rom.subarray(ROM.BIOS32, ROM.BIOS32 + 16);
  structure.set(Array.from('_32_', (c) => c.charCodeAt(0)));
  new DataView(rom.buffer).setUint32(ROM.BIOS32 + 4, (ROM_SEGMENT << 4) + (labels.get('bios32') as number), true);
  structure[9] = 1;
  structure[10] = -structure.reduce((sum, byte) => sum + byte, 0) & 0xff;
}

let built: { readonly image: Uint8Array; readonly labels: StubLabels } | undefined;

function build(): { readonly image: Uint8Array; readonly labels: StubLabels } {
  if (built) return built;
  const image = new Uint8Array(ROM_SIZE_BYTES);
  const labels = assembleStubs(image);
  tables(image);
  bios32Structure(image, labels);
  let sum = 0;
  for (const byte of image) sum += byte;
  image[ROM_SIZE_BYTES - 1] = -sum & 0xff;
  built = { image, labels };
  return built;
}

export interface RomAddition {
  /** In the space before the compatible entry points. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** 64 KiB for F0000h-FFFFFh, its bytes summing to zero. */
export function buildRom(additions: readonly RomAddition[] = []): Uint8Array {
  const image = build().image.slice();
  let sum = 0;
  for (const { offset, bytes } of additions) {
    assert(offset + bytes.length <= ROM.CODE_32, 'what is added to the ROM ends before its fixed part');
    image.set(bytes, offset);
    for (const byte of bytes) sum += byte;
  }
  image[ROM_SIZE_BYTES - 1] = (image[ROM_SIZE_BYTES - 1] - sum) & 0xff;
  return image;
}

/** Offset in segment F000h of a stub that has no fixed address. */
export function stubOffset(label: string): number {
  return build().labels.get(label) as number;
}
