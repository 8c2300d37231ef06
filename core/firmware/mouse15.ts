/**
 * INT 15h AH=C2h and INT 74h: the PS/2 pointing device. IBM PS/2 and PC BIOS Interface Technical Reference, AH=C2h.
 * Commands are sent without waiting: the device's acknowledgements arrive as interrupts and are dropped there.
 */
import { EBDA } from './layout.ts';
import { linear, type Guest } from './guest.ts';

const KBC_DATA = 0x60;
const KBC_COMMAND = 0x64;
const WRITE_COMMAND_BYTE = 0x60;
const WRITE_AUX = 0xd4;
const STATUS_FULL = 0x01;
const STATUS_AUX = 0x20;
/** Both interrupts and interfaces on, system flag, translation. */
const COMMAND_BYTE_AUX_ON = 0x47;
const COMMAND_BYTE_AUX_OFF = 0x65;

const AUX = {
  SCALING_1: 0xe6,
  SCALING_2: 0xe7,
  SET_RESOLUTION: 0xe8,
  SET_RATE: 0xf3,
  ENABLE: 0xf4,
  DISABLE: 0xf5,
  DEFAULTS: 0xf6,
} as const;
const ACK = 0xfa;
const RATES: readonly number[] = [10, 20, 40, 60, 80, 100, 200];
const DEFAULT_RATE = 100;
const DEFAULT_RESOLUTION = 2;

const HANDLER_SET = 0x80;
const ENABLED = 0x40;
const INDEX_MASK = 0x07;
const PACKET_START = 0x08;

const OK = 0;
const BAD_FUNCTION = 1;
const BAD_INPUT = 2;
const NO_HANDLER = 5;

export class Mouse15 {
  readonly #guest: Guest;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  /** INT 15h AH=C2h. */
  call(): void {
    const status = this.#service();
    this.#guest.ah = status;
    this.#guest.setCarry(status !== OK);
  }

