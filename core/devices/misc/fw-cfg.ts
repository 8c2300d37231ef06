/**
 * QEMU's firmware configuration device: named blobs for a firmware. QEMU docs/specs/fw_cfg. Contents are read-only: a
 * DMA write is answered with an error, a write to the data port is ignored, as QEMU has it since version 2.4.
 */
import type { Device, DmaMemory, IoBus, IoWidth, PortIo } from '../../bus/index.ts';
import { assert } from '../../base/index.ts';
import { create, defineState, resetState, u16, u32, type StateOf } from '../../state/index.ts';

export const FW_CFG = defineState({
  name: 'fw-cfg',
  version: 1,
  fields: {
    selector: u16({ doc: 'Item that the data port reads' }),
    offset: u32({ doc: 'Next byte of it' }),
    dmaHigh: u32({ doc: 'DMA address, bits 32 to 63' }),
    dmaLow: u32({ doc: 'DMA address, bits 0 to 31' }),
  },
});

/** Fixed selectors. Numbers are little-endian. */
export const FW_CFG_ITEM = {
  SIGNATURE: 0x00,
  ID: 0x01,
  UUID: 0x02,
  RAM_SIZE: 0x03,
  NOGRAPHIC: 0x04,
  NB_CPUS: 0x05,
  KERNEL_ADDR: 0x07,
  KERNEL_SIZE: 0x08,
  INITRD_ADDR: 0x0a,
  INITRD_SIZE: 0x0b,
  BOOT_MENU: 0x0e,
  MAX_CPUS: 0x0f,
  KERNEL_DATA: 0x11,
  INITRD_DATA: 0x12,
  CMDLINE_ADDR: 0x13,
  CMDLINE_SIZE: 0x14,
  CMDLINE_DATA: 0x15,
  SETUP_ADDR: 0x16,
  SETUP_SIZE: 0x17,
  SETUP_DATA: 0x18,
  FILE_DIR: 0x19,
  /** One byte, 1: the timer's IRQ0 is at input 2 of the I/O APIC, which SeaBIOS then writes into its tables. */
  IRQ0_OVERRIDE: 0x8002,
} as const;
const FILE_FIRST = 0x20;
const FILE_NAME_BYTES = 56;
const ID_TRADITIONAL = 1;
const ID_DMA = 2;
const DMA = { ERROR: 0x01, READ: 0x02, SKIP: 0x04, SELECT: 0x08, WRITE: 0x10 } as const;
/** Beyond an item's end there are zeros; a guest that asks for gigabytes of them gets these many. */
const MAX_ZERO_BYTES = 0x100000;
const ZEROS = new Uint8Array(0x10000);
const DMA_SIGNATURE = Uint8Array.from('QEMU CFG', (c) => c.charCodeAt(0));

export const FW_CFG_RANGE = { SELECT: 0, DMA: 1 } as const;

export interface FwCfgFile {
  /** "etc/e820", at most 55 characters. */
  readonly name: string;
  readonly data: Uint8Array;
}

/** Ranges: SELECT two ports at 510h (width 2), DMA eight at 514h (width 4). */
export class FwCfg implements Device<typeof FW_CFG>, PortIo {
  readonly spec = FW_CFG;
  readonly state: StateOf<typeof FW_CFG> = create(FW_CFG);
  readonly id: string;
  readonly #memory: DmaMemory;
  readonly #items = new Map<number, Uint8Array>();

  /** `items`: by fixed selector, signature, ID and directory excepted. */
  constructor(id: string, memory: DmaMemory, items: ReadonlyMap<number, Uint8Array>, files: readonly FwCfgFile[]) {
    this.id = id;
    this.#memory = memory;
    for (const [selector, data] of items) this.#items.set(selector, data);
    this.#items.set(
      FW_CFG_ITEM.SIGNATURE,
      Uint8Array.from('QEMU', (c) => c.charCodeAt(0)),
    );
    this.#items.set(FW_CFG_ITEM.ID, Uint8Array.of(ID_TRADITIONAL | ID_DMA, 0, 0, 0));
    const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
    sorted.forEach((file, i) => this.#items.set(FILE_FIRST + i, file.data));
    this.#items.set(FW_CFG_ITEM.FILE_DIR, directory(sorted));
  }

