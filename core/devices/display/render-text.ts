/**
 * Alphanumeric modes. Each character cell remembers what it shows, so that only cells that differ are drawn again. IBM
 * VGA technical reference, "Alphanumeric modes", "Cursor"; FreeVGA "VGA text mode operation".
 */
import type { FrameBuffer } from './frame-buffer.ts';
import type { VgaColours } from './vga-colours.ts';
import type { VgaChanges } from './vga-dirty.ts';
import { planeAddress, type Band, type TextLayout } from './vga-layout.ts';
import type { VgaState } from './vga-state.ts';

const FONT_BYTES = 256 * 32;
// A cell's key: character 0-7, attribute 8-15, then these.
const BLINKED_OFF = 1 << 16;
const CURSOR = 1 << 17;
const CURSOR_START_SHIFT = 18;
const CURSOR_END_SHIFT = 23;

/** The beam's frames counted, for blinking: the cursor changes every 16, characters every 32. */
const CURSOR_BLINK_FRAMES = 16;
const CHAR_BLINK_FRAMES = 32;

export class TextRenderer {
  readonly #state: VgaState;
  readonly #planes: Uint32Array;
  readonly #colours: VgaColours;
  #cells = new Int32Array(0);
  #geometry = '';
  /** The two character sets in use, side by side. */
  readonly #fonts = new Uint8Array(2 * FONT_BYTES);
  #cursorAddress = -1;
  #cursorKey = 0;
  #blinkedOff = false;

  constructor(state: VgaState, planes: Uint32Array, colours: VgaColours) {
    this.#state = state;
    this.#planes = planes;
    this.#colours = colours;
  }

  /** Every cell is drawn at the next call. */
  invalidate(): void {
    this.#cells.fill(-1);
  }

  draw(layout: TextLayout, target: FrameBuffer, changes: VgaChanges, frameNumber: number): void {
    if (changes.layout) this.#takeLayout(layout);
    if ((changes.font || changes.layout) && this.#takeFonts(layout)) this.invalidate();
    if (changes.palette) this.invalidate();
    const moved = this.#takeCursor(frameNumber);
    if (!moved && !changes.layout && !changes.font && !changes.palette && !changes.isRangeDirty(0, 0x40000)) return;
    layout.bands.forEach((band, row) => this.#drawBand(layout, target, band, row));
  }

  #takeLayout(layout: TextLayout): void {
    const bands = layout.bands.map((band) => `${band.y}+${band.lines}@${band.scan}-${band.pan}`).join(' ');
    const { width, charDots, repeat, lineGraphics, blinkEnabled, underline } = layout;
    const geometry = `${width} ${charDots} ${repeat} ${lineGraphics} ${blinkEnabled} ${underline} ${bands}`;
    if (geometry === this.#geometry) return;
    this.#geometry = geometry;
    this.#cells = new Int32Array(layout.bands.length * (layout.columns + 1)).fill(-1);
  }

  #takeFonts(layout: TextLayout): boolean {
    let changed = false;
    for (let set = 0; set < 2; set++) {
      for (let i = 0; i < FONT_BYTES; i++) {
        const row = (this.#planes[layout.fonts[set] + i] >>> 16) & 0xff;
        if (this.#fonts[set * FONT_BYTES + i] === row) continue;
        this.#fonts[set * FONT_BYTES + i] = row;
        changed = true;
      }
    }
    return changed;
  }

  /** True when the cursor or a blink phase is not what it was. */
  #takeCursor(frameNumber: number): boolean {
    const { crtc } = this.#state;
    const skew = (crtc[0x0b] >> 5) & 3;
    const start = crtc[0x0a] & 0x1f;
    const end = crtc[0x0b] & 0x1f;
    const off = (crtc[0x0a] & 0x20) !== 0 || start > end || Math.floor(frameNumber / CURSOR_BLINK_FRAMES) % 2 === 1;
    const address = off ? -1 : (((crtc[0x0e] << 8) | crtc[0x0f]) + skew) & 0xffff;
    const key = off ? 0 : CURSOR | (start << CURSOR_START_SHIFT) | (end << CURSOR_END_SHIFT);
    const blinkedOff = Math.floor(frameNumber / CHAR_BLINK_FRAMES) % 2 === 1;
    const changed = address !== this.#cursorAddress || key !== this.#cursorKey || blinkedOff !== this.#blinkedOff;
    this.#cursorAddress = address;
    this.#cursorKey = key;
    this.#blinkedOff = blinkedOff;
    return changed;
  }

  #drawBand(layout: TextLayout, target: FrameBuffer, band: Band, row: number): void {
    // Panning cuts the first character and lets a part of one more in.
    const columns = layout.columns + (band.pan > 0 ? 1 : 0);
    const cells = this.#cells;
    const at = row * (layout.columns + 1);
    for (let column = 0; column < columns; column++) {
      const counter = (band.address + column) & 0xffff;
      const word = this.#planes[planeAddress(layout.addressing, counter, 0)];
      let key = word & 0xffff;
      if (layout.blinkEnabled && this.#blinkedOff && key & 0x8000) key |= BLINKED_OFF;
      if (counter === this.#cursorAddress) key |= this.#cursorKey;
      if (cells[at + column] === key) continue;
      cells[at + column] = key;
      this.#drawCell(layout, target, band, column, key);
    }
  }

  #drawCell(layout: TextLayout, target: FrameBuffer, band: Band, column: number, key: number): void {
    const { charDots, dotWidth, repeat } = layout;
    const character = key & 0xff;
    const attribute = (key >> 8) & 0xff;
    const foreground = this.#colours.sixteen[attribute & 15];
    const background = this.#colours.sixteen[(attribute >> 4) & (layout.blinkEnabled ? 7 : 15)];
    const glyph = (attribute & 8 ? FONT_BYTES : 0) + character * 32;
    const cursorStart = key & CURSOR ? (key >> CURSOR_START_SHIFT) & 0x1f : 32;
    const cursorEnd = key & CURSOR ? (key >> CURSOR_END_SHIFT) & 0x1f : -1;
    const underline = (attribute & 0x77) === 1 ? layout.underline : -1;
    const ninthFollows = layout.lineGraphics && character >= 0xc0 && character <= 0xdf;
    const { pixels, width } = target;
    const left = column * charDots * dotWidth - band.pan;
    const from = Math.max(left, 0);
    const to = Math.min(left + charDots * dotWidth, width);
    if (to <= from) return;
    for (let line = 0; line < band.lines; line++) {
      const scan = band.scan + Math.floor(line / repeat);
      let dots = key & BLINKED_OFF ? 0 : this.#fonts[glyph + scan] << 1;
      if (ninthFollows) dots |= (dots >> 1) & 1;
      if (scan === underline || (scan >= cursorStart && scan <= cursorEnd)) dots = 0x1ff;
      let at = (band.y + line) * width + from;
      if (dotWidth === 1)
        for (let bit = 8 - (from - left); bit > 8 - (to - left); bit--)
          pixels[at++] = (dots >> bit) & 1 ? foreground : background;
      else
        for (let x = from - left; x < to - left; x++)
          pixels[at++] = (dots >> (8 - (x >> 1))) & 1 ? foreground : background;
    }
    target.touch(from, band.y, to - from, band.lines);
  }
}
