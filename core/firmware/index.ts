/** The PC BIOS: ROM images of machine code stubs, and the host-side handlers that the stubs call out to. */
export { Bios } from './bios.ts';
export { addressMap } from './memory15.ts';
export { biosKeyBuffer } from './key-buffer.ts';
export { checkKernel } from './kernel.ts';
export type { BiosCpu, BiosDrive, BiosEnv, BiosMemory, KernelImage } from './env.ts';
export { linuxPayload, type LinuxPayload } from './linux-unpacked.ts';
export { CALLOUT_PHYS_ADDR } from './layout.ts';
export { buildRom } from './rom.ts';
export { systemTables } from './system-tables.ts';
export { buildVideoRom } from './video-rom.ts';
