/** The graphics modes of the Bochs VBE adapter by VBE number; 100h-11Fh are the standard's, higher ones our own. */
export interface VbeMode {
  readonly number: number;
  readonly width: number;
  readonly height: number;
  readonly bitsPerPixel: 8 | 15 | 16 | 24 | 32;
}

type Depths = Partial<Record<VbeMode['bitsPerPixel'], number>>;

const table: readonly (readonly [width: number, height: number, numbers: Depths])[] = [
  [640, 400, { 8: 0x100, 15: 0x13a, 16: 0x13b, 24: 0x13c, 32: 0x13d }],
  [320, 200, { 8: 0x13e, 15: 0x10d, 16: 0x10e, 24: 0x10f, 32: 0x140 }],
  [640, 480, { 8: 0x101, 15: 0x110, 16: 0x111, 24: 0x112, 32: 0x141 }],
  [800, 600, { 8: 0x103, 15: 0x113, 16: 0x114, 24: 0x115, 32: 0x143 }],
  [1024, 768, { 8: 0x105, 15: 0x116, 16: 0x117, 24: 0x118, 32: 0x144 }],
  [1280, 1024, { 8: 0x107, 15: 0x119, 16: 0x11a, 24: 0x11b, 32: 0x145 }],
  [1600, 1200, { 8: 0x11c, 15: 0x11d, 16: 0x11e, 24: 0x11f, 32: 0x142 }],
  [1152, 864, { 8: 0x148, 15: 0x149, 16: 0x14a, 24: 0x14b, 32: 0x14c }],
  [1280, 720, { 8: 0x150, 16: 0x151, 24: 0x152, 32: 0x153 }],
  [1280, 768, { 8: 0x154, 16: 0x155, 24: 0x156, 32: 0x157 }],
  [1280, 800, { 8: 0x158, 16: 0x159, 24: 0x15a, 32: 0x15b }],
  [1280, 960, { 8: 0x15c, 16: 0x15d, 24: 0x15e, 32: 0x15f }],
  [1366, 768, { 8: 0x160, 16: 0x161, 24: 0x162, 32: 0x163 }],
  [1440, 900, { 8: 0x164, 16: 0x165, 24: 0x166, 32: 0x167 }],
  [1400, 1050, { 8: 0x168, 16: 0x169, 24: 0x16a, 32: 0x16b }],
  [1600, 900, { 8: 0x16c, 16: 0x16d, 24: 0x16e, 32: 0x16f }],
  [1680, 1050, { 8: 0x170, 16: 0x171, 24: 0x172, 32: 0x173 }],
  [1920, 1080, { 8: 0x174, 16: 0x175, 24: 0x176, 32: 0x177 }],
  [1920, 1200, { 8: 0x178, 16: 0x179, 24: 0x17a, 32: 0x17b }],
  [2048, 1152, { 8: 0x17c, 16: 0x17d, 24: 0x17e, 32: 0x17f }],
  [2560, 1440, { 8: 0x180, 16: 0x181, 24: 0x182, 32: 0x183 }],
  [2560, 1600, { 8: 0x184, 16: 0x185, 24: 0x186, 32: 0x187 }],
];

const list: readonly VbeMode[] = table.flatMap(([width, height, numbers]) =>
  Object.entries(numbers).map(([depth, number]): VbeMode => ({
    number,
    width,
    height,
    bitsPerPixel: Number(depth) as VbeMode['bitsPerPixel'],
  })),
);

export const vbeModes: ReadonlyMap<number, VbeMode> = new Map(list.map((mode) => [mode.number, mode]));

export const bytesPerPixel = (bits: number): number => Math.ceil(bits / 8);
/** Width in pixels as the adapter lays lines out: a multiple of 8. */
export const bytesPerLine = (mode: VbeMode): number => ((mode.width + 7) & ~7) * bytesPerPixel(mode.bitsPerPixel);
