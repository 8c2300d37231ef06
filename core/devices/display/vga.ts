/**
 * VGA with the Bochs VBE extension ("-vga std"). IBM PS/2 Hardware Interface Technical Reference, video subsystem;
 * FreeVGA; QEMU docs/specs/standard-vga. The PCI function wraps this class: it maps `vram` wherever its BAR lies.
 */
import type { Clock, DirtyRect, DisplaySource, Frame } from '../../backends/index.ts';
import { assert, Emitter, type Event } from '../../base/index.ts';
import {
  silentLog,
  type Device,
  type DeviceLog,
  type IoBus,
  type IoWidth,
  type Mmio,
  type PortIo,
  type ResetKind,
} from '../../bus/index.ts';
import { create, resetState } from '../../state/index.ts';
import {
  DISPI_8BIT_DAC,
  DISPI_ENABLE,
  DISPI_ID,
  dispiIsOn,
  dispiRead,
  dispiWrite,
  fitDispi,
  isDispiRevision,
} from './vga-dispi.ts';
import { VgaChanges } from './vga-dirty.ts';
import { VgaMemory, type DirectWindow } from './vga-memory.ts';
import { vgaSpec, VRAM_PAGE_SIZE, type VramUsage, type VgaSpec, type VgaState } from './vga-state.ts';
import { beamAt, retracesBegun, vgaTiming, type VgaTiming } from './vga-timing.ts';
import { VgaRenderer } from './renderer.ts';

/** Port ranges. 3BCh-3BFh, between the first two, belong to the parallel port. */
export const VGA_PORTS_MONO = 0;
export const VGA_PORTS = 1;
export const VGA_PORTS_DISPI = 2;
const PORT_BASE = [0x3b0, 0x3c0, 0x1ce];

/** Memory ranges: the window at A0000h-BFFFFh, and the linear framebuffer wherever a board puts it. */
export const VGA_WINDOW = 0;
export const VGA_LFB = 1;
export const VGA_WINDOW_BASE = 0xa0000;
export const VGA_WINDOW_SIZE = 0x20000;

// Bits that exist; the rest read as 0.
const SEQ_MASK = [0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0x00, 0x00, 0xff];
const GC_MASK = [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff];
const CRTC_COUNT = 25;

export class Vga implements Device<VgaSpec>, PortIo, Mmio, DisplaySource {
  readonly id: string;
  readonly spec: VgaSpec;
  readonly state: VgaState;
  readonly #clock: Clock;
  readonly #log: DeviceLog;
  readonly #changes: VgaChanges;
  readonly #memory: VgaMemory;
  readonly #renderer: VgaRenderer;
  readonly #directWindowChanged = new Emitter<void>();
  #timing: VgaTiming;

  /** Whoever may write to VRAM (a machine that begins to run, too) says so here. */
  readonly usage: VramUsage = { untouched: true };
  /** False until the first reset: VRAM is given as zeros, and 16 MiB are not touched for nothing. */
  #used = false;

  /**
   * `vram` may be backed by shared memory; 4-byte aligned, a power of two from 256 KiB up. Its contents are left as
   * they are until a reset of kind `power`.
   */
  constructor(id: string, vram: Uint8Array, clock: Clock, log: DeviceLog = silentLog) {
    const size = vram.length;
    assert(size >= 0x40000 && (size & (size - 1)) === 0, 'VRAM is a power of two of at least 256 KiB');
    assert(vram.byteOffset % 4 === 0, 'VRAM is aligned to 4 bytes');
    this.id = id;
    this.spec = vgaSpec(vram, this.usage);
    this.state = create(this.spec);
    this.#clock = clock;
    this.#log = log;
    this.#changes = new VgaChanges(size);
    this.#memory = new VgaMemory(this.state, this.#changes);
    this.#timing = vgaTiming(this.state);
    this.#renderer = new VgaRenderer(this.state, this.#changes, clock);
  }

