/** INT 10h cursor, page, scroll, character and string functions. IBM PS/2 and PC BIOS Interface Reference, INT 10h. */
import { BDA } from './bda.ts';
import { linear, type Guest } from './guest.ts';
import { EBDA } from './layout.ts';
import type { Cells, VideoGraphics } from './video-graphics.ts';
import type { VideoMode } from './video-mode.ts';

const BELL = 7;
const BACKSPACE = 8;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const TEXT_WINDOW_MASK = 0x7fff;
const CURSOR_EMULATION_OFF = 0x01;
const BLANK = 0x20;
/** Characters of a string per call-out. */
const STRING_SLICE = 128;

export class VideoText {
  readonly #guest: Guest;
  readonly #mode: VideoMode;
  readonly #graphics: VideoGraphics;
  readonly #row = new Uint8Array(512);

  constructor(guest: Guest, mode: VideoMode, graphics: VideoGraphics) {
    this.#guest = guest;
    this.#mode = mode;
    this.#graphics = graphics;
  }

  get columns(): number {
    return this.#guest.bda16(BDA.VIDEO_COLUMNS) & 0xff || 80;
  }
  get rows(): number {
    return this.#guest.bda8(BDA.VIDEO_ROWS) + 1;
  }
  get activePage(): number {
    return this.#guest.bda8(BDA.ACTIVE_PAGE) & 7;
  }

  /** Address of a text cell; stays in the 32 KiB window whatever the data area says. */
  #cell(page: number, row: number, column: number): number {
    const start = page * this.#guest.bda16(BDA.VIDEO_PAGE_SIZE) + (row * this.columns + column) * 2;
    return (this.#mode.crtcPort === 0x3b4 ? 0xb0000 : 0xb8000) + (start & TEXT_WINDOW_MASK & ~1);
  }

  cursor(page: number): number {
    return this.#guest.bda16(BDA.CURSOR_POSITIONS + 2 * (page & 7));
  }

  /** `position` is row << 8 | column. */
  setCursor(page: number, position: number): void {
    const g = this.#guest;
    g.setBda16(BDA.CURSOR_POSITIONS + 2 * (page & 7), position);
    if ((page & 7) !== this.activePage) return;
    const cells = (g.bda16(BDA.VIDEO_PAGE_START) >> 1) + (position >> 8) * this.columns + (position & 0xff);
    this.#mode.crtc(0x0e, (cells >> 8) & 0xff);
    this.#mode.crtc(0x0f, cells & 0xff);
  }

  /** AH=01h. Shapes given for 8-line characters are scaled to the present height, as the VGA BIOS does. */
  setCursorShape(start: number, end: number): void {
    const g = this.#guest;
    g.setBda16(BDA.CURSOR_SHAPE, (start << 8) | end);
    const height = g.bda8(BDA.CHARACTER_HEIGHT);
    let first = start & 0x3f;
    let last = end & 0x1f;
    const emulate = !(g.bda8(BDA.VIDEO_CONTROL) & CURSOR_EMULATION_OFF);
    if (emulate && height > 8 && last < 8 && first < 0x20) {
      first =
        last === first + 1 ? Math.floor(((last + 1) * height) / 8) - 2 : Math.floor(((first + 1) * height) / 8) - 1;
      last = Math.floor(((last + 1) * height) / 8) - 1;
    }
    this.#mode.crtc(0x0a, first);
    this.#mode.crtc(0x0b, last);
  }

  selectPage(page: number): void {
    const g = this.#guest;
    if (page > 7) return;
    const mode = this.#mode.current;
    const start = mode?.kind === 'graphics' ? page * mode.pageSizeBytes : page * g.bda16(BDA.VIDEO_PAGE_SIZE);
    g.setBda8(BDA.ACTIVE_PAGE, page);
    g.setBda16(BDA.VIDEO_PAGE_START, start);
    // The CRTC counts words in text modes, bytes in planar ones.
    const crtcStart = mode?.kind === 'graphics' ? start : start >> 1;
    this.#mode.crtc(0x0c, (crtcStart >> 8) & 0xff);
    this.#mode.crtc(0x0d, crtcStart & 0xff);
    this.setCursor(page, this.cursor(page));
  }

