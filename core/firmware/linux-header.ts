/** The setup header of a Linux bzImage, as its loaders use it: Linux kernel documentation, "The Linux/x86 Boot Protocol". */

/** Offsets in the image. */
export const HEADER = {
  SETUP_SECTS: 0x1f1,
  MAGIC: 0x202,
  VERSION: 0x206,
  TYPE_OF_LOADER: 0x210,
  LOADFLAGS: 0x211,
  CODE32_START: 0x214,
  RAMDISK_IMAGE: 0x218,
  RAMDISK_SIZE: 0x21c,
  HEAP_END_PTR: 0x224,
  CMD_LINE_PTR: 0x228,
  INITRD_ADDR_MAX: 0x22c,
  /** What every loader looks at lies below. */
  END_203: 0x230,
  KERNEL_ALIGNMENT: 0x230,
  RELOCATABLE_KERNEL: 0x234,
  XLOADFLAGS: 0x236,
  PAYLOAD_OFFSET: 0x248,
  PAYLOAD_LENGTH: 0x24c,
  PREF_ADDRESS: 0x258,
  INIT_SIZE: 0x260,
  END_20A: 0x264,
} as const;

/** "HdrS". */
export const HEADER_MAGIC = 0x5372_6448;

const SECTOR = 512;

/** The real-mode code, behind which the protected-mode kernel lies. Four sectors where the header says none. */
export const setupBytesOf = (image: Uint8Array): number => ((image[HEADER.SETUP_SECTS] || 4) + 1) * SECTOR;
