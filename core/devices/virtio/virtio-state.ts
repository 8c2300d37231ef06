/** Registers of a virtio PCI function, and its configuration space. VIRTIO 1.2, sections 4.1.2 and 4.1.4. */
import { PciLayout, pciConfigSpace } from '../pci/index.ts';
import { records, u16, u32, u8, type ValuesOf } from '../../state/index.ts';
import { QUEUE_FIELDS, type QueueState } from './virtqueue.ts';

const PCI_VENDOR = 0x1af4;
const PCI_CAP_VENDOR = 0x09;
const CAP = { COMMON: 1, NOTIFY: 2, ISR: 3, DEVICE: 4, PCI: 5 } as const;

export const LEGACY_BAR = 0;
export const LEGACY_BAR_BYTES = 64;
export const MODERN_BAR = 4;
export const MODERN_BAR_BYTES = 0x4000;
/** Structures in the modern register. */
export const MODERN = { COMMON: 0x0000, ISR: 0x1000, DEVICE: 0x2000, NOTIFY: 0x3000, PART_BYTES: 0x1000 } as const;
/** Notifications of queue n go to NOTIFY + 4n. */
export const NOTIFY_MULTIPLIER = 4;

/** The window that reaches the registers through configuration space (VIRTIO_PCI_CAP_PCI_CFG). */
export const PCI_WINDOW = { AT: 0xb0, BAR: 0xb4, OFFSET: 0xb8, LENGTH: 0xbc, DATA: 0xc0 } as const;

export interface VirtioIdentity {
  /** Virtio device type: 1 net, 2 block, 4 entropy, 5 balloon. */
  readonly type: number;
  /** PCI device ID of the transitional function: 1000h and up. */
  readonly transitionalId: number;
  readonly classCode: number;
}

export function virtioLayout({ type, transitionalId, classCode }: VirtioIdentity): PciLayout {
  const layout = new PciLayout(
    { vendorId: PCI_VENDOR, deviceId: transitionalId, classCode, subsystemId: type, interruptPin: 1 },
    [
      { index: LEGACY_BAR, kind: 'io', sizeBytes: LEGACY_BAR_BYTES },
      { index: MODERN_BAR, kind: 'memory', sizeBytes: MODERN_BAR_BYTES },
    ],
  );
  const le32 = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
  const part = (kind: number, at: number, extra: readonly number[] = []): number[] => {
    const bytes = kind === CAP.PCI ? 0 : MODERN.PART_BYTES;
    const bar = kind === CAP.PCI ? 0 : MODERN_BAR;
    return [16 + extra.length, kind, bar, 0, 0, 0, ...le32(at), ...le32(bytes), ...extra];
  };
  layout.capability(PCI_WINDOW.AT, PCI_CAP_VENDOR, part(CAP.PCI, 0, le32(0)));
  layout.capability(0x98, PCI_CAP_VENDOR, part(CAP.NOTIFY, MODERN.NOTIFY, le32(NOTIFY_MULTIPLIER)));
  layout.capability(0x84, PCI_CAP_VENDOR, part(CAP.DEVICE, MODERN.DEVICE));
  layout.capability(0x70, PCI_CAP_VENDOR, part(CAP.ISR, MODERN.ISR));
  layout.capability(0x5c, PCI_CAP_VENDOR, part(CAP.COMMON, MODERN.COMMON));
  layout.writable[PCI_WINDOW.BAR] = 0xff;
  layout.writable32(PCI_WINDOW.OFFSET, 0xffffffff).writable32(PCI_WINDOW.LENGTH, 0xffffffff);
  layout.writable32(PCI_WINDOW.DATA, 0xffffffff);
  return layout;
}

export const virtioFields = (layout: PciLayout, queueCount: number) => ({
  config: pciConfigSpace(layout),
  queues: records(queueCount, QUEUE_FIELDS),
  status: u8({ doc: 'Device status' }),
  isr: u8({ doc: 'Bit 0 queue, bit 1 configuration' }),
  generation: u8({ doc: 'Configuration generation' }),
  queueSelect: u16(),
  deviceSelect: u32({ doc: 'Which half of the device features is read' }),
  driverSelect: u32(),
  driverLow: u32({ doc: 'Features that the driver accepted, bits 0 to 31' }),
  driverHigh: u32(),
});
export type VirtioState = Omit<ValuesOf<ReturnType<typeof virtioFields>>, 'queues'> & { readonly queues: QueueState[] };

export const STATUS = {
  ACKNOWLEDGE: 1,
  DRIVER: 2,
  DRIVER_OK: 4,
  FEATURES_OK: 8,
  NEEDS_RESET: 0x40,
  FAILED: 0x80,
} as const;
export const ISR = { QUEUE: 1, CONFIG: 2 } as const;
/** Bit 28: indirect descriptors. */
export const FEATURE_INDIRECT = 0x10000000;
/** Bit 27: any layout of descriptors, which legacy drivers want to know. */
export const FEATURE_ANY_LAYOUT = 0x08000000;
/** Bit 32, hence bit 0 of the high half. */
export const FEATURE_VERSION_1_HIGH = 1;
