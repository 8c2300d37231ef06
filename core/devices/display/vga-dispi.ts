/**
 * Bochs VBE extension, the "dispi" registers: an index at 1CEh, 16-bit data at 1CFh (and 1D0h, where aligned ports are
 * wanted). QEMU docs/specs/standard-vga; Bochs "VBE display interface".
 */
import { DISPI_REGISTER_COUNT } from './vga-state.ts';

export const DISPI_ID = 0;
export const DISPI_XRES = 1;
export const DISPI_YRES = 2;
export const DISPI_BPP = 3;
export const DISPI_ENABLE = 4;
export const DISPI_BANK = 5;
export const DISPI_VIRT_WIDTH = 6;
export const DISPI_VIRT_HEIGHT = 7;
export const DISPI_X_OFFSET = 8;
export const DISPI_Y_OFFSET = 9;
/** Read-only: VRAM in units of 64 KiB. */
export const DISPI_VIDEO_MEMORY_64K = 10;

export const DISPI_ENABLED = 0x01;
export const DISPI_GETCAPS = 0x02;
export const DISPI_8BIT_DAC = 0x20;
export const DISPI_LFB_ENABLED = 0x40;
export const DISPI_NOCLEARMEM = 0x80;

/** Revisions that ID may be set to; a guest finds out by writing one and reading it back. */
export const isDispiRevision = (value: number): boolean => value >= 0xb0c0 && value <= 0xb0c5;

export const DISPI_MAX_XRES = 2560;
export const DISPI_MAX_YRES = 1600;
export const DISPI_MAX_BPP = 32;

export const dispiIsOn = (dispi: Uint16Array): boolean => (dispi[DISPI_ENABLE] & DISPI_ENABLED) !== 0;

/** On, with pixels that lie one after the other (all depths but 4). */
export const dispiIsLinear = (dispi: Uint16Array): boolean => dispiIsOn(dispi) && dispi[DISPI_BPP] !== 4;

/** VRAM bytes that one pixel takes in each row: 4 bpp takes half a byte, spread over four planes. */
const pixelBytes = (bpp: number): number => (bpp === 4 ? 0.5 : (bpp + 7) >> 3);

/** VRAM bytes from one row to the next. A planar row is whole plane bytes, hence a multiple of 4. */
export function dispiPitch(dispi: Uint16Array): number {
  const width = dispi[DISPI_VIRT_WIDTH];
  return dispi[DISPI_BPP] === 4 ? (width >> 3) * 4 : width * pixelBytes(dispi[DISPI_BPP]);
}

export function dispiRead(dispi: Uint16Array, index: number, vramSize: number): number {
  if (index === DISPI_VIDEO_MEMORY_64K) return vramSize >> 16;
  if (index >= DISPI_REGISTER_COUNT) return 0;
  if (dispi[DISPI_ENABLE] & DISPI_GETCAPS) {
    if (index === DISPI_XRES) return DISPI_MAX_XRES;
    if (index === DISPI_YRES) return DISPI_MAX_YRES;
    if (index === DISPI_BPP) return DISPI_MAX_BPP;
  }
  return dispi[index];
}

const DEPTHS: readonly number[] = [4, 8, 15, 16, 24, 32];