  mapPorts(bus: IoBus): void {
    bus.map({ base: 0x3b0, size: 12, device: this, range: VGA_PORTS_MONO, maxWidth: 2 });
    bus.map({ base: 0x3c0, size: 32, device: this, range: VGA_PORTS, maxWidth: 2 });
    bus.map({ base: 0x1ce, size: 4, device: this, range: VGA_PORTS_DISPI, maxWidth: 2 });
  }

  reset(kind: ResetKind): void {
    resetState(this.spec, this.state);
    if (kind === 'power' && this.#used) {
      this.usage.untouched = false;
      this.state.vram.fill(0);
    }
    this.#used = true;
    this.postLoad();
  }

  postLoad(): void {
    const { state } = this;
    // A saved state may hold what the ports would never have let in.
    state.dacComponent %= 3;
    if (dispiIsOn(state.dispi)) fitDispi(state.dispi, state.vram.length);
    this.#timing = vgaTiming(state);
    this.#changes.markAll();
    this.#updateMemory();
  }

  // ---- memory

  mmioRead(range: number, offset: number, width: IoWidth): number {
    return range === VGA_WINDOW ? this.#memory.read(offset, width) : this.#memory.readLinear(offset, width);
  }

  mmioWrite(range: number, offset: number, width: IoWidth, value: number): void {
    this.usage.untouched = false;
    if (range === VGA_WINDOW) this.#memory.write(offset, width, value);
    else this.#memory.writeLinear(offset, width, value);
  }

  /**
   * The part of the window that is plain memory at the moment, so that a board may map it into the processor's address
   * space; it then reports what was written by markDirty. Undefined while accesses must come through mmioRead/mmioWrite.
   */
  directWindow(): DirectWindow | undefined {
    return this.#memory.direct;
  }

  get onDirectWindowChange(): Event<void> {
    return this.#directWindowChanged.event;
  }

  /** VRAM bytes `start` to `end` - 1 were written other than through this device. */
  markDirty(start: number, end: number): void {
    this.usage.untouched = false;
    this.#changes.markRange(start, end);
  }

  #updateMemory(): void {
    if (this.#memory.update()) this.#directWindowChanged.fire();
  }

  // ---- display

  refresh(): readonly DirtyRect[] {
    return this.#renderer.refresh();
  }

  get frame(): Frame {
    return this.#renderer.frame;
  }

  text(): readonly string[] | undefined {
    return this.#renderer.text();
  }

  // ---- ports

  ioRead(range: number, offset: number, width: IoWidth): number {
    if (range === VGA_PORTS_DISPI) return this.#dispiIn(offset, width);
    const port = PORT_BASE[range] + offset;
    let value = 0;
    for (let i = 0; i < width; i++) value |= this.#in(port + i) << (i * 8);
    return value >>> 0;
  }

  ioWrite(range: number, offset: number, width: IoWidth, value: number): void {
    if (range === VGA_PORTS_DISPI) {
      this.#dispiOut(offset, width, value);
      return;
    }
    const port = PORT_BASE[range] + offset;
    for (let i = 0; i < width; i++) this.#out(port + i, (value >>> (i * 8)) & 0xff);
  }

