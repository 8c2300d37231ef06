/** How a board's one shared WebAssembly.Memory is divided, and where its parts appear in guest-physical space. */
import { PHYSICAL_TABLES, RAM_BASE, codeMapBytes } from '../cpu/index.ts';
import { PhysicalMemory } from '../memory/index.ts';

export const MIB = 1 << 20;
const WASM_PAGE = 65536;
const VRAM_BYTES = 16 * MIB;
/** The flash chip of the largest firmware that is taken, with room for a video ROM in its first 64 KiB below. */
export const FIRMWARE_MAX_BYTES = 0x40000;
const VIDEO_ROM_BYTES = 0x10000;

/** Where PCI memory may lie: above all RAM, below the APICs. */
export const PCI_HOLE = { base: 0xc0000000, end: 0xfec00000 } as const;

/** Processor state, RAM, ROMs, VRAM and the code map (a byte for every 16 that instructions may lie in), in this order. */
export class BoardMemory {
  readonly linear: WebAssembly.Memory;
  readonly physical: PhysicalMemory;
  readonly pages: number;
  readonly ram: Uint8Array;
  readonly vram: Uint8Array;
  readonly codeMap: number;
  /** Offset in linear memory of the byte that is the firmware's last plus one. */
  readonly #firmwareEnd: number;
  readonly #videoRom: number;

  constructor(ramBytes: number) {
    const roms = RAM_BASE + ramBytes;
    const vram = roms + VIDEO_ROM_BYTES + FIRMWARE_MAX_BYTES;
    this.codeMap = vram + VRAM_BYTES;
    this.pages = Math.ceil((this.codeMap + codeMapBytes(this.codeMap - RAM_BASE)) / WASM_PAGE);
    this.linear = new WebAssembly.Memory({ initial: this.pages, maximum: this.pages, shared: true });
    this.physical = new PhysicalMemory(this.linear.buffer, PHYSICAL_TABLES);
    this.ram = this.physical.bytes.subarray(RAM_BASE, RAM_BASE + ramBytes);
    this.vram = this.physical.bytes.subarray(vram, vram + VRAM_BYTES);
    this.#videoRom = roms;
    this.#firmwareEnd = vram;
    this.physical.mapRam(0, ramBytes, RAM_BASE);
    this.physical.unmap(0xa0000, 0x60000);
  }

  /** `rom` ends at 4 GiB, and `videoRom` answers at C0000h, as an adapter on the ISA bus has it. */
  install(rom: Uint8Array, videoRom?: Uint8Array): void {
    this.physical.bytes.set(rom, this.#firmwareEnd - rom.length);
    this.physical.mapRom(0x1_0000_0000 - rom.length, rom.length, this.#firmwareEnd - rom.length);
    if (videoRom) this.physical.bytes.set(videoRom, this.#videoRom);
    this.#busRoms = {
      videoEnd: 0xc0000 + (((videoRom?.length ?? 0) + 4095) & ~4095),
      lowStart: 0x100000 - Math.min(rom.length, 0x20000),
    };
  }

  #busRoms = { videoEnd: 0xc0000, lowStart: 0x100000 };

  /** Maps a segment of A0000h-FFFFFh as the host bridge decodes it. What is neither RAM nor ROM is nothing. */
  decode(base: number, sizeBytes: number, readRam: boolean, writeRam: boolean): void {
    const { physical } = this;
    // A page is either written as RAM or as ROM: reads from ROM with writes to the RAM under it have to choose ROM.
    if (readRam && base < this.ram.length) {
      if (writeRam) physical.mapRam(base, sizeBytes, RAM_BASE + base);
      else physical.mapRom(base, sizeBytes, RAM_BASE + base);
      return;
    }
    physical.unmap(base, sizeBytes);
    const { videoEnd, lowStart } = this.#busRoms;
    if (base < videoEnd) physical.mapRom(base, Math.min(sizeBytes, videoEnd - base), this.#videoRom + base - 0xc0000);
    else if (base >= lowStart) physical.mapRom(base, sizeBytes, this.#firmwareEnd - (0x100000 - base));
  }
}