  /** AH=06h (positive) and 07h (negative); 0 lines blank the window. */
  scroll(page: number, cells: Cells, lines: number, attribute: number, down: boolean): void {
    const bottom = Math.min(cells.bottom, this.rows - 1);
    const right = Math.min(cells.right, this.columns - 1);
    if (bottom < cells.top || right < cells.left) return;
    const height = bottom - cells.top + 1;
    const shift = lines === 0 || lines > height ? height : lines;
    const mode = this.#mode.current;
    if (!mode) return;
    if (mode.kind === 'graphics') {
      this.#graphics.scroll(
        mode,
        page,
        { top: cells.top, left: cells.left, bottom, right },
        down ? -shift : shift,
        attribute,
      );
      return;
    }
    const g = this.#guest;
    const row = this.#row.subarray(0, (right - cells.left + 1) * 2);
    for (let i = 0; i < height - shift; i++) {
      const to = down ? bottom - i : cells.top + i;
      g.readBytes(this.#cell(page, down ? to - shift : to + shift, cells.left), row);
      g.writeBytes(this.#cell(page, to, cells.left), row);
    }
    for (let i = 0; i < row.length; i += 2) {
      row[i] = BLANK;
      row[i + 1] = attribute;
    }
    for (let i = 0; i < shift; i++) g.writeBytes(this.#cell(page, down ? cells.top + i : bottom - i, cells.left), row);
  }

  /** AH=08h: attribute << 8 | character. */
  readCell(page: number): number {
    const position = this.cursor(page);
    const mode = this.#mode.current;
    if (!mode) return 0;
    if (mode.kind === 'graphics') return this.#graphics.readGlyph(mode, page, position >> 8, position & 0xff);
    return this.#guest.read16(this.#cell(page, position >> 8, position & 0xff));
  }

  /** AH=09h and 0Ah (`attribute` undefined: keep the one on the screen). `colour` is for graphics modes. */
  writeCells(
    page: number,
    character: number,
    count: number,
    colour: number,
    keepAttribute: boolean,
    background: number,
  ): void {
    const mode = this.#mode.current;
    const position = this.cursor(page);
    const row = position >> 8;
    const column = position & 0xff;
    if (!mode) return;
    if (mode.kind === 'graphics') {
      const last = Math.min(count, Math.max(0, mode.columns * mode.rows - row * mode.columns - column));
      for (let i = 0; i < last; i++) {
        const cell = column + i;
        this.#graphics.drawGlyph(
          mode,
          page,
          row + Math.floor(cell / mode.columns),
          cell % mode.columns,
          character,
          colour,
          background,
        );
      }
      return;
    }
    const g = this.#guest;
    const limit = Math.min(count, (TEXT_WINDOW_MASK + 1) / 2);
    for (let i = 0; i < limit; i++) {
      const at = this.#cell(page, row, column + i);
      if (keepAttribute) g.write8(at, character);
      else g.write16(at, (colour << 8) | character);
    }
  }

  /** AH=0Eh; `attribute` -1 keeps the one on the screen. */
  teletype(page: number, character: number, attribute: number, graphicsColour: number): void {
    if (character === BELL) return; // the speaker would hold the caller for half a second
    this.setCursor(page, this.#emit(page, this.cursor(page), character, attribute, graphicsColour));
  }

  /** Writes one character at `position`, obeying control characters; returns where the next one goes. */
  #emit(page: number, position: number, character: number, attribute: number, graphicsColour: number): number {
    const columns = this.columns;
    let row = position >> 8;
    let column = position & 0xff;
    switch (character) {
      case BELL:
        return position;
      case BACKSPACE:
        if (column > 0) column--;
        break;
      case CARRIAGE_RETURN:
        column = 0;
        break;
      case LINE_FEED:
        row++;
        break;
      default:
        this.#put(page, row, column, character, attribute, graphicsColour);
        column++;
    }
    if (column >= columns) {
      column = 0;
      row++;
    }
    const lastRow = this.rows - 1;
    if (row > lastRow) {
      row = lastRow;
      this.#scrollUp(page, row);
    }
    return (row << 8) | column;
  }

  #put(page: number, row: number, column: number, character: number, attribute: number, graphicsColour: number): void {
    const mode = this.#mode.current;
    if (!mode) return;
    if (mode.kind === 'graphics') {
      this.#graphics.drawGlyph(mode, page, row, column, character, attribute >= 0 ? attribute : graphicsColour, 0);
      return;
    }
    const at = this.#cell(page, row, column);
    if (attribute >= 0) this.#guest.write16(at, (attribute << 8) | character);
    else this.#guest.write8(at, character);
  }

  #scrollUp(page: number, lastRow: number): void {
    const graphics = this.#mode.current?.kind === 'graphics';
    const attribute = graphics ? 0 : this.#guest.read8(this.#cell(page, lastRow, this.columns - 1) + 1);
    this.scroll(page, { top: 0, left: 0, bottom: lastRow, right: this.columns - 1 }, 1, attribute, false);
  }

  /** AH=13h: remembers the cursor and moves it to where the string begins. */
  startString(page: number, position: number): void {
    const g = this.#guest;
    g.setEbda16(EBDA.STRING_DONE, 0);
    g.setEbda16(EBDA.STRING_CURSOR, this.cursor(page));
    g.setBda16(BDA.CURSOR_POSITIONS + 2 * (page & 7), position);
  }

  /**
   * AH=13h: the next characters of the string; true when some are left. Flag bit 0 moves the cursor, bit 1 says that
   * attributes follow characters.
   */
  writeSlice(flags: number, page: number, attribute: number, count: number, segment: number, offset: number): boolean {
    const g = this.#guest;
    const first = g.ebda16(EBDA.STRING_DONE);
    const end = Math.min(count, first + STRING_SLICE);
    const bytes = flags & 2 ? 2 : 1;
    let position = this.cursor(page);
    for (let i = first; i < end; i++) {
      const at = offset + i * bytes;
      const colour = bytes === 2 ? g.read8(linear(segment, at + 1)) : attribute;
      position = this.#emit(page, position, g.read8(linear(segment, at)), colour, colour);
    }
    const more = end < count;
    g.setEbda16(EBDA.STRING_DONE, end);
    this.setCursor(page, more || flags & 1 ? position : g.ebda16(EBDA.STRING_CURSOR));
    return more;
  }
}
