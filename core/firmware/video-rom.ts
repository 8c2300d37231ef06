/**
 * The 32 KiB video BIOS ROM at C0000h: option ROM header, fonts and the VGA BIOS's public tables. The services
 * themselves are in the system ROM; software finds this ROM by its signature and through pointers into it.
 * IBM PS/2 and PC BIOS Interface Technical Reference, "Video", save pointer and functionality tables.
 */
import { font8x14, font8x16, font8x8 } from '../devices/display/fonts/index.ts';
import { vgaModes, type VgaMode } from '../devices/display/vga-modes.ts';
import { VIDEO_ROM_SEGMENT } from './layout.ts';
import { VBE_PROTECTED_TABLE } from './vbe-protected.ts';

const SIZE_BYTES = 0x8000;

/** Offsets in segment C000h. */
export const VIDEO_ROM = {
  SIGNATURE: 0x1e,
  FUNCTIONALITY: 0x100,
  SAVE_POINTERS: 0x110,
  SECONDARY_SAVE: 0x130,
  DISPLAY_CODES: 0x150,
  /** An empty list of 9-dot replacement glyphs. */
  NO_GLYPHS: 0x170,
  PARAMETERS: 0x200,
  OEM_STRING: 0xa00,
  VENDOR_STRING: 0xa20,
  PRODUCT_STRING: 0xa40,
  REVISION_STRING: 0xa60,
  VBE_PROTECTED: 0xb00,
  FONT_8X8: 0x1000,
  FONT_8X14: 0x1800,
  FONT_8X16: 0x2800,
} as const;

/** Video parameter table: which mode's registers stand at which index. Indexes 13h-16h are the 350-line text modes. */
const PARAMETER_ORDER: readonly (number | undefined)[] = [
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  0x0d,
  0x0e,
  undefined,
  undefined,
  0x0f,
  0x10,
  0,
  1,
  2,
  3,
  1,
  3,
  7,
  0x11,
  0x12,
  0x13,
];

function parameterEntry(mode: VgaMode): number[] {
  return [
    mode.columns,
    mode.rows - 1,
    mode.charHeight,
    mode.pageSizeBytes & 0xff,
    (mode.pageSizeBytes >> 8) & 0xff,
    ...mode.sequencer.slice(1, 5),
    mode.misc,
    ...mode.crtc,
    ...mode.attribute.slice(0, 20),
    ...mode.graphics,
  ];
}

export function buildVideoRom(): Uint8Array {
  const rom = new Uint8Array(SIZE_BYTES);
  const text = (at: number, value: string): void =>
    rom.set(
      Array.from(`${value}\0`, (c) => c.charCodeAt(0)),
      at,
    );
  const far = (at: number, offset: number): void =>
    rom.set([offset & 0xff, offset >> 8, VIDEO_ROM_SEGMENT & 0xff, VIDEO_ROM_SEGMENT >> 8], at);

  rom.set([0x55, 0xaa, SIZE_BYTES / 512, 0xcb], 0); // the initialisation entry returns: POST has set up the adapter
  text(VIDEO_ROM.SIGNATURE, 'IBM VGA Compatible BIOS');

  // Modes 0-7, D-13h; 200, 350 and 400 lines; 1 colour font block of 8, 2 active; functions; save pointer functions.
  rom.set([0xff, 0xe0, 0x0f, 0, 0, 0, 0, 0x07, 2, 8, 0xe7, 0x0c, 0, 0, 0, 0], VIDEO_ROM.FUNCTIONALITY);
  far(VIDEO_ROM.SAVE_POINTERS, VIDEO_ROM.PARAMETERS);
  far(VIDEO_ROM.SAVE_POINTERS + 16, VIDEO_ROM.SECONDARY_SAVE);
  rom[VIDEO_ROM.SECONDARY_SAVE] = 0x1a;
  far(VIDEO_ROM.SECONDARY_SAVE + 2, VIDEO_ROM.DISPLAY_CODES);
  // 16 combinations allowed for: none, MDA, CGA, EGA colour and mono, PGC, VGA mono and colour.
  rom.set(
    [16, 1, 8, 0, 0, 0, 0, 1, 0, 2, 2, 1, 0, 4, 4, 1, 0, 5, 2, 5, 0, 6, 1, 6, 5, 6, 0, 8, 1, 8, 0, 7],
    VIDEO_ROM.DISPLAY_CODES,
  );

  PARAMETER_ORDER.forEach((number, index) => {
    const mode = number === undefined ? undefined : vgaModes.get(number);
    if (mode) rom.set(parameterEntry(mode), VIDEO_ROM.PARAMETERS + 64 * index);
  });
  text(VIDEO_ROM.OEM_STRING, 'Terrarium VBE');
  text(VIDEO_ROM.VENDOR_STRING, 'Terrarium');
  text(VIDEO_ROM.PRODUCT_STRING, 'Terrarium VGA');
  text(VIDEO_ROM.REVISION_STRING, '1.0');
  rom.set(VBE_PROTECTED_TABLE, VIDEO_ROM.VBE_PROTECTED);
  rom.set(font8x8, VIDEO_ROM.FONT_8X8);
  rom.set(font8x14, VIDEO_ROM.FONT_8X14);
  rom.set(font8x16, VIDEO_ROM.FONT_8X16);

  let sum = 0;
  for (const byte of rom) sum += byte;
  rom[SIZE_BYTES - 1] = -sum & 0xff;
  return rom;
}
