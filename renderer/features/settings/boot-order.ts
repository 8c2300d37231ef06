import type { BootDevice } from '../../../core/contract/index.ts';

/** Every device with its place, those that are not tried last. */
export type BootOrder = readonly { readonly device: BootDevice; readonly enabled: boolean }[];

const BOOT_DEVICES: readonly BootDevice[] = ['floppy', 'cdrom', 'disk'];

export const bootOrderOf = (order: readonly BootDevice[]): { device: BootDevice; enabled: boolean }[] => [
  ...order.map((device) => ({ device, enabled: true })),
  ...BOOT_DEVICES.filter((device) => !order.includes(device)).map((device) => ({ device, enabled: false })),
];

export const triedOf = (order: BootOrder): BootDevice[] =>
  order.filter(({ enabled }) => enabled).map(({ device }) => device);
