/**
 * The adapter's window at A0000h-BFFFFh: what a processor's access does to the planes. IBM VGA technical reference,
 * "Graphics Controller" and "Sequencer"; FreeVGA "Accessing VGA display memory".
 */
import type { IoWidth } from '../../bus/index.ts';
import type { VgaChanges } from './vga-dirty.ts';
import type { VgaState } from './vga-state.ts';
import { dispiIsLinear, dispiIsOn, DISPI_BANK } from './vga-dispi.ts';

/** Part of the window that behaves like plain memory. */
export interface DirectWindow {
  /** From A0000h. */
  readonly offset: number;
  readonly vramOffset: number;
  readonly length: number;
}

const WINDOWS = [
  { base: 0x00000, size: 0x20000 },
  { base: 0x00000, size: 0x10000 },
  { base: 0x10000, size: 0x08000 },
  { base: 0x18000, size: 0x08000 },
] as const;

/** Spreads plane bits 0-3 over the bytes of a word of four planes. */
const PLANES = Uint32Array.from({ length: 16 }, (_, bits) => {
  let word = 0;
  for (let plane = 0; plane < 4; plane++) if (bits & (1 << plane)) word |= 0xff << (plane * 8);
  return word >>> 0;
});

const CLOSED = 0;
const LINEAR = 1;
const TEXT = 2;
const PLANAR = 3;

export class VgaMemory {
  readonly #state: VgaState;
  readonly #changes: VgaChanges;
  readonly #vram: Uint8Array;
  readonly #words: Uint16Array;
  readonly #planes: Uint32Array;
  readonly #planeAddressMask: number;
  // Derived from the registers by update(): how the next access is carried out.
  #readKind = CLOSED;
  #writeKind = CLOSED;
  #base = 0;
  #size = 0;
  #linearOffset = 0;
  #bankAddress = 0;
  #chain4 = false;
  #oddEvenWrite = false;
  #oddEvenRead = false;
  #oddEvenAddress = false;
  #addressMask = 0xffff;
  #mapMask = 0;
  #writeMode = 0;
  #rotate = 0;
  #func = 0;
  #setReset = 0;
  #enableSetReset = 0;
  #bitMask = 0;
  #directLength = 0;

  constructor(state: VgaState, changes: VgaChanges) {
    this.#state = state;
    this.#changes = changes;
    const vram = state.vram;
    this.#vram = vram;
    this.#words = new Uint16Array(vram.buffer, vram.byteOffset, vram.length / 2);
    this.#planes = new Uint32Array(vram.buffer, vram.byteOffset, vram.length / 4);
    this.#planeAddressMask = vram.length / 4 - 1;
    this.update();
  }

