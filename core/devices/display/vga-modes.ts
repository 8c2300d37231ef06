/**
 * Register values of the standard VGA BIOS modes (400-line text). IBM PS/2 Hardware Interface Technical Reference,
 * video subsystem, "Mode tables"; Bochs-compatible boards use the same values.
 */
import type { PaletteName } from './vga-palettes.ts';

export interface VgaMode {
  readonly mode: number;
  readonly kind: 'text' | 'graphics';
  /** Character cells; in graphics modes the grid that the BIOS writes text on. */
  readonly columns: number;
  readonly rows: number;
  readonly charHeight: number;
  /** Pixels that the guest addresses (before double scanning); in text modes dots on the screen. */
  readonly width: number;
  readonly height: number;
  readonly colours: number;
  /** How the guest's window is organised, for whoever draws into it. */
  readonly model: 'text' | 'cga4' | 'cga2' | 'planar' | 'linear256';
  /** Physical address of the first display page, and the bytes from one page to the next. */
  readonly windowBase: number;
  readonly pageSizeBytes: number;
  readonly pages: number;
  readonly palette: PaletteName;
  readonly misc: number;
  readonly sequencer: readonly number[];
  readonly crtc: readonly number[];
  readonly graphics: readonly number[];
  readonly attribute: readonly number[];
}

const hexBytes = (text: string): readonly number[] => text.split(' ').map((byte) => parseInt(byte, 16));

// Attribute palettes, registers 00-0F.
const COLOUR_TEXT = '00 01 02 03 04 05 14 07 38 39 3a 3b 3c 3d 3e 3f';
const CGA_16 = '00 01 02 03 04 05 06 07 10 11 12 13 14 15 16 17';
const CGA_4 = '00 13 15 17 02 04 06 07 10 11 12 13 14 15 16 17';
const CGA_2 = '00 17 17 17 17 17 17 17 17 17 17 17 17 17 17 17';
const MONO_TEXT = '00 08 08 08 08 08 08 08 10 18 18 18 18 18 18 18';
const MONO_GRAPHICS = '00 08 00 00 18 18 00 00 00 08 00 00 00 18 00 00';
const VGA_2 = '00 3f 3f 3f 3f 3f 3f 3f 3f 3f 3f 3f 3f 3f 3f 3f';
const IDENTITY = '00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f';

// CRTC 00-18 of the seven timings.
const TEXT_40 = '2d 27 28 90 2b a0 bf 1f 00 4f 0d 0e 00 00 00 00 9c 8e 8f 14 1f 96 b9 a3 ff';
const TEXT_80 = '5f 4f 50 82 55 81 bf 1f 00 4f 0d 0e 00 00 00 00 9c 8e 8f 28 1f 96 b9 a3 ff';
const TEXT_MONO = '5f 4f 50 82 55 81 bf 1f 00 4f 0d 0e 00 00 00 00 9c 8e 8f 28 0f 96 b9 a3 ff';
const CGA_320 = '2d 27 28 90 2b 80 bf 1f 00 c1 00 00 00 00 00 00 9c 8e 8f 14 00 96 b9 a2 ff';
const CGA_640 = '5f 4f 50 82 54 80 bf 1f 00 c1 00 00 00 00 00 00 9c 8e 8f 28 00 96 b9 c2 ff';
const EGA_320 = '2d 27 28 90 2b 80 bf 1f 00 c0 00 00 00 00 00 00 9c 8e 8f 14 00 96 b9 e3 ff';
const EGA_640 = '5f 4f 50 82 54 80 bf 1f 00 c0 00 00 00 00 00 00 9c 8e 8f 28 00 96 b9 e3 ff';
const EGA_350 = '5f 4f 50 82 54 80 bf 1f 00 40 00 00 00 00 00 00 83 85 5d 28 0f 63 ba e3 ff';
const VGA_480_MONO = '5f 4f 50 82 54 80 0b 3e 00 40 00 00 00 00 00 00 ea 8c df 28 00 e7 04 c3 ff';
const VGA_480 = '5f 4f 50 82 54 80 0b 3e 00 40 00 00 00 00 00 00 ea 8c df 28 00 e7 04 e3 ff';
const VGA_256 = '5f 4f 50 82 54 80 bf 1f 00 41 00 00 00 00 00 00 9c 8e 8f 28 40 96 b9 a3 ff';

type Geometry = Pick<
  VgaMode,
  | 'kind'
  | 'columns'
  | 'rows'
  | 'charHeight'
  | 'width'
  | 'height'
  | 'colours'
  | 'model'
  | 'windowBase'
  | 'pageSizeBytes'
  | 'pages'
  | 'palette'
>;
type Registers = readonly [misc: number, sequencer: string, crtc: string, graphics: string, attribute: string];

const define = (
  mode: number,
  geometry: Geometry,
  [misc, sequencer, crtc, graphics, attribute]: Registers,
): VgaMode => ({
  mode,
  ...geometry,
  misc,
  sequencer: hexBytes(sequencer),
  crtc: hexBytes(crtc),
  graphics: hexBytes(graphics),
  attribute: hexBytes(attribute),
});

