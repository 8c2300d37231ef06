/** INT 10h AH=4Fh: VESA BIOS Extension 3.0 over the Bochs display interface (ports 1CEh, 1CFh), and VBE/DDC. */
import { DISPI } from './dispi.ts';
import { linear, type Guest } from './guest.ts';
import { ROM_SEGMENT, VIDEO_ROM_SEGMENT } from './layout.ts';
import { stubOffset } from './rom.ts';
import { bytesPerLine, bytesPerPixel, vbeModes, type VbeMode } from './vbe-modes.ts';
import { VBE_PROTECTED_TABLE } from './vbe-protected.ts';
import { stateBlocks, type VideoInfo } from './video-info.ts';
import { PORT, type VideoMode } from './video-mode.ts';
import { VIDEO_ROM } from './video-rom.ts';

const ENABLE = { ON: 0x01, DAC_8BIT: 0x20, LFB: 0x40, KEEP_MEMORY: 0x80 } as const;
const DISPI_ID5 = 0xb0c5;
/** Word in the BIOS data area that VGA BIOSes of this adapter keep the VBE mode in. */
const BDA_VBE_MODE = 0x4ba;
const DEFAULT_LFB = 0xe0000000;
const WINDOW_KIB = 64;
const SUCCESS = 0x004f;
const FAILED = 0x014f;
const INVALID_IN_MODE = 0x034f;
const SVGA_STATE_BLOCKS = 1;

export class Vbe {
  readonly #guest: Guest;
  readonly #mode: VideoMode;
  readonly #info: VideoInfo;

  constructor(guest: Guest, mode: VideoMode, info: VideoInfo) {
    this.#guest = guest;
    this.#mode = mode;
    this.#info = info;
  }

  call(): void {
    const g = this.#guest;
    const vga = this.#mode;
    vga.dispi(DISPI.ID, DISPI_ID5);
    if ((vga.readDispi(DISPI.ID) & 0xfff0) !== 0xb0c0) return; // no such adapter: AX stays, as without VBE
    switch (g.al) {
      case 0x00:
        g.ax = this.#controllerInfo();
        break;
      case 0x01:
        g.ax = this.#modeInfo();
        break;
      case 0x02:
        g.ax = this.#setMode(g.bx);
        break;
      case 0x03:
        g.bx = this.#enabled ? g.read16(BDA_VBE_MODE) : g.bda8(0x49) & 0x7f;
        g.ax = SUCCESS;
        break;
      case 0x04:
        g.ax = this.#saveRestore();
        break;
      case 0x05:
        g.ax = this.#window();
        break;
      case 0x06:
        g.ax = this.#lineLength();
        break;
      case 0x07:
        g.ax = this.#displayStart();
        break;
      case 0x08:
        g.ax = this.#dacWidth();
        break;
      case 0x09:
        g.ax = this.#palette();
        break;
      case 0x15:
        g.ax = this.#ddc();
        break;
      case 0x0a:
        g.ax = this.#protectedInterface();
        break;
      default:
        g.ax = FAILED;
    }
  }

