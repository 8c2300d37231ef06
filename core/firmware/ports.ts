/** INT 14h (serial), INT 17h (printer) and INT 05h (print screen). IBM PS/2 and PC BIOS Interface Technical Reference. */
import { BDA } from './bda.ts';
import type { Guest } from './guest.ts';
import { EBDA } from './layout.ts';
import { BAUD_DIVISORS } from './rom.ts';
import type { VideoText } from './video-text.ts';

const UART = { DATA: 0, IER: 1, LCR: 3, MCR: 4, LSR: 5, MSR: 6 } as const;
const LCR_DLAB = 0x80;
const MCR_DTR_RTS = 0x03;
const LSR_DATA_READY = 0x01;
const LSR_THR_EMPTY = 0x20;
const LSR_ERRORS = 0x1e;
const SERIAL_TIME_OUT = 0x80;
/** A unit of the data area's time-out bytes, about a second. */
const TIME_OUT_UNIT_MS = 1000;

const PRINTER_TIME_OUT = 0x01;
/** Status lines that are active low: acknowledge and error. */
const PRINTER_INVERTED = 0x48;
const PRINTER_NOT_BUSY = 0x80;
const CONTROL = { INIT: 0x08, IDLE: 0x0c, STROBE: 0x0d } as const;
const PRINT = { DONE: 0x00, BUSY: 0x01, FAILED: 0xff } as const;

export class PortServices {
  readonly #guest: Guest;
  readonly #text: VideoText;

  constructor(guest: Guest, text: VideoText) {
    this.#guest = guest;
    this.#text = text;
  }

  get #nowMs(): number {
    return Math.floor(this.#guest.env.nowNs() / 1e6) % 0x100000000;
  }

  /** INT 14h. Live carry set: not ready yet, the stub calls `serialRetry` with the registers unchanged. */
  serial(): void {
    const g = this.#guest;
    const units = g.dx < 4 ? g.bda8(BDA.COM_TIMEOUTS + g.dx) : 0;
    g.setEbda32(EBDA.SERIAL_DEADLINE_MS, (this.#nowMs + units * TIME_OUT_UNIT_MS) % 0x100000000);
    this.#serialCall(false);
  }
  serialRetry(): void {
    const left = (this.#guest.ebda32(EBDA.SERIAL_DEADLINE_MS) - this.#nowMs) | 0;
    this.#serialCall(left <= 0);
  }

  #serialCall(late: boolean): void {
    const g = this.#guest;
    const port = g.dx < 4 ? g.bda16(BDA.COM_PORTS + 2 * g.dx) : 0;
    if (port === 0) return; // no such port: registers stay as they are
    switch (g.ah) {
      case 0x00: {
        const divisor = BAUD_DIVISORS[g.al >> 5];
        g.out8(port + UART.LCR, LCR_DLAB);
        g.out8(port + UART.DATA, divisor & 0xff);
        g.out8(port + UART.IER, divisor >> 8);
        g.out8(port + UART.LCR, g.al & 0x1f);
        g.out8(port + UART.IER, 0);
        g.out8(port + UART.MCR, MCR_DTR_RTS);
        break;
      }
      case 0x01:
        if (!this.#await(port, LSR_THR_EMPTY, late)) return;
        g.out8(port + UART.DATA, g.al);
        g.ah = g.in8(port + UART.LSR) & ~SERIAL_TIME_OUT;
        return;
      case 0x02: {
        if (!this.#await(port, LSR_DATA_READY, late)) return;
        const errors = g.in8(port + UART.LSR) & LSR_ERRORS;
        g.al = g.in8(port + UART.DATA);
        g.ah = errors;
        return;
      }
      case 0x03:
        break;
      default:
        return;
    }
    g.ah = g.in8(port + UART.LSR) & ~SERIAL_TIME_OUT;
    g.al = g.in8(port + UART.MSR);
  }

  /** True when the line status shows `wanted`; else asks the stub to try again, or reports the time-out. */
  #await(port: number, wanted: number, late: boolean): boolean {
    const g = this.#guest;
    const status = g.in8(port + UART.LSR);
    if (status & wanted) return true;
    if (late) g.ah = status | SERIAL_TIME_OUT;
    else g.setLiveCarry(true);
    return false;
  }

  /** INT 17h. */
  printer(): void {
    const g = this.#guest;
    const port = g.dx < 3 ? g.bda16(BDA.LPT_PORTS + 2 * g.dx) : 0;
    if (port === 0) {
      g.ah = PRINTER_TIME_OUT;
      return;
    }
    switch (g.ah) {
      case 0x00:
        g.ah = this.#print(port, g.al);
        break;
      case 0x01:
        g.out8(port + 2, CONTROL.INIT);
        g.out8(port + 2, CONTROL.IDLE);
        g.ah = this.#printerStatus(port);
        break;
      case 0x02:
        g.ah = this.#printerStatus(port);
        break;
      default:
    }
  }

  #printerStatus(port: number): number {
    return (this.#guest.in8(port + 1) ^ PRINTER_INVERTED) & 0xf8;
  }

  #print(port: number, character: number): number {
    const g = this.#guest;
    const before = this.#printerStatus(port);
    if (!(before & PRINTER_NOT_BUSY)) return before | PRINTER_TIME_OUT;
    g.out8(port, character);
    g.out8(port + 2, CONTROL.STROBE);
    g.out8(port + 2, CONTROL.IDLE);
    return this.#printerStatus(port);
  }

  /** INT 05h: the text screen to the first printer. */
  printScreen(): void {
    const g = this.#guest;
    if (g.bda8(BDA.PRINT_SCREEN_STATUS) === PRINT.BUSY) return;
    const port = g.bda16(BDA.LPT_PORTS);
    const page = this.#text.activePage;
    const cursor = this.#text.cursor(page);
    let failed = port === 0;
    const put = (character: number): void => {
      failed ||= (this.#print(port, character) & PRINTER_TIME_OUT) !== 0;
    };
    for (let row = 0; row < this.#text.rows && !failed; row++) {
      for (let column = 0; column < this.#text.columns && !failed; column++) {
        this.#text.setCursor(page, (row << 8) | column);
        put(this.#text.readCell(page) & 0xff || 0x20);
      }
      put(13);
      put(10);
    }
    this.#text.setCursor(page, cursor);
    g.setBda8(BDA.PRINT_SCREEN_STATUS, failed ? PRINT.FAILED : PRINT.DONE);
  }
}