  #send(...bytes: readonly number[]): void {
    const g = this.#guest;
    g.setEbda8(EBDA.MOUSE_FLAGS1, g.ebda8(EBDA.MOUSE_FLAGS1) & ~INDEX_MASK);
    for (const byte of bytes) {
      g.out8(KBC_COMMAND, WRITE_AUX);
      g.out8(KBC_DATA, byte);
    }
  }
  #commandByte(value: number): void {
    this.#guest.out8(KBC_COMMAND, WRITE_COMMAND_BYTE);
    this.#guest.out8(KBC_DATA, value);
  }
  #enabled(on: boolean): void {
    const g = this.#guest;
    const flags = g.ebda8(EBDA.MOUSE_FLAGS2);
    g.setEbda8(EBDA.MOUSE_FLAGS2, on ? flags | ENABLED : flags & ~ENABLED);
  }

  #service(): number {
    const g = this.#guest;
    switch (g.al) {
      case 0x00:
        if (g.bh > 1) return BAD_INPUT;
        if (g.bh === 1 && !(g.ebda8(EBDA.MOUSE_FLAGS2) & HANDLER_SET)) return NO_HANDLER;
        this.#commandByte(g.bh === 1 ? COMMAND_BYTE_AUX_ON : COMMAND_BYTE_AUX_OFF);
        if (g.bh === 1) this.#send(AUX.ENABLE);
        else {
          this.#send(AUX.DISABLE);
          this.#commandByte(COMMAND_BYTE_AUX_OFF);
        }
        this.#enabled(g.bh === 1);
        return OK;
      case 0x01:
        this.#reset();
        g.bx = 0x00aa; // device ID 0, self-test passed
        return OK;
      case 0x02:
        if (g.bh >= RATES.length) return BAD_INPUT;
        g.setEbda8(EBDA.MOUSE_RATE, RATES[g.bh]);
        this.#send(AUX.SET_RATE, RATES[g.bh]);
        return OK;
      case 0x03:
        if (g.bh > 3) return BAD_INPUT;
        g.setEbda8(EBDA.MOUSE_RESOLUTION, g.bh);
        this.#send(AUX.SET_RESOLUTION, g.bh);
        return OK;
      case 0x04:
        g.bh = 0;
        return OK;
      case 0x05:
        if (g.bh < 1 || g.bh > 8) return BAD_INPUT;
        g.setEbda8(EBDA.MOUSE_FLAGS2, (g.ebda8(EBDA.MOUSE_FLAGS2) & ~INDEX_MASK) | (g.bh - 1));
        this.#reset();
        return OK;
      case 0x06:
        return this.#extended();
      case 0x07: {
        const none = g.cpu.es === 0 && g.bx === 0;
        const flags = g.ebda8(EBDA.MOUSE_FLAGS2);
        g.setEbda16(EBDA.MOUSE_HANDLER, g.bx);
        g.setEbda16(EBDA.MOUSE_HANDLER + 2, g.cpu.es);
        g.setEbda8(EBDA.MOUSE_FLAGS2, none ? flags & ~HANDLER_SET : flags | HANDLER_SET);
        return OK;
      }
      default:
        return BAD_FUNCTION;
    }
  }

  #reset(): void {
    const g = this.#guest;
    this.initialise();
    this.#commandByte(COMMAND_BYTE_AUX_ON);
    this.#send(AUX.DEFAULTS);
    this.#enabled(false);
    g.setEbda8(EBDA.MOUSE_FLAGS1, 0);
  }

  initialise(): void {
    this.#guest.setEbda8(EBDA.MOUSE_RATE, DEFAULT_RATE);
    this.#guest.setEbda8(EBDA.MOUSE_RESOLUTION, DEFAULT_RESOLUTION);
    this.#guest.setEbda8(EBDA.MOUSE_SCALING2, 0);
  }

  #extended(): number {
    const g = this.#guest;
    if (g.bh > 2) return BAD_INPUT;
    if (g.bh === 0) {
      const enabled = g.ebda8(EBDA.MOUSE_FLAGS2) & ENABLED;
      g.bl = (enabled ? 0x20 : 0) | (g.ebda8(EBDA.MOUSE_SCALING2) ? 0x10 : 0);
      g.cl = g.ebda8(EBDA.MOUSE_RESOLUTION);
      g.dl = g.ebda8(EBDA.MOUSE_RATE);
      return OK;
    }
    g.setEbda8(EBDA.MOUSE_SCALING2, g.bh - 1);
    this.#send(g.bh === 1 ? AUX.SCALING_1 : AUX.SCALING_2);
    return OK;
  }

  /** INT 74h. Live carry set: a packet is complete, its four words lie on the stack for the program's routine. */
  interrupt(): void {
    const g = this.#guest;
    if ((g.in8(KBC_COMMAND) & (STATUS_FULL | STATUS_AUX)) !== (STATUS_FULL | STATUS_AUX)) return;
    const byte = g.in8(KBC_DATA);
    const flags = g.ebda8(EBDA.MOUSE_FLAGS1);
    const index = flags & INDEX_MASK;
    // Between packets an acknowledgement may come, and nothing that is not a packet's first byte.
    if (index === 0 && (byte === ACK || !(byte & PACKET_START))) return;
    g.setEbda8(EBDA.MOUSE_PACKET + index, byte);
    const last = g.ebda8(EBDA.MOUSE_FLAGS2) & INDEX_MASK;
    if (index < last) {
      g.setEbda8(EBDA.MOUSE_FLAGS1, (flags & ~INDEX_MASK) | (index + 1));
      return;
    }
    g.setEbda8(EBDA.MOUSE_FLAGS1, flags & ~INDEX_MASK);
    if (!(g.ebda8(EBDA.MOUSE_FLAGS2) & HANDLER_SET)) return;
    this.#push(g.ebda8(EBDA.MOUSE_PACKET));
    this.#push(g.ebda8(EBDA.MOUSE_PACKET + 1));
    this.#push(g.ebda8(EBDA.MOUSE_PACKET + 2));
    this.#push(0);
    g.setLiveCarry(true);
  }

  #push(word: number): void {
    const g = this.#guest;
    g.sp = g.sp - 2;
    g.write16(linear(g.cpu.ss, g.sp), word);
  }
}