const text = (columns: number, mono: boolean): Geometry => ({
  kind: 'text',
  columns,
  rows: 25,
  charHeight: 16,
  width: columns * 9,
  height: 400,
  colours: mono ? 2 : 16,
  model: 'text',
  windowBase: mono ? 0xb0000 : 0xb8000,
  pageSizeBytes: columns === 40 ? 0x800 : 0x1000,
  pages: 8,
  palette: mono ? 'mono' : 'ega',
});

const graphics = (
  width: number,
  height: number,
  charHeight: number,
  colours: number,
  rest: Pick<Geometry, 'model' | 'windowBase' | 'pageSizeBytes' | 'pages' | 'palette'>,
): Geometry => ({
  kind: 'graphics',
  columns: width / 8,
  rows: Math.floor(height / charHeight),
  charHeight,
  width,
  height,
  colours,
  ...rest,
});

const cga = { windowBase: 0xb8000, pageSizeBytes: 0x4000, pages: 1, palette: 'cga' } as const;
const planar = (pageSizeBytes: number, pages: number, palette: PaletteName) =>
  ({ model: 'planar', windowBase: 0xa0000, pageSizeBytes, pages, palette }) as const;

const text40: Registers = [
  0x67,
  '03 08 03 00 02',
  TEXT_40,
  '00 00 00 00 00 10 0e 00 ff',
  `${COLOUR_TEXT} 0c 00 0f 08 00`,
];
const text80: Registers = [
  0x67,
  '03 00 03 00 02',
  TEXT_80,
  '00 00 00 00 00 10 0e 00 ff',
  `${COLOUR_TEXT} 0c 00 0f 08 00`,
];
const cga320: Registers = [0x63, '03 09 03 00 02', CGA_320, '00 00 00 00 00 30 0f 00 ff', `${CGA_4} 01 00 03 00 00`];

const list: readonly VgaMode[] = [
  define(0x00, text(40, false), text40),
  define(0x01, text(40, false), text40),
  define(0x02, text(80, false), text80),
  define(0x03, text(80, false), text80),
  define(0x04, graphics(320, 200, 8, 4, { model: 'cga4', ...cga }), cga320),
  define(0x05, graphics(320, 200, 8, 4, { model: 'cga4', ...cga }), cga320),
  define(0x06, graphics(640, 200, 8, 2, { model: 'cga2', ...cga }), [
    0x63,
    '03 01 01 00 06',
    CGA_640,
    '00 00 00 00 00 00 0d 00 ff',
    `${CGA_2} 01 00 01 00 00`,
  ]),
  define(0x07, text(80, true), [
    0x66,
    '03 00 03 00 02',
    TEXT_MONO,
    '00 00 00 00 00 10 0a 00 ff',
    `${MONO_TEXT} 0e 00 0f 08 00`,
  ]),
  define(0x0d, graphics(320, 200, 8, 16, planar(0x2000, 8, 'cga')), [
    0x63,
    '03 09 0f 00 06',
    EGA_320,
    '00 00 00 00 00 00 05 0f ff',
    `${CGA_16} 01 00 0f 00 00`,
  ]),
  define(0x0e, graphics(640, 200, 8, 16, planar(0x4000, 4, 'cga')), [
    0x63,
    '03 01 0f 00 06',
    EGA_640,
    '00 00 00 00 00 00 05 0f ff',
    `${CGA_16} 01 00 0f 00 00`,
  ]),
  define(0x0f, graphics(640, 350, 14, 4, planar(0x8000, 2, 'mono')), [
    0xa2,
    '03 01 0f 00 06',
    EGA_350,
    '00 00 00 00 00 00 05 05 ff',
    `${MONO_GRAPHICS} 0b 00 05 00 00`,
  ]),
  define(0x10, graphics(640, 350, 14, 16, planar(0x8000, 2, 'ega')), [
    0xa3,
    '03 01 0f 00 06',
    EGA_350,
    '00 00 00 00 00 00 05 0f ff',
    `${COLOUR_TEXT} 01 00 0f 00 00`,
  ]),
  define(0x11, graphics(640, 480, 16, 2, planar(0xa000, 1, 'ega')), [
    0xe3,
    '03 01 0f 00 06',
    VGA_480_MONO,
    '00 00 00 00 00 00 05 01 ff',
    `${VGA_2} 01 00 0f 00 00`,
  ]),
  define(0x12, graphics(640, 480, 16, 16, planar(0xa000, 1, 'ega')), [
    0xe3,
    '03 01 0f 00 06',
    VGA_480,
    '00 00 00 00 00 00 05 0f ff',
    `${COLOUR_TEXT} 01 00 0f 00 00`,
  ]),
  define(
    0x13,
    graphics(320, 200, 8, 256, {
      model: 'linear256',
      windowBase: 0xa0000,
      pageSizeBytes: 0x10000,
      pages: 1,
      palette: 'vga256',
    }),
    [0x63, '03 01 0f 00 0e', VGA_256, '00 00 00 00 00 40 05 0f ff', `${IDENTITY} 41 00 0f 00 00`],
  ),
];

/** By BIOS mode number: 0-7, D-13h. */
export const vgaModes: ReadonlyMap<number, VgaMode> = new Map(list.map((mode) => [mode.mode, mode]));
