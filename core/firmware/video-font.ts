/** INT 10h AH=11h, character generator. IBM PS/2 and PC BIOS Interface Reference, INT 10h AH=11h. */
import { BDA } from './bda.ts';
import { linear, type Guest } from './guest.ts';
import { ROM, ROM_SEGMENT, VIDEO_ROM_SEGMENT } from './layout.ts';
import { VIDEO_ROM } from './video-rom.ts';
import { VECTOR_43, romFontOffset, type VideoMode } from './video-mode.ts';
import type { VideoText } from './video-text.ts';

const VECTOR_1F = 0x1f * 4;
const ROM_FONT_HEIGHTS: Readonly<Record<number, number>> = { 0x1: 14, 0x2: 8, 0x4: 16 };
const GRAPHICS_FONT_HEIGHTS: Readonly<Record<number, number>> = { 0x22: 14, 0x23: 8, 0x24: 16 };

export class VideoFont {
  readonly #guest: Guest;
  readonly #mode: VideoMode;
  readonly #text: VideoText;

  constructor(guest: Guest, mode: VideoMode, text: VideoText) {
    this.#guest = guest;
    this.#mode = mode;
    this.#text = text;
  }

  call(): void {
    const g = this.#guest;
    const vga = this.#mode;
    const function_ = g.al;
    const reprogram = (function_ & 0xf0) === 0x10;
    switch (function_) {
      case 0x00:
      case 0x10:
        vga.loadFont(linear(g.cpu.es, g.bp), g.bh, g.dx & 0xff, Math.min(g.cx, 256), g.bl);
        if (reprogram) this.setCharacterHeight(g.bh);
        break;
      case 0x01:
      case 0x02:
      case 0x04:
      case 0x11:
      case 0x12:
      case 0x14: {
        const height = ROM_FONT_HEIGHTS[function_ & 0x0f];
        vga.loadRomFont(height, g.bl);
        if (reprogram) this.setCharacterHeight(height);
        break;
      }
      case 0x03:
        vga.sequencer(0, 1);
        vga.sequencer(3, g.bl);
        vga.sequencer(0, 3);
        break;
      case 0x20:
        g.write16(VECTOR_1F, g.bp);
        g.write16(VECTOR_1F + 2, g.cpu.es);
        break;
      case 0x21:
        this.#setGraphicsFont(g.cpu.es, g.bp, g.cx & 0xff);
        break;
      case 0x22:
      case 0x23:
      case 0x24: {
        const height = GRAPHICS_FONT_HEIGHTS[function_];
        this.#setGraphicsFont(VIDEO_ROM_SEGMENT, romFontOffset(height), height);
        break;
      }
      case 0x30:
        this.#information();
        break;
      default:
    }
  }

  /** Text rows and timing for another cell height: 43 or 50 lines with 8, 25 with 16. */
  setCharacterHeight(height: number): void {
    const g = this.#guest;
    const vga = this.#mode;
    const mode = vga.current;
    if (mode?.kind !== 'text' || height < 1 || height > 32) return;
    vga.crtc(0x09, (vga.readCrtc(0x09) & 0xe0) | (height - 1));
    const overflow = vga.readCrtc(0x07);
    const lines = (vga.readCrtc(0x12) | ((overflow & 2) << 7) | ((overflow & 0x40) << 3)) + 1;
    const scanLines = vga.readCrtc(0x09) & 0x80 ? lines >> 1 : lines;
    const rows = Math.max(1, Math.floor(scanLines / height));
    vga.crtc(0x12, (rows * height * (lines / scanLines) - 1) & 0xff);
    g.setBda8(BDA.VIDEO_ROWS, rows - 1);
    g.setBda16(BDA.CHARACTER_HEIGHT, height);
    g.setBda16(BDA.VIDEO_PAGE_SIZE, (rows * this.#text.columns * 2 + 0xff) & 0xff00);
    // Shapes are kept for 8-line cells; the emulation scales them.
    this.#text.setCursorShape(6, 7);
  }

  /** BL names the rows of the screen: 1 14, 2 25, 3 43, 0 DL rows. */
  #setGraphicsFont(segment: number, offset: number, height: number): void {
    const g = this.#guest;
    g.write16(VECTOR_43, offset);
    g.write16(VECTOR_43 + 2, segment);
    if (height < 1 || height > 32) return;
    const rows = g.bl === 0 ? g.dl : [14, 25, 43][g.bl - 1];
    g.setBda16(BDA.CHARACTER_HEIGHT, height);
    if (rows) g.setBda8(BDA.VIDEO_ROWS, rows - 1);
  }

  #information(): void {
    const g = this.#guest;
    const fonts: readonly (readonly [number, number] | undefined)[] = [
      [g.read16(VECTOR_1F + 2), g.read16(VECTOR_1F)],
      [g.read16(VECTOR_43 + 2), g.read16(VECTOR_43)],
      [VIDEO_ROM_SEGMENT, VIDEO_ROM.FONT_8X14],
      [ROM_SEGMENT, ROM.FONT_8X8],
      [VIDEO_ROM_SEGMENT, VIDEO_ROM.FONT_8X8 + 0x400],
      [VIDEO_ROM_SEGMENT, VIDEO_ROM.NO_GLYPHS],
      [VIDEO_ROM_SEGMENT, VIDEO_ROM.FONT_8X16],
      [VIDEO_ROM_SEGMENT, VIDEO_ROM.NO_GLYPHS],
    ];
    const font = fonts[g.bh];
    if (!font) return;
    g.cpu.setRealModeSegment('es', font[0]);
    g.bp = font[1];
    g.cx = g.bda16(BDA.CHARACTER_HEIGHT);
    g.dl = g.bda8(BDA.VIDEO_ROWS);
  }
}
