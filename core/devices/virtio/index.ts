/** Virtio parts: the split queue, the PCI transport, and the devices behind it. */
export * from './virtio-balloon.ts';
export * from './virtio-pci.ts';
export * from './virtio-rng.ts';
export * from './virtqueue.ts';
