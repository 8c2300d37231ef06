/**
 * The virtio PCI transport of a transitional device: modern registers in memory, legacy ones in ports. VIRTIO 1.2,
 * section 4.1, with 4.1.4.10 for the legacy interface. Interrupts by INTA#; no MSI-X.
 */
import type { DmaMemory, IoWidth, Mmio, PortIo } from '../../bus/index.ts';
import { PciConfig, type PciHost, type PciLayout } from '../pci/index.ts';
import {
  FEATURE_ANY_LAYOUT,
  FEATURE_INDIRECT,
  FEATURE_VERSION_1_HIGH,
  ISR,
  LEGACY_BAR,
  MODERN,
  MODERN_BAR,
  MODERN_BAR_BYTES,
  NOTIFY_MULTIPLIER,
  PCI_WINDOW,
  STATUS,
  type VirtioState,
} from './virtio-state.ts';
import { QueueError, VirtQueue } from './virtqueue.ts';

/** What stands behind the transport: a block device, a network card, an entropy source. */
export interface VirtioModel {
  /** Feature bits 0 to 23 of the device type. */
  readonly features: number;
  /** Largest size of each queue, powers of two. */
  readonly queueSizes: readonly number[];
  readonly configBytes: number;
  configRead(offset: number): number;
  configWrite(offset: number, value: number): void;
  /** The driver made buffers available. May throw QueueError. */
  notified(index: number, queue: VirtQueue): void;
  /** The driver reset the device: forget what was under way. */
  deviceReset(): void;
}

const NO_VECTOR = 0xffff;
const LEGACY_CONFIG = 0x14;
const LEGACY_PAGE_BYTES = 4096;

const COMMON_BYTES = 0x38;

export class VirtioPci implements PortIo, Mmio {
  readonly pci: PciConfig;
  readonly queues: readonly VirtQueue[];
  readonly #state: VirtioState;
  readonly #model: VirtioModel;

  constructor(state: VirtioState, layout: PciLayout, model: VirtioModel, host: PciHost, memory: DmaMemory) {
    this.#state = state;
    this.#model = model;
    this.queues = state.queues.map((queue) => new VirtQueue(queue, memory));
    this.pci = new PciConfig(state.config, layout, host, [
      { index: LEGACY_BAR, port: this },
      { index: MODERN_BAR, mmio: this },
    ]);
    this.pci.onRead = (offset, width) => this.#windowRead(offset, width);
    this.pci.onWrite = (offset, width) => this.#windowWrite(offset, width);
    this.#initialSizes();
  }

  /** After the owner has reset its state. */
  reset(): void {
    this.#initialSizes();
    this.pci.apply();
  }

  postLoad(): void {
    this.#state.queues.forEach((queue, i) => {
      // What a guest could not have set does not come in through a file.
      if (!isQueueSize(queue.size, this.#model.queueSizes[i])) queue.size = this.#model.queueSizes[i];
    });
    this.pci.apply();
  }

  /** Used buffers were put into a queue. */
  signal(queue: VirtQueue): void {
    if (queue.wantsInterrupt) this.#interrupt(ISR.QUEUE);
  }

  /** The device's configuration changed. */
  configChanged(): void {
    this.#state.generation = (this.#state.generation + 1) & 0xff;
    if (this.#state.status & STATUS.DRIVER_OK) this.#interrupt(ISR.CONFIG);
  }

  get ready(): boolean {
    return (this.#state.status & (STATUS.DRIVER_OK | STATUS.NEEDS_RESET)) === STATUS.DRIVER_OK;
  }

  /** Whether the driver took a feature, bits 0 to 31. */
  negotiated(bit: number): boolean {
    return (this.#state.driverLow & bit) !== 0;
  }

  // ---- common to both interfaces

  #initialSizes(): void {
    this.#state.queues.forEach((queue, i) => (queue.size = this.#model.queueSizes[i]));
  }

  #interrupt(bit: number): void {
    this.#state.isr |= bit;
    this.pci.setInterrupt(true);
  }

  #takeIsr(): number {
    const { isr } = this.#state;
    this.#state.isr = 0;
    this.pci.setInterrupt(false);
    return isr;
  }

  get #features(): number {
    return (this.#model.features | FEATURE_INDIRECT | FEATURE_ANY_LAYOUT) >>> 0;
  }

  #setStatus(value: number): void {
    const state = this.#state;
    if (value === 0) return this.#deviceReset();
    // The driver cannot take back what the device found wrong.
    state.status = (value & 0xff) | (state.status & STATUS.NEEDS_RESET);
    if (state.driverLow & ~this.#features || state.driverHigh & ~FEATURE_VERSION_1_HIGH)
      state.status &= ~STATUS.FEATURES_OK;
  }