  /** The CRTC, Input Status 1 and Feature Control answer at 3Bxh or 3Dxh, as Miscellaneous Output bit 0 says. */
  #relocated(port: number): boolean {
    return port >= 0x3d0 === ((this.state.misc & 1) !== 0);
  }

  #in(port: number): number {
    const { state } = this;
    switch (port) {
      case 0x3c0:
        return state.acIndex;
      case 0x3c1:
        return (state.acIndex & 0x1f) < state.ac.length ? state.ac[state.acIndex & 0x1f] : 0;
      case 0x3c2:
        return this.#inputStatus0();
      case 0x3c3:
        return state.enable;
      case 0x3c4:
        return state.seqIndex;
      case 0x3c5:
        return state.seqIndex < state.seq.length ? state.seq[state.seqIndex] : 0;
      case 0x3c6:
        return state.dacMask;
      case 0x3c7:
        return state.dacReading ? 3 : 0;
      case 0x3c8:
        return state.dacWriteIndex;
      case 0x3c9:
        return this.#dacIn();
      case 0x3ca:
        return state.featureControl;
      case 0x3cc:
        return state.misc;
      case 0x3ce:
        return state.gcIndex;
      case 0x3cf:
        return state.gcIndex < state.gc.length ? state.gc[state.gcIndex] : 0;
    }
    if (port < 0x3d0 && port >= 0x3c0) return 0xff;
    if (!this.#relocated(port)) return 0xff;
    switch (port & 0xf) {
      case 0x4:
        return state.crtcIndex;
      case 0x5:
        return this.#crtcIn();
      case 0xa:
        return this.#inputStatus1();
    }
    return 0xff;
  }

  #out(port: number, value: number): void {
    const { state } = this;
    switch (port) {
      case 0x3c0:
        this.#attributeOut(value);
        return;
      case 0x3c2:
        state.misc = value;
        this.#layoutChanged();
        this.#updateMemory();
        return;
      case 0x3c3:
        state.enable = value & 1;
        return;
      case 0x3c4:
        state.seqIndex = value & 0x1f;
        return;
      case 0x3c5:
        this.#sequencerOut(state.seqIndex, value);
        return;
      case 0x3c6:
        if (state.dacMask !== value) this.#changes.palette = true;
        state.dacMask = value;
        return;
      case 0x3c7:
        state.dacReadIndex = value;
        state.dacReading = true;
        state.dacComponent = 0;
        return;
      case 0x3c8:
        state.dacWriteIndex = value;
        state.dacReading = false;
        state.dacComponent = 0;
        return;
      case 0x3c9:
        this.#dacOut(value);
        return;
      case 0x3ce:
        state.gcIndex = value & 0x0f;
        return;
      case 0x3cf:
        this.#graphicsOut(state.gcIndex, value);
        return;
    }
    if (port >= 0x3c0 && port < 0x3d0) return;
    if (!this.#relocated(port)) return;
    switch (port & 0xf) {
      case 0x4:
        state.crtcIndex = value;
        return;
      case 0x5:
        this.#crtcOut(state.crtcIndex, value);
        return;
      case 0xa:
        state.featureControl = value;
        return;
    }
  }

  #layoutChanged(): void {
    this.#changes.layout = true;
    this.#timing = vgaTiming(this.state);
  }

  #sequencerOut(index: number, value: number): void {
    const { seq } = this.state;
    if (index >= seq.length) return;
    const kept = value & SEQ_MASK[index];
    if (seq[index] === kept) return;
    seq[index] = kept;
    if (index === 1 || index === 3) this.#layoutChanged();
    else if (index === 2 || index === 4) this.#updateMemory();
  }

  #graphicsOut(index: number, value: number): void {
    const { gc } = this.state;
    if (index >= gc.length) return;
    const kept = value & GC_MASK[index];
    const changed = gc[index] ^ kept;
    if (changed === 0) return;
    gc[index] = kept;
    // Of these registers the picture depends on the shift mode and on text or graphics alone.
    if ((index === 5 && changed & 0x60) || (index === 6 && changed & 1)) this.#changes.layout = true;
    if (index !== 2 && index !== 4 && index !== 7) this.#updateMemory();
  }

  #attributeOut(value: number): void {
    const { state } = this;
    const index = state.acIndex & 0x1f;
    if (!state.acData) {
      if ((state.acIndex ^ value) & 0x20) this.#changes.layout = true;
      state.acIndex = value & 0x3f;
    } else if (index < state.ac.length) {
      const kept =
        index < 0x10 || index === 0x12 ? value & 0x3f : index === 0x13 || index === 0x14 ? value & 0x0f : value;
      if (state.ac[index] !== kept) {
        state.ac[index] = kept;
        if (index === 0x13 || index === 0x10) this.#changes.layout = true;
        this.#changes.palette = true;
      }
    }
    state.acData = !state.acData;
  }

  #crtcIn(): number {
    const { state } = this;
    const index = state.crtcIndex;
    if (index < CRTC_COUNT) return state.crtc[index];
    if (index === 0x22) return (state.latch >>> ((state.gc[4] & 3) * 8)) & 0xff;
    if (index === 0x24) return state.acData ? 0x80 : 0;
    return 0;
  }

  #crtcOut(index: number, value: number): void {
    const { crtc } = this.state;
    if (index >= CRTC_COUNT) return;
    let kept = value;
    if (crtc[0x11] & 0x80 && index < 8) {
      // Protected, all but bit 8 of Line Compare.
      if (index !== 7) return;
      kept = (crtc[7] & ~0x10) | (value & 0x10);
    }
    if (index === 0x11 && value & 0x10 && !(crtc[0x11] & 0x10)) this.state.retraceArmedNs = this.#clock.nowNs;
    if (crtc[index] === kept) return;
    crtc[index] = kept;
    // The cursor's place and shape are looked at in every refresh.
    if (index !== 0x0a && index !== 0x0b && index !== 0x0e && index !== 0x0f) this.#layoutChanged();
  }

  /** Bit 7: a retrace began since CR11 bit 4 armed the latch. Bit 4: switch sense, as a colour monitor drives it. */
  #inputStatus0(): number {
    const { state } = this;
    const armed = (state.crtc[0x11] & 0x10) !== 0;
    const pending =
      armed && retracesBegun(this.#timing, this.#clock.nowNs) > retracesBegun(this.#timing, state.retraceArmedNs);
    return 0x10 | (pending ? 0x80 : 0);
  }

  #inputStatus1(): number {
    this.state.acData = false;
    const beam = beamAt(this.#timing, this.#clock.nowNs);
    return (beam.displayEnabled && !beam.verticalRetrace ? 0 : 0x01) | (beam.verticalRetrace ? 0x08 : 0);
  }

  #dacIn(): number {
    const { state } = this;
    const value = state.dac[state.dacReadIndex * 3 + state.dacComponent];
    if (++state.dacComponent === 3) {
      state.dacComponent = 0;
      state.dacReadIndex = (state.dacReadIndex + 1) & 0xff;
    }
    return value;
  }

  /** An entry changes when its third component arrives. */
  #dacOut(value: number): void {
    const { state } = this;
    const wide = (state.dispi[DISPI_ENABLE] & DISPI_8BIT_DAC) !== 0;
    state.dacLatch[state.dacComponent] = wide ? value : value & 0x3f;
    if (++state.dacComponent < 3) return;
    state.dacComponent = 0;
    state.dac.set(state.dacLatch, state.dacWriteIndex * 3);
    state.dacWriteIndex = (state.dacWriteIndex + 1) & 0xff;
    this.#changes.palette = true;
  }

  #dispiIn(offset: number, width: IoWidth): number {
    if (width === 1) {
      this.#log.unimplemented(this.id, 'byte access to the VBE dispi ports');
      return 0xff;
    }
    const { state } = this;
    if (offset === 0) return state.dispiIndex;
    if (state.dispiIndex === DISPI_ID) return state.dispiId;
    return dispiRead(state.dispi, state.dispiIndex, state.vram.length);
  }

  #dispiOut(offset: number, width: IoWidth, value: number): void {
    if (width === 1) {
      this.#log.unimplemented(this.id, 'byte access to the VBE dispi ports');
      return;
    }
    const { state } = this;
    if (offset === 0) {
      state.dispiIndex = value;
      return;
    }
    if (state.dispiIndex === DISPI_ID) {
      if (isDispiRevision(value)) state.dispiId = value;
      return;
    }
    const effect = dispiWrite(state.dispi, state.dispiIndex, value, state.vram.length);
    if (effect.clearBytes > 0) {
      state.vram.fill(0, 0, effect.clearBytes);
      this.#changes.markRange(0, Math.ceil(effect.clearBytes / VRAM_PAGE_SIZE) * VRAM_PAGE_SIZE);
    }
    if (effect.dac8 !== undefined) {
      // The colours stay what they were; only their scale changes.
      for (let i = 0; i < state.dac.length; i++) state.dac[i] = effect.dac8 ? state.dac[i] << 2 : state.dac[i] >> 2;
      this.#changes.palette = true;
    }
    this.#changes.layout = true;
    this.#updateMemory();
  }
}