  get #enabled(): boolean {
    return (this.#mode.readDispi(DISPI.ENABLE) & ENABLE.ON) !== 0;
  }
  get #memoryBytes(): number {
    return this.#mode.readDispi(DISPI.MEMORY_64K) * 0x10000;
  }
  get #current(): VbeMode | undefined {
    return this.#enabled ? vbeModes.get(this.#guest.read16(BDA_VBE_MODE) & 0x1ff) : undefined;
  }
  #fits(mode: VbeMode): boolean {
    return bytesPerLine(mode) * mode.height <= this.#memoryBytes;
  }
  #farPointer(at: number, segment: number, offset: number): void {
    this.#guest.write16(at, offset);
    this.#guest.write16(at + 2, segment);
  }

  #protectedInterface(): number {
    const g = this.#guest;
    if (g.bl !== 0) return FAILED;
    g.cpu.setRealModeSegment('es', VIDEO_ROM_SEGMENT);
    g.di = VIDEO_ROM.VBE_PROTECTED;
    g.cx = VBE_PROTECTED_TABLE.length;
    return SUCCESS;
  }

  #controllerInfo(): number {
    const g = this.#guest;
    const at = linear(g.cpu.es, g.di);
    const version2 = g.read32(at) === 0x32454256; // "VBE2": the caller offers 512 bytes
    for (let i = 0; i < (version2 ? 512 : 256); i += 4) g.write32(at + i, 0);
    g.write32(at, 0x41534556); // "VESA"
    g.write16(at + 0x04, 0x0300);
    this.#farPointer(at + 0x06, VIDEO_ROM_SEGMENT, VIDEO_ROM.OEM_STRING);
    g.write32(at + 0x0a, 1); // the DAC's width can be switched
    this.#farPointer(at + 0x0e, g.cpu.es, g.di + 0x22);
    g.write16(at + 0x12, this.#memoryBytes / 0x10000);
    if (version2) {
      g.write16(at + 0x14, 0x0100);
      this.#farPointer(at + 0x16, VIDEO_ROM_SEGMENT, VIDEO_ROM.VENDOR_STRING);
      this.#farPointer(at + 0x1a, VIDEO_ROM_SEGMENT, VIDEO_ROM.PRODUCT_STRING);
      this.#farPointer(at + 0x1e, VIDEO_ROM_SEGMENT, VIDEO_ROM.REVISION_STRING);
    }
    let next = at + 0x22; // the reserved area, 222 bytes, holds the list
    for (const mode of vbeModes.values()) {
      if (!this.#fits(mode)) continue;
      g.write16(next, mode.number);
      next += 2;
    }
    g.write16(next, 0xffff);
    return SUCCESS;
  }

  #modeInfo(): number {
    const g = this.#guest;
    const mode = vbeModes.get(g.cx & 0x3fff);
    if (!mode || !this.#fits(mode)) return FAILED;
    const at = linear(g.cpu.es, g.di);
    const line = bytesPerLine(mode);
    const pages = Math.min(255, Math.max(0, Math.floor(this.#memoryBytes / (line * mode.height)) - 1));
    for (let i = 0; i < 256; i += 4) g.write32(at + i, 0);
    g.write16(at + 0x00, 0x009b); // supported, optional information, colour, graphics, linear frame buffer
    g.write8(at + 0x02, 0x07); // window A: movable, readable, writable
    g.write16(at + 0x04, WINDOW_KIB);
    g.write16(at + 0x06, WINDOW_KIB);
    g.write16(at + 0x08, 0xa000);
    this.#farPointer(at + 0x0c, ROM_SEGMENT, stubOffset('vbe_window'));
    g.write16(at + 0x10, line);
    g.write16(at + 0x12, mode.width);
    g.write16(at + 0x14, mode.height);
    g.write8(at + 0x16, 8);
    g.write8(at + 0x17, 16);
    g.write8(at + 0x18, 1);
    g.write8(at + 0x19, mode.bitsPerPixel);
    g.write8(at + 0x1a, 1);
    g.write8(at + 0x1b, mode.bitsPerPixel === 8 ? 4 : 6); // packed pixel, direct colour
    g.write8(at + 0x1d, pages);
    g.write8(at + 0x1e, 1);
    const fields = colourFields(mode.bitsPerPixel);
    fields.forEach((value, i) => g.write8(at + 0x1f + i, value));
    g.write8(at + 0x27, mode.bitsPerPixel === 32 ? 2 : 0);
    g.write32(at + 0x28, g.env.lfbAddr?.() ?? DEFAULT_LFB);
    g.write16(at + 0x32, line);
    g.write8(at + 0x34, pages);
    g.write8(at + 0x35, pages);
    fields.forEach((value, i) => g.write8(at + 0x36 + i, value));
    g.write32(at + 0x3e, 230_000_000); // greatest pixel clock, Hz
    return SUCCESS;
  }

  #setMode(request: number): number {
    const g = this.#guest;
    const vga = this.#mode;
    const keepMemory = (request & 0x8000) !== 0;
    const number = request & 0x1ff;
    if (number < 0x100) return number < 0x80 && vga.set(number, keepMemory) ? SUCCESS : FAILED;
    const mode = vbeModes.get(number);
    if (!mode || !this.#fits(mode)) return FAILED;
    vga.set(0x13, true); // chained addressing and the 256-colour palette
    vga.dispi(DISPI.XRES, mode.width);
    vga.dispi(DISPI.YRES, mode.height);
    vga.dispi(DISPI.BPP, mode.bitsPerPixel);
    vga.dispi(DISPI.BANK, 0);
    vga.dispi(DISPI.ENABLE, ENABLE.ON | (request & 0x4000 ? ENABLE.LFB : 0) | (keepMemory ? ENABLE.KEEP_MEMORY : 0));
    if (mode.width & 7) vga.dispi(DISPI.VIRT_WIDTH, (mode.width + 7) & ~7);
    vga.markVbe(mode.width >> 3, mode.height >> 4, 16);
    g.write16(BDA_VBE_MODE, request & 0xc1ff);
    return SUCCESS;
  }

  #saveRestore(): number {
    const g = this.#guest;
    const states = g.cx & 0x0f;
    const at = linear(g.cpu.es, g.bx);
    const standard = stateBlocks(states & 7);
    if (g.dl === 0) {
      g.bx = standard + (states & 8 ? SVGA_STATE_BLOCKS : 0);
      return SUCCESS;
    }
    if (g.dl > 2) return FAILED;
    const save = g.dl === 1;
    if (save) this.#info.transferState(true, states, at);
    if (states & 8) this.#dispiState(save, at + standard * 64);
    if (!save) this.#info.transferState(false, states, at);
    return SUCCESS;
  }

  #dispiState(save: boolean, at: number): void {
    const g = this.#guest;
    const vga = this.#mode;
    const order = [
      DISPI.XRES,
      DISPI.YRES,
      DISPI.BPP,
      DISPI.ENABLE,
      DISPI.BANK,
      DISPI.VIRT_WIDTH,
      DISPI.X_OFFSET,
      DISPI.Y_OFFSET,
    ];
    if (save) {
      order.forEach((index, i) => g.write16(at + 2 * i, vga.readDispi(index)));
      g.write16(at + 16, g.read16(BDA_VBE_MODE));
      return;
    }
    vga.dispi(DISPI.ENABLE, 0);
    const enable = g.read16(at + 6);
    order.forEach((index, i) => {
      const isEnable = index === DISPI.ENABLE;
      if (isEnable || enable & ENABLE.ON)
        vga.dispi(index, isEnable && enable & ENABLE.ON ? enable | ENABLE.KEEP_MEMORY : g.read16(at + 2 * i));
    });
    g.write16(BDA_VBE_MODE, g.read16(at + 16));
  }

  #window(): number {
    const g = this.#guest;
    if (!this.#enabled || g.bl !== 0) return FAILED;
    if (g.bh === 0) {
      if (g.dx >= this.#mode.readDispi(DISPI.MEMORY_64K)) return FAILED;
      this.#mode.dispi(DISPI.BANK, g.dx);
      return SUCCESS;
    }
    if (g.bh !== 1) return FAILED;
    g.dx = this.#mode.readDispi(DISPI.BANK);
    return SUCCESS;
  }

  #lineLength(): number {
    const g = this.#guest;
    const vga = this.#mode;
    const mode = this.#current;
    if (!mode) return INVALID_IN_MODE;
    const pixelBytes = bytesPerPixel(mode.bitsPerPixel);
    if (g.bl === 3) {
      g.bx = Math.min(0xffff, Math.floor(this.#memoryBytes / mode.height)) & ~7;
      g.cx = Math.floor(g.bx / pixelBytes);
    } else {
      if (g.bl === 0 || g.bl === 2) {
        const pixels = g.bl === 0 ? g.cx : Math.ceil(g.cx / pixelBytes);
        const width = (pixels + 7) & ~7;
        if (width < mode.width || width * pixelBytes * mode.height > this.#memoryBytes) return 0x024f;
        vga.dispi(DISPI.VIRT_WIDTH, width);
      } else if (g.bl !== 1) return FAILED;
      const width = vga.readDispi(DISPI.VIRT_WIDTH);
      g.cx = width;
      g.bx = width * pixelBytes;
    }
    g.dx = g.bx === 0 ? 0 : Math.min(0xffff, Math.floor(this.#memoryBytes / g.bx));
    return SUCCESS;
  }

  #displayStart(): number {
    const g = this.#guest;
    const vga = this.#mode;
    if (!this.#enabled) return INVALID_IN_MODE;
    switch (g.bl) {
      case 0x00:
      case 0x80:
        vga.dispi(DISPI.X_OFFSET, g.cx);
        vga.dispi(DISPI.Y_OFFSET, g.dx);
        return SUCCESS;
      case 0x01:
        g.bh = 0;
        g.cx = vga.readDispi(DISPI.X_OFFSET);
        g.dx = vga.readDispi(DISPI.Y_OFFSET);
        return SUCCESS;
      default:
        return FAILED;
    }
  }

  #dacWidth(): number {
    const g = this.#guest;
    const vga = this.#mode;
    const mode = this.#current;
    if (!mode || mode.bitsPerPixel !== 8) return INVALID_IN_MODE;
    const enable = vga.readDispi(DISPI.ENABLE);
    if (g.bl === 0) {
      const wide = g.bh >= 8;
      vga.dispi(DISPI.ENABLE, (wide ? enable | ENABLE.DAC_8BIT : enable & ~ENABLE.DAC_8BIT) | ENABLE.KEEP_MEMORY);
      g.bh = wide ? 8 : 6;
    } else if (g.bl === 1) g.bh = enable & ENABLE.DAC_8BIT ? 8 : 6;
    else return FAILED;
    return SUCCESS;
  }

  /** Entries are blue, green, red, unused. */
  #palette(): number {
    const g = this.#guest;
    const at = linear(g.cpu.es, g.di);
    const count = Math.min(g.cx, 256);
    const set = g.bl === 0 || g.bl === 0x80;
    if (!set && g.bl !== 1) return FAILED;
    g.out8(set ? PORT.DAC_WRITE_INDEX : PORT.DAC_READ_INDEX, g.dx & 0xff);
    for (let i = 0; i < count; i++)
      for (let gun = 2; gun >= 0; gun--) {
        if (set) g.out8(PORT.DAC_DATA, g.read8(at + i * 4 + gun));
        else g.write8(at + i * 4 + gun, g.in8(PORT.DAC_DATA));
      }
    return SUCCESS;
  }

  #ddc(): number {
    const g = this.#guest;
    if (g.bl === 0) {
      g.bx = 0x0102; // one second at most for a block; DDC2
      return SUCCESS;
    }
    if (g.bl !== 1 || g.dx !== 0) return FAILED;
    g.writeBytes(linear(g.cpu.es, g.di), EDID);
    return SUCCESS;
  }
}

/** Mask size and position of red, green, blue and the rest; all zero with a palette. */
function colourFields(bits: VbeMode['bitsPerPixel']): readonly number[] {
  switch (bits) {
    case 8:
      return [0, 0, 0, 0, 0, 0, 0, 0];
    case 15:
      return [5, 10, 5, 5, 5, 0, 1, 15];
    case 16:
      return [5, 11, 6, 5, 5, 0, 0, 0];
    case 24:
      return [8, 16, 8, 8, 8, 0, 0, 0];
    case 32:
      return [8, 16, 8, 8, 8, 0, 8, 24];
  }
}

/** VESA E-EDID 1.3 of an analogue monitor that prefers 1024x768 at 60 Hz. */
const EDID = ((): Uint8Array => {
  const edid = new Uint8Array(128);
  edid.set([0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0], 0);
  edid.set([0x52, 0x52, 1, 0, 1, 0, 0, 0, 1, 36, 1, 3], 8); // "TRR", product 1, week 1 of 2026, EDID 1.3
  edid.set([0x08, 32, 24, 120, 0xea], 20); // separate syncs, 32x24 cm, gamma 2.2, RGB, preferred timing given
  edid.set([0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54], 25); // sRGB primaries
  edid.set([0x21, 0x08, 0x00], 35); // 640x480, 800x600, 1024x768 at 60 Hz
  edid.fill(1, 38, 54); // no standard timings beyond these
  edid.set(
    [0x64, 0x19, 0x00, 0x40, 0x41, 0x00, 0x26, 0x30, 0x18, 0x88, 0x36, 0x00, 0x40, 0xf0, 0x10, 0x00, 0x00, 0x18],
    54,
  );
  edid.set([0, 0, 0, 0xfc, 0, ...Array.from('Terrarium\n   ', (c) => c.charCodeAt(0))], 72);
  edid.set([0, 0, 0, 0xfd, 0, 50, 160, 30, 120, 23, 0, 10, 32, 32, 32, 32, 32, 32], 90);
  edid.set([0, 0, 0, 0x10], 108);
  let sum = 0;
  for (const byte of edid) sum += byte;
  edid[127] = -sum & 0xff;
  return edid;
})();