/** Makes a picture out of whatever was asked for: within the limits and within VRAM. */
export function fitDispi(dispi: Uint16Array, vramSize: number): void {
  if (!DEPTHS.includes(dispi[DISPI_BPP])) dispi[DISPI_BPP] = 8;
  dispi[DISPI_XRES] = Math.min(Math.max(dispi[DISPI_XRES], 8), DISPI_MAX_XRES);
  dispi[DISPI_YRES] = Math.min(Math.max(dispi[DISPI_YRES], 1), DISPI_MAX_YRES);
  if (dispi[DISPI_BPP] === 4) dispi[DISPI_XRES] &= ~7;
  const widest = Math.floor(vramSize / pixelBytes(dispi[DISPI_BPP]));
  dispi[DISPI_VIRT_WIDTH] = Math.min(Math.max(dispi[DISPI_VIRT_WIDTH], dispi[DISPI_XRES]), widest, 0xffff);
  if (Math.floor(vramSize / dispiPitch(dispi)) < dispi[DISPI_YRES]) dispi[DISPI_VIRT_WIDTH] = dispi[DISPI_XRES];
  const rows = Math.floor(vramSize / dispiPitch(dispi));
  dispi[DISPI_YRES] = Math.min(dispi[DISPI_YRES], rows);
  dispi[DISPI_VIRT_HEIGHT] = Math.min(rows, 0xffff);
  dispi[DISPI_X_OFFSET] = Math.min(dispi[DISPI_X_OFFSET], dispi[DISPI_VIRT_WIDTH] - dispi[DISPI_XRES]);
  dispi[DISPI_Y_OFFSET] = Math.min(dispi[DISPI_Y_OFFSET], rows - dispi[DISPI_YRES]);
}

/** What the adapter has to do besides storing. */
export interface DispiEffect {
  /** VRAM bytes from 0 that the mode set cleared. */
  readonly clearBytes: number;
  /** The DAC's width changed to 8 (true) or 6 bits (false). */
  readonly dac8: boolean | undefined;
}

const NOTHING: DispiEffect = { clearBytes: 0, dac8: undefined };

/** XRES, YRES and BPP are ignored while enabled, as in Bochs; virtual size and offsets apply at once. */
export function dispiWrite(dispi: Uint16Array, index: number, value: number, vramSize: number): DispiEffect {
  const on = dispiIsOn(dispi);
  switch (index) {
    case DISPI_XRES:
      if (!on && value <= DISPI_MAX_XRES) dispi[index] = value;
      return NOTHING;
    case DISPI_YRES:
      if (!on && value <= DISPI_MAX_YRES) dispi[index] = value;
      return NOTHING;
    case DISPI_BPP:
      if (!on) dispi[index] = value === 0 ? 8 : value;
      return NOTHING;
    case DISPI_BANK:
      dispi[index] = value & 0x1ff & ((vramSize >> 16) - 1);
      return NOTHING;
    case DISPI_VIRT_WIDTH:
    case DISPI_X_OFFSET:
    case DISPI_Y_OFFSET:
      dispi[index] = value;
      if (on) fitDispi(dispi, vramSize);
      return NOTHING;
    case DISPI_ENABLE:
      return enable(dispi, value, vramSize);
    default: // ID is not kept here; VIRT_HEIGHT follows from the width and VRAM; higher indices are read-only or do not exist
      return NOTHING;
  }
}

function enable(dispi: Uint16Array, value: number, vramSize: number): DispiEffect {
  const old = dispi[DISPI_ENABLE];
  dispi[DISPI_ENABLE] = value & (DISPI_ENABLED | DISPI_GETCAPS | DISPI_8BIT_DAC | DISPI_LFB_ENABLED | DISPI_NOCLEARMEM);
  const dac8 = (old ^ value) & DISPI_8BIT_DAC ? (value & DISPI_8BIT_DAC) !== 0 : undefined;
  let clearBytes = 0;
  if (value & DISPI_ENABLED && !(old & DISPI_ENABLED)) {
    dispi[DISPI_VIRT_WIDTH] = dispi[DISPI_XRES];
    dispi[DISPI_X_OFFSET] = 0;
    dispi[DISPI_Y_OFFSET] = 0;
    dispi[DISPI_BANK] = 0;
    fitDispi(dispi, vramSize);
    if (!(value & DISPI_NOCLEARMEM)) clearBytes = dispiPitch(dispi) * dispi[DISPI_YRES];
  } else if (!(value & DISPI_ENABLED)) {
    dispi[DISPI_BANK] = 0;
  }
  return { clearBytes, dac8 };
}