  get direct(): DirectWindow | undefined {
    if (this.#directLength === 0) return undefined;
    return { offset: this.#base, vramOffset: this.#linearOffset, length: this.#directLength };
  }

  /** Takes over the registers; true when `direct` is another than before. */
  update(): boolean {
    const { seq, gc, misc, dispi } = this.#state;
    const oldBase = this.#base;
    const oldLinear = this.#linearOffset;
    const oldLength = this.#directLength;
    const map = (gc[6] >> 2) & 3;
    const open = (misc & 2) !== 0;
    this.#base = WINDOWS[map].base;
    this.#size = WINDOWS[map].size;
    this.#linearOffset = 0;
    this.#bankAddress = 0;
    this.#chain4 = (seq[4] & 8) !== 0;
    this.#oddEvenWrite = (seq[4] & 4) === 0;
    this.#oddEvenRead = (gc[5] & 0x10) !== 0;
    this.#oddEvenAddress = (gc[6] & 2) !== 0;
    this.#addressMask = 0xffff;
    this.#mapMask = seq[2] & 15;
    this.#writeMode = gc[5] & 3;
    this.#rotate = gc[3] & 7;
    this.#func = (gc[3] >> 3) & 3;
    this.#setReset = PLANES[gc[0] & 15];
    this.#enableSetReset = PLANES[gc[1] & 15];
    this.#bitMask = Math.imul(gc[8], 0x01010101);
    const plainWrite = this.#writeMode === 0 && (gc[1] & 15) === 0 && (gc[3] & 0x1f) === 0 && gc[8] === 0xff;
    this.#directLength = 0;
    if (!open) {
      this.#readKind = this.#writeKind = CLOSED;
    } else if (dispiIsLinear(dispi)) {
      this.#base = 0;
      this.#size = 0x10000;
      this.#linearOffset = (dispi[DISPI_BANK] * 0x10000) % this.#vram.length;
      this.#readKind = this.#writeKind = LINEAR;
      this.#directLength = 0x10000;
    } else {
      if (dispiIsOn(dispi)) {
        this.#bankAddress = dispi[DISPI_BANK] * 0x10000;
        this.#addressMask = this.#planeAddressMask;
      }
      const plainRead = (gc[5] & 8) === 0;
      const linear = this.#chain4 && plainWrite && this.#mapMask === 15 && this.#bankAddress === 0;
      const text =
        !this.#chain4 && this.#oddEvenWrite && this.#oddEvenAddress && map >= 1 && plainWrite && this.#mapMask === 3;
      this.#writeKind = linear ? LINEAR : text && this.#bankAddress === 0 ? TEXT : PLANAR;
      this.#readKind = PLANAR;
      if (linear && plainRead) this.#directLength = this.#size;
    }
    return (
      this.#directLength !== oldLength ||
      (oldLength !== 0 && (this.#base !== oldBase || this.#linearOffset !== oldLinear))
    );
  }

  write(offset: number, width: IoWidth, value: number): void {
    const at = offset - this.#base;
    if (at < 0 || at >= this.#size) {
      // An access may straddle the window's start only by bytes; each is judged alone.
      if (width > 1 && at + width > 0 && at < 0) this.#writeBytes(offset, width, value);
      return;
    }
    if (this.#writeKind === TEXT) {
      if (width === 1) {
        const address = at & ~1;
        this.#vram[(address << 2) | (at & 1)] = value;
        this.#changes.pages[address >> 10] = 1;
        return;
      }
      if ((at & (width - 1)) === 0) {
        this.#words[at << 1] = value;
        if (width === 4) this.#words[(at + 2) << 1] = value >>> 16;
        this.#changes.pages[at >> 10] = 1;
        return;
      }
    } else if (this.#writeKind === LINEAR && (at & (width - 1)) === 0) {
      this.writeLinear(this.#linearOffset + at, width, value);
      return;
    }
    this.#writeBytes(offset, width, value);
  }

  #writeBytes(offset: number, width: IoWidth, value: number): void {
    for (let i = 0; i < width; i++) this.#writeByte(offset + i - this.#base, (value >>> (i * 8)) & 0xff);
  }

  #writeByte(at: number, value: number): void {
    if (at < 0 || at >= this.#size || this.#writeKind === CLOSED) return;
    if (this.#writeKind === LINEAR) {
      this.writeLinear(this.#linearOffset + at, 1, value);
      return;
    }
    let mask = this.#mapMask;
    if (this.#chain4) mask &= 1 << (at & 3);
    else if (this.#oddEvenWrite) mask &= at & 1 ? 0b1010 : 0b0101;
    if (mask !== 0) this.#writePlanes(this.#planeAddress(at), PLANES[mask], value);
  }

  #planeAddress(at: number): number {
    let address = at;
    if (this.#chain4) address = at >> 2;
    // Odd/even addressing puts address bit 16 in place of bit 0, which chose the plane.
    else if (this.#oddEvenAddress) address = (at & ~1) | ((at >> 16) & 1);
    return (this.#bankAddress + address) & this.#addressMask;
  }

  #writePlanes(address: number, planes: number, value: number): void {
    const latch = this.#state.latch;
    let bitMask = this.#bitMask;
    let word: number;
    switch (this.#writeMode) {
      case 0: {
        const byte = ((value >> this.#rotate) | (value << (8 - this.#rotate))) & 0xff;
        word = (Math.imul(byte, 0x01010101) & ~this.#enableSetReset) | (this.#setReset & this.#enableSetReset);
        break;
      }
      case 1:
        word = latch;
        break;
      case 2:
        word = PLANES[value & 15];
        break;
      default: {
        const byte = ((value >> this.#rotate) | (value << (8 - this.#rotate))) & 0xff;
        bitMask &= Math.imul(byte, 0x01010101);
        word = this.#setReset;
      }
    }
    if (this.#writeMode !== 1) {
      if (this.#func === 1) word &= latch;
      else if (this.#func === 2) word |= latch;
      else if (this.#func === 3) word ^= latch;
      word = (word & bitMask) | (latch & ~bitMask);
    }
    this.#planes[address] = (this.#planes[address] & ~planes) | (word & planes);
    this.#changes.pages[address >> 10] = 1;
    if (planes & 0xff0000) this.#changes.font = true;
  }

  read(offset: number, width: IoWidth): number {
    const at = offset - this.#base;
    if (this.#readKind === LINEAR && at >= 0 && at < this.#size && (at & (width - 1)) === 0)
      return this.readLinear(this.#linearOffset + at, width);
    let value = 0;
    for (let i = 0; i < width; i++) value |= this.#readByte(at + i) << (i * 8);
    return value >>> 0;
  }

  #readByte(at: number): number {
    if (at < 0 || at >= this.#size || this.#readKind === CLOSED) return 0xff;
    if (this.#readKind === LINEAR) return this.#vram[this.#linearOffset + at];
    const gc = this.#state.gc;
    const latch = this.#planes[this.#planeAddress(at)];
    this.#state.latch = latch;
    if (gc[5] & 8) {
      // Read mode 1: a bit is set where the colour of the planes that matter equals Color Compare.
      const differing = (latch ^ PLANES[gc[2] & 15]) & PLANES[gc[7] & 15];
      return ~(differing | (differing >>> 8) | (differing >>> 16) | (differing >>> 24)) & 0xff;
    }
    let plane = gc[4] & 3;
    if (this.#chain4) plane = at & 3;
    else if (this.#oddEvenRead) plane = (plane & 2) | (at & 1);
    return (latch >>> (plane * 8)) & 0xff;
  }

  /** The linear framebuffer. Outside VRAM: ones, and writes are lost. */
  readLinear(address: number, width: IoWidth): number {
    if (address + width > this.#vram.length) return width === 4 ? 0xffffffff : width === 2 ? 0xffff : 0xff;
    if (width === 1) return this.#vram[address];
    if (width === 2 && (address & 1) === 0) return this.#words[address >> 1];
    if (width === 4 && (address & 3) === 0) return this.#planes[address >> 2];
    let value = 0;
    for (let i = 0; i < width; i++) value |= this.#vram[address + i] << (i * 8);
    return value >>> 0;
  }

  writeLinear(address: number, width: IoWidth, value: number): void {
    if (address + width > this.#vram.length) return;
    if (width === 1) this.#vram[address] = value;
    else if (width === 2 && (address & 1) === 0) this.#words[address >> 1] = value;
    else if (width === 4 && (address & 3) === 0) this.#planes[address >> 2] = value;
    else for (let i = 0; i < width; i++) this.#vram[address + i] = value >>> (i * 8);
    this.#changes.pages[address >> 12] = 1;
    this.#changes.pages[(address + width - 1) >> 12] = 1;
    this.#changes.font = true;
  }
}
