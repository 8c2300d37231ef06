/** Traditional virtio memory balloon. VIRTIO 1.2, section 5.5. Without the statistics queue. */
import type { Device, DmaMemory } from '../../bus/index.ts';
import { create, defineState, resetState, u32, type StateOf } from '../../state/index.ts';
import type { PciConfig, PciHost } from '../pci/index.ts';
import { VirtioPci, type VirtioModel } from './virtio-pci.ts';
import { virtioFields, virtioLayout } from './virtio-state.ts';
import { chainBytes, type VirtQueue } from './virtqueue.ts';

const layout = virtioLayout({ type: 5, transitionalId: 0x1002, classCode: 0x00ff00 });
const QUEUE_SIZE = 128;
const INFLATE = 0;
/** The unit of the protocol, whatever the guest's pages are. */
export const BALLOON_PAGE_BYTES = 4096;
/** Page numbers of one buffer that are read; drivers give 256 at a time. */
const MAX_PAGES = 4096;

export const VIRTIO_BALLOON = defineState({
  name: 'virtio-balloon',
  version: 1,
  fields: {
    ...virtioFields(layout, 2),
    target: u32({ doc: 'Pages that the host wants' }),
    actual: u32({ doc: 'Pages that the guest says it gave' }),
  },
});

export interface BalloonConfig {
  /** Pages that the guest is asked for from power-on. Default 0. */
  readonly targetPages?: number;
  /** The guest does not use this page any more and expects nothing of what it holds. */
  given(physAddr: number): void;
}

export class VirtioBalloon implements Device<typeof VIRTIO_BALLOON>, VirtioModel {
  readonly spec = VIRTIO_BALLOON;
  readonly state: StateOf<typeof VIRTIO_BALLOON> = create(VIRTIO_BALLOON);
  readonly id: string;
  readonly features = 0;
  readonly queueSizes = [QUEUE_SIZE, QUEUE_SIZE];
  readonly configBytes = 8;
  readonly transport: VirtioPci;
  readonly #config: BalloonConfig;

  constructor(id: string, host: PciHost, memory: DmaMemory, config: BalloonConfig) {
    this.id = id;
    this.#config = config;
    this.transport = new VirtioPci(this.state, layout, this, host, memory);
  }

  get pci(): PciConfig {
    return this.transport.pci;
  }

  reset(): void {
    resetState(VIRTIO_BALLOON, this.state);
    this.state.target = this.#config.targetPages ?? 0;
    this.transport.reset();
  }
  postLoad(): void {
    this.transport.postLoad();
  }

  /** Pages that the guest is asked to give up. */
  setTarget(pages: number): void {
    if (this.state.target === pages) return;
    this.state.target = pages;
    this.transport.configChanged();
  }

  configRead(offset: number): number {
    const { target, actual } = this.state;
    return ((offset < 4 ? target : actual) >>> ((offset & 3) * 8)) & 0xff;
  }

  configWrite(offset: number, value: number): void {
    if (offset < 4) return;
    const shift = (offset & 3) * 8;
    this.state.actual = ((this.state.actual & ~(0xff << shift)) | (value << shift)) >>> 0;
  }

  deviceReset(): void {
    this.state.actual = 0;
  }

  notified(index: number, queue: VirtQueue): void {
    let used = false;
    for (let turn = 0; turn < QUEUE_SIZE; turn++) {
      const chain = queue.pop();
      if (!chain) break;
      if (index === INFLATE) {
        const bytes = new Uint8Array(Math.min(MAX_PAGES * 4, chainBytes(chain.readable)) & ~3);
        queue.read(chain, 0, bytes);
        const pages = new DataView(bytes.buffer);
        for (let at = 0; at < bytes.length; at += 4) this.#give(pages.getUint32(at, true));
      }
      queue.push(chain, 0);
      used = true;
    }
    if (used) this.transport.signal(queue);
  }

  #give(page: number): void {
    const physAddr = page * BALLOON_PAGE_BYTES;
    if (physAddr < 0x100000000) this.#config.given(physAddr);
  }
}