  mapPorts(bus: IoBus): void {
    bus.map({ base: 0x510, size: 2, device: this, range: FW_CFG_RANGE.SELECT, maxWidth: 2 });
    bus.map({ base: 0x514, size: 8, device: this, range: FW_CFG_RANGE.DMA, maxWidth: 4 });
  }

  reset(): void {
    resetState(FW_CFG, this.state);
  }

  ioRead(range: number, offset: number, width: IoWidth): number {
    let value = 0;
    for (let i = 0; i < width; i++) {
      const byte = range === FW_CFG_RANGE.DMA ? (DMA_SIGNATURE[offset + i] ?? 0) : offset + i === 1 ? this.#next() : 0;
      value |= byte << (i * 8);
    }
    return value >>> 0;
  }

  ioWrite(range: number, offset: number, width: IoWidth, value: number): void {
    if (range === FW_CFG_RANGE.SELECT) {
      if (offset === 0 && width === 2) this.#select(value);
    } else if (width === 4 && offset === 0) this.state.dmaHigh = swap32(value);
    else if (width === 4 && offset === 4) {
      this.state.dmaLow = swap32(value);
      this.#dma();
    }
  }

  #select(selector: number): void {
    this.state.selector = selector & 0xffff;
    this.state.offset = 0;
  }

  get #item(): Uint8Array {
    return this.#items.get(this.state.selector) ?? new Uint8Array(0);
  }

  #next(): number {
    const item = this.#item;
    return this.state.offset < item.length ? item[this.state.offset++] : 0;
  }

  /** Descriptor: control, length, address (64 bits), all big-endian. */
  #dma(): void {
    const { state } = this;
    const at = state.dmaLow;
    const reachable = state.dmaHigh === 0;
    state.dmaHigh = 0;
    state.dmaLow = 0;
    if (!reachable) return;
    const raw = new Uint8Array(16);
    this.#memory.dmaRead(at, raw);
    const descriptor = new DataView(raw.buffer);
    const control = descriptor.getUint32(0);
    if (control & DMA.SELECT) this.#select(control >>> 16);
    const failed = !this.#transfer(control, descriptor.getUint32(4), descriptor.getUint32(8), descriptor.getUint32(12));
    this.#memory.dmaWrite(at, Uint8Array.of(0, 0, 0, failed ? DMA.ERROR : 0));
  }

  #transfer(control: number, length: number, addressHigh: number, address: number): boolean {
    const { state } = this;
    const item = this.#item;
    const present = Math.min(length, Math.max(0, item.length - state.offset));
    if (control & DMA.READ) {
      if (addressHigh !== 0) return false;
      this.#memory.dmaWrite(address, item.subarray(state.offset, state.offset + present));
      const end = Math.min(length, present + MAX_ZERO_BYTES);
      for (let done = present; done < end; done += ZEROS.length)
        this.#memory.dmaWrite((address + done) >>> 0, ZEROS.subarray(0, end - done));
    } else if (control & DMA.WRITE) return false;
    else if (!(control & DMA.SKIP)) return true;
    state.offset += present;
    return true;
  }
}

function directory(files: readonly FwCfgFile[]): Uint8Array {
  const entryBytes = 8 + FILE_NAME_BYTES;
  const out = new Uint8Array(4 + files.length * entryBytes);
  const view = new DataView(out.buffer);
  view.setUint32(0, files.length);
  files.forEach((file, i) => {
    assert(file.name.length < FILE_NAME_BYTES, `fw_cfg file name ${file.name} is too long`);
    const at = 4 + i * entryBytes;
    view.setUint32(at, file.data.length);
    view.setUint16(at + 4, FILE_FIRST + i);
    for (let c = 0; c < file.name.length; c++) out[at + 8 + c] = file.name.charCodeAt(c);
  });
  return out;
}

/** The DMA registers are big-endian on a little-endian bus. */
const swap32 = (value: number): number =>
  (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
