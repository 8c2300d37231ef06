/** INT 10h: dispatch of the video services. IBM PS/2 and PC BIOS Interface Technical Reference, INT 10h. */
import { BDA } from './bda.ts';
import type { Guest } from './guest.ts';
import { Vbe } from './vbe.ts';
import { VideoFont } from './video-font.ts';
import { VideoGraphics } from './video-graphics.ts';
import { VideoInfo } from './video-info.ts';
import { VideoMode } from './video-mode.ts';
import { VideoPalette } from './video-palette.ts';
import { VideoText } from './video-text.ts';

const KEEP_MEMORY = 0x80;

export class Video {
  readonly #guest: Guest;
  readonly mode: VideoMode;
  readonly text: VideoText;
  readonly #graphics: VideoGraphics;
  readonly #palette: VideoPalette;
  readonly #font: VideoFont;
  readonly #info: VideoInfo;
  readonly #vbe: Vbe;

  constructor(guest: Guest) {
    this.#guest = guest;
    this.mode = new VideoMode(guest);
    this.#graphics = new VideoGraphics(guest, this.mode);
    this.text = new VideoText(guest, this.mode, this.#graphics);
    this.#palette = new VideoPalette(guest, this.mode);
    this.#font = new VideoFont(guest, this.mode, this.text);
    this.#info = new VideoInfo(guest, this.mode);
    this.#vbe = new Vbe(guest, this.mode, this.#info);
  }

  /** What the firmware itself prints; \n starts a new line. */
  print(message: string): void {
    for (let i = 0; i < message.length; i++) {
      const code = message.charCodeAt(i) & 0xff;
      if (code === 10) this.text.teletype(this.text.activePage, 13, -1, 7);
      this.text.teletype(this.text.activePage, code, -1, 7);
    }
  }

  call(): void {
    const g = this.#guest;
    switch (g.ah) {
      case 0x0e:
        this.text.teletype(this.text.activePage, g.al, -1, g.bl);
        break;
      case 0x00:
        this.#setMode(g.al);
        break;
      case 0x01:
        this.text.setCursorShape(g.ch, g.cl);
        break;
      case 0x02:
        this.text.setCursor(g.bh, g.dx);
        break;
      case 0x03:
        g.dx = this.text.cursor(g.bh);
        g.cx = g.bda16(BDA.CURSOR_SHAPE);
        g.ax = 0;
        break;
      case 0x04: // no light pen
        g.ax = 0;
        break;
      case 0x05:
        this.text.selectPage(g.al);
        break;
      case 0x06:
      case 0x07: {
        const cells = { top: g.ch, left: g.cl, bottom: g.dh, right: g.dl };
        this.text.scroll(this.text.activePage, cells, g.al, g.bh, g.ah === 0x07);
        break;
      }
      case 0x08:
        g.ax = this.text.readCell(g.bh & 7);
        break;
      case 0x09:
      case 0x0a: {
        const background = this.mode.current?.model === 'linear256' ? g.bh : 0;
        this.text.writeCells(background ? 0 : g.bh & 7, g.al, g.cx, g.bl, g.ah === 0x0a, background);
        break;
      }
      case 0x0b:
        this.#palette.cga(g.bh, g.bl);
        break;
      case 0x0c:
      case 0x0d:
        this.#pixel();
        break;
      case 0x0f:
        g.al = g.bda8(BDA.VIDEO_MODE) | (g.bda8(BDA.VIDEO_CONTROL) & KEEP_MEMORY);
        g.ah = g.bda8(BDA.VIDEO_COLUMNS);
        g.bh = g.bda8(BDA.ACTIVE_PAGE);
        break;
      case 0x10:
        this.#palette.call();
        break;
      case 0x11:
        this.#font.call();
        break;
      case 0x12:
        this.#info.alternateSelect();
        break;
      case 0x13:
        this.text.startString(g.bh & 7, g.dx);
        this.more();
        break;
      case 0x1a:
        this.#info.displayCombination();
        break;
      case 0x1b:
        this.#info.functionality();
        break;
      case 0x1c:
        this.#info.saveRestore();
        break;
      case 0x4f:
        this.#vbe.call();
        break;
      default:
    }
  }

  /** AH=13h, the next slice. Live carry set: the stub comes again. */
  more(): void {
    const g = this.#guest;
    g.setLiveCarry(this.text.writeSlice(g.al, g.bh & 7, g.bl, g.cx, g.cpu.es, g.bp));
  }

  #setMode(request: number): void {
    const number = request & 0x7f;
    if (!this.mode.set(number, (request & KEEP_MEMORY) !== 0)) return;
    this.#guest.al = number > 7 ? 0x20 : number === 6 ? 0x3f : 0x30;
  }

  #pixel(): void {
    const g = this.#guest;
    const mode = this.mode.current;
    if (mode?.kind !== 'graphics') return;
    const page = mode.pages > 1 ? g.bh % mode.pages : 0;
    if (g.ah === 0x0c) this.#graphics.putPixel(mode, page, g.cx, g.dx, g.al);
    else g.al = this.#graphics.getPixel(mode, page, g.cx, g.dx);
  }
}
