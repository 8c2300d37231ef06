/** Virtio entropy device. VIRTIO 1.2, section 5.4. */
import type { Entropy } from '../../backends/index.ts';
import type { Device, DmaMemory } from '../../bus/index.ts';
import { create, defineState, resetState, type StateOf } from '../../state/index.ts';
import type { PciConfig, PciHost } from '../pci/index.ts';
import { VirtioPci, type VirtioModel } from './virtio-pci.ts';
import { virtioFields, virtioLayout } from './virtio-state.ts';
import { chainBytes, type VirtQueue } from './virtqueue.ts';

const layout = virtioLayout({ type: 4, transitionalId: 0x1005, classCode: 0x00ff00 });
const QUEUE_SIZE = 64;
/** A request is answered with at most this; the standard lets a device give less than was asked for. */
const MAX_BYTES = 4096;

export const VIRTIO_RNG = defineState({ name: 'virtio-rng', version: 1, fields: virtioFields(layout, 1) });

export class VirtioRng implements Device<typeof VIRTIO_RNG>, VirtioModel {
  readonly spec = VIRTIO_RNG;
  readonly state: StateOf<typeof VIRTIO_RNG> = create(VIRTIO_RNG);
  readonly id: string;
  readonly features = 0;
  readonly queueSizes = [QUEUE_SIZE];
  readonly configBytes = 0;
  /** Ports and memory of the function. */
  readonly transport: VirtioPci;
  readonly #entropy: Entropy;

  constructor(id: string, host: PciHost, memory: DmaMemory, entropy: Entropy) {
    this.id = id;
    this.#entropy = entropy;
    this.transport = new VirtioPci(this.state, layout, this, host, memory);
  }

  get pci(): PciConfig {
    return this.transport.pci;
  }

  reset(): void {
    resetState(VIRTIO_RNG, this.state);
    this.transport.reset();
  }
  postLoad(): void {
    this.transport.postLoad();
  }

  configRead(): number {
    return 0;
  }
  configWrite(): void {}
  deviceReset(): void {}

  notified(_index: number, queue: VirtQueue): void {
    let used = false;
    for (let turn = 0; turn < QUEUE_SIZE; turn++) {
      const chain = queue.pop();
      if (!chain) break;
      const bytes = new Uint8Array(Math.min(MAX_BYTES, chainBytes(chain.writable)));
      this.#entropy.fill(bytes);
      queue.push(chain, queue.write(chain, 0, bytes));
      used = true;
    }
    if (used) this.transport.signal(queue);
  }
}
