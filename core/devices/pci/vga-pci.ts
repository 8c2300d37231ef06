/**
 * QEMU's "-vga std": the VGA as a PCI function, 1234:1111. QEMU docs/specs/standard-vga: BAR0 frame buffer, BAR2
 * registers (VGA ports at 400h, VBE dispi registers at 500h, extended registers at 600h). No EDID block.
 */
import type { Device, IoWidth, Mmio, ResetKind } from '../../bus/index.ts';
import { create, defineState, resetState, type StateOf } from '../../state/index.ts';
import { VGA_LFB, VGA_PORTS, VGA_PORTS_DISPI, type Vga } from '../display/index.ts';
import { PciConfig, type PciBarTarget } from './pci-config.ts';
import type { PciHost } from './pci-host.ts';
import { pciConfigSpace, PciLayout, type PciBarSpec } from './pci-layout.ts';

export const VGA_MMIO_SIZE = 0x1000;
const VGA_REGISTERS = { at: 0x400, size: 0x20 };
const DISPI_REGISTERS = { at: 0x500, size: 0x16 };
const EXTENDED_REGISTERS = { at: 0x600, size: 8 };
const EXTENDED_ENDIAN = 4;
/** Reads of the byte order register of a little-endian frame buffer. */
const LITTLE_ENDIAN = 0x1e1e1e1e;

function vgaLayout(vramSize: number, romSize: number): PciLayout {
  const bars: PciBarSpec[] = [
    { index: 0, kind: 'memory', sizeBytes: vramSize, prefetchable: true },
    { index: 2, kind: 'memory', sizeBytes: VGA_MMIO_SIZE },
  ];
  if (romSize > 0) bars.push({ index: 6, kind: 'rom', sizeBytes: romSize });
  return new PciLayout({ vendorId: 0x1234, deviceId: 0x1111, revisionId: 2, classCode: 0x030000 }, bars);
}

const vgaPciSpec = (layout: PciLayout) =>
  defineState({ name: 'vga-pci', version: 1, fields: { config: pciConfigSpace(layout) } });
export type VgaPciSpec = ReturnType<typeof vgaPciSpec>;

/** The adapter itself (state `vga`) is a device of its own and is reset, saved and loaded beside this one. */
export class VgaPci implements Device<VgaPciSpec>, Mmio {
  readonly spec: VgaPciSpec;
  readonly state: StateOf<VgaPciSpec>;
  readonly id: string;
  readonly pci: PciConfig;
  readonly #vga: Vga;

  /** `rom`: a video BIOS for the expansion ROM register. */
  constructor(id: string, vga: Vga, host: PciHost, rom?: Uint8Array) {
    this.id = id;
    this.#vga = vga;
    const { vram } = vga.state;
    const image = rom && paddedRom(rom);
    const layout = vgaLayout(vram.length, image?.length ?? 0);
    this.spec = vgaPciSpec(layout);
    this.state = create(this.spec);
    const targets: PciBarTarget[] = [
      { index: 0, mmio: vga, range: VGA_LFB, backing: vram },
      { index: 2, mmio: this },
    ];
    if (image) targets.push({ index: 6, mmio: romReader(image) });
    this.pci = new PciConfig(this.state.config, layout, host, targets);
  }

  reset(_kind: ResetKind): void {
    resetState(this.spec, this.state);
    this.pci.apply();
  }

  postLoad(): void {
    this.pci.apply();
  }

  /** Physical address of the linear frame buffer while it is decoded, or -1. */
  get lfbBase(): number {
    return this.pci.barBase(0);
  }

  mmioRead(range: number, offset: number, width: IoWidth): number {
    if (width === 4) return (this.mmioRead(range, offset, 2) | (this.mmioRead(range, offset + 2, 2) << 16)) >>> 0;
    if (inside(VGA_REGISTERS, offset, width)) return this.#vga.ioRead(VGA_PORTS, offset - VGA_REGISTERS.at, width);
    if (inside(DISPI_REGISTERS, offset, width)) {
      const word = this.#dispi(offset, () => this.#vga.ioRead(VGA_PORTS_DISPI, 1, 2));
      return width === 2 ? word : (word >> ((offset & 1) * 8)) & 0xff;
    }
    if (inside(EXTENDED_REGISTERS, offset, width)) {
      const at = offset - EXTENDED_REGISTERS.at;
      const register = at < EXTENDED_ENDIAN ? EXTENDED_REGISTERS.size : LITTLE_ENDIAN;
      return (register >>> ((at & 3) * 8)) & (width === 2 ? 0xffff : 0xff);
    }
    return 0;
  }

  mmioWrite(range: number, offset: number, width: IoWidth, value: number): void {
    if (width === 4) {
      this.mmioWrite(range, offset, 2, value & 0xffff);
      this.mmioWrite(range, offset + 2, 2, value >>> 16);
    } else if (inside(VGA_REGISTERS, offset, width)) {
      this.#vga.ioWrite(VGA_PORTS, offset - VGA_REGISTERS.at, width, value);
    } else if (inside(DISPI_REGISTERS, offset, width) && width === 2) {
      this.#dispi(offset, () => this.#vga.ioWrite(VGA_PORTS_DISPI, 1, 2, value));
    }
  }

  /** An access to the register at `offset` that leaves the index which the ports selected as it was. */
  #dispi<T>(offset: number, access: () => T): T {
    const { state } = this.#vga;
    const index = state.dispiIndex;
    state.dispiIndex = (offset - DISPI_REGISTERS.at) >> 1;
    const result = access();
    state.dispiIndex = index;
    return result;
  }
}

interface Registers {
  readonly at: number;
  readonly size: number;
}

const inside = ({ at, size }: Registers, offset: number, width: number): boolean =>
  offset >= at && offset + width <= at + size;

/** ROM registers decode powers of two from 4 KiB up. */
function paddedRom(rom: Uint8Array): Uint8Array {
  let size = 4096;
  while (size < rom.length) size *= 2;
  const image = new Uint8Array(size).fill(0xff);
  image.set(rom);
  return image;
}

function romReader(image: Uint8Array): Mmio {
  return {
    mmioRead(_range, offset, width) {
      let value = 0;
      for (let i = 0; i < width; i++) value |= image[offset + i] << (i * 8);
      return value >>> 0;
    },
    mmioWrite() {},
  };
}