  #deviceReset(): void {
    const state = this.#state;
    this.#takeIsr();
    state.status = 0;
    state.queueSelect = 0;
    state.driverLow = 0;
    state.driverHigh = 0;
    state.queues.forEach((queue, i) =>
      Object.assign(queue, {
        size: this.#model.queueSizes[i],
        enabled: false,
        desc: 0,
        avail: 0,
        used: 0,
        lastAvail: 0,
        usedIndex: 0,
      }),
    );
    this.#model.deviceReset();
  }

  #notify(index: number): void {
    const queue = this.queues[index];
    if (!queue || !this.ready || !this.pci.isBusMaster) return;
    try {
      this.#model.notified(index, queue);
    } catch (error) {
      if (!(error instanceof QueueError)) throw error;
      this.#state.status |= STATUS.NEEDS_RESET;
      this.#interrupt(ISR.CONFIG);
    }
  }

  #configRead(offset: number): number {
    return offset < this.#model.configBytes ? this.#model.configRead(offset) : 0;
  }

  #configWrite(offset: number, value: number): void {
    if (offset < this.#model.configBytes) this.#model.configWrite(offset, value);
  }

  // ---- legacy: ports

  ioRead(_range: number, offset: number, width: IoWidth): number {
    let value = 0;
    for (let i = 0; i < width; i++) value |= this.#legacyRead(offset + i) << (i * 8);
    return value >>> 0;
  }

  #legacyRead(offset: number): number {
    if (offset >= LEGACY_CONFIG) return this.#configRead(offset - LEGACY_CONFIG);
    const state = this.#state;
    const queue = state.queues[state.queueSelect];
    if (offset < 0x04) return byteOf(this.#features, offset);
    if (offset < 0x08) return byteOf(state.driverLow, offset - 0x04);
    if (offset < 0x0c) return queue?.enabled ? byteOf(Math.floor(queue.desc / LEGACY_PAGE_BYTES), offset - 0x08) : 0;
    if (offset < 0x0e) return byteOf(this.#model.queueSizes[state.queueSelect] ?? 0, offset - 0x0c);
    if (offset < 0x10) return byteOf(state.queueSelect, offset - 0x0e);
    if (offset === 0x12) return state.status;
    return offset === 0x13 ? this.#takeIsr() : 0;
  }

  ioWrite(_range: number, offset: number, width: IoWidth, value: number): void {
    const state = this.#state;
    if (offset >= LEGACY_CONFIG) {
      for (let i = 0; i < width; i++) this.#configWrite(offset - LEGACY_CONFIG + i, byteOf(value, i));
      return;
    }
    switch (offset) {
      case 0x04:
        if (width === 4) state.driverLow = (value & this.#features) >>> 0;
        return;
      case 0x08:
        if (width === 4) this.#legacyPlaceQueue(value >>> 0);
        return;
      case 0x0e:
        state.queueSelect = value & 0xffff;
        return;
      case 0x10:
        return this.#notify(value & 0xffff);
      case 0x12:
        return this.#setStatus(value & 0xff);
    }
  }

  /** The legacy rings follow each other: table, available ring, and the used ring on the next page. */
  #legacyPlaceQueue(page: number): void {
    const index = this.#state.queueSelect;
    const queue = this.#state.queues[index];
    if (!queue) return;
    if (page === 0) return this.#deviceReset();
    const size = this.#model.queueSizes[index];
    queue.size = size;
    queue.desc = (page * LEGACY_PAGE_BYTES) % 0x100000000;
    queue.avail = queue.desc + size * 16;
    const end = queue.avail + 6 + size * 2;
    queue.used = Math.ceil(end / LEGACY_PAGE_BYTES) * LEGACY_PAGE_BYTES;
    queue.enabled = true;
  }

  // ---- modern: memory

  mmioRead(_range: number, offset: number, width: IoWidth): number {
    let value = 0;
    for (let i = 0; i < width; i++) value |= this.#modernRead(offset + i) << (i * 8);
    return value >>> 0;
  }

  #modernRead(offset: number): number {
    const at = offset & (MODERN.PART_BYTES - 1);
    switch (offset & ~(MODERN.PART_BYTES - 1)) {
      case MODERN.COMMON:
        return at < COMMON_BYTES ? this.#commonRead(at) : 0;
      case MODERN.ISR:
        return at === 0 ? this.#takeIsr() : 0;
      case MODERN.DEVICE:
        return this.#configRead(at);
      default:
        return 0;
    }
  }

  #commonRead(at: number): number {
    const state = this.#state;
    const queue = state.queues[state.queueSelect];
    const low = at & 3;
    switch (at & ~3) {
      case 0x00:
        return byteOf(state.deviceSelect, low);
      case 0x04:
        return byteOf(pick(state.deviceSelect, this.#features, FEATURE_VERSION_1_HIGH), low);
      case 0x08:
        return byteOf(state.driverSelect, low);
      case 0x0c:
        return byteOf(pick(state.driverSelect, state.driverLow, state.driverHigh), low);
      case 0x10:
        return byteOf(NO_VECTOR | (state.queues.length << 16), low);
      case 0x14:
        return byteOf(state.status | (state.generation << 8) | (state.queueSelect << 16), low);
      case 0x18:
        return byteOf((queue?.size ?? 0) | (NO_VECTOR << 16), low);
      case 0x1c:
        return byteOf((queue?.enabled ? 1 : 0) | (state.queueSelect << 16), low);
    }
    const address = queue ? queue[RINGS[(at - 0x20) >> 3]] : 0;
    return byteOf(at & 4 ? Math.floor(address / 0x100000000) : address % 0x100000000, low);
  }

  mmioWrite(_range: number, offset: number, width: IoWidth, value: number): void {
    const at = offset & (MODERN.PART_BYTES - 1);
    switch (offset & ~(MODERN.PART_BYTES - 1)) {
      case MODERN.COMMON:
        this.#commonWrite(at, width, value);
        return;
      case MODERN.DEVICE:
        for (let i = 0; i < width; i++) this.#configWrite(at + i, byteOf(value, i));
        return;
      case MODERN.NOTIFY:
        if (at % NOTIFY_MULTIPLIER === 0) this.#notify(at / NOTIFY_MULTIPLIER);
    }
  }

  /** Each field by an access of its own width, 64-bit ones in halves (section 4.1.3.1). */
  #commonWrite(at: number, width: IoWidth, value: number): void {
    const state = this.#state;
    const queue = state.queues[state.queueSelect];
    switch (at) {
      case 0x00:
        if (width === 4) state.deviceSelect = value;
        return;
      case 0x08:
        if (width === 4) state.driverSelect = value;
        return;
      case 0x0c:
        if (width !== 4 || state.status & STATUS.FEATURES_OK) return;
        if (state.driverSelect === 0) state.driverLow = value;
        else if (state.driverSelect === 1) state.driverHigh = value;
        return;
      case 0x14:
        return this.#setStatus(value & 0xff);
      case 0x16:
        state.queueSelect = value & 0xffff;
        return;
      case 0x18:
        if (queue && !queue.enabled && isQueueSize(value, this.#model.queueSizes[state.queueSelect]))
          queue.size = value;
        return;
      case 0x1c:
        if (queue && value === 1) queue.enabled = true;
        return;
    }
    if (at < 0x20 || at >= COMMON_BYTES || width !== 4 || !queue || queue.enabled) return;
    const ring = RINGS[(at - 0x20) >> 3];
    // Nothing lies above 4 GiB: the high half is taken as written and leads nowhere.
    const [low, high] = [queue[ring] % 0x100000000, Math.floor(queue[ring] / 0x100000000)];
    queue[ring] = at & 4 ? low + (value & 0x1fffff) * 0x100000000 : value + high * 0x100000000;
  }

  // ---- the window in configuration space

  #window(offset: number, width: IoWidth): { at: number; size: IoWidth } | undefined {
    if (offset >= PCI_WINDOW.DATA + 4 || offset + width <= PCI_WINDOW.DATA) return undefined;
    const size = this.pci.read32(PCI_WINDOW.LENGTH);
    const at = this.pci.read32(PCI_WINDOW.OFFSET);
    if (this.pci.read8(PCI_WINDOW.BAR) !== MODERN_BAR || (size !== 1 && size !== 2 && size !== 4)) return undefined;
    return at % size === 0 && at + size <= MODERN_BAR_BYTES ? { at, size } : undefined;
  }

  #windowRead(offset: number, width: IoWidth): void {
    const window = this.#window(offset, width);
    if (!window) return;
    const value = this.mmioRead(0, window.at, window.size);
    for (let i = 0; i < 4; i++) this.pci.bytes[PCI_WINDOW.DATA + i] = byteOf(value, i);
  }

  #windowWrite(offset: number, width: IoWidth): void {
    const window = this.#window(offset, width);
    if (!window) return;
    const value = this.pci.read32(PCI_WINDOW.DATA);
    this.mmioWrite(0, window.at, window.size, window.size === 4 ? value : value & (2 ** (8 * window.size) - 1));
  }
}

const RINGS = ['desc', 'avail', 'used'] as const;
const byteOf = (value: number, index: number): number => (value >>> (index * 8)) & 0xff;
const pick = (select: number, low: number, high: number): number => (select === 0 ? low : select === 1 ? high : 0);
const isQueueSize = (size: number, largest: number): boolean =>
  size > 0 && size <= largest && (size & (size - 1)) === 0;
