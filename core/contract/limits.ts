/**
 * Limits that are needed where loading the schemas would cost start-up time (the command line). The 32-bit PCI hole
 * begins at 3 GiB: memory above it comes with PAE and long mode.
 */
export const MEMORY_MIB_MIN = 1;
export const MEMORY_MIB_MAX = 3072;
export const MEMORY_MIB_DEFAULT = 64;
export const MEMORY_RANGE_TEXT = `memory must be a whole number of MiB from ${MEMORY_MIB_MIN} to ${MEMORY_MIB_MAX}`;
/** Primary master, primary slave, secondary slave; the CD-ROM is secondary master. */
export const DISKS_MAX = 3;
export const FLOPPIES_MAX = 2;
/** Formats of disk images, as core/formats knows them. */
export const IMAGE_FORMAT_NAMES = ['raw', 'qcow2', 'vdi', 'vmdk', 'vhd'] as const;
